"""Many clients at once, on real threads and a real PostgreSQL: the money comes out right whoever wins."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest

from gongji.family.service import unbind
from gongji.foundation.errors import Busy, GongjiError
from gongji.ledger.model import AccountKind, personal_account
from gongji.ledger.service import statement
from gongji.rules.book import RuleBook
from gongji.settlement.desk import Desk
from gongji.settlement.model import Command, Settlement
from town import EXAMPLE_BILL, Town


@pytest.fixture
def desks(town: Town) -> Iterator[list[Desk]]:
    """Two desks with two clerks each, as two worker processes would have."""
    made = [Desk(town.database, RuleBook.shipped(), town.clock, desks=2) for _ in range(2)]
    yield made
    for desk in made:
        desk.close()


def outcome(future: Future[Settlement]) -> Settlement | GongjiError:
    """What came of a command; waits for it."""
    problem = future.exception(timeout=60)
    if problem is None:
        return future.result()
    assert isinstance(problem, GongjiError), problem
    return problem


def submitted(desks: list[Desk], commands: list[Command], clients: int = 16) -> list[Settlement | GongjiError]:
    """Submit commands from many threads, over all desks in turn."""

    def submit(number: int) -> Settlement | GongjiError:
        return outcome(desks[number % len(desks)].submit(commands[number]))

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(submit, range(len(commands))))


def test_an_account_of_600_yuan_pays_exactly_sixty_of_160_payments_of_10_yuan(town: Town, desks: list[Desk]) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=600_00)
    pharmacy = town.institution("P21120200003")
    commands: list[Command] = [town.purchase(son, pharmacy, ("C-A", 1, "10.00")) for _ in range(160)]
    paid = submitted(desks, commands)
    assert all(isinstance(one, Settlement) for one in paid)
    assert (
        sorted((one.own, one.cash) for one in paid if isinstance(one, Settlement))
        == [(0, 10_00)] * 100 + [(10_00, 0)] * 60
    )
    assert town.balance(son) == 0


def test_a_statement_tells_what_one_transaction_settled_in_the_order_of_its_decisions(town: Town) -> None:
    """The son has ¥50.00: three purchases of the same moment leave ¥20.00, ¥15.00 and nothing, and never less than that."""
    son = town.person("李建国", "1980-03-01", "active", balance=50_00)
    pharmacy = town.institution("P21120200003")
    prices = ("30.00", "5.00", "40.00")
    town.do(*(town.purchase(son, pharmacy, ("C-A", 1, price)) for price in prices))
    with town.database.engine.connect() as connection:
        told = statement(connection, personal_account(AccountKind.PERSONAL_CURRENT, son))
    assert [(line.amount, line.balance) for line in told[-3:]] == [(-30_00, 20_00), (-5_00, 15_00), (-15_00, 0)]


@pytest.mark.parametrize("clients", [4, 16, 64])
def test_a_yearly_cap_holds_whatever_the_number_of_clients(town: Town, desks: list[Desk], clients: int) -> None:
    """In Tieling the fund pays an active employee at most ¥3,000.00 a year; forty visits would earn far more."""
    son = town.person("李建国", "1980-03-01", "active")
    hospital = town.institution("H21120200001")
    visits = [town.visit(son, hospital, ("C-A", 1, "500.00")) for _ in range(40)]
    paid = submitted(desks, [town.settle_visit(son, hospital, *visit) for visit in visits], clients)
    assert sum(one.fund_pool for one in paid if isinstance(one, Settlement)) == 3_000_00


@pytest.mark.parametrize("clients", [4, 16, 64])
def test_a_sharers_limit_of_100_yuan_is_never_passed(town: Town, desks: list[Desk], clients: int) -> None:
    """The mother buys 64 times for ¥7.00; of her son's ¥5,000.00 she may use ¥100.00."""
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=0)
    son = town.person("李建国", "1980-03-01", "active", balance=5_000_00)
    town.share(son, mother, limit_total=100_00)
    pharmacy = town.institution("P21120200003")
    paid = submitted(desks, [town.purchase(mother, pharmacy, ("C-A", 1, "7.00")) for _ in range(64)], clients)
    shared = sorted(one.shared for one in paid if isinstance(one, Settlement))
    assert shared == [0] * 49 + [2_00] + [7_00] * 14
    assert town.balance(son) == 4_900_00


def test_thirty_calls_with_one_key_settle_once(town: Town, desks: list[Desk]) -> None:
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=500_00)
    hospital = town.institution("H21120200001")
    visit, total = town.visit(mother, hospital, *EXAMPLE_BILL)
    same: list[Command] = [
        town.settle_visit(mother, hospital, visit, total, msgid="H1", content="same") for _ in range(30)
    ]
    answers = submitted(desks, same, clients=30)
    assert len({one.id for one in answers if isinstance(one, Settlement)}) == 1
    assert all(isinstance(one, Settlement) for one in answers)
    assert town.balance(mother) == 0


def test_one_msgid_for_two_patients_settles_one_and_refuses_the_other(town: Town, desks: list[Desk]) -> None:
    """The two lie in different buckets and are settled by different clerks; the key is the institution's alone."""
    pharmacy = town.institution("P21120200003")
    people = [town.person(f"李{n}", "1980-03-01", "active", balance=50_00, household=f"家{n}") for n in range(2)]
    for attempt in range(10):
        commands: list[Command] = [
            town.purchase(one, pharmacy, ("C-A", 1, "1.00"), msgid=f"P{attempt}", content=f"{one}") for one in people
        ]
        settled = [isinstance(one, Settlement) for one in submitted(desks, commands, clients=2)]
        assert sorted(settled) == [False, True]


def test_every_settlement_reversed_twice_at_once_comes_back_once(town: Town, desks: list[Desk]) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=600_00)
    pharmacy = town.institution("P21120200003")
    bought = submitted(desks, [town.purchase(son, pharmacy, ("C-A", 1, "10.00")) for _ in range(20)])
    twice: list[Command] = [
        town.reversal(one, pharmacy) for one in bought if isinstance(one, Settlement) for _ in range(2)
    ]
    back = submitted(desks, twice)
    assert sum(isinstance(one, Settlement) for one in back) == 20
    assert {one.code for one in back if isinstance(one, GongjiError)} == {"settlement.reversed"}
    assert town.balance(son) == 600_00


def test_money_moves_only_while_the_authorisation_lives(town: Town, desks: list[Desk]) -> None:
    """The son ends the authorisation while his mother's purchases come in: what is settled after it is cash."""
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=0)
    son = town.person("李建国", "1980-03-01", "active", balance=5_000_00)
    shared = town.share(son, mother)
    pharmacy = town.institution("P21120200003")
    commands: list[Command] = [town.purchase(mother, pharmacy, ("C-A", 1, "1.00")) for _ in range(200)]
    started = threading.Event()

    def leave_them() -> None:
        # The clock is read before the lock is waited for, as every caller does; the end comes after the last use.
        at = town.clock.now()
        started.wait(10)
        with town.database.transaction() as connection:
            unbind(connection, shared, person_id=son, actor="citizen", at=at)

    ending = threading.Thread(target=leave_them)
    ending.start()
    town.clock.advance(timedelta(seconds=1))
    futures = [desks[0].submit(command) for command in commands[:100]]
    futures[0].result(timeout=60)
    town.clock.advance(timedelta(seconds=1))
    started.set()
    ending.join()
    town.clock.advance(timedelta(seconds=1))
    later = submitted(desks, commands[100:])
    early = [outcome(future) for future in futures]
    paid = sum(one.shared for one in early if isinstance(one, Settlement))
    assert 1_00 <= paid <= 100_00
    assert all(isinstance(one, Settlement) and (one.shared, one.cash) == (0, 1_00) for one in later)
    assert town.balance(son) == 5_000_00 - paid


def test_crossing_families_do_not_block_each_other(town: Town, desks: list[Desk]) -> None:
    """Two couples who share with each other, settled criss-cross by four clerks: no deadlock, nothing lost."""
    pharmacy = town.institution("P21120200003")
    people = [town.person(f"人{n}", "1980-03-01", "active", balance=100_00, household=f"家{n}") for n in range(4)]
    for sharer in people:
        for user in people:
            if sharer != user:
                town.share(sharer, user, relation="sibling")
    commands: list[Command] = [town.purchase(people[n % 4], pharmacy, ("C-A", 1, "7.00")) for n in range(80)]
    paid = submitted(desks, commands, clients=16)
    assert all(isinstance(one, Settlement) for one in paid)
    assert sum(town.balance(one) for one in people) == 0
    assert sum(one.cash for one in paid if isinstance(one, Settlement)) == 80 * 7_00 - 400_00


def test_a_full_queue_says_busy(town: Town) -> None:
    desk = Desk(town.database, RuleBook.shipped(), town.clock, queue=1)
    desk.close()
    pharmacy = town.institution("P21120200003")
    son = town.person("李建国", "1980-03-01", "active", balance=600_00)
    with pytest.raises(Busy) as refused:
        desk.submit(town.purchase(son, pharmacy, ("C-A", 1, "1.00")))
    assert refused.value.code == "desk.busy"
