"""Tables of the ledger: bounded accounts with their balance, journals, transfers, and the chain of blocks."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from gongji.foundation.schema import bucket_column, by_month, fen_column, metadata, moment_column

#: Bounded accounts only; open accounts keep no running balance, their id says who holds them.
account = sa.Table(
    "account",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("holder", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.SmallInteger, nullable=False),
    fen_column("balance"),
    moment_column("closed_at", nullable=True),
    sa.Column("frozen_until", sa.Date),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.CheckConstraint("bucket = id & 1023", name="bucket_in_id"),
    sa.CheckConstraint("kind = (id >> 10) & 255", name="kind_in_id"),
    sa.CheckConstraint("balance >= 0", name="balance_not_negative"),
    sa.CheckConstraint("closed_at IS NULL OR balance = 0", name="closed_is_empty"),
    # Only the balance changes: room on the page keeps updates away from the index.
    postgresql_with={"fillfactor": "60"},
    comment="frozen_until: the last day on which an agency lets nothing be paid from it; 9999-12-31 while none is named",
)

poster = sa.Table(
    "poster",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("process", sa.Integer, nullable=False),
    moment_column("started_at"),
)

#: One block a commit: which journals it posted, and the hash over the block before and over all of them.
block = sa.Table(
    "block",
    metadata,
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("poster_id", sa.BigInteger, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("journals", sa.ARRAY(sa.BigInteger), nullable=False),
    sa.Column("transfers", sa.Integer, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    # The poster first, so that a chain is read in its order and continued where it was left.
    sa.PrimaryKeyConstraint("poster_id", "number", "id"),
    sa.CheckConstraint("number > 0 AND cardinality(journals) > 0 AND transfers >= 0", name="counts"),
    comment="id: that of its first journal, so that a block lies in the month of what it posted",
    **by_month("id"),
)

journal = sa.Table(
    "journal",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("reverses", sa.BigInteger),
    moment_column("posted_at"),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.CheckConstraint("bucket = id & 1023", name="bucket_in_id"),
    sa.CheckConstraint("(kind IN ('reversal', 'undo')) = (reverses IS NOT NULL)", name="reversal_names_original"),
    **by_month("id"),
)

#: What was taken back, once: a key over all months, which the partitioned journals cannot have. The round counts the
#: reversals that were themselves undone: only after an undo can the same journal be taken back once more.
reversal = sa.Table(
    "reversal",
    metadata,
    bucket_column(),
    sa.Column("journal_id", sa.BigInteger, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("reversed_by", sa.BigInteger, nullable=False),
    sa.Column("undo", sa.Boolean, nullable=False),
    sa.PrimaryKeyConstraint("bucket", "journal_id", "round"),
    sa.CheckConstraint("bucket = journal_id & 1023 AND bucket = reversed_by & 1023", name="bucket_in_id"),
)

#: The condition that a reversal ``r`` stands: it was not undone itself.
STANDS: Final = "NOT EXISTS (SELECT FROM reversal u WHERE u.bucket = r.bucket AND u.journal_id = r.reversed_by)"

#: A positive amount from one account to another, in the bucket of its bounded side (the payer's, or who is credited).
transfer = sa.Table(
    "transfer",
    metadata,
    bucket_column(),
    sa.Column("journal_id", sa.BigInteger, nullable=False),
    sa.Column("leg", sa.SmallInteger, nullable=False),
    sa.Column("debit", sa.BigInteger, nullable=False),
    sa.Column("credit", sa.BigInteger, nullable=False),
    fen_column("amount"),
    sa.Column("authorisation_id", sa.BigInteger),
    moment_column("posted_at"),
    # The journal first, so that a reversal finds the legs in whatever buckets they lie.
    sa.PrimaryKeyConstraint("journal_id", "leg", "bucket"),
    sa.CheckConstraint("amount > 0", name="amount_positive"),
    sa.CheckConstraint("debit <> credit", name="two_accounts"),
    # Statements are asked of accounts that somebody holds; open ones (kinds above 6) have their rollups.
    sa.Index("transfer_debit", "bucket", "debit", postgresql_where=sa.text("((debit >> 10) & 255) <= 6")),
    sa.Index("transfer_credit", "bucket", "credit", postgresql_where=sa.text("((credit >> 10) & 255) <= 6")),
    **by_month("journal_id"),
)

#: An account takes what stood in it before once.
opening = sa.Table(
    "opening",
    metadata,
    bucket_column(),
    sa.Column("account_id", sa.BigInteger, nullable=False),
    sa.Column("journal_id", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("bucket", "account_id"),
    sa.CheckConstraint("bucket = account_id & 1023 AND bucket = journal_id & 1023", name="bucket_in_id"),
)

#: Each verification goes over the chains on its own and has marks of its own.
verified_block = sa.Table(
    "verified_block",
    metadata,
    sa.Column("verification", sa.Text, primary_key=True),
    sa.Column("poster_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    moment_column("verified_at"),
    sa.CheckConstraint("verification IN ('full', 'recent')", name="verification_known"),
    sa.CheckConstraint("number > 0", name="number_positive"),
)

#: What was found; a finding stays until an operator has looked into it and takes it away.
verification_finding = sa.Table(
    "verification_finding",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    moment_column("found_at"),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.UniqueConstraint("topic", "what"),
)
