"""Mobile payment: codes on the phone, applications of institutions, orders, refunds, notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gongji.migrations.first.history import keep_as_history


def create() -> None:
    """Create the tables."""
    op.create_table(
        "e_credential",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("used_for", sa.Text(), nullable=True),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind <> 'token' OR institution_id IS NOT NULL", name=op.f("e_credential_token_is_an_institutions")
        ),
        sa.CheckConstraint(
            "kind = 'token' OR (used_at IS NULL) = (used_for IS NULL) AND (used_at IS NULL) = (institution_id IS NULL)",
            name=op.f("e_credential_used_by_somebody"),
        ),
        sa.CheckConstraint("kind IN ('show', 'pay', 'token')", name=op.f("e_credential_kind_known")),
        sa.CheckConstraint("expires_at > made_at", name=op.f("e_credential_expires_later")),
        sa.PrimaryKeyConstraint("digest", name=op.f("e_credential_pkey")),
        comment="digest: keyed index of the code; institution_id: who read or used it; used_for: the message or order",
    )
    op.create_index(op.f("e_credential_expires_at_idx"), "e_credential", ["expires_at"], unique=False)
    op.create_table(
        "mobile_app",
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("own_key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("notify_url", sa.Text(), server_default="", nullable=False),
        sa.Column("valid_from", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("valid_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("length(public_key) = 65", name=op.f("mobile_app_key_is_sm2")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("mobile_app_institution_id_fkey")),
        sa.PrimaryKeyConstraint("app_id", name=op.f("mobile_app_pkey")),
        comment="own_key: ours for this application; public_key: the institution's; notify_url: where 6302 goes",
    )
    op.create_index(op.f("mobile_app_institution_id_idx"), "mobile_app", ["institution_id"], unique=False)
    op.create_table(
        "mobile_order",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("own_visit", sa.Boolean(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("med_type", sa.Text(), nullable=False),
        sa.Column("account_use", sa.Text(), nullable=False),
        sa.Column("state", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("fund", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("own", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("shared", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cash", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cash_refunded", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("settlement_id", sa.BigInteger(), nullable=True),
        sa.Column("reversal_id", sa.BigInteger(), nullable=True),
        sa.Column("paid_by", sa.Text(), server_default="", nullable=False),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("settled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(reversal_id IS NOT NULL) = (state IN (7, 8, 11))", name=op.f("mobile_order_insurance_refunded")
        ),
        sa.CheckConstraint(
            "(settlement_id IS NULL) = (settled_at IS NULL)", name=op.f("mobile_order_settlement_has_a_moment")
        ),
        sa.CheckConstraint(
            "(settlement_id IS NULL) = (state IN (0, 1, 2, 12, 15))", name=op.f("mobile_order_paid_has_a_settlement")
        ),
        sa.CheckConstraint(
            "bucket = id & 1023 AND bucket = person_id & 1023", name=op.f("mobile_order_bucket_of_patient")
        ),
        sa.CheckConstraint("cash_refunded BETWEEN 0 AND cash", name=op.f("mobile_order_refunded_within_cash")),
        sa.CheckConstraint(
            "reversal_id IS NULL OR settlement_id IS NOT NULL", name=op.f("mobile_order_reversal_of_a_settlement")
        ),
        sa.CheckConstraint(
            "settlement_id IS NULL OR total = fund + own + shared + cash", name=op.f("mobile_order_payers_add_up")
        ),
        sa.CheckConstraint("state IN (0, 1, 2, 4, 6, 7, 8, 9, 10, 11, 12, 15)", name=op.f("mobile_order_state_known")),
        sa.CheckConstraint(
            "total > 0 AND least(fund, own, shared, cash) >= 0", name=op.f("mobile_order_amounts_not_negative")
        ),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("mobile_order_pkey")),
        comment="reference: medOrgOrd; digest: of the upload; own_visit: made by the upload; paid_by: thdPayType",
    )
    op.create_index(
        "mobile_order_reference",
        "mobile_order",
        ["bucket", "institution_id", "reference"],
        unique=True,
        postgresql_where=sa.text("state <> 12"),
    )
    op.create_index(
        "mobile_order_settling", "mobile_order", ["id"], unique=False, postgresql_where=sa.text("state = 2")
    )
    op.create_table(
        "mobile_refund",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cash", sa.BigInteger(), nullable=False),
        sa.Column("reversal_id", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'CASH') = (reversal_id IS NULL)", name=op.f("mobile_refund_insurance_has_a_reversal")
        ),
        sa.CheckConstraint("kind IN ('ALL', 'CASH', 'HI')", name=op.f("mobile_refund_kind_known")),
        sa.CheckConstraint("cash >= 0", name=op.f("mobile_refund_cash_not_negative")),
        sa.ForeignKeyConstraint(
            ["bucket", "order_id"],
            ["mobile_order.bucket", "mobile_order.id"],
            name=op.f("mobile_refund_bucket_order_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("bucket", "order_id", "number", name=op.f("mobile_refund_pkey")),
        comment="number: appRefdSn",
    )
    op.create_table(
        "mobile_notice",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("told_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("told_at IS NULL OR due_at IS NULL", name=op.f("mobile_notice_told_is_not_due")),
        sa.ForeignKeyConstraint(
            ["bucket", "order_id"],
            ["mobile_order.bucket", "mobile_order.id"],
            name=op.f("mobile_notice_bucket_order_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("bucket", "order_id", name=op.f("mobile_notice_pkey")),
        comment="neither told nor due: given up after the last attempt; problem: what the last attempt met",
    )
    op.create_index(
        "mobile_notice_due", "mobile_notice", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    for table in ("mobile_refund",):
        keep_as_history(table)
