"""Wallets that were opened, transfers to them, and institutions that take them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


def create() -> None:
    """Create the tables."""
    op.create_table(
        "wallet_opening",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("bucket = person_id & 1023", name=op.f("wallet_opening_bucket_of_person")),
        sa.CheckConstraint("area ~ '^[0-9]{6}$'", name=op.f("wallet_opening_area_is_a_region")),
        sa.PrimaryKeyConstraint("bucket", "person_id", name=op.f("wallet_opening_pkey")),
        comment="area: where its money may be used (使用地)",
    )
    _create_transfers()
    op.create_table(
        "wallet_institution",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        sa.PrimaryKeyConstraint("institution_id", name=op.f("wallet_institution_pkey")),
    )


def _create_transfers() -> None:
    op.create_table(
        "wallet_transfer",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("sender_id", sa.BigInteger(), nullable=False),
        sa.Column("receiver_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("stated", sa.Boolean(), nullable=False),
        sa.Column("sender_region", sa.Text(), nullable=False),
        sa.Column("receiver_region", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("nth", sa.SmallInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("hold_id", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deadline", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "bucket = id & 1023 AND bucket = sender_id & 1023", name=op.f("wallet_transfer_bucket_of_sender")
        ),
        sa.CheckConstraint("sender_id <> receiver_id", name=op.f("wallet_transfer_two_people")),
        sa.CheckConstraint("amount > 0 AND nth > 0", name=op.f("wallet_transfer_amount_above_zero")),
        sa.CheckConstraint("deadline > made_at", name=op.f("wallet_transfer_deadline_later")),
        sa.CheckConstraint("source IN ('account', 'wallet')", name=op.f("wallet_transfer_source_known")),
        sa.CheckConstraint(
            "state IN ('placing', 'pending', 'accepted', 'declined', 'returned')",
            name=op.f("wallet_transfer_state_known"),
        ),
        sa.CheckConstraint("(state = 'placing') = (hold_id IS NULL)", name=op.f("wallet_transfer_placed_with_a_hold")),
        sa.CheckConstraint(
            "(state IN ('placing', 'pending')) = (ended_at IS NULL)", name=op.f("wallet_transfer_ended_has_a_moment")
        ),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("wallet_transfer_pkey")),
        sa.UniqueConstraint("bucket", "sender_id", "key", name=op.f("wallet_transfer_bucket_sender_id_key_key")),
        sa.UniqueConstraint(
            "bucket", "sender_id", "day", "nth", name=op.f("wallet_transfer_bucket_sender_id_day_nth_key")
        ),
        comment="day, nth: the sender's first, second … of a day; rule: the pack's entry with the terms; stated: the relation"
        " rests on the sender's word",
    )
    waits = sa.text("state IN ('placing', 'pending')")
    op.create_index(
        "wallet_transfer_one_to_a_person",
        "wallet_transfer",
        ["bucket", "sender_id", "receiver_id"],
        unique=True,
        postgresql_where=waits,
    )
    op.create_index("wallet_transfer_open", "wallet_transfer", ["deadline"], unique=False, postgresql_where=waits)
    op.create_index(op.f("wallet_transfer_receiver_id_idx"), "wallet_transfer", ["receiver_id"], unique=False)
    op.create_index(op.f("wallet_transfer_day_idx"), "wallet_transfer", ["day"], unique=False)
