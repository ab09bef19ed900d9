"""Admissions: stays in hospital, never two of one person at once, with a life that only goes the way it can."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


def create() -> None:
    """Create the table of admissions and the trigger that guards its states."""
    op.create_table(
        "admission",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("admitted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("discharged_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), server_default="admitted", nullable=False),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "stay",
            postgresql.DATERANGE(),
            sa.Computed(
                "daterange((admitted_at AT TIME ZONE 'Asia/Shanghai')::date, (discharged_at AT TIME ZONE 'Asia/Shanghai')::date)",
                persisted=True,
            ),
        ),
        sa.CheckConstraint(
            "bucket = visit_id & 1023 AND bucket = person_id & 1023", name=op.f("admission_bucket_of_patient")
        ),
        sa.CheckConstraint(
            "state IN ('admitted', 'discharged', 'settled', 'cancelled')", name=op.f("admission_state_known")
        ),
        sa.CheckConstraint(
            "(state IN ('discharged', 'settled')) = (discharged_at IS NOT NULL)",
            name=op.f("admission_discharged_has_a_day"),
        ),
        sa.CheckConstraint("discharged_at >= admitted_at", name=op.f("admission_discharged_later")),
        postgresql.ExcludeConstraint(
            (sa.column("bucket"), "="),
            (sa.column("person_id"), "="),
            (sa.column("stay"), "&&"),
            using="gist",
            where=sa.text("state <> 'cancelled'"),
            name="admission_one_at_a_time",
        ),
        sa.PrimaryKeyConstraint("bucket", "visit_id", name=op.f("admission_pkey")),
        comment="stay: the days, without that of the discharge; nobody is in two places at once",
    )
    op.create_index(
        op.f("admission_institution_id_admitted_at_idx"), "admission", ["institution_id", "admitted_at"], unique=False
    )
    op.execute(
        """
        CREATE FUNCTION admission_goes_its_way() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF (NEW.bucket, NEW.visit_id, NEW.person_id, NEW.institution_id)
                     = (OLD.bucket, OLD.visit_id, OLD.person_id, OLD.institution_id)
                   AND (OLD.state, NEW.state) IN (('admitted', 'admitted'), ('admitted', 'discharged'), ('admitted', 'cancelled'),
                        ('discharged', 'discharged'), ('discharged', 'admitted'), ('discharged', 'settled'),
                        ('settled', 'discharged')) THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE EXCEPTION 'an admission is admitted, discharged, settled, or cancelled before all that (%)', TG_OP
                USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER admission_goes_its_way BEFORE UPDATE OR DELETE ON admission"
        " FOR EACH ROW EXECUTE FUNCTION admission_goes_its_way()"
    )
    op.execute(
        "CREATE TRIGGER admission_is_kept BEFORE TRUNCATE ON admission"
        " FOR EACH STATEMENT EXECUTE FUNCTION admission_goes_its_way()"
    )
