"""Tables of oversight: disputes."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.foundation.schema import metadata, moment_column

#: Somebody says that a settlement is wrong; the agency answers. One at a time for a person and a settlement.
dispute = sa.Table(
    "dispute",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("settlement_id", sa.BigInteger, nullable=False),
    sa.Column("setl_id", sa.Text, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("authorisation_id", sa.BigInteger),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("ground", sa.Text, nullable=False),
    sa.Column("words", sa.Text),
    moment_column("opened_at"),
    sa.Column("outcome", sa.Text),
    sa.Column("answer", sa.Text),
    sa.Column("holder", sa.Text),
    moment_column("answered_at", nullable=True),
    sa.CheckConstraint("ground IN ('not_mine', 'amount', 'twice', 'other')", name="ground_known"),
    sa.CheckConstraint("outcome IN ('correct', 'to_reverse', 'misuse')", name="outcome_known"),
    sa.CheckConstraint(
        "(outcome IS NULL) = (answered_at IS NULL) AND (outcome IS NULL) = (holder IS NULL)"
        " AND (outcome IS NULL) = (answer IS NULL)",
        name="answered_whole",
    ),
    sa.Index("dispute_open", "settlement_id", "person_id", unique=True, postgresql_where=sa.text("outcome IS NULL")),
    sa.Index(None, "person_id"),
    sa.Index("dispute_waiting", "region", "opened_at", postgresql_where=sa.text("outcome IS NULL")),
    comment="setl_id: the settlement's number on the wire; authorisation_id: the sharing that was paused with it, if any",
)
