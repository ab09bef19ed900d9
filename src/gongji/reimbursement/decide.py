"""The pure decisions on claims: what is complete, how a line splits, what is due. Facts in, outcome or refusal out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from gongji.foundation.clock import CHINA
from gongji.foundation.workdays import HOURS, Calendar
from gongji.registry.model import CatalogueItem, ItemClass
from gongji.reimbursement import refusals
from gongji.reimbursement.model import (
    APPEALABLE,
    PERSONS_TURN,
    Claim,
    DecidedLine,
    Line,
    LineWord,
    Payment,
    Place,
    RefuseReason,
    Task,
)
from gongji.reimbursement.words import AT, IN_CATALOGUE, LINE_CLAUSES, MED_TYPES, wanted_documents
from gongji.settlement.afterwards import Afterwards
from gongji.settlement.lines import PER_FEN, keep
from gongji.settlement.model import Explanation, FeeLine, PayerLine, PricedLine

#: Working days that the agency allows itself, where no pack says otherwise. Ours.
FINISH_WITHIN: Final = 30

#: What the funds pay from so much on is two officers' (fen). Ours.
SECOND_FROM: Final = 500_000

#: For so long a decision can be appealed. Ours.
APPEAL_WITHIN: Final = timedelta(days=60)

#: The most of each that a claim takes.
MOST_LINES: Final = 200
MOST_INVOICES: Final = 20
MOST_DOCUMENTS: Final = 20

_CLASSES: Final = {ItemClass.A: "class_a", ItemClass.B: "class_b", ItemClass.C: "class_c"}


def is_done(claim: Claim, task: Task) -> bool:
    """Whether a task is filled in; one that was returned is not until something of it was changed."""
    if claim.returned is task and not claim.mended:
        return False
    match task:
        case Task.WHY:
            return True
        case Task.PLACE:
            return claim.place is not None
        case Task.VISIT:
            return claim.ended_on is not None and claim.med_type in med_types_at(claim.place)
        case Task.INVOICES:
            return bool(claim.invoices)
        case Task.LINES:
            return bool(claim.lines)
        case Task.DOCUMENTS:
            there = {one.kind for one in claim.documents if not one.returned}
            return is_done(claim, Task.INVOICES) and there.issuperset(
                wanted_documents(claim.why, claim.med_type, claim.invoices)
            )
        case Task.BANK:
            return claim.bank is not None


def med_types_at(place: Place | None) -> tuple[str, ...]:
    """The categories of care that can be claimed at a place; all of them while it is not known."""
    return AT[place.kind] if place is not None else MED_TYPES


def left_to_do(claim: Claim) -> tuple[Task, ...]:
    """The tasks that are not filled in."""
    return tuple(task for task in Task if not is_done(claim, task))


def check_open(claim: Claim, task: Task) -> None:
    """Refuse a change of what is not open: nothing at the agency, in a returned claim only what was returned.

    Raises:
        Refused: ``claim.not_open``, ``claim.other_task``.
    """
    if claim.state not in PERSONS_TURN:
        raise refusals.not_your_turn()
    if claim.returned is not None and task is not claim.returned:
        raise refusals.only_task(claim.returned)


def check_appeal(claim: Claim, decided_at: datetime | None, at: datetime) -> None:
    """Refuse an appeal that is none, is the second, or comes late.

    Raises:
        Refused: ``claim.not_waiting``, ``claim.appealed``, ``claim.appeal_late``.
    """
    if claim.state not in APPEALABLE or decided_at is None:
        raise refusals.not_waiting()
    if claim.appealed_at is not None:
        raise refusals.appealed_before()
    if at > decided_at + APPEAL_WITHIN:
        raise refusals.appeal_late((decided_at + APPEAL_WITHIN).astimezone(CHINA).date())


def hours_left(calendar: Calendar, due_at: datetime, at: datetime) -> int:
    """Working hours that the agency has left, in whole days as its limit counts them: today is none of them. Below zero when
    it is late. While the person has the claim they stand still."""
    return HOURS * calendar.days(at, due_at)


def due_after(calendar: Calendar, at: datetime, hours: int) -> datetime:
    """The end of the working day in which hours that were left are over, at least a day."""
    return calendar.deadline(at, max(1, math.ceil(hours / HOURS)))


def priced(line: Line, item: CatalogueItem | None, word: LineWord, at: datetime) -> FeeLine:
    """A line with its four parts, split as at the desk; one that an officer takes out is self-paid as a whole."""
    counted = item if word in (LineWord.CATALOGUE, LineWord.USE_FITS) else None
    count = line.pieces * 10**4
    return keep(
        PricedLine(
            sn=str(line.n),
            batch="",
            item=counted,
            item_code=line.code,
            own_code="",
            occurred_at=at,
            count=count,
            price=(line.total * PER_FEN + count // 2) // count,
            total=line.total,
            approval="1" if word is LineWord.USE_FITS else "",
        )
    )


def decided(line: Line, kept: FeeLine, item: CatalogueItem | None, word: LineWord) -> DecidedLine:
    """A line as it is told: 报 or 不报, why, and where that stands."""
    because, clause = _because(kept, item, word)
    return DecidedLine(
        line.n,
        item.name if item is not None else line.name,
        line.code,
        line.total,
        kept.self_paid,
        kept.over_limit,
        kept.first_self_pay,
        kept.in_scope,
        because,
        clause,
    )


def _because(kept: FeeLine, item: CatalogueItem | None, word: LineWord) -> tuple[str, str]:
    if word not in (LineWord.CATALOGUE, LineWord.USE_FITS):
        return word, LINE_CLAUSES[word]
    if item is None:
        return "not_listed", IN_CATALOGUE
    if item.restricted and not kept.in_scope and item.item_class is not ItemClass.C:
        return "restricted", IN_CATALOGUE
    return _CLASSES[item.item_class], IN_CATALOGUE


def explained(one: Afterwards) -> Explanation:
    """Who pays what of the bill: the funds; no account, since the person has paid; the rest stays with the person."""
    funds = sum(fund.amount for fund in one.assessment.funds)
    lines = (
        *one.payers,
        PayerLine("own", 0, "own.none.paid_in_cash"),
        PayerLine("shared", 0, "shared.none.paid_in_cash"),
        PayerLine("cash", one.bill.total - funds, "cash.kept" if one.bill.total > funds else "cash.none"),
    )
    return Explanation(lines, one.assessment.steps)


def needs_second(funds: int) -> bool:
    """Whether a decision that pays so much (fen) is two officers'."""
    return funds >= SECOND_FROM


def refusal_needs_second(reason: RefuseReason) -> bool:
    """Whether a refusal is two officers'."""
    return reason.accuses


def owed(decisions: Sequence[int], payments: Sequence[Payment]) -> int:
    """What is still to be paid on a claim (fen): decided less carried; below zero when the person owes it back.

    Args:
        decisions: what the funds pay by each decision, below zero where one was taken back.
        payments: what banks carried.
    """
    signs = {"paid": -1, "bounced": 1, "recovered": 1}
    return sum(decisions) + sum(signs[one.kind] * one.amount for one in payments)


def arrived(payments: Sequence[Payment]) -> list[Payment]:
    """The payments that no bank sent back, oldest first.

    What came back under a payment's own reference is that payment; under another, the last that had not come back by then.
    """
    found: list[Payment] = []
    for one in payments:
        if one.kind == "paid":
            found.append(one)
        elif one.kind == "bounced":
            found.remove(sent_back(found, one.reference))
    return found


def sent_back(there: Sequence[Payment], reference: str) -> Payment:
    """Which of some payments, none of which came back before, comes back under a reference."""
    return next((one for one in there if one.reference == reference), there[-1])


def day_of_visit(claim: Claim) -> date:
    """The day whose rules hold: the last one of the visit."""
    assert claim.ended_on is not None, "a claim that came in has its days"
    return claim.ended_on
