"""What the funds pay for a visit, and how the answer explains itself."""

from __future__ import annotations

from datetime import date

import pytest

from gongji.benefit.assess import assess
from gongji.benefit.model import Assessment, Bill, Circumstances, CounterMove, FundPayment
from gongji.foundation.errors import InvalidInput
from gongji.rules.book import RuleBook
from gongji.rules.model import Attribute, BenefitRule, CareKind, Scheme, Status, Tier

book = RuleBook.shipped()
LI_YULAN = Circumstances(Status.RETIRED, Tier.TIER_3, date(2024, 3, 5), 68)
FIRST_BILL = Bill(total=126_850, self_paid=6_850, over_limit=1_000, first_self_pay=3_900, in_scope=115_100)


def rule_of(region: str, on: date, **readings: str) -> BenefitRule:
    """A city's outpatient rule for employees that is known to exist."""
    rule = book.benefit(region, Scheme.EMPLOYEE, CareKind.OUTPATIENT, on, readings)
    assert rule is not None
    return rule


def step_inputs(assessment: Assessment, code: str) -> dict[str, int | str]:
    """The inputs of the only step with that code."""
    (step,) = [step for step in assessment.steps if step.code == code]
    return dict(step.inputs)


def test_li_yulans_first_visit_of_the_year() -> None:
    """1268.50 at a tier-3 hospital: (1151.00 − 300.00) × 55 % = 468.05."""
    rule = rule_of("211202", LI_YULAN.on)
    outcome = assess(rule, FIRST_BILL, LI_YULAN, {})
    assert (outcome.deductible, outcome.ratio, outcome.fund_total) == (30_000, 5_500, 46_805)
    assert outcome.funds == (FundPayment("fund.pool", 46_805),)
    assert outcome.moves == (
        CounterMove("deductible_borne", "2024", 30_000, 30_000),
        CounterMove("fund_paid", "2024", 46_805, 300_000),
    )
    assert (outcome.digest, outcome.interpretations) == (rule.digest, {"mixed_tiers": "one_counter"})


def test_every_step_names_its_clause_and_the_numbers_it_used() -> None:
    outcome = assess(rule_of("211202", LI_YULAN.on), FIRST_BILL, LI_YULAN, {})
    assert [(step.code, step.amount) for step in outcome.steps] == [
        ("split", 115_100),
        ("deductible", 30_000),
        ("ratio", 46_805),
        ("cap", 46_805),
    ]
    assert [step.clause.rule.rpartition("#")[2] for step in outcome.steps if step.clause is not None] == [
        "outpatient.rules",
        "outpatient.deductible.tier_3",
        "outpatient.share.retired.tier_3",
        "outpatient.yearly_cap.retired",
    ]
    assert step_inputs(outcome, "ratio")["base"] == 85_100
    assert step_inputs(outcome, "split")["first_self_pay"] == 3_900


def test_a_bill_below_the_deductible_is_borne_whole_and_says_what_is_left() -> None:
    outcome = assess(
        rule_of("211202", LI_YULAN.on), Bill(12_000, 0, 0, 0, 12_000), LI_YULAN, {"deductible_borne": 5_000}
    )
    assert (outcome.deductible, outcome.fund_total, outcome.funds) == (12_000, 0, ())
    assert step_inputs(outcome, "deductible") == {
        "in_scope": 12_000,
        "threshold": 30_000,
        "borne_before": 5_000,
        "left": 13_000,
        "tier": "tier_3",
        "period": "2024",
    }


def test_when_the_cap_is_used_up_the_line_says_so() -> None:
    used = {"deductible_borne": 30_000, "fund_paid": 300_000}
    outcome = assess(rule_of("211202", LI_YULAN.on), Bill(10_000, 0, 0, 0, 10_000), LI_YULAN, used)
    assert (outcome.fund_total, outcome.moves) == (0, ())
    assert step_inputs(outcome, "cap") == {
        "fund": "fund.pool",
        "owed": 5_500,
        "limit": 300_000,
        "paid_before": 300_000,
        "left": 0,
        "period": "2024",
    }


def test_the_periods_are_those_of_the_counters_and_a_cap_of_each_visit_has_none() -> None:
    """Shanghai on 5 March 2025: its insurance year is 2024/25. Baoji's second visit of a month: charged in 2024-03."""
    person = Circumstances(Status.ACTIVE, Tier.TIER_3, date(2025, 3, 5), 50)
    outcome = assess(rule_of("310000", person.on), Bill(100_000, 0, 0, 0, 100_000), person, {})
    assert step_inputs(outcome, "deductible")["period"] == "2024/25"
    baoji = rule_of("610300", LI_YULAN.on)
    (month, year) = baoji.deductible.at_most
    again = assess(baoji, Bill(20_000, 0, 0, 0, 20_000), LI_YULAN, {month: 1, year: 1})
    assert step_inputs(again, "deductible")["period"] == "2024-03"
    no_cap = assess(rule_of("330100", date(2025, 3, 5)), Bill(100_000, 0, 0, 0, 100_000), person, {})
    assert "period" not in step_inputs(no_cap, "no_cap")


def test_a_modifier_says_for_whom_it_is() -> None:
    """Shenyang: ten points more for whoever signed with a family doctor."""
    on = date(2025, 3, 5)
    person = Circumstances(Status.RETIRED, Tier.TIER_1, on, 68, attributes=frozenset({Attribute.FAMILY_DOCTOR}))
    outcome = assess(rule_of("210100", on), Bill(100_000, 0, 0, 0, 100_000), person, {})
    lines = [step.inputs for step in outcome.steps if step.code == "modifier"]
    assert [line["cases"] for line in lines] == ["family_doctor"]


def test_the_pooled_fund_hands_over_to_the_large_amount_fund() -> None:
    """Jining 2024, active: 100.00 of 3500.00 left, 800.00 owed: 100.00 pooled and 700.00 large-amount."""
    person = Circumstances(Status.ACTIVE, Tier.TIER_1, date(2024, 7, 15), 38)
    counters = {"deductible_borne": 10_000, "fund_paid": 340_000}
    outcome = assess(rule_of("370800", person.on), Bill(100_000, 0, 0, 0, 100_000), person, counters)
    assert outcome.funds == (FundPayment("fund.pool", 10_000), FundPayment("fund.large", 70_000))
    assert [step.code for step in outcome.steps] == ["split", "deductible", "ratio", "cap", "overflow"]
    assert step_inputs(outcome, "overflow")["owed"] == 70_000


def test_the_overflow_line_is_left_out_while_nothing_overflows() -> None:
    person = Circumstances(Status.ACTIVE, Tier.TIER_1, date(2024, 7, 15), 38)
    outcome = assess(rule_of("370800", person.on), Bill(50_000, 0, 0, 0, 50_000), person, {})
    assert "overflow" not in [step.code for step in outcome.steps]


def test_going_higher_tops_up_what_was_borne_lower() -> None:
    """Tier 1 first (200.00 borne), then tier 3: 100.00 more; the year's threshold is now 300.00."""
    rule = rule_of("211200", date(2024, 5, 8), mixed_tiers="higher_tops_up")
    person = Circumstances(Status.ACTIVE, Tier.TIER_3, date(2024, 5, 20), 41)
    counters = {"deductible_borne": 20_000, "deductible_borne.target": 20_000}
    outcome = assess(rule, Bill(50_000, 0, 0, 0, 50_000), person, counters)
    assert outcome.moves[:2] == (
        CounterMove("deductible_borne.target", "2024", 10_000, 30_000),
        CounterMove("deductible_borne", "2024", 10_000, 30_000),
    )


def test_without_a_rule_the_funds_pay_nothing_and_the_reason_is_told() -> None:
    gap = book.gap("370811", Scheme.RESIDENT, CareKind.OUTPATIENT)
    assert gap is not None
    child = Circumstances(Status.RESIDENT, Tier.TIER_1, date(2025, 3, 1), 9)
    outcome = assess(None, Bill(8_000, 0, 0, 0, 8_000), child, {}, gap)
    assert (outcome.fund_total, outcome.moves, outcome.deductible) == (0, (), 0)
    assert [step.code for step in outcome.steps] == ["split", "no_rule"]
    assert step_inputs(outcome, "no_rule")["says"] == "济宁居民医保门诊待遇未见可靠资料"
    assert outcome.digest == book.digest("370811")


def test_without_a_rule_or_a_recorded_reason_the_digest_is_empty() -> None:
    outcome = assess(None, Bill(8_000, 0, 0, 0, 8_000), LI_YULAN, {})
    assert outcome.digest == ""
    assert step_inputs(outcome, "no_rule") == {}


def test_a_resident_is_not_insured_by_the_employee_scheme() -> None:
    child = Circumstances(Status.RESIDENT, Tier.TIER_1, date(2025, 3, 1), 9)
    with pytest.raises(InvalidInput) as refused:
        assess(rule_of("211200", child.on), Bill(8_000, 0, 0, 0, 8_000), child, {})
    assert (refused.value.code, refused.value.accepted) == ("status.not_insured", "active, retired")


def test_a_bill_whose_parts_do_not_add_up_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        Bill(total=126_850, self_paid=6_850, over_limit=1_000, first_self_pay=3_900, in_scope=115_000)
    assert refused.value.code == "bill.parts"
    assert refused.value.details == {"total": 126_850, "parts": 126_750}


def test_a_negative_part_is_refused_even_when_the_sum_is_right() -> None:
    with pytest.raises(InvalidInput, match=r"bill\.negative"):
        Bill(total=100, self_paid=-100, over_limit=0, first_self_pay=0, in_scope=200)
