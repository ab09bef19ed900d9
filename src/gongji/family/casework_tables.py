"""Tables of the officers' work on cases: who has one in charge, what was decided and waits, who an officer is."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.foundation.schema import metadata, moment_column

#: One officer has a case at a time.
review_claim = sa.Table(
    "review_claim",
    metadata,
    sa.Column("authorisation_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("holder", sa.Text, nullable=False),
    moment_column("claimed_at"),
    sa.Index(None, "holder"),
)

#: A decision that was made and is not carried out: it waits for a second officer, or for the end of the time in which it
#: can be taken back, or it could not be carried out and the case is to be decided again.
review_decision = sa.Table(
    "review_decision",
    metadata,
    sa.Column("authorisation_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("item", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("note", sa.Text),
    sa.Column("holder", sa.Text, nullable=False),
    moment_column("decided_at"),
    sa.Column("second", sa.Text),
    moment_column("due_at", nullable=True),
    sa.Column("failed", sa.Text),
    sa.Column("failed_zh", sa.Text),
    sa.Column("failed_en", sa.Text),
    sa.CheckConstraint("decision IN ('approve', 'return', 'refuse')", name="decision_known"),
    sa.CheckConstraint("second <> holder", name="two_officers"),
    sa.CheckConstraint("(failed IS NULL) = (failed_zh IS NULL)", name="failed_in_words"),
    sa.CheckConstraint("(failed IS NULL) = (failed_en IS NULL)", name="failed_in_both_languages"),
    sa.Index("review_decision_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    comment="second: the officer who agreed; due_at: from when it is carried out, none while a second officer is waited for",
)

#: Never changed: what officers did with a case beside the decisions that its own history holds.
review_step = sa.Table(
    "review_step",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("authorisation_id", sa.BigInteger, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    moment_column("at"),
    sa.CheckConstraint(
        "step IN ('claim', 'release', 'decide', 'take_back', 'agree', 'disagree', 'failed')", name="step_known"
    ),
    sa.Index(None, "authorisation_id"),
)

#: Which insured person an officer is, so that nobody decides for themself or a relative.
officer_identity = sa.Table(
    "officer_identity",
    metadata,
    sa.Column("holder", sa.Text, primary_key=True),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    moment_column("known_since"),
)
