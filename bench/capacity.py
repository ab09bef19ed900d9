"""What a settlement costs to keep: rows, bytes and write-ahead log, measured from a database that was settled into.

    python -m bench.capacity [SETTLEMENTS] [BATCH]

Purchases of two lines of which a father's empty account, his daughter's and nobody's cash pay, through the same clerk
that the service has; its own embedded server with default durability.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from bench.settle.city import City, found_city, purchase, shuffled
from gongji.entrances.maintenance import maintain
from gongji.foundation.clock import CHINA, MovableClock
from gongji.foundation.database import Database, create_database, with_database
from gongji.foundation.embedded import start_embedded
from gongji.foundation.personal import Vault
from gongji.ledger.rollup import roll_up
from gongji.migrations import upgrade
from gongji.rules.book import RuleBook
from gongji.settlement.desk import Clerk
from gongji.settlement.model import Settlement, SettlePurchase

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=CHINA)

#: Bytes and rows by table, a partitioned one with all its months; its indexes apart.
_SIZES = """
WITH part AS (
    SELECT coalesce((SELECT inhparent FROM pg_inherits WHERE inhrelid = c.oid), c.oid)::regclass::text AS name, c.oid
      FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace::regnamespace::text IN ('public', 'months')
)
SELECT name, sum(pg_table_size(oid))::bigint AS data, sum(pg_indexes_size(oid))::bigint AS indexes FROM part GROUP BY name
"""


def purchases(city: City, count: int) -> Iterator[SettlePurchase]:
    """Purchases by fathers at random, at all pharmacies in turn."""
    fathers = shuffled(city, seed=7)
    for number in range(count):
        pharmacy = city.pharmacies[number % len(city.pharmacies)]
        yield purchase(city, next(fathers), pharmacy, f"{number:018d}", NOW)


def sizes(database: Database) -> dict[str, tuple[int, int, int]]:
    """Rows, bytes of data, bytes of indexes by table."""
    found: dict[str, tuple[int, int, int]] = {}
    with database.engine.connect() as connection:
        for row in connection.execute(sa.text(_SIZES)).all():
            rows = connection.exec_driver_sql(f"SELECT count(*) FROM {row.name}").scalar_one()
            found[row.name] = (rows, row.data, row.indexes)
    return found


def wal(database: Database) -> int:
    """Bytes of write-ahead log since the server began."""
    with database.engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT pg_current_wal_insert_lsn() - '0/0'").scalar_one())


def measure(database: Database, settlements: int, batch: int) -> None:
    """Settle, and print what it took."""
    clock = MovableClock(NOW)
    maintain(database, clock)
    city = found_city(database, Vault(b"\x07" * 32), families=2_000)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CHECKPOINT")
    clerk = Clerk(database, RuleBook.shipped(), clock)
    before, began = sizes(database), wal(database)
    waiting = purchases(city, settlements)
    while some := list(islice(waiting, batch)):
        outcomes = clerk.handle([(command, False) for command in some])
        assert all(isinstance(outcome, Settlement) for outcome in outcomes), outcomes
    written = wal(database) - began
    clerk.close()
    roll_up(database)
    after = sizes(database)
    print(f"{settlements:,} settlements in batches of {batch}: per settlement")
    print(f"{'table':<24}{'rows':>8}{'data':>10}{'indexes':>10}   bytes")
    total = 0
    for name, (rows, data, indexes) in sorted(after.items(), key=lambda one: -one[1][1] - one[1][2]):
        grown = rows - before[name][0], data - before[name][1], indexes - before[name][2]
        if grown[1] + grown[2] > 0:
            total += grown[1] + grown[2]
            print(
                f"{name:<24}"
                + f"{grown[0] / settlements:>8.2f}{grown[1] / settlements:>10.0f}{grown[2] / settlements:>10.0f}"
            )
    print(f"{'together':<32}{total / settlements:>10.0f}")
    print(f"{'write-ahead log':<32}{written / settlements:>10.0f}")


def main() -> None:
    """Measure on a server of its own, which is gone afterwards."""
    settlements, batch = (int(value) for value in (sys.argv[1:3] + ["50000", "64"][len(sys.argv) - 1 :]))
    folder = Path(tempfile.mkdtemp(prefix="gongji-capacity-", dir="/tmp"))
    folder.chmod(0o755)
    url = with_database(start_embedded(folder), "capacity")
    create_database(url)
    database = Database(url)
    upgrade(database)
    try:
        measure(database, settlements, batch)
    finally:
        database.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
