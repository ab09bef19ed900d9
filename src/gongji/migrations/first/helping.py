"""Mandates to help somebody, and what was done under them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gongji.migrations.first.history import keep_as_history

_MOMENT = sa.TIMESTAMP(timezone=True)


def create() -> None:
    """Create the tables of `gongji.family.mandates`."""
    op.create_table(
        "mandate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("helper_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("given_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.CheckConstraint("helper_id <> elder_id", name=op.f("mandate_two_people")),
        sa.CheckConstraint("scope IN ('look', 'act')", name=op.f("mandate_scope_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("mandate_pkey")),
        comment="given_by: elder (in their own log-in), or the officer who took it down at the counter",
    )
    still = sa.text("ended_at IS NULL")
    op.create_index("mandate_open", "mandate", ["elder_id", "helper_id"], unique=True, postgresql_where=still)
    op.create_index(op.f("mandate_helper_id_idx"), "mandate", ["helper_id"])
    op.create_table(
        "mandate_act",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("mandate_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("mandate_act_pkey")),
    )
    op.create_index(op.f("mandate_act_mandate_id_idx"), "mandate_act", ["mandate_id"])
    keep_as_history("mandate_act")
