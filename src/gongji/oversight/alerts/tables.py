"""Tables of alerts: what was read, what was found with the rows behind it, cases, letters, and how rules were changed.

None of them is touched while money moves: what the rules read is read afterwards, by whoever scans.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from gongji.foundation.schema import metadata, moment_column
from gongji.oversight.alerts.model import Outcome, Reader, Reason, RowKind, RuleCode, Step, Subject


def _one_of(column: str, words: type[Outcome | Reader | Reason | RowKind | RuleCode | Step | Subject]) -> str:
    return f"{column} IN (" + ", ".join(f"'{word}'" for word in words) + ")"


#: Up to which of a poster's blocks settlements were looked at.
alert_through = sa.Table(
    "alert_through",
    metadata,
    sa.Column("poster_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("block", sa.BigInteger, nullable=False),
    sa.CheckConstraint("block > 0", name="block_positive"),
)

#: Up to where what has no blocks was read.
alert_read = sa.Table(
    "alert_read",
    metadata,
    sa.Column("stream", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.CheckConstraint("stream IN ('authorisation_event', 'wallet_transfer')", name="stream_known"),
    comment="number: of the last event, or of the day of the last transfer, that cannot get late-comers any more",
)

#: How many days one counted unit of a drug lasts: what over-volume dispensing is measured by.
monitored_drug = sa.Table(
    "monitored_drug",
    metadata,
    sa.Column("area", sa.Text, nullable=False),
    sa.Column("item_code", sa.Text, nullable=False),
    sa.Column("days", sa.SmallInteger, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("area", "item_code"),
    sa.CheckConstraint("area ~ '^[0-9]{6}$'", name="area_is_admdvs"),
    sa.CheckConstraint("days > 0", name="days_positive"),
    comment="area: 000000 the nation, or the insured region whose own figure goes before it; source: who says so",
)

#: Trace codes of packs that were sold whole, each with the settlement that it stood in.
drug_trace = sa.Table(
    "drug_trace",
    metadata,
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("settlement_id", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("code", "settlement_id"),
    sa.Index(None, "settlement_id"),
)

#: Never changed: each switching on or off of a rule and each change of its thresholds; the newest of a region holds.
alert_rule_change = sa.Table(
    "alert_rule_change",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("thresholds", JSONB, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    moment_column("at"),
    sa.CheckConstraint("region ~ '^[0-9]{6}$'", name="region_is_admdvs"),
    sa.CheckConstraint(_one_of("rule", RuleCode), name="rule_known"),
    sa.Index(None, "rule", "region", "id"),
    comment="thresholds: those that are not the rule's defaults",
)

alert_case = sa.Table(
    "alert_case",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("subject_kind", sa.Text, nullable=False),
    sa.Column("subject_id", sa.BigInteger, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    moment_column("opened_at"),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("holder", sa.Text),
    sa.Column("outcome", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("note", sa.Text),
    moment_column("concluded_at", nullable=True),
    sa.Column("concluded_by", sa.Text),
    sa.CheckConstraint(_one_of("subject_kind", Subject), name="subject_known"),
    sa.CheckConstraint(_one_of("outcome", Outcome), name="outcome_known"),
    sa.CheckConstraint(_one_of("reason", Reason), name="reason_known"),
    sa.CheckConstraint(
        "(outcome IS NULL) = (reason IS NULL) AND (outcome IS NULL) = (concluded_at IS NULL)"
        " AND (outcome IS NULL) = (concluded_by IS NULL)",
        name="concluded_whole",
    ),
    # Several alerts on one subject join into one open case of an agency, whoever finds them at once; somebody who moved may have
    # one with each.
    sa.Index(
        "alert_case_open",
        "subject_kind",
        "subject_id",
        "region",
        unique=True,
        postgresql_where=sa.text("outcome IS NULL"),
    ),
    sa.Index(None, "region", "opened_at"),
)

alert = sa.Table(
    "alert",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("measured", JSONB, nullable=False),
    sa.Column("case_id", sa.BigInteger, sa.ForeignKey("alert_case.id"), nullable=False),
    moment_column("found_at"),
    moment_column("lapsed_at", nullable=True),
    sa.Column("founded", sa.Boolean),
    # The same group of rows is never an alert twice.
    sa.UniqueConstraint("rule", "key"),
    sa.CheckConstraint(_one_of("rule", RuleCode), name="rule_known"),
    sa.Index(None, "case_id"),
    sa.Index(None, "region", "found_at"),
)

alert_row = sa.Table(
    "alert_row",
    metadata,
    sa.Column("alert_id", sa.BigInteger, sa.ForeignKey("alert.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("row_id", sa.BigInteger, nullable=False),
    sa.Column("facts", JSONB, nullable=False),
    sa.PrimaryKeyConstraint("alert_id", "kind", "row_id"),
    sa.CheckConstraint(_one_of("kind", RowKind), name="kind_known"),
    sa.Index(None, "row_id", "kind"),
    comment="facts: as they stood when it was found, so that they outlive the months' archive; people by id",
)

#: Never changed: what happened with a case.
alert_case_step = sa.Table(
    "alert_case_step",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("case_id", sa.BigInteger, sa.ForeignKey("alert_case.id"), nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("holder", sa.Text),
    sa.Column("details", JSONB, nullable=False, server_default="{}"),
    sa.Column("note", sa.Text),
    moment_column("at"),
    sa.CheckConstraint(_one_of("step", Step), name="step_known"),
    sa.Index(None, "case_id", "id"),
)

#: What somebody is asked to explain, and how a case ended. The answer is sealed; its pages are stored files.
alert_letter = sa.Table(
    "alert_letter",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("case_id", sa.BigInteger, sa.ForeignKey("alert_case.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("reader_kind", sa.Text, nullable=False),
    sa.Column("reader_id", sa.BigInteger, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("sent_by", sa.Text, nullable=False),
    moment_column("sent_at"),
    sa.Column("due_on", sa.Date),
    moment_column("answered_at", nullable=True),
    sa.Column("answer_sealed", sa.LargeBinary),
    sa.Column("pages", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.CheckConstraint("kind IN ('ask', 'decision')", name="kind_known"),
    sa.CheckConstraint(_one_of("reader_kind", Reader), name="reader_known"),
    sa.CheckConstraint("(kind = 'ask') = (due_on IS NOT NULL)", name="asked_until"),
    sa.CheckConstraint(
        "(answered_at IS NULL) = (answer_sealed IS NULL) AND (kind = 'ask' OR answered_at IS NULL)",
        name="answered_whole",
    ),
    # One question at a time: the next is asked when the last was answered.
    sa.Index(
        "alert_letter_open",
        "case_id",
        "reader_kind",
        "reader_id",
        unique=True,
        postgresql_where=sa.text("kind = 'ask' AND answered_at IS NULL"),
    ),
    sa.Index(None, "case_id"),
    sa.Index(None, "reader_kind", "reader_id", "id"),
)
