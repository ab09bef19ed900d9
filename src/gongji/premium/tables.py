"""Tables of premiums: orders beside the payer's money, and who holds which person's coverage year."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.foundation.schema import bucket_column, fen_column, metadata, moment_column

ORDER_STATES = ("placing", "booking", "booked", "rejected", "expired", "sent_back")

#: Lies in the sharer's bucket, where its hold lies.
premium_order = sa.Table(
    "premium_order",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("sharer_id", sa.BigInteger, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("authorisation_id", sa.BigInteger, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("year", sa.SmallInteger, nullable=False),
    fen_column("amount"),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("hold_id", sa.BigInteger),
    moment_column("made_at"),
    moment_column("deadline"),
    moment_column("answered_at", nullable=True),
    sa.Column("voucher", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("refund_journal_id", sa.BigInteger),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.UniqueConstraint("bucket", "sharer_id", "key"),
    sa.CheckConstraint("bucket = id & 1023 AND bucket = sharer_id & 1023", name="bucket_of_sharer"),
    sa.CheckConstraint("sharer_id <> person_id", name="two_people"),
    sa.CheckConstraint("amount > 0", name="amount_above_zero"),
    sa.CheckConstraint("deadline > made_at", name="deadline_later"),
    sa.CheckConstraint("state IN (" + ", ".join(f"'{s}'" for s in ORDER_STATES) + ")", name="state_known"),
    sa.CheckConstraint("(state = 'placing') = (hold_id IS NULL)", name="placed_with_a_hold"),
    sa.CheckConstraint("state NOT IN ('booked', 'sent_back') OR voucher IS NOT NULL", name="booked_with_a_voucher"),
    sa.CheckConstraint("state NOT IN ('rejected', 'sent_back') OR reason IS NOT NULL", name="ended_with_a_reason"),
    sa.CheckConstraint("(state = 'sent_back') = (refund_journal_id IS NOT NULL)", name="sent_back_with_a_journal"),
    sa.Index("premium_order_open", "region", "deadline", postgresql_where=sa.text("state IN ('placing', 'booking')")),
    sa.Index(None, "region", "made_at"),
    comment="rule: the pack's value that set the amount; voucher or reason while still 'booking': an answer in hand",
)

#: A coverage year that is ordered or paid: one row, so the second of two orders is refused however they race.
premium_year = sa.Table(
    "premium_year",
    metadata,
    bucket_column(),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("year", sa.SmallInteger, nullable=False),
    sa.Column("order_id", sa.BigInteger),
    sa.Column("paid", sa.Boolean, nullable=False),
    sa.Column("voucher", sa.Text),
    sa.Column("enrolled", sa.Boolean, nullable=False, server_default=sa.false()),
    moment_column("since"),
    sa.PrimaryKeyConstraint("bucket", "person_id", "year"),
    sa.CheckConstraint("bucket = person_id & 1023", name="bucket_of_person"),
    sa.CheckConstraint("paid = (voucher IS NOT NULL)", name="paid_with_a_voucher"),
    sa.CheckConstraint("paid OR order_id IS NOT NULL", name="ordered_by_an_order"),
    sa.CheckConstraint("NOT enrolled OR paid", name="enrolled_once_paid"),
    comment="without order: paid outside the platform, as the tax office told; enrolled: whether paying entered an enrolment",
)
