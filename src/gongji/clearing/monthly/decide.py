"""Pure decisions of monthly clearing: what is due, what is kept back, when an advance is low, what the sheet says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from gongji.clearing.monthly.model import Alarm, Position, RegionSum, Terms

#: The first digits of municipalities, which pool for the whole of their area; elsewhere a city does, unless a code is a whole
#: province's.
MUNICIPALITIES: Final = ("11", "12", "31", "50")


def pooling_region(place: str) -> str:
    """The pooling region that a place lies in: 370811 gives 370800, 110105 gives 110000."""
    whole = place[:2] in MUNICIPALITIES or place.endswith("0000")
    return f"{place[:2]}0000" if whole else f"{place[:4]}00"


def next_month(month: date) -> date:
    """The first of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def sheet(positions: Iterable[Position], digits: int = 6) -> list[RegionSum]:
    """All pairs of a month by region; the nets add up to zero.

    Args:
        positions: of the month.
        digits: 6 for pooling regions, 2 for provinces, whose inner pairs cancel out.
    """
    owes: dict[str, int] = {}
    is_owed: dict[str, int] = {}
    for one in positions:
        debtor, creditor = one.debtor[:digits].ljust(6, "0"), one.creditor[:digits].ljust(6, "0")
        if debtor != creditor:
            owes[debtor] = owes.get(debtor, 0) + one.amount
            is_owed[creditor] = is_owed.get(creditor, 0) + one.amount
    regions = sorted(owes.keys() | is_owed.keys())
    return [RegionSum(region, owes.get(region, 0), is_owed.get(region, 0)) for region in regions]


def advance_target(terms: Terms, amounts: Sequence[int]) -> int | None:
    """What an advance should be: the mean of the last months' statements for as many months as it should last.

    Args:
        terms: of the region that pays.
        amounts: the newest statements' amounts in fen; months below zero count as nothing.
    """
    if not amounts:
        return None
    return sum(max(0, one) for one in amounts) * terms.advance_months // len(amounts)


def alarm(terms: Terms, left: int, last: int) -> Alarm:
    """How low an advance is: by the share of it that the newest statement would take."""
    if last <= 0:
        return Alarm.NONE
    if last * 10_000 >= terms.red * left:
        return Alarm.RED
    return Alarm.YELLOW if last * 10_000 >= terms.yellow * left else Alarm.NONE
