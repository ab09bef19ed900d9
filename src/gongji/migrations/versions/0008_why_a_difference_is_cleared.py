"""whoever clears a difference says why"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TABLE = "statement_difference"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("cleared_reason", sa.Text(), nullable=True))
    op.add_column(_TABLE, sa.Column("cleared_note", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("statement_difference_cleared_reason_known"),
        _TABLE,
        "cleared_reason IN ('corrected_there', 'settled_anew', 'agreed', 'outside')",
    )
    op.create_check_constraint(
        op.f("statement_difference_people_say_why"),
        _TABLE,
        "(cleared_reason IS NOT NULL) = (cleared_at IS NOT NULL AND cleared_by <> 'comparison')",
    )
