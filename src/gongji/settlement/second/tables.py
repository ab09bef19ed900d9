"""Tables of the second transaction: each payment and each return, and how much of a settlement's cash is paid so."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.foundation.schema import bucket_column, fen_column, metadata, moment_column

#: Never changed. Lies in the patient's bucket; its journal has the same id.
second_payment = sa.Table(
    "second_payment",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("reverses", sa.BigInteger),
    sa.Column("settlement_id", sa.BigInteger, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("institution_id", sa.Integer, nullable=False),
    sa.Column("payer_id", sa.BigInteger, nullable=False),
    sa.Column("authorisation_id", sa.BigInteger, nullable=False),
    fen_column("amount"),
    fen_column("cash_left"),
    moment_column("at"),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.CheckConstraint("bucket = id & 1023 AND bucket = person_id & 1023", name="bucket_of_patient"),
    sa.CheckConstraint("bucket = settlement_id & 1023", name="bucket_of_settlement"),
    sa.CheckConstraint("kind IN ('pay', 'back')", name="kind_known"),
    sa.CheckConstraint("(kind = 'back') = (reverses IS NOT NULL)", name="return_names_original"),
    sa.CheckConstraint("CASE kind WHEN 'pay' THEN amount > 0 ELSE amount < 0 END", name="signs"),
    sa.CheckConstraint("payer_id <> person_id AND cash_left >= 0", name="a_relative_pays"),
    sa.UniqueConstraint("bucket", "reverses"),
    sa.Index(None, "bucket", "settlement_id"),
    sa.Index(None, "payer_id", "at"),
    comment="amount: fen, below zero when it came back; cash_left: of the settlement's cash, after this",
)

#: The sum that may never pass the settlement's cash, whoever pays at the same moment.
second_total = sa.Table(
    "second_total",
    metadata,
    bucket_column(),
    sa.Column("settlement_id", sa.BigInteger, nullable=False),
    fen_column("cash"),
    fen_column("paid"),
    sa.PrimaryKeyConstraint("bucket", "settlement_id"),
    sa.CheckConstraint("bucket = settlement_id & 1023", name="bucket_of_settlement"),
    sa.CheckConstraint("paid BETWEEN 0 AND cash", name="within_cash"),
    comment="cash: the settlement's; paid: what second payments, less those that came back, add up to",
)
