"""The steps of a mobile order, each in a transaction of its caller's; between two of them the desk settles or reverses.

An order is marked before the desk is asked and finished after it has answered. Whoever finds it in between (a lost answer, a
killed process) finishes it: the desk's keys are the order's own numbers, so nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.registry.model import Institution
from gongji.rules.model import Scheme
from gongji.settlement import queries, visits
from gongji.settlement.mobile import refusals, store
from gongji.settlement.mobile.model import (
    UNPAID,
    Order,
    OrderState,
    RefundKind,
    RefundRequest,
    check_refund,
    state_after_refund,
)
from gongji.settlement.mobile.tables import mobile_app, mobile_notice, mobile_refund
from gongji.settlement.model import (
    AccountUse,
    MessageKey,
    PricedLine,
    RegisterVisit,
    Reverse,
    Settlement,
    SettleVisit,
    wire_id,
)
from gongji.settlement.tables import message

#: Under which transactions the desk knows an order's settlement and its reversal.
PAYS, REFUNDS = "6202", "6203"

#: mdtrt_cert_type of what is paid by phone: the e-credential.
E_CREDENTIAL = "01"


@dataclass(frozen=True, slots=True)
class Upload:
    """6201: what is to be paid.

    Attributes:
        reference: medOrgOrd.
        digest: of the whole upload.
        region: six digits of the patient's pooling region, for the order's number.
        visit_id: the visit, where it was registered before; else one is made.
        number: ipt_otp_no. batch: chrgBchno, of every line.
        total: medfeeSumamt in fen, held against the lines by the desk.
    """

    institution: Institution
    person_id: int
    region: str
    reference: str
    digest: bytes
    visit_id: int | None
    number: str
    batch: str
    scheme: Scheme
    med_type: str
    account_use: AccountUse
    began_at: datetime
    total: int
    details: Mapping[str, str]
    diagnoses: Sequence[Mapping[str, str]]
    lines: Sequence[PricedLine]


def pay_ord_id(order: Order) -> str:
    """The order's number on the wire."""
    return wire_id(order.region, order.id)


def upload(connection: sa.Connection, serials: Serials, wanted: Upload, at: datetime) -> Order:
    """Keep an order with its visit, diagnoses and lines, all or nothing; the same upload again gives the same order.

    Raises:
        Refused: ``key.other_content`` when the hospital's number stands for another upload; as `visits.upload_lines`.
        NotFound: ``visit.unknown``.
    """
    visits.lock_patient(connection, wanted.person_id)
    institution = wanted.institution
    known = store.find_by_reference(connection, wanted.person_id, institution.id, wanted.reference)
    if known is not None:
        if known.digest != wanted.digest:
            raise refusals.other_content(wanted.reference)
        return known
    visit_id = wanted.visit_id or _register(connection, serials, wanted, at)
    visits.record_diagnoses(
        connection, institution.id, wanted.person_id, visit_id, wanted.med_type, wanted.details, wanted.diagnoses
    )
    visits.upload_lines(connection, institution, wanted.person_id, visit_id, wanted.lines)
    return store.insert_order(
        connection,
        bucket=bucket_of(wanted.person_id),
        id=compose(serials.take(1, at)[0], bucket_of(wanted.person_id)),
        person_id=wanted.person_id,
        institution_id=institution.id,
        region=wanted.region,
        reference=wanted.reference,
        digest=wanted.digest,
        visit_id=visit_id,
        own_visit=wanted.visit_id is None,
        batch=wanted.batch,
        scheme=str(wanted.scheme),
        med_type=wanted.med_type,
        account_use=str(wanted.account_use),
        total=wanted.total,
        made_at=at,
    )


def _register(connection: sa.Connection, serials: Serials, wanted: Upload, at: datetime) -> int:
    key = MessageKey(wanted.institution.id, "6201", wanted.reference, wanted.digest)
    command = RegisterVisit(key, wanted.person_id, wanted.number, wanted.scheme, wanted.began_at, wanted.details)
    return visits.new_visit(connection, serials, command, wanted.med_type, at).id


def order_of(connection: sa.Connection, institution_id: int, order_id: int | None, *, lock: bool = False) -> Order:
    """An institution's own order.

    Raises:
        NotFound: ``mobile.order_unknown``.
    """
    order = store.find_order(connection, order_id, lock=lock) if order_id is not None else None
    if order is None or order.institution_id != institution_id:
        raise refusals.unknown()
    return order


def quoted(connection: sa.Connection, order_id: int, quote: Settlement) -> Order:
    """Keep what an unpaid order would come to."""
    order = store.find_order(connection, order_id, lock=True)
    assert order is not None
    if order.state not in UNPAID:
        return order
    return store.change_order(connection, order_id, state=OrderState.QUOTED, **_amounts(quote))


def _amounts(settlement: Settlement) -> dict[str, int]:
    return {
        "fund": settlement.fund_total,
        "own": settlement.own + settlement.wallet,
        "shared": settlement.shared,
        "cash": settlement.cash,
    }


def settle_command(order: Order, institution: Institution) -> SettleVisit:
    """The command that pays an order: at the desk it is a visit's settlement like any other."""
    return SettleVisit(
        key=MessageKey(institution.id, PAYS, pay_ord_id(order), order.digest),
        institution=institution,
        person_id=order.person_id,
        visit_id=order.visit_id,
        batch=order.batch,
        total=order.total,
        account_use=order.account_use,
        scheme=order.scheme,
        med_type=order.med_type,
        certificate_kind=E_CREDENTIAL,
    )


def begin_payment(connection: sa.Connection, order: Order) -> Order:
    """Mark a locked order as being settled; one that is being or has been settled stays as it is.

    Raises:
        Refused: ``mobile.withdrawn``.
    """
    if order.state is OrderState.WITHDRAWN:
        raise refusals.withdrawn()
    if order.state in UNPAID:
        return store.change_order(connection, order.id, state=OrderState.SETTLING)
    return order


def payment_failed(connection: sa.Connection, order_id: int) -> None:
    """The desk refused: the order may be paid again, or withdrawn."""
    order = store.find_order(connection, order_id, lock=True)
    if order is not None and order.state is OrderState.SETTLING:
        store.change_order(connection, order_id, state=OrderState.FAILED)


def payment_done(connection: sa.Connection, order_id: int, settlement: Settlement) -> Order:
    """Keep what a settlement came to, and that the institution is to be told; once."""
    order = store.find_order(connection, order_id, lock=True)
    assert order is not None
    if order.settlement_id is not None:
        return order
    state = OrderState.INSURANCE_PAID if settlement.cash else OrderState.DONE
    done = store.change_order(
        connection,
        order_id,
        state=state,
        settlement_id=settlement.id,
        settled_at=settlement.settled_at,
        **_amounts(settlement),
    )
    told = sa.select(mobile_app.c.app_id).where(
        mobile_app.c.institution_id == order.institution_id,
        mobile_app.c.notify_url != "",
        mobile_app.c.valid_from <= settlement.settled_at,
        sa.or_(mobile_app.c.valid_until.is_(None), mobile_app.c.valid_until > settlement.settled_at),
    )
    if connection.execute(told.limit(1)).one_or_none() is not None:
        connection.execute(
            mobile_notice.insert().values(bucket=bucket_of(order_id), order_id=order_id, due_at=settlement.settled_at)
        )
    return done


def refreshed(connection: sa.Connection, order: Order) -> Order:
    """A locked order as the books know it: paid although nobody heard of it, or taken back by another transaction."""
    if order.state is OrderState.SETTLING:
        outcome = connection.execute(
            sa.select(message.c.outcome_id).where(
                message.c.institution_id == order.institution_id,
                message.c.infno == PAYS,
                message.c.msgid == pay_ord_id(order),
            )
        ).scalar_one_or_none()
        found = queries.find_settlement(connection, outcome) if outcome is not None else None
        if found is not None:
            order = payment_done(connection, order.id, found.settlement)
    if order.settlement_id is not None and order.reversal_id is None:
        stored = queries.find_settlement(connection, order.settlement_id)
        if stored is not None and stored.reversed_by is not None:
            order = _taken_back(connection, order, stored.reversed_by, 0)
    return order


def confirmed(connection: sa.Connection, order: Order, paid_by: str) -> Order:
    """6204: the cash was paid too.

    Raises:
        Refused: ``mobile.not_paid``.
    """
    if order.settlement_id is None:
        raise refusals.not_paid()
    if order.state is not OrderState.INSURANCE_PAID:
        return order
    return store.change_order(connection, order.id, state=OrderState.DONE, paid_by=paid_by)


def withdraw(connection: sa.Connection, order: Order) -> Order:
    """6401: drop the lines of a locked order that was not paid; again changes nothing.

    Raises:
        Refused: ``mobile.paid``.
    """
    if order.state is OrderState.WITHDRAWN:
        return order
    if order.state not in UNPAID:
        raise refusals.paid_already()
    visits.drop_lines(connection, order.institution_id, order.person_id, order.visit_id, order.batch)
    if order.own_visit:
        visits.cancel_visit(connection, order.institution_id, order.person_id, order.visit_id, "")
    return store.change_order(connection, order.id, state=OrderState.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund that was made: the reversal's id, None for cash alone; and when."""

    reversal_id: int | None
    at: datetime


def refund_known(connection: sa.Connection, order: Order, request: RefundRequest, digest: bytes) -> Refunded | None:
    """This refund, when it was made before.

    Raises:
        Refused: ``key.other_content``.
    """
    row = store.find_refund(connection, order.id, request.number)
    if row is None:
        return None
    if bytes(row.digest) != digest:
        raise refusals.other_content(request.number)
    return Refunded(row.reversal_id, row.at.astimezone(CHINA))


def reverse_command(order: Order, institution: Institution, request: RefundRequest, digest: bytes) -> Reverse:
    """The command that takes an order's settlement back."""
    assert order.settlement_id is not None
    key = MessageKey(institution.id, REFUNDS, request.number, digest)
    return Reverse(key, institution, order.person_id, order.visit_id, order.settlement_id)


def refund_cash(connection: sa.Connection, order: Order, request: RefundRequest, digest: bytes, at: datetime) -> Order:
    """Note that cash went back; the order is locked.

    Raises:
        Refused, InvalidInput: as `check_refund`.
    """
    check_refund(order, request)
    _keep_refund(connection, order, request, None, digest, at)
    after = replace(order, cash_refunded=order.cash_refunded + request.cash)
    return store.change_order(connection, order.id, cash_refunded=after.cash_refunded, state=state_after_refund(after))


def refund_done(
    connection: sa.Connection, order: Order, request: RefundRequest, reversal: Settlement, digest: bytes
) -> Order:
    """Keep that a locked order's settlement was taken back, and with it the cash that the request names."""
    if refund_known(connection, order, request, digest) is not None:
        return order
    _keep_refund(connection, order, request, reversal.id, digest, reversal.settled_at)
    cash = request.cash if request.kind is RefundKind.ALL else 0
    return _taken_back(connection, order, reversal.id, cash)


def _taken_back(connection: sa.Connection, order: Order, reversal_id: int, cash: int) -> Order:
    after = replace(order, reversal_id=reversal_id, cash_refunded=min(order.cash, order.cash_refunded + cash))
    return store.change_order(
        connection,
        order.id,
        reversal_id=reversal_id,
        cash_refunded=after.cash_refunded,
        state=state_after_refund(after),
    )


def _keep_refund(
    connection: sa.Connection,
    order: Order,
    request: RefundRequest,
    reversal_id: int | None,
    digest: bytes,
    at: datetime,
) -> None:
    connection.execute(
        mobile_refund.insert().values(
            bucket=bucket_of(order.id),
            order_id=order.id,
            number=request.number,
            kind=str(request.kind),
            cash=request.cash,
            reversal_id=reversal_id,
            digest=digest,
            at=at,
        )
    )
