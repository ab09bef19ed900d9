"""Which accounts have seen the end of which year: what came from a current account before it is historical now."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.foundation.schema import bucket_column, fen_column, metadata, moment_column

#: Never changed. Whose current account became historical at the end of which year; once a year, also when it was empty.
#: `turned_at`: from when on the current account holds the new year's money. That is when it was turned, or the beginning
#: of the new year where the account had nothing of the years before.
year_turn = sa.Table(
    "year_turn",
    metadata,
    bucket_column(),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("year", sa.SmallInteger, nullable=False),
    fen_column("carried"),
    sa.Column("journal_id", sa.BigInteger),
    moment_column("turned_at"),
    sa.PrimaryKeyConstraint("bucket", "person_id", "year"),
    sa.CheckConstraint("bucket = person_id & 1023", name="bucket_of_person"),
    sa.CheckConstraint("carried >= 0 AND (carried > 0) = (journal_id IS NOT NULL)", name="carried_by_a_journal"),
)
