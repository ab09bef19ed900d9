"""Sessions, log-ins under way, accounts that came in, and counted tries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Create the tables of `gongji.foundation.sessions`, `log_ins` and `limits`."""
    op.create_table(
        "web_session",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("duties", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("mandate_id", sa.BigInteger(), nullable=True),
        sa.Column("began_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('citizen', 'officer')", name=op.f("web_session_role_known")),
        sa.CheckConstraint(
            "(role = 'citizen') = (person_id IS NOT NULL)", name=op.f("web_session_citizen_is_a_person")
        ),
        sa.CheckConstraint("(role = 'officer') = (region IS NOT NULL)", name=op.f("web_session_officer_has_a_region")),
        sa.CheckConstraint("mandate_id IS NULL OR role = 'citizen'", name=op.f("web_session_citizens_act_for_others")),
        sa.PrimaryKeyConstraint("digest", name=op.f("web_session_pkey")),
        comment="mandate_id: on behalf of whom the pages are being used, if of somebody else",
    )
    op.create_index(op.f("web_session_expires_at_idx"), "web_session", ["expires_at"])
    op.create_table(
        "attempt_count",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("whose", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("until", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("count > 0", name=op.f("attempt_count_some")),
        sa.PrimaryKeyConstraint("what", "whose", name=op.f("attempt_count_pkey")),
    )
    op.create_index(op.f("attempt_count_until_idx"), "attempt_count", ["until"])
    op.create_table(
        "log_in_attempt",
        sa.Column("state_digest", sa.LargeBinary(), nullable=False),
        sa.Column("browser_digest", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("back", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('citizen', 'officer')", name=op.f("log_in_attempt_role_known")),
        sa.PrimaryKeyConstraint("state_digest", name=op.f("log_in_attempt_pkey")),
    )
    op.create_index(op.f("log_in_attempt_expires_at_idx"), "log_in_attempt", ["expires_at"])
    op.create_table(
        "account_seen",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("duties", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("first_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('citizen', 'officer')", name=op.f("account_seen_role_known")),
        sa.PrimaryKeyConstraint("issuer", "subject", "role", name=op.f("account_seen_pkey")),
    )
