"""Tables of the pots: what a sharer has allotted, in parts, and every move of a part."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.foundation.schema import bucket_column, fen_column, metadata, moment_column

#: What is left of each part, by where it came from; together it is the balance of the sharer's pot.
pot_part = sa.Table(
    "pot_part",
    metadata,
    bucket_column(),
    sa.Column("sharer_id", sa.BigInteger, nullable=False),
    sa.Column("part", sa.BigInteger, nullable=False),
    fen_column("historical"),
    fen_column("current"),
    sa.Column("year", sa.SmallInteger, nullable=False),
    sa.Column("ends_with_year", sa.Boolean, nullable=False),
    sa.PrimaryKeyConstraint("bucket", "sharer_id", "part"),
    sa.CheckConstraint("bucket = sharer_id & 1023", name="bucket_of_sharer"),
    sa.CheckConstraint("part >= 0", name="part_known"),
    sa.CheckConstraint("historical >= 0 AND current >= 0", name="not_negative"),
    comment="part: the authorisation that it is for, 0 for all relatives; historical, current: fen by the account that they"
    " came from; year: of the last allotment; ends_with_year: whether what is left goes back at the turn of that year",
)

#: Never changed. How a journal moved a part; fen below zero left it.
pot_move = sa.Table(
    "pot_move",
    metadata,
    bucket_column(),
    sa.Column("sharer_id", sa.BigInteger, nullable=False),
    sa.Column("journal_id", sa.BigInteger, nullable=False),
    sa.Column("part", sa.BigInteger, nullable=False),
    fen_column("historical"),
    fen_column("current"),
    moment_column("at"),
    sa.PrimaryKeyConstraint("bucket", "sharer_id", "journal_id", "part"),
    sa.CheckConstraint("bucket = sharer_id & 1023", name="bucket_of_sharer"),
    sa.CheckConstraint("historical <> 0 OR current <> 0", name="moves_something"),
    comment="journal_id: may lie in another bucket, with the patient; at the turn of a year a part's current fen become"
    " historical, which no transfer shows",
)
