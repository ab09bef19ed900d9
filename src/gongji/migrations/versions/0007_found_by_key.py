"""how a settlement's family is insured, and who shares with its patient, is found by ordinary indexes"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("enrolment_bucket_person_id_idx"), "enrolment", ["bucket", "person_id"], unique=False)
    op.create_index(
        "authorisation_open",
        "authorisation",
        ["bucket", "user_id"],
        unique=False,
        postgresql_include=["sharer_id"],
        postgresql_where=sa.text("upper_inf(in_force)"),
    )


def downgrade() -> None:
    op.drop_index("authorisation_open", "authorisation")
    op.drop_index("enrolment_bucket_person_id_idx", "enrolment")
