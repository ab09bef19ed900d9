"""what stays of archived months"""

import sqlalchemy as sa
from alembic import op

from gongji.migrations import first

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archiving",
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("month", sa.SmallInteger(), nullable=False),
        sa.Column("kept_from", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("carried", sa.LargeBinary(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("n > 0 AND action IN ('archived', 'restored')", name=op.f("archiving_action_known")),
        sa.CheckConstraint(
            "length(sha256) = 32 AND length(carried) = 32 AND length(evidence) = 32", name=op.f("archiving_digests")
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("archiving_pkey")),
        comment="month: as in dated ids; kept_from: from which id on rows are here after it; carried: digest of the sums;"
        " evidence: over this row and the one before",
    )
    op.create_table(
        "archived_end",
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("poster_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("number >= 0", name=op.f("archived_end_number_not_negative")),
        sa.PrimaryKeyConstraint("poster_id", "n", name=op.f("archived_end_pkey")),
    )
    op.create_table(
        "carried_forward",
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("what IN ('balance', 'counter', 'usage')", name=op.f("carried_forward_what_known")),
        sa.PrimaryKeyConstraint("what", "subject", "part", "n", name=op.f("carried_forward_pkey")),
    )
    for table in ("archiving", "archived_end", "carried_forward"):
        first.keep_as_history(table)
