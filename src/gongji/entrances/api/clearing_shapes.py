"""Monthly clearing as the API says it: amounts are fen, ids are text."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from gongji.clearing.monthly.files import Differs, Signed
from gongji.clearing.monthly.model import (
    Alarm,
    DisputeOutcome,
    DisputeReason,
    LineKind,
    Purpose,
    StatementState,
)
from gongji.entrances.api.shapes import Body, Code
from gongji.entrances.api.shapes import Line as Note
from gongji.foundation.money import LARGEST_FEN

Fen = Annotated[int, Field(strict=True, gt=0, le=LARGEST_FEN)]
Region = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class PaymentIn(Body):
    """Money that was paid, or is set against an advance."""

    amount_fen: Fen
    reference: Reference = Field(description="the bank's or treasury's", examples=["YH-20261105-1"])
    paid_on: date


class StatementPaymentIn(PaymentIn):
    """A payment of a statement."""

    out_of_advance: bool = Field(default=False, description="set it against the advance: no money moves then")


class BillPaymentIn(PaymentIn):
    """A payment to an institution."""

    retention: bool = Field(default=False, description="of what was retained, in place of the bill")


class AdvanceIn(PaymentIn):
    """Money paid ahead, or given back."""

    payer: Region
    payee: Region
    back: bool = Field(default=False, description="the payee gives it back to the payer")


class SecondIn(Body):
    """A second officer's word."""

    opinion: Literal["agree", "disagree"]


class DisputeIn(Body):
    """Why the owing region does not accept a line."""

    event: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")] = Field(description="of the line")
    kind: LineKind
    reason: Code = Field(description=", ".join(DisputeReason), examples=["not_ours"])
    note: Note = Field(description="4 to 200 characters")


class AnswerIn(Body):
    """What the region that is owed says to it."""

    outcome: Code = Field(description=", ".join(DisputeOutcome), examples=["stands"])
    note: Note = Field(description="4 to 200 characters")


class ClosedOut(BaseModel):
    """A closed month."""

    month: str
    closed_at: datetime
    statements: int
    bills: int
    again: bool = Field(description="whether it had been closed before")


class PositionOut(BaseModel):
    """What a region owes another for a month, by now."""

    debtor: str
    creditor: str
    amount_fen: int
    refunds_fen: int = Field(description="of it, below zero")
    kinds_fen: dict[LineKind, int]
    lines: int
    late: int = Field(description="of events of months that were closed before")
    statement: str | None = Field(description="number of its statement; null while the month is open")


class RegionOut(BaseModel):
    """A region over all its pairs; the nets of all add up to zero."""

    region: str
    owes_fen: int
    is_owed_fen: int
    net_fen: int


class MonthOut(BaseModel):
    """All of a month's pairs that concern the officer's region, and every region's sums."""

    month: str
    closed_at: datetime | None
    positions: list[PositionOut]
    sheet: list[RegionOut]
    provinces: list[RegionOut]


class DisputeOut(BaseModel):
    """A line that is not accepted, and what came of it."""

    id: str
    event: str
    kind: LineKind
    amount_fen: int
    reason: DisputeReason
    note: str
    asked_at: datetime
    outcome: DisputeOutcome | None = Field(description="null: the other region has not answered, and it is not due")
    answer: str | None
    answered_at: datetime | None


class PaymentOut(BaseModel):
    """A payment; in the books once a second officer agreed."""

    id: str
    purpose: Purpose
    statement: str | None
    bill: str | None
    payer: str
    payee: str
    amount_fen: int
    reference: str
    paid_on: date
    asked_by: str
    agreed: bool | None = Field(description="null: a second officer is waited for")
    decided_by: str | None
    event: str | None = Field(description="the journal")


class StatementOut(BaseModel):
    """A month's statement of one region to another."""

    id: str
    month: str
    debtor: str
    creditor: str
    state: StatementState
    amount_fen: int
    refunds_fen: int
    lines: int
    late: int
    carried_fen: int = Field(description="below zero, from the month before")
    carried_out_fen: int = Field(description="below zero, to the month after")
    excluded_fen: int = Field(description="disputed, or given up")
    due_fen: int
    paid_fen: int
    left_fen: int = Field(description="what may still be paid; less what waits for a second officer")
    checked_at: datetime | None


class StatementDetail(StatementOut):
    """The same with its disputes and payments."""

    disputes: list[DisputeOut]
    payments: list[PaymentOut]


class LineOut(BaseModel):
    """What one event made a region owe another."""

    event: str
    kind: LineKind
    amount_fen: int
    at: datetime
    setl_id: str | None
    msgid: str | None
    institution: str | None = Field(description="fixmedins_code")
    psn_no: str | None
    takes_back: str | None = Field(description="the event that it takes back")
    takes_back_of: str | None = Field(description="the month in whose statement that stood")
    dispute: str | None


class LinesOut(BaseModel):
    """Some of a statement's lines, in the order of their events."""

    items: list[LineOut]
    next: int | None = Field(description="pass it as `after`")


class PartOut(BaseModel):
    """A part of a bill."""

    clr_optins: str = Field(description="who insures")
    insutype: str
    clr_type: str
    funds_fen: int
    accounts_fen: int
    wallet_fen: int
    refunds_fen: int
    late_fen: int
    events: int


class BillOut(BaseModel):
    """What an agency pays an institution for a month."""

    id: str
    month: str
    code: str
    name: str
    amount_fen: int
    refunds_fen: int
    retained_fen: int
    retention: int = Field(description="per ten thousand")
    carried_fen: int
    carried_out_fen: int
    due_fen: int
    paid_fen: int
    left_fen: int


class BillDetail(BillOut):
    """The same with its parts, its payments, and what is retained of the institution in all."""

    parts: list[PartOut]
    payments: list[PaymentOut]
    retained_left_fen: int


class AdvanceOut(BaseModel):
    """What a region has paid another ahead."""

    payer: str
    payee: str
    given_fen: int
    returned_fen: int
    used_fen: int
    left_fen: int
    target_fen: int | None = Field(description="what it should be; null before a month was closed")
    alarm: Alarm


class DifferenceOut(BaseModel):
    """A line that the two sides have differently."""

    differs: Differs
    institution: str
    msgid: str
    kind: LineKind
    told_fen: int | None
    ours_fen: int | None
    our_month: str | None


class CheckedOut(BaseModel):
    """A file of the other side, held against the books here."""

    month: str
    debtor: str
    creditor: str
    amount_fen: int
    lines: int
    signed: Signed
    differences: list[DifferenceOut]
