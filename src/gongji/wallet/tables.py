"""Tables of the wallet: who opened one, what was sent, and which institutions take it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DATERANGE

from gongji.foundation.schema import bucket_column, fen_column, metadata, moment_column

TRANSFER_STATES = ("placing", "pending", "accepted", "declined", "returned")

wallet_opening = sa.Table(
    "wallet_opening",
    metadata,
    bucket_column(),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("area", sa.Text, nullable=False),
    moment_column("opened_at"),
    sa.PrimaryKeyConstraint("bucket", "person_id"),
    sa.CheckConstraint("bucket = person_id & 1023", name="bucket_of_person"),
    sa.CheckConstraint("area ~ '^[0-9]{6}$'", name="area_is_a_region"),
    comment="area: where its money may be used (使用地)",
)

#: Lies in the sender's bucket, where its hold lies. The unique places of a day keep the number a day, however two race; the
#: partial index keeps one to a person until it is answered.
wallet_transfer = sa.Table(
    "wallet_transfer",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("sender_id", sa.BigInteger, nullable=False),
    sa.Column("receiver_id", sa.BigInteger, nullable=False),
    fen_column("amount"),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("relation", sa.Text, nullable=False),
    sa.Column("stated", sa.Boolean, nullable=False),
    sa.Column("sender_region", sa.Text, nullable=False),
    sa.Column("receiver_region", sa.Text, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("nth", sa.SmallInteger, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("hold_id", sa.BigInteger),
    moment_column("made_at"),
    moment_column("deadline"),
    moment_column("ended_at", nullable=True),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.UniqueConstraint("bucket", "sender_id", "key"),
    sa.UniqueConstraint("bucket", "sender_id", "day", "nth"),
    sa.CheckConstraint("bucket = id & 1023 AND bucket = sender_id & 1023", name="bucket_of_sender"),
    sa.CheckConstraint("sender_id <> receiver_id", name="two_people"),
    sa.CheckConstraint("amount > 0 AND nth > 0", name="amount_above_zero"),
    sa.CheckConstraint("deadline > made_at", name="deadline_later"),
    sa.CheckConstraint("source IN ('account', 'wallet')", name="source_known"),
    sa.CheckConstraint("state IN (" + ", ".join(f"'{s}'" for s in TRANSFER_STATES) + ")", name="state_known"),
    sa.CheckConstraint("(state = 'placing') = (hold_id IS NULL)", name="placed_with_a_hold"),
    sa.CheckConstraint("(state IN ('placing', 'pending')) = (ended_at IS NULL)", name="ended_has_a_moment"),
    sa.Index(
        "wallet_transfer_one_to_a_person",
        "bucket",
        "sender_id",
        "receiver_id",
        unique=True,
        postgresql_where=sa.text("state IN ('placing', 'pending')"),
    ),
    sa.Index("wallet_transfer_open", "deadline", postgresql_where=sa.text("state IN ('placing', 'pending')")),
    sa.Index(None, "receiver_id"),
    sa.Index(None, "day"),
    comment="day, nth: the sender's first, second … of a day; rule: the pack's entry with the terms; stated: the relation"
    " rests on the sender's word",
)

#: Institutions that take the wallet, and when.
wallet_institution = sa.Table(
    "wallet_institution",
    metadata,
    sa.Column("institution_id", sa.Integer, primary_key=True),
    sa.Column("during", DATERANGE, nullable=False),
)
