"""Accounts that a batch waits for are all there when it gets them, whatever plan the database chose."""

from __future__ import annotations

import threading
import time
from datetime import date, datetime

import psycopg
import pytest

from gongji.accrual.year_end import turn_people
from gongji.foundation.arrays import Integers
from gongji.foundation.clock import CHINA
from gongji.ledger.model import AccountKind, personal_account
from gongji.settlement import load_statements
from gongji.settlement.locks import Locking
from town import Town

_PERSONAL = (AccountKind.PERSONAL_CURRENT, AccountKind.PERSONAL_HISTORICAL)
_JOINS = ("nestloop", "hashjoin", "mergejoin")

#: What the statements of accounts may ask for; nothing comes back to anybody here.
_NOTHING_ELSE = {"returning": Integers([]), "hold_accounts": Integers([]), "references": [], "stays": Integers([])}


def wait_until_blocked(watcher: psycopg.Connection, waiter: psycopg.Connection) -> None:
    """Return when a connection waits for a row that another one has."""
    for _ in range(1000):
        asked = "SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s"
        if watcher.execute(asked, [waiter.info.backend_pid]).fetchone() == ("Lock",):
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.one_server("the statement that locks all buckets at once is not sent there")
@pytest.mark.parametrize("join", _JOINS)
@pytest.mark.parametrize(
    "locking",
    [
        load_statements.LOCK_ACCOUNTS,
        load_statements.LOCK_MORE_ACCOUNTS,
        load_statements.LOCK_ACCOUNTS_OF_STAYS,
        load_statements.LOCK_ACCOUNTS_OF_QUOTAS,
    ],
    ids=["own", "returning", "stays", "quotas"],
)
def test_no_account_is_missing_after_another_transaction_changed_them(town: Town, locking: Locking, join: str) -> None:
    """Twelve people have ¥20.00 each of this year; while a batch waits for their accounts, the year is turned under it."""
    people = [town.person(f"人{n}", "1980-03-01", "active", balance=20_00, household=f"家{n}") for n in range(12)]
    town.clock.set(datetime(2025, 1, 1, tzinfo=CHINA))
    found: list[tuple[int, int, bool | None]] = []
    with (
        psycopg.connect(town.database.url) as desk,
        psycopg.connect(town.database.url, autocommit=True) as watcher,
        town.database.transaction() as turning,
    ):
        watcher.execute("ANALYZE account")
        for other in _JOINS:
            desk.execute(f"SET enable_{other} = {'on' if other == join else 'off'}")
        desk.commit()
        turn_people(turning, town.database.serials, people, 2024, town.clock.now())

        def lock() -> None:
            asked = {"patients": Integers(people), "today": date(2025, 1, 1), **_NOTHING_ELSE}
            found.extend(desk.execute(str(locking), asked).fetchall())

        waiting = threading.Thread(target=lock)
        waiting.start()
        wait_until_blocked(watcher, desk)
        turning.commit()
        waiting.join()
    balances = {account: balance for account, balance, _ in found}
    assert balances == {
        personal_account(kind, person): 0 if kind is AccountKind.PERSONAL_CURRENT else 20_00
        for person in people
        for kind in _PERSONAL
    }
