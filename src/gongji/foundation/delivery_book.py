"""What became of messages, for whoever has to see that they arrive: each delivery with its attempts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.foundation.deliveries import Channel, delivery_step, message_delivery, message_subscriber
from gongji.foundation.inbox import inbox_message


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    WAITING = "waiting"
    RETRIED = "retried"
    SENT = "sent"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Kept:
    """A delivery of a message.

    Attributes:
        id, message_id, person_id: its numbers, and whose message it is.
        kind, made_at: of the message.
        channel: where to.
        program: the subscriber's name; "" for a phone.
        gone: whether that program is told nothing any more.
        due_at: when it is tried next; None where it is not.
        sent_at: when it went out.
        attempts: how often it was tried, since it was last tried anew.
        problem: what went wrong last.
    """

    id: int
    message_id: int
    person_id: int
    kind: str
    made_at: datetime
    channel: Channel
    program: str
    gone: bool
    due_at: datetime | None
    sent_at: datetime | None
    attempts: int
    problem: str

    @property
    def state(self) -> DeliveryState:
        """How far it has come."""
        if self.sent_at is not None:
            return DeliveryState.SENT
        if self.due_at is None:
            return DeliveryState.GIVEN_UP
        return DeliveryState.RETRIED if self.attempts else DeliveryState.WAITING


@dataclass(frozen=True, slots=True)
class Step:
    """Something that became of a delivery: ``sent``, ``failed``, ``given_up`` or ``resent``; with what went wrong, or who."""

    what: str
    note: str
    at: datetime


_KEPT = (
    sa.select(
        message_delivery,
        inbox_message.c.person_id,
        inbox_message.c.kind,
        inbox_message.c.made_at,
        message_subscriber.c.name,
        message_subscriber.c.ended_at,
    )
    .join(inbox_message, inbox_message.c.id == message_delivery.c.message_id)
    .outerjoin(message_subscriber, message_subscriber.c.id == message_delivery.c.subscriber_id)
)


def of_messages(connection: sa.Connection, ids: Collection[int]) -> dict[int, list[Kept]]:
    """The deliveries of messages, by message; those that went only into the inbox are not in the answer."""
    rows = connection.execute(_KEPT.where(message_delivery.c.message_id.in_(ids)).order_by(message_delivery.c.id))
    found: dict[int, list[Kept]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(_kept(row))
    return found


def troubled(connection: sa.Connection, *, given_up: bool, limit: int, before: int | None = None) -> list[Kept]:
    """Deliveries that were given up, or those that failed and are tried again; newest first.

    Args:
        connection: a connection.
        given_up: which of the two.
        limit: at most so many.
        before: only those older than the delivery of this number.
    """
    table = message_delivery
    over = table.c.due_at.is_(None) & table.c.sent_at.is_(None)
    again = table.c.due_at.is_not(None) & (table.c.attempts > 0)
    statement = _KEPT.where(over if given_up else again)
    if before is not None:
        statement = statement.where(table.c.id < before)
    rows = connection.execute(statement.order_by(table.c.id.desc()).limit(limit))
    return [_kept(row) for row in rows]


def find(connection: sa.Connection, delivery_id: int) -> Kept | None:
    """One delivery; None when there is none of this number."""
    row = connection.execute(_KEPT.where(message_delivery.c.id == delivery_id)).one_or_none()
    return _kept(row) if row is not None else None


def steps_of(connection: sa.Connection, ids: Collection[int]) -> dict[int, list[Step]]:
    """What became of deliveries, by delivery, oldest first."""
    found: dict[int, list[Step]] = {}
    rows = connection.execute(
        sa.select(delivery_step).where(delivery_step.c.delivery_id.in_(ids)).order_by(delivery_step.c.id)
    )
    for row in rows:
        found.setdefault(row.delivery_id, []).append(Step(row.what, row.note, row.at.astimezone(CHINA)))
    return found


def _kept(row: sa.Row[Any]) -> Kept:
    return Kept(
        id=row.id,
        message_id=row.message_id,
        person_id=row.person_id,
        kind=row.kind,
        made_at=row.made_at.astimezone(CHINA),
        channel=Channel(row.channel),
        program=row.name or "",
        gone=row.ended_at is not None,
        due_at=row.due_at.astimezone(CHINA) if row.due_at else None,
        sent_at=row.sent_at.astimezone(CHINA) if row.sent_at else None,
        attempts=row.attempts,
        problem=row.problem,
    )
