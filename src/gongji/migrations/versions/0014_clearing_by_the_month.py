"""clearing by the month: between regions, and with institutions"""

import sqlalchemy as sa
from alembic import op

from gongji.migrations.first import keep_as_history

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _month() -> None:
    op.create_table(
        "clearing_month",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("clearing_month_month_begins")),
        sa.PrimaryKeyConstraint("month", name=op.f("clearing_month_pkey")),
    )


def _through() -> None:
    op.create_table(
        "clearing_through",
        sa.Column("poster_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("block > 0", name=op.f("clearing_through_block_positive")),
        sa.PrimaryKeyConstraint("poster_id", name=op.f("clearing_through_pkey")),
    )


def _bill() -> None:
    op.create_table(
        "clearing_bill",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("refunds", sa.BigInteger(), nullable=False),
        sa.Column("retained", sa.BigInteger(), nullable=False),
        sa.Column("retention", sa.Integer(), nullable=False),
        sa.Column("carried", sa.BigInteger(), nullable=False),
        sa.Column("carried_out", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("carried <= 0 AND carried_out <= 0 AND refunds <= 0", name=op.f("clearing_bill_signs")),
        sa.CheckConstraint("retained >= 0 AND retention BETWEEN 0 AND 10000", name=op.f("clearing_bill_retained")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("clearing_bill_institution_id_fkey")),
        sa.ForeignKeyConstraint(["month"], ["clearing_month.month"], name=op.f("clearing_bill_month_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("clearing_bill_pkey")),
        sa.UniqueConstraint("institution_id", "month", name=op.f("clearing_bill_institution_id_month_key")),
        comment="retention: per ten thousand, as it was when the month was closed; retained: fen that wait for the year's assessment",
    )
    op.create_index(op.f("clearing_bill_month_idx"), "clearing_bill", ["month"], unique=False)


def _line() -> None:
    op.create_table(
        "clearing_line",
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("debtor", sa.Text(), nullable=False),
        sa.Column("creditor", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("settlement_id", sa.BigInteger(), nullable=True),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('fund_pool', 'fund_large', 'fund_civil', 'fund_aid', 'own', 'shared', 'wallet', 'transfer', 'premium', 'move')",
            name=op.f("clearing_line_kind_known"),
        ),
        sa.CheckConstraint("debtor <> creditor AND amount <> 0", name=op.f("clearing_line_somebody_owes")),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("clearing_line_month_begins")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("clearing_line_institution_id_fkey")),
        sa.PrimaryKeyConstraint("journal_id", "debtor", "creditor", "kind", name=op.f("clearing_line_pkey")),
        comment="amount: fen that the debtor owes, below zero when something was taken back; month: whose clearing it is in, that of"
        " the event or, when that was closed, the next; person_id: the patient; region: in the settlement's number on the wire;"
        " reference: the message's number, which the institution knows too",
    )
    op.create_index(
        op.f("clearing_line_month_debtor_creditor_idx"), "clearing_line", ["month", "debtor", "creditor"], unique=False
    )


def _part() -> None:
    op.create_table(
        "clearing_part",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("clearing_type", sa.Text(), nullable=False),
        sa.Column("funds", sa.BigInteger(), nullable=False),
        sa.Column("accounts", sa.BigInteger(), nullable=False),
        sa.Column("wallet", sa.BigInteger(), nullable=False),
        sa.Column("refunds", sa.BigInteger(), nullable=False),
        sa.Column("late", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("refunds <= 0 AND events > 0", name=op.f("clearing_part_sums")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("clearing_part_institution_id_fkey")),
        sa.PrimaryKeyConstraint(
            "institution_id", "month", "region", "scheme", "clearing_type", name=op.f("clearing_part_pkey")
        ),
        comment="region: clr_optins, who insures; clearing_type: clr_type; refunds: below zero, counted in the sums; late: of events of months that were closed before",
    )
    op.create_index(op.f("clearing_part_month_idx"), "clearing_part", ["month"], unique=False)


def _statement() -> None:
    op.create_table(
        "clearing_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("debtor", sa.Text(), nullable=False),
        sa.Column("creditor", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("refunds", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("late", sa.BigInteger(), nullable=False),
        sa.Column("carried", sa.BigInteger(), nullable=False),
        sa.Column("carried_out", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("checked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("checked_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(checked_at IS NULL) = (checked_by IS NULL)", name=op.f("clearing_statement_checked_by_somebody")
        ),
        sa.CheckConstraint("carried <= 0 AND carried_out <= 0 AND refunds <= 0", name=op.f("clearing_statement_signs")),
        sa.CheckConstraint("debtor <> creditor", name=op.f("clearing_statement_two_regions")),
        sa.ForeignKeyConstraint(["month"], ["clearing_month.month"], name=op.f("clearing_statement_month_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("clearing_statement_pkey")),
        sa.UniqueConstraint("month", "debtor", "creditor", name=op.f("clearing_statement_month_debtor_creditor_key")),
        comment="amount: fen, what was taken back counted off; carried: below zero, from the month before; carried_out: below zero, to the month after; lines, late: how many lines, and how many of them of months that were closed before",
    )
    op.create_index(
        op.f("clearing_statement_debtor_creditor_month_idx"),
        "clearing_statement",
        ["debtor", "creditor", "month"],
        unique=False,
    )


def _dispute() -> None:
    op.create_table(
        "clearing_dispute",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("debtor", sa.Text(), nullable=False),
        sa.Column("creditor", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("outcome IN ('stands', 'conceded')", name=op.f("clearing_dispute_outcome_known")),
        sa.CheckConstraint(
            "reason IN ('not_ours', 'amount', 'twice', 'other')", name=op.f("clearing_dispute_reason_known")
        ),
        sa.CheckConstraint(
            "(outcome IS NULL) = (answered_at IS NULL) AND (outcome IS NULL) = (answered_by IS NULL) AND (outcome IS NULL) = (answer IS NULL)",
            name=op.f("clearing_dispute_answered_whole"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("clearing_dispute_amount_positive")),
        sa.ForeignKeyConstraint(
            ["journal_id", "debtor", "creditor", "kind"],
            ["clearing_line.journal_id", "clearing_line.debtor", "clearing_line.creditor", "clearing_line.kind"],
            name=op.f("clearing_dispute_journal_id_debtor_creditor_kind_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["clearing_statement.id"], name=op.f("clearing_dispute_statement_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("clearing_dispute_pkey")),
        sa.UniqueConstraint(
            "journal_id",
            "debtor",
            "creditor",
            "kind",
            name=op.f("clearing_dispute_journal_id_debtor_creditor_kind_key"),
        ),
    )
    op.create_index(op.f("clearing_dispute_statement_id_idx"), "clearing_dispute", ["statement_id"], unique=False)


def _payment() -> None:
    op.create_table(
        "clearing_payment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=True),
        sa.Column("bill_id", sa.BigInteger(), nullable=True),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("journal_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(journal_id IS NOT NULL) = (agreed IS TRUE AND purpose <> 'set_off')",
            name=op.f("clearing_payment_booked_when_agreed"),
        ),
        sa.CheckConstraint("(purpose = 'bill') = (bill_id IS NOT NULL)", name=op.f("clearing_payment_of_a_bill")),
        sa.CheckConstraint(
            "(purpose IN ('bill', 'retention')) = (institution_id IS NOT NULL)",
            name=op.f("clearing_payment_to_an_institution"),
        ),
        sa.CheckConstraint(
            "(purpose IN ('statement', 'set_off')) = (statement_id IS NOT NULL)",
            name=op.f("clearing_payment_of_a_statement"),
        ),
        sa.CheckConstraint(
            "purpose IN ('statement', 'set_off', 'advance', 'advance_back', 'bill', 'retention')",
            name=op.f("clearing_payment_purpose_known"),
        ),
        sa.CheckConstraint(
            "(agreed IS NULL) = (decided_at IS NULL) AND (agreed IS NULL) = (decided_by IS NULL)",
            name=op.f("clearing_payment_decided_whole"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("clearing_payment_amount_positive")),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("clearing_payment_two_officers")),
        sa.ForeignKeyConstraint(["bill_id"], ["clearing_bill.id"], name=op.f("clearing_payment_bill_id_fkey")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("clearing_payment_institution_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["clearing_statement.id"], name=op.f("clearing_payment_statement_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("clearing_payment_pkey")),
        comment="payer, payee: regions, or an institution's code; reference: the bank's or treasury's; a set-off pays a statement out of an advance and moves nothing",
    )
    _payment_indexes()


def _payment_indexes() -> None:
    op.create_index(
        "clearing_payment_bill",
        "clearing_payment",
        ["bill_id"],
        unique=False,
        postgresql_where=sa.text("bill_id IS NOT NULL"),
    )
    op.create_index(
        "clearing_payment_once",
        "clearing_payment",
        ["purpose", "payer", "payee", "reference", sa.literal_column("coalesce(statement_id, bill_id, 0)")],
        unique=True,
        postgresql_where=sa.text("agreed IS NOT FALSE"),
    )
    op.create_index(
        "clearing_payment_statement",
        "clearing_payment",
        ["statement_id"],
        unique=False,
        postgresql_where=sa.text("statement_id IS NOT NULL"),
    )
    op.create_index(
        "clearing_payment_waiting",
        "clearing_payment",
        ["payer"],
        unique=False,
        postgresql_where=sa.text("agreed IS NULL"),
    )


def upgrade() -> None:
    _month()
    _through()
    _bill()
    _line()
    _part()
    _statement()
    _dispute()
    _payment()
    for table in ("clearing_line", "clearing_month"):
        keep_as_history(table)
