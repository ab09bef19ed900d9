"""Messages to people about their own affairs: kept for their inbox, and handed on to their phone and to programs.

A message is written in the transaction of what it tells of, so it is there exactly when that is. It holds facts and no
sentence: each reader's words, in their language, are made when it is read or sent. Facts are amounts, days and our own
ids; never a name, an ID number or what somebody was treated for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from gongji.foundation.clock import CHINA
from gongji.foundation.deliveries import calm
from gongji.foundation.questions import Question, Rows, ask
from gongji.foundation.schema import metadata, moment_column

inbox_message = sa.Table(
    "inbox_message",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("facts", JSONB, nullable=False),
    sa.Column("about", sa.Text, nullable=False, server_default=""),
    sa.Column("once", sa.Text),
    moment_column("made_at"),
    moment_column("read_at", nullable=True),
    sa.UniqueConstraint("person_id", "kind", "once"),
    sa.Index(None, "person_id", "id"),
    sa.Index("inbox_message_unread", "person_id", postgresql_where=sa.text("read_at IS NULL")),
    comment="kind: topic.what.side; about: the page that it leads to, below the citizen's; once: what it must not tell twice",
)


_ROWS: Final = Rows(inbox_message)

_UNREAD: Final = "SELECT count(*) FROM inbox_message WHERE person_id = %(person)s AND read_at IS NULL"

_NEWEST: Final = f"""
SELECT {_ROWS.columns} FROM inbox_message WHERE person_id = %(person)s AND id < %(before)s ORDER BY id DESC LIMIT %(most)s
"""

#: No message has it.
_NEWER_THAN_ALL: Final = 2**63 - 1


class Topic(StrEnum):
    """What messages are about; people choose by topic what comes to their phone."""

    MONEY = "money"
    FAMILY = "family"
    PREMIUM = "premium"
    WALLET = "wallet"
    DISPUTE = "dispute"
    FILING = "filing"
    CLAIM = "claim"


TOPICS: Final = tuple(Topic)


@dataclass(frozen=True, slots=True)
class Message:
    """A message to be told.

    Attributes:
        person_id: to whom.
        kind: ``topic.what``, and the side where two people are told differently; ``message.<kind>`` in the wording.
        facts: what its sentence is made of: ``amount`` in fen, ``institution``, ``authorisation``, ``year`` …
        about: the page that shows what it tells of, below ``/c/``; "" for none.
        once: a name of the event where it might be told again (a loop that was killed); None otherwise.
    """

    person_id: int
    kind: str
    facts: Mapping[str, object]
    about: str = ""
    once: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A message in somebody's inbox; `read_at` is None until it was opened."""

    id: int
    person_id: int
    kind: str
    facts: dict[str, Any]
    about: str
    made_at: datetime
    read_at: datetime | None


_TELL: Final = """
WITH told AS (
    INSERT INTO inbox_message (person_id, kind, facts, about, once, made_at)
    SELECT m.person_id, m.kind, m.facts, m.about, m.once, :at
      FROM jsonb_to_recordset(CAST(:messages AS jsonb))
           AS m(person_id bigint, kind text, facts jsonb, about text, once text)
        ON CONFLICT (person_id, kind, once) DO NOTHING
 RETURNING id, person_id, split_part(kind, '.', 1) AS topic
), handed_on AS (
    INSERT INTO message_delivery (message_id, channel, subscriber_id, due_at)
    SELECT told.id, 'sms', 0, CASE WHEN p.quiet THEN CAST(:calm AS timestamptz) ELSE :at END
      FROM told JOIN message_preference p ON p.person_id = told.person_id
     WHERE p.phone_sealed IS NOT NULL AND told.topic = ANY(p.topics)
     UNION ALL
    SELECT told.id, 'webhook', s.id, :at
      FROM told JOIN message_subscriber s ON s.ended_at IS NULL AND told.topic = ANY(s.topics)
)
SELECT count(*) FROM told
"""


def tell(connection: sa.Connection, messages: Sequence[Message], *, at: datetime) -> int:
    """Leave messages in people's inboxes, and have them handed on where people or programs asked for that.

    Args:
        connection: the transaction of what they tell of.
        messages: in the order of their readers.
        at: now.

    Returns:
        How many are new; one that has been told (`Message.once`) is left out.
    """
    if not messages:
        return 0
    rows = [
        {"person_id": one.person_id, "kind": one.kind, "facts": one.facts, "about": one.about, "once": one.once}
        for one in messages
    ]
    values = {"messages": json.dumps(rows), "at": at, "calm": calm(at)}
    return int(connection.execute(sa.text(_TELL), values).scalar_one())


def unread_question(person_id: int) -> Question[int]:
    """How many messages a person has not opened."""
    return Question(_UNREAD, {"person": person_id}, lambda rows: int(rows[0][0]))


def messages_of(connection: sa.Connection, person_id: int, limit: int, before: int | None = None) -> list[Received]:
    """A person's messages, newest first.

    Args:
        connection: a connection.
        person_id: whose.
        limit: at most so many.
        before: only those older than the message of this id.
    """
    return ask(connection, messages_question(person_id, limit, before))


def messages_question(person_id: int, limit: int, before: int | None = None) -> Question[list[Received]]:
    """`messages_of`."""
    values = {"person": person_id, "before": _NEWER_THAN_ALL if before is None else before, "most": limit}
    return Question(_NEWEST, values, lambda rows: [received(row) for row in _ROWS.named(rows)])


def message_of(connection: sa.Connection, person_id: int, message_id: int) -> Received | None:
    """One message of a person; None when there is none of this id, or it is somebody else's."""
    mine = inbox_message.c.person_id == person_id, inbox_message.c.id == message_id
    row = connection.execute(sa.select(inbox_message).where(*mine)).one_or_none()
    return received(row) if row is not None else None


def mark_read(connection: sa.Connection, person_id: int, at: datetime, message_id: int | None = None) -> int:
    """Note that a person has opened a message, or all of them; how many were unread."""
    mine = [inbox_message.c.person_id == person_id, inbox_message.c.read_at.is_(None)]
    if message_id is not None:
        mine.append(inbox_message.c.id == message_id)
    return connection.execute(inbox_message.update().where(*mine).values(read_at=at)).rowcount


def received(row: Any) -> Received:
    """A row of the table as a message."""
    read_at = row.read_at.astimezone(CHINA) if row.read_at else None
    return Received(row.id, row.person_id, row.kind, row.facts, row.about, row.made_at.astimezone(CHINA), read_at)
