"""alerts on one subject join into one open case of each agency, not into another agency's"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_OPEN = sa.text("outcome IS NULL")


def upgrade() -> None:
    op.drop_index("alert_case_open", "alert_case")
    columns = ["subject_kind", "subject_id", "region"]
    op.create_index("alert_case_open", "alert_case", columns, unique=True, postgresql_where=_OPEN)


def downgrade() -> None:
    op.drop_index("alert_case_open", "alert_case")
    columns = ["subject_kind", "subject_id"]
    op.create_index("alert_case_open", "alert_case", columns, unique=True, postgresql_where=_OPEN)
