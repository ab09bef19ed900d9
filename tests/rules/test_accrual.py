"""What personal accounts are credited each month: the active by their base, the retired a fixed amount, by region and date."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from shapes import HEADER, SOURCE, load

from gongji.foundation.errors import InvalidInput
from gongji.rules.accrual import AccrualRule
from gongji.rules.book import RuleBook
from gongji.rules.model import Grade
from gongji.rules.problems import PackError
from gongji.rules.vocabulary import AccrualBase, Contributor, StatusChange

TIELING, SHENYANG, FUSHUN, JINING, JINAN, XIAN = "211200", "210100", "210400", "370800", "370100", "610100"
ACTIVE, RETIRED, POOLED_ONLY = Contributor.ACTIVE, Contributor.RETIRED, Contributor.POOLED_ONLY

book = RuleBook.shipped()


def accrual(region: str, contributor: Contributor, on: date) -> AccrualRule:
    """An accrual rule that is known to exist."""
    rule = book.accrual(region, contributor, on)
    assert rule is not None
    return rule


def test_an_active_person_in_tieling_is_credited_two_per_cent_of_the_own_base() -> None:
    """2 % of 5,432.10 a month is 108.642, half-up 108.64."""
    rule = accrual(TIELING, ACTIVE, date(2024, 6, 1))
    assert rule.base is AccrualBase.CONTRIBUTION
    credit = rule.monthly(age=41, base=543_210)
    assert credit.amount == 10_864
    assert credit.clause.rule == "cn/liaoning/tieling#accrual.active"


@pytest.mark.parametrize(
    ("region", "age", "fen"),
    [(TIELING, 68, 6_000), (TIELING, 75, 6_000), (SHENYANG, 68, 8_000), (JINING, 69, 10_000), (JINING, 70, 12_500)],
)
def test_retired_people_are_credited_a_fixed_amount(region: str, age: int, fen: int) -> None:
    assert accrual(region, RETIRED, date(2024, 6, 1)).monthly(age).amount == fen


def test_jining_credited_part_of_the_employer_s_payment_until_2023() -> None:
    before = accrual(JINING, ACTIVE, date(2023, 12, 1))
    assert [before.monthly(age, 600_000).amount for age in (44, 45)] == [15_000, 16_500]
    assert accrual(JINING, ACTIVE, date(2024, 1, 1)).monthly(45, 600_000).amount == 12_000
    first, second = book.accrual_timeline(JINING, ACTIVE)
    assert (first.until, second.begins) == (date(2023, 12, 31), date(2024, 1, 1))


def test_a_city_of_shandong_without_an_amount_needs_its_average_pension() -> None:
    """Jinan: 2.5 % of an average pension of 4,000.00 from 70 on is 100.00; who retires is credited so a month later."""
    rule = accrual(JINAN, RETIRED, date(2024, 6, 1))
    assert (rule.base, rule.change) == (AccrualBase.AVERAGE_PENSION, StatusChange.FOLLOWING_MONTH)
    assert rule.monthly(70, 400_000).amount == 10_000
    with pytest.raises(InvalidInput) as refused:
        rule.monthly(70)
    assert refused.value.code == "accrual.base_needed"


def test_fushun_is_one_of_the_other_cities_of_liaoning() -> None:
    credit = accrual(FUSHUN, RETIRED, date(2024, 6, 1)).monthly(68)
    assert (credit.amount, credit.clause.grade) == (6_000, Grade.LOCAL_MEDIA)


def test_who_pays_for_the_pool_alone_is_credited_nothing_in_shenyang_and_elsewhere_nobody_knows() -> None:
    assert accrual(SHENYANG, POOLED_ONLY, date(2024, 6, 1)).monthly(50).amount == 0
    assert book.accrual(TIELING, POOLED_ONLY, date(2024, 6, 1)) is None


def test_what_a_retired_person_gets_is_not_inherited_from_the_nation() -> None:
    assert book.accrual("330100", RETIRED, date(2024, 6, 1)) is None
    assert accrual("330100", ACTIVE, date(2024, 6, 1)).monthly(40, 1_000_000).amount == 20_000


def test_an_age_class_left_out_and_a_wrong_unit_are_told_with_their_line(tmp_path: Path) -> None:
    accruals = f"""accrual:
  retired:
    - effective: 2024-01-01
      value: {{monthly: {{from_70: 100.00}}}}
      {SOURCE}
  active:
    - effective: 2024-01-01
      value: {{of: contribution_base, share: 2.00}}
      {SOURCE}
  resident:
    - effective: 2024-01-01
      value: {{monthly: 2.00}}
      {SOURCE}
"""
    with pytest.raises(PackError) as refused:
        load(tmp_path, HEADER + accruals)
    told = [(problem.code, problem.at.line - HEADER.count("\n")) for problem in refused.value.problems]
    assert told == [("pack.missing_key", 3), ("pack.bad_value", 8), ("pack.unknown_key", 10)]
