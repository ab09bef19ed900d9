"""What a sharer has allotted, and what could be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gongji.ledger.model import AccountKind
from gongji.rules.model import Allotment, SharingRule


class Deed(StrEnum):
    """What a sharer does with allotted money."""

    ALLOT = "allot"
    TAKE_BACK = "take_back"


@dataclass(frozen=True, slots=True)
class Given:
    """What is left of one part of the pot, in fen.

    Attributes:
        authorisation_id: whose part; None for what is for all relatives.
        user_id: the relative; None for all.
        amount: fen; may be zero where the relative has a part of their own.
        ever: whether something was allotted to it before: a zero is then what was used or taken back.
    """

    authorisation_id: int | None
    user_id: int | None
    amount: int
    ever: bool


@dataclass(frozen=True, slots=True)
class Left:
    """What the user of an authorisation can spend of the pot.

    Attributes:
        amount: fen.
        ever: as in `Given`.
        for_all: whether all relatives of the sharer share it.
    """

    amount: int
    ever: bool
    for_all: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """A sharer's money in three figures that add up: what stays theirs, what relatives have, what could still be given.

    Attributes:
        allotment: the rule; None where no region of theirs asks for allotment any more and only something is left.
        sharing: the whole sharing rule; None as before.
        account: what is in the personal accounts, fen.
        purse: of it what may be given, by kind of account, in the order in which it is.
        given: the parts of the pot.
    """

    allotment: Allotment | None
    sharing: SharingRule | None
    account: int
    purse: tuple[tuple[AccountKind, int], ...]
    given: tuple[Given, ...]

    @property
    def can_give(self) -> int:
        """What could still be given, fen."""
        return sum(amount for _, amount in self.purse)

    @property
    def kept(self) -> int:
        """What stays with the sharer, fen."""
        return self.account - self.can_give

    @property
    def allotted(self) -> int:
        """What relatives have, fen."""
        return sum(one.amount for one in self.given)

    @property
    def total(self) -> int:
        """All that is the sharer's, fen: kept, given, and what could be."""
        return self.account + self.allotted

    def part_for(self, authorisation_id: int | None) -> Given | None:
        """The part for an authorisation, or for all relatives; None where there is none."""
        return next((one for one in self.given if one.authorisation_id == authorisation_id), None)


@dataclass(frozen=True, slots=True)
class Done:
    """A deed that was done.

    Attributes:
        id: the journal's.
        sharer_id: who did it.
        deed: see `Deed`.
        authorisation_id: whose part; None for all relatives.
        amount: fen.
        at: when.
    """

    id: int
    sharer_id: int
    deed: Deed
    authorisation_id: int | None
    amount: int
    at: datetime
