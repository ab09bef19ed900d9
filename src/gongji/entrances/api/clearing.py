"""Monthly clearing for officers: months closed, statements checked, disputed and paid, institutions' bills, advances, files."""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Depends, File, Path, Query, UploadFile
from fastapi.responses import Response

from gongji.clearing.monthly import closing, files, payments, refusals, statements, store
from gongji.clearing.monthly.advances import advances
from gongji.clearing.monthly.decide import sheet
from gongji.clearing.monthly.gather import gather
from gongji.clearing.monthly.model import Statement
from gongji.entrances.api.clearing_shapes import (
    AdvanceIn,
    AdvanceOut,
    AnswerIn,
    BillDetail,
    BillOut,
    BillPaymentIn,
    CheckedOut,
    ClosedOut,
    DifferenceOut,
    DisputeIn,
    DisputeOut,
    LinesOut,
    MonthOut,
    PaymentOut,
    SecondIn,
    StatementDetail,
    StatementOut,
    StatementPaymentIn,
)
from gongji.entrances.api.clearing_told import (
    advance_out,
    bill_out,
    dispute_out,
    line_out,
    part_out,
    payment_out,
    position_out,
    region_out,
    statement_detail,
    statement_out,
    told_month,
)
from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.problems import RESPONSES
from gongji.foundation import audit
from gongji.foundation.access import Duty, Role

router = APIRouter(prefix="/v1/clearing", tags=["clearing"], responses=RESPONSES)

At = Annotated[Door, Depends()]
Month = Annotated[str, Path(pattern=r"^20[2-9][0-9]-(0[1-9]|1[0-2])$", description="a month", examples=["2026-10"])]
Number = Annotated[str, Path(pattern=r"^[0-9]{1,18}$")]

#: Most lines in one answer.
MOST_LINES = 1000


@router.get("/months/{month}")
def read_month(month: Month, door: At) -> MonthOut:
    """Who owes whom for a month, open or closed, by now: the pairs of the officer's region, every region's sums."""
    with door.open(Role.OFFICER) as call:
        _readers(call)
        gather(call.platform.database)
        read = closing.read_month(month)
        found = store.positions(call.connection, read)
        call.note("clearing.read_month", month=month)
        covers = call.caller.covers
        return MonthOut(
            month=month,
            closed_at=dict(store.months(call.connection)).get(read),
            positions=[position_out(one) for one in found if covers(one.debtor) or covers(one.creditor)],
            sheet=[region_out(one) for one in sheet(found)],
            provinces=[region_out(one) for one in sheet(found, 2)],
        )


@router.post("/months/{month}/close")
def close_month(month: Month, door: At) -> ClosedOut:
    """Draw up a month's statements and bills, once it is over; closing it again gives the same."""
    with door.open(Role.OFFICER) as call:
        statements.require_clerk(call.caller)
        platform = call.platform
        read = closing.read_month(month)
        done = closing.close_month(platform.database, platform.clearing_terms, read, call.caller, call.now)
        return ClosedOut(month=month, closed_at=done.at, statements=done.statements, bills=done.bills, again=done.again)


@router.get("/months/{month}/statements")
def list_statements(month: Month, door: At) -> list[StatementOut]:
    """A closed month's statements that concern the officer's region."""
    with door.open(Role.OFFICER) as call:
        _readers(call)
        call.note("clearing.read_month", month=month)
        found = store.statements(call.connection, closing.read_month(month))
        covers = call.caller.covers
        return [statement_out(one) for one in found if covers(one.debtor) or covers(one.creditor)]


@router.get("/statements/{number}")
def read_statement(number: Number, door: At) -> StatementDetail:
    """A statement with its disputes and payments."""
    with door.open(Role.OFFICER) as call:
        _readers(call)
        return _statement(call, int(number))


@router.get("/statements/{number}/lines")
def read_lines(
    number: Number,
    door: At,
    after: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_LINES)] = 100,
) -> LinesOut:
    """The settlements behind a statement, in their order. Every reading is audited."""
    with door.open(Role.OFFICER) as call:
        _readers(call)
        one = statements.statement_for(call.connection, int(number), call.caller)
        call.note("clearing.read_lines", statement=one.id, after=after)
        found = store.lines(call.connection, one.month, one.debtor, one.creditor, after=after, limit=limit)
        _note_read(call, one, {line.person_id for line in found if line.person_id is not None})
        more = after + len(found) if after + len(found) < one.lines else None
        return LinesOut(items=[line_out(line) for line in found], next=more)


@router.get("/statements/{number}/file", response_class=Response, responses={200: {"content": {"application/zip": {}}}})
def fetch_file(number: Number, door: At) -> Response:
    """The statement for the other side: a ZIP of JSON and CSV, signed where both share a key."""
    with door.open(Role.OFFICER) as call:
        _readers(call)
        one = statements.statement_for(call.connection, int(number), call.caller)
        made = io.BytesIO()
        digest = files.write_statement(call.connection, one, call.platform.settings.clearing_keys, call.now, made)
        call.note("clearing.export", statement=one.id, sm3=digest)
        _note_read(call, one, store.people_in(call.connection, one))
        return Response(made.getvalue(), media_type="application/zip")


@router.post("/statements/{number}/accept")
def accept_statement(number: Number, door: At) -> StatementDetail:
    """The owing region has checked it; disputed lines aside it may be paid. Accepting again changes nothing."""
    with door.open(Role.OFFICER) as call:
        statements.accept(call.connection, int(number), caller=call.caller, at=call.now)
        return _statement(call, int(number))


@router.post("/statements/{number}/disputes")
def dispute_line(number: Number, body: DisputeIn, door: At) -> DisputeOut:
    """The owing region does not accept a line, before it has accepted the statement."""
    with door.open(Role.OFFICER) as call:
        made = statements.dispute(
            call.connection,
            int(number),
            journal_id=int(body.event),
            kind=body.kind,
            reason=body.reason,
            note=body.note,
            caller=call.caller,
            at=call.now,
        )
        return dispute_out(made)


@router.post("/disputes/{number}/answer")
def answer_dispute(number: Number, body: AnswerIn, door: At) -> DisputeOut:
    """The region that is owed says that the line stands, which is due then, or gives it up."""
    with door.open(Role.OFFICER) as call:
        done = statements.answer(
            call.connection, int(number), outcome=body.outcome, words=body.note, caller=call.caller, at=call.now
        )
        return dispute_out(done)


@router.post("/statements/{number}/payments")
def pay_statement(number: Number, body: StatementPaymentIn, door: At) -> PaymentOut:
    """Ask to pay a statement, whole or in part; a second officer books it. The same reference again is refused."""
    with door.open(Role.OFFICER) as call:
        made = payments.pay_statement(
            call.connection,
            int(number),
            amount=body.amount_fen,
            reference=body.reference,
            paid_on=body.paid_on,
            out_of_advance=body.out_of_advance,
            caller=call.caller,
            at=call.now,
        )
        return payment_out(made)


@router.get("/payments")
def list_payments(door: At) -> list[PaymentOut]:
    """What waits for a second officer in the officer's area, the oldest first."""
    with door.open(Role.OFFICER) as call:
        _readers(call)
        call.note("clearing.read_payments")
        return [payment_out(one) for one in store.payments_waiting(call.connection, _area(call))]


@router.post("/payments/{number}/second")
def second_opinion(number: Number, body: SecondIn, door: At) -> PaymentOut:
    """Another officer (duty `second_reviewer`) agrees, and the payment is in the books; or does not, and it is void."""
    with door.open(Role.OFFICER) as call:
        done = payments.second_opinion(
            call.connection,
            call.platform.database.serials,
            int(number),
            agree=body.opinion == "agree",
            caller=call.caller,
            at=call.now,
        )
        return payment_out(done)


@router.get("/months/{month}/bills")
def list_bills(month: Month, door: At) -> list[BillOut]:
    """What the area's institutions are paid for a closed month."""
    with door.open(Role.OFFICER) as call:
        _readers(call)
        call.note("clearing.read_bills", month=month)
        return [bill_out(one) for one in store.bills(call.connection, closing.read_month(month), _area(call))]


@router.get("/bills/{number}")
def read_bill(number: Number, door: At) -> BillDetail:
    """An institution's bill with its parts by clr_optins, insutype and clr_type, and its payments."""
    with door.open(Role.OFFICER) as call:
        _readers(call)
        one = payments.bill_for(call.connection, int(number), call.caller)
        call.note("clearing.read_bill", bill=one.id)
        paid = store.payments_of(call.connection, "institution_id", one.institution_id)
        return BillDetail(
            **dict(bill_out(one)),
            parts=[part_out(each) for each in store.parts(call.connection, one)],
            payments=[payment_out(each) for each in paid if each.bill_id in (one.id, None)],
            retained_left_fen=store.retained_left(call.connection, one.institution_id),
        )


@router.post("/bills/{number}/payments")
def pay_bill(number: Number, body: BillPaymentIn, door: At) -> PaymentOut:
    """Ask to pay an institution's bill, or what was retained of it; a second officer books it."""
    with door.open(Role.OFFICER) as call:
        made = payments.pay_bill(
            call.connection,
            int(number),
            amount=body.amount_fen,
            reference=body.reference,
            paid_on=body.paid_on,
            retention=body.retention,
            caller=call.caller,
            at=call.now,
        )
        return payment_out(made)


@router.get("/advances")
def list_advances(door: At) -> list[AdvanceOut]:
    """What was paid ahead by or to the officer's region, what of it was used, and whether it is low."""
    with door.open(Role.OFFICER) as call:
        _readers(call)
        call.note("clearing.read_advances")
        found = advances(call.connection, call.platform.clearing_terms, call.now.date())
        covers = call.caller.covers
        return [advance_out(one) for one in found if covers(one.payer) or covers(one.payee)]


@router.post("/advances")
def pay_advance(body: AdvanceIn, door: At) -> PaymentOut:
    """Ask to pay another region ahead, or take note of what it gave back; a second officer books it."""
    with door.open(Role.OFFICER) as call:
        made = payments.pay_advance(
            call.connection,
            payer=body.payer,
            payee=body.payee,
            amount=body.amount_fen,
            reference=body.reference,
            paid_on=body.paid_on,
            back=body.back,
            caller=call.caller,
            at=call.now,
        )
        return payment_out(made)


@router.post("/check")
def check_file(
    file: Annotated[UploadFile, File(description="a ZIP that the other side exported")], door: At
) -> CheckedOut:
    """Hold a statement of another installation against the books here, line by line; nothing is kept of it."""
    with door.open(Role.OFFICER) as call:
        statements.require_clerk(call.caller)
        loaded = files.read_statement(file.file, call.platform.settings.clearing_keys)
        if not (call.caller.covers(loaded.debtor) or call.caller.covers(loaded.creditor)):
            raise refusals.other_regions(loaded.creditor)
        gather(call.platform.database)
        found = files.compare(call.connection, loaded)
        pair = f"{loaded.debtor}>{loaded.creditor}"
        call.note("clearing.check", month=told_month(loaded.month), pair=pair, found=len(found))
        return CheckedOut(
            month=f"{loaded.month:%Y-%m}",
            debtor=loaded.debtor,
            creditor=loaded.creditor,
            amount_fen=loaded.amount,
            lines=len(loaded.lines),
            signed=loaded.signed,
            differences=[
                DifferenceOut(
                    differs=one.differs,
                    institution=one.institution,
                    msgid=one.msgid,
                    kind=one.kind,
                    told_fen=one.told,
                    ours_fen=one.ours,
                    our_month=told_month(one.our_month),
                )
                for one in found
            ],
        )


def _readers(call: Call) -> None:
    call.caller.require_duty(Duty.CLEARING_CLERK, Duty.SECOND_REVIEWER, Duty.AUDITOR)


def _note_read(call: Call, one: Statement, people: Collection[int]) -> None:
    """Whose settlements a program was shown is noted for each of them."""
    audit.record_each(call.connection, call.caller, "clearing.read_line", people, at=call.now, statement=one.id)


def _area(call: Call) -> str:
    region = call.caller.region or ""
    return region[:2] if region.endswith("0000") else region[:4]


def _statement(call: Call, number: int) -> StatementDetail:
    one = statements.statement_for(call.connection, number, call.caller)
    call.note("clearing.read", statement=number)
    paid = store.payments_of(call.connection, "statement_id", number)
    return statement_detail(one, store.disputes(call.connection, number), paid)
