"""deliveries that are tried again are found by number, without reading the others"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    again = sa.text("due_at IS NOT NULL AND attempts > 0")
    op.create_index("message_delivery_retried", "message_delivery", ["id"], postgresql_where=again)
