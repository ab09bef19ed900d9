"""Who showed a credential at which institution."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Create the table."""
    op.create_table(
        "presented",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("bucket = person_id & 1023", name=op.f("presented_bucket_in_person")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("presented_institution_id_fkey")),
        sa.PrimaryKeyConstraint("bucket", "person_id", "institution_id", name=op.f("presented_pkey")),
        comment="at: when the person last showed a credential at the institution",
    )
