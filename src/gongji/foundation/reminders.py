"""What somebody asked to be told, or to have done, once it is possible: kept, found when it is due, ended once.

What a reminder means and does is told by whoever carries it out; here it has a kind, a subject and facts. A row that is due is
taken under lock, and ends in the transaction of what was done for it: so it happens at most once, over any number of
processes, and a kill leaves it as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from gongji.foundation.clock import CHINA
from gongji.foundation.errors import NotFound, Refused
from gongji.foundation.schema import metadata, moment_column

#: Reminders that one person may have waiting.
MOST_WAITING: Final = 30


class Outcome(StrEnum):
    """How a reminder ended: the person was told, it was done for them, could not be done, has become needless, was called off."""

    TOLD = "told"
    DONE = "done"
    REFUSED = "refused"
    VOID = "void"
    CANCELLED = "cancelled"


reminder = sa.Table(
    "reminder",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("facts", JSONB, nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
    moment_column("made_at"),
    moment_column("due_at"),
    moment_column("until"),
    moment_column("ended_at", nullable=True),
    sa.Column("outcome", sa.Text),
    sa.CheckConstraint(
        "outcome IN (" + ", ".join(f"'{one}'" for one in Outcome) + ")",
        name="outcome_known",
    ),
    sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_has_an_outcome"),
    sa.CheckConstraint("until >= due_at", name="due_before_it_is_given_up"),
    sa.Index(
        "reminder_once", "person_id", "kind", "subject", unique=True, postgresql_where=sa.text("ended_at IS NULL")
    ),
    sa.Index("reminder_due", "due_at", postgresql_where=sa.text("ended_at IS NULL")),
    sa.Index(None, "person_id", "id"),
    comment="due_at: when it is looked at next; until: when it is given up; asked_by: whose hands asked for it",
)


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder.

    Attributes:
        id: its number.
        person_id: whose.
        kind: what it is, in the words of whoever carries it out.
        subject: what it is about; a person has one of a kind about it.
        facts: what its sentence is made of; amounts, days and our own ids, never names.
        asked_by: the holder of the session in which it was asked for.
        made_at, due_at, until: when it was asked for, is looked at next, and is given up.
        ended_at, outcome: how it ended; None while it waits.
    """

    id: int
    person_id: int
    kind: str
    subject: str
    facts: dict[str, Any]
    asked_by: str
    made_at: datetime
    due_at: datetime
    until: datetime
    ended_at: datetime | None
    outcome: Outcome | None


def ask(
    connection: sa.Connection,
    *,
    person_id: int,
    kind: str,
    subject: str,
    facts: Mapping[str, object],
    asked_by: str,
    at: datetime,
    due_at: datetime,
    until: datetime | None = None,
) -> Reminder:
    """Keep a reminder; one of the same kind and subject that waits already takes the new day.

    Raises:
        Refused: ``reminder.too_many``.
    """
    waiting = sa.select(sa.func.count()).where(reminder.c.person_id == person_id, reminder.c.ended_at.is_(None))
    if connection.execute(waiting).scalar_one() >= MOST_WAITING:
        raise Refused(
            "reminder.too_many",
            f"{MOST_WAITING} reminders wait already: take one back first",
            f"已经有 {MOST_WAITING} 条提醒在等，请先取消一条",
        )
    new = insert(reminder).values(
        person_id=person_id,
        kind=kind,
        subject=subject,
        facts=facts,
        asked_by=asked_by,
        made_at=at,
        due_at=due_at,
        until=until or due_at,
    )
    kept = new.on_conflict_do_update(
        index_elements=["person_id", "kind", "subject"],
        index_where=sa.text("ended_at IS NULL"),
        set_={name: new.excluded[name] for name in ("facts", "asked_by", "due_at", "until")},
    )
    return _reminder(connection.execute(kept.returning(reminder)).one())


def waiting_of(connection: sa.Connection, person_id: int) -> list[Reminder]:
    """What a person asked for and still waits for, the next one first."""
    mine = reminder.c.person_id == person_id, reminder.c.ended_at.is_(None)
    rows = connection.execute(sa.select(reminder).where(*mine).order_by(reminder.c.due_at, reminder.c.id))
    return [_reminder(row) for row in rows]


def cancel(connection: sa.Connection, person_id: int, reminder_id: int, at: datetime) -> None:
    """Call off a reminder; again, or once it has ended, nothing happens.

    Raises:
        NotFound: ``reminder.unknown``, also for somebody else's.
    """
    mine = reminder.c.id == reminder_id, reminder.c.person_id == person_id
    row = connection.execute(sa.select(reminder.c.ended_at).where(*mine).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("reminder.unknown", "there is no such reminder", "没有这条提醒，请回到“我的提醒”重新选择")
    if row.ended_at is None:
        end(connection, reminder_id, Outcome.CANCELLED, at)


def void(connection: sa.Connection, person_id: int, kind: str, subject: str, at: datetime) -> None:
    """What a person wanted to be reminded of has happened."""
    waiting = (
        reminder.c.person_id == person_id,
        reminder.c.kind == kind,
        reminder.c.subject == subject,
        reminder.c.ended_at.is_(None),
    )
    connection.execute(reminder.update().where(*waiting).values(ended_at=at, outcome=Outcome.VOID))


def take_due(connection: sa.Connection, at: datetime) -> Reminder | None:
    """The reminder that has been due for longest, locked until the transaction ends; one that another process has in hand is
    left to it. None when nothing is due."""
    due = reminder.c.ended_at.is_(None), reminder.c.due_at <= at
    query = sa.select(reminder).where(*due).order_by(reminder.c.due_at, reminder.c.id).limit(1)
    row = connection.execute(query.with_for_update(skip_locked=True)).one_or_none()
    return _reminder(row) if row is not None else None


def end(connection: sa.Connection, reminder_id: int, outcome: Outcome, at: datetime) -> None:
    """A reminder is over."""
    connection.execute(reminder.update().where(reminder.c.id == reminder_id).values(ended_at=at, outcome=outcome))


def look_again(connection: sa.Connection, reminder_id: int, due_at: datetime) -> None:
    """It is not possible yet: look again then."""
    connection.execute(reminder.update().where(reminder.c.id == reminder_id).values(due_at=due_at))


def _reminder(row: sa.Row[Any]) -> Reminder:
    return Reminder(
        id=row.id,
        person_id=row.person_id,
        kind=row.kind,
        subject=row.subject,
        facts=row.facts,
        asked_by=row.asked_by,
        made_at=row.made_at.astimezone(CHINA),
        due_at=row.due_at.astimezone(CHINA),
        until=row.until.astimezone(CHINA),
        ended_at=row.ended_at.astimezone(CHINA) if row.ended_at else None,
        outcome=Outcome(row.outcome) if row.outcome else None,
    )
