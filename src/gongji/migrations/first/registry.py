"""Filings: what is filed for a person for a span of days."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


def create() -> None:
    """Create the table of filings."""
    op.create_table(
        "filing",
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("word", sa.Text(), server_default="", nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), server_default="filed", nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        sa.Column("details", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("filed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("bucket"), "="),
            (sa.column("person_id"), "="),
            (sa.column("kind"), "="),
            (sa.column("subject"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("state <> 'withdrawn'"),
            using="gist",
            name="filing_once_at_a_time",
        ),
        sa.CheckConstraint("bucket = id & 1023 AND bucket = person_id & 1023", name=op.f("filing_bucket_of_person")),
        sa.CheckConstraint(
            "kind IN ('special_disease', 'two_diseases', 'provider', 'family_doctor', 'referral', 'elsewhere')",
            name=op.f("filing_kind_known"),
        ),
        sa.CheckConstraint("state IN ('filed', 'granted', 'withdrawn')", name=op.f("filing_state_known")),
        sa.CheckConstraint("NOT isempty(during) AND NOT lower_inf(during)", name=op.f("filing_during_begins")),
        sa.CheckConstraint("subject <> ''", name=op.f("filing_subject_told")),
        sa.ForeignKeyConstraint(
            ["bucket", "person_id"], ["person.bucket", "person.id"], name=op.f("filing_bucket_person_id_fkey")
        ),
        sa.PrimaryKeyConstraint("bucket", "id", name=op.f("filing_pkey")),
        comment="subject: disease code, rank of the institution chosen, institution referred to, or area (admdvs);"
        " word: the disease in the words of the region's rules; details: what else was told when it was filed",
    )
    op.create_index(op.f("filing_bucket_person_id_idx"), "filing", ["bucket", "person_id"], unique=False)
