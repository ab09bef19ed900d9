"""What is paid: statements, institutions' bills, advances; asked for by one officer, agreed to by another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from starlette.responses import Response

from gongji.clearing.monthly import closing, payments, store
from gongji.clearing.monthly.advances import advances
from gongji.clearing.monthly.decide import pooling_region
from gongji.clearing.monthly.model import Bill, Payment, Statement
from gongji.entrances.web.office.comparing import region_name
from gongji.entrances.web.office.pages import agrees, area_prefix, for_duties, read_rows, show
from gongji.entrances.web.visits import Visit
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.foundation.errors import GongjiError
from gongji.foundation.money import parse_yuan, yuan

READERS: Final = (Duty.CLEARING_CLERK, Duty.SECOND_REVIEWER, Duty.AUDITOR)

#: Fields of forms beside which an error may stand.
_FIELDS: Final = ("amount", "reference", "paid_on", "payee", "reason", "note", "outcome", "opinion", "month", "file")


@dataclass(frozen=True, slots=True)
class Fields:
    """What is filled in for a payment."""

    amount: int
    reference: str
    paid_on: date


def payment_fields(visit: Visit) -> Fields:
    """The fields of a payment's form.

    Raises:
        InvalidInput: ``amount.…``, ``clearing.paid_on``.
    """
    form = visit.form
    amount = parse_yuan(form.text("amount").replace(",", ""), "amount")
    return Fields(amount, form.text("reference"), closing.read_day(form.text("paid_on")))


def pay_statement(visit: Visit, one: Statement, fields: Fields) -> Payment:
    """Ask to pay a statement, by the way that was chosen."""
    return payments.pay_statement(
        visit.connection,
        one.id,
        amount=fields.amount,
        reference=fields.reference,
        paid_on=fields.paid_on,
        out_of_advance=visit.form.text("way") == "advance",
        caller=visit.caller,
        at=visit.now,
    )


def names_of(visit: Visit, regions: Iterable[str]) -> dict[str, str]:
    """Regions in words, with their codes."""
    return {region: region_name(visit.platform.rules, region) for region in regions}


def error_of(visit: Visit, problem: GongjiError | None, otherwise: str) -> dict[str, str]:
    """The sentence of a refusal beside its field."""
    if problem is None:
        return {}
    field = problem.field if problem.field in _FIELDS else otherwise
    return {field or otherwise: visit.reader.sentence(problem)}


@for_duties(*READERS)
def bills(visit: Visit) -> Response:
    """``GET /clearing/bills?month=&words=``: what the area's institutions are paid for a closed month."""
    known = [one for one, closed in store.months(visit.connection) if closed is not None]
    asked = visit.query("month")
    chosen = next((one for one in known if f"{one:%Y-%m}" == asked), known[0] if known else None)
    words, prefix = visit.query("words")[:60], area_prefix(visit)

    def read(most: int, after: int | None) -> list[Bill]:
        if chosen is None:
            return []
        return store.bills(visit.connection, chosen, prefix, words=words, limit=most, after=after)

    found, leaf = read_rows(visit, read)
    audit.record(visit.connection, visit.caller, "clearing.read_bills", at=visit.now)
    return show(visit, "clearing_bills.html", months=known, chosen=chosen, words=words, bills=found, leaf=leaf)


@for_duties(*READERS)
def bill(visit: Visit) -> Response:
    """``GET /clearing/bills/{number}``: its parts, its payments, and what can be done."""
    return _bill_page(visit, payments.bill_for(visit.connection, visit.number(), visit.caller))


@for_duties(Duty.CLEARING_CLERK)
def pay_bill(visit: Visit) -> Response:
    """``POST /clearing/bills/{number}``: ask to pay it, or what was retained."""
    one = payments.bill_for(visit.connection, visit.number(), visit.caller)
    try:
        fields = payment_fields(visit)
        payments.pay_bill(
            visit.connection,
            one.id,
            amount=fields.amount,
            reference=fields.reference,
            paid_on=fields.paid_on,
            retention=visit.form.text("way") == "retention",
            caller=visit.caller,
            at=visit.now,
        )
    except GongjiError as problem:
        return _bill_page(visit, one, problem)
    return visit.go(f"/clearing/bills/{one.id}?notice=asked")


@for_duties(*READERS)
def advanced(visit: Visit) -> Response:
    """``GET /clearing/advances``: what was paid ahead, what of it was used, and where it is low."""
    return _advances_page(visit)


@for_duties(Duty.CLEARING_CLERK)
def pay_advance(visit: Visit) -> Response:
    """``POST /clearing/advances``: ask to pay another region ahead, or note what came back."""
    form = visit.form
    try:
        fields = payment_fields(visit)
        payments.pay_advance(
            visit.connection,
            payer=form.text("payer"),
            payee=form.text("payee"),
            amount=fields.amount,
            reference=fields.reference,
            paid_on=fields.paid_on,
            back=form.text("way") == "back",
            caller=visit.caller,
            at=visit.now,
        )
    except GongjiError as problem:
        return _advances_page(visit, problem)
    return visit.go("/clearing/advances?notice=asked")


@for_duties(*READERS)
def waiting(visit: Visit) -> Response:
    """``GET /clearing/payments``: what waits for a second officer."""
    return _waiting_page(visit)


@for_duties(Duty.SECOND_REVIEWER)
def second(visit: Visit) -> Response:
    """``POST /clearing/payments/{number}``: the second officer's word."""
    one = payments.payment_for(visit.connection, visit.number(), visit.caller)
    try:
        agree = agrees(visit, "clearing.opinion")
        payments.second_opinion(
            visit.connection,
            visit.platform.database.serials,
            one.id,
            agree=agree,
            caller=visit.caller,
            at=visit.now,
        )
    except GongjiError as problem:
        return _waiting_page(visit, problem)
    return visit.go(f"/clearing/payments?notice=payment_{'agreed' if agree else 'disagreed'}")


def _bill_page(visit: Visit, one: Bill, problem: GongjiError | None = None) -> Response:
    parts = store.parts(visit.connection, one)
    retained = store.retained_left(visit.connection, one.institution_id)
    audit.record(visit.connection, visit.caller, "clearing.read_bill", at=visit.now, bill=one.id)
    ways = [("bill", visit.reader.text("office.clearing.way.bill"), "")]
    if retained:
        ways.append(("retention", visit.reader.text("office.clearing.way.retention"), ""))
    return show(
        visit,
        "clearing_bill.html",
        status=problem.status if problem else 200,
        one=one,
        left=yuan(one.left or retained),
        today=visit.now.date().isoformat(),
        bill_parts=parts,
        names=names_of(visit, {part.region for part in parts}),
        retained=retained,
        payments=[
            each
            for each in store.payments_of(visit.connection, "institution_id", one.institution_id)
            if each.bill_id in (one.id, None)
        ],
        may_pay=Duty.CLEARING_CLERK in visit.caller.duties and (one.left > 0 or retained > 0),
        pay_ways=ways,
        errors=error_of(visit, problem, "amount"),
        form=visit.form,
    )


def _advances_page(visit: Visit, problem: GongjiError | None = None) -> Response:
    found = [
        one
        for one in advances(visit.connection, visit.platform.clearing_terms, visit.now.date())
        if visit.caller.covers(one.payer) or visit.caller.covers(one.payee)
    ]
    audit.record(visit.connection, visit.caller, "clearing.read_advances", at=visit.now)
    return show(
        visit,
        "clearing_advances.html",
        status=problem.status if problem else 200,
        advances=found,
        names=names_of(visit, {region for one in found for region in (one.payer, one.payee)}),
        own=pooling_region(visit.caller.region or "000000"),
        today=visit.now.date().isoformat(),
        may_pay=Duty.CLEARING_CLERK in visit.caller.duties,
        pay_ways=[(name, visit.reader.text(f"office.clearing.way.{name}"), "") for name in ("ahead", "back")],
        errors=error_of(visit, problem, "amount"),
        form=visit.form,
    )


def _waiting_page(visit: Visit, problem: GongjiError | None = None) -> Response:
    prefix = area_prefix(visit)
    found, leaf = read_rows(
        visit, lambda most, after: store.payments_waiting(visit.connection, prefix, limit=most, after=after)
    )
    audit.record(visit.connection, visit.caller, "clearing.read_payments", at=visit.now)
    regions = {region for one in found for region in (one.payer, one.payee) if region.isdigit()}
    return show(
        visit,
        "clearing_waiting.html",
        status=problem.status if problem else 200,
        payments=found,
        leaf=leaf,
        names=names_of(visit, regions),
        may_agree={
            one.id: Duty.SECOND_REVIEWER in visit.caller.duties and one.asked_by != visit.caller.holder for one in found
        },
        errors=error_of(visit, problem, "opinion"),
    )
