"""The table of e-credentials: codes that a citizen's phone shows, and the tokens that they are read into."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.foundation.schema import metadata, moment_column

e_credential = sa.Table(
    "e_credential",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("institution_id", sa.Integer),
    sa.Column("used_for", sa.Text),
    moment_column("made_at"),
    moment_column("expires_at"),
    moment_column("used_at", nullable=True),
    sa.CheckConstraint("kind IN ('show', 'pay', 'token')", name="kind_known"),
    sa.CheckConstraint("expires_at > made_at", name="expires_later"),
    sa.CheckConstraint("kind <> 'token' OR institution_id IS NOT NULL", name="token_is_an_institutions"),
    sa.CheckConstraint(
        "kind = 'token' OR (used_at IS NULL) = (used_for IS NULL) AND (used_at IS NULL) = (institution_id IS NULL)",
        name="used_by_somebody",
    ),
    sa.Index(None, "expires_at"),
    comment="digest: keyed index of the code; institution_id: who read or used it; used_for: the message or order",
)
