"""What was taken back of personal accounts: wrong credits, with what was collected later, and wrongly recorded deaths."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gongji.migrations.first.history import keep_as_history

_CREDIT = ("bucket", "person_id", "month", "kind", "round")


def create() -> None:
    """Create the tables."""
    op.create_table(
        "credit_taking",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            _CREDIT, [f"account_credit.{name}" for name in _CREDIT], name=op.f("credit_taking_of_a_credit")
        ),
        sa.CheckConstraint(
            "bucket = person_id & 1023 AND bucket = journal_id & 1023", name=op.f("credit_taking_bucket_of_person")
        ),
        sa.CheckConstraint(
            "step >= 0 AND amount >= 0 AND owed >= 0 AND (step = 0 OR amount > 0)", name=op.f("credit_taking_amounts")
        ),
        sa.PrimaryKeyConstraint(*_CREDIT, "step", name=op.f("credit_taking_pkey")),
        comment="amount: fen that left the personal accounts in this step;"
        " owed: fen that are still to be collected after it",
    )
    op.create_index(
        "credit_taking_reference",
        "credit_taking",
        ["bucket", "person_id", "reference", "month", "kind", "round"],
        unique=True,
    )
    op.create_table(
        "closing_undo",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("closing_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bucket", "closing_id"],
            ["account_closing.bucket", "account_closing.id"],
            name=op.f("closing_undo_of_a_closing"),
        ),
        sa.CheckConstraint(
            "bucket = person_id & 1023 AND bucket = journal_id & 1023", name=op.f("closing_undo_bucket_of_person")
        ),
        sa.CheckConstraint("amount >= 0 AND returned >= 0", name=op.f("closing_undo_amounts")),
        sa.PrimaryKeyConstraint("bucket", "closing_id", name=op.f("closing_undo_pkey")),
        comment="amount: what the heirs were to get; returned: what came back to the account while it was closed",
    )
    op.create_index("closing_undo_reference", "closing_undo", ["bucket", "person_id", "reference"], unique=True)
    for table in ("credit_taking", "closing_undo"):
        keep_as_history(table)
