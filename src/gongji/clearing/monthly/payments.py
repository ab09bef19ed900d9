"""Paying: asked for by one officer with the bank's reference, agreed to by another, and only then in the books."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa

from gongji.clearing.monthly import refusals, store
from gongji.clearing.monthly.advances import advance_left
from gongji.clearing.monthly.decide import pooling_region
from gongji.clearing.monthly.model import Bill, Payment, Purpose
from gongji.clearing.monthly.statements import acts_for, require_clerk, statement_for
from gongji.clearing.monthly.tables import clearing_payment
from gongji.foundation import audit
from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import BUCKETS, Serials, compose
from gongji.ledger.model import AccountKind, Journal, JournalKind, Transfer, open_account
from gongji.ledger.service import post, register_poster

_REFERENCE: Final = re.compile(r"[0-9A-Za-z\u4e00-\u9fff][0-9A-Za-z\u4e00-\u9fff()（）〔〕/-]{3,59}")

_REGION: Final = re.compile(r"[0-9]{6}", re.ASCII)

#: "advance" as a number: with the two regions, whoever takes out of an advance holds it.
_ADVANCE: Final = 0x61647661


def pay_statement(
    connection: sa.Connection,
    number: int,
    *,
    amount: int,
    reference: str,
    paid_on: date,
    out_of_advance: bool = False,
    caller: Caller,
    at: datetime,
) -> Payment:
    """Ask to pay a statement, whole or in part, by bank or out of the advance.

    Args:
        connection: the transaction.
        number: the statement, accepted by the owing region.
        amount: fen, at most what is left.
        reference: the bank's or treasury's.
        paid_on: when it was paid.
        out_of_advance: set it against what was paid in advance; no money moves then.
        caller: an officer of the owing region.
        at: now.

    Raises:
        InvalidInput: ``clearing.amount``, ``clearing.reference``, ``clearing.paid_on``. NotFound: ``clearing.unknown``.
        NotAllowed: ``access.duty``, ``clearing.other_region``.
        Refused: ``clearing.not_checked``, ``clearing.reference_used``, ``clearing.advance``.
    """
    require_clerk(caller)
    one = statement_for(connection, number, caller, lock=True)
    if not acts_for(caller, one.debtor):
        raise refusals.other_regions(one.debtor)
    if one.checked_at is None:
        raise refusals.not_checked()
    if not 0 < amount <= one.left:
        raise refusals.amount_wrong(one.left)
    if out_of_advance:
        _check_advance(connection, one.debtor, one.creditor, amount)
    purpose = Purpose.SET_OFF if out_of_advance else Purpose.STATEMENT
    values = {"statement_id": number, "payer": one.debtor, "payee": one.creditor}
    return _ask(connection, purpose, values, amount, reference, paid_on, caller, at)


def pay_advance(
    connection: sa.Connection,
    *,
    payer: str,
    payee: str,
    amount: int,
    reference: str,
    paid_on: date,
    back: bool = False,
    caller: Caller,
    at: datetime,
) -> Payment:
    """Ask to pay another region in advance, or (`back`) to take note of what it gave back; arguments as `pay_statement`.

    Raises:
        InvalidInput: ``clearing.regions``, ``clearing.amount``, ``clearing.reference``, ``clearing.paid_on``.
        NotAllowed: ``access.duty``, ``clearing.other_region``. Refused: ``clearing.reference_used``, ``clearing.advance``.
    """
    require_clerk(caller)
    if payer == payee or not (_REGION.fullmatch(payer) and _REGION.fullmatch(payee)):
        raise refusals.same_region()
    for field, region in (("payer", payer), ("payee", payee)):
        # Statements are between pooling regions: what a district was paid ahead could be set against none.
        if pooling_region(region) != region:
            raise refusals.not_pooling(field, region, pooling_region(region))
    if not acts_for(caller, payer):
        raise refusals.other_regions(payer)
    if amount <= 0:
        raise refusals.amount_not_above_zero()
    if back:
        _check_advance(connection, payer, payee, amount)
    purpose = Purpose.ADVANCE_BACK if back else Purpose.ADVANCE
    return _ask(connection, purpose, {"payer": payer, "payee": payee}, amount, reference, paid_on, caller, at)


def bill_for(connection: sa.Connection, number: int, caller: Caller, *, lock: bool = False) -> Bill:
    """A bill of an institution in the caller's region.

    Raises:
        NotFound: ``clearing.unknown``.
    """
    one = store.bill(connection, number, lock=lock)
    if one is None or not acts_for(caller, one.region):
        raise refusals.unknown("bill")
    return one


def pay_bill(
    connection: sa.Connection,
    number: int,
    *,
    amount: int,
    reference: str,
    paid_on: date,
    retention: bool = False,
    caller: Caller,
    at: datetime,
) -> Payment:
    """Ask to pay an institution's bill, whole or in part; or (`retention`) what was kept back of it and earlier ones.

    Raises:
        InvalidInput: ``clearing.amount``, ``clearing.reference``, ``clearing.paid_on``. NotFound: ``clearing.unknown``.
        NotAllowed: ``access.duty``. Refused: ``clearing.reference_used``.
    """
    require_clerk(caller)
    one = bill_for(connection, number, caller, lock=True)
    if retention:
        # What was retained is of all the institution's bills: two who ask for it at once wait for each other.
        store.lock_bills(connection, one.institution_id)
    left = store.retained_left(connection, one.institution_id) if retention else one.left
    if not 0 < amount <= left:
        raise refusals.amount_wrong(left)
    values: dict[str, object] = {
        "institution_id": one.institution_id,
        "payer": pooling_region(one.region),
        "payee": one.code,
    }
    if not retention:
        values["bill_id"] = number
    purpose = Purpose.RETENTION if retention else Purpose.BILL
    return _ask(connection, purpose, values, amount, reference, paid_on, caller, at)


def payment_for(connection: sa.Connection, number: int, caller: Caller, *, lock: bool = False) -> Payment:
    """A payment by the caller's region.

    Raises:
        NotFound: ``clearing.unknown``.
    """
    one = store.payment(connection, number, lock=lock)
    if one is None or not acts_for(caller, one.payer):
        raise refusals.unknown("payment")
    return one


def second_opinion(
    connection: sa.Connection, serials: Serials, number: int, *, agree: bool, caller: Caller, at: datetime
) -> Payment:
    """A second officer agrees to a payment, which is in the books from then on; or does not, and it is void.

    Raises:
        NotAllowed: ``access.duty``. NotFound: ``clearing.unknown``.
        Refused: ``clearing.decided``, ``clearing.same_officer``.
    """
    if caller.role is not Role.OPERATOR:
        caller.require_duty(Duty.SECOND_REVIEWER)
    one = payment_for(connection, number, caller, lock=True)
    if one.agreed is not None:
        raise refusals.decided_before()
    if caller.holder == one.asked_by:
        raise refusals.same_officer()
    values: dict[str, object] = {"agreed": agree, "decided_by": caller.holder, "decided_at": at}
    if agree and one.purpose is not Purpose.SET_OFF:
        values["journal_id"] = _book(connection, serials, one, at)
    connection.execute(clearing_payment.update().where(clearing_payment.c.id == number).values(values))
    audit.record(
        connection, caller, f"clearing.{'agree' if agree else 'disagree'}", at=at, payment=number, amount=one.amount
    )
    return _known(store.payment(connection, number))


def _ask(
    connection: sa.Connection,
    purpose: Purpose,
    values: dict[str, object],
    amount: int,
    reference: str,
    paid_on: date,
    caller: Caller,
    at: datetime,
) -> Payment:
    today = at.astimezone(CHINA).date()
    if _REFERENCE.fullmatch(reference) is None:
        raise refusals.reference_wrong()
    if paid_on > today or paid_on.year < 2020:
        raise refusals.day_wrong(today)
    asked = {"purpose": purpose, "amount": amount, "reference": reference, "paid_on": paid_on}
    by = {"asked_by": caller.holder, "asked_at": at}
    try:
        with connection.begin_nested():
            number = connection.execute(
                clearing_payment.insert().values({**values, **asked, **by}).returning(clearing_payment.c.id)
            ).scalar_one()
    except sa.exc.IntegrityError as problem:
        if "clearing_payment_once" not in str(problem.orig):
            raise
        raise refusals.reference_used() from problem
    audit.record(connection, caller, "clearing.ask", at=at, payment=number, purpose=str(purpose), amount=amount)
    return _known(store.payment(connection, number))


def _check_advance(connection: sa.Connection, payer: str, payee: str, amount: int) -> None:
    connection.execute(
        sa.text("SELECT pg_advisory_xact_lock(:lock, hashtext(:pair))"), {"lock": _ADVANCE, "pair": f"{payer}>{payee}"}
    )
    left = advance_left(connection, payer, payee)
    if amount > left:
        raise refusals.no_advance(left)


def _book(connection: sa.Connection, serials: Serials, one: Payment, at: datetime) -> int:
    """Post what was paid; gives the journal's id."""
    payer = int(one.payer)
    bucket = (one.institution_id or payer) % BUCKETS
    treasury = open_account(AccountKind.TREASURY, payer, bucket)
    if one.institution_id is not None:
        leg = Transfer(open_account(AccountKind.PAYABLE_INSTITUTION, one.institution_id, bucket), treasury, one.amount)
    else:
        other = open_account(AccountKind.TREASURY, int(one.payee), bucket)
        back = one.purpose is Purpose.ADVANCE_BACK
        leg = Transfer(treasury, other, one.amount) if back else Transfer(other, treasury, one.amount)
    event = compose(serials.take(1, at)[0], bucket)
    writer = register_poster(connection, serials, at)
    post(connection, writer, [Journal(event, JournalKind.PAYMENT, None, at, (leg,))])
    return event


def _known(one: Payment | None) -> Payment:
    assert one is not None, "payments are never deleted"
    return one
