"""The turn of the year and the closing of accounts while settlements run, and killed in the middle: exact all the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path

import pytest

from gongji.accrual.closing import close_at_death
from gongji.accrual.model import Heir
from gongji.accrual.year_end import turn_year
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.ledger.model import AccountKind
from gongji.ledger.service import balances_of
from gongji.rules.book import RuleBook
from gongji.settlement.desk import Desk
from gongji.settlement.model import Settlement
from town import TIELING, Town

AGENCY = Caller(Role.OPERATOR, "agency")

#: Turns the year of a region, an account a transaction, and tells after each how far it is; until it is killed.
TURNER = """
import sys
from gongji.accrual.year_end import turn_year
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import SystemClock
from gongji.foundation.database import Database
turn_year(Database(sys.argv[1]), SystemClock(), "211200", 2024, caller=Caller(Role.OPERATOR, "agency"),
          progress=lambda done, total: print(done, flush=True), batch=1)
"""


@pytest.fixture
def desk(town: Town) -> Iterator[Desk]:
    """A desk with two clerks."""
    made = Desk(town.database, RuleBook.shipped(), town.clock, desks=2)
    yield made
    made.close()


def standing(town: Town, person: int) -> tuple[int, int]:
    """(current, historical) of a person, fen."""
    with town.database.transaction() as connection:
        found = balances_of(connection, person)
    return found[AccountKind.PERSONAL_CURRENT], found[AccountKind.PERSONAL_HISTORICAL]


def test_a_turn_that_is_killed_goes_on_where_it_stopped(town: Town) -> None:
    """Forty accounts of ¥10.00 to ¥10.39; the turner is killed after five, another one finishes: each turned once."""
    people = [
        town.person(f"人{n}", "1980-03-01", "active", balance=10_00 + n, historical=1_00, household=f"家{n}")
        for n in range(40)
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent), *sys.path])}
    command = [sys.executable, "-c", TURNER, town.database.url]
    turner = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    assert turner.stdout is not None
    for told in turner.stdout:
        if int(told) >= 5:
            break
    turner.send_signal(signal.SIGKILL)
    turner.wait(30)
    turner.stdout.close()
    town.clock.set(datetime(2025, 1, 1, tzinfo=CHINA))
    rest = turn_year(town.database, town.clock, TIELING, 2024, caller=AGENCY, batch=7)
    assert rest.already >= 5
    assert rest.accounts == 40 - rest.already
    assert [standing(town, one) for one in people] == [(0, 11_00 + n) for n in range(40)]


def test_two_turners_and_two_clerks_at_once(town: Town, desk: Desk) -> None:
    """Twelve people with ¥20.00 each buy for ¥1.00 three times while two runs turn the region: ¥17.00 are left each,
    all of it historical, and what was carried is what was not yet spent."""
    people = [town.person(f"人{n}", "1980-03-01", "active", balance=20_00, household=f"家{n}") for n in range(12)]
    pharmacy = town.institution("P21120200003")
    town.clock.set(datetime(2025, 1, 1, 0, 1, tzinfo=CHINA))
    purchases = [town.purchase(one, pharmacy, ("C-A", 1, "1.00")) for _ in range(3) for one in people]

    def run() -> int:
        return turn_year(town.database, town.clock, TIELING, 2024, caller=AGENCY, batch=3).accounts

    with ThreadPoolExecutor(3) as pool:
        turners = [pool.submit(run) for _ in range(2)]
        paid = [desk.submit(one).result(timeout=60) for one in purchases]
        accounts = sum(turner.result(timeout=60) for turner in turners)
    assert accounts == 12
    assert all((one.own, one.cash) == (1_00, 0) for one in paid)
    assert [standing(town, one) for one in people] == [(0, 17_00)] * 12


def test_an_account_closes_while_settlements_wait(town: Town, desk: Desk) -> None:
    """Mother buys for ¥1.00 a hundred times on her son's account of ¥500.00 while his death is recorded: what was not
    paid before it is inherited, what comes after it is cash."""
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=0)
    son = town.person("李建国", "1980-03-01", "active", balance=500_00)
    town.share(son, mother)
    pharmacy = town.institution("P21120200003")
    purchases = [town.purchase(mother, pharmacy, ("C-A", 1, "1.00"), use="2") for _ in range(100)]
    begun = threading.Event()

    def record_it() -> int:
        begun.wait(10)
        done = close_at_death(town.database, town.clock, son, date(2024, 6, 12), [Heir(mother, 1)], caller=AGENCY)
        return done.amount

    with ThreadPoolExecutor(1) as pool:
        closing = pool.submit(record_it)
        waiting = []
        for number, one in enumerate(purchases):
            waiting.append(desk.submit(one))
            if number == 20:
                begun.set()
                time.sleep(0.01)
        inherited = closing.result(timeout=60)
        settled = [one.result(timeout=60) for one in waiting]
    shared = sum(one.shared for one in settled)
    assert all(isinstance(one, Settlement) and one.shared + one.cash == 1_00 for one in settled)
    assert shared + inherited == 500_00
    with town.database.transaction() as connection:
        assert balances_of(connection, son) == {}
