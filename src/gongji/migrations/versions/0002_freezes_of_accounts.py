"""a freeze keeps everything from being paid, has a reason, and two officers where it accuses somebody"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)

#: Why an account is frozen; the two that accuse somebody need a second officer.
_REASONS = "'holder_asked', 'identity_check', 'death_check', 'credit_check', 'misuse_check', 'decision'"
_ACCUSING = "'misuse_check', 'decision'"


def upgrade() -> None:
    op.add_column("account", sa.Column("frozen_until", sa.Date(), nullable=True))
    op.create_table_comment(
        "account",
        "frozen_until: the last day on which an agency lets nothing be paid from it; 9999-12-31 while none is named",
    )
    # What it held kept an account from being shared, without a reason that its holder could read, and was never in use:
    # no page, command or call wrote it.
    op.drop_table("account_freeze")
    op.create_table(
        "account_freeze",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("stands_until", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("agreed_by", sa.Text(), nullable=True),
        sa.Column("agreed_at", _MOMENT, nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.Column("lift_asked_by", sa.Text(), nullable=True),
        sa.Column("lift_asked_at", _MOMENT, nullable=True),
        sa.Column("ending", sa.Text(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        *(
            sa.CheckConstraint(condition, name=op.f(f"account_freeze_{name}"))
            for name, condition in _conditions().items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("account_freeze_pkey")),
        comment="stands_until: while a second officer is waited for some working days, then until;"
        " 9999-12-31: no day is named",
    )
    one_open = sa.text("ended_at IS NULL")
    op.create_index("account_freeze_open", "account_freeze", ["person_id"], unique=True, postgresql_where=one_open)
    op.create_index(op.f("account_freeze_region_id_idx"), "account_freeze", ["region", "id"])


def _conditions() -> dict[str, str]:
    return {
        "reason_known": f"reason IN ({_REASONS})",
        "decision_names_a_day": "reason <> 'decision' OR until IS NOT NULL",
        "two_officers_freeze": "agreed_by <> asked_by",
        "others_stand_at_once": f"reason IN ({_ACCUSING})"
        " OR (agreed_by IS NULL AND stands_until = coalesce(until, '9999-12-31'))",
        "agreement_is_somebodys": "(agreed_by IS NULL) = (agreed_at IS NULL)",
        "lifting_is_somebodys": "(lift_asked_by IS NULL) = (lift_asked_at IS NULL)"
        " AND (lift_asked_by IS NULL) = (lift_reason IS NULL)",
        "two_officers_lift": f"reason NOT IN ({_ACCUSING})"
        " OR ending IS DISTINCT FROM 'lifted' OR ended_by <> lift_asked_by",
        "ending_known": "ending IN ('lifted', 'not_agreed', 'over')",
        "ending_is_somebodys": "(ending IS NULL) = (ended_at IS NULL)"
        " AND (ended_by IS NULL) = (ending IS NULL OR ending = 'over')",
    }
