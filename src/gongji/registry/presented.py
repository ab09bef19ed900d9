"""Who showed a credential where, and when last: an institution asks only about people who stood at its counter.

A psn_no is no secret: it stands on every receipt. What an institution may do with it alone is what follows from a credential
that was shown there (1101, 2201, 2401).
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gongji.foundation.ids import bucket_of
from gongji.foundation.schema import bucket_column, metadata, moment_column

presented = sa.Table(
    "presented",
    metadata,
    bucket_column(),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("institution_id", sa.Integer, sa.ForeignKey("institution.id"), nullable=False),
    moment_column("at"),
    sa.PrimaryKeyConstraint("bucket", "person_id", "institution_id"),
    sa.CheckConstraint("bucket = person_id & 1023", name="bucket_in_person"),
    comment="at: when the person last showed a credential at the institution",
)


def note_presented(connection: sa.Connection, institution_id: int, person_id: int, at: datetime) -> None:
    """A person showed a credential at an institution."""
    row = {"bucket": bucket_of(person_id), "person_id": person_id, "institution_id": institution_id, "at": at}
    made = insert(presented).values(row)
    key = [presented.c.bucket, presented.c.person_id, presented.c.institution_id]
    connection.execute(made.on_conflict_do_update(index_elements=key, set_={"at": made.excluded.at}))


def presented_since(connection: sa.Connection, institution_id: int, person_id: int, since: datetime) -> bool:
    """Whether a person showed a credential at an institution since a moment."""
    return connection.execute(
        sa.select(
            sa.exists().where(
                presented.c.bucket == bucket_of(person_id),
                presented.c.person_id == person_id,
                presented.c.institution_id == institution_id,
                presented.c.at >= since,
            )
        )
    ).scalar_one()
