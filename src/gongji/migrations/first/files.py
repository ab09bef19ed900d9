"""What is known of uploaded files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Create the table of files."""
    op.create_table(
        "stored_file",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("size >= 0", name=op.f("stored_file_size_not_negative")),
        sa.CheckConstraint("expires_at > stored_at", name=op.f("stored_file_expires_later")),
        sa.PrimaryKeyConstraint("id", name=op.f("stored_file_pkey")),
        comment="kind: what room and purpose it is for; owner: whose it is, as the kind writes it; name: as its sender called it",
    )
    op.create_index(op.f("stored_file_expires_at_idx"), "stored_file", ["expires_at"], unique=False)
