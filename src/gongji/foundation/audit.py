"""The audit: who did or read what about whom. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from psycopg.types.json import Jsonb
from sqlalchemy.dialects.postgresql import JSONB

from gongji.foundation.access import Caller
from gongji.foundation.arrays import Integers
from gongji.foundation.questions import run_prepared
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

_RECORD: Final = """
INSERT INTO audit_entry (at, role, holder, actor_person_id, action, person_id, details)
SELECT %(at)s, %(role)s, %(holder)s, %(actor)s::bigint, %(action)s, n.person_id, %(details)s
  FROM unnest(%(people)b::bigint[]) WITH ORDINALITY AS n(person_id, place) ORDER BY n.place
"""


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
    _write(connection, caller, action, at, [person_id], details)


def record_each(
    connection: sa.Connection, caller: Caller, action: str, people: Iterable[int], *, at: datetime, **details: object
) -> None:
    """`record` for each of some people, in the order of their ids; for nobody nothing is written."""
    if ids := sorted(people):
        _write(connection, caller, action, at, ids, details)


def _write(
    connection: sa.Connection,
    caller: Caller,
    action: str,
    at: datetime,
    people: Sequence[int | None],
    details: Mapping[str, object],
) -> None:
    values = {
        "at": at,
        "role": str(caller.role),
        "holder": caller.holder,
        "actor": caller.person_id,
        "action": action,
        "people": Integers(people),
        "details": Jsonb(details),
    }
    run_prepared(connection, _RECORD, values)
