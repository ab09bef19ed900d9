"""What the tax office does: book an order, reject it, send a booked one back, tell of payments made elsewhere.

An answer is kept before it is carried out, and only the first one counts; carrying it out is safe to repeat, so a tax
office that heard nothing says the same again. Money is taken only while it is still set aside: an answer that comes
after the deadline finds that it has gone back.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa

from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.errors import Busy, GongjiError
from gongji.foundation.ids import bucket_of
from gongji.foundation.replies import digest_of
from gongji.ledger.holds import HoldState
from gongji.ledger.model import AccountKind, open_account
from gongji.premium import refusals, store
from gongji.premium.decide import covers
from gongji.premium.messages import tell_order
from gongji.premium.model import Order, OrderState, RejectReason
from gongji.premium.service import Office
from gongji.registry import service as registry
from gongji.registry.entries import NewEnrolment
from gongji.registry.model import Enrolment
from gongji.rules.model import Scheme, Status
from gongji.settlement.holds.model import CaptureHold, HoldKey, ReleaseHold
from gongji.settlement.holds.queries import find_hold
from gongji.settlement.holds.returning import return_captured

#: Residents in the national code of person categories (psn_type).
RESIDENT: Final = "15"

_VOUCHER: Final = re.compile(r"[0-9A-Za-z-]{4,40}")


def confirm(office: Office, order_id: int, voucher: str, *, caller: Caller) -> Order:
    """The tax office has booked a premium: the money goes to it, and the relative is insured for the year.

    Args:
        office: what the room works with.
        order_id: the order.
        voucher: number of the tax office's 缴费凭证.
        caller: the tax office, for the audit.

    Raises:
        InvalidInput: ``premium.voucher``. NotFound: ``premium.order_unknown``.
        Refused: ``premium.over`` when the money has gone back, ``premium.answered`` when the first answer was another.
        Busy: say the same again.
    """
    if not _VOUCHER.fullmatch(voucher):
        raise refusals.voucher_missing()
    order = _keep_answer(office, order_id, caller, voucher=voucher)
    return _take(office, order) if order.state is OrderState.BOOKING else order


def reject(office: Office, order_id: int, reason: str, *, caller: Caller) -> Order:
    """The tax office does not book a premium: the money goes back at once. Arguments and refusals as `confirm`;
    InvalidInput: ``premium.reason``."""
    order = _keep_answer(office, order_id, caller, reason=_reason(reason))
    return _give_back(office, order) if order.state is OrderState.BOOKING else order


def send_back(office: Office, order_id: int, reason: str, *, caller: Caller) -> Order:
    """The tax office takes a booking back: the money goes to the accounts it came from, the year is free again, and an
    enrolment that paying had entered ends.

    Raises:
        InvalidInput: ``premium.reason``. NotFound: ``premium.order_unknown``.
        Refused: ``premium.not_booked``; ``premium.answered`` when it was sent back for another reason.
    """
    why = _reason(reason)
    with office.database.transaction() as connection:
        order = store.select_order(connection, order_id, lock=True)
        if order.state is OrderState.SENT_BACK:
            if order.reason is not why:
                raise refusals.answered_before(order.state)
            return order
        if order.state is not OrderState.BOOKED or order.hold_id is None:
            raise refusals.not_booked(order.state)
        at = office.clock.now()
        journal = return_captured(connection, office.database.serials, order.hold_id, _credit(order), at)
        if store.free_year(connection, order):
            _end_year(connection, order, at)
        values = {"state": OrderState.SENT_BACK, "reason": why, "answered_at": at, "refund_journal_id": journal}
        store.change(connection, order.id, **values)
        _note(connection, caller, "premium.send_back", order, at, reason=str(why))
        return _told(office, connection, order.id)


def tell_paid(office: Office, person_id: int, year: int, voucher: str, region: str, *, caller: Caller) -> bool:
    """The tax office tells that a coverage year was paid elsewhere (by the village, by the person).

    Returns:
        Whether that is new; False when the year is paid or ordered already.

    Raises:
        InvalidInput: ``premium.voucher``.
    """
    if not _VOUCHER.fullmatch(voucher):
        raise refusals.voucher_missing()
    with office.database.transaction() as connection:
        at = office.clock.now()
        known = store.years_of(connection, [person_id], [year])
        if known:
            return False
        enrolled = _begin_year(connection, person_id, region, year)
        new = store.paid_elsewhere(connection, person_id, year, voucher, enrolled, at)
        audit.record(connection, caller, "premium.tell_paid", at=at, person_id=person_id, year=year)
        return new


def go_on(office: Office, order_id: int) -> Order:
    """Carry out an answer that is in hand, or let an order end whose time is over."""
    with office.database.transaction() as connection:
        order = store.select_order(connection, order_id)
    if order.state is not OrderState.BOOKING:
        return order
    if order.voucher is not None:
        return _take(office, order)
    return _give_back(office, order)


def _reason(reason: str) -> RejectReason:
    try:
        return RejectReason(reason)
    except ValueError:
        raise refusals.reason_unknown(", ".join(RejectReason)) from None


def _keep_answer(
    office: Office, order_id: int, caller: Caller, *, voucher: str | None = None, reason: RejectReason | None = None
) -> Order:
    """Keep the first answer; the same again is no other."""
    with office.database.transaction() as connection:
        order = store.select_order(connection, order_id, lock=True)
        at = office.clock.now()
        if order.state in (OrderState.EXPIRED, OrderState.PLACING):
            raise refusals.over(order.state, order.deadline)
        if (order.voucher, order.reason) == (voucher, reason):
            return order
        if order.state is OrderState.REJECTED and voucher is not None:
            raise refusals.over(order.state, order.deadline)
        if order.state is not OrderState.BOOKING or order.voucher is not None or order.reason is not None:
            raise refusals.answered_before(order.state)
        store.change(connection, order.id, voucher=voucher, reason=reason, answered_at=at)
        verb = "premium.confirm" if voucher is not None else "premium.reject"
        _note(connection, caller, verb, order, at)
        return store.select_order(connection, order.id)


def _take(office: Office, order: Order) -> Order:
    assert order.hold_id is not None, "an order at the tax office has its hold"
    key = HoldKey(f"premium:{order.id}:capture", digest_of("capture", str(order.id), str(order.amount)))
    command = CaptureHold(key, order.person_id, order.hold_id, order.amount, _credit(order))
    try:
        office.desk.hold(command).result()
    except Busy:
        raise
    except GongjiError:
        ended = _give_back(office, replace(order, reason=None))
        raise refusals.over(ended.state, order.deadline) from None
    with office.database.transaction() as connection:
        now = store.select_order(connection, order.id, lock=True)
        if now.state is OrderState.BOOKING:
            assert order.voucher is not None, "an answer in hand has its voucher"
            enrolled = _begin_year(connection, order.person_id, order.region, order.year)
            store.year_is_paid(connection, order, order.voucher, enrolled=enrolled)
            store.change(connection, order.id, state=OrderState.BOOKED)
            return _told(office, connection, order.id)
        return now


def _give_back(office: Office, order: Order) -> Order:
    """After a rejection, or because the time is over (then without a reason)."""
    assert order.hold_id is not None, "an order at the tax office has its hold"
    key = HoldKey(f"premium:{order.id}:release", digest_of("release", str(order.id)))
    ended = OrderState.REJECTED if order.reason is not None else OrderState.EXPIRED
    try:
        office.desk.hold(ReleaseHold(key, order.person_id, order.hold_id)).result()
    except Busy:
        raise
    except GongjiError:
        with office.database.transaction() as connection:
            hold = find_hold(connection, order.hold_id)
        # It went back by itself in the meantime: the end is the same.
        if hold is None or hold.state not in (HoldState.EXPIRED, HoldState.RELEASED):
            raise
    return _end_without_booking(office, order, ended)


def _end_without_booking(office: Office, order: Order, state: OrderState) -> Order:
    with office.database.transaction() as connection:
        now = store.select_order(connection, order.id, lock=True)
        if now.state is OrderState.BOOKING:
            store.free_year(connection, order)
            store.change(connection, order.id, state=state)
            return _told(office, connection, order.id)
        return now


def _told(office: Office, connection: sa.Connection, order_id: int) -> Order:
    """The order as it stands now; its people are told so."""
    order = store.select_order(connection, order_id)
    tell_order(connection, order, office.clock.now())
    return order


def _credit(order: Order) -> int:
    return open_account(AccountKind.PAYABLE_TAX, int(order.region), bucket_of(order.sharer_id))


def _begin_year(connection: sa.Connection, person_id: int, region: str, year: int) -> bool:
    """Enter the year's enrolment unless the registry has one; whether that was needed."""
    if covers(registry.enrolments_of(connection, person_id), year):
        return False
    first, last = date(year, 1, 1), date(year, 12, 31)
    insured = Enrolment(Scheme.RESIDENT, region, Status.RESIDENT, RESIDENT, "1", "", False, first, last)
    registry.add_enrolments(connection, [NewEnrolment(person_id, insured)])
    return True


def _end_year(connection: sa.Connection, order: Order, at: datetime) -> None:
    """End the enrolment that paying had entered: as if it had never been when the year has not begun."""
    if at.date() < date(order.year, 1, 1):
        registry.withdraw_enrolment(connection, order.person_id, date(order.year, 1, 1))
    else:
        registry.end_enrolment(connection, order.person_id, at.date())


def _note(
    connection: sa.Connection, caller: Caller, action: str, order: Order, at: datetime, **details: object
) -> None:
    audit.record(connection, caller, action, at=at, person_id=order.person_id, order=str(order.id), **details)
