"""Tables of mobile payment: applications of institutions, orders, refunds, and what is to be told to institutions."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.foundation.schema import bucket_column, fen_column, metadata, moment_column

#: How an institution and we know each other at mobile payment; several may hold at once while keys change.
mobile_app = sa.Table(
    "mobile_app",
    metadata,
    sa.Column("app_id", sa.Text, primary_key=True),
    sa.Column("institution_id", sa.Integer, sa.ForeignKey("institution.id"), nullable=False),
    sa.Column("secret_sealed", sa.LargeBinary, nullable=False),
    sa.Column("own_key_sealed", sa.LargeBinary, nullable=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("notify_url", sa.Text, nullable=False, server_default=""),
    moment_column("valid_from"),
    moment_column("valid_until", nullable=True),
    sa.CheckConstraint("length(public_key) = 65", name="key_is_sm2"),
    sa.Index(None, "institution_id"),
    comment="own_key: ours for this application; public_key: the institution's; notify_url: where 6302 goes",
)

#: An order, in the patient's bucket. Its states are those of the interface (ordStas).
mobile_order = sa.Table(
    "mobile_order",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("institution_id", sa.Integer, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("visit_id", sa.BigInteger, nullable=False),
    sa.Column("own_visit", sa.Boolean, nullable=False),
    sa.Column("batch", sa.Text, nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("med_type", sa.Text, nullable=False),
    sa.Column("account_use", sa.Text, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False, server_default="0"),
    fen_column("total"),
    fen_column("fund", server_default="0"),
    fen_column("own", server_default="0"),
    fen_column("shared", server_default="0"),
    fen_column("cash", server_default="0"),
    fen_column("cash_refunded", server_default="0"),
    sa.Column("settlement_id", sa.BigInteger),
    sa.Column("reversal_id", sa.BigInteger),
    sa.Column("paid_by", sa.Text, nullable=False, server_default=""),
    moment_column("made_at"),
    moment_column("settled_at", nullable=True),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.CheckConstraint("bucket = id & 1023 AND bucket = person_id & 1023", name="bucket_of_patient"),
    sa.CheckConstraint("state IN (0, 1, 2, 4, 6, 7, 8, 9, 10, 11, 12, 15)", name="state_known"),
    sa.CheckConstraint("(settlement_id IS NULL) = (state IN (0, 1, 2, 12, 15))", name="paid_has_a_settlement"),
    sa.CheckConstraint("(settlement_id IS NULL) = (settled_at IS NULL)", name="settlement_has_a_moment"),
    sa.CheckConstraint("reversal_id IS NULL OR settlement_id IS NOT NULL", name="reversal_of_a_settlement"),
    sa.CheckConstraint("(reversal_id IS NOT NULL) = (state IN (7, 8, 11))", name="insurance_refunded"),
    sa.CheckConstraint("settlement_id IS NULL OR total = fund + own + shared + cash", name="payers_add_up"),
    sa.CheckConstraint("total > 0 AND least(fund, own, shared, cash) >= 0", name="amounts_not_negative"),
    sa.CheckConstraint("cash_refunded BETWEEN 0 AND cash", name="refunded_within_cash"),
    sa.Index(
        "mobile_order_reference",
        "bucket",
        "institution_id",
        "reference",
        unique=True,
        postgresql_where=sa.text("state <> 12"),
    ),
    sa.Index("mobile_order_settling", "id", postgresql_where=sa.text("state = 2")),
    sa.Index("mobile_order_waiting", "person_id", postgresql_where=sa.text("state IN (0, 1, 15)")),
    comment="reference: medOrgOrd; digest: of the upload; own_visit: made by the upload; paid_by: thdPayType",
)

#: Never changed: the stored answer to a repeated 6203.
mobile_refund = sa.Table(
    "mobile_refund",
    metadata,
    bucket_column(),
    sa.Column("order_id", sa.BigInteger, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    fen_column("cash"),
    sa.Column("reversal_id", sa.BigInteger),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    moment_column("at"),
    sa.PrimaryKeyConstraint("bucket", "order_id", "number"),
    sa.ForeignKeyConstraint(["bucket", "order_id"], ["mobile_order.bucket", "mobile_order.id"]),
    sa.CheckConstraint("kind IN ('ALL', 'CASH', 'HI')", name="kind_known"),
    sa.CheckConstraint("cash >= 0", name="cash_not_negative"),
    sa.CheckConstraint("(kind = 'CASH') = (reversal_id IS NULL)", name="insurance_has_a_reversal"),
    comment="number: appRefdSn",
)

#: What an institution is still to be told (6302); written with the state that it tells of.
mobile_notice = sa.Table(
    "mobile_notice",
    metadata,
    bucket_column(),
    sa.Column("order_id", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
    moment_column("due_at", nullable=True),
    moment_column("told_at", nullable=True),
    sa.Column("problem", sa.Text, nullable=False, server_default=""),
    sa.PrimaryKeyConstraint("bucket", "order_id"),
    sa.ForeignKeyConstraint(["bucket", "order_id"], ["mobile_order.bucket", "mobile_order.id"]),
    sa.CheckConstraint("told_at IS NULL OR due_at IS NULL", name="told_is_not_due"),
    sa.Index("mobile_notice_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    comment="neither told nor due: given up after the last attempt; problem: what the last attempt met",
)
