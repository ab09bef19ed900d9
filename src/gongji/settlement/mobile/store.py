"""SQL of mobile orders."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.foundation.ids import bucket_of
from gongji.rules.model import Scheme
from gongji.settlement.mobile.model import Order, OrderState
from gongji.settlement.mobile.tables import mobile_order, mobile_refund
from gongji.settlement.model import AccountUse


def _order(row: Any) -> Order:
    values = dict(row._mapping)
    del values["bucket"]
    values["scheme"] = Scheme(row.scheme)
    values["account_use"] = AccountUse(row.account_use)
    values["state"] = OrderState(row.state)
    values["digest"] = bytes(row.digest)
    values["made_at"] = row.made_at.astimezone(CHINA)
    values["settled_at"] = row.settled_at.astimezone(CHINA) if row.settled_at else None
    return Order(**values)


def find_order(connection: sa.Connection, order_id: int, *, lock: bool = False) -> Order | None:
    """An order by its id, under lock where it shall change."""
    statement = sa.select(mobile_order).where(
        mobile_order.c.bucket == bucket_of(order_id), mobile_order.c.id == order_id
    )
    row = connection.execute(statement.with_for_update() if lock else statement).one_or_none()
    return _order(row) if row else None


def find_by_reference(connection: sa.Connection, person_id: int, institution_id: int, reference: str) -> Order | None:
    """A patient's order that was not withdrawn, by the hospital's number."""
    row = connection.execute(
        sa.select(mobile_order).where(
            mobile_order.c.bucket == bucket_of(person_id),
            mobile_order.c.institution_id == institution_id,
            mobile_order.c.reference == reference,
            mobile_order.c.state != OrderState.WITHDRAWN,
        )
    ).one_or_none()
    return _order(row) if row else None


def insert_order(connection: sa.Connection, **values: object) -> Order:
    """A new order."""
    row = connection.execute(mobile_order.insert().values(**values).returning(mobile_order)).one()
    return _order(row)


def change_order(connection: sa.Connection, order_id: int, **values: object) -> Order:
    """The order with these columns changed."""
    mine = sa.and_(mobile_order.c.bucket == bucket_of(order_id), mobile_order.c.id == order_id)
    row = connection.execute(mobile_order.update().where(mine).values(**values).returning(mobile_order)).one()
    return _order(row)


def settling_since(connection: sa.Connection, before: datetime, limit: int) -> list[Order]:
    """Orders that were being settled already at a moment, the oldest first."""
    rows = connection.execute(
        sa.select(mobile_order)
        .where(mobile_order.c.state == sa.literal_column("2"), mobile_order.c.made_at < before)
        .order_by(mobile_order.c.id)
        .limit(limit)
    )
    return [_order(row) for row in rows]


def find_refund(connection: sa.Connection, order_id: int, number: str) -> Any:
    """A refund's row by the hospital's number."""
    return connection.execute(
        sa.select(mobile_refund).where(
            mobile_refund.c.bucket == bucket_of(order_id),
            mobile_refund.c.order_id == order_id,
            mobile_refund.c.number == number,
        )
    ).one_or_none()
