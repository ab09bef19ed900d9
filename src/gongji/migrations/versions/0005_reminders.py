"""what people asked to be reminded of, or to have done, once it is possible"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "reminder",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('told', 'done', 'refused', 'void', 'cancelled')", name=op.f("reminder_outcome_known")
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name=op.f("reminder_ended_has_an_outcome")),
        sa.CheckConstraint("until >= due_at", name=op.f("reminder_due_before_it_is_given_up")),
        sa.PrimaryKeyConstraint("id", name=op.f("reminder_pkey")),
        comment="due_at: when it is looked at next; until: when it is given up; asked_by: whose hands asked for it",
    )
    waits = sa.text("ended_at IS NULL")
    op.create_index("reminder_once", "reminder", ["person_id", "kind", "subject"], unique=True, postgresql_where=waits)
    op.create_index("reminder_due", "reminder", ["due_at"], unique=False, postgresql_where=waits)
    op.create_index(op.f("reminder_person_id_id_idx"), "reminder", ["person_id", "id"], unique=False)
