"""The door of the national interface: signatures that were seen, and what institutions' systems do against the letter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Create both tables."""
    op.create_table(
        "signature_seen",
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("slot", "mark", name=op.f("signature_seen_pkey")),
        comment="mark: digest of the signature; content: digest of the message that it came with; slot: ten minutes of its time",
    )
    op.create_table(
        "deviation",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("infno", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_seen", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("example", sa.Text(), nullable=False),
        sa.CheckConstraint("count > 0", name=op.f("deviation_counted")),
        sa.CheckConstraint("last_seen >= first_seen", name=op.f("deviation_seen_last_after_first")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("deviation_institution_id_fkey")),
        sa.PrimaryKeyConstraint("institution_id", "infno", "kind", "field", name=op.f("deviation_pkey")),
        comment="field: where in the message, without numbers of rows; example: a value as it came, masked",
    )
