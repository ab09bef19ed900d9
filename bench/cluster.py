"""Settlements a second in process on a Citus cluster, and the same on one server of it, in turns in one run.

``GONGJI_TEST_DATABASE_URL=postgresql://…coordinator…/postgres GONGJI_TEST_CITUS_WORKERS=host:port,host:port
PYTHONPATH=tests python -m bench.cluster``. Where all nodes lie on one machine it tells what spreading costs, not what more machines bring.
"""

from __future__ import annotations

import argparse
import os

import psycopg
from psycopg import conninfo, sql
from rich.console import Console
from rich.table import Table

from bench.settle import writers
from bench.settle.__main__ import SECRET
from bench.settle.city import City, found_city
from cluster import make_cluster, servers, spread
from gongji.entrances.maintenance import maintain
from gongji.foundation.clock import SystemClock
from gongji.foundation.database import Database, create_database, with_database
from gongji.foundation.personal import Vault
from gongji.migrations import upgrade

#: How often each is measured, in turns.
TURNS = 3


def main() -> None:
    """Found the same city twice, measure in turns, print, leave nothing behind."""
    options = argparse.ArgumentParser(prog="bench-cluster", description=__doc__)
    options.add_argument("--seconds", type=float, default=8, help="of each measurement")
    options.add_argument("--families", type=int, default=20_000)
    options.add_argument("--waiting", type=int, nargs="*", default=[1, 32, 256], help="settlements that wait at once")
    asked = options.parse_args()
    coordinator = os.environ["GONGJI_TEST_DATABASE_URL"]
    one, several = (with_database(coordinator, f"gongji_bench_{name}") for name in ("one", "several"))
    table = Table("waiting", "one server", "cluster", "ratio")
    try:
        create_database(one, afresh=True)
        make_cluster(several)
        cities = {one: founded(one, asked.families), several: founded(several, asked.families, on_nodes=True)}
        for waiting in asked.waiting:
            rates = dict.fromkeys(cities, 0.0)
            for _ in range(TURNS):
                for url, city in cities.items():
                    rates[url] += writers.rate(url, city, writers.SPREAD, asked.seconds, waiting) / TURNS
            table.add_row(
                f"{waiting}", f"{rates[one]:,.0f}/s", f"{rates[several]:,.0f}/s", f"{rates[several] / rates[one]:.2f}"
            )
    finally:
        for url in (one, *servers(several)):
            drop(url)
    Console().print(table)


def founded(url: str, families: int, *, on_nodes: bool = False) -> City:
    """A city in a migrated database, its tables spread if they are to be."""
    database = Database(url)
    upgrade(database)
    if on_nodes:
        spread(database)
        database.engine.dispose()  # what is set for the database holds for connections that are opened after it
    maintain(database, SystemClock())
    city = found_city(database, Vault(SECRET), families)
    database.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return city


def drop(url: str) -> None:
    """Drop a database."""
    name = conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(with_database(url, "postgres"), autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(str(name))))


if __name__ == "__main__":
    main()
