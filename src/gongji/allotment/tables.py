"""What sharers did with allotted money: the stored answers to their keys."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.foundation.schema import bucket_column, fen_column, metadata, moment_column

#: Never changed. Lies with the sharer; its journal has the same id.
allotment_deed = sa.Table(
    "allotment_deed",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("sharer_id", sa.BigInteger, nullable=False),
    sa.Column("deed", sa.Text, nullable=False),
    sa.Column("authorisation_id", sa.BigInteger),
    fen_column("amount"),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    moment_column("at"),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.UniqueConstraint("bucket", "sharer_id", "key"),
    sa.CheckConstraint("bucket = id & 1023 AND bucket = sharer_id & 1023", name="bucket_of_sharer"),
    sa.CheckConstraint("deed IN ('allot', 'take_back')", name="deed_known"),
    sa.CheckConstraint("amount > 0", name="amount_above_zero"),
    comment="authorisation_id: whose part, null for all relatives; rule: the entry of the pack that asked for it, empty"
    " when none did any more",
)
