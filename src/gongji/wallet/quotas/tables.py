"""The table of quotas. Their money stands in holds whose reference is the quota's id."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.foundation.schema import bucket_column, fen_column, metadata, moment_column

QUOTA_STATES = ("proposed", "active", "ended")
QUOTA_ENDS = ("withdrawn", "declined", "by_giver", "by_user", "insurance", "death")

#: Lies in the giver's bucket, beside the holds. One quota at a time from one person to another: a partial unique index. A
#: trigger lets it go forward only: proposed, active, ended.
wallet_quota = sa.Table(
    "wallet_quota",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("giver_id", sa.BigInteger, nullable=False),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    fen_column("amount"),
    fen_column("asked"),
    sa.Column("relation", sa.Text, nullable=False),
    sa.Column("stated", sa.Boolean, nullable=False),
    sa.Column("giver_region", sa.Text, nullable=False),
    sa.Column("user_region", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("ending", sa.Text),
    sa.Column("key", sa.Text, nullable=False),
    moment_column("made_at"),
    moment_column("accepted_at", nullable=True),
    moment_column("ended_at", nullable=True),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.UniqueConstraint("bucket", "giver_id", "key"),
    sa.CheckConstraint("bucket = id & 1023 AND bucket = giver_id & 1023", name="bucket_of_giver"),
    sa.CheckConstraint("giver_id <> user_id", name="two_people"),
    sa.CheckConstraint("asked > 0 AND amount >= 0", name="amounts"),
    sa.CheckConstraint("state IN (" + ", ".join(f"'{one}'" for one in QUOTA_STATES) + ")", name="state_known"),
    sa.CheckConstraint("ending IN (" + ", ".join(f"'{one}'" for one in QUOTA_ENDS) + ")", name="ending_known"),
    sa.CheckConstraint("state <> 'active' OR accepted_at IS NOT NULL", name="active_was_accepted"),
    sa.CheckConstraint("state <> 'proposed' OR accepted_at IS NULL", name="proposed_was_not"),
    sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended_has_a_moment"),
    sa.CheckConstraint("(state = 'ended') = (ending IS NOT NULL)", name="ended_has_a_reason"),
    sa.Index(
        "wallet_quota_one_to_a_person",
        "bucket",
        "giver_id",
        "user_id",
        unique=True,
        postgresql_where=sa.text("state <> 'ended'"),
    ),
    # The desk asks for the quotas of its patients.
    sa.Index("wallet_quota_in_force", "user_id", postgresql_where=sa.text("state = 'active'")),
    sa.Index(None, "user_id", "id"),
    comment="amount: fen that the giver set, after the end what was used of it; asked: what was set first; relation: what the"
    " user is to the giver; stated: that rests on the giver's word; regions: where they were insured when it was set",
)
