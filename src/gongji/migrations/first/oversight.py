"""Disputes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Create the table."""
    op.create_table(
        "dispute",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("settlement_id", sa.BigInteger(), nullable=False),
        sa.Column("setl_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("authorisation_id", sa.BigInteger(), nullable=True),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("ground IN ('not_mine', 'amount', 'twice', 'other')", name=op.f("dispute_ground_known")),
        sa.CheckConstraint("outcome IN ('correct', 'to_reverse', 'misuse')", name=op.f("dispute_outcome_known")),
        sa.CheckConstraint(
            "(outcome IS NULL) = (answered_at IS NULL) AND (outcome IS NULL) = (holder IS NULL)"
            " AND (outcome IS NULL) = (answer IS NULL)",
            name=op.f("dispute_answered_whole"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("dispute_pkey")),
        comment="setl_id: the settlement's number on the wire; authorisation_id: the sharing that was paused with it, if any",
    )
    op.create_index(
        "dispute_open",
        "dispute",
        ["settlement_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_index(op.f("dispute_person_id_idx"), "dispute", ["person_id"], unique=False)
    op.create_index(
        "dispute_waiting",
        "dispute",
        ["region", "opened_at"],
        unique=False,
        postgresql_where=sa.text("outcome IS NULL"),
    )
