"""Tables of monthly clearing: what was gathered from the books, what was drawn up of it, and what was paid."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from gongji.foundation.schema import fen_column, metadata, moment_column

#: Up to which of a poster's blocks the lines and parts go (`gongji.ledger.frontier`).
clearing_through = sa.Table(
    "clearing_through",
    metadata,
    sa.Column("poster_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("block", sa.BigInteger, nullable=False),
    sa.CheckConstraint("block > 0", name="block_positive"),
)

_KINDS: Final = (
    "'fund_pool', 'fund_large', 'fund_civil', 'fund_aid', 'own', 'shared', 'wallet', 'transfer', 'premium', 'move'"
)

#: Never changed. What an event made one region owe another: a payer's region that of the institution, the tax office or the
#: receiver. It outlives the books that it was read from: months that are archived still answer here.
clearing_line = sa.Table(
    "clearing_line",
    metadata,
    sa.Column("journal_id", sa.BigInteger, nullable=False),
    sa.Column("debtor", sa.Text, nullable=False),
    sa.Column("creditor", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    fen_column("amount"),
    sa.Column("reverses", sa.BigInteger),
    sa.Column("month", sa.Date, nullable=False),
    moment_column("at"),
    sa.Column("institution_id", sa.Integer, sa.ForeignKey("institution.id")),
    sa.Column("person_id", sa.BigInteger),
    sa.Column("settlement_id", sa.BigInteger),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("journal_id", "debtor", "creditor", "kind"),
    sa.CheckConstraint(f"kind IN ({_KINDS})", name="kind_known"),
    sa.CheckConstraint("debtor <> creditor AND amount <> 0", name="somebody_owes"),
    sa.CheckConstraint("extract(day FROM month) = 1", name="month_begins"),
    sa.Index(None, "month", "debtor", "creditor"),
    comment="amount: fen that the debtor owes, below zero when something was taken back; month: whose clearing it is in, that of"
    " the event or, when that was closed, the next; person_id: the patient; region: in the settlement's number on the wire;"
    " reference: the message's number, which the institution knows too",
)

#: What an agency owes an institution for a month, added up; still grows until the month is closed.
clearing_part = sa.Table(
    "clearing_part",
    metadata,
    sa.Column("institution_id", sa.Integer, sa.ForeignKey("institution.id"), nullable=False),
    sa.Column("month", sa.Date, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("clearing_type", sa.Text, nullable=False),
    fen_column("funds"),
    fen_column("accounts"),
    fen_column("wallet"),
    fen_column("refunds"),
    fen_column("late"),
    sa.Column("events", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("institution_id", "month", "region", "scheme", "clearing_type"),
    sa.CheckConstraint("refunds <= 0 AND events > 0", name="sums"),
    sa.Index(None, "month"),
    comment="region: clr_optins, who insures; clearing_type: clr_type; refunds: below zero, counted in the sums; late: of events of"
    " months that were closed before",
)

#: Never changed. Closed in their order; nothing joins a month after that.
clearing_month = sa.Table(
    "clearing_month",
    metadata,
    sa.Column("month", sa.Date, primary_key=True),
    moment_column("closed_at"),
    sa.Column("closed_by", sa.Text, nullable=False),
    sa.CheckConstraint("extract(day FROM month) = 1", name="month_begins"),
)

#: What a region owes another for a month.
clearing_statement = sa.Table(
    "clearing_statement",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("month", sa.Date, sa.ForeignKey("clearing_month.month"), nullable=False),
    sa.Column("debtor", sa.Text, nullable=False),
    sa.Column("creditor", sa.Text, nullable=False),
    fen_column("amount"),
    fen_column("refunds"),
    sa.Column("lines", sa.BigInteger, nullable=False),
    sa.Column("late", sa.BigInteger, nullable=False),
    fen_column("carried"),
    fen_column("carried_out", server_default="0"),
    moment_column("checked_at", nullable=True),
    sa.Column("checked_by", sa.Text),
    sa.UniqueConstraint("month", "debtor", "creditor"),
    sa.CheckConstraint("debtor <> creditor", name="two_regions"),
    sa.CheckConstraint("carried <= 0 AND carried_out <= 0 AND refunds <= 0", name="signs"),
    sa.CheckConstraint("(checked_at IS NULL) = (checked_by IS NULL)", name="checked_by_somebody"),
    sa.Index(None, "debtor", "creditor", "month"),
    comment="amount: fen, what was taken back counted off; carried: below zero, from the month before; carried_out: below zero, to"
    " the month after; lines, late: how many lines, and how many of them of months that were closed before",
)

#: A line that the owing region does not accept, with its reason; left out of what is due until it is answered.
clearing_dispute = sa.Table(
    "clearing_dispute",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("statement_id", sa.BigInteger, sa.ForeignKey("clearing_statement.id"), nullable=False),
    sa.Column("journal_id", sa.BigInteger, nullable=False),
    sa.Column("debtor", sa.Text, nullable=False),
    sa.Column("creditor", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    fen_column("amount"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
    moment_column("asked_at"),
    sa.Column("outcome", sa.Text),
    sa.Column("answer", sa.Text),
    sa.Column("answered_by", sa.Text),
    moment_column("answered_at", nullable=True),
    sa.ForeignKeyConstraint(
        ["journal_id", "debtor", "creditor", "kind"],
        ["clearing_line.journal_id", "clearing_line.debtor", "clearing_line.creditor", "clearing_line.kind"],
    ),
    sa.UniqueConstraint("journal_id", "debtor", "creditor", "kind"),
    sa.CheckConstraint("reason IN ('not_ours', 'amount', 'twice', 'other')", name="reason_known"),
    sa.CheckConstraint("outcome IN ('stands', 'conceded')", name="outcome_known"),
    sa.CheckConstraint(
        "(outcome IS NULL) = (answered_at IS NULL) AND (outcome IS NULL) = (answered_by IS NULL)"
        " AND (outcome IS NULL) = (answer IS NULL)",
        name="answered_whole",
    ),
    sa.CheckConstraint("amount > 0", name="amount_positive"),
    sa.Index(None, "statement_id"),
)

#: What an agency pays an institution for a month.
clearing_bill = sa.Table(
    "clearing_bill",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("month", sa.Date, sa.ForeignKey("clearing_month.month"), nullable=False),
    sa.Column("institution_id", sa.Integer, sa.ForeignKey("institution.id"), nullable=False),
    fen_column("amount"),
    fen_column("refunds"),
    fen_column("retained"),
    sa.Column("retention", sa.Integer, nullable=False),
    fen_column("carried"),
    fen_column("carried_out", server_default="0"),
    sa.UniqueConstraint("institution_id", "month"),
    sa.CheckConstraint("carried <= 0 AND carried_out <= 0 AND refunds <= 0", name="signs"),
    sa.CheckConstraint("retained >= 0 AND retention BETWEEN 0 AND 10000", name="retained"),
    sa.Index(None, "month"),
    comment="retention: per ten thousand, as it was when the month was closed; retained: fen that wait for the year's assessment",
)

#: Money that leaves or comes by bank or treasury, and what is set against an advance: asked for by one officer, agreed to
#: by another, and only then booked.
clearing_payment = sa.Table(
    "clearing_payment",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("statement_id", sa.BigInteger, sa.ForeignKey("clearing_statement.id")),
    sa.Column("bill_id", sa.BigInteger, sa.ForeignKey("clearing_bill.id")),
    sa.Column("institution_id", sa.Integer, sa.ForeignKey("institution.id")),
    sa.Column("payer", sa.Text, nullable=False),
    sa.Column("payee", sa.Text, nullable=False),
    fen_column("amount"),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("paid_on", sa.Date, nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
    moment_column("asked_at"),
    sa.Column("agreed", sa.Boolean),
    sa.Column("decided_by", sa.Text),
    moment_column("decided_at", nullable=True),
    sa.Column("journal_id", sa.BigInteger),
    sa.CheckConstraint(
        "purpose IN ('statement', 'set_off', 'advance', 'advance_back', 'bill', 'retention')", name="purpose_known"
    ),
    sa.CheckConstraint("(purpose IN ('statement', 'set_off')) = (statement_id IS NOT NULL)", name="of_a_statement"),
    sa.CheckConstraint("(purpose = 'bill') = (bill_id IS NOT NULL)", name="of_a_bill"),
    sa.CheckConstraint("(purpose IN ('bill', 'retention')) = (institution_id IS NOT NULL)", name="to_an_institution"),
    sa.CheckConstraint("amount > 0", name="amount_positive"),
    sa.CheckConstraint(
        "(agreed IS NULL) = (decided_at IS NULL) AND (agreed IS NULL) = (decided_by IS NULL)", name="decided_whole"
    ),
    sa.CheckConstraint("decided_by <> asked_by", name="two_officers"),
    sa.CheckConstraint(
        "(journal_id IS NOT NULL) = (agreed IS TRUE AND purpose <> 'set_off')", name="booked_when_agreed"
    ),
    sa.Index("clearing_payment_statement", "statement_id", postgresql_where=sa.text("statement_id IS NOT NULL")),
    sa.Index("clearing_payment_bill", "bill_id", postgresql_where=sa.text("bill_id IS NOT NULL")),
    sa.Index(
        "clearing_payment_once",
        "purpose",
        "payer",
        "payee",
        "reference",
        sa.text("coalesce(statement_id, bill_id, 0)"),
        unique=True,
        postgresql_where=sa.text("agreed IS NOT FALSE"),
    ),
    sa.Index("clearing_payment_waiting", "payer", postgresql_where=sa.text("agreed IS NULL")),
    comment="payer, payee: regions, or an institution's code; reference: the bank's or treasury's; a set-off pays a statement out of"
    " an advance and moves nothing",
)
