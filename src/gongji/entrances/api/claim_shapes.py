"""Bills paid in cash as the API takes and tells them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from gongji.entrances.api.explained import payers_out, steps_out
from gongji.entrances.api.people import words
from gongji.entrances.api.problems import Words
from gongji.entrances.api.shapes import Body, Code, Line, PayerOut, StepOut
from gongji.foundation.money import LARGEST_FEN
from gongji.registry.model import InstitutionKind
from gongji.reimbursement.decide import left_to_do, owed
from gongji.reimbursement.model import (
    OFFICERS_TURN,
    PERSONS_TURN,
    Claim,
    ClaimState,
    Decision,
    DocumentKind,
    LineWord,
    Payment,
    RefuseReason,
    ReturnReason,
    TakeBackReason,
    Task,
    WhyNotDirect,
)
from gongji.reimbursement.posting import standing
from gongji.reimbursement.words import MED_TYPES
from gongji.rules.model import Tier

Fen = Annotated[int, Field(strict=True, gt=0, le=LARGEST_FEN)]
Words500 = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]


class BeginIn(Body):
    """Why the bill was not settled directly."""

    why: Code = Field(description=", ".join(WhyNotDirect), examples=["platform_down"])


class PlaceIn(Body):
    """A place that is not in the register of designated institutions."""

    name: Line
    region: str = Field(pattern=r"^[0-9]{6}$", description="six digits of where it lies")
    kind: Code = Field(description=", ".join(InstitutionKind))
    tier: Code = Field(default="", description=f"of a hospital: {', '.join(Tier)}")


class VisitIn(Body):
    """What kind of visit it was, and when."""

    med_type: str = Field(pattern=r"^[0-9]{2}$", description=f"one of {', '.join(MED_TYPES)}")
    began_on: date = Field(description="the day; of a stay the first")
    ended_on: date | None = Field(default=None, description="of a stay the day of discharge")
    disease: Line = Field(default="", description="of a special disease (14) its code, as it was filed")


class LineIn(Body):
    """A line of the bill: its name, its national code, or both."""

    name: Line = ""
    code: Line = Field(default="", description="med_list_codg")
    pieces: int = Field(default=1, ge=1, le=9999)
    total_fen: Fen


class BankIn(Body):
    """Where the money goes; kept sealed."""

    bank: Line
    account: Annotated[str, StringConstraints(max_length=40, pattern=r"^[0-9 -]*$")]
    holder: Line = Field(default="", description="as on the card; of the patient's own account it is the patient")
    own: bool = Field(description="whether it is the patient's own account; else a relative's")


class FillIn(Body):
    """What is to be filled in; what is left out stays as it is. Of `institution` and `place` one."""

    why: Code | None = None
    institution: Line | None = Field(default=None, description="fixmedins_code of a designated institution")
    place: PlaceIn | None = None
    visit: VisitIn | None = None
    invoices: list[Line] | None = Field(default=None, max_length=50)
    lines: list[LineIn] | None = Field(default=None, max_length=500)
    bank: BankIn | None = None


class AppealIn(Body):
    """What is wrong with the decision."""

    words: Words500


class ReturnIn(Body):
    """The one item that comes back, and why."""

    task: Code = Field(description=", ".join(task for task in Task if task is not Task.WHY))
    reason: Code = Field(description=", ".join(ReturnReason))
    document: Code = Field(
        default="", description=f"of documents the kind that is wanted anew: {', '.join(DocumentKind)}"
    )
    note: Line = Field(default="", description="a sentence beside the reason, which the person reads")


class LineWordIn(Body):
    """What an officer says of a line."""

    n: int = Field(ge=1, le=9999, description="the line's place")
    word: Code = Field(default=LineWord.CATALOGUE, description=", ".join(LineWord))
    code: Line = Field(default="", description="med_list_codg, where the line came without one")


class DecideIn(Body):
    """The decision; lines that are not named go by the catalogue."""

    lines: list[LineWordIn] = Field(default=[], max_length=500)
    preview: bool = Field(default=False, description="only what it would come to")


class ReasonIn(Body):
    """A reason: of a refusal, or of taking a decision back."""

    reason: Code = Field(description=f"{', '.join(RefuseReason)}; taking back: {', '.join(TakeBackReason)}")


class NoteIn(Body):
    """Why a decision stands."""

    note: Line


class OpinionIn(Body):
    """A second officer's word; a disagreement says why."""

    opinion: Annotated[str, StringConstraints(pattern=r"^(agree|disagree)$")]
    note: Line = ""


class ReferenceIn(Body):
    """The bank's reference; the same again is the same payment."""

    reference: Line


class TaskOut(BaseModel):
    """A task of a claim that is not with the agency."""

    task: Task
    done: bool


class DocumentClaimOut(BaseModel):
    """A document that was handed in."""

    n: int
    kind: DocumentKind
    pages: int
    returned: bool = Field(description="another is wanted in its place")
    handed_in_at: datetime


class ClaimLineOut(BaseModel):
    """A line as it was told."""

    n: int
    name: str
    code: str
    pieces: int
    total_fen: int


class DecidedLineOut(BaseModel):
    """A line as it was decided."""

    n: int
    name: str
    code: str
    total_fen: int
    in_scope_fen: int = Field(description="what of it counts (报); 0: it does not")
    self_paid_fen: int
    over_limit_fen: int
    first_self_pay_fen: int
    because_code: str
    because: Words
    clause: str


class DecisionOut(BaseModel):
    """What was decided, with who pays what and why, as of a settlement."""

    id: str | None = Field(description="null of a preview")
    at: datetime | None
    total_fen: int
    in_scope_fen: int
    deductible_fen: int
    ratio: int = Field(description="per ten thousand")
    funds_fen: int
    lines: list[DecidedLineOut]
    payers: list[PayerOut]
    steps: list[StepOut]
    needs_second: bool = Field(description="of a preview: whether a second officer would have to agree")


class CarriedOut(BaseModel):
    """Money that a bank carried."""

    kind: str = Field(description="paid, bounced or recovered")
    amount_fen: int
    reference: str
    at: datetime


class ClaimOut(BaseModel):
    """A claim."""

    id: str
    number: str = Field(description="受理号, 22 digits; empty before it came in")
    state: ClaimState
    state_words: Words
    why: WhyNotDirect
    institution: str = Field(description="name of the place; empty while it is not told")
    med_type: str
    began_on: date | None
    ended_on: date | None
    invoices: list[str]
    total_fen: int
    lines: list[ClaimLineOut]
    documents: list[DocumentClaimOut]
    bank: str = Field(description="bank and account, masked; empty while it is not told")
    due_on: date | None = Field(description="last day that the agency allows itself; null unless it waits for officers")
    tasks: list[TaskOut] = Field(description="what is filled in, while the person has it")
    returned: Task | None
    return_reason: Words | None
    return_note: str
    refused: RefuseReason | None
    refused_words: Words | None
    officer: str | None = Field(description="who has it in charge")
    decision: DecisionOut | None = Field(description="the one that stands")
    carried: list[CarriedOut]
    due_fen: int = Field(description="still to be paid; below zero: owed back by the person")


def claim_out(one: Claim, decisions: Sequence[Decision], payments: Sequence[Payment]) -> ClaimOut:
    """A claim with what was decided and carried."""
    left, last = left_to_do(one), standing(decisions)
    person_has_it = one.state in PERSONS_TURN
    return ClaimOut(
        id=str(one.id),
        number=one.number,
        state=one.state,
        state_words=words(f"claim.state.{one.state}"),
        why=one.why,
        institution=one.place.name if one.place is not None else "",
        med_type=one.med_type,
        began_on=one.began_on,
        ended_on=one.ended_on,
        invoices=list(one.invoices),
        total_fen=one.total,
        lines=[
            ClaimLineOut(n=line.n, name=line.name, code=line.code, pieces=line.pieces, total_fen=line.total)
            for line in one.lines
        ],
        documents=[
            DocumentClaimOut(n=item.n, kind=item.kind, pages=item.pages, returned=item.returned, handed_in_at=item.at)
            for item in one.documents
        ],
        bank=f"{one.bank.bank} {one.bank.masked}" if one.bank is not None else "",
        due_on=one.due_at.date() if one.due_at is not None and one.state in OFFICERS_TURN else None,
        tasks=[TaskOut(task=task, done=task not in left) for task in Task] if person_has_it else [],
        returned=one.returned,
        return_reason=words(f"claim.return.{one.return_reason}") if one.return_reason is not None else None,
        return_note=one.return_note,
        refused=one.refused,
        refused_words=words(f"claim.refuse.{one.refused}") if one.refused is not None else None,
        officer=one.officer,
        decision=_decision_out(last) if last is not None else None,
        carried=[
            CarriedOut(kind=each.kind, amount_fen=each.amount, reference=each.reference, at=each.at)
            for each in payments
        ],
        due_fen=owed([each.funds for each in decisions], payments),
    )


def _decision_out(one: Decision) -> DecisionOut:
    return DecisionOut(
        id=str(one.id),
        at=one.at,
        total_fen=one.total,
        in_scope_fen=one.in_scope,
        deductible_fen=one.deductible,
        ratio=one.ratio,
        funds_fen=one.funds,
        lines=[
            DecidedLineOut(
                n=line.n,
                name=line.name,
                code=line.code,
                total_fen=line.total,
                in_scope_fen=line.in_scope,
                self_paid_fen=line.self_paid,
                over_limit_fen=line.over_limit,
                first_self_pay_fen=line.first_self_pay,
                because_code=line.because,
                because=words(f"claim.line.{line.because}"),
                clause=line.clause,
            )
            for line in one.lines
        ],
        payers=payers_out(one.explanation),
        steps=steps_out(one.explanation),
        needs_second=False,
    )
