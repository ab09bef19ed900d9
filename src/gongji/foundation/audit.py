"""The audit: who did or read what about whom. Rows are only ever added."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from gongji.foundation.access import Caller
from gongji.foundation.schema import metadata, moment_column

audit_entry = sa.Table(
    "audit_entry",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    moment_column("at"),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("actor_person_id", sa.BigInteger),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("person_id", sa.BigInteger),
    sa.Column("details", JSONB, nullable=False),
    sa.Index(None, "person_id", "at"),
)


def record(
    connection: sa.Connection,
    caller: Caller,
    action: str,
    *,
    at: datetime,
    person_id: int | None = None,
    **details: object,
) -> None:
    """Write one line of the audit, in the transaction of what it tells of.

    Args:
        connection: the transaction.
        caller: who acts.
        action: ``room.verb`` (``person.read``, ``authorisation.approve``).
        at: when.
        person_id: the person whose data was read or changed.
        details: facts for programs; never names or numbers of people.
    """
    connection.execute(
        audit_entry.insert().values(
            at=at,
            role=caller.role,
            holder=caller.holder,
            actor_person_id=caller.person_id,
            action=action,
            person_id=person_id,
            details=details,
        )
    )
