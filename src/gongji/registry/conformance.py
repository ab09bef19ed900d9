"""What an institution's system does against the letter of the interface, counted: for its makers to put right in peace.

Nothing here refuses anything. Every deviation was taken, or refused elsewhere with its own sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gongji.foundation.clock import CHINA
from gongji.foundation.schema import metadata, moment_column
from gongji.registry.model import Institution

deviation = sa.Table(
    "deviation",
    metadata,
    sa.Column("institution_id", sa.Integer, sa.ForeignKey("institution.id"), nullable=False),
    sa.Column("infno", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    moment_column("first_seen"),
    moment_column("last_seen"),
    sa.Column("example", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("institution_id", "infno", "kind", "field"),
    sa.CheckConstraint("count > 0", name="counted"),
    sa.CheckConstraint("last_seen >= first_seen", name="seen_last_after_first"),
    comment="field: where in the message, without numbers of rows; example: a value as it came, masked",
)


@dataclass(frozen=True, slots=True)
class Deviation:
    """Something that a system does.

    Attributes:
        institution_id: whose system.
        infno: in which transaction.
        kind: what: a word of `gongji.entrances.national.deviations.KINDS`, or ``refused.`` and the refusal's code.
        field: the field's path without numbers of rows; "" where it is none's.
        count: how often.
        first_seen, last_seen: when.
        example: a value as it came, masked.
    """

    institution_id: int
    infno: str
    kind: str
    field: str
    count: int
    first_seen: datetime
    last_seen: datetime
    example: str


def add_deviations(connection: sa.Connection, seen: Iterable[Deviation]) -> None:
    """Add to the counts what was seen since; the first example stays."""
    # In one order everywhere, so that two processes that write at once do not block each other.
    rows = sorted(seen, key=lambda one: (one.institution_id, one.infno, one.kind, one.field))
    if not rows:
        return
    names = [column.name for column in deviation.columns]
    statement = insert(deviation).values([{name: getattr(row, name) for name in names} for row in rows])
    told = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["institution_id", "infno", "kind", "field"],
            set_={
                "count": deviation.c.count + told["count"],
                "first_seen": sa.func.least(deviation.c.first_seen, told.first_seen),
                "last_seen": sa.func.greatest(deviation.c.last_seen, told.last_seen),
            },
        )
    )


def conformance(connection: sa.Connection, institution: Institution) -> list[Deviation]:
    """All that was seen of an institution's system, by transaction, the most frequent first."""
    rows = connection.execute(
        sa.select(deviation)
        .where(deviation.c.institution_id == institution.id)
        .order_by(deviation.c.infno, deviation.c.count.desc(), deviation.c.kind, deviation.c.field)
    )
    return [
        Deviation(
            row.institution_id,
            row.infno,
            row.kind,
            row.field,
            row._mapping["count"],
            row.first_seen.astimezone(CHINA),
            row.last_seen.astimezone(CHINA),
            row.example,
        )
        for row in rows
    ]


def forget_conformance(connection: sa.Connection, institution: Institution) -> int:
    """Begin anew for an institution, as its makers do after a repair.

    Returns:
        How many deviations were forgotten.
    """
    return connection.execute(deviation.delete().where(deviation.c.institution_id == institution.id)).rowcount
