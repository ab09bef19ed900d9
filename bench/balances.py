"""How long the balance of a fund takes over many transfers, before and after they are summed.

    python -m bench.balances [TRANSFERS]

The transfers are made by one SQL statement a month (an account and the fund pay one of 400 hospitals, 128 to a block), in
twelve months; its own embedded server. They are books for reading: they have no settlements and no true hashes.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.foundation.database import Database, create_database, with_database
from gongji.foundation.embedded import start_embedded
from gongji.foundation.ids import first_id, month_number
from gongji.foundation.partitions import add_months
from gongji.ledger.model import AccountKind, fund_holder
from gongji.ledger.rollup import open_balance, roll_up
from gongji.migrations import upgrade

FUND = fund_holder("211200", "310")

#: Journals of a month: the id's serial counts up, buckets go round; both legs lie in the patient's bucket.
_MONTH = """
WITH made AS (
    SELECT n, (:first + (n << 10)) | (n & 1023) AS id, (n & 1023)::smallint AS bucket,
           :since + (:span * n / :journals) AS at
      FROM generate_series(1, CAST(:journals AS bigint)) AS n
), written AS (
    INSERT INTO journal (bucket, id, kind, posted_at) SELECT bucket, id, 'settlement', at FROM made
), paid AS (
    INSERT INTO transfer (bucket, journal_id, leg, debit, credit, amount, posted_at)
    SELECT bucket, id, leg, CASE leg WHEN 1 THEN ((n % 50000) << 18) | (1 << 10) | bucket
                                     ELSE (CAST(:fund AS bigint) << 18) | (7 << 10) | bucket END,
           ((n % 400 + 1) << 18) | (11 << 10) | bucket, leg * 1000, at
      FROM made CROSS JOIN generate_series(1, 2) AS leg
)
INSERT INTO block (id, poster_id, number, journals, transfers, hash)
SELECT min(id), 1, :blocks + (n - 1) / 128 + 1, array_agg(id), 2 * count(*), '' FROM made GROUP BY (n - 1) / 128
"""


def fill(database: Database, transfers: int) -> None:
    """Twelve months of transfers by one poster."""
    journals = transfers // 24
    with database.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO poster VALUES (1, 'bench', 1, now())")
    blocks = 0
    for month in range(1, 13):
        first = date(2025, month, 1)
        with database.transaction() as connection:
            values = {
                "first": first_id(month_number(first)),
                "since": datetime(2025, month, 1, tzinfo=CHINA),
                "span": datetime(2025, month, 28) - datetime(2025, month, 1),
                "journals": journals,
                "fund": FUND,
                "blocks": blocks,
            }
            connection.execute(sa.text(_MONTH), values)
        blocks += -(-journals // 128)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def timed(what: str, work: Callable[[], object]) -> None:
    """Do it and print how long it took and what came of it."""
    began = time.perf_counter()
    result = work()
    print(f"{what:<58}{(time.perf_counter() - began) * 1000:>12,.1f} ms   {result}", flush=True)


def measure(database: Database, transfers: int) -> None:
    """Fill, read, sum, read again."""

    def balance(at: datetime | None = None) -> int:
        with database.snapshot() as connection:
            return open_balance(connection, AccountKind.FUND_POOL, FUND, at)

    timed(f"{transfers:,} transfers made", lambda: fill(database, transfers))
    timed("balance of the fund, nothing summed", balance)
    timed("all summed", lambda: f"{roll_up(database):,} blocks")
    for _ in range(2):
        timed("balance of the fund", balance)
    timed("as of the first of July", lambda: balance(datetime(2025, 7, 1, tzinfo=CHINA)))
    timed("as of the first of July, 10:30", lambda: balance(datetime(2025, 7, 1, 10, 30, tzinfo=CHINA)))


def main() -> None:
    """Measure on a server of its own, which is gone afterwards."""
    transfers = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    folder = Path(tempfile.mkdtemp(prefix="gongji-balances-", dir="/tmp"))
    folder.chmod(0o755)
    url = with_database(start_embedded(folder), "balances")
    create_database(url)
    database = Database(url)
    upgrade(database)
    add_months(database, date(2025, 1, 1), 12)
    try:
        measure(database, transfers)
    finally:
        database.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
