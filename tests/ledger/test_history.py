"""Balances and statements as of a moment, for a son's account and for a region's fund."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gongji.foundation.clock import CHINA
from gongji.ledger.history import balance_at, shares_of, statement_at
from gongji.ledger.model import AccountKind, fund_holder, personal_account
from town import Town

NOON = datetime(2024, 6, 12, 12, 0, tzinfo=CHINA)


@pytest.fixture
def son(town: Town) -> int:
    """Opened with ¥600.00 at 10:30; ¥100.00 at 12:00, ¥50.00 at 13:00, the ¥100.00 taken back at 14:00."""
    person = town.person("李建国", "1980-03-01", "active", balance=600_00)
    pharmacy = town.institution("P21120200003")
    town.clock.set(NOON)
    first = town.settled(town.purchase(person, pharmacy, ("C-A", 1, "100.00")))
    town.clock.set(NOON + timedelta(hours=1))
    town.settled(town.purchase(person, pharmacy, ("C-A", 1, "50.00")))
    town.clock.set(NOON + timedelta(hours=2))
    town.settled(town.reversal(first, pharmacy))
    return person


def balance(town: Town, accounts: list[int], at: datetime) -> int:
    """What accounts held together at a moment."""
    with town.database.engine.connect() as connection:
        return balance_at(connection, accounts, at)


def test_a_balance_at_every_moment_of_a_day(town: Town, son: int) -> None:
    account = [personal_account(AccountKind.PERSONAL_CURRENT, son)]
    moments = [NOON - timedelta(hours=2), NOON - timedelta(minutes=1), NOON]
    moments += [NOON + timedelta(minutes=minutes) for minutes in (59, 60, 119, 120)]
    held = [balance(town, account, at) for at in moments]
    assert held == [0, 600_00, 500_00, 500_00, 450_00, 450_00, 550_00]


def test_what_a_pharmacy_is_owed_at_a_moment_over_all_buckets(town: Town, son: int) -> None:
    """The daughter lies in another bucket and pays ¥30.00 to the same pharmacy."""
    pharmacy = town.institution("P21120200003")
    daughter = town.person("李建芳", "1983-03-01", "active", balance=600_00, household="另一家")
    town.settled(town.purchase(daughter, pharmacy, ("C-A", 1, "30.00")))
    owed = shares_of(AccountKind.PAYABLE_INSTITUTION, pharmacy.id)
    assert balance(town, owed, NOON + timedelta(hours=1)) == 150_00
    assert balance(town, owed, NOON + timedelta(hours=2)) == 80_00


def test_a_fund_that_paid_is_below_zero_by_what_it_paid(town: Town) -> None:
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=0)
    hospital = town.institution("H21120200001")
    paid = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, ("C-A", 1, "800.00"))))
    fund = shares_of(AccountKind.FUND_POOL, fund_holder("211200", "310"))
    assert paid.fund_pool > 0
    assert balance(town, fund, town.clock.now()) == -paid.fund_pool
    assert balance(town, fund, town.clock.now() - timedelta(microseconds=1)) == 0


def test_a_statement_keeps_the_newest_lines_and_their_balances(town: Town, son: int) -> None:
    account = [personal_account(AccountKind.PERSONAL_CURRENT, son)]
    with town.database.engine.connect() as connection:
        lines = statement_at(connection, account, NOON + timedelta(hours=2))
        assert [(line.amount, line.balance) for line in lines] == [
            (600_00, 600_00),
            (-100_00, 500_00),
            (-50_00, 450_00),
            (100_00, 550_00),
        ]
        assert [line.kind for line in lines] == ["opening", "settlement", "settlement", "reversal"]
        assert statement_at(connection, account, NOON + timedelta(hours=1)) == lines[:3]
        assert statement_at(connection, account, NOON + timedelta(hours=2), most=2) == lines[2:]
        since = NOON + timedelta(minutes=1)
        assert statement_at(connection, account, NOON + timedelta(hours=2), since) == lines[2:]
