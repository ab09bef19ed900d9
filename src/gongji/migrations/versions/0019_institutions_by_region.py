"""institutions are looked for by region"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("institution_region_idx"), "institution", ["region"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("institution_region_idx"), "institution")
