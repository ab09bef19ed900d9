"""Tables of claims. All lie with the patient but for `claimed_invoice`, which is one for all patients."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON, JSONB

from gongji.foundation.schema import bucket_column, fen_column, metadata, moment_column

#: The claim; its bank account and the account's holder are sealed.
claim = sa.Table(
    "claim",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False, server_default=""),
    sa.Column("institution_id", sa.Integer),
    sa.Column("place_name", sa.Text),
    sa.Column("place_region", sa.Text),
    sa.Column("place_kind", sa.Text),
    sa.Column("place_tier", sa.Text),
    sa.Column("med_type", sa.Text, nullable=False, server_default=""),
    sa.Column("disease", sa.Text, nullable=False, server_default=""),
    sa.Column("began_on", sa.Date),
    sa.Column("ended_on", sa.Date),
    sa.Column("bank", sa.Text),
    sa.Column("account_sealed", sa.LargeBinary),
    sa.Column("holder_sealed", sa.LargeBinary),
    sa.Column("own_account", sa.Boolean),
    moment_column("made_at"),
    moment_column("received_at", nullable=True),
    moment_column("due_at", nullable=True),
    sa.Column("hours_left", sa.Integer),
    sa.Column("returned", sa.Text),
    sa.Column("mended", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("return_reason", sa.Text),
    sa.Column("return_note", sa.Text, nullable=False, server_default=""),
    sa.Column("officer", sa.Text),
    moment_column("officer_since", nullable=True),
    sa.Column("decided_by", sa.Text),
    sa.Column("proposal", sa.LargeBinary),
    sa.Column("refused", sa.Text),
    moment_column("appealed_at", nullable=True),
    sa.Column("appeal_words", sa.Text, nullable=False, server_default=""),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.UniqueConstraint("bucket", "person_id", "key"),
    sa.CheckConstraint("bucket = id & 1023 AND bucket = person_id & 1023", name="bucket_of_patient"),
    sa.CheckConstraint(
        "state IN ('draft', 'received', 'returned', 'second', 'appealed', 'to_pay', 'nothing_due', 'paid', 'bounced',"
        " 'refused', 'withdrawn', 'owed_back', 'squared')",
        name="state_known",
    ),
    sa.CheckConstraint(
        "why IN ('platform_down', 'not_entered', 'emergency', 'not_connected', 'card_lost')", name="why_known"
    ),
    sa.CheckConstraint("began_on <= ended_on", name="days_in_order"),
    sa.CheckConstraint(
        "received_at IS NULL OR (region <> '' AND place_name IS NOT NULL AND ended_on IS NOT NULL AND med_type <> ''"
        " AND account_sealed IS NOT NULL AND due_at IS NOT NULL)",
        name="received_is_whole",
    ),
    sa.CheckConstraint("(state = 'returned') <= (returned IS NOT NULL)", name="returned_names_a_task"),
    sa.CheckConstraint("(state = 'second') = (proposal IS NOT NULL)", name="second_has_a_proposal"),
    sa.CheckConstraint("(officer IS NULL) = (officer_since IS NULL)", name="officer_since"),
    sa.Index(None, "bucket", "person_id"),
    sa.Index("claim_queue", "region", "state", "due_at", postgresql_where=sa.text("received_at IS NOT NULL")),
    comment="place_*: of a registered institution as the register had it; account_sealed, holder_sealed: personal data;"
    " hours_left: working hours left to the agency while the person has the claim; proposal: what a second officer looks at",
)

#: Each invoice once, whoever claims it: a key over all buckets. Gone when a claim is withdrawn or refused.
claimed_invoice = sa.Table(
    "claimed_invoice",
    metadata,
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("claim_id", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("number"),
)

_CLAIM = ("claim.bucket", "claim.id")

claim_invoice = sa.Table(
    "claim_invoice",
    metadata,
    bucket_column(),
    sa.Column("claim_id", sa.BigInteger, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("bucket", "claim_id", "number"),
    sa.ForeignKeyConstraint(["bucket", "claim_id"], _CLAIM),
)

claim_line = sa.Table(
    "claim_line",
    metadata,
    bucket_column(),
    sa.Column("claim_id", sa.BigInteger, nullable=False),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("pieces", sa.Integer, nullable=False),
    fen_column("total"),
    sa.PrimaryKeyConstraint("bucket", "claim_id", "n"),
    sa.ForeignKeyConstraint(["bucket", "claim_id"], _CLAIM),
    sa.CheckConstraint("n > 0 AND pieces BETWEEN 1 AND 9999 AND total > 0", name="figures"),
)

claim_document = sa.Table(
    "claim_document",
    metadata,
    bucket_column(),
    sa.Column("claim_id", sa.BigInteger, nullable=False),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("pages", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
    sa.Column("returned", sa.Boolean, nullable=False, server_default=sa.false()),
    moment_column("handed_in_at"),
    sa.PrimaryKeyConstraint("bucket", "claim_id", "n"),
    sa.ForeignKeyConstraint(["bucket", "claim_id"], _CLAIM),
    sa.CheckConstraint(
        "kind IN ('invoice', 'detail', 'prescription', 'record', 'emergency', 'slip')", name="kind_known"
    ),
    comment="pages: files of the kind reimbursement.document, each a JPEG picture",
)

#: Never changed: what a person reads under the number of a claim, and what a reversal of it has to undo.
claim_decision = sa.Table(
    "claim_decision",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("claim_id", sa.BigInteger, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("reverses", sa.BigInteger),
    moment_column("at"),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("second", sa.Text),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("on", sa.Date, nullable=False),
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
    sa.Column("pack_digest", sa.Text, nullable=False),
    sa.Column("explanation", JSON, nullable=False),
    sa.Column("counters", JSON, nullable=False),
    sa.Column("lines", JSON, nullable=False),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.UniqueConstraint("bucket", "reverses"),
    sa.ForeignKeyConstraint(["bucket", "claim_id"], _CLAIM),
    sa.CheckConstraint("bucket = id & 1023 AND bucket = person_id & 1023", name="bucket_of_patient"),
    sa.CheckConstraint("kind IN ('decide', 'take_back')", name="kind_known"),
    sa.CheckConstraint("(kind = 'take_back') = (reverses IS NOT NULL)", name="taking_back_names_a_decision"),
    sa.CheckConstraint("second <> by", name="two_officers"),
    sa.CheckConstraint("total = self_paid + over_limit + first_self_pay + in_scope", name="parts_add_up"),
    sa.CheckConstraint(
        "abs(fund_pool + fund_large + fund_civil + fund_aid) <= abs(in_scope)", name="funds_pay_what_is_in_scope"
    ),
    sa.CheckConstraint(
        "CASE kind WHEN 'decide' THEN least(self_paid, over_limit, first_self_pay, in_scope, deductible, fund_pool,"
        " fund_large, fund_civil, fund_aid) >= 0 ELSE greatest(self_paid, over_limit, first_self_pay, in_scope,"
        " deductible, fund_pool, fund_large, fund_civil, fund_aid) <= 0 END",
        name="signs",
    ),
    sa.Index(None, "bucket", "claim_id"),
    comment="id: of its journal too, where the funds pay; counters: how each benefit counter moved; lines: each 报 or 不报",
)

#: Never changed: money that a bank carried; its journal has the same id.
claim_payment = sa.Table(
    "claim_payment",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("claim_id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    fen_column("amount"),
    sa.Column("reference", sa.Text, nullable=False),
    moment_column("at"),
    sa.Column("by", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.UniqueConstraint("bucket", "claim_id", "kind", "reference"),
    sa.ForeignKeyConstraint(["bucket", "claim_id"], _CLAIM),
    sa.CheckConstraint("kind IN ('paid', 'bounced', 'recovered')", name="kind_known"),
    sa.CheckConstraint("amount > 0", name="amount_above_zero"),
    comment="reference: the bank's; the same again is the same payment",
)

#: Never changed: what happened to a claim.
claim_event = sa.Table(
    "claim_event",
    metadata,
    bucket_column(),
    sa.Column("claim_id", sa.BigInteger, nullable=False),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    moment_column("at"),
    sa.Column("facts", JSONB, nullable=False),
    sa.PrimaryKeyConstraint("bucket", "claim_id", "n"),
    sa.ForeignKeyConstraint(["bucket", "claim_id"], _CLAIM),
)
