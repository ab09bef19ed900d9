"""Who may join when, and which years count: the residents' window, newborns, flexible workers, moving elsewhere.

    enrolment:
      window:
        - {effective: 2025-01-01, until: 2025-12-31, value: {closes: 2025-03-31}, source: …}
      newborn:
        - {effective: 2025-01-01, value: {within_days: 90}, source: …}
      retirement_years:
        - {effective: 2024-01-01, value: {men: 25, women: 20, paid_here: 10, shortfall_at_once: true}, source: …}
      years_add_up:
        - {effective: 2024-01-01, value: true, source: …}

A window stands at the year of cover it is for. What a city leaves out comes from its parent, one name at a time. Who
waits after joining is said by `waiting`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gongji.rules.node import Node
from gongji.rules.particulars import Particulars
from gongji.rules.vocabulary import BackPayment

#: The working days of a transfer, the paying region's, the receiving one's and all of them.
_TRANSFER_DAYS: Final = ("sending_days", "receiving_days", "total_days")
_TRANSFER_FLAGS: Final = ("balance_moves", "retired_may")
_RETIREMENT_YEARS: Final = ("men", "women", "paid_here")


def read_window(node: Node) -> Particulars:
    """Read ``{opens?, closes}``: the days between which residents pay for a year of cover."""
    found = {name: child.day() for name, child in node.fields(("closes",), ("opens",)).items()}
    if "opens" in found and found["opens"] > found["closes"]:
        raise node.problems.refuse("pack.bad_value", node.at, "'closes' lies before 'opens'", "closes 早于 opens")
    return found


def read_newborn(node: Node) -> Particulars:
    """Read ``{within_days}`` or ``{within_months}``: how soon after birth a child has to be insured so as not to wait."""
    found = {name: child.whole() for name, child in node.fields((), ("within_days", "within_months")).items()}
    if len(found) != 1:
        raise node.problems.refuse(
            "pack.missing_key",
            node.at,
            "a newborn's time is in days or in months: 'within_days' or 'within_months'",
            "新生儿参保期限须以 within_days 或 within_months 之一写明",
        )
    return found


def read_retirement_years(node: Node) -> Particulars:
    """Read the years of contributions after which somebody retired need not pay, and whether a rest may be paid at once."""
    found = node.fields(("men", "women"), ("paid_here", "shortfall_at_once"))
    years: dict[str, int | bool] = {name: found[name].whole() for name in _RETIREMENT_YEARS if name in found}
    return years | {name: found[name].flag() for name in ("shortfall_at_once",) if name in found}


def read_transfer(node: Node) -> Particulars:
    """Read how a relation moves to another region: working days, whether the account's balance goes along, who may."""
    found = node.fields(_TRANSFER_DAYS, _TRANSFER_FLAGS)
    days: dict[str, int | bool] = {name: found[name].whole() for name in _TRANSFER_DAYS}
    return days | {name: found[name].flag() for name in _TRANSFER_FLAGS if name in found}


#: The names of the section and how each is read.
ENROLMENT_NAMES: Final[Mapping[str, Callable[[Node], object]]] = {
    "window": read_window,
    "newborn": read_newborn,
    "years_add_up": Node.flag,
    "gap_suspends": Node.flag,
    "back_payment": lambda node: node.choice(BackPayment),
    "same_benefits": Node.flag,
    "double_cover_forbidden": Node.flag,
    "retirement_years": read_retirement_years,
    "transfer": read_transfer,
}
