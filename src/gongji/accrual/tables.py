"""Tables of personal accounts over the years: monthly credits and closed accounts (`year_turn` is the ledger's)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from gongji.foundation.schema import bucket_column, fen_column, metadata, moment_column

#: Never changed. A month is credited once to a person for each kind; the row is written with its journal. The round counts
#: the credits of that month and kind that were taken back: only then can it be credited once more.
account_credit = sa.Table(
    "account_credit",
    metadata,
    bucket_column(),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("month", sa.Date, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("round", sa.SmallInteger, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    fen_column("base", nullable=True),
    fen_column("amount"),
    sa.Column("journal_id", sa.BigInteger, nullable=False),
    moment_column("posted_at"),
    sa.PrimaryKeyConstraint("bucket", "person_id", "month", "kind", "round"),
    sa.CheckConstraint("bucket = person_id & 1023 AND bucket = journal_id & 1023", name="bucket_of_person"),
    sa.CheckConstraint("kind IN ('employer', 'flexible', 'retired')", name="kind_known"),
    sa.CheckConstraint("amount > 0 AND base > 0", name="amounts"),
    sa.CheckConstraint("extract(day FROM month) = 1", name="month_by_its_first_day"),
)

#: Never changed. A wrong credit taken back (step 0), and what was collected later of the rest that was spent by then.
credit_taking = sa.Table(
    "credit_taking",
    metadata,
    bucket_column(),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("month", sa.Date, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("round", sa.SmallInteger, nullable=False),
    sa.Column("step", sa.SmallInteger, nullable=False),
    fen_column("amount"),
    fen_column("owed"),
    sa.Column("journal_id", sa.BigInteger, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("request_digest", sa.LargeBinary, nullable=False),
    moment_column("at"),
    sa.PrimaryKeyConstraint("bucket", "person_id", "month", "kind", "round", "step"),
    sa.ForeignKeyConstraint(
        ["bucket", "person_id", "month", "kind", "round"],
        [f"account_credit.{name}" for name in ("bucket", "person_id", "month", "kind", "round")],
        name="of_a_credit",
    ),
    sa.CheckConstraint("bucket = person_id & 1023 AND bucket = journal_id & 1023", name="bucket_of_person"),
    sa.CheckConstraint("step >= 0 AND amount >= 0 AND owed >= 0 AND (step = 0 OR amount > 0)", name="amounts"),
    sa.Index("credit_taking_reference", "bucket", "person_id", "reference", "month", "kind", "round", unique=True),
    comment="amount: fen that left the personal accounts in this step; owed: fen that are still to be collected after it",
)

#: Never changed. An account that was closed and paid out, or that took over money from another region.
account_closing = sa.Table(
    "account_closing",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("other_region", sa.Text),
    fen_column("amount"),
    fen_column("held"),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("request_digest", sa.LargeBinary, nullable=False),
    sa.Column("shares", JSONB, nullable=False, server_default="{}"),
    sa.Column("authorisations", sa.Integer, nullable=False),
    moment_column("at"),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.CheckConstraint("bucket = id & 1023 AND bucket = person_id & 1023", name="bucket_of_person"),
    sa.CheckConstraint("kind IN ('death', 'transfer_out', 'transfer_in')", name="kind_known"),
    sa.CheckConstraint("(kind = 'death') = (other_region IS NULL)", name="transfer_names_the_other_region"),
    sa.CheckConstraint("amount >= 0 AND held >= 0", name="amounts"),
    sa.Index("account_closing_reference", "bucket", "person_id", "kind", "reference", unique=True),
    comment="shares: fen by the id of the person who is owed them; held: what open holds keep",
)

#: Never changed. The closing at a death that was recorded by mistake, taken back once.
closing_undo = sa.Table(
    "closing_undo",
    metadata,
    bucket_column(),
    sa.Column("closing_id", sa.BigInteger, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("journal_id", sa.BigInteger, nullable=False),
    fen_column("amount"),
    fen_column("returned"),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("request_digest", sa.LargeBinary, nullable=False),
    moment_column("at"),
    sa.PrimaryKeyConstraint("bucket", "closing_id"),
    sa.ForeignKeyConstraint(
        ["bucket", "closing_id"], ["account_closing.bucket", "account_closing.id"], name="of_a_closing"
    ),
    sa.CheckConstraint("bucket = person_id & 1023 AND bucket = journal_id & 1023", name="bucket_of_person"),
    sa.CheckConstraint("amount >= 0 AND returned >= 0", name="amounts"),
    sa.Index("closing_undo_reference", "bucket", "person_id", "reference", unique=True),
    comment="amount: what the heirs were to get; returned: what came back to the account while it was closed",
)
