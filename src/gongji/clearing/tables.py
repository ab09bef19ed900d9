"""Tables of clearing: each comparison with an institution, and the differences that are still to be cleared."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.foundation.schema import fen_column, metadata, moment_column

#: What an institution told of its books (3201 in total, 3202 in detail), and what ours said then. Never changed.
statement = sa.Table(
    "statement",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("institution_id", sa.Integer, sa.ForeignKey("institution.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("until", sa.Date, nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("clearing_type", sa.Text, nullable=False),
    sa.Column("agency", sa.Text, nullable=False),
    fen_column("told_total"),
    fen_column("told_funds"),
    fen_column("told_accounts", nullable=True),
    fen_column("told_cash", nullable=True),
    sa.Column("told_count", sa.BigInteger, nullable=False),
    fen_column("our_total"),
    fen_column("our_funds"),
    fen_column("our_accounts"),
    fen_column("our_cash"),
    sa.Column("our_count", sa.BigInteger, nullable=False),
    sa.Column("agrees", sa.Boolean, nullable=False),
    sa.Column("differences", sa.Integer, nullable=False),
    sa.Column("result", sa.Text),
    moment_column("made_at"),
    sa.CheckConstraint("kind IN ('total', 'detail')", name="kind_known"),
    sa.CheckConstraint("since <= until", name="span"),
    sa.CheckConstraint("NOT agrees OR differences = 0", name="agrees_without_differences"),
    sa.Index(None, "institution_id", "made_at"),
    comment="result: number of the result file; amounts in fen",
)

#: One settlement that the two books have differently, from the first comparison that found it until one does not any more
#: or somebody clears it.
statement_difference = sa.Table(
    "statement_difference",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("institution_id", sa.Integer, sa.ForeignKey("institution.id"), nullable=False),
    sa.Column("difference", sa.Text, nullable=False),
    sa.Column("setl_id", sa.Text, nullable=False),
    sa.Column("settlement_id", sa.BigInteger),
    sa.Column("person_id", sa.BigInteger),
    moment_column("settled_at", nullable=True),
    fen_column("told_total", nullable=True),
    fen_column("told_funds", nullable=True),
    fen_column("told_accounts", nullable=True),
    fen_column("our_total", nullable=True),
    fen_column("our_funds", nullable=True),
    fen_column("our_accounts", nullable=True),
    sa.Column("memo", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("until", sa.Date, nullable=False),
    moment_column("found_at"),
    sa.Column("first_statement_id", sa.BigInteger, sa.ForeignKey("statement.id"), nullable=False),
    sa.Column("last_statement_id", sa.BigInteger, sa.ForeignKey("statement.id"), nullable=False),
    moment_column("cleared_at", nullable=True),
    sa.Column("cleared_by", sa.Text),
    sa.Column("cleared_reason", sa.Text),
    sa.Column("cleared_note", sa.Text),
    sa.CheckConstraint(
        "difference IN ('missing_here', 'missing_there', 'twice', 'sign', 'amounts', 'person')", name="difference_known"
    ),
    sa.CheckConstraint("owner IN ('institution', 'agency')", name="owner_known"),
    sa.CheckConstraint("(cleared_at IS NULL) = (cleared_by IS NULL)", name="cleared_by_somebody"),
    sa.CheckConstraint(
        "cleared_reason IN ('corrected_there', 'settled_anew', 'agreed', 'outside')", name="cleared_reason_known"
    ),
    sa.CheckConstraint(
        "(cleared_reason IS NOT NULL) = (cleared_at IS NOT NULL AND cleared_by <> 'comparison')",
        name="people_say_why",
    ),
    sa.Index(
        "statement_difference_open",
        "institution_id",
        "difference",
        "setl_id",
        unique=True,
        postgresql_where=sa.text("cleared_at IS NULL"),
    ),
    comment="owner: who has to clear it; its age runs from found_at; cleared_by: comparison, or who said so",
)
