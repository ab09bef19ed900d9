"""Handing messages on: to a phone that its owner confirmed, to programs that subscribed; again and again for three days.

A delivery is taken for a while, sent, and only then noted as sent. Who is killed in between leaves it due again: it goes
out once or again, never not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.foundation.schema import metadata, moment_column

#: Programs that are told by a signed call (webhook).
message_subscriber = sa.Table(
    "message_subscriber",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("secret_sealed", sa.LargeBinary, nullable=False),
    sa.Column("topics", sa.ARRAY(sa.Text), nullable=False),
    moment_column("since"),
    moment_column("ended_at", nullable=True),
    sa.Index("message_subscriber_name", "name", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
)

message_delivery = sa.Table(
    "message_delivery",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("message_id", sa.BigInteger, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("subscriber_id", sa.BigInteger, nullable=False),
    moment_column("due_at", nullable=True),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    moment_column("first_tried_at", nullable=True),
    moment_column("sent_at", nullable=True),
    sa.Column("problem", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("message_id", "channel", "subscriber_id"),
    sa.CheckConstraint("channel IN ('sms', 'webhook')", name="channel_known"),
    sa.CheckConstraint("(channel = 'webhook') = (subscriber_id > 0)", name="webhook_has_a_subscriber"),
    sa.CheckConstraint("sent_at IS NULL OR due_at IS NULL", name="sent_is_not_due"),
    sa.Index("message_delivery_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    sa.Index("message_delivery_failed", "id", postgresql_where=sa.text("due_at IS NULL AND sent_at IS NULL")),
    sa.Index("message_delivery_retried", "id", postgresql_where=sa.text("due_at IS NOT NULL AND attempts > 0")),
    comment="subscriber_id: 0 for a phone; neither due nor sent: given up",
)

#: Everything that became of deliveries, by whom it was: each attempt, and each time that somebody had one tried anew.
delivery_step = sa.Table(
    "delivery_step",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("delivery_id", sa.BigInteger, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    moment_column("at"),
    sa.CheckConstraint("what IN ('sent', 'failed', 'given_up', 'resent')", name="what_known"),
    sa.Index(None, "delivery_id", "id"),
    comment="note: what went wrong; of resent: who had it tried anew",
)

#: How long a delivery is left to whoever took it, so that a killed process does not keep it.
_LEASE: Final = timedelta(minutes=2)

#: The first pause after a failure, which doubles each time; the longest; and how long it is tried in all.
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=6)
TRIED_FOR: Final = timedelta(days=3)

#: No text message wakes anybody between these, in China's time.
QUIET_FROM: Final = time(22)
QUIET_UNTIL: Final = time(6)


class Channel(StrEnum):
    """Where a message goes besides the inbox."""

    SMS = "sms"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that was taken; `subscriber_id` is 0 for a phone."""

    id: int
    message_id: int
    channel: Channel
    subscriber_id: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A delivery that was given up: with how many attempts, and what went wrong last."""

    id: int
    message_id: int
    channel: Channel
    attempts: int
    problem: str


def calm(at: datetime) -> datetime:
    """The first moment from `at` on at which a phone may ring."""
    here = at.astimezone(CHINA)
    if QUIET_UNTIL <= here.time() < QUIET_FROM:
        return here
    day = here.date() if here.time() < QUIET_UNTIL else here.date() + timedelta(days=1)
    return datetime.combine(day, QUIET_UNTIL, CHINA)


def next_try(at: datetime, first: datetime, attempts: int) -> datetime | None:
    """When a delivery that has failed is tried again; None to give it up.

    Args:
        at: now.
        first: when it was tried first.
        attempts: how often it was tried, this time included.
    """
    again = at + min(_FIRST_PAUSE * 2 ** min(attempts - 1, 20), _LONGEST_PAUSE)
    return again if again <= first + TRIED_FOR else None


def take_due(connection: sa.Connection, at: datetime, limit: int) -> list[Delivery]:
    """Deliveries that are due, the longest waiting first; nobody else takes them for a while."""
    due = (
        sa.select(message_delivery.c.id)
        .where(message_delivery.c.due_at <= at)
        .order_by(message_delivery.c.due_at, message_delivery.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (
        message_delivery.update()
        .where(message_delivery.c.id.in_(due))
        .values(due_at=at + _LEASE, first_tried_at=sa.func.coalesce(message_delivery.c.first_tried_at, at))
        .returning(message_delivery)
    )
    rows = sorted(connection.execute(taken), key=lambda row: int(row.id))
    return [Delivery(row.id, row.message_id, Channel(row.channel), row.subscriber_id) for row in rows]


def note_sent(connection: sa.Connection, delivery_id: int, at: datetime) -> None:
    """It went out."""
    table = message_delivery
    values = {"due_at": None, "sent_at": at, "problem": "", "attempts": table.c.attempts + 1}
    connection.execute(table.update().where(table.c.id == delivery_id).values(values))
    _note(connection, delivery_id, "sent", at)


def put_off(connection: sa.Connection, delivery_id: int, until: datetime) -> None:
    """Nothing is wrong, but it is no time for it."""
    table = message_delivery
    connection.execute(table.update().where(table.c.id == delivery_id).values(due_at=until))


def note_failed(connection: sa.Connection, delivery_id: int, problem: str, at: datetime) -> bool:
    """It did not go out: it is tried again after a longer pause, or given up; whether it is tried again."""
    table = message_delivery
    mine = table.c.id == delivery_id
    columns = sa.select(table.c.attempts, table.c.first_tried_at).where(mine).with_for_update()
    row = connection.execute(columns).one()
    again = next_try(at, row.first_tried_at, row.attempts + 1)
    connection.execute(
        table.update().where(mine).values(attempts=row.attempts + 1, problem=problem[:200], due_at=again)
    )
    _note(connection, delivery_id, "failed", at, problem)
    if again is None:
        _note(connection, delivery_id, "given_up", at, problem)
    return again is not None


def give_up(connection: sa.Connection, delivery_id: int, problem: str, at: datetime) -> None:
    """There is nobody to send it to any more."""
    table = message_delivery
    connection.execute(table.update().where(table.c.id == delivery_id).values(problem=problem[:200], due_at=None))
    _note(connection, delivery_id, "given_up", at, problem)


def end_subscription(connection: sa.Connection, subscriber_id: int, at: datetime) -> None:
    """A program that answers that it is gone (410) is told nothing any more."""
    mine = message_subscriber.c.id == subscriber_id, message_subscriber.c.ended_at.is_(None)
    connection.execute(message_subscriber.update().where(*mine).values(ended_at=at))


def failed(connection: sa.Connection, limit: int = 100) -> list[Failed]:
    """Deliveries that were given up, newest first."""
    table = message_delivery
    given_up = table.c.due_at.is_(None), table.c.sent_at.is_(None)
    rows = connection.execute(sa.select(table).where(*given_up).order_by(table.c.id.desc()).limit(limit))
    return [Failed(row.id, row.message_id, Channel(row.channel), row.attempts, row.problem) for row in rows]


def resend(connection: sa.Connection, at: datetime, delivery_id: int | None = None, *, by: str) -> int:
    """Have a delivery tried anew, for another three days, also one that was sent; without an id all that were given up.

    Args:
        connection: the transaction.
        at: now.
        delivery_id: which.
        by: who wants that.

    Returns:
        How many.
    """
    table = message_delivery
    which = (
        [table.c.id == delivery_id]
        if delivery_id is not None
        else [table.c.due_at.is_(None), table.c.sent_at.is_(None)]
    )
    anew = {"due_at": at, "first_tried_at": None, "sent_at": None, "attempts": 0}
    chosen = connection.execute(table.update().where(*which).values(anew).returning(table.c.id)).scalars().all()
    for one in chosen:
        _note(connection, one, "resent", at, by)
    return len(chosen)


def _note(connection: sa.Connection, delivery_id: int, what: str, at: datetime, note: str = "") -> None:
    connection.execute(delivery_step.insert().values(delivery_id=delivery_id, what=what, note=note[:200], at=at))
