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
    fen_column("kept", server_default="0"),
    sa.Column("unbind_after_days", sa.SmallInteger),
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
    sa.CheckConstraint("limit_total >= 0 AND limit_month >= 0 AND kept >= 0", name="limits_not_negative"),
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
    # Every settlement asks who shares with its patient.
    sa.Index(
        "authorisation_open",
        "bucket",
        "user_id",
        postgresql_include=["sharer_id"],
        postgresql_where=sa.text("upper_inf(in_force)"),
    ),
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

#: A request to share from its first answer on, so that it can be gone on with on another day or another phone. What was
#: typed is sealed; once it is sent, `authorisation_id` leads to what came of it.
binding_application = sa.Table(
    "binding_application",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("sharer_id", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="draft"),
    sa.Column("relation", sa.Text),
    sa.Column("certificate_kind", sa.Text),
    sa.Column("certificate_sealed", sa.LargeBinary),
    sa.Column("name_sealed", sa.LargeBinary),
    sa.Column("user_id", sa.BigInteger),
    fen_column("limit_month", nullable=True),
    sa.Column("purposes", sa.ARRAY(sa.Text)),
    sa.Column("consent_way", sa.Text),
    sa.Column("consent_phone_sealed", sa.LargeBinary),
    sa.Column("consent_code_digest", sa.LargeBinary),
    moment_column("consent_code_until", nullable=True),
    sa.Column("consent_by", sa.Text),
    moment_column("consent_at", nullable=True),
    sa.Column("authorisation_id", sa.BigInteger),
    sa.Column("finish_by", sa.Date),
    moment_column("made_at"),
    moment_column("changed_at"),
    moment_column("sent_at", nullable=True),
    sa.CheckConstraint("state IN ('draft', 'waiting_consent', 'sent', 'declined', 'withdrawn')", name="state_known"),
    sa.CheckConstraint("(state = 'sent') = (authorisation_id IS NOT NULL)", name="sent_has_an_authorisation"),
    sa.CheckConstraint("state IN ('draft', 'withdrawn') OR user_id IS NOT NULL", name="sent_names_somebody"),
    sa.CheckConstraint("(consent_at IS NULL) = (consent_by IS NULL)", name="consent_is_somebodys"),
    sa.CheckConstraint("limit_month >= 0", name="limit_not_negative"),
    sa.Index("binding_application_one_draft", "sharer_id", unique=True, postgresql_where=sa.text("state = 'draft'")),
    sa.Index("binding_application_waiting", "user_id", postgresql_where=sa.text("state = 'waiting_consent'")),
    sa.Index(None, "sharer_id"),
    sa.Index(None, "authorisation_id"),
)

#: Freezes of personal accounts: asked for, agreed to by a second officer where the reason accuses somebody, lifted again.
account_freeze = sa.Table(
    "account_freeze",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("until", sa.Date),
    sa.Column("stands_until", sa.Date, nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
    moment_column("asked_at"),
    sa.Column("agreed_by", sa.Text),
    moment_column("agreed_at", nullable=True),
    sa.Column("lift_reason", sa.Text),
    sa.Column("lift_asked_by", sa.Text),
    moment_column("lift_asked_at", nullable=True),
    sa.Column("ending", sa.Text),
    sa.Column("ended_by", sa.Text),
    moment_column("ended_at", nullable=True),
    sa.CheckConstraint(
        "reason IN ('holder_asked', 'identity_check', 'death_check', 'credit_check', 'misuse_check', 'decision')",
        name="reason_known",
    ),
    sa.CheckConstraint("reason <> 'decision' OR until IS NOT NULL", name="decision_names_a_day"),
    sa.CheckConstraint("agreed_by <> asked_by", name="two_officers_freeze"),
    sa.CheckConstraint(
        "reason IN ('misuse_check', 'decision') OR (agreed_by IS NULL AND stands_until = coalesce(until, '9999-12-31'))",
        name="others_stand_at_once",
    ),
    sa.CheckConstraint("(agreed_by IS NULL) = (agreed_at IS NULL)", name="agreement_is_somebodys"),
    sa.CheckConstraint(
        "(lift_asked_by IS NULL) = (lift_asked_at IS NULL) AND (lift_asked_by IS NULL) = (lift_reason IS NULL)",
        name="lifting_is_somebodys",
    ),
    sa.CheckConstraint(
        "reason NOT IN ('misuse_check', 'decision') OR ending IS DISTINCT FROM 'lifted' OR ended_by <> lift_asked_by",
        name="two_officers_lift",
    ),
    sa.CheckConstraint("ending IN ('lifted', 'not_agreed', 'over')", name="ending_known"),
    sa.CheckConstraint(
        "(ending IS NULL) = (ended_at IS NULL) AND (ended_by IS NULL) = (ending IS NULL OR ending = 'over')",
        name="ending_is_somebodys",
    ),
    sa.Index("account_freeze_open", "person_id", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
    sa.Index(None, "region", "id"),
    comment="stands_until: while a second officer is waited for some working days, then until; 9999-12-31: no day is named",
)

#: Leave that an elder gives somebody to use the pages for them. Never changed but to be ended.
mandate = sa.Table(
    "mandate",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("helper_id", sa.BigInteger, nullable=False),
    sa.Column("elder_id", sa.BigInteger, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("until", sa.Date, nullable=False),
    sa.Column("given_by", sa.Text, nullable=False),
    moment_column("given_at"),
    moment_column("ended_at", nullable=True),
    sa.CheckConstraint("helper_id <> elder_id", name="two_people"),
    sa.CheckConstraint("scope IN ('look', 'act')", name="scope_known"),
    sa.Index("mandate_open", "elder_id", "helper_id", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
    sa.Index(None, "helper_id"),
    comment="given_by: elder (in their own log-in), or the officer who took it down at the counter",
)

#: What was opened and done under a mandate: the elder reads it. Rows are only ever added.
mandate_act = sa.Table(
    "mandate_act",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("mandate_id", sa.BigInteger, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("page", sa.Text, nullable=False),
    moment_column("at"),
    sa.Index(None, "mandate_id"),
)

#: Clerks at the window who used the pages for somebody beside them. Never changed but to be ended; what they did stands in
#: the audit.
assistance = sa.Table(
    "assistance",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("way", sa.Text, nullable=False),
    sa.Column("paper", sa.Text),
    moment_column("began_at"),
    moment_column("until"),
    moment_column("ended_at", nullable=True),
    sa.CheckConstraint("way IN ('card', 'code')", name="way_known"),
    sa.CheckConstraint("(way = 'card') = (paper IS NOT NULL)", name="card_has_a_paper"),
    sa.CheckConstraint("until > began_at AND until <= began_at + interval '1 hour'", name="ends_by_itself"),
    sa.Index("assistance_open", "holder", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
    sa.Index(None, "person_id", "id"),
    comment="way: card (ID card and a signed paper, whose number is kept) or code (the person's own e-credential)",
)
