"""After the mother has paid ¥78.50 and more in cash, her son's account pays what it may of it, in a second transaction."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gongji.foundation.errors import GongjiError
from gongji.registry.model import Institution
from gongji.rules.book import RuleBook
from gongji.settlement.model import Settlement
from gongji.settlement.second.model import GiveBackSecond, PaySecond, SecondPayment
from gongji.settlement.second.service import SecondTill, chain_of
from gongji.settlement.second.tables import second_total
from town import EXAMPLE_BILL, Town


class Counter:
    """A mother with ¥200.00, her son with ¥5,000.00, her daughter with ¥100.00; her bill of ¥1,268.50, her own account used.

    Fund 468.05, own 200.00, cash 600.45: of that 521.95 are in scope or first-self-pay, 78.50 no account may pay.
    """

    def __init__(self, town: Town) -> None:
        self.town = town
        self.hospital: Institution = town.institution("H21120200001")
        self.mother = town.person("王秀兰", "1955-08-13", "retired", balance=200_00, gender=2)
        self.son = town.person("李建国", "1980-03-01", "active", balance=3_000_00, historical=2_000_00)
        self.daughter = town.person("李婷", "1982-03-01", "active", balance=100_00, gender=2)
        self.till = SecondTill(town.database, RuleBook.shipped(), town.clock)
        self.under: dict[int, int] = {}

    def settled(self) -> Settlement:
        """The main settlement, before anybody shares; then both children share."""
        town = self.town
        visit, total = town.visit(self.mother, self.hospital, *EXAMPLE_BILL)
        main = town.settled(town.settle_visit(self.mother, self.hospital, visit, total))
        assert (main.fund_total, main.own, main.shared, main.cash) == (468_05, 200_00, 0, 600_45)
        self.under = {who: town.share(who, self.mother) for who in (self.son, self.daughter)}
        return main

    def paying(self, main: Settlement, payer: int, amount: int | None, **key: str) -> PaySecond:
        """The command."""
        wire = self.town.key(self.hospital, "GJ12", **key)
        return PaySecond(wire, self.hospital, self.mother, main.id, payer, amount)

    def pay(self, main: Settlement, payer: int, amount: int | None, **key: str) -> SecondPayment:
        """GJ12."""
        return self.till.pay(self.paying(main, payer, amount, **key))

    def refused(self, work: Any, *arguments: Any) -> str:
        """The code of a refusal."""
        with pytest.raises(GongjiError) as refusal:
            work(*arguments)
        return refusal.value.code

    def back(self, payment: SecondPayment, **key: str) -> SecondPayment:
        """GJ13."""
        wire = self.town.key(self.hospital, "GJ13", **key)
        return self.till.give_back(GiveBackSecond(wire, self.hospital, self.mother, payment.id))


@pytest.fixture
def counter(town: Town) -> Counter:
    """The family at the hospital."""
    return Counter(town)


def test_two_children_pay_what_accounts_may_and_the_main_settlement_stays(counter: Counter, town: Town) -> None:
    main = counter.settled()
    first = counter.pay(main, counter.daughter, 100_00)
    second = counter.pay(main, counter.son, None)
    assert (first.amount, first.cash_left, second.amount, second.cash_left) == (100_00, 500_45, 421_95, 78_50)
    assert (town.balance(counter.daughter), town.balance(counter.son)) == (0, 4_578_05)
    assert counter.refused(counter.pay, main, counter.son, 1) == "second.too_much"
    with town.database.transaction() as connection:
        assert [one.amount for one in chain_of(connection, main.id)] == [100_00, 421_95]
        assert connection.execute(sa.text("SELECT cash, shared FROM settlement")).one() == (600_45, 0)


def test_the_main_settlement_goes_back_after_the_second_ones(counter: Counter, town: Town) -> None:
    main = counter.settled()
    paid = counter.pay(main, counter.son, 300_00)
    (refused,) = town.do(town.reversal(main, counter.hospital))
    assert isinstance(refused, GongjiError)
    assert refused.code == "settlement.second_payment"
    back = counter.back(paid, msgid="B1")
    assert (back.amount, back.cash_left, back.reverses) == (-300_00, 600_45, paid.id)
    assert counter.back(paid, msgid="B1") == back
    assert counter.refused(counter.back, paid) == "second.given_back"
    assert counter.refused(counter.back, back) == "second.unknown"
    assert town.balance(counter.son) == 5_000_00
    town.settled(town.reversal(main, counter.hospital))
    assert counter.refused(counter.pay, main, counter.son, 1) == "settlement.reversed"
    assert town.balance(counter.mother) == 200_00


def test_the_same_message_pays_once(counter: Counter, town: Town) -> None:
    main = counter.settled()
    first = counter.pay(main, counter.son, 10_00, msgid="M1")
    assert counter.pay(main, counter.son, 10_00, msgid="M1") == first
    changed = counter.town.key(counter.hospital, "GJ12", msgid="M1", content="other")
    again = PaySecond(changed, counter.hospital, counter.mother, main.id, counter.son, 11_00)
    assert counter.refused(counter.till.pay, again) == "key.other_content"
    assert town.balance(counter.son) == 4_990_00


def test_only_a_sharer_of_hers_pays_afterwards_and_no_more_than_is_left(counter: Counter, town: Town) -> None:
    main = counter.settled()
    stranger = town.person("钱多", "1990-01-01", "active", balance=900_00, household="别家")
    assert counter.refused(counter.pay, main, stranger, 10_00) == "second.not_shared"
    assert counter.refused(counter.pay, main, counter.mother, 10_00) == "second.not_shared"
    assert counter.refused(counter.pay, main, counter.daughter, 100_01) == "second.not_enough"
    assert counter.refused(counter.pay, main, counter.son, 0) == "second.amount"
    assert counter.refused(counter.pay, main, counter.son, 521_96) == "second.too_much"
    other = town.institution("H21120200002")
    elsewhere = PaySecond(town.key(other, "GJ12"), other, counter.mother, main.id, counter.son, 1)
    assert counter.refused(counter.till.pay, elsewhere) == "settlement.unknown"
    with town.database.transaction() as connection:
        connection.execute(
            sa.text("UPDATE authorisation SET state = 'paused' WHERE id = :id"), {"id": counter.under[counter.son]}
        )
    assert counter.refused(counter.pay, main, counter.son, 1) == "second.withheld"
    assert (town.balance(counter.son), town.balance(stranger)) == (5_000_00, 900_00)


def test_limits_count_what_was_paid_afterwards_and_give_it_back_to_its_month(counter: Counter, town: Town) -> None:
    main = counter.settled()
    with town.database.transaction() as connection:
        connection.execute(
            sa.text("UPDATE authorisation SET limit_month = 5000 WHERE id = :id"), {"id": counter.under[counter.son]}
        )
    paid = counter.pay(main, counter.son, None)
    assert paid.amount == 50_00
    assert counter.refused(counter.pay, main, counter.son, 1) == "second.not_enough"
    town.clock.advance(timedelta(days=30))
    counter.pay(main, counter.son, 20_00)
    counter.back(paid)
    assert counter.refused(counter.pay, main, counter.son, 30_01) == "second.not_enough"
    assert counter.pay(main, counter.son, 30_00).cash_left == 550_45


def test_twelve_at_once_never_pay_more_than_the_cash(counter: Counter, town: Town) -> None:
    """Each of two tills (two processes) is asked for ¥100.00 six times: five go through, the rest are told what is left."""
    main = counter.settled()
    tills = (counter.till, SecondTill(town.database, RuleBook.shipped(), town.clock))
    outcomes: list[int | str] = []
    start = threading.Barrier(12)

    def pay(number: int) -> None:
        command = counter.paying(main, counter.son, 100_00)
        start.wait()
        try:
            outcomes.append(tills[number % 2].pay(command).amount)
        except GongjiError as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=pay, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["10000"] * 5 + ["second.too_much"] * 7
    assert town.balance(counter.son) == 4_500_00


def test_the_database_holds_the_sum_below_the_cash(counter: Counter, town: Town) -> None:
    main = counter.settled()
    counter.pay(main, counter.son, 100_00)
    for wrong in (600_46, -1):
        with pytest.raises(sa.exc.IntegrityError, match="within_cash"), town.database.transaction() as connection:
            connection.execute(second_total.update().values(paid=wrong))
    with pytest.raises(sa.exc.DatabaseError, match="history"), town.database.transaction() as connection:
        connection.execute(sa.text("UPDATE second_payment SET amount = 1"))
