"""settlements keep the invoice that institutions tell; an alert for one that is used twice"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_RULES = (
    "over_volume",
    "repeat_purchase",
    "trace_code_reused",
    "use_after_death",
    "relatives_at_one_till",
    "round_sums_at_one_till",
    "whole_balance",
    "bind_drain_unbind",
    "age_or_sex",
    "strange_area",
    "impossible_travel",
    "wallet_round_trip",
    "bound_by_many",
    "year_end_rush",
)
_ROWS = ("settlement", "authorisation", "wallet_transfer", "month")


def upgrade() -> None:
    op.add_column("settlement", sa.Column("invoice", sa.Text(), server_default="", nullable=False))
    op.create_index("settlement_invoice", "settlement", ["invoice"], postgresql_where=sa.text("invoice <> ''"))
    _know((*_RULES, "invoice_used_twice"), ("settlement", "authorisation", "wallet_transfer", "claim", "month"))


def downgrade() -> None:
    _know(_RULES, _ROWS)
    op.drop_index("settlement_invoice", "settlement")
    op.drop_column("settlement", "invoice")


def _know(rules: tuple[str, ...], rows: tuple[str, ...]) -> None:
    for table, name, column, words in (
        ("alert", "alert_rule_known", "rule", rules),
        ("alert_rule_change", "alert_rule_change_rule_known", "rule", rules),
        ("alert_row", "alert_row_kind_known", "kind", rows),
    ):
        op.drop_constraint(op.f(name), table)
        listed = ", ".join(f"'{word}'" for word in words)
        op.create_check_constraint(op.f(name), table, f"{column} IN ({listed})")
