"""quotas that relatives give somebody's wallet"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("quotas", sa.SmallInteger(), nullable=False, server_default="0"))
    op.create_check_constraint(op.f("person_quotas_counted"), "person", "quotas >= 0")
    op.create_table_comment(
        "person",
        "quotas: wallet quotas in force that relatives gave the person; a settlement, which reads this row, looks for"
        " them only where there are any",
    )
    op.create_index(
        "hold_quota", "hold", ["bucket", "reference"], unique=False, postgresql_where=sa.text("purpose = 'wallet'")
    )
    create_quotas()
    op.execute(
        """
        CREATE FUNCTION quota_moves_forward() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF OLD.state <> 'ended' AND (OLD.state, NEW.state) <> ('active', 'proposed')
                   AND (NEW.bucket, NEW.id, NEW.giver_id, NEW.user_id, NEW.asked, NEW.relation, NEW.key, NEW.made_at)
                     = (OLD.bucket, OLD.id, OLD.giver_id, OLD.user_id, OLD.asked, OLD.relation, OLD.key, OLD.made_at)
                   AND (OLD.accepted_at IS NULL OR NEW.accepted_at = OLD.accepted_at) THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE EXCEPTION 'a quota only moves forward: proposed, active, ended (%)', TG_OP
                USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER quota_moves_forward BEFORE UPDATE OR DELETE ON wallet_quota"
        " FOR EACH ROW EXECUTE FUNCTION quota_moves_forward()"
    )
    op.execute(
        "CREATE TRIGGER quota_is_kept BEFORE TRUNCATE ON wallet_quota"
        " FOR EACH STATEMENT EXECUTE FUNCTION quota_moves_forward()"
    )


def create_quotas() -> None:
    op.create_table(
        "wallet_quota",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("giver_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("stated", sa.Boolean(), nullable=False),
        sa.Column("giver_region", sa.Text(), nullable=False),
        sa.Column("user_region", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ending", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "bucket = id & 1023 AND bucket = giver_id & 1023", name=op.f("wallet_quota_bucket_of_giver")
        ),
        sa.CheckConstraint("giver_id <> user_id", name=op.f("wallet_quota_two_people")),
        sa.CheckConstraint("asked > 0 AND amount >= 0", name=op.f("wallet_quota_amounts")),
        sa.CheckConstraint("state IN ('proposed', 'active', 'ended')", name=op.f("wallet_quota_state_known")),
        sa.CheckConstraint(
            "ending IN ('withdrawn', 'declined', 'by_giver', 'by_user', 'insurance', 'death')",
            name=op.f("wallet_quota_ending_known"),
        ),
        sa.CheckConstraint(
            "state <> 'active' OR accepted_at IS NOT NULL", name=op.f("wallet_quota_active_was_accepted")
        ),
        sa.CheckConstraint("state <> 'proposed' OR accepted_at IS NULL", name=op.f("wallet_quota_proposed_was_not")),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("wallet_quota_ended_has_a_moment")),
        sa.CheckConstraint("(state = 'ended') = (ending IS NOT NULL)", name=op.f("wallet_quota_ended_has_a_reason")),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("wallet_quota_pkey")),
        sa.UniqueConstraint("bucket", "giver_id", "key", name=op.f("wallet_quota_bucket_giver_id_key_key")),
        comment="amount: fen that the giver set, after the end what was used of it; asked: what was set first; relation: what the"
        " user is to the giver; stated: that rests on the giver's word; regions: where they were insured when it was set",
    )
    op.create_index(
        "wallet_quota_one_to_a_person",
        "wallet_quota",
        ["bucket", "giver_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'ended'"),
    )
    op.create_index(
        "wallet_quota_in_force",
        "wallet_quota",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index(op.f("wallet_quota_user_id_id_idx"), "wallet_quota", ["user_id", "id"], unique=False)
