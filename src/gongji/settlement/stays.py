"""A stay in hospital as a settlement sees it: its day, its length, and what mid-stay settlements paid before. Pure.

The rules of the day of discharge hold for the whole stay; for a mid-stay settlement those of the day it is made. What a
stay comes to is worked out over all its lines of that calendar year, and what earlier settlements of the stay paid is
taken off: so a stay bears one deductible and goes through its bands once, however often it is settled. Lines settled in
an earlier year stay that year's: the rest is an admission of the new year (see decision 0019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from gongji.benefit.model import Assessment, Bill, CounterMove, FundPayment, Step
from gongji.registry.model import Enrolment


class AdmissionState(StrEnum):
    """In hospital; out of it and to be settled; settled; never happened."""

    ADMITTED = "admitted"
    DISCHARGED = "discharged"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class Before(msgspec.Struct, frozen=True):
    """A settlement of the stay that stands.

    Attributes:
        id: the settlement.
        on: the day whose rules it followed: when it was made.
        bill: what it settled, fen.
        deductible: what of the deductible was borne in it, fen.
        funds: what each fund paid, fen.
        moves: how it moved the counters.
    """

    id: int
    on: date
    bill: Bill
    deductible: int
    funds: Mapping[str, int]
    moves: tuple[CounterMove, ...]


class Stay(msgspec.Struct):
    """What is known of a stay under lock; its state and `before` change with every decision of a batch.

    Attributes:
        state: see `AdmissionState`.
        admitted_at, discharged_at: its ends; None while the patient is there.
        enrolment: the patient's insurance on the day of discharge, or today; None without one.
        before: settlements of the stay that stand, oldest first.
    """

    state: AdmissionState
    admitted_at: datetime
    discharged_at: datetime | None
    enrolment: Enrolment | None
    before: list[Before] = []

    def day(self, today: date, leaves_on: date | None = None) -> date:
        """The day whose rules hold: of the discharge, or while there is none the day it is said to be, or today."""
        if self.discharged_at is not None:
            return self.discharged_at.date()
        return max(leaves_on or today, self.admitted_at.date())

    def length(self, day: date) -> int:
        """Days of the stay up to a day, at least one; the day of discharge does not count."""
        return max(1, (day - self.admitted_at.date()).days)

    def before_in(self, year: int) -> list[Before]:
        """The standing settlements of the stay that belong to a year."""
        return [one for one in self.before if one.on.year == year]


def whole_bill(bill: Bill, before: Sequence[Before]) -> Bill:
    """The bill of the stay so far: what is settled now and what was settled before."""
    return Bill.of_all([bill, *(one.bill for one in before)]) if before else bill


def counted(before: Sequence[Before]) -> dict[tuple[str, str], int]:
    """How far earlier settlements of the stay moved each (counter, period)."""
    moved: dict[tuple[str, str], int] = {}
    for move in (move for one in before for move in one.moves):
        moved[move.counter, move.period] = moved.get((move.counter, move.period), 0) + move.added
    return moved


def what_is_left(whole: Assessment, bill: Bill, before: Sequence[Before], scheme: str) -> Assessment:
    """The assessment of the whole stay less what earlier settlements paid.

    Args:
        whole: over all lines of the stay.
        bill: what is settled now; the funds never pay more than is in scope of it.
        before: the earlier settlements.
        scheme: the prefix under which the stored counters go.
    """
    if not before:
        return whole
    paid = {payment.fund: payment.amount for payment in whole.funds}
    room = bill.in_scope
    funds: list[FundPayment] = []
    for fund, amount in paid.items():
        left = min(room, max(0, amount - sum(one.funds.get(fund, 0) for one in before)))
        if left:
            funds.append(FundPayment(fund, left))
            room -= left
    moved = counted(before)
    moves = [
        replace(move, added=move.added - moved.pop((f"{scheme}.{move.counter}", move.period), 0))
        for move in whole.moves
    ]
    earlier = Step(
        "stay_before",
        sum(sum(one.funds.values()) for one in before),
        None,
        {
            "settled": sum(one.bill.total for one in before),
            "times": len(before),
            "now": sum(one.amount for one in funds),
        },
    )
    return replace(
        whole,
        deductible=max(0, whole.deductible - sum(one.deductible for one in before)),
        funds=tuple(funds),
        moves=tuple(move for move in moves if move.added),
        steps=(*whole.steps, earlier),
    )
