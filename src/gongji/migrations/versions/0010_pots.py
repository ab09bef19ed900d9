"""money that sharers allot: the parts of their pots, and how journals move them"""

import sqlalchemy as sa
from alembic import op

from gongji.migrations.first import keep_as_history

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pot_part",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("sharer_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.Column("historical", sa.BigInteger(), nullable=False),
        sa.Column("current", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("ends_with_year", sa.Boolean(), nullable=False),
        sa.CheckConstraint("bucket = sharer_id & 1023", name=op.f("pot_part_bucket_of_sharer")),
        sa.CheckConstraint("part >= 0", name=op.f("pot_part_part_known")),
        sa.CheckConstraint("historical >= 0 AND current >= 0", name=op.f("pot_part_not_negative")),
        sa.PrimaryKeyConstraint("bucket", "sharer_id", "part", name=op.f("pot_part_pkey")),
        comment="part: the authorisation that it is for, 0 for all relatives; historical, current: fen by the account that they"
        " came from; year: of the last allotment; ends_with_year: whether what is left goes back at the turn of that year",
    )
    op.create_table(
        "pot_move",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("sharer_id", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.Column("historical", sa.BigInteger(), nullable=False),
        sa.Column("current", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("bucket = sharer_id & 1023", name=op.f("pot_move_bucket_of_sharer")),
        sa.CheckConstraint("historical <> 0 OR current <> 0", name=op.f("pot_move_moves_something")),
        sa.PrimaryKeyConstraint("bucket", "sharer_id", "journal_id", "part", name=op.f("pot_move_pkey")),
        comment="journal_id: may lie in another bucket, with the patient; at the turn of a year a part's current fen become"
        " historical, which no transfer shows",
    )
    op.create_table(
        "allotment_deed",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("sharer_id", sa.BigInteger(), nullable=False),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("authorisation_id", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "bucket = id & 1023 AND bucket = sharer_id & 1023", name=op.f("allotment_deed_bucket_of_sharer")
        ),
        sa.CheckConstraint("deed IN ('allot', 'take_back')", name=op.f("allotment_deed_deed_known")),
        sa.CheckConstraint("amount > 0", name=op.f("allotment_deed_amount_above_zero")),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("allotment_deed_pkey")),
        sa.UniqueConstraint("bucket", "sharer_id", "key", name=op.f("allotment_deed_bucket_sharer_id_key_key")),
        comment="authorisation_id: whose part, null for all relatives; rule: the entry of the pack that asked for it, empty"
        " when none did any more",
    )
    for table in ("pot_move", "allotment_deed"):
        keep_as_history(table)
