"""Tables of clearing, with the index by which an institution's settlements of a span are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gongji.migrations.first.history import keep_as_history


def create() -> None:
    """Create the tables of statements and their differences."""
    op.create_index(
        op.f("settlement_institution_id_settled_at_idx"), "settlement", ["institution_id", "settled_at"], unique=False
    )
    op.create_table(
        "statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("clearing_type", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("told_total", sa.BigInteger(), nullable=False),
        sa.Column("told_funds", sa.BigInteger(), nullable=False),
        sa.Column("told_accounts", sa.BigInteger(), nullable=True),
        sa.Column("told_cash", sa.BigInteger(), nullable=True),
        sa.Column("told_count", sa.BigInteger(), nullable=False),
        sa.Column("our_total", sa.BigInteger(), nullable=False),
        sa.Column("our_funds", sa.BigInteger(), nullable=False),
        sa.Column("our_accounts", sa.BigInteger(), nullable=False),
        sa.Column("our_cash", sa.BigInteger(), nullable=False),
        sa.Column("our_count", sa.BigInteger(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('total', 'detail')", name=op.f("statement_kind_known")),
        sa.CheckConstraint("since <= until", name=op.f("statement_span")),
        sa.CheckConstraint("NOT agrees OR differences = 0", name=op.f("statement_agrees_without_differences")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("statement_institution_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("statement_pkey")),
        comment="result: number of the result file; amounts in fen",
    )
    op.create_index(
        op.f("statement_institution_id_made_at_idx"), "statement", ["institution_id", "made_at"], unique=False
    )
    keep_as_history("statement")
    op.create_table(
        "statement_difference",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("difference", sa.Text(), nullable=False),
        sa.Column("setl_id", sa.Text(), nullable=False),
        sa.Column("settlement_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("told_total", sa.BigInteger(), nullable=True),
        sa.Column("told_funds", sa.BigInteger(), nullable=True),
        sa.Column("told_accounts", sa.BigInteger(), nullable=True),
        sa.Column("our_total", sa.BigInteger(), nullable=True),
        sa.Column("our_funds", sa.BigInteger(), nullable=True),
        sa.Column("our_accounts", sa.BigInteger(), nullable=True),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("found_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("first_statement_id", sa.BigInteger(), nullable=False),
        sa.Column("last_statement_id", sa.BigInteger(), nullable=False),
        sa.Column("cleared_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "difference IN ('missing_here', 'missing_there', 'twice', 'sign', 'amounts', 'person')",
            name=op.f("statement_difference_difference_known"),
        ),
        sa.CheckConstraint("owner IN ('institution', 'agency')", name=op.f("statement_difference_owner_known")),
        sa.CheckConstraint(
            "(cleared_at IS NULL) = (cleared_by IS NULL)", name=op.f("statement_difference_cleared_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("statement_difference_institution_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["first_statement_id"], ["statement.id"], name=op.f("statement_difference_first_statement_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["last_statement_id"], ["statement.id"], name=op.f("statement_difference_last_statement_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("statement_difference_pkey")),
        comment="owner: who has to clear it; its age runs from found_at; cleared_by: comparison, or who said so",
    )
    op.create_index(
        "statement_difference_open",
        "statement_difference",
        ["institution_id", "difference", "setl_id"],
        unique=True,
        postgresql_where=sa.text("cleared_at IS NULL"),
    )
