"""The SQL of allotments."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.allotment.model import Deed, Done
from gongji.allotment.tables import allotment_deed
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import bucket_of


def find_deed(connection: sa.Connection, sharer_id: int, key: str) -> Done | None:
    """What a sharer did under a key before."""
    row = connection.execute(sa.select(allotment_deed).where(_of(sharer_id), allotment_deed.c.key == key)).one_or_none()
    return None if row is None else _done(row)


def deeds_of(connection: sa.Connection, sharer_id: int, limit: int) -> list[Done]:
    """What a sharer did, newest first."""
    newest = allotment_deed.c.at.desc(), allotment_deed.c.id.desc()
    rows = connection.execute(sa.select(allotment_deed).where(_of(sharer_id)).order_by(*newest).limit(limit))
    return [_done(row) for row in rows]


def insert_deed(connection: sa.Connection, one: Done, *, key: str, rule: str) -> None:
    """Keep a deed; the sharer is locked."""
    connection.execute(
        allotment_deed.insert().values(
            bucket=bucket_of(one.id),
            id=one.id,
            sharer_id=one.sharer_id,
            deed=one.deed,
            authorisation_id=one.authorisation_id,
            amount=one.amount,
            rule=rule,
            key=key,
            at=one.at,
        )
    )


def _of(sharer_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(allotment_deed.c.bucket == bucket_of(sharer_id), allotment_deed.c.sharer_id == sharer_id)


def _done(row: sa.Row[tuple[object, ...]]) -> Done:
    return Done(row.id, row.sharer_id, Deed(row.deed), row.authorisation_id, row.amount, row.at.astimezone(CHINA))
