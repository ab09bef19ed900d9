"""claims: bills paid in cash and claimed later, what was decided on them, and what banks carried"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON, JSONB

from gongji.migrations.first import keep_as_history

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _claims()
    _invoices()
    _parts()
    _decisions()
    _steps()
    for table in ("claim_decision", "claim_payment", "claim_event"):
        keep_as_history(table)
    # Whoever wanted to be told everything wants this, too.
    op.execute(
        "UPDATE message_preference SET topics = topics || 'claim'::text"
        " WHERE topics @> ARRAY['money', 'family', 'premium', 'wallet', 'dispute', 'filing']"
    )


def _claims() -> None:
    op.create_table(
        "claim",
        *_columns_of_claim(),
        sa.CheckConstraint("(state = 'returned') <= (returned IS NOT NULL)", name=op.f("claim_returned_names_a_task")),
        sa.CheckConstraint("(state = 'second') = (proposal IS NOT NULL)", name=op.f("claim_second_has_a_proposal")),
        sa.CheckConstraint(
            "received_at IS NULL OR (region <> '' AND place_name IS NOT NULL AND ended_on IS NOT NULL AND"
            " med_type <> '' AND account_sealed IS NOT NULL AND due_at IS NOT NULL)",
            name=op.f("claim_received_is_whole"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'received', 'returned', 'second', 'appealed', 'to_pay', 'nothing_due', 'paid',"
            " 'bounced', 'refused', 'withdrawn', 'owed_back', 'squared')",
            name=op.f("claim_state_known"),
        ),
        sa.CheckConstraint(
            "why IN ('platform_down', 'not_entered', 'emergency', 'not_connected', 'card_lost')",
            name=op.f("claim_why_known"),
        ),
        sa.CheckConstraint("(officer IS NULL) = (officer_since IS NULL)", name=op.f("claim_officer_since")),
        sa.CheckConstraint("began_on <= ended_on", name=op.f("claim_days_in_order")),
        sa.CheckConstraint("bucket = id & 1023 AND bucket = person_id & 1023", name=op.f("claim_bucket_of_patient")),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("claim_pkey")),
        sa.UniqueConstraint("bucket", "person_id", "key", name=op.f("claim_bucket_person_id_key_key")),
        comment="place_*: of a registered institution as the register had it; account_sealed, holder_sealed:"
        " personal data; hours_left: working hours left to the agency while the person has the claim;"
        " proposal: what a second officer looks at",
    )
    op.create_index(op.f("claim_bucket_person_id_idx"), "claim", ["bucket", "person_id"], unique=False)
    op.create_index(
        "claim_queue",
        "claim",
        ["region", "state", "due_at"],
        unique=False,
        postgresql_where=sa.text("received_at IS NOT NULL"),
    )


def _columns_of_claim() -> list[sa.Column[object]]:
    return [
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("place_name", sa.Text(), nullable=True),
        sa.Column("place_region", sa.Text(), nullable=True),
        sa.Column("place_kind", sa.Text(), nullable=True),
        sa.Column("place_tier", sa.Text(), nullable=True),
        sa.Column("med_type", sa.Text(), server_default="", nullable=False),
        sa.Column("disease", sa.Text(), server_default="", nullable=False),
        sa.Column("began_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("bank", sa.Text(), nullable=True),
        sa.Column("account_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("holder_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("own_account", sa.Boolean(), nullable=True),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("hours_left", sa.Integer(), nullable=True),
        sa.Column("returned", sa.Text(), nullable=True),
        sa.Column("mended", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("return_reason", sa.Text(), nullable=True),
        sa.Column("return_note", sa.Text(), server_default="", nullable=False),
        sa.Column("officer", sa.Text(), nullable=True),
        sa.Column("officer_since", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("proposal", sa.LargeBinary(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.Column("appealed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("appeal_words", sa.Text(), server_default="", nullable=False),
    ]


def _invoices() -> None:
    op.create_table(
        "claimed_invoice",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("claimed_invoice_pkey")),
    )


def _parts() -> None:
    op.create_table(
        "claim_invoice",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bucket", "claim_id"], ["claim.bucket", "claim.id"], name=op.f("claim_invoice_bucket_claim_id_fkey")
        ),
        sa.PrimaryKeyConstraint("bucket", "claim_id", "number", name=op.f("claim_invoice_pkey")),
    )
    op.create_table(
        "claim_line",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("n > 0 AND pieces BETWEEN 1 AND 9999 AND total > 0", name=op.f("claim_line_figures")),
        sa.ForeignKeyConstraint(
            ["bucket", "claim_id"], ["claim.bucket", "claim.id"], name=op.f("claim_line_bucket_claim_id_fkey")
        ),
        sa.PrimaryKeyConstraint("bucket", "claim_id", "n", name=op.f("claim_line_pkey")),
    )
    op.create_table(
        "claim_document",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("pages", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("returned", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("handed_in_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('invoice', 'detail', 'prescription', 'record', 'emergency', 'slip')",
            name=op.f("claim_document_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["bucket", "claim_id"], ["claim.bucket", "claim.id"], name=op.f("claim_document_bucket_claim_id_fkey")
        ),
        sa.PrimaryKeyConstraint("bucket", "claim_id", "n", name=op.f("claim_document_pkey")),
        comment="pages: files of the kind reimbursement.document, each a JPEG picture",
    )


def _decisions() -> None:
    op.create_table(
        "claim_decision",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("second", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("self_paid", sa.BigInteger(), nullable=False),
        sa.Column("over_limit", sa.BigInteger(), nullable=False),
        sa.Column("first_self_pay", sa.BigInteger(), nullable=False),
        sa.Column("in_scope", sa.BigInteger(), nullable=False),
        sa.Column("deductible", sa.BigInteger(), nullable=False),
        sa.Column("ratio", sa.Integer(), nullable=False),
        sa.Column("fund_pool", sa.BigInteger(), nullable=False),
        sa.Column("fund_large", sa.BigInteger(), nullable=False),
        sa.Column("fund_civil", sa.BigInteger(), nullable=False),
        sa.Column("fund_aid", sa.BigInteger(), nullable=False),
        sa.Column("pack_digest", sa.Text(), nullable=False),
        sa.Column("explanation", JSON(), nullable=False),
        sa.Column("counters", JSON(), nullable=False),
        sa.Column("lines", JSON(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'take_back') = (reverses IS NOT NULL)", name=op.f("claim_decision_taking_back_names_a_decision")
        ),
        sa.CheckConstraint(
            "CASE kind WHEN 'decide' THEN least(self_paid, over_limit, first_self_pay, in_scope, deductible,"
            " fund_pool, fund_large, fund_civil, fund_aid) >= 0 ELSE greatest(self_paid, over_limit,"
            " first_self_pay, in_scope, deductible, fund_pool, fund_large, fund_civil, fund_aid) <= 0 END",
            name=op.f("claim_decision_signs"),
        ),
        sa.CheckConstraint("kind IN ('decide', 'take_back')", name=op.f("claim_decision_kind_known")),
        sa.CheckConstraint(
            "abs(fund_pool + fund_large + fund_civil + fund_aid) <= abs(in_scope)",
            name=op.f("claim_decision_funds_pay_what_is_in_scope"),
        ),
        sa.CheckConstraint(
            "bucket = id & 1023 AND bucket = person_id & 1023", name=op.f("claim_decision_bucket_of_patient")
        ),
        sa.CheckConstraint("second <> by", name=op.f("claim_decision_two_officers")),
        sa.CheckConstraint(
            "total = self_paid + over_limit + first_self_pay + in_scope", name=op.f("claim_decision_parts_add_up")
        ),
        sa.ForeignKeyConstraint(
            ["bucket", "claim_id"], ["claim.bucket", "claim.id"], name=op.f("claim_decision_bucket_claim_id_fkey")
        ),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("claim_decision_pkey")),
        sa.UniqueConstraint("bucket", "reverses", name=op.f("claim_decision_bucket_reverses_key")),
        comment="id: of its journal too, where the funds pay; counters: how each benefit counter moved; lines: each"
        " 报 or 不报",
    )
    op.create_index(op.f("claim_decision_bucket_claim_id_idx"), "claim_decision", ["bucket", "claim_id"], unique=False)


def _steps() -> None:
    op.create_table(
        "claim_payment",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('paid', 'bounced', 'recovered')", name=op.f("claim_payment_kind_known")),
        sa.CheckConstraint("amount > 0", name=op.f("claim_payment_amount_above_zero")),
        sa.ForeignKeyConstraint(
            ["bucket", "claim_id"], ["claim.bucket", "claim.id"], name=op.f("claim_payment_bucket_claim_id_fkey")
        ),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("claim_payment_pkey")),
        sa.UniqueConstraint(
            "bucket", "claim_id", "kind", "reference", name=op.f("claim_payment_bucket_claim_id_kind_reference_key")
        ),
        comment="reference: the bank's; the same again is the same payment",
    )
    op.create_table(
        "claim_event",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bucket", "claim_id"], ["claim.bucket", "claim.id"], name=op.f("claim_event_bucket_claim_id_fkey")
        ),
        sa.PrimaryKeyConstraint("bucket", "claim_id", "n", name=op.f("claim_event_pkey")),
    )
