"""The SQL of premiums."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gongji.foundation.clock import CHINA
from gongji.foundation.ids import bucket_of
from gongji.premium import refusals
from gongji.premium.model import Order, OrderState, RejectReason
from gongji.premium.tables import premium_order, premium_year


def insert_order(connection: sa.Connection, order: Order, key: str, rule: str) -> None:
    """Keep a new order; its year has been claimed in the same transaction."""
    connection.execute(
        premium_order.insert().values(
            bucket=bucket_of(order.id),
            id=order.id,
            sharer_id=order.sharer_id,
            person_id=order.person_id,
            authorisation_id=order.authorisation_id,
            region=order.region,
            year=order.year,
            amount=order.amount,
            rule=rule,
            state=order.state,
            key=key,
            made_at=order.made_at,
            deadline=order.deadline,
        )
    )


def order_by_key(connection: sa.Connection, sharer_id: int, key: str) -> Order | None:
    """What a sharer ordered under a key before."""
    row = connection.execute(
        sa.select(premium_order).where(
            premium_order.c.bucket == bucket_of(sharer_id),
            premium_order.c.sharer_id == sharer_id,
            premium_order.c.key == key,
        )
    ).one_or_none()
    return None if row is None else order_from(row)


def select_order(connection: sa.Connection, order_id: int, *, lock: bool = False) -> Order:
    """One order.

    Raises:
        NotFound: ``premium.order_unknown``.
    """
    query = sa.select(premium_order).where(_is(order_id))
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise refusals.order_unknown()
    return order_from(row)


def orders_of(connection: sa.Connection, sharer_id: int) -> list[Order]:
    """Everything that a sharer ever ordered, newest first."""
    rows = connection.execute(
        sa.select(premium_order)
        .where(premium_order.c.bucket == bucket_of(sharer_id), premium_order.c.sharer_id == sharer_id)
        .order_by(premium_order.c.made_at.desc(), premium_order.c.id.desc())
    )
    return [order_from(row) for row in rows]


def orders_in(
    connection: sa.Connection, region_prefix: str, states: Collection[OrderState], *, limit: int
) -> list[Order]:
    """Orders of a tax office's area in some states, the nearest deadline first."""
    rows = connection.execute(
        sa.select(premium_order)
        .where(
            premium_order.c.region.startswith(region_prefix, autoescape=True),
            premium_order.c.state.in_(list(states)),
        )
        .order_by(premium_order.c.deadline, premium_order.c.id)
        .limit(limit)
    )
    return [order_from(row) for row in rows]


def unfinished(connection: sa.Connection, made_before: datetime, limit: int, at: datetime) -> list[int]:
    """Orders that somebody has to go on with: still being placed though made before a moment, an answer in hand that
    was not carried out, or over at `at`."""
    order = premium_order.c
    rows = connection.execute(
        sa.select(order.id)
        .where(
            order.state.in_(["placing", "booking"]),
            sa.or_(
                sa.and_(order.state == "placing", order.made_at < made_before),
                sa.and_(
                    order.state == "booking",
                    sa.or_(order.voucher.is_not(None), order.reason.is_not(None), order.deadline <= at),
                ),
            ),
        )
        .order_by(order.deadline, order.id)
        .limit(limit)
    )
    return list(rows.scalars())


def claim_year(connection: sa.Connection, person_id: int, year: int, order_id: int, at: datetime) -> bool:
    """Take a person's coverage year for an order; whether nobody had it."""
    made = connection.execute(
        insert(premium_year)
        .values(bucket=bucket_of(person_id), person_id=person_id, year=year, order_id=order_id, paid=False, since=at)
        .on_conflict_do_nothing()
        .returning(premium_year.c.year)
    )
    return made.one_or_none() is not None


def free_year(connection: sa.Connection, order: Order) -> bool:
    """Let another order have the year that this one had. Returns whether paying it had entered an enrolment."""
    gone = connection.execute(
        premium_year.delete()
        .where(_year(order), premium_year.c.order_id == order.id)
        .returning(premium_year.c.enrolled)
    ).scalar_one_or_none()
    return bool(gone)


def year_is_paid(connection: sa.Connection, order: Order, voucher: str, *, enrolled: bool) -> None:
    """The year of an order is paid."""
    connection.execute(premium_year.update().where(_year(order)).values(paid=True, voucher=voucher, enrolled=enrolled))


def paid_elsewhere(
    connection: sa.Connection, person_id: int, year: int, voucher: str, enrolled: bool, at: datetime
) -> bool:
    """Keep that a year was paid outside the platform; whether nobody had it."""
    made = connection.execute(
        insert(premium_year)
        .values(
            bucket=bucket_of(person_id),
            person_id=person_id,
            year=year,
            paid=True,
            voucher=voucher,
            enrolled=enrolled,
            since=at,
        )
        .on_conflict_do_nothing()
        .returning(premium_year.c.year)
    )
    return made.one_or_none() is not None


def years_of(
    connection: sa.Connection, people: Collection[int], years: Sequence[int]
) -> dict[tuple[int, int], sa.Row[Any]]:
    """Who holds the coverage years of people: rows of `premium_year` by person and year."""
    rows = connection.execute(
        sa.select(premium_year).where(
            premium_year.c.bucket.in_([bucket_of(one) for one in people]),
            premium_year.c.person_id.in_(people),
            premium_year.c.year.in_(years),
        )
    )
    return {(row.person_id, row.year): row for row in rows}


def change(connection: sa.Connection, order_id: int, **values: object) -> None:
    """Write some columns of an order."""
    connection.execute(premium_order.update().where(_is(order_id)).values(**values))


def delete_order(connection: sa.Connection, order_id: int) -> None:
    """Forget an order whose money was never set aside."""
    connection.execute(premium_order.delete().where(_is(order_id)))


def order_from(row: sa.Row[Any]) -> Order:
    """A row of the table as the room's type."""
    return Order(
        id=row.id,
        sharer_id=row.sharer_id,
        person_id=row.person_id,
        authorisation_id=row.authorisation_id,
        region=row.region,
        year=row.year,
        amount=row.amount,
        state=OrderState(row.state),
        hold_id=row.hold_id,
        made_at=row.made_at.astimezone(CHINA),
        deadline=row.deadline.astimezone(CHINA),
        answered_at=row.answered_at.astimezone(CHINA) if row.answered_at else None,
        voucher=row.voucher,
        reason=RejectReason(row.reason) if row.reason else None,
    )


def _is(order_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(premium_order.c.bucket == bucket_of(order_id), premium_order.c.id == order_id)


def _year(order: Order) -> sa.ColumnElement[bool]:
    return sa.and_(
        premium_year.c.bucket == bucket_of(order.person_id),
        premium_year.c.person_id == order.person_id,
        premium_year.c.year == order.year,
    )
