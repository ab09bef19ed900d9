"""Where the families live, and what the texts there say of sharing and of accounts on the days of the stories."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from gongji.rules.book import RuleBook

#: Two places that are nowhere, whose rules ask for allotment: no shipped pack does.
PACKS = Path(__file__).parent / "packs"


@dataclass(frozen=True)
class Allotment:
    """How money is allotted: fen that stay in the account, whether all relatives share one pot, whether it is taken back at
    any time, and whether it stays over the end of the year."""

    floor: int
    one_pot: bool
    any_time: bool
    stays: bool


@dataclass(frozen=True)
class Region:
    """A region in the model's words.

    Attributes:
        one_sharer_and_one_role: nobody has two sharers, or is both sharer and user.
        limits_allowed: whether a sharer may set limits.
        by_itself: whether sharers pay without being asked at the till.
        in_scope_only: whether accounts pay nothing outside the catalogue.
        retired: fen a month for the retired, below and from 70 years of age.
        allotment: how, where relatives spend only what was allotted.
    """

    one_sharer_and_one_role: bool
    limits_allowed: bool
    by_itself: bool
    in_scope_only: bool
    retired: tuple[int, int]
    allotment: Allotment | None = None


_TIELING = Region(
    one_sharer_and_one_role=False, limits_allowed=False, by_itself=True, in_scope_only=True, retired=(60_00, 60_00)
)
_JINING = Region(
    one_sharer_and_one_role=True, limits_allowed=True, by_itself=False, in_scope_only=False, retired=(100_00, 125_00)
)

REGIONS = {
    "211200": _TIELING,
    "370800": _JINING,
    "990100": replace(_TIELING, allotment=Allotment(100_00, one_pot=False, any_time=True, stays=False)),
    "995000": replace(_JINING, allotment=Allotment(0, one_pot=True, any_time=False, stays=True)),
}

#: Where the wallet is open: in Shandong by a text, elsewhere because the installation says so.
OPENED = frozenset({"211200", "990100", "995000"})
WALLET_AREAS = (*sorted(OPENED), "370000", "370800")


@cache
def rule_book() -> RuleBook:
    """The shipped packs with the two places of the tests."""
    return RuleBook.load([PACKS])
