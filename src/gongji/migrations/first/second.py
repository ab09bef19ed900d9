"""Second transactions: each payment and return, and how much of a settlement's cash is paid so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gongji.migrations.first.history import keep_as_history


def create() -> None:
    """Create the tables."""
    op.create_table(
        "second_payment",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.Column("settlement_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("payer_id", sa.BigInteger(), nullable=False),
        sa.Column("authorisation_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("cash_left", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'back') = (reverses IS NOT NULL)", name=op.f("second_payment_return_names_original")
        ),
        sa.CheckConstraint(
            "CASE kind WHEN 'pay' THEN amount > 0 ELSE amount < 0 END", name=op.f("second_payment_signs")
        ),
        sa.CheckConstraint("kind IN ('pay', 'back')", name=op.f("second_payment_kind_known")),
        sa.CheckConstraint(
            "bucket = id & 1023 AND bucket = person_id & 1023", name=op.f("second_payment_bucket_of_patient")
        ),
        sa.CheckConstraint("bucket = settlement_id & 1023", name=op.f("second_payment_bucket_of_settlement")),
        sa.CheckConstraint("payer_id <> person_id AND cash_left >= 0", name=op.f("second_payment_a_relative_pays")),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("second_payment_pkey")),
        sa.UniqueConstraint("bucket", "reverses", name=op.f("second_payment_bucket_reverses_key")),
        comment="amount: fen, below zero when it came back; cash_left: of the settlement's cash, after this",
    )
    op.create_index(
        op.f("second_payment_bucket_settlement_id_idx"), "second_payment", ["bucket", "settlement_id"], unique=False
    )
    op.create_index(op.f("second_payment_payer_id_at_idx"), "second_payment", ["payer_id", "at"], unique=False)
    op.create_table(
        "second_total",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("settlement_id", sa.BigInteger(), nullable=False),
        sa.Column("cash", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("bucket = settlement_id & 1023", name=op.f("second_total_bucket_of_settlement")),
        sa.CheckConstraint("paid BETWEEN 0 AND cash", name=op.f("second_total_within_cash")),
        sa.PrimaryKeyConstraint("bucket", "settlement_id", name=op.f("second_total_pkey")),
        comment="cash: the settlement's; paid: what second payments, less those that came back, add up to",
    )
    for table in ("second_payment",):
        keep_as_history(table)
