"""Tables of the family: kinship facts, authorisations with their events, usage and evidence."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint

from gongji.foundation.schema import bucket_column, fen_column, metadata, moment_column

#: The graph from which all relations follow: who is whose parent, who is married to whom, from when to when.
kinship_fact = sa.Table(
    "kinship_fact",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("one", sa.BigInteger, nullable=False),
    sa.Column("other", sa.BigInteger, nullable=False),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("until", sa.Date),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("authorisation_id", sa.BigInteger),
    sa.UniqueConstraint("kind", "one", "other", "since"),
    sa.Index(None, "other"),
    sa.Index(None, "one"),
    sa.CheckConstraint("kind IN ('parent', 'spouse')", name="kind_known"),
    sa.CheckConstraint("one <> other", name="two_people"),
    sa.CheckConstraint("kind <> 'spouse' OR one < other", name="spouses_stored_once"),
    sa.CheckConstraint("until IS NULL OR until >= since", name="until_after_since"),
    comment="parent: one is the parent of other; evidence: register, commitment, or the kind of document approved",
)

AUTHORISATION_STATES = ("draft", "submitted", "under_review", "returned", "refused", "active", "paused", "ended")

#: Lies in the user's bucket: a settlement of the user finds the user's authorisations beside the user.
authorisation = sa.Table(
    "authorisation",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("sharer_id", sa.BigInteger, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("relation", sa.Text, nullable=False),
    sa.Column("procedure", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("exclusive", sa.Boolean, nullable=False),
    sa.Column("purposes", sa.ARRAY(sa.Text), nullable=False),
    fen_column("limit_total", nullable=True),
    fen_column("limit_month", nullable=True),
    sa.Column("rank", sa.SmallInteger, nullable=False, server_default="1"),
    sa.Column("in_force", TSTZRANGE),
    sa.Column("end_reason", sa.Text),
    moment_column("made_at"),
    sa.Column("pack_digest", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.CheckConstraint("bucket = user_id & 1023 AND bucket = id & 1023", name="bucket_of_user"),
    sa.CheckConstraint("user_id <> sharer_id", name="two_people"),
    sa.CheckConstraint("procedure IN ('review', 'commitment')", name="procedure_known"),
    sa.CheckConstraint("state IN (" + ", ".join(f"'{s}'" for s in AUTHORISATION_STATES) + ")", name="state_known"),
    sa.CheckConstraint(
        "(state IN ('active', 'paused', 'ended')) = (in_force IS NOT NULL)", name="in_force_once_active"
    ),
    sa.CheckConstraint(
        "(state IN ('active', 'paused')) = (in_force IS NOT NULL AND upper_inf(in_force))", name="open_while_active"
    ),
    sa.CheckConstraint("limit_total >= 0 AND limit_month >= 0", name="limits_not_negative"),
    # "One sharer per user at a time" (Shandong): the database refuses the second, however two attempts race.
    ExcludeConstraint(
        ("bucket", "="),
        ("user_id", "="),
        ("in_force", "&&"),
        name="authorisation_one_sharer_at_a_time",
        using="gist",
        where=sa.text("exclusive AND in_force IS NOT NULL"),
    ),
    ExcludeConstraint(
        ("bucket", "="),
        ("user_id", "="),
        ("sharer_id", "="),
        ("in_force", "&&"),
        name="authorisation_once_per_pair",
        using="gist",
        where=sa.text("in_force IS NOT NULL"),
    ),
    sa.Index(None, "sharer_id"),
    sa.Index(None, "bucket", "user_id"),
    sa.Index("authorisation_review_queue", "region", postgresql_where=sa.text("state = 'under_review'")),
)

authorisation_event = sa.Table(
    "authorisation_event",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("authorisation_id", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("details", JSONB, nullable=False, server_default="{}"),
    moment_column("at"),
    sa.Index(None, "authorisation_id"),
)

#: Documents that prove a relation; `pages` names their pictures among the stored files. A returned item waits for its replacement.
evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("authorisation_id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("pages", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="handed_in"),
    sa.Column("note", sa.Text),
    moment_column("handed_in_at"),
    sa.Index(None, "authorisation_id"),
    sa.CheckConstraint("state IN ('handed_in', 'returned', 'replaced', 'accepted')", name="state_known"),
    sa.CheckConstraint("cardinality(pages) > 0", name="has_pages"),
)

#: What has been shared under an authorisation: in all, and a month at a time (period '2026-11').
authorisation_usage = sa.Table(
    "authorisation_usage",
    metadata,
    bucket_column(),
    sa.Column("authorisation_id", sa.BigInteger, nullable=False),
    sa.Column("period", sa.Text, nullable=False),
    fen_column("used"),
    moment_column("last_used_at"),
    sa.PrimaryKeyConstraint("bucket", "authorisation_id", "period"),
    sa.CheckConstraint("used >= 0", name="not_negative"),
)
