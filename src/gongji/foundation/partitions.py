"""Growing tables are cut by month of their rows' ids; the tables of the coming months are made before they are needed.

The service owns no table and cannot make one. The migration gives it one function of the owner's for this,
``add_partitions``, which can make the tables of months and nothing else.
"""

from __future__ import annotations

import time
from datetime import date
from typing import Final

import sqlalchemy as sa
import structlog

from gongji.foundation.database import Database

log = structlog.get_logger()

#: Months after this one whose tables stand ready.
MONTHS_AHEAD: Final = 3

#: Attaching waits a second for whoever reads all months at once, then gives way; so often it is tried, longer apart.
_ATTEMPTS: Final = 6

#: SQLSTATE of a lock that was not had in time.
_LOCK_NOT_AVAILABLE: Final = "55P03"

_DEFAULTS: Final = """
SELECT p.partdefid::regclass::text FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
 WHERE p.partdefid <> 0 AND c.relnamespace = 'public'::regnamespace ORDER BY 1
"""


def add_months(database: Database, first: date, months: int) -> list[str]:
    """Make the partitions of `months` months from `first`'s on, where they are missing; settlements go on meanwhile.

    A month of which the default partition holds rows already is left out (see `rows_outside_months`).

    Returns:
        The tables that were made.

    Raises:
        sqlalchemy.exc.OperationalError: the lock was not had in six attempts, over some twenty seconds.
    """
    statement = sa.text("SELECT add_partitions(:first, :months)")
    made: list[str] = []
    for month in range(months):
        # A month a transaction: what was made stays made when the next one has to wait.
        year, ordinal = divmod(first.year * 12 + first.month - 1 + month, 12)
        made += _patiently(database, statement, {"first": date(year, ordinal + 1, 1), "months": 1})
    return made


def _patiently(database: Database, statement: sa.TextClause, parameters: dict[str, object]) -> list[str]:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with database.transaction() as connection:
                return list(connection.execute(statement, parameters).scalars())
        except sa.exc.OperationalError as problem:
            if getattr(problem.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE or attempt == _ATTEMPTS:
                raise
            log.warning("partitions.busy", attempt=attempt)
            time.sleep(attempt)
    raise AssertionError("unreachable: the last attempt returns or raises")


def rows_outside_months(connection: sa.Connection) -> list[str]:
    """Default partitions that hold rows: ids from a month for which there was no table. There should be none; such rows
    are found and proven as any other, but their month can neither be made nor archived before they are moved."""
    tables = connection.execute(sa.text(_DEFAULTS)).scalars().all()
    return [name for name in tables if connection.exec_driver_sql(f"SELECT EXISTS (SELECT 1 FROM {name})").scalar_one()]
