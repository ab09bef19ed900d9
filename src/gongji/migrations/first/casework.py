"""The officers' work on cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gongji.migrations.first.history import keep_as_history


def create() -> None:
    """Create the tables."""
    op.create_table(
        "review_claim",
        sa.Column("authorisation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("authorisation_id", name=op.f("review_claim_pkey")),
    )
    op.create_index(op.f("review_claim_holder_idx"), "review_claim", ["holder"], unique=False)
    op.create_table(
        "review_decision",
        sa.Column("authorisation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("second", sa.Text(), nullable=True),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("failed", sa.Text(), nullable=True),
        sa.Column("failed_zh", sa.Text(), nullable=True),
        sa.Column("failed_en", sa.Text(), nullable=True),
        sa.CheckConstraint("decision IN ('approve', 'return', 'refuse')", name=op.f("review_decision_decision_known")),
        sa.CheckConstraint("second <> holder", name=op.f("review_decision_two_officers")),
        sa.CheckConstraint("(failed IS NULL) = (failed_zh IS NULL)", name=op.f("review_decision_failed_in_words")),
        sa.CheckConstraint(
            "(failed IS NULL) = (failed_en IS NULL)", name=op.f("review_decision_failed_in_both_languages")
        ),
        sa.PrimaryKeyConstraint("authorisation_id", name=op.f("review_decision_pkey")),
        comment="second: the officer who agreed; due_at: from when it is carried out, none while a second officer is waited for",
    )
    op.create_index(
        "review_decision_due",
        "review_decision",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "review_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("authorisation_id", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "step IN ('claim', 'release', 'decide', 'take_back', 'agree', 'disagree', 'failed')",
            name=op.f("review_step_step_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("review_step_pkey")),
    )
    op.create_index(op.f("review_step_authorisation_id_idx"), "review_step", ["authorisation_id"], unique=False)
    op.create_table(
        "officer_identity",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("known_since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("holder", name=op.f("officer_identity_pkey")),
    )
    keep_as_history("review_step")
