"""What following settlements for clearing takes, beside settling them: processor time of the program and of the database.

    python -m bench.clearing [SETTLEMENTS]

Purchases in batches of 64 through the same clerk that the service has, half of the pharmacies moved to another city; then they are
gathered, and the month is closed. Its own embedded server with default durability.
"""

from __future__ import annotations

import sys
from datetime import date, datetime
from itertools import islice

import sqlalchemy as sa

from bench.capacity import NOW, purchases
from bench.settle.city import City, found_city
from bench.settle.machine import Machine, own_machine
from gongji.clearing.monthly.closing import close_month
from gongji.clearing.monthly.gather import gather
from gongji.clearing.monthly.terms import load_terms
from gongji.entrances.maintenance import maintain
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA, MovableClock
from gongji.foundation.database import Database
from gongji.foundation.personal import Vault
from gongji.migrations import upgrade
from gongji.rules.book import RuleBook
from gongji.settlement.desk import Clerk

BATCH = 64

#: When November is closed.
LATER = datetime(2026, 12, 2, tzinfo=CHINA)


def settle(city: City, clerk: Clerk, settlements: int) -> None:
    """Settle so many purchases."""
    waiting = purchases(city, settlements)
    while some := list(islice(waiting, BATCH)):
        clerk.handle([(command, False) for command in some])


def measure(machine: Machine, database: Database, settlements: int) -> None:
    """Settle, gather, close; print what each took."""
    clock = MovableClock(NOW)
    maintain(database, clock)
    city = found_city(database, Vault(b"\x07" * 32), families=2_000)
    with database.transaction() as connection:
        connection.execute(sa.text("UPDATE institution SET region = '370811' WHERE id % 2 = 0"))
    gather(database)
    clerk, agency = Clerk(database, RuleBook.shipped(), clock), Caller(Role.OPERATOR, "bench")
    work = {
        "settled": lambda: settle(city, clerk, settlements),
        "gathered": lambda: gather(database),
        "closed": lambda: close_month(database, load_terms(), date(2026, 11, 1), agency, LATER),
    }
    print(f"{settlements:,} settlements: microseconds of processor time a settlement")
    for what, step in work.items():
        own, server = (1e6 * seconds / settlements for seconds in machine.cpu(step))
        print(f"{what:<10}{own + server:>8.1f}   program {own:.1f}, database {server:.1f}")
    with database.engine.connect() as connection:
        for table in ("clearing_line", "clearing_part", "clearing_statement", "clearing_bill"):
            print(f"{table:<20}{connection.exec_driver_sql(f'SELECT count(*) FROM {table}').scalar_one():>8,} rows")
    clerk.close()


def main() -> None:
    """Measure on a server of its own, which is gone afterwards."""
    settlements = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with own_machine() as machine:
        database = Database(machine.database("clearing"))
        upgrade(database)
        measure(machine, database, settlements)
        database.close()


if __name__ == "__main__":
    main()
