"""The one definition of the database schema: every room registers its tables on this metadata.

Migrations are checked against it by a test, so what stands in the rooms' ``tables.py`` is what the database holds.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    }
)

#: Serials of all entities; see `gongji.foundation.ids`.
serial = sa.Sequence("serial", start=1000, increment=1000, metadata=metadata)


#: Facts about the installation itself, such as the fingerprint of its secret.
installation = sa.Table(
    "installation", metadata, sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False)
)


#: Where the months of partitioned tables lie, out of the way of who looks at the tables; each has a ``…_default`` for what
#: no month was made for yet.
MONTHS_SCHEMA: Final = "months"


def by_month(column: str) -> dict[str, Any]:
    """Options of a table whose rows are kept by month, by a dated id (see `gongji.foundation.ids`)."""
    return {"postgresql_partition_by": f"RANGE ({column})"}


def bucket_column() -> sa.Column[int]:
    """The bucket, first in every hot key."""
    return sa.Column("bucket", sa.SmallInteger, nullable=False)


def fen_column(name: str, *, nullable: bool = False, **options: object) -> sa.Column[int]:
    """An amount of money in fen."""
    return sa.Column(name, sa.BigInteger, nullable=nullable, **options)  # type: ignore[arg-type]


def moment_column(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """A moment, stored with its zone."""
    return sa.Column(name, sa.TIMESTAMP(timezone=True), nullable=nullable)
