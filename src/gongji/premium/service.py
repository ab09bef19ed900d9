"""What a sharer does: see how each family member stands, and order a premium.

An order goes in three steps, each safe to repeat: the year is claimed and the order kept; the desk sets the money aside
under a key of the order's own; the order learns of its hold. Whoever is interrupted goes on where they stopped, by the
same key or by `gongji.premium.following`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from gongji.family import service as family
from gongji.family.model import Authorisation, AuthorisationState
from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.clock import Clock
from gongji.foundation.database import Database
from gongji.foundation.errors import Busy, GongjiError
from gongji.foundation.ids import bucket_of, compose
from gongji.foundation.keys import check_key, other_content
from gongji.foundation.replies import digest_of
from gongji.ledger.holds import HoldPurpose
from gongji.premium import refusals, store
from gongji.premium.decide import amount_of, check_order, deadline_of, registered_in
from gongji.premium.messages import tell_order
from gongji.premium.model import Member, Order, OrderState, Standing
from gongji.premium.season import coverage_years, season_of
from gongji.registry import service as registry
from gongji.registry.model import Enrolment
from gongji.rules.book import RuleBook
from gongji.rules.model import Purpose
from gongji.settlement.desk import Desk
from gongji.settlement.holds.model import HoldKey, PlaceHold


@dataclass(frozen=True, slots=True)
class Office:
    """What the room works with, put together once a process."""

    database: Database
    rules: RuleBook
    clock: Clock
    desk: Desk


def members(connection: sa.Connection, rules: RuleBook, sharer_id: int, on: date) -> list[Member]:
    """How each relative bound to a sharer stands in each coverage year that is shown on a day."""
    given = [one for one in family.authorisations_of_sharer(connection, sharer_id) if _allows(one)]
    people = [one.user_id for one in given]
    enrolments = registry.enrolments_by_person(connection, people)
    births = registry.births_of(connection, people)
    years = coverage_years(on)
    taken = store.years_of(connection, people, years)
    mine = {one.id for one in store.orders_of(connection, sharer_id)}
    return [_member(rules, one, year, enrolments, births, taken, mine, on) for one in given for year in years]


def _allows(one: Authorisation) -> bool:
    return one.state is AuthorisationState.ACTIVE and Purpose.RESIDENT_PREMIUM in one.purposes


def _member(
    rules: RuleBook,
    under: Authorisation,
    year: int,
    enrolments: Mapping[int, Sequence[Enrolment]],
    births: Mapping[int, date],
    taken: Mapping[tuple[int, int], sa.Row[Any]],
    orders: Collection[int],
    on: date,
) -> Member:
    person_id = under.user_id
    region, against = registered_in(enrolments.get(person_id, []), on)
    amount = amount_of(rules, region, year, births[person_id]) if region else None
    row = taken.get((person_id, year))
    order_id = row.order_id if row is not None and row.order_id in orders else None
    if row is not None:
        standing = Standing.PAID if row.paid else Standing.BOOKING
        if order_id is None:
            standing = Standing.PAID_BY_OTHER if row.paid else Standing.BOOKING_BY_OTHER
    elif against is not None:
        standing = against
    elif not _is_allowed(rules, under.region, on):
        standing = Standing.NOT_HERE
    elif amount is None:
        standing = Standing.NO_AMOUNT
    else:
        standing = Standing.UNPAID if season_of(year).holds(on) else Standing.CLOSED
    return Member(person_id, under.id, year, region, standing, amount, order_id)


def _is_allowed(rules: RuleBook, region: str, on: date) -> bool:
    rule = rules.sharing(region, on)
    return rule is not None and Purpose.RESIDENT_PREMIUM in rule.purposes


def place_order(office: Office, *, sharer_id: int, person_id: int, year: int, key: str, caller: Caller) -> Order:
    """Order a relative's premium: the whole amount is set aside from the sharer's account, or nothing is.

    Args:
        office: what the room works with.
        sharer_id: who pays.
        person_id: whose premium it is.
        year: the coverage year.
        key: the caller's own, new for every order; the same again gives the same order.
        caller: for the audit.

    Raises:
        InvalidInput: ``key.shape``, ``premium.year``.
        Refused: ``key.other_content``; ``premium.no_authorisation``, ``premium.season``, ``premium.<standing>``; and the
            refusals of a hold: ``hold.not_enough``, ``hold.withheld`` …
        Busy: the desk is; send the same order again.
    """
    check_key(key)
    with office.database.transaction() as connection:
        order = store.order_by_key(connection, sharer_id, key)
        if order is None:
            order = _claim(office, connection, sharer_id, person_id, year, key)
            audit.record(
                connection,
                caller,
                "premium.order",
                at=order.made_at,
                person_id=person_id,
                order=str(order.id),
                year=year,
            )
    if (order.person_id, order.year) != (person_id, year):
        raise other_content()
    return carry_on(office, order) if order.state is OrderState.PLACING else order


def _claim(office: Office, connection: sa.Connection, sharer_id: int, person_id: int, year: int, key: str) -> Order:
    at = office.clock.now()
    on = at.date()
    if year not in coverage_years(on):
        raise refusals.year_invalid(coverage_years(on))
    shown = members(connection, office.rules, sharer_id, on)
    member = next((one for one in shown if (one.person_id, one.year) == (person_id, year)), None)
    amount = check_order(member, on)
    assert member is not None, "check_order refuses a stranger"
    order_id = compose(office.database.serials.take(1, at)[0], bucket_of(sharer_id))
    if not store.claim_year(connection, person_id, year, order_id, at):
        raise refusals.cannot_be_paid(Standing.BOOKING_BY_OTHER)
    order = Order(
        id=order_id,
        sharer_id=sharer_id,
        person_id=person_id,
        authorisation_id=member.authorisation_id,
        region=member.region,
        year=year,
        amount=amount.fen,
        state=OrderState.PLACING,
        hold_id=None,
        made_at=at,
        deadline=deadline_of(at),
        answered_at=None,
        voucher=None,
        reason=None,
    )
    store.insert_order(connection, order, key, amount.clause.rule)
    return order


def carry_on(office: Office, order: Order) -> Order:
    """Set the money of an order aside and have the order know its hold; any number of times.

    Raises:
        as `place_order`; a refusal of the desk takes the order back, and the year is free again.
    """
    try:
        receipt = office.desk.hold(_placing(order)).result()
    except Busy:
        raise
    except GongjiError:
        with office.database.transaction() as connection:
            if store.select_order(connection, order.id, lock=True).state is OrderState.PLACING:
                store.free_year(connection, order)
                store.delete_order(connection, order.id)
        raise
    with office.database.transaction() as connection:
        if store.select_order(connection, order.id, lock=True).state is OrderState.PLACING:
            store.change(connection, order.id, state=OrderState.BOOKING, hold_id=receipt.hold_id)
            tell_order(connection, store.select_order(connection, order.id), office.clock.now())
        return store.select_order(connection, order.id)


def _placing(order: Order) -> PlaceHold:
    """The same command however often it is made."""
    content = digest_of("premium", str(order.id), str(order.person_id), str(order.amount))
    return PlaceHold(
        key=HoldKey(f"premium:{order.id}:place", content),
        person_id=order.person_id,
        payer_id=order.sharer_id,
        amount=order.amount,
        purpose=HoldPurpose.PREMIUM,
        reference=str(order.id),
        expires_at=order.deadline,
        authorisation_id=order.authorisation_id,
    )


def orders(connection: sa.Connection, sharer_id: int) -> list[Order]:
    """Everything that a sharer ordered, newest first."""
    return store.orders_of(connection, sharer_id)


def order_of(connection: sa.Connection, order_id: int, sharer_id: int) -> Order:
    """One order of a sharer.

    Raises:
        NotFound: ``premium.order_unknown``, also when it is somebody else's.
    """
    found = store.select_order(connection, order_id)
    if found.sharer_id != sharer_id:
        raise refusals.order_unknown()
    return found
