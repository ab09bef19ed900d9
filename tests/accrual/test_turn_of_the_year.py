"""The turn of the year: what was saved becomes historical, once, whenever it is done and whoever settles meanwhile."""

from __future__ import annotations

from datetime import date, datetime

import pytest
import sqlalchemy as sa

from gongji.accrual.credits import post_credits
from gongji.accrual.model import CreditKind, CreditLine, YearReport
from gongji.accrual.year_end import turn_year
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import Refused
from gongji.ledger.model import AccountKind
from gongji.ledger.service import balances_of
from town import JINING, TIELING, Town

AGENCY = Caller(Role.OPERATOR, "agency")


def turned(town: Town, region: str = TIELING, year: int = 2024, **more: bool | int) -> YearReport:
    """Turn a year of a region."""
    return turn_year(town.database, town.clock, region, year, caller=AGENCY, **more)  # type: ignore[arg-type]


def standing(town: Town, person: int) -> tuple[int, int]:
    """(current, historical) of a person, fen."""
    with town.database.transaction() as connection:
        found = balances_of(connection, person)
    return found[AccountKind.PERSONAL_CURRENT], found[AccountKind.PERSONAL_HISTORICAL]


def test_what_the_son_saved_in_2024_is_historical_in_2025(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=268_50, historical=1_000_00)
    wife = town.person("赵敏", "1982-05-02", "active", balance=0, historical=30_00)
    elsewhere = town.person("孔明", "1980-03-01", "active", balance=77_00, region=JINING)
    town.clock.set(datetime(2025, 1, 1, 0, 5, tzinfo=CHINA))
    report = turned(town)
    assert (report.accounts, report.carried, report.already) == (2, 268_50, 0)
    assert standing(town, son) == (0, 1_268_50)
    assert standing(town, wife) == (0, 30_00)
    assert standing(town, elsewhere) == (77_00, 0)


def test_turning_a_year_again_changes_nothing(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=268_50)
    town.clock.set(datetime(2025, 1, 1, tzinfo=CHINA))
    turned(town)
    again = turned(town)
    assert (again.accounts, again.carried, again.already) == (0, 0, 1)
    assert standing(town, son) == (0, 268_50)


def test_a_year_that_still_runs_is_not_turned(town: Town) -> None:
    town.clock.set(datetime(2024, 12, 31, 23, 59, tzinfo=CHINA))
    with pytest.raises(Refused) as refused:
        turned(town)
    assert (refused.value.code, refused.value.field) == ("year.not_over", "year")


def test_a_dry_run_adds_up_and_writes_nothing(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=268_50)
    town.clock.set(datetime(2025, 1, 1, tzinfo=CHINA))
    assert turned(town, dry_run=True).carried == 268_50
    assert standing(town, son) == (268_50, 0)
    with town.database.transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM year_turn")).scalar_one() == 0


def test_an_account_opened_in_the_new_year_has_nothing_to_carry(town: Town) -> None:
    """The region is turned late, in February; who came in January keeps the year's money in the current account."""
    town.clock.set(datetime(2025, 1, 20, tzinfo=CHINA))
    newcomer = town.person("张新", "1999-03-01", "active", balance=50_00)
    town.clock.set(datetime(2025, 2, 3, tzinfo=CHINA))
    assert turned(town).carried == 0
    assert standing(town, newcomer) == (50_00, 0)


def test_a_region_larger_than_a_batch_is_turned_to_the_last_account(town: Town) -> None:
    people = [town.person(f"人{n}", "1980-03-01", "active", balance=100 + n, household=f"家{n}") for n in range(23)]
    town.clock.set(datetime(2025, 1, 1, tzinfo=CHINA))
    report = turned(town, batch=5)
    assert (report.accounts, report.carried) == (23, sum(range(100, 123)))
    assert [standing(town, one) for one in people] == [(0, 100 + n) for n in range(23)]


def test_a_province_takes_in_its_cities(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=268_50)
    town.clock.set(datetime(2025, 1, 1, tzinfo=CHINA))
    assert turned(town, region="210000").carried == 268_50
    assert standing(town, son) == (0, 268_50)


def test_what_left_before_the_first_credit_of_the_same_year_comes_back_to_the_current_account(town: Town) -> None:
    """The accounts were taken over in June 2024; the first credit turns 2023, of which there is nothing. What the father
    paid between the two was this year's money and is so again."""
    father = town.person("李国强", "1958-02-01", "retired", balance=300_00)
    pharmacy = town.institution("P21120200003")
    bought = town.settled(town.purchase(father, pharmacy, ("C-A", 1, "100.00")))
    assert standing(town, father) == (200_00, 0)
    town.clock.set(datetime(2024, 6, 20, tzinfo=CHINA))
    line = CreditLine(father, date(2024, 6, 1), CreditKind.RETIRED, None, None)
    post_credits(town.database, town.rules, town.clock, [line], caller=AGENCY, source="")
    assert standing(town, father) == (260_00, 0)
    town.settled(town.reversal(bought, pharmacy))
    assert standing(town, father) == (360_00, 0)


def test_what_was_spent_to_the_last_fen_is_historical_when_it_comes_back(town: Town) -> None:
    """Nothing was left to be carried, but it was the old year's money, also when it was spent in January."""
    father = town.person("李国强", "1958-02-01", "retired", balance=100_00)
    pharmacy = town.institution("P21120200003")
    town.clock.set(datetime(2025, 1, 4, tzinfo=CHINA))
    bought = town.settled(town.purchase(father, pharmacy, ("C-A", 1, "100.00")))
    town.clock.set(datetime(2025, 1, 8, tzinfo=CHINA))
    assert turned(town).carried == 0
    town.settled(town.reversal(bought, pharmacy))
    assert standing(town, father) == (0, 100_00)
