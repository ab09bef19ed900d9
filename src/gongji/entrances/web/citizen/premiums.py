"""Paying a relative's resident premium: who stands how, one to choose, a check, and the order's own page until it is booked."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from starlette.responses import Response

from gongji.allotment import service as allotments
from gongji.allotment.model import Left
from gongji.entrances import wording
from gongji.entrances.naming import name_of
from gongji.entrances.web.visits import Visit
from gongji.family import service as family
from gongji.family.transitions import IN_FORCE_STATES
from gongji.foundation import audit
from gongji.ledger import service as ledger
from gongji.ledger.service import PERSONAL
from gongji.premium import service as premiums
from gongji.premium import words
from gongji.premium.model import Member, Order, OrderState, Standing
from gongji.premium.refusals import not_a_relative
from gongji.registry import service as registry

#: States in which the money has gone back to where it came from.
_CAME_BACK: Final = (OrderState.REJECTED, OrderState.EXPIRED, OrderState.SENT_BACK)

#: How an order's state is coloured.
_ORDER_TAGS: Final = {OrderState.BOOKING: "under_review", OrderState.BOOKED: "active", OrderState.REJECTED: "refused"}


@dataclass(frozen=True, slots=True)
class Line:
    """A relative in a coverage year.

    Attributes:
        who: what the reader calls them.
        year: the coverage year.
        standing: in words.
        amount: fen, where something is to be paid.
        pay: address of the check; "" where nothing can be paid.
        order: address of the reader's own order; "" without one.
    """

    who: str
    year: int
    standing: str
    amount: int | None
    pay: str
    order: str


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order in the list: for whom, which year, how it stands, when, how much, and its page."""

    who: str
    year: int
    state: str
    tag: str
    at: datetime
    amount: int
    address: str


def overview(visit: Visit) -> Response:
    """``GET /premiums``."""
    today = visit.now.date()
    shown = premiums.members(visit.connection, visit.platform.rules, visit.person_id, today)
    made = premiums.orders(visit.connection, visit.person_id)
    names = _names(visit, {one.person_id for one in shown} | {one.person_id for one in made})
    audit.record_each(visit.connection, visit.caller, "premium.read", names, at=visit.now)
    return visit.render(
        "citizen/premiums.html",
        lines=[_line(visit, one, names[one.person_id], today) for one in shown],
        orders=[_order_line(visit, one, names[one.person_id]) for one in made],
    )


def check(visit: Visit) -> Response:
    """``GET /premiums/new``: amount, year and for whom, before anything is set aside; ``POST`` orders it."""
    posted = visit.form.text if visit.posted else visit.query
    member = _member(visit, posted("for"), posted("year"))
    if visit.posted:
        placed = premiums.place_order(
            visit.platform.premiums,
            sharer_id=visit.person_id,
            person_id=member.person_id,
            year=member.year,
            key=visit.form.text("key"),
            caller=visit.caller,
        )
        return visit.go(f"/premiums/{placed.id}")
    if member.standing is not Standing.UNPAID or member.amount is None:
        return visit.go("/premiums")
    balances = ledger.balances_of(visit.connection, visit.person_id)
    left = _left(visit, member.authorisation_id)
    own = sum(balances.get(kind, 0) for kind in PERSONAL) if left is None else left.amount
    return visit.render(
        "citizen/premium_check.html",
        who=_names(visit, {member.person_id})[member.person_id],
        member=member,
        begins=visit.reader.day(date(member.year, 1, 1)),
        ends=visit.reader.day(date(member.year, 12, 31)),
        own=own,
        allotted=left is not None,
        enough=own >= member.amount.fen,
        clause=member.amount.clause,
        key=secrets.token_urlsafe(18),
    )


def order(visit: Visit) -> Response:
    """``GET /premiums/{number}``: how an order stands; "paid" only once the tax office has said so."""
    found = premiums.order_of(visit.connection, visit.number(), visit.person_id)
    audit.record(visit.connection, visit.caller, "premium.read", at=visit.now, person_id=found.person_id)
    ended = found.state in (OrderState.REJECTED, OrderState.SENT_BACK)
    why = words.REASON_WORDS[found.reason] if ended and found.reason else ("", "")
    return visit.render(
        "citizen/premium.html",
        order=found,
        who=_names(visit, {found.person_id})[found.person_id],
        state=_said(words.STATE_WORDS[found.state], visit),
        tag=_ORDER_TAGS.get(found.state, ""),
        why=_said(why, visit),
        into_pot=_went_into_pot(visit, found),
        begins=visit.reader.day(date(found.year, 1, 1)),
        ends=visit.reader.day(date(found.year, 12, 31)),
    )


def _went_into_pot(visit: Visit, one: Order) -> bool:
    """Whether the money of an order that came to nothing is again what was allotted; over the turn of a year it is not."""
    if one.state not in _CAME_BACK or (one.answered_at or one.deadline).year != one.made_at.year:
        return False
    return _left(visit, one.authorisation_id) is not None


def _left(visit: Visit, authorisation_id: int) -> Left | None:
    """What is left of what the reader allotted to a relative; None where nothing has to be allotted, or the sharing is over."""
    share = family.authorisation(visit.connection, authorisation_id)
    shares = [share] if share.state in IN_FORCE_STATES else []
    return allotments.left_of(visit.connection, visit.platform.rules, shares, visit.now).get(authorisation_id)


def _member(visit: Visit, authorisation: str, year: str) -> Member:
    """The relative and the year that were chosen.

    Raises:
        Refused: ``premium.no_authorisation``.
    """
    shown = premiums.members(visit.connection, visit.platform.rules, visit.person_id, visit.now.date())
    for one in shown:
        if (str(one.authorisation_id), str(one.year)) == (authorisation, year):
            return one
    raise not_a_relative()


def _names(visit: Visit, ids: set[int]) -> dict[int, str]:
    """What the reader calls their relatives."""
    people = registry.people_by_id(visit.connection, visit.platform.vault, ids)
    names = {one.id: one.masked_name for one in people.values()}
    for share in family.authorisations_of_sharer(visit.connection, visit.person_id):
        if share.user_id in people:
            names[share.user_id] = name_of(share, visit.person_id, people, visit.reader.language)
    return names


def _line(visit: Visit, one: Member, who: str, on: date) -> Line:
    to_pay = one.standing is Standing.UNPAID
    return Line(
        who,
        one.year,
        _said(words.standing(one, on), visit),
        one.amount.fen if one.amount is not None and to_pay else None,
        f"/c/premiums/new?for={one.authorisation_id}&year={one.year}" if to_pay else "",
        f"/c/premiums/{one.order_id}" if one.order_id else "",
    )


def _order_line(visit: Visit, one: Order, who: str) -> OrderLine:
    return OrderLine(
        who,
        one.year,
        _said(words.STATE_WORDS[one.state], visit),
        _ORDER_TAGS.get(one.state, ""),
        one.made_at,
        one.amount,
        f"/c/premiums/{one.id}",
    )


def _said(pair: tuple[str, str], visit: Visit) -> str:
    return pair[0] if visit.reader.language is wording.Language.CHINESE else pair[1]
