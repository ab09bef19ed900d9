"""Balances of funds and hospitals: the sums by day and what came after them give what the transfers say."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from gongji.foundation.clock import CHINA, MovableClock
from gongji.foundation.ids import bucket_of, compose
from gongji.ledger.model import (
    AccountKind,
    Journal,
    JournalKind,
    Transfer,
    fund_holder,
    open_account,
    personal_account,
)
from gongji.ledger.rollup import open_balance, roll_up
from gongji.ledger.service import post, register_poster
from gongji.rules.book import RuleBook
from gongji.settlement.desk import Clerk, Desk
from gongji.settlement.model import Command, Settlement
from gongji.settlement.verify import verify_everything
from town import Town

FUND = AccountKind.FUND_POOL, fund_holder("211200", "310")


def balance(town: Town, kind: AccountKind, holder: int, at: datetime | None = None) -> int:
    """The balance of an open account, fen."""
    with town.database.snapshot() as connection:
        return open_balance(connection, kind, holder, at)


def rows(town: Town, statement: str) -> list[Any]:
    """What a query gives."""
    with town.database.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(statement)]


@pytest.fixture
def son(town: Town) -> int:
    """A working man with ¥5,000.00 in his account."""
    return town.person("李建国", "1980-03-01", "active", balance=5_000_00)


def test_a_pharmacys_balance_before_and_after_it_is_summed(town: Town, son: int, clock: MovableClock) -> None:
    pharmacy = town.institution("P21120200003")
    place = AccountKind.PAYABLE_INSTITUTION, pharmacy.id
    for price in ("10.00", "20.00"):
        town.settled(town.purchase(son, pharmacy, ("C-A", 1, price)))
    assert balance(town, *place) == 30_00
    assert roll_up(town.database) > 0
    assert balance(town, *place) == 30_00
    clock.advance(timedelta(days=1))
    third = town.settled(town.purchase(son, pharmacy, ("C-A", 1, "5.00")))
    assert balance(town, *place) == 35_00
    town.settled(town.reversal(third, pharmacy))
    assert balance(town, *place) == 30_00
    roll_up(town.database)
    assert roll_up(town.database) == 0
    assert balance(town, *place) == 30_00
    assert rows(
        town, f"SELECT day::text, debit, credit FROM account_rollup WHERE holder = {pharmacy.id} AND kind = 11"
    ) == [
        ("2024-06-12", 0, 30_00),
        ("2024-06-13", 5_00, 5_00),
    ]


@pytest.mark.parametrize("summed", [False, True])
def test_a_balance_as_of_any_moment(town: Town, son: int, clock: MovableClock, summed: bool) -> None:
    """Wednesday 10:30 ¥10.00, Wednesday 23:59:59 ¥20.00, Thursday 00:00 ¥5.00."""
    pharmacy = town.institution("P21120200003")
    wednesday, late, thursday = (
        datetime(2024, 6, 12, 10, 30, tzinfo=CHINA),
        datetime(2024, 6, 12, 23, 59, 59, tzinfo=CHINA),
        datetime(2024, 6, 13, tzinfo=CHINA),
    )
    for moment, price in ((wednesday, "10.00"), (late, "20.00"), (thursday, "5.00")):
        clock.set(moment)
        town.settled(town.purchase(son, pharmacy, ("C-A", 1, price)))
    if summed:
        roll_up(town.database)
    place = AccountKind.PAYABLE_INSTITUTION, pharmacy.id
    moments = (wednesday, wednesday + timedelta(microseconds=1), late, thursday, thursday + timedelta(hours=1))
    assert [balance(town, *place, moment) for moment in moments] == [0, 10_00, 10_00, 30_00, 35_00]


def test_a_fund_is_summed_over_all_buckets(town: Town) -> None:
    """Ten patients in ten buckets; what the fund paid is what the settlements say."""
    hospital = town.institution("H21120200001")
    people = [town.person(f"人{n}", "1980-03-01", "active", household=f"家{n}") for n in range(10)]
    paid = town.do(
        *(town.settle_visit(one, hospital, *town.visit(one, hospital, ("C-A", 1, "900.00"))) for one in people)
    )
    fund = sum(one.fund_pool for one in paid)
    assert fund > 0
    assert balance(town, *FUND) == -fund
    roll_up(town.database)
    assert balance(town, *FUND) == -fund
    assert rows(town, "SELECT count(*) FROM account_rollup WHERE kind = 7") == [(1,)]


class Stopped:
    """A clock that stood still while a batch was under way."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """The moment at which it stopped."""
        return self.moment


@pytest.fixture
def late_clerk(town: Town) -> Iterator[Clerk]:
    """A clerk whose transactions say 23:59:59 of the day before, however late they are committed."""
    clerk = Clerk(town.database, RuleBook.shipped(), Stopped(datetime(2024, 6, 11, 23, 59, 59, tzinfo=CHINA)))
    yield clerk
    clerk.close()


def test_whoever_commits_after_the_day_was_summed_is_added_to_that_day(town: Town, son: int, late_clerk: Clerk) -> None:
    pharmacy = town.institution("P21120200003")
    place = AccountKind.PAYABLE_INSTITUTION, pharmacy.id
    town.settled(town.purchase(son, pharmacy, ("C-A", 1, "10.00")))
    roll_up(town.database)
    (settled,) = late_clerk.handle([(town.purchase(son, pharmacy, ("C-A", 1, "7.00")), False)])
    assert isinstance(settled, Settlement)
    midnight = datetime(2024, 6, 12, tzinfo=CHINA)
    assert balance(town, *place, midnight) == 7_00
    roll_up(town.database)
    assert balance(town, *place, midnight) == 7_00
    assert balance(town, *place) == 17_00


def test_sums_are_right_while_desks_settle(town: Town) -> None:
    """Two desks on one pharmacy, 200 purchases of ¥1.00, sums made and read all the while: the balance never falls, and
    ends at ¥200.00."""
    pharmacy = town.institution("P21120200003")
    place = AccountKind.PAYABLE_INSTITUTION, pharmacy.id
    people = [town.person(f"人{n}", "1980-03-01", "active", balance=100_00, household=f"家{n}") for n in range(8)]
    commands: list[Command] = [town.purchase(people[n % 8], pharmacy, ("C-A", 1, "1.00")) for n in range(200)]
    desks = [Desk(town.database, RuleBook.shipped(), town.clock) for _ in range(2)]
    seen = []
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(lambda n=n: desks[n % 2].submit(commands[n]).result(60)) for n in range(200)]
        while not all(one.done() for one in waiting):
            roll_up(town.database)
            seen.append(balance(town, *place))
    for desk in desks:
        desk.close()
    assert all(isinstance(one.result(), Settlement) for one in waiting)
    assert seen == sorted(seen)
    assert balance(town, *place) == 200_00


def test_two_desks_on_one_hospital_do_not_wait_for_each_other(town: Town) -> None:
    """While one transaction that paid the pharmacy is still open, another desk settles there: a payable has no row that
    both would need."""
    pharmacy = town.institution("P21120200003")
    first, second = (
        town.person(f"人{n}", "1980-03-01", "active", balance=100_00, household=f"家{n}") for n in range(2)
    )
    payable = open_account(AccountKind.PAYABLE_INSTITUTION, pharmacy.id, bucket_of(first))
    leg = Transfer(personal_account(AccountKind.PERSONAL_CURRENT, first), payable, 30_00)
    serial = town.database.serials.take(1)[0]
    with town.database.engine.connect() as other_desk:
        writer = register_poster(other_desk, town.database.serials, town.clock.now())
        journal = Journal(compose(serial, bucket_of(first)), JournalKind.SETTLEMENT, None, town.clock.now(), (leg,))
        post(other_desk, writer, [journal])
        town.clerk._connection.execute("SET statement_timeout = '20s'")
        town.clerk._connection.commit()
        assert town.settled(town.purchase(second, pharmacy, ("C-A", 1, "10.00"))).own == 10_00
        assert balance(town, AccountKind.PAYABLE_INSTITUTION, pharmacy.id) == 10_00
        other_desk.rollback()


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE account_rollup SET credit = credit + 1 WHERE kind = 11", "moved by 10.00 on 2024-06-12"),
        ("DELETE FROM account_rollup WHERE kind = 11", "the sums of that day say 0.00"),
        ("UPDATE rollup_through SET block = block + 5", "its last is"),
        ("INSERT INTO account_rollup VALUES (211200310, 7, '2024-06-12', 1, 0, 1)", "moved by 0.00"),
    ],
)
def test_sums_that_were_touched_are_found(town: Town, son: int, tampering: str, said: str) -> None:
    town.settled(town.purchase(son, town.institution("P21120200003"), ("C-A", 1, "10.00")))
    roll_up(town.database)
    with psycopg.connect(town.database.url) as superuser:
        superuser.execute(tampering)
        superuser.commit()
    with town.database.engine.connect() as connection:
        findings = [str(finding) for finding in verify_everything(connection)]
    assert any(finding.startswith("rollup:") and said in finding for finding in findings)
    with psycopg.connect(town.database.url) as superuser:
        superuser.execute("TRUNCATE account_rollup, rollup_through")
