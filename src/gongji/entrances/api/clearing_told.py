"""Monthly clearing turned into what the API says of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gongji.clearing.monthly.model import (
    Advance,
    Bill,
    Dispute,
    Line,
    Part,
    Payment,
    Position,
    RegionSum,
    Statement,
)
from gongji.entrances.api.clearing_shapes import (
    AdvanceOut,
    BillOut,
    DisputeOut,
    LineOut,
    PartOut,
    PaymentOut,
    PositionOut,
    RegionOut,
    StatementDetail,
    StatementOut,
)


def told_month(month: date | None) -> str | None:
    """``2026-10``."""
    return None if month is None else f"{month:%Y-%m}"


def position_out(one: Position) -> PositionOut:
    """A position."""
    return PositionOut(
        debtor=one.debtor,
        creditor=one.creditor,
        amount_fen=one.amount,
        refunds_fen=one.refunds,
        kinds_fen=dict(one.kinds),
        lines=one.lines,
        late=one.late,
        statement=str(one.statement_id) if one.statement_id else None,
    )


def region_out(one: RegionSum) -> RegionOut:
    """A region of the sheet."""
    return RegionOut(region=one.region, owes_fen=one.owes, is_owed_fen=one.is_owed, net_fen=one.net)


def statement_out(one: Statement) -> StatementOut:
    """A statement."""
    return StatementOut(
        id=str(one.id),
        month=f"{one.month:%Y-%m}",
        debtor=one.debtor,
        creditor=one.creditor,
        state=one.state,
        amount_fen=one.amount,
        refunds_fen=one.refunds,
        lines=one.lines,
        late=one.late,
        carried_fen=one.carried,
        carried_out_fen=one.carried_out,
        excluded_fen=one.excluded,
        due_fen=one.due,
        paid_fen=one.paid,
        left_fen=one.left,
        checked_at=one.checked_at,
    )


def statement_detail(one: Statement, disputes: Sequence[Dispute], payments: Sequence[Payment]) -> StatementDetail:
    """A statement with what was done with it."""
    return StatementDetail(
        **dict(statement_out(one)),
        disputes=[dispute_out(each) for each in disputes],
        payments=[payment_out(each) for each in payments],
    )


def dispute_out(one: Dispute) -> DisputeOut:
    """A dispute."""
    return DisputeOut(
        id=str(one.id),
        event=str(one.journal_id),
        kind=one.kind,
        amount_fen=one.amount,
        reason=one.reason,
        note=one.note,
        asked_at=one.asked_at,
        outcome=one.outcome,
        answer=one.answer,
        answered_at=one.answered_at,
    )


def payment_out(one: Payment) -> PaymentOut:
    """A payment."""
    return PaymentOut(
        id=str(one.id),
        purpose=one.purpose,
        statement=str(one.statement_id) if one.statement_id else None,
        bill=str(one.bill_id) if one.bill_id else None,
        payer=one.payer,
        payee=one.payee,
        amount_fen=one.amount,
        reference=one.reference,
        paid_on=one.paid_on,
        asked_by=one.asked_by,
        agreed=one.agreed,
        decided_by=one.decided_by,
        event=str(one.journal_id) if one.journal_id else None,
    )


def line_out(one: Line) -> LineOut:
    """A line."""
    return LineOut(
        event=str(one.journal_id),
        kind=one.kind,
        amount_fen=one.amount,
        at=one.at,
        setl_id=one.setl_id or None,
        msgid=one.msgid or None,
        institution=one.institution or None,
        psn_no=one.psn_no or None,
        takes_back=str(one.reverses) if one.reverses else None,
        takes_back_of=told_month(one.first_month),
        dispute=str(one.dispute.id) if one.dispute else None,
    )


def bill_out(one: Bill) -> BillOut:
    """A bill."""
    return BillOut(
        id=str(one.id),
        month=f"{one.month:%Y-%m}",
        code=one.code,
        name=one.name,
        amount_fen=one.amount,
        refunds_fen=one.refunds,
        retained_fen=one.retained,
        retention=one.retention,
        carried_fen=one.carried,
        carried_out_fen=one.carried_out,
        due_fen=one.due,
        paid_fen=one.paid,
        left_fen=one.left,
    )


def part_out(one: Part) -> PartOut:
    """A part of a bill."""
    return PartOut(
        clr_optins=one.region,
        insutype=one.scheme,
        clr_type=one.clearing_type,
        funds_fen=one.funds,
        accounts_fen=one.accounts,
        wallet_fen=one.wallet,
        refunds_fen=one.refunds,
        late_fen=one.late,
        events=one.events,
    )


def advance_out(one: Advance) -> AdvanceOut:
    """An advance."""
    return AdvanceOut(
        payer=one.payer,
        payee=one.payee,
        given_fen=one.given,
        returned_fen=one.returned,
        used_fen=one.used,
        left_fen=one.left,
        target_fen=one.target,
        alarm=one.alarm,
    )
