"""filings that wait for the agency are found without reading the others"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    waiting = sa.text("state = 'filed'")
    op.create_index("filing_waiting", "filing", ["filed_at", "id"], postgresql_where=waiting)
