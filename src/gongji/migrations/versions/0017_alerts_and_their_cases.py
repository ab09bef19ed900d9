"""what alerts find, the cases and letters that come of it, how far was read, and how rules were changed"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from gongji.migrations.first import keep_as_history

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    create_cases()
    create_letters()
    create_alerts()
    create_marks_and_settings()
    for table in ("alert_case_step", "alert_rule_change"):
        keep_as_history(table)


def create_cases() -> None:
    op.create_table(
        "alert_case",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("concluded_at", _MOMENT, nullable=True),
        sa.Column("concluded_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('unfounded', 'explained', 'warned', 'referred', 'frozen', 'take_back')",
            name=op.f("alert_case_outcome_known"),
        ),
        sa.CheckConstraint(
            "reason IN ('record_wrong', 'rule_too_wide', 'long_term_supply', 'family_together', 'proven_otherwise', 'card_lent', 'more_than_needed', 'cashed_out', 'used_after_death', 'institution_at_fault', 'relation_not_real')",
            name=op.f("alert_case_reason_known"),
        ),
        sa.CheckConstraint(
            "subject_kind IN ('person', 'institution', 'authorisation')", name=op.f("alert_case_subject_known")
        ),
        sa.CheckConstraint(
            "(outcome IS NULL) = (reason IS NULL) AND (outcome IS NULL) = (concluded_at IS NULL) AND (outcome IS NULL) = (concluded_by IS NULL)",
            name=op.f("alert_case_concluded_whole"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("alert_case_pkey")),
    )
    op.create_index(
        "alert_case_open",
        "alert_case",
        ["subject_kind", "subject_id"],
        unique=True,
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_index(op.f("alert_case_region_opened_at_idx"), "alert_case", ["region", "opened_at"], unique=False)
    op.create_table(
        "alert_case_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "step IN ('open', 'alert', 'lapse', 'claim', 'release', 'ask', 'answer', 'conclude')",
            name=op.f("alert_case_step_step_known"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["alert_case.id"], name=op.f("alert_case_step_case_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("alert_case_step_pkey")),
    )
    op.create_index(op.f("alert_case_step_case_id_id_idx"), "alert_case_step", ["case_id", "id"], unique=False)


def create_letters() -> None:
    op.create_table(
        "alert_letter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reader_kind", sa.Text(), nullable=False),
        sa.Column("reader_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("sent_by", sa.Text(), nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("answered_at", _MOMENT, nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("pages", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answer_sealed IS NULL) AND (kind = 'ask' OR answered_at IS NULL)",
            name=op.f("alert_letter_answered_whole"),
        ),
        sa.CheckConstraint("(kind = 'ask') = (due_on IS NOT NULL)", name=op.f("alert_letter_asked_until")),
        sa.CheckConstraint("kind IN ('ask', 'decision')", name=op.f("alert_letter_kind_known")),
        sa.CheckConstraint("reader_kind IN ('person', 'institution')", name=op.f("alert_letter_reader_known")),
        sa.ForeignKeyConstraint(["case_id"], ["alert_case.id"], name=op.f("alert_letter_case_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("alert_letter_pkey")),
    )
    op.create_index(op.f("alert_letter_case_id_idx"), "alert_letter", ["case_id"], unique=False)
    op.create_index(
        "alert_letter_open",
        "alert_letter",
        ["case_id", "reader_kind", "reader_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'ask' AND answered_at IS NULL"),
    )
    op.create_index(
        op.f("alert_letter_reader_kind_reader_id_id_idx"),
        "alert_letter",
        ["reader_kind", "reader_id", "id"],
        unique=False,
    )


def create_alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("measured", postgresql.JSONB(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("found_at", _MOMENT, nullable=False),
        sa.Column("lapsed_at", _MOMENT, nullable=True),
        sa.Column("founded", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "rule IN ('over_volume', 'repeat_purchase', 'trace_code_reused', 'use_after_death', 'relatives_at_one_till', 'round_sums_at_one_till', 'whole_balance', 'bind_drain_unbind', 'age_or_sex', 'strange_area', 'impossible_travel', 'wallet_round_trip', 'bound_by_many', 'year_end_rush')",
            name=op.f("alert_rule_known"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["alert_case.id"], name=op.f("alert_case_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("alert_pkey")),
        sa.UniqueConstraint("rule", "key", name=op.f("alert_rule_key_key")),
    )
    op.create_index(op.f("alert_case_id_idx"), "alert", ["case_id"], unique=False)
    op.create_index(op.f("alert_region_found_at_idx"), "alert", ["region", "found_at"], unique=False)
    op.create_table(
        "alert_row",
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('settlement', 'authorisation', 'wallet_transfer', 'month')", name=op.f("alert_row_kind_known")
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("alert_row_alert_id_fkey")),
        sa.PrimaryKeyConstraint("alert_id", "kind", "row_id", name=op.f("alert_row_pkey")),
        comment="facts: as they stood when it was found, so that they outlive the months' archive; people by id",
    )
    op.create_index(op.f("alert_row_row_id_kind_idx"), "alert_row", ["row_id", "kind"], unique=False)


def create_marks_and_settings() -> None:
    op.create_table(
        "alert_through",
        sa.Column("poster_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("block > 0", name=op.f("alert_through_block_positive")),
        sa.PrimaryKeyConstraint("poster_id", name=op.f("alert_through_pkey")),
    )
    op.create_table(
        "alert_read",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "stream IN ('authorisation_event', 'wallet_transfer')", name=op.f("alert_read_stream_known")
        ),
        sa.PrimaryKeyConstraint("stream", name=op.f("alert_read_pkey")),
        comment="number: of the last event, or of the day of the last transfer, that cannot get late-comers any more",
    )
    op.create_table(
        "alert_rule_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("thresholds", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.CheckConstraint("region ~ '^[0-9]{6}$'", name=op.f("alert_rule_change_region_is_admdvs")),
        sa.CheckConstraint(
            "rule IN ('over_volume', 'repeat_purchase', 'trace_code_reused', 'use_after_death', 'relatives_at_one_till', 'round_sums_at_one_till', 'whole_balance', 'bind_drain_unbind', 'age_or_sex', 'strange_area', 'impossible_travel', 'wallet_round_trip', 'bound_by_many', 'year_end_rush')",
            name=op.f("alert_rule_change_rule_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("alert_rule_change_pkey")),
        comment="thresholds: those that are not the rule's defaults",
    )
    op.create_index(
        op.f("alert_rule_change_rule_region_id_idx"), "alert_rule_change", ["rule", "region", "id"], unique=False
    )
    op.create_table(
        "monitored_drug",
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("area ~ '^[0-9]{6}$'", name=op.f("monitored_drug_area_is_admdvs")),
        sa.CheckConstraint("days > 0", name=op.f("monitored_drug_days_positive")),
        sa.PrimaryKeyConstraint("area", "item_code", name=op.f("monitored_drug_pkey")),
        comment="area: 000000 the nation, or the insured region whose own figure goes before it; source: who says so",
    )
    op.create_table(
        "drug_trace",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("settlement_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", "settlement_id", name=op.f("drug_trace_pkey")),
    )
    op.create_index(op.f("drug_trace_settlement_id_idx"), "drug_trace", ["settlement_id"], unique=False)
