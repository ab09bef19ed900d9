"""Tables of the settlement: messages, visits, fee lines, settlements with their explanation, benefit counters."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON, JSONB

from gongji.foundation.schema import bucket_column, by_month, fen_column, metadata, moment_column

#: What an institution asked for and what came of it, once: a key over all months and buckets. Also what it undid before
#: it came: the key that settles something and the one that closes the message are the same, so one of them wins.
message = sa.Table(
    "message",
    metadata,
    sa.Column("institution_id", sa.Integer, nullable=False),
    sa.Column("infno", sa.Text, nullable=False),
    sa.Column("msgid", sa.Text, nullable=False),
    sa.Column("request_digest", sa.LargeBinary, nullable=False),
    sa.Column("outcome_id", sa.BigInteger),
    sa.PrimaryKeyConstraint("institution_id", "infno", "msgid"),
    comment="outcome_id: the visit or settlement that the message made; null when it was undone before it came",
)

#: A text that explanations cite, kept once whatever the number of settlements that rest on it.
citation = sa.Table(
    "citation",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("document", JSON, nullable=False),
    comment="digest: SHA-256 of the document; document: rule, source, publisher, grade and quote",
)

#: A registered visit or stay, in the patient's bucket. A purchase is its own visit and has no row here.
visit = sa.Table(
    "visit",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("institution_id", sa.Integer, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("med_type", sa.Text, nullable=False),
    moment_column("began_at"),
    sa.Column("details", JSONB, nullable=False),
    sa.Column("diagnoses", JSONB, nullable=False, server_default="[]"),
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.CheckConstraint("bucket = id & 1023 AND bucket = person_id & 1023", name="bucket_of_patient"),
    sa.CheckConstraint("state IN ('open', 'stay', 'cancelled')", name="state_known"),
    sa.Index(None, "bucket", "person_id"),
    **by_month("id"),
    comment="details: what 2201 told of doctor and department; number: the institution's own (ipt_otp_no); state: a stay in"
    " hospital has its own life in admission",
)

#: A fee line and how it splits: all self-paid, over the price limit, first-self-pay, in scope. No foreign key to the visit:
#: one between tables kept by month locks the other when a month is attached or detached; lines are written under the
#: lock of the visit's patient, and a check looks for lines without a visit.
fee_line = sa.Table(
    "fee_line",
    metadata,
    bucket_column(),
    sa.Column("visit_id", sa.BigInteger, nullable=False),
    sa.Column("sn", sa.Text, nullable=False),
    sa.Column("batch", sa.Text, nullable=False),
    sa.Column("item_code", sa.Text, nullable=False),
    sa.Column("own_code", sa.Text, nullable=False),
    moment_column("occurred_at"),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("price", sa.BigInteger, nullable=False),
    fen_column("total"),
    fen_column("self_paid"),
    fen_column("over_limit"),
    fen_column("first_self_pay"),
    fen_column("in_scope"),
    sa.Column("item", JSONB, nullable=False),
    sa.Column("takes_back", sa.Text),
    sa.Column("settlement_id", sa.BigInteger),
    sa.PrimaryKeyConstraint("bucket", "visit_id", "sn"),
    sa.CheckConstraint("total = self_paid + over_limit + first_self_pay + in_scope", name="parts_add_up"),
    sa.CheckConstraint(
        "CASE WHEN count > 0 THEN least(self_paid, over_limit, first_self_pay, in_scope) >= 0"
        " ELSE greatest(self_paid, over_limit, first_self_pay, in_scope) <= 0 END",
        name="parts_have_one_sign",
    ),
    sa.CheckConstraint("count <> 0 AND price >= 0 AND (count < 0) = (takes_back IS NOT NULL)", name="count_and_price"),
    **by_month("visit_id"),
    comment="count: ten-thousandths, below zero in a line that takes another back; price: millionths of a yuan; item: what the"
    " catalogue said of it that day; takes_back: sn of that other line",
)

#: Never changed: it is the stored answer to a repeated call. A reversal is a row of its own, and so is what restores a
#: settlement whose reversal was undone.
settlement = sa.Table(
    "settlement",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("reverses", sa.BigInteger),
    sa.Column("visit_id", sa.BigInteger, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("institution_id", sa.Integer, nullable=False),
    sa.Column("infno", sa.Text, nullable=False),
    sa.Column("msgid", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("psn_type", sa.Text, nullable=False),
    sa.Column("civil_servant", sa.Boolean, nullable=False),
    sa.Column("med_type", sa.Text, nullable=False),
    sa.Column("certificate_kind", sa.Text, nullable=False),
    sa.Column("disease", sa.Text, nullable=False),
    sa.Column("prescriber", sa.Text),
    sa.Column("invoice", sa.Text, nullable=False, server_default=""),
    moment_column("settled_at"),
    fen_column("total"),
    fen_column("self_paid"),
    fen_column("over_limit"),
    fen_column("first_self_pay"),
    fen_column("in_scope"),
    fen_column("deductible"),
    sa.Column("ratio", sa.Integer, nullable=False),
    fen_column("fund_pool"),
    fen_column("fund_large"),
    fen_column("fund_civil"),
    fen_column("fund_aid"),
    fen_column("own"),
    fen_column("shared"),
    fen_column("wallet"),
    fen_column("cash"),
    fen_column("balance_after"),
    sa.Column("pack_digest", sa.Text, nullable=False),
    sa.Column("explanation", JSON, nullable=False),
    sa.Column("counters", JSON, nullable=False),
    sa.Column("lines", JSON),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.CheckConstraint("bucket = id & 1023 AND bucket = person_id & 1023", name="bucket_of_patient"),
    sa.CheckConstraint("kind IN ('settle', 'reverse', 'restore')", name="kind_known"),
    sa.CheckConstraint("(kind <> 'settle') = (reverses IS NOT NULL)", name="reversal_names_original"),
    sa.CheckConstraint("total = self_paid + over_limit + first_self_pay + in_scope", name="parts_add_up"),
    sa.CheckConstraint(
        "total = fund_pool + fund_large + fund_civil + fund_aid + own + shared + wallet + cash", name="payers_add_up"
    ),
    sa.CheckConstraint(
        "CASE WHEN kind <> 'reverse' THEN least(self_paid, over_limit, first_self_pay, in_scope, deductible,"
        " fund_pool, fund_large, fund_civil, fund_aid, own, shared, wallet, cash) >= 0"
        " ELSE greatest(self_paid, over_limit, first_self_pay, in_scope, deductible,"
        " fund_pool, fund_large, fund_civil, fund_aid, own, shared, wallet, cash) <= 0 END",
        name="signs",
    ),
    sa.Index(None, "bucket", "person_id"),
    # What an institution settled in a span: reconciliation.
    sa.Index(None, "institution_id", "settled_at"),
    sa.Index("settlement_invoice", "invoice", postgresql_where=sa.text("invoice <> ''")),
    **by_month("id"),
    comment="amounts in fen, negative in a reversal; counters: how each benefit counter moved, so that a reversal can take it"
    " back; lines: the fee lines of a purchase, which has no visit",
)

#: What a person has used of a rule's deductibles and caps in a period; `cap` is the limit that bound the last increase.
benefit_counter = sa.Table(
    "benefit_counter",
    metadata,
    bucket_column(),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("counter", sa.Text, nullable=False),
    sa.Column("period", sa.Text, nullable=False),
    fen_column("value"),
    fen_column("cap", nullable=True),
    sa.PrimaryKeyConstraint("bucket", "person_id", "counter", "period"),
    sa.CheckConstraint("value >= 0", name="not_negative"),
    sa.CheckConstraint("value <= cap", name="within_cap"),
    postgresql_with={"fillfactor": "70"},
)
