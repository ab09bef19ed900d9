"""orders that wait to be paid are found by their patient"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    waiting = sa.text("state IN (0, 1, 15)")
    op.create_index("mobile_order_waiting", "mobile_order", ["person_id"], postgresql_where=waiting)
