"""Inboxes, what people want on their phones, who is called, and papers that can be verified."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

_MOMENT = sa.TIMESTAMP(timezone=True)


def create() -> None:
    """Create the tables of `gongji.foundation.inbox`, `deliveries` and `issued`, and how far the books were told of."""
    _inbox()
    _papers()
    op.create_table(
        "message_preference",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("topics", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("asked_phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("code_digest", sa.LargeBinary(), nullable=True),
        sa.Column("code_until", _MOMENT, nullable=True),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "(asked_phone_sealed IS NULL) = (code_digest IS NULL) AND (code_digest IS NULL) = (code_until IS NULL)",
            name=op.f("message_preference_asked_with_a_code"),
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("message_preference_pkey")),
        comment="phone_sealed: the number whose owner read us its code; asked_phone_sealed: one that waits for that",
    )
    op.create_table(
        "message_subscriber",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("topics", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("message_subscriber_pkey")),
    )
    serving = sa.text("ended_at IS NULL")
    op.create_index("message_subscriber_name", "message_subscriber", ["name"], unique=True, postgresql_where=serving)
    _deliveries()
    op.create_table(
        "told_through",
        sa.Column("poster_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("block > 0", name=op.f("told_through_block_positive")),
        sa.PrimaryKeyConstraint("poster_id", name=op.f("told_through_pkey")),
    )
    op.create_table(
        "logged_text",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("logged_text_pkey")),
    )


def _papers() -> None:
    op.create_table(
        "issued_document",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("first_issued_at", _MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('statement', 'receipt')", name=op.f("issued_document_kind_known")),
        sa.PrimaryKeyConstraint("code", name=op.f("issued_document_pkey")),
    )


def _inbox() -> None:
    op.create_table(
        "inbox_message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("about", sa.Text(), server_default="", nullable=False),
        sa.Column("once", sa.Text(), nullable=True),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("read_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("inbox_message_pkey")),
        sa.UniqueConstraint("person_id", "kind", "once", name=op.f("inbox_message_person_id_kind_once_key")),
        comment="kind: topic.what.side; about: the page that it leads to, below the citizen's; once: what it must not tell twice",
    )
    op.create_index(op.f("inbox_message_person_id_id_idx"), "inbox_message", ["person_id", "id"])
    unread = sa.text("read_at IS NULL")
    op.create_index("inbox_message_unread", "inbox_message", ["person_id"], postgresql_where=unread)


def _deliveries() -> None:
    op.create_table(
        "message_delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("subscriber_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_tried_at", _MOMENT, nullable=True),
        sa.Column("sent_at", _MOMENT, nullable=True),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("channel IN ('sms', 'webhook')", name=op.f("message_delivery_channel_known")),
        sa.CheckConstraint(
            "(channel = 'webhook') = (subscriber_id > 0)", name=op.f("message_delivery_webhook_has_a_subscriber")
        ),
        sa.CheckConstraint("sent_at IS NULL OR due_at IS NULL", name=op.f("message_delivery_sent_is_not_due")),
        sa.PrimaryKeyConstraint("id", name=op.f("message_delivery_pkey")),
        sa.UniqueConstraint(
            "message_id",
            "channel",
            "subscriber_id",
            name=op.f("message_delivery_message_id_channel_subscriber_id_key"),
        ),
        comment="subscriber_id: 0 for a phone; neither due nor sent: given up",
    )
    due, failed = sa.text("due_at IS NOT NULL"), sa.text("due_at IS NULL AND sent_at IS NULL")
    op.create_index("message_delivery_due", "message_delivery", ["due_at"], postgresql_where=due)
    op.create_index("message_delivery_failed", "message_delivery", ["id"], postgresql_where=failed)
