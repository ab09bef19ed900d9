"""Tables of holds: what is set aside, and every step that was taken with it."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.foundation.schema import bucket_column, fen_column, metadata, moment_column

#: An amount that stands in somebody's `personal.held` until it is taken, given back, or its time is over. Only the sums,
#: the state and the end ever change, and only forward; lies in the bucket of the money.
hold = sa.Table(
    "hold",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("account", sa.BigInteger, nullable=False),
    fen_column("amount"),
    fen_column("captured", server_default="0"),
    fen_column("released", server_default="0"),
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("authorisation_id", sa.BigInteger),
    moment_column("placed_at"),
    moment_column("expires_at"),
    moment_column("ended_at", nullable=True),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.CheckConstraint("bucket = id & 1023 AND bucket = account & 1023", name="bucket_of_money"),
    # 3 is the kind `personal.held`.
    sa.CheckConstraint("(account >> 10) & 255 = 3", name="account_is_held"),
    sa.CheckConstraint("amount > 0 AND captured >= 0 AND released >= 0", name="amounts"),
    sa.CheckConstraint("captured + released <= amount", name="within_amount"),
    sa.CheckConstraint("state IN ('open', 'captured', 'released', 'expired')", name="state_known"),
    sa.CheckConstraint("(state = 'open') = (captured + released < amount)", name="open_while_something_remains"),
    sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_has_a_moment"),
    sa.CheckConstraint("state <> 'captured' OR captured > 0", name="captured_took_something"),
    sa.CheckConstraint("purpose IN ('deposit', 'wallet', 'transfer', 'premium')", name="purpose_known"),
    sa.CheckConstraint("expires_at > placed_at", name="expires_later"),
    sa.Index(None, "bucket", "account", postgresql_where=sa.text("state = 'open'")),
    sa.Index("hold_due", "expires_at", postgresql_where=sa.text("state = 'open'")),
    sa.Index("hold_deposit", "reference", postgresql_where=sa.text("purpose = 'deposit'")),
    sa.Index("hold_quota", "bucket", "reference", postgresql_where=sa.text("purpose = 'wallet'")),
    comment="person_id: in whose favour; account: the payer's personal.held; its first journal, of the same id, says where from",
)

#: Never changed. Each step is a journal of the same id, or stands in a settlement's journal; its key makes it the stored
#: answer to a repeated command.
hold_step = sa.Table(
    "hold_step",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("hold_id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    fen_column("captured"),
    fen_column("released"),
    fen_column("remaining"),
    sa.Column("key", sa.Text),
    sa.Column("request_digest", sa.LargeBinary),
    sa.Column("settlement_id", sa.BigInteger),
    moment_column("at"),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.ForeignKeyConstraint(["bucket", "hold_id"], ["hold.bucket", "hold.id"]),
    sa.CheckConstraint("bucket = id & 1023 AND bucket = hold_id & 1023", name="bucket_of_hold"),
    sa.CheckConstraint("kind IN ('hold', 'capture', 'release', 'expire')", name="kind_known"),
    sa.CheckConstraint("(kind = 'hold') = (id = hold_id)", name="first_step_has_the_holds_id"),
    sa.CheckConstraint("captured >= 0 AND released >= 0 AND remaining >= 0", name="amounts"),
    sa.CheckConstraint("(kind = 'hold') = (captured + released = 0)", name="later_steps_move_something"),
    sa.CheckConstraint("settlement_id IS NULL OR kind = 'capture'", name="settlement_only_captures"),
    sa.CheckConstraint("(kind = 'expire') = (key IS NULL)", name="asked_for_with_a_key"),
    sa.CheckConstraint("(key IS NULL) = (request_digest IS NULL)", name="key_with_digest"),
    sa.Index("hold_step_key", "bucket", "key", unique=True, postgresql_where=sa.text("key IS NOT NULL")),
    sa.Index("hold_step_settlement", "settlement_id", postgresql_where=sa.text("settlement_id IS NOT NULL")),
    sa.Index(None, "bucket", "hold_id"),
    comment="captured, released: by this step, fen; remaining: what was still held after it; settlement_id: in whose journal"
    " it was taken, else in one of its own",
)
