"""The table of admissions: what a stay in hospital is beside the visit that carries its number and its fee lines."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint

from gongji.foundation.schema import bucket_column, metadata, moment_column

#: The days of a stay, the day of discharge not among them: whoever leaves one hospital may enter another that day.
STAY = "daterange((admitted_at AT TIME ZONE 'Asia/Shanghai')::date, (discharged_at AT TIME ZONE 'Asia/Shanghai')::date)"

#: One row a stay, with the id of its visit. A trigger lets its state go only the way it can: admitted ⇄ discharged ⇄
#: settled, and from admitted to cancelled.
admission = sa.Table(
    "admission",
    metadata,
    bucket_column(),
    sa.Column("visit_id", sa.BigInteger, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("institution_id", sa.Integer, nullable=False),
    moment_column("admitted_at"),
    moment_column("discharged_at", nullable=True),
    sa.Column("state", sa.Text, nullable=False, server_default="admitted"),
    moment_column("changed_at"),
    sa.Column("stay", DATERANGE, sa.Computed(STAY, persisted=True)),
    sa.PrimaryKeyConstraint("bucket", "visit_id"),
    sa.CheckConstraint("bucket = visit_id & 1023 AND bucket = person_id & 1023", name="bucket_of_patient"),
    sa.CheckConstraint("state IN ('admitted', 'discharged', 'settled', 'cancelled')", name="state_known"),
    sa.CheckConstraint(
        "(state IN ('discharged', 'settled')) = (discharged_at IS NOT NULL)", name="discharged_has_a_day"
    ),
    sa.CheckConstraint("discharged_at >= admitted_at", name="discharged_later"),
    ExcludeConstraint(
        (sa.column("bucket"), "="),
        (sa.column("person_id"), "="),
        (sa.column("stay"), "&&"),
        using="gist",
        where=sa.text("state <> 'cancelled'"),
        name="admission_one_at_a_time",
    ),
    sa.Index(None, "institution_id", "admitted_at"),
    comment="stay: the days, without that of the discharge; nobody is in two places at once",
)
