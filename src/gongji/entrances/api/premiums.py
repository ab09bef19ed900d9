"""Residents' premiums: a sharer orders one for a relative; the tax office of the relative's region answers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query
from pydantic import BaseModel, Field, StringConstraints

from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.problems import RESPONSES, Words
from gongji.family import service as family
from gongji.foundation.access import Caller, Role
from gongji.foundation.errors import GongjiError, NotFound
from gongji.foundation.keys import PATTERN
from gongji.premium import service, store, tax
from gongji.premium import words as premium_words
from gongji.premium.model import Member, Order, OrderState, RejectReason, Standing
from gongji.premium.refusals import not_a_relative, order_unknown
from gongji.premium.service import Office
from gongji.registry import service as registry
from gongji.registry.certificate import check_certificate
from gongji.registry.model import Person

router = APIRouter(prefix="/v1", tags=["premiums"], responses=RESPONSES)

At = Annotated[Door, Depends()]
Number = Annotated[str, Path(pattern=r"^[0-9]{1,18}$", description="id of the order")]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=PATTERN,
        description="8 to 128 visible ASCII characters, new for every order; a repetition gets the same order",
    ),
]


class MemberOut(BaseModel):
    """How a relative stands in a coverage year."""

    authorisation: str = Field(description="the authorisation under which the premium would be paid")
    name: str = Field(description="masked")
    year: int
    standing: Standing
    standing_words: Words
    amount_fen: int | None = Field(description="what it costs; null where no text names it or nobody has to pay")
    rule: str | None = Field(description="the rule that sets the amount")
    order: str | None = Field(description="your own order for it, if there is one")


class OrderOut(BaseModel):
    """An order. Only `booked` means that the premium is paid."""

    id: str
    authorisation: str
    name: str = Field(description="whose premium it is; masked but for the tax office that asks for one order")
    region: str = Field(description="region whose tax office books it")
    year: int
    amount_fen: int
    state: OrderState
    state_words: Words
    made_at: datetime
    deadline: datetime = Field(description="the money goes back by itself unless the tax office has answered by then")
    answered_at: datetime | None
    voucher: str | None = Field(description="number of the tax office's voucher, once booked")
    reason: RejectReason | None
    reason_words: Words | None
    certificate_number: str | None = Field(default=None, description="of the relative, for the tax office alone")


class OrdersOut(BaseModel):
    """A sharer's relatives by coverage year, and all orders, newest first."""

    members: list[MemberOut]
    orders: list[OrderOut]


class OrderIn(BaseModel):
    """Whose premium to pay, and for which year."""

    authorisation: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")]
    year: int = Field(ge=2020, le=2100)


class ConfirmIn(BaseModel):
    """The premium is booked."""

    voucher: Annotated[str, StringConstraints(min_length=4, max_length=40)] = Field(description="缴费凭证号")


class ReasonIn(BaseModel):
    """Why a premium is not booked, or sent back."""

    reason: RejectReason


class PaidIn(BaseModel):
    """A coverage year that was paid outside the platform."""

    certificate_type: Annotated[str, StringConstraints(max_length=8)] = "01"
    certificate_number: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    year: int = Field(ge=2020, le=2100)
    voucher: Annotated[str, StringConstraints(min_length=4, max_length=40)]


class PaidOut(BaseModel):
    """Whether that was new."""

    new: bool = Field(description="false when the year is paid or ordered already")


@router.get("/premiums")
def read_premiums(door: At) -> OrdersOut:
    """How each relative bound to the caller's account stands, and the caller's orders."""
    with door.open(Role.CITIZEN) as call:
        sharer_id = _citizen(call.caller)
        today = call.now.date()
        shown = service.members(call.connection, call.platform.rules, sharer_id, today)
        made = service.orders(call.connection, sharer_id)
        people = _people(call, {one.person_id for one in shown} | {one.person_id for one in made})
        for relative in sorted(people):
            call.note("premium.read", relative)
        return OrdersOut(
            members=[_member_out(one, people[one.person_id], today) for one in shown],
            orders=[_order_out(one, people[one.person_id].masked_name) for one in made],
        )


@router.post("/premiums")
def order_premium(body: OrderIn, door: At, key: Key) -> OrderOut:
    """Order a relative's premium: the whole amount is set aside, and belongs to the tax office once it has booked it."""
    with door.open(Role.CITIZEN) as call:
        sharer_id = _citizen(call.caller)
        under = family.authorisation(call.connection, int(body.authorisation))
        if under.sharer_id != sharer_id:
            raise not_a_relative()
        name = _people(call, [under.user_id])[under.user_id].masked_name
    placed = service.place_order(
        call.platform.premiums,
        sharer_id=sharer_id,
        person_id=under.user_id,
        year=body.year,
        key=key,
        caller=call.caller,
    )
    return _order_out(placed, name)


@router.get("/premiums/{number}")
def read_order(number: Number, door: At) -> OrderOut:
    """One order, to the sharer who made it."""
    with door.open(Role.CITIZEN) as call:
        found = service.order_of(call.connection, int(number), _citizen(call.caller))
        call.note("premium.read", found.person_id, order=number)
        return _order_out(found, _people(call, [found.person_id])[found.person_id].masked_name)


@router.get("/tax/orders")
def read_tax_orders(
    door: At,
    state: Annotated[OrderState, Query(description="which orders")] = OrderState.BOOKING,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[OrderOut]:
    """For a tax office: the orders of its region, the nearest deadline first; names masked."""
    with door.open(Role.TAX) as call:
        found = store.orders_in(call.connection, _area(call.caller), [state], limit=limit)
        people = _people(call, {one.person_id for one in found})
        call.note("premium.read_orders")
        return [_order_out(one, people[one.person_id].masked_name) for one in found]


@router.get("/tax/orders/{number}")
def read_tax_order(number: Number, door: At) -> OrderOut:
    """For a tax office: one order of its region, with the relative's name and certificate, to be booked."""
    with door.open(Role.TAX) as call:
        found = _of_office(call, int(number))
        person = _people(call, [found.person_id])[found.person_id]
        call.note("premium.read_in_full", found.person_id, order=number)
        return _order_out(found, person.name, person.certificate)


@router.post("/tax/orders/{number}/confirm")
def confirm_order(number: Number, body: ConfirmIn, door: At) -> OrderOut:
    """The premium is booked. The same voucher again gives the same answer; after the deadline the money has gone back
    and the booking must be taken back."""
    office, caller, name = _answering(door, number)
    return _order_out(tax.confirm(office, int(number), body.voucher, caller=caller), name)


@router.post("/tax/orders/{number}/reject")
def reject_order(number: Number, body: ReasonIn, door: At) -> OrderOut:
    """The premium is not booked; the money goes back at once. The same again gives the same answer."""
    office, caller, name = _answering(door, number)
    return _order_out(tax.reject(office, int(number), body.reason, caller=caller), name)


@router.post("/tax/orders/{number}/send-back")
def send_order_back(number: Number, body: ReasonIn, door: At) -> OrderOut:
    """A booked premium is taken back; the money returns to the accounts it came from. The same again changes nothing."""
    office, caller, name = _answering(door, number)
    return _order_out(tax.send_back(office, int(number), body.reason, caller=caller), name)


@router.post("/tax/paid")
def tell_paid(body: PaidIn, door: At) -> PaidOut:
    """A year of somebody in the tax office's region was paid elsewhere (by the village, by the person)."""
    certificate = check_certificate(body.certificate_type, body.certificate_number, field="certificate_number")
    with door.open(Role.TAX) as call:
        found = registry.person_by_credential(call.connection, call.platform.vault, "certificate", certificate.key)
        enrolments = registry.enrolments_of(call.connection, found.id) if found else []
        region = enrolments[0].region if enrolments else found.psn_no[:6] if found else ""
        if found is None or not call.caller.covers(region):
            raise _nobody()
    new = tax.tell_paid(call.platform.premiums, found.id, body.year, body.voucher, region, caller=call.caller)
    return PaidOut(new=new)


def _answering(door: Door, number: str) -> tuple[Office, Caller, str]:
    """The office to answer in, who answers, and the relative's masked name; the answer has transactions of its own."""
    with door.open(Role.TAX) as call:
        found = _of_office(call, int(number))
        name = _people(call, [found.person_id])[found.person_id].masked_name
    return call.platform.premiums, call.caller, name


def _of_office(call: Call, order_id: int) -> Order:
    found = store.select_order(call.connection, order_id)
    if not call.caller.covers(found.region) or found.state is OrderState.PLACING:
        raise order_unknown()
    return found


def _citizen(caller: Caller) -> int:
    assert caller.person_id is not None, "the database holds no citizen's token without a person"
    return caller.person_id


def _area(caller: Caller) -> str:
    region = caller.region or ""
    return region[:2] if region.endswith("0000") else region[:4]


def _people(call: Call, ids: Collection[int]) -> dict[int, Person]:
    return registry.people_by_id(call.connection, call.platform.vault, ids)


def _nobody() -> GongjiError:
    return NotFound(
        "person.unknown",
        "nobody with this certificate is registered in your region",
        "本地区没有登记这个证件号码的人",
        field="certificate_number",
    )


def _words(pair: tuple[str, str]) -> Words:
    return Words(zh=pair[0], en=pair[1])


def _member_out(one: Member, person: Person, on: date) -> MemberOut:
    return MemberOut(
        authorisation=str(one.authorisation_id),
        name=person.masked_name,
        year=one.year,
        standing=one.standing,
        standing_words=_words(premium_words.standing(one, on)),
        amount_fen=one.amount.fen if one.amount else None,
        rule=one.amount.clause.rule if one.amount else None,
        order=str(one.order_id) if one.order_id else None,
    )


def _order_out(one: Order, name: str, certificate: str | None = None) -> OrderOut:
    booked = one.state in (OrderState.BOOKED, OrderState.SENT_BACK)
    ended = one.state in (OrderState.REJECTED, OrderState.SENT_BACK)
    return OrderOut(
        id=str(one.id),
        authorisation=str(one.authorisation_id),
        name=name,
        region=one.region,
        year=one.year,
        amount_fen=one.amount,
        state=one.state,
        state_words=_words(premium_words.STATE_WORDS[one.state]),
        made_at=one.made_at,
        deadline=one.deadline,
        answered_at=one.answered_at,
        voucher=one.voucher if booked else None,
        reason=one.reason if ended else None,
        reason_words=_words(premium_words.REASON_WORDS[one.reason]) if ended and one.reason else None,
        certificate_number=certificate,
    )
