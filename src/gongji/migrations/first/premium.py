"""Orders for premiums, and who holds which person's coverage year."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Create the tables."""
    op.create_table(
        "premium_order",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("sharer_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("authorisation_id", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("hold_id", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deadline", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("voucher", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("refund_journal_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "bucket = id & 1023 AND bucket = sharer_id & 1023", name=op.f("premium_order_bucket_of_sharer")
        ),
        sa.CheckConstraint("sharer_id <> person_id", name=op.f("premium_order_two_people")),
        sa.CheckConstraint("amount > 0", name=op.f("premium_order_amount_above_zero")),
        sa.CheckConstraint("deadline > made_at", name=op.f("premium_order_deadline_later")),
        sa.CheckConstraint(
            "state IN ('placing', 'booking', 'booked', 'rejected', 'expired', 'sent_back')",
            name=op.f("premium_order_state_known"),
        ),
        sa.CheckConstraint("(state = 'placing') = (hold_id IS NULL)", name=op.f("premium_order_placed_with_a_hold")),
        sa.CheckConstraint(
            "state NOT IN ('booked', 'sent_back') OR voucher IS NOT NULL",
            name=op.f("premium_order_booked_with_a_voucher"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('rejected', 'sent_back') OR reason IS NOT NULL",
            name=op.f("premium_order_ended_with_a_reason"),
        ),
        sa.CheckConstraint(
            "(state = 'sent_back') = (refund_journal_id IS NOT NULL)",
            name=op.f("premium_order_sent_back_with_a_journal"),
        ),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("premium_order_pkey")),
        sa.UniqueConstraint("bucket", "sharer_id", "key", name=op.f("premium_order_bucket_sharer_id_key_key")),
        comment="rule: the pack's value that set the amount; voucher or reason while still 'booking': an answer in hand",
    )
    op.create_index(
        "premium_order_open",
        "premium_order",
        ["region", "deadline"],
        unique=False,
        postgresql_where=sa.text("state IN ('placing', 'booking')"),
    )
    op.create_index(op.f("premium_order_region_made_at_idx"), "premium_order", ["region", "made_at"], unique=False)
    op.create_table(
        "premium_year",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("paid", sa.Boolean(), nullable=False),
        sa.Column("voucher", sa.Text(), nullable=True),
        sa.Column("enrolled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("bucket = person_id & 1023", name=op.f("premium_year_bucket_of_person")),
        sa.CheckConstraint("paid = (voucher IS NOT NULL)", name=op.f("premium_year_paid_with_a_voucher")),
        sa.CheckConstraint("paid OR order_id IS NOT NULL", name=op.f("premium_year_ordered_by_an_order")),
        sa.CheckConstraint("NOT enrolled OR paid", name=op.f("premium_year_enrolled_once_paid")),
        sa.PrimaryKeyConstraint("bucket", "person_id", "year", name=op.f("premium_year_pkey")),
        comment="without order: paid outside the platform, as the tax office told; enrolled: whether paying entered an enrolment",
    )
