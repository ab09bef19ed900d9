"""How often something may be tried: counted in the database, so that all processes count together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gongji.foundation.clock import CHINA
from gongji.foundation.database import Database
from gongji.foundation.errors import TooMany
from gongji.foundation.schema import metadata, moment_column

#: What was tried is kept as a digest: an address or an account is nobody's business here.
attempt_count = sa.Table(
    "attempt_count",
    metadata,
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("whose", sa.LargeBinary, nullable=False),
    moment_column("since"),
    moment_column("until"),
    sa.Column("count", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("what", "whose"),
    sa.CheckConstraint("count > 0", name="some"),
    sa.Index(None, "until"),
)


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit on tries.

    Attributes:
        what: its name, ``room.what``.
        most: how many within the span.
        span: counted from the first of them.
    """

    what: str
    most: int
    span: timedelta


def check_limit(connection: sa.Connection, limit: Limit, whose: str, *, at: datetime) -> None:
    """Refuse when as many tries as allowed were counted already.

    Raises:
        TooMany: ``access.too_many`` with ``possible_from`` (a moment) among its details.
    """
    row = connection.execute(
        sa.select(attempt_count.c.until).where(
            attempt_count.c.what == limit.what,
            attempt_count.c.whose == _digest(whose),
            attempt_count.c.until > at,
            attempt_count.c.count >= limit.most,
        )
    ).one_or_none()
    if row is not None:
        again: datetime = row.until
        clock = f"{again.astimezone(CHINA):%H:%M}"
        raise TooMany(
            "access.too_many",
            f"tried too often: try again from {clock} on",
            f"尝试次数太多，请在 {clock} 以后再试",
            details={"possible_from": again},
        )


def count_attempt(database: Database, limit: Limit, whose: str, *, at: datetime) -> None:
    """Count one more try, in a transaction of its own: what is tried and fails shall be counted too.

    Args:
        database: where it is counted.
        limit: what is tried.
        whose: an account, an address, a person's id.
        at: now.
    """
    new = insert(attempt_count).values(what=limit.what, whose=_digest(whose), since=at, until=at + limit.span, count=1)
    over = attempt_count.c.until <= at
    again = new.on_conflict_do_update(
        index_elements=["what", "whose"],
        set_={
            "since": sa.case((over, at), else_=attempt_count.c.since),
            "until": sa.case((over, at + limit.span), else_=attempt_count.c.until),
            "count": sa.case((over, 1), else_=attempt_count.c.count + 1),
        },
    )
    with database.transaction() as connection:
        connection.execute(again)


def forget_attempts(connection: sa.Connection, limit: Limit, whose: str) -> None:
    """Count from nothing again: it went well."""
    mine = (attempt_count.c.what == limit.what) & (attempt_count.c.whose == _digest(whose))
    connection.execute(attempt_count.delete().where(mine))


def forget_old_attempts(database: Database, before: datetime) -> int:
    """Delete counts whose span ended before a moment.

    Returns:
        How many.
    """
    with database.transaction() as connection:
        return connection.execute(attempt_count.delete().where(attempt_count.c.until < before)).rowcount


def _digest(whose: str) -> bytes:
    return hashlib.sha256(whose.encode()).digest()
