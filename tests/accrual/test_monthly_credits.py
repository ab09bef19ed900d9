"""A month's credits: computed by the region's rule, compared with the file, posted once."""

from __future__ import annotations

from datetime import date, datetime

import pytest
import sqlalchemy as sa

from gongji.accrual.credits import post_credits
from gongji.accrual.model import CreditKind, CreditLine, CreditReport
from gongji.accrual.year_end import turn_year
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.ledger.model import AccountKind
from gongji.ledger.service import balances_of
from gongji.registry.entering import add_enrolments
from gongji.registry.entries import NewEnrolment
from gongji.registry.model import Enrolment
from gongji.registry.service import end_enrolment
from gongji.rules.book import RuleBook
from gongji.rules.model import Scheme, Status
from town import JINING, TIELING, Town

AGENCY = Caller(Role.OPERATOR, "agency")
JUNE = date(2024, 6, 1)


def line(
    person: int,
    month: date = JUNE,
    *,
    kind: CreditKind = CreditKind.EMPLOYER,
    base: int | None = None,
    amount: int | None = None,
) -> CreditLine:
    """A line of a credit file."""
    return CreditLine(person, month, kind, base, amount)


def credited(town: Town, *lines: CreditLine, **more: bool | int) -> CreditReport:
    """Post lines."""
    return post_credits(
        town.database, RuleBook.shipped(), town.clock, lines, caller=AGENCY, source="test", **more  # type: ignore[arg-type]
    )  # fmt: skip


def standing(town: Town, person: int) -> dict[AccountKind, int]:
    """A person's balances, fen by kind, those of zero left out."""
    with town.database.transaction() as connection:
        return {kind: fen for kind, fen in balances_of(connection, person).items() if fen}


def codes(report: CreditReport) -> dict[int, str]:
    """Why lines were refused, by position."""
    return {at: refusal.code for at, refusal in report.refused.items()}


def test_two_per_cent_of_the_base_come_into_the_sons_account(town: Town) -> None:
    """¥6,543.25 × 2 % = 130.865, half-up ¥130.87; the mother's flat amount in Tieling is ¥60.00."""
    son = town.person("李建国", "1980-03-01", "active", balance=10_00)
    mother = town.person("王秀兰", "1955-08-13", "retired")
    report = credited(town, line(son, base=6_543_25), line(mother, kind=CreditKind.RETIRED))
    assert (report.posted, report.amount, report.unchecked, report.refused) == (2, 190_87, 0, {})
    assert standing(town, son) == {AccountKind.PERSONAL_CURRENT: 140_87}
    assert standing(town, mother) == {AccountKind.PERSONAL_CURRENT: 60_00}


def test_the_same_file_again_credits_nothing(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=0)
    credited(town, line(son, base=6_000_00))
    again = credited(town, line(son, base=6_000_00))
    assert (again.posted, again.already, again.refused) == (0, 1, {})
    assert standing(town, son) == {AccountKind.PERSONAL_CURRENT: 120_00}


def test_the_same_month_with_another_amount_is_refused(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=0)
    credited(town, line(son, base=6_000_00))
    assert codes(credited(town, line(son, base=7_000_00))) == {0: "credit.other_amount"}
    assert standing(town, son) == {AccountKind.PERSONAL_CURRENT: 120_00}


def test_what_is_wrong_with_a_line_is_told_and_nothing_is_credited(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=0)
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=0)
    child = town.person("李小宝", "2015-05-01", "resident")
    report = credited(
        town,
        line(son, base=6_000_00),
        line(son, base=6_000_00, amount=121_00, month=date(2024, 5, 1)),
        line(son, month=date(2024, 7, 1), base=6_000_00),
        line(son, kind=CreditKind.FLEXIBLE, base=6_000_00, month=date(2024, 4, 1)),
        line(mother, base=6_000_00),
        line(child, amount=10_00),
        line(son, base=6_000_00),
        line(son, month=date(2024, 3, 1)),
        line(999 << 10, amount=5_00),
    )
    assert codes(report) == {
        1: "credit.amount_differs",
        2: "credit.month_ahead",
        3: "credit.no_rule",
        4: "credit.other_status",
        5: "credit.not_enrolled",
        6: "credit.duplicate",
        7: "credit.nothing",
        8: "person.unknown",
    }
    assert report.refused[1].details == {"stated": 121_00, "computed": 120_00}
    assert report.posted == 0
    assert standing(town, son) == {}


def test_good_lines_are_credited_despite_the_others_when_asked(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=0)
    bad = line(son, month=date(2024, 7, 1), base=6_000_00)
    report = credited(town, line(son, base=6_000_00), bad, despite_refusals=True)
    assert (report.posted, codes(report)) == (1, {1: "credit.month_ahead"})
    assert standing(town, son) == {AccountKind.PERSONAL_CURRENT: 120_00}


def test_a_flexible_workers_amount_is_taken_as_told_and_counted_as_unchecked(town: Town) -> None:
    worker = town.person("周游", "1990-03-01", "active", balance=0)
    report = credited(town, line(worker, kind=CreditKind.FLEXIBLE, amount=88_00))
    assert (report.posted, report.unchecked) == (1, 1)
    assert standing(town, worker) == {AccountKind.PERSONAL_CURRENT: 88_00}


def test_a_newcomers_account_is_opened_by_the_first_credit(town: Town) -> None:
    newcomer = town.person("张新", "1999-03-01", "active")
    credited(town, line(newcomer, base=4_000_00))
    assert standing(town, newcomer) == {AccountKind.PERSONAL_CURRENT: 80_00}


def test_the_new_years_first_credit_turns_the_account_first(town: Town) -> None:
    """The credit of January 2025 comes before the region is turned: what was saved in 2024 is historical by then."""
    son = town.person("李建国", "1980-03-01", "active", balance=268_50, historical=1_000_00)
    town.clock.set(datetime(2025, 1, 8, tzinfo=CHINA))
    report = credited(town, line(son, date(2025, 1, 1), base=6_000_00))
    assert report.turned == 1
    wanted = {AccountKind.PERSONAL_CURRENT: 120_00, AccountKind.PERSONAL_HISTORICAL: 1_268_50}
    assert standing(town, son) == wanted
    turn_year(town.database, town.clock, TIELING, 2024, caller=AGENCY)
    assert standing(town, son) == wanted


def test_a_late_credit_of_a_turned_year_is_historical(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=0)
    town.clock.set(datetime(2025, 1, 8, tzinfo=CHINA))
    credited(town, line(son, date(2024, 12, 1), base=6_000_00), line(son, date(2025, 1, 1), base=6_000_00))
    wanted = {AccountKind.PERSONAL_CURRENT: 120_00, AccountKind.PERSONAL_HISTORICAL: 120_00}
    assert standing(town, son) == wanted
    credited(town, line(son, date(2024, 11, 1), base=6_000_00))
    assert standing(town, son) == wanted | {AccountKind.PERSONAL_HISTORICAL: 240_00}


def test_decembers_credit_in_january_is_carried_by_the_turn(town: Town) -> None:
    newcomer = town.person("张新", "1999-03-01", "active")
    town.clock.set(datetime(2025, 1, 8, tzinfo=CHINA))
    credited(town, line(newcomer, date(2024, 12, 1), base=6_000_00))
    assert standing(town, newcomer) == {AccountKind.PERSONAL_CURRENT: 120_00}
    report = turn_year(town.database, town.clock, TIELING, 2024, caller=AGENCY)
    assert report.carried == 120_00
    assert standing(town, newcomer) == {AccountKind.PERSONAL_HISTORICAL: 120_00}


def test_somebody_who_left_the_scheme_gets_no_further_month(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=0)
    with town.database.transaction() as connection:
        end_enrolment(connection, son, date(2024, 6, 12))
    town.clock.set(datetime(2024, 7, 12, tzinfo=CHINA))
    report = credited(town, line(son, base=6_000_00), line(son, date(2024, 7, 1), base=6_000_00), despite_refusals=True)
    assert (report.posted, codes(report)) == (1, {1: "credit.not_enrolled"})


def test_more_lines_than_a_batch_are_all_credited_and_the_database_keeps_them(town: Town) -> None:
    people = [town.person(f"人{n}", "1980-03-01", "active", household=f"家{n}") for n in range(7)]
    lines = [line(one, date(2024, month, 1), base=5_000_00) for one in people for month in (4, 5, 6)]
    seen: list[tuple[int, int]] = []
    report = post_credits(
        town.database,
        RuleBook.shipped(),
        town.clock,
        lines,
        caller=AGENCY,
        source="test",
        batch=4,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert (report.posted, report.amount) == (21, 21 * 100_00)
    assert seen[0] == (0, 42)
    assert seen[-1] == (42, 42)
    with town.database.engine.connect() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(sa.text("UPDATE account_credit SET amount = 1"))


def test_a_retired_person_of_jining_gets_more_from_seventy_years_on(town: Town) -> None:
    """¥100.00 below seventy years of age, ¥125.00 from then on."""
    younger = town.person("孔明", "1960-03-01", "retired", region=JINING)
    older = town.person("孔亮", "1954-06-01", "retired", region=JINING)
    report = credited(town, *(line(one, kind=CreditKind.RETIRED) for one in (younger, older)))
    assert (report.posted, report.unchecked) == (2, 0)
    assert standing(town, younger) == {AccountKind.PERSONAL_CURRENT: 100_00}
    assert standing(town, older) == {AccountKind.PERSONAL_CURRENT: 125_00}


def test_in_the_month_of_retirement_the_file_tells_which_credit_it_is(town: Town) -> None:
    worker = town.person("李建国", "1964-06-10", "active", balance=0)
    with town.database.transaction() as connection:
        end_enrolment(connection, worker, date(2024, 6, 9))
        retired = Enrolment(Scheme.EMPLOYEE, TIELING, Status.RETIRED, "12", "1", "", False, date(2024, 6, 10), None)
        add_enrolments(connection, [NewEnrolment(worker, retired)])
    assert credited(town, line(worker, base=6_000_00)).amount == 120_00
    assert codes(credited(town, line(worker, date(2024, 5, 1), kind=CreditKind.RETIRED))) == {0: "credit.other_status"}
