"""filings are refused, messages tell of them, and an officer's token says what its officer may decide on"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("filing_state_known"), "filing")
    op.create_check_constraint(
        op.f("filing_state_known"), "filing", "state IN ('filed', 'granted', 'refused', 'withdrawn')"
    )
    op.drop_constraint("filing_once_at_a_time", "filing")
    op.execute(
        "ALTER TABLE filing ADD CONSTRAINT filing_once_at_a_time EXCLUDE USING gist (bucket WITH =, person_id WITH =,"
        " kind WITH =, subject WITH =, during WITH &&) WHERE (state NOT IN ('refused', 'withdrawn'))"
    )
    op.add_column("access_token", sa.Column("duties", sa.ARRAY(sa.Text()), nullable=False, server_default="{}"))
    op.create_check_constraint(
        op.f("access_token_officers_have_duties"), "access_token", "role = 'officer' OR duties = '{}'"
    )
    # Whoever wanted to be told everything wants this, too.
    op.execute(
        "UPDATE message_preference SET topics = topics || 'filing'::text"
        " WHERE topics @> ARRAY['money', 'family', 'premium', 'wallet', 'dispute']"
    )
