"""Further funds with deductible and bands, waiting, the second grade, pharmacies as the prescriber, a ratio that is set."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from shapes import LI, NO_CAPS, NONE, RATIO, WANG, after, load, pack, rule_of, visit

from gongji.benefit.model import FundPayment
from gongji.rules.model import Attribute, CareKind, Tier
from gongji.rules.problems import PackError
from gongji.rules.vocabulary import Late
from gongji.rules.waiting import WaitingTerms

RESIDENTS = WaitingTerms({Late.OUTSIDE_WINDOW: 3, Late.INTERRUPTED: 3}, 1, 1, 4, 6)

CATASTROPHIC = """\
caps:
  - {limit: yearly_cap, counter: paid, fund: fund.pool, by: []}
overflow:
  - fund: fund.large
    takes: unpaid
    deductible: {value: large_deductible, counter: large_borne, by: []}
    bands: {edges: large_edges, on: net, counter: large_cost}
    ratio: large_ratio
    by: []
    limit: large_cap
    counter: large_paid
  - {fund: fund.aid, takes: unpaid, ratio: aid_ratio, by: []}"""
STAGE_COUNTERS = "\n".join(
    f"{name}: {{scope: person, reset: calendar_year}}" for name in ("large_borne", "large_cost", "large_paid")
)
STAGE_VALUES = {
    "share": "70 %",
    "yearly_cap": "100000.00",
    "large_deductible": "14000.00",
    "large_edges": "{band_1: 10000.00}",
    "large_ratio": "{band_1: 60 %, band_2: 65 %}",
    "large_cap": "300000.00",
    "aid_ratio": "50 %",
}


def test_a_further_fund_has_its_own_deductible_and_bands_over_the_year(tmp_path: Path) -> None:
    """30,000 at 70 %: 9,000 unpaid, all under the 14,000. Then 100,000: 30,000 unpaid, 5,000 more under it."""
    rule = rule_of(tmp_path, pack(NONE + RATIO + CATASTROPHIC, STAGE_VALUES, STAGE_COUNTERS))
    first = visit(rule, 30_000, WANG)
    assert first.funds == (FundPayment("fund.pool", 2_100_000), FundPayment("fund.aid", 450_000))
    second = visit(rule, 100_000, WANG, after({}, first))
    # (30,000 − 5,000): 10,000 × 60 % + 15,000 × 65 % = 15,750; aid: (30,000 − 15,750) × 50 % = 7,125
    assert second.funds == (
        FundPayment("fund.pool", 7_000_000),
        FundPayment("fund.large", 1_575_000),
        FundPayment("fund.aid", 712_500),
    )
    (borne,) = [step for step in second.steps if step.code == "stage"]
    assert (borne.amount, borne.inputs["borne_before"], borne.inputs["period"]) == (500_000, 900_000, "2024")
    assert borne.clause is not None
    assert borne.clause.rule.endswith("large_deductible")


def test_a_stage_at_the_same_ratio_has_no_bands_of_its_own(tmp_path: Path) -> None:
    wrong = CATASTROPHIC.replace("ratio: large_ratio", "ratio: same")
    with pytest.raises(PackError, match="'takes' goes with a ratio of the stage's own"):
        load(tmp_path, pack(NONE + RATIO + wrong, STAGE_VALUES, STAGE_COUNTERS))


@pytest.mark.parametrize(
    ("late", "missed", "repaid", "months"),
    [
        (Late.OUTSIDE_WINDOW, 0, 0, 3),
        (Late.INTERRUPTED, 1, 0, 3),
        (Late.INTERRUPTED, 3, 0, 5),
        (Late.INTERRUPTED, 3, 1, 4),
        (Late.INTERRUPTED, 3, 9, 3),
        (Late.INTERRUPTED, 5, 5, 6),
        (Late.FLEXIBLE, 0, 0, 0),
    ],
)
def test_how_long_somebody_insured_late_waits(late: Late, missed: int, repaid: int, months: int) -> None:
    assert RESIDENTS.months(late, missed, repaid) == months


def test_who_waits_gets_nothing_and_no_counter_moves(tmp_path: Path) -> None:
    terms = "waiting:\n  employee:\n    - effective: 2024-01-01\n      value: {flexible: 6}\n"
    terms += "      source: {doc: notice, grade: A, quote: 原文, checked: 2026-11-22}\n"
    caps = "caps:\n  - {limit: cap, counter: paid, fund: fund.pool, by: []}"
    rule = rule_of(tmp_path, pack(NONE + RATIO + caps, {"share": "50 %", "cap": "1000.00"}, extra=terms))
    waits = replace(WANG, late=Late.FLEXIBLE, months_covered=5)
    outcome = visit(rule, 100, waits)
    assert (outcome.fund_total, outcome.moves) == (0, ())
    step = outcome.steps[-1]
    assert (step.code, step.inputs["months"], step.inputs["covered"]) == ("waiting", 6, 5)
    assert visit(rule, 100, replace(waits, months_covered=6)).fund_total == 5_000
    assert visit(rule, 100, replace(WANG, months_covered=5)).fund_total == 5_000


def test_a_pharmacy_is_paid_as_the_hospital_that_prescribed_and_without_one_not_at_all(tmp_path: Path) -> None:
    share = "share: {shape: ratio, by: [tier], round: half_up}\n"
    text = pack(
        f"{NONE}{share}{NO_CAPS}\npharmacy: prescriber", {"share": "{tier_1: 70 %, tier_2: 60 %, tier_3: 50 %}"}
    )
    rule = rule_of(tmp_path, text, CareKind.PHARMACY)
    assert visit(rule, 100, replace(WANG, tier=Tier.TIER_1, prescriber=Tier.TIER_3)).fund_total == 5_000
    assert visit(rule, 100, replace(WANG, tier=Tier.TIER_1)).steps[-1].code == "no_prescription"


def test_a_second_grade_has_a_table_of_its_own_and_specialist_hospitals_a_number(tmp_path: Path) -> None:
    share = "share: {shape: ratio, by: [grade, tier], round: half_up}\n"
    values = {"share": "{grade_1: {tier_1: 75 %, tier_2: 65 %, tier_3: 55 %, tier_3_specialist: 60 %}, grade_2: 50 %}"}
    rule = rule_of(tmp_path, pack(NONE + share + NO_CAPS, values))
    assert visit(rule, 100, WANG).fund_total == 5_500
    assert visit(rule, 100, replace(WANG, tier=Tier.TIER_3_SPECIALIST)).fund_total == 6_000
    assert visit(rule, 100, replace(WANG, attributes=frozenset({Attribute.GRADE_2}))).fund_total == 5_000


def test_a_ratio_can_be_set_whatever_it_was(tmp_path: Path) -> None:
    modifiers = """\
modifiers:
  - {for: [retired], shape: points, value: retired_points, by: []}
  - {for: [pre_1949], shape: set, value: old_worker, by: []}
"""
    values = {"share": "80 %", "retired_points": "5 %", "old_worker": "100 %"}
    rule = rule_of(tmp_path, pack(NONE + RATIO + modifiers + NO_CAPS, values))
    assert visit(rule, 100, LI).fund_total == 8_500
    assert visit(rule, 100, replace(LI, attributes=frozenset({Attribute.PRE_1949}))).fund_total == 10_000


def test_nobody_waiting_and_an_unknown_reason_to_wait_are_told(tmp_path: Path) -> None:
    source = "      source: {doc: notice, grade: A, quote: 原文, checked: 2026-11-22}\n"
    terms = "waiting:\n  employee:\n    - effective: 2024-01-01\n      value: {long_gap_years: 4}\n" + source
    terms += "    - effective: 2025-01-01\n      value: {flexibel: 6, flexible: 6}\n" + source
    with pytest.raises(PackError) as refused:
        load(tmp_path, pack(NONE + RATIO + NO_CAPS, {"share": "50 %"}, extra=terms))
    assert [problem.code for problem in refused.value.problems] == ["pack.missing_key", "pack.unknown_key"]
    assert "did you mean 'flexible'" in refused.value.problems[1].en
