"""a clerk at the window uses the pages for a person beside them"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "assistance",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("paper", sa.Text(), nullable=True),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.CheckConstraint("way IN ('card', 'code')", name=op.f("assistance_way_known")),
        sa.CheckConstraint("(way = 'card') = (paper IS NOT NULL)", name=op.f("assistance_card_has_a_paper")),
        sa.CheckConstraint(
            "until > began_at AND until <= began_at + interval '1 hour'", name=op.f("assistance_ends_by_itself")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("assistance_pkey")),
        comment="way: card (ID card and a signed paper, whose number is kept) or code (the person's own e-credential)",
    )
    one_open = sa.text("ended_at IS NULL")
    op.create_index("assistance_open", "assistance", ["holder"], unique=True, postgresql_where=one_open)
    op.create_index(op.f("assistance_person_id_id_idx"), "assistance", ["person_id", "id"])
    op.add_column("web_session", sa.Column("assistance_id", sa.BigInteger(), nullable=True))
    op.create_check_constraint(
        op.f("web_session_clerks_use_citizens_pages"),
        "web_session",
        "assistance_id IS NULL OR (role = 'citizen' AND mandate_id IS NULL)",
    )
    op.create_table_comment(
        "web_session",
        "mandate_id: on behalf of whom the pages are being used, if of somebody else; assistance_id: by a clerk at the"
        " window, for the person whose session it is",
    )
