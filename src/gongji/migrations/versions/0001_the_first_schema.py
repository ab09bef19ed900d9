"""the first schema"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from gongji.migrations import first

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


#: Rows of these tables are history: they are added, never changed, whoever asks.
APPEND_ONLY = (
    "journal",
    "transfer",
    "reversal",
    "opening",
    "block",
    "poster",
    "citation",
    "settlement",
    "authorisation_event",
    "audit_entry",
)

#: Kept by month; what no month was made for yet lies in the default.
BY_MONTH = ("journal", "transfer", "block", "visit", "fee_line", "settlement")


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute("CREATE SEQUENCE serial START WITH 1000 INCREMENT BY 1000")
    create_tables()
    create_verification_tables()
    op.execute("CREATE SCHEMA months")
    for table in BY_MONTH:
        op.execute(f"CREATE TABLE months.{table}_default PARTITION OF {table} DEFAULT")
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is history: rows are added, never changed (%)', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    create_operations()
    for table in APPEND_ONLY:
        first.keep_as_history(table)
    create_holds_and_years()
    for room in first.ROOMS:
        room.create()


def create_tables() -> None:
    op.create_table(
        "access_token",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(role = 'citizen') = (person_id IS NOT NULL)", name=op.f("access_token_citizen_is_a_person")
        ),
        sa.CheckConstraint(
            "role NOT IN ('officer', 'tax', 'operator') OR region IS NOT NULL",
            name=op.f("access_token_officer_has_a_region"),
        ),
        sa.CheckConstraint(
            "role IN ('citizen', 'officer', 'integrator', 'tax', 'operator')", name=op.f("access_token_role_known")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("access_token_pkey")),
    )
    op.create_table(
        "account",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("balance >= 0", name=op.f("account_balance_not_negative")),
        sa.CheckConstraint("bucket = id & 1023", name=op.f("account_bucket_in_id")),
        sa.CheckConstraint("closed_at IS NULL OR balance = 0", name=op.f("account_closed_is_empty")),
        sa.CheckConstraint("kind = (id >> 10) & 255", name=op.f("account_kind_in_id")),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("account_pkey")),
        postgresql_with={"fillfactor": "60"},
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("actor_person_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_entry_pkey")),
    )
    op.create_index(op.f("audit_entry_person_id_at_idx"), "audit_entry", ["person_id", "at"], unique=False)
    op.create_table(
        "authorisation",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("sharer_id", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("purposes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("limit_total", sa.BigInteger(), nullable=True),
        sa.Column("limit_month", sa.BigInteger(), nullable=True),
        sa.Column("kept", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unbind_after_days", sa.SmallInteger(), nullable=True),
        sa.Column("rank", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("in_force", postgresql.TSTZRANGE(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("pack_digest", sa.Text(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("bucket"), "="),
            (sa.column("user_id"), "="),
            (sa.column("in_force"), "&&"),
            where=sa.text("exclusive AND in_force IS NOT NULL"),
            using="gist",
            name="authorisation_one_sharer_at_a_time",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("bucket"), "="),
            (sa.column("user_id"), "="),
            (sa.column("sharer_id"), "="),
            (sa.column("in_force"), "&&"),
            where=sa.text("in_force IS NOT NULL"),
            using="gist",
            name="authorisation_once_per_pair",
        ),
        sa.CheckConstraint(
            "(state IN ('active', 'paused')) = (in_force IS NOT NULL AND upper_inf(in_force))",
            name=op.f("authorisation_open_while_active"),
        ),
        sa.CheckConstraint(
            "(state IN ('active', 'paused', 'ended')) = (in_force IS NOT NULL)",
            name=op.f("authorisation_in_force_once_active"),
        ),
        sa.CheckConstraint("procedure IN ('review', 'commitment')", name=op.f("authorisation_procedure_known")),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'under_review', 'returned', 'refused', 'active', 'paused', 'ended')",
            name=op.f("authorisation_state_known"),
        ),
        sa.CheckConstraint("bucket = user_id & 1023 AND bucket = id & 1023", name=op.f("authorisation_bucket_of_user")),
        sa.CheckConstraint(
            "limit_total >= 0 AND limit_month >= 0 AND kept >= 0", name=op.f("authorisation_limits_not_negative")
        ),
        sa.CheckConstraint("user_id <> sharer_id", name=op.f("authorisation_two_people")),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("authorisation_pkey")),
    )
    op.create_index(op.f("authorisation_bucket_user_id_idx"), "authorisation", ["bucket", "user_id"], unique=False)
    op.create_index(
        "authorisation_review_queue",
        "authorisation",
        ["region"],
        unique=False,
        postgresql_where=sa.text("state = 'under_review'"),
    )
    op.create_index(op.f("authorisation_sharer_id_idx"), "authorisation", ["sharer_id"], unique=False)
    op.create_table(
        "authorisation_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("authorisation_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("authorisation_event_pkey")),
    )
    op.create_index(
        op.f("authorisation_event_authorisation_id_idx"), "authorisation_event", ["authorisation_id"], unique=False
    )
    op.create_table(
        "authorisation_usage",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("authorisation_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("used >= 0", name=op.f("authorisation_usage_not_negative")),
        sa.PrimaryKeyConstraint("bucket", "authorisation_id", "period", name=op.f("authorisation_usage_pkey")),
    )
    op.create_table(
        "benefit_counter",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("counter", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("cap", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("value <= cap", name=op.f("benefit_counter_within_cap")),
        sa.CheckConstraint("value >= 0", name=op.f("benefit_counter_not_negative")),
        sa.PrimaryKeyConstraint("bucket", "person_id", "counter", "period", name=op.f("benefit_counter_pkey")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "block",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("poster_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("journals", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("transfers", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("number > 0 AND cardinality(journals) > 0 AND transfers >= 0", name=op.f("block_counts")),
        sa.PrimaryKeyConstraint("poster_id", "number", "id", name=op.f("block_pkey")),
        comment="id: that of its first journal, so that a block lies in the month of what it posted",
        postgresql_partition_by="RANGE (id)",
    )
    op.create_table(
        "catalogue_item",
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("item_class", sa.Text(), nullable=False),
        sa.Column("first_self_pay", sa.Integer(), nullable=False),
        sa.Column("ceiling", sa.BigInteger(), nullable=True),
        sa.Column("charge_type", sa.Text(), nullable=False),
        sa.Column("restricted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("essential_drug", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("negotiated_drug", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("area"), "="),
            (sa.column("code"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="catalogue_item_one_at_a_time",
        ),
        sa.CheckConstraint("area ~ '^[0-9]{6}$'", name=op.f("catalogue_item_area_is_admdvs")),
        sa.CheckConstraint(
            "item_class <> 'C' OR first_self_pay = 10000", name=op.f("catalogue_item_class_c_is_own_pay")
        ),
        sa.CheckConstraint("item_class IN ('A', 'B', 'C')", name=op.f("catalogue_item_class_known")),
        sa.CheckConstraint("ceiling > 0", name=op.f("catalogue_item_ceiling_positive")),
        sa.CheckConstraint("first_self_pay BETWEEN 0 AND 10000", name=op.f("catalogue_item_first_self_pay_is_ratio")),
        comment="area: the admdvs whose rule it is, 000000 the nation; ceiling: highest unit price that counts, millionths of a yuan",
    )
    op.create_table(
        "citation",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("document", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("citation_pkey")),
        sa.UniqueConstraint("digest", name=op.f("citation_digest_key")),
        comment="digest: SHA-256 of the document; document: rule, source, publisher, grade and quote",
    )
    op.create_table(
        "credential",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('certificate', 'card', 'token')", name=op.f("credential_kind_known")),
        sa.PrimaryKeyConstraint("kind", "digest", name=op.f("credential_pkey")),
    )
    op.create_index(op.f("credential_person_id_idx"), "credential", ["person_id"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("authorisation_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("pages", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), server_default="handed_in", nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("handed_in_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('handed_in', 'returned', 'replaced', 'accepted')", name=op.f("evidence_state_known")
        ),
        sa.CheckConstraint("cardinality(pages) > 0", name=op.f("evidence_has_pages")),
        sa.PrimaryKeyConstraint("id", name=op.f("evidence_pkey")),
    )
    op.create_index(op.f("evidence_authorisation_id_idx"), "evidence", ["authorisation_id"], unique=False)
    op.create_table(
        "installation",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("installation_pkey")),
    )
    op.create_table(
        "institution",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("designated", postgresql.DATERANGE(), nullable=False),
        sa.CheckConstraint("code ~ '^[HP][0-9A-Z]{11}$'", name=op.f("institution_code_shape")),
        sa.CheckConstraint("kind IN ('hospital', 'pharmacy')", name=op.f("institution_kind_known")),
        sa.CheckConstraint("region ~ '^[0-9]{6}$'", name=op.f("institution_region_is_admdvs")),
        sa.CheckConstraint(
            "tier IN ('tier_1', 'tier_2', 'tier_3', 'community', 'tier_3_special', 'tier_3_specialist', 'provincial', 'none')",
            name=op.f("institution_tier_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("institution_pkey")),
        sa.UniqueConstraint("code", name=op.f("institution_code_key")),
    )
    op.create_table(
        "journal",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.Column("posted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('reversal', 'undo')) = (reverses IS NOT NULL)", name=op.f("journal_reversal_names_original")
        ),
        sa.CheckConstraint("bucket = id & 1023", name=op.f("journal_bucket_in_id")),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("journal_pkey")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_table(
        "kinship_fact",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("one", sa.BigInteger(), nullable=False),
        sa.Column("other", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("authorisation_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind <> 'spouse' OR one < other", name=op.f("kinship_fact_spouses_stored_once")),
        sa.CheckConstraint("kind IN ('parent', 'spouse')", name=op.f("kinship_fact_kind_known")),
        sa.CheckConstraint("one <> other", name=op.f("kinship_fact_two_people")),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("kinship_fact_until_after_since")),
        sa.PrimaryKeyConstraint("id", name=op.f("kinship_fact_pkey")),
        sa.UniqueConstraint("kind", "one", "other", "since", name=op.f("kinship_fact_kind_one_other_since_key")),
        comment="parent: one is the parent of other; evidence: register, commitment, or the kind of document approved",
    )
    op.create_index(op.f("kinship_fact_one_idx"), "kinship_fact", ["one"], unique=False)
    op.create_index(op.f("kinship_fact_other_idx"), "kinship_fact", ["other"], unique=False)
    op.create_table(
        "message",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("infno", sa.Text(), nullable=False),
        sa.Column("msgid", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("outcome_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("institution_id", "infno", "msgid", name=op.f("message_pkey")),
        comment="outcome_id: the visit or settlement that the message made; null when it was undone before it came",
    )
    op.create_table(
        "opening",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "bucket = account_id & 1023 AND bucket = journal_id & 1023", name=op.f("opening_bucket_in_id")
        ),
        sa.PrimaryKeyConstraint("bucket", "account_id", name=op.f("opening_pkey")),
    )
    op.create_table(
        "person",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("psn_no", sa.Text(), nullable=False),
        sa.Column("certificate_type", sa.Text(), nullable=False),
        sa.Column("certificate_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_index", sa.LargeBinary(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("nationality", sa.Text(), server_default="01", nullable=False),
        sa.Column("died_on", sa.Date(), nullable=True),
        sa.CheckConstraint("gender IN ('1', '2', '9')", name=op.f("person_gender_known")),
        sa.CheckConstraint("bucket = id & 1023", name=op.f("person_bucket_in_id")),
        sa.CheckConstraint("died_on IS NULL OR died_on >= born_on", name=op.f("person_died_after_birth")),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("person_pkey")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_table(
        "poster",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("poster_pkey")),
    )
    op.create_table(
        "rest_reply",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("body", sa.JSON(), nullable=True),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("(status IS NULL) = (body IS NULL)", name=op.f("rest_reply_answer_whole")),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("rest_reply_pkey")),
        comment="caller: role and holder; request_digest: over method, path and body; no answer yet: only while it is made",
    )
    op.create_table(
        "reversal",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("reversed_by", sa.BigInteger(), nullable=False),
        sa.Column("undo", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "bucket = journal_id & 1023 AND bucket = reversed_by & 1023", name=op.f("reversal_bucket_in_id")
        ),
        sa.PrimaryKeyConstraint("bucket", "journal_id", "round", name=op.f("reversal_pkey")),
    )
    op.create_table(
        "settlement",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("infno", sa.Text(), nullable=False),
        sa.Column("msgid", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("psn_type", sa.Text(), nullable=False),
        sa.Column("civil_servant", sa.Boolean(), nullable=False),
        sa.Column("med_type", sa.Text(), nullable=False),
        sa.Column("certificate_kind", sa.Text(), nullable=False),
        sa.Column("disease", sa.Text(), nullable=False),
        sa.Column("prescriber", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.TIMESTAMP(timezone=True), nullable=False),
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
        sa.Column("own", sa.BigInteger(), nullable=False),
        sa.Column("shared", sa.BigInteger(), nullable=False),
        sa.Column("wallet", sa.BigInteger(), nullable=False),
        sa.Column("cash", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("pack_digest", sa.Text(), nullable=False),
        sa.Column("explanation", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("counters", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("lines", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "(kind <> 'settle') = (reverses IS NOT NULL)", name=op.f("settlement_reversal_names_original")
        ),
        sa.CheckConstraint(
            "CASE WHEN kind <> 'reverse' THEN least(self_paid, over_limit, first_self_pay, in_scope, deductible, fund_pool, fund_large, fund_civil, fund_aid, own, shared, wallet, cash) >= 0 ELSE greatest(self_paid, over_limit, first_self_pay, in_scope, deductible, fund_pool, fund_large, fund_civil, fund_aid, own, shared, wallet, cash) <= 0 END",
            name=op.f("settlement_signs"),
        ),
        sa.CheckConstraint("kind IN ('settle', 'reverse', 'restore')", name=op.f("settlement_kind_known")),
        sa.CheckConstraint(
            "bucket = id & 1023 AND bucket = person_id & 1023", name=op.f("settlement_bucket_of_patient")
        ),
        sa.CheckConstraint(
            "total = fund_pool + fund_large + fund_civil + fund_aid + own + shared + wallet + cash",
            name=op.f("settlement_payers_add_up"),
        ),
        sa.CheckConstraint(
            "total = self_paid + over_limit + first_self_pay + in_scope", name=op.f("settlement_parts_add_up")
        ),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("settlement_pkey")),
        comment="amounts in fen, negative in a reversal; counters: how each benefit counter moved, so that a reversal can take it back; lines: the fee lines of a purchase, which has no visit",
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(op.f("settlement_bucket_person_id_idx"), "settlement", ["bucket", "person_id"], unique=False)
    op.create_table(
        "transfer",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("leg", sa.SmallInteger(), nullable=False),
        sa.Column("debit", sa.BigInteger(), nullable=False),
        sa.Column("credit", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("authorisation_id", sa.BigInteger(), nullable=True),
        sa.Column("posted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("transfer_amount_positive")),
        sa.CheckConstraint("debit <> credit", name=op.f("transfer_two_accounts")),
        sa.PrimaryKeyConstraint("journal_id", "leg", "bucket", name=op.f("transfer_pkey")),
        postgresql_partition_by="RANGE (journal_id)",
    )
    op.create_index(
        "transfer_credit",
        "transfer",
        ["bucket", "credit"],
        unique=False,
        postgresql_where=sa.text("((credit >> 10) & 255) <= 6"),
    )
    op.create_index(
        "transfer_debit",
        "transfer",
        ["bucket", "debit"],
        unique=False,
        postgresql_where=sa.text("((debit >> 10) & 255) <= 6"),
    )
    op.create_table(
        "visit",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("med_type", sa.Text(), nullable=False),
        sa.Column("began_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("diagnoses", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.CheckConstraint("state IN ('open', 'stay', 'cancelled')", name=op.f("visit_state_known")),
        sa.CheckConstraint("bucket = id & 1023 AND bucket = person_id & 1023", name=op.f("visit_bucket_of_patient")),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("visit_pkey")),
        comment="details: what 2201 told of doctor and department; number: the institution's own (ipt_otp_no); state: a stay in hospital has its own life in admission",
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(op.f("visit_bucket_person_id_idx"), "visit", ["bucket", "person_id"], unique=False)
    op.create_table(
        "enrolment",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("psn_type", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), server_default="1", nullable=False),
        sa.Column("employer", sa.Text(), server_default="", nullable=False),
        sa.Column("civil_servant", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("aided", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("second_grade", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("covered_since", sa.Date(), nullable=True),
        sa.Column("late", sa.Text(), nullable=True),
        sa.Column("missed_years", sa.Integer(), server_default="0", nullable=False),
        sa.Column("repaid_years", sa.Integer(), server_default="0", nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("bucket"), "="),
            (sa.column("person_id"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="enrolment_one_at_a_time",
        ),
        sa.CheckConstraint("(scheme = '390') = (status = 'resident')", name=op.f("enrolment_resident_scheme")),
        sa.CheckConstraint("region ~ '^[0-9]{6}$'", name=op.f("enrolment_region_is_admdvs")),
        sa.CheckConstraint("scheme IN ('310', '390')", name=op.f("enrolment_scheme_known")),
        sa.CheckConstraint("standing IN ('1', '2')", name=op.f("enrolment_standing_known")),
        sa.CheckConstraint("status IN ('active', 'retired', 'resident')", name=op.f("enrolment_status_known")),
        sa.CheckConstraint("NOT isempty(during) AND NOT lower_inf(during)", name=op.f("enrolment_during_begins")),
        sa.CheckConstraint("covered_since <= lower(during)", name=op.f("enrolment_covered_before")),
        sa.CheckConstraint("late IN ('outside_window', 'interrupted', 'flexible')", name=op.f("enrolment_late_known")),
        sa.CheckConstraint(
            "repaid_years BETWEEN 0 AND missed_years AND (missed_years = 0 OR late IS NOT DISTINCT FROM 'interrupted')",
            name=op.f("enrolment_missed_when_interrupted"),
        ),
        sa.ForeignKeyConstraint(
            ["bucket", "person_id"], ["person.bucket", "person.id"], name=op.f("enrolment_bucket_person_id_fkey")
        ),
        comment="covered_since: first day of unbroken cover, where it lies before this enrolment; late: what makes wait",
    )
    op.create_table(
        "fee_line",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("sn", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("own_code", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("self_paid", sa.BigInteger(), nullable=False),
        sa.Column("over_limit", sa.BigInteger(), nullable=False),
        sa.Column("first_self_pay", sa.BigInteger(), nullable=False),
        sa.Column("in_scope", sa.BigInteger(), nullable=False),
        sa.Column("item", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("takes_back", sa.Text(), nullable=True),
        sa.Column("settlement_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "count <> 0 AND price >= 0 AND (count < 0) = (takes_back IS NOT NULL)",
            name=op.f("fee_line_count_and_price"),
        ),
        sa.CheckConstraint(
            "CASE WHEN count > 0 THEN least(self_paid, over_limit, first_self_pay, in_scope) >= 0 ELSE greatest(self_paid, over_limit, first_self_pay, in_scope) <= 0 END",
            name=op.f("fee_line_parts_have_one_sign"),
        ),
        sa.CheckConstraint(
            "total = self_paid + over_limit + first_self_pay + in_scope", name=op.f("fee_line_parts_add_up")
        ),
        sa.PrimaryKeyConstraint("bucket", "visit_id", "sn", name=op.f("fee_line_pkey")),
        comment="count: ten-thousandths, below zero in a line that takes another back; price: millionths of a yuan; item: what the catalogue said of it that day; takes_back: sn of that other line",
        postgresql_partition_by="RANGE (visit_id)",
    )
    op.create_table(
        "institution_key",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("valid_from", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("valid_until", sa.TIMESTAMP(timezone=True), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("dialect"), "="),
            (sa.column("client"), "="),
            (sa.column("institution_id"), "<>"),
            using="gist",
            name="institution_key_one_institution_a_name",
        ),
        sa.CheckConstraint("dialect IN ('x-tif', 'api', 'x-ca', 'apikey')", name=op.f("institution_key_dialect_known")),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("institution_key_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("institution_key_institution_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("institution_key_pkey")),
        comment="client: what the sender calls itself (paasid, access key …); of an apikey, its fingerprint",
    )
    op.create_index(op.f("institution_key_institution_id_idx"), "institution_key", ["institution_id"], unique=False)
    op.create_table(
        "sign_on",
        sa.Column("sign_no", sa.Text(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("signed_on_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("signed_off_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("sign_on_institution_id_fkey")),
        sa.PrimaryKeyConstraint("sign_no", name=op.f("sign_on_pkey")),
    )


def create_verification_tables() -> None:
    op.create_table(
        "verified_block",
        sa.Column("verification", sa.Text(), nullable=False),
        sa.Column("poster_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("verified_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("verification IN ('full', 'recent')", name=op.f("verified_block_verification_known")),
        sa.CheckConstraint("number > 0", name=op.f("verified_block_number_positive")),
        sa.PrimaryKeyConstraint("verification", "poster_id", name=op.f("verified_block_pkey")),
    )
    op.create_table(
        "verification_finding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("found_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("verification_finding_pkey")),
        sa.UniqueConstraint("topic", "what", name=op.f("verification_finding_topic_what_key")),
    )


def create_operations() -> None:
    """What keeps the books running: sums of open accounts, and the owner's part of the daily maintenance."""
    op.create_table(
        "account_rollup",
        sa.Column("holder", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("debit", sa.BigInteger(), nullable=False),
        sa.Column("credit", sa.BigInteger(), nullable=False),
        sa.Column("transfers", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("debit >= 0 AND credit >= 0 AND transfers > 0", name=op.f("account_rollup_sums")),
        sa.PrimaryKeyConstraint("holder", "kind", "day", name=op.f("account_rollup_pkey")),
        comment="holder and kind: as in an account's id, without its bucket",
    )
    op.create_table(
        "rollup_through",
        sa.Column("poster_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("block > 0", name=op.f("rollup_through_block_positive")),
        sa.PrimaryKeyConstraint("poster_id", name=op.f("rollup_through_pkey")),
    )
    op.execute(ADD_PARTITIONS)
    # A trigger for statements is not inherited by partitions.
    for table in sorted(set(BY_MONTH) & set(APPEND_ONLY)):
        op.execute(
            f"CREATE TRIGGER {table}_default_is_kept BEFORE TRUNCATE ON months.{table}_default"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


#: The service owns nothing, so it cannot make a table; this makes those of the coming months for it, and nothing else.
#: A new table is filled with the parent's constraints before it is attached, and attaching locks only the default
#: partition, which is empty; a second that others hold it is waited for, then the caller tries again later. Rows that
#: came before their month had a table lie in the default: they stay there, and that table's month is left out.
ADD_PARTITIONS = """
CREATE FUNCTION add_partitions(first_month date, months integer) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    parent record;
    month date;
    serials bigint;
    name text;
BEGIN
    FOR parent IN
        SELECT c.oid, c.relname FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
         WHERE c.relnamespace = 'public'::regnamespace AND p.partstrat = 'r' ORDER BY c.relname
    LOOP
        FOR ahead IN 0 .. months - 1 LOOP
            month := date_trunc('month', first_month)::date + make_interval(months => ahead);
            name := format('%s_%s', parent.relname, to_char(month, 'YYYY_MM'));
            CONTINUE WHEN to_regclass(format('months.%I', name)) IS NOT NULL;
            serials := (extract(year FROM month) - 2020) * 12 + extract(month FROM month);
            BEGIN
                EXECUTE format('CREATE TABLE months.%I (LIKE %I INCLUDING ALL)', name, parent.relname);
                EXECUTE format('ALTER TABLE %I ATTACH PARTITION months.%I FOR VALUES FROM (%s) TO (%s)',
                               parent.relname, name, serials << 44, (serials + 1) << 44);
            EXCEPTION WHEN check_violation THEN
                CONTINUE;
            END;
            IF EXISTS (SELECT FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid
                        WHERE t.tgrelid = parent.oid AND f.proname = 'refuse_change') THEN
                EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON months.%I FOR EACH STATEMENT'
                               ' EXECUTE FUNCTION refuse_change()', name || '_is_kept', name);
            END IF;
            RETURN NEXT name;
        END LOOP;
    END LOOP;
END $$
"""


#: Of these tables too rows are added, never changed; a hold's row only moves forward.
YEARS_APPEND_ONLY = ("hold_step", "account_credit", "year_turn", "account_closing")


def create_holds_and_years() -> None:
    op.create_table(
        "hold",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("captured", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("released", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("authorisation_id", sa.BigInteger(), nullable=True),
        sa.Column("placed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'open') = (captured + released < amount)", name=op.f("hold_open_while_something_remains")
        ),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("hold_ended_has_a_moment")),
        sa.CheckConstraint("purpose IN ('deposit', 'wallet', 'transfer', 'premium')", name=op.f("hold_purpose_known")),
        sa.CheckConstraint("state <> 'captured' OR captured > 0", name=op.f("hold_captured_took_something")),
        sa.CheckConstraint("state IN ('open', 'captured', 'released', 'expired')", name=op.f("hold_state_known")),
        sa.CheckConstraint("(account >> 10) & 255 = 3", name=op.f("hold_account_is_held")),
        sa.CheckConstraint("amount > 0 AND captured >= 0 AND released >= 0", name=op.f("hold_amounts")),
        sa.CheckConstraint("bucket = id & 1023 AND bucket = account & 1023", name=op.f("hold_bucket_of_money")),
        sa.CheckConstraint("captured + released <= amount", name=op.f("hold_within_amount")),
        sa.CheckConstraint("expires_at > placed_at", name=op.f("hold_expires_later")),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("hold_pkey")),
        comment="person_id: in whose favour; account: the payer's personal.held; its first journal, of the same id, says where from",
    )
    op.create_index(
        op.f("hold_bucket_account_idx"),
        "hold",
        ["bucket", "account"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("hold_due", "hold", ["expires_at"], unique=False, postgresql_where=sa.text("state = 'open'"))
    op.create_table(
        "hold_step",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("hold_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("captured", sa.BigInteger(), nullable=False),
        sa.Column("released", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("request_digest", sa.LargeBinary(), nullable=True),
        sa.Column("settlement_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "settlement_id IS NULL OR kind = 'capture'", name=op.f("hold_step_settlement_only_captures")
        ),
        sa.CheckConstraint("(kind = 'expire') = (key IS NULL)", name=op.f("hold_step_asked_for_with_a_key")),
        sa.CheckConstraint(
            "(kind = 'hold') = (captured + released = 0)", name=op.f("hold_step_later_steps_move_something")
        ),
        sa.CheckConstraint("(kind = 'hold') = (id = hold_id)", name=op.f("hold_step_first_step_has_the_holds_id")),
        sa.CheckConstraint("kind IN ('hold', 'capture', 'release', 'expire')", name=op.f("hold_step_kind_known")),
        sa.CheckConstraint("(key IS NULL) = (request_digest IS NULL)", name=op.f("hold_step_key_with_digest")),
        sa.CheckConstraint("bucket = id & 1023 AND bucket = hold_id & 1023", name=op.f("hold_step_bucket_of_hold")),
        sa.CheckConstraint("captured >= 0 AND released >= 0 AND remaining >= 0", name=op.f("hold_step_amounts")),
        sa.ForeignKeyConstraint(
            ["bucket", "hold_id"], ["hold.bucket", "hold.id"], name=op.f("hold_step_bucket_hold_id_fkey")
        ),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("hold_step_pkey")),
        comment="captured, released: by this step, fen; remaining: what was still held after it; settlement_id: in whose journal it was taken, else in one of its own",
    )
    op.create_index(
        "hold_step_settlement",
        "hold_step",
        ["settlement_id"],
        unique=False,
        postgresql_where=sa.text("settlement_id IS NOT NULL"),
    )
    op.create_index(
        "hold_deposit", "hold", ["reference"], unique=False, postgresql_where=sa.text("purpose = 'deposit'")
    )
    op.create_index(op.f("hold_step_bucket_hold_id_idx"), "hold_step", ["bucket", "hold_id"], unique=False)
    op.create_index(
        "hold_step_key", "hold_step", ["bucket", "key"], unique=True, postgresql_where=sa.text("key IS NOT NULL")
    )
    op.create_table(
        "account_credit",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("posted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('employer', 'flexible', 'retired')", name=op.f("account_credit_kind_known")),
        sa.CheckConstraint("amount > 0 AND base > 0", name=op.f("account_credit_amounts")),
        sa.CheckConstraint(
            "bucket = person_id & 1023 AND bucket = journal_id & 1023", name=op.f("account_credit_bucket_of_person")
        ),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("account_credit_month_by_its_first_day")),
        sa.PrimaryKeyConstraint("bucket", "person_id", "month", "kind", "round", name=op.f("account_credit_pkey")),
    )
    op.create_table(
        "year_turn",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("carried", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=True),
        sa.Column("turned_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("bucket = person_id & 1023", name=op.f("year_turn_bucket_of_person")),
        sa.CheckConstraint(
            "carried >= 0 AND (carried > 0) = (journal_id IS NOT NULL)", name=op.f("year_turn_carried_by_a_journal")
        ),
        sa.PrimaryKeyConstraint("bucket", "person_id", "year", name=op.f("year_turn_pkey")),
    )
    op.create_table(
        "account_closing",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("other_region", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("shares", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("authorisations", sa.Integer(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'death') = (other_region IS NULL)", name=op.f("account_closing_transfer_names_the_other_region")
        ),
        sa.CheckConstraint("kind IN ('death', 'transfer_out', 'transfer_in')", name=op.f("account_closing_kind_known")),
        sa.CheckConstraint("amount >= 0 AND held >= 0", name=op.f("account_closing_amounts")),
        sa.CheckConstraint(
            "bucket = id & 1023 AND bucket = person_id & 1023", name=op.f("account_closing_bucket_of_person")
        ),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("account_closing_pkey")),
        comment="shares: fen by the id of the person who is owed them; held: what open holds keep",
    )
    op.create_index(
        "account_closing_reference", "account_closing", ["bucket", "person_id", "kind", "reference"], unique=True
    )
    for table in YEARS_APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_is_history BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_is_kept BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        """
        CREATE FUNCTION hold_moves_forward() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF OLD.state = 'open' AND NEW.captured >= OLD.captured AND NEW.released >= OLD.released
                   AND (NEW.bucket, NEW.id, NEW.person_id, NEW.account, NEW.amount, NEW.purpose, NEW.reference,
                        NEW.placed_at, NEW.expires_at)
                     = (OLD.bucket, OLD.id, OLD.person_id, OLD.account, OLD.amount, OLD.purpose, OLD.reference,
                        OLD.placed_at, OLD.expires_at)
                   AND NEW.authorisation_id IS NOT DISTINCT FROM OLD.authorisation_id THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE EXCEPTION 'a hold only moves forward: what is taken or given back stays so (%)', TG_OP
                USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER hold_moves_forward BEFORE UPDATE OR DELETE ON hold"
        " FOR EACH ROW EXECUTE FUNCTION hold_moves_forward()"
    )
    op.execute(
        "CREATE TRIGGER hold_is_kept BEFORE TRUNCATE ON hold FOR EACH STATEMENT EXECUTE FUNCTION hold_moves_forward()"
    )
