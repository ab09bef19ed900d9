"""Requests to share that are under way, accounts that may not be shared for a time, messages to phones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

_MOMENT = sa.TIMESTAMP(timezone=True)


def create() -> None:
    """Create the tables of `gongji.family.tables` and `gongji.foundation.outbox` that came with the pages."""
    op.create_table(
        "binding_application",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sharer_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("relation", sa.Text(), nullable=True),
        sa.Column("certificate_kind", sa.Text(), nullable=True),
        sa.Column("certificate_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("limit_month", sa.BigInteger(), nullable=True),
        sa.Column("purposes", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("consent_way", sa.Text(), nullable=True),
        sa.Column("consent_phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("consent_code_digest", sa.LargeBinary(), nullable=True),
        sa.Column("consent_code_until", _MOMENT, nullable=True),
        sa.Column("consent_by", sa.Text(), nullable=True),
        sa.Column("consent_at", _MOMENT, nullable=True),
        sa.Column("authorisation_id", sa.BigInteger(), nullable=True),
        sa.Column("finish_by", sa.Date(), nullable=True),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'waiting_consent', 'sent', 'declined', 'withdrawn')",
            name=op.f("binding_application_state_known"),
        ),
        sa.CheckConstraint(
            "(state = 'sent') = (authorisation_id IS NOT NULL)",
            name=op.f("binding_application_sent_has_an_authorisation"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'withdrawn') OR user_id IS NOT NULL",
            name=op.f("binding_application_sent_names_somebody"),
        ),
        sa.CheckConstraint(
            "(consent_at IS NULL) = (consent_by IS NULL)", name=op.f("binding_application_consent_is_somebodys")
        ),
        sa.CheckConstraint("limit_month >= 0", name=op.f("binding_application_limit_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("binding_application_pkey")),
    )
    table = "binding_application"
    draft, waiting = sa.text("state = 'draft'"), sa.text("state = 'waiting_consent'")
    op.create_index("binding_application_one_draft", table, ["sharer_id"], unique=True, postgresql_where=draft)
    op.create_index("binding_application_waiting", table, ["user_id"], postgresql_where=waiting)
    op.create_index(op.f("binding_application_sharer_id_idx"), table, ["sharer_id"])
    op.create_index(op.f("binding_application_authorisation_id_idx"), table, ["authorisation_id"])
    op.create_table(
        "account_freeze",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("account_freeze_pkey")),
    )
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("outbox_message_pkey")),
    )
    unsent = sa.text("sent_at IS NULL")
    op.create_index("outbox_message_waiting", "outbox_message", ["id"], postgresql_where=unsent)
