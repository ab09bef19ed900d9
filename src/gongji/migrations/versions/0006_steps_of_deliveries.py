"""each attempt to deliver a message is kept, and who had one tried anew"""

import sqlalchemy as sa
from alembic import op

from gongji.migrations import first

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("what IN ('sent', 'failed', 'given_up', 'resent')", name=op.f("delivery_step_what_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("delivery_step_pkey")),
        comment="note: what went wrong; of resent: who had it tried anew",
    )
    op.create_index(op.f("delivery_step_delivery_id_id_idx"), "delivery_step", ["delivery_id", "id"])
    first.keep_as_history("delivery_step")
