"""Each shape a pack can be written in, read from YAML and paid by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from shapes import (
    BAND_COUNTERS,
    BAND_VALUES,
    BANDED,
    LI,
    MODIFIED,
    MODIFIERS,
    NO_CAPS,
    NONE,
    ON,
    OPEN_MEASURE,
    RATIO,
    WANG,
    after,
    pack,
    rule_of,
    visit,
)

from gongji.benefit.model import Circumstances
from gongji.foundation.errors import InvalidInput
from gongji.rules.model import Attribute, CareKind, OffSite, Status, Tier


def test_a_table_leaves_out_the_level_that_makes_no_difference(tmp_path: Path) -> None:
    """Tianjin's way of writing: 800, retired 700, from 70 on 650."""
    values = {"deductible": "{active: 800.00, retired: {under_70: 700.00, from_70: 650.00}}", "share": "60 %"}
    counters = "borne: {scope: person, reset: calendar_year}"
    shape = "deductible: {shape: cumulative, counter: borne, by: [status, age]}\n"
    rule = rule_of(tmp_path, pack(shape + RATIO + NO_CAPS, values, counters))
    people = [WANG, LI, Circumstances(Status.RETIRED, Tier.TIER_1, ON, 70)]
    assert [visit(rule, 1_000, person).deductible for person in people] == [80_000, 70_000, 65_000]
    assert rule.deductible.amounts.clauses[("retired", "from_70")].rule.endswith("deductible.retired.from_70")


def test_a_provincial_hospital_is_a_tier_of_its_own_only_where_the_text_says_so(tmp_path: Path) -> None:
    plain = {"share": "{tier_1: 90 %, tier_2: 80 %, tier_3: 70 %}"}
    apart = {"share": "{tier_1: 90 %, tier_2: 80 %, tier_3: 70 %, provincial: 60 %, community: 95 %}"}
    shape = NONE + "share: {shape: ratio, by: [tier], round: half_up}\n" + NO_CAPS
    at = {tier: Circumstances(Status.ACTIVE, tier, ON, 40) for tier in (Tier.PROVINCIAL, Tier.COMMUNITY)}
    for values, expected in ((plain, [7_000, 9_000]), (apart, [6_000, 9_500])):
        rule = rule_of(tmp_path, pack(shape, values))
        assert [visit(rule, 100, person).ratio for person in at.values()] == expected


def test_baoji_charges_once_a_month_and_four_times_a_year(tmp_path: Path) -> None:
    counters = "month: {scope: person, reset: month}\nyear: {scope: person, reset: calendar_year}"
    times = "at_most: [{times: 1, counter: month}, {times: 4, counter: year}]"
    shape = f"deductible: {{shape: per_visit, by: [], {times}}}\n"
    rule = rule_of(tmp_path, pack(shape + RATIO + NO_CAPS, {"deductible": "50.00", "share": "60 %"}, counters))
    first = visit(rule, 200, WANG)
    assert (first.deductible, first.fund_total) == (5_000, 9_000)
    assert {(move.counter, move.period, move.added) for move in first.moves} == {
        ("month", "2024-03", 1),
        ("year", "2024", 1),
    }
    assert visit(rule, 200, WANG, {"month": 1, "year": 1}).deductible == 0
    assert visit(rule, 200, WANG, {"month": 0, "year": 3}).deductible == 5_000
    assert visit(rule, 200, WANG, {"month": 0, "year": 4}).deductible == 0


@pytest.mark.parametrize(
    ("repeat", "first_to_fourth"),
    [
        (("factors", "{admission_2: 50 %}"), [80_000, 40_000, 40_000, 40_000]),
        (("factors", "{admission_2: 50 %, admission_3: 0 %}"), [80_000, 40_000, 0, 0]),
        (("less", "{less: 100.00, floor: 550.00}"), [80_000, 70_000, 60_000, 55_000]),
        (("less", "{less: 20 %, floor: 200.00}"), [80_000, 64_000, 48_000, 32_000]),
    ],
)
def test_inpatient_deductibles_by_admission(
    tmp_path: Path, repeat: tuple[str, str], first_to_fourth: list[int]
) -> None:
    counters = "admissions: {scope: person, reset: calendar_year}"
    shape = f"deductible: {{shape: by_admission, counter: admissions, by: [tier], repeat: {repeat[0]}}}\n"
    values = {"deductible": "{tier_1: 300.00, tier_2: 500.00, tier_3: 800.00}", "share": "90 %", "repeat": repeat[1]}
    rule = rule_of(tmp_path, pack(shape + RATIO + NO_CAPS, values, counters, kind="inpatient"), CareKind.INPATIENT)
    stood: dict[str, int] = {}
    borne = []
    for _ in first_to_fourth:
        outcome = visit(rule, 10_000, WANG, stood)
        borne.append(outcome.deductible)
        stood = after(stood, outcome)
    assert borne == first_to_fourth


def test_a_stay_of_two_hundred_days_bears_three_deductibles_where_they_return_after_ninety(tmp_path: Path) -> None:
    counters = "admissions: {scope: person, reset: calendar_year}"
    shape = "deductible: {shape: by_admission, counter: admissions, by: [admission], charged_again_after_days: 90}\n"
    values = {"deductible": "{admission_1: 1300.00, admission_2: 650.00}", "share": "85 %"}
    rule = rule_of(tmp_path, pack(shape + RATIO + NO_CAPS, values, counters, kind="inpatient"), CareKind.INPATIENT)
    long_stay = Circumstances(Status.ACTIVE, Tier.TIER_3, ON, 40, days=200)
    outcome = visit(rule, 50_000, long_stay)
    assert outcome.deductible == 130_000 + 2 * 65_000
    assert [(move.counter, move.added) for move in outcome.moves] == [("admissions", 3)]


def test_a_signed_family_doctor_takes_three_hundred_off(tmp_path: Path) -> None:
    counters = "borne: {scope: person, reset: calendar_year}"
    waiver = "waivers: [{for: family_doctor, less: signed, by: []}]"
    shape = f"deductible: {{shape: cumulative, counter: borne, by: [status], {waiver}}}\n"
    values = {"deductible": "{active: 600.00, retired: 200.00}", "share": "76 %", "signed": "300.00"}
    rule = rule_of(tmp_path, pack(shape + RATIO + NO_CAPS, values, counters))
    signed = frozenset({Attribute.FAMILY_DOCTOR})
    assert visit(rule, 1_000, Circumstances(Status.ACTIVE, Tier.TIER_3, ON, 40, attributes=signed)).deductible == 30_000
    assert visit(rule, 1_000, Circumstances(Status.RETIRED, Tier.TIER_3, ON, 68, attributes=signed)).deductible == 0
    assert visit(rule, 1_000, WANG).deductible == 60_000


@pytest.mark.parametrize(
    ("reading", "fund"),
    [
        # (20000 − 1800) × 70 % + 10000 × 60 %
        ("gross", 1_874_000),
        # 20000 × 70 % + 8200 × 60 %
        ("net", 1_892_000),
        # 28200 × 70 % = 19740, still below 20000
        ("fund", 1_974_000),
    ],
)
def test_beijings_edge_of_20000_under_each_reading(tmp_path: Path, reading: str, fund: int) -> None:
    text = pack(BANDED, BAND_VALUES, BAND_COUNTERS, OPEN_MEASURE)
    assert visit(rule_of(tmp_path, text, band_measure=reading), 30_000, WANG).fund_total == fund


def test_bands_measured_on_the_funds_payment_fill_up_exactly(tmp_path: Path) -> None:
    """19740 paid before, 1000 more: 371.43 at 70 % fill the first 20000, 628.57 at 60 % are 377.14."""
    rule = rule_of(tmp_path, pack(BANDED, BAND_VALUES, BAND_COUNTERS, OPEN_MEASURE), band_measure="fund")
    outcome = visit(rule, 1_000, WANG, {"borne": 180_000, "band_year": 1_974_000})
    assert [(s.inputs["cost"], s.amount) for s in outcome.steps if s.code == "band"] == [
        (37_143, 26_000),
        (62_857, 37_714),
    ]


@pytest.mark.parametrize(
    ("status", "offsite", "attributes", "ratio", "fund"),
    [
        (Status.ACTIVE, OffSite.LOCAL, (), 8_000, 80_000),
        # self-pay 20 % × 60 % = 12 %
        (Status.RETIRED, OffSite.LOCAL, (), 8_800, 88_000),
        # grade first: 80 % × 70 % = 56 %; then self-pay 44 % × 60 % = 26.4 %
        (Status.RETIRED, OffSite.LOCAL, (Attribute.GRADE_2,), 7_360, 73_600),
        (Status.RETIRED, OffSite.EMERGENCY, (), 8_300, 83_000),
        (Status.ACTIVE, OffSite.FILED, (), 8_000, 80_000),
        # 10 % of 1000 first by the patient, then 80 % of 900
        (Status.ACTIVE, OffSite.UNFILED, (), 8_000, 72_000),
    ],
)
def test_modifiers_apply_in_their_fixed_order(
    tmp_path: Path, status: Status, offsite: OffSite, attributes: tuple[Attribute, ...], ratio: int, fund: int
) -> None:
    rule = rule_of(tmp_path, pack(NONE + RATIO + MODIFIERS + NO_CAPS, MODIFIED))
    person = Circumstances(status, Tier.TIER_2, ON, 65, offsite=offsite, attributes=frozenset(attributes))
    outcome = visit(rule, 1_000, person)
    assert (outcome.ratio, outcome.fund_total) == (ratio, fund)


def test_several_caps_bind_at_once_and_the_tightest_is_cited(tmp_path: Path) -> None:
    caps = """\
caps:
  - {limit: yearly_cap, counter: paid, fund: fund.pool, by: []}
  - {limit: visit_cap, fund: fund.pool, by: []}"""
    values = {"share": "50 %", "yearly_cap": "200.00", "visit_cap": "30.00"}
    rule = rule_of(tmp_path, pack(NONE + RATIO + caps, values))
    outcome = visit(rule, 100, WANG, {"paid": 0})
    (line,) = [step for step in outcome.steps if step.code == "cap"]
    assert (outcome.fund_total, line.clause.rule if line.clause else None) == (
        3_000,
        "cn/liaoning/fushun#outpatient.visit_cap",
    )
    assert visit(rule, 100, WANG, {"paid": 19_000}).fund_total == 1_000


def test_a_cap_on_cost_ends_the_cost_that_is_reckoned_with(tmp_path: Path) -> None:
    """Cost of 10000 a year, 9500 of it used: of 800 only 500 count, and the rest is the patient's."""
    counters = "cost: {scope: person, reset: calendar_year}"
    caps = "caps:\n  - {limit: cost_cap, counter: cost, fund: fund.pool, by: [], on: gross}"
    rule = rule_of(tmp_path, pack(NONE + RATIO + caps, {"share": "50 %", "cost_cap": "10000.00"}, counters))
    outcome = visit(rule, 800, WANG, {"cost": 950_000})
    assert outcome.fund_total == 25_000
    assert [step.amount for step in outcome.steps if step.code == "cost_cap"] == [30_000]
    assert [(move.counter, move.added, move.cap) for move in outcome.moves] == [("cost", 50_000, 1_000_000)]


def test_above_the_pool_a_fund_pays_its_own_ratio_of_the_cost_that_found_no_room(tmp_path: Path) -> None:
    """Xi'an: 80 % up to 400000 of fund payment, then 90 % up to 500000 of both together."""
    counters = "total: {scope: person, reset: calendar_year}"
    funds = """\
caps:
  - {limit: pool_cap, counter: paid, fund: fund.pool, by: []}
  - {limit: total_cap, counter: total, fund: fund.pool, by: []}
overflow:
  - {limit: total_cap, counter: total, fund: fund.large, by: [], ratio: large_ratio}"""
    values = {"share": "80 %", "pool_cap": "400000.00", "total_cap": "500000.00", "large_ratio": "90 %"}
    rule = rule_of(tmp_path, pack(NONE + RATIO + funds, values, counters, kind="inpatient"), CareKind.INPATIENT)
    # 550000 × 80 % = 440000: 400000 pooled; 40000 / 80 % = 50000 of cost × 90 % = 45000
    assert {pay.fund: pay.amount for pay in visit(rule, 550_000, WANG).funds} == {
        "fund.pool": 40_000_000,
        "fund.large": 4_500_000,
    }
    # 700000: 200000 of cost above the pool × 90 % = 180000, but both together stop at 500000
    assert visit(rule, 700_000, WANG).fund_total == 50_000_000


def test_a_limit_can_be_so_many_times_the_average_wage(tmp_path: Path) -> None:
    caps = "caps:\n  - {limit: yearly_cap, counter: paid, fund: fund.pool, by: [cover], of: average_wage}"
    values = {
        "share": "100 %",
        "average_wage": "100000.50",
        "yearly_cap": "{under_72_months: 50 %, from_72_months: 600 %}",
    }
    rule = rule_of(tmp_path, pack(NONE + RATIO + caps, values))
    months = [Circumstances(Status.ACTIVE, Tier.TIER_3, ON, 40, months_covered=count) for count in (71, 72)]
    assert [visit(rule, 1_000_000, person).fund_total for person in months] == [5_000_025, 60_000_300]


def test_each_disease_has_a_limit_and_a_counter_of_its_own(tmp_path: Path) -> None:
    caps = "caps:\n  - {limit: disease_cap, counter: paid, fund: fund.pool, by: [disease], each: disease}"
    values = {"share": "92 %", "disease_cap": "{dialysis: 69000.00, other_seven: 10000.00}"}
    rule = rule_of(tmp_path, pack(NONE + RATIO + caps, values, kind="special_disease"), CareKind.SPECIAL_DISEASE)
    patient = Circumstances(Status.ACTIVE, Tier.TIER_3, ON, 40, disease="other_seven")
    assert set(rule.counters) == {"paid.dialysis", "paid.other_seven"}
    assert visit(rule, 20_000, patient, {"paid.dialysis": 6_900_000}).fund_total == 1_000_000
    with pytest.raises(InvalidInput) as refused:
        visit(rule, 100, WANG)
    assert (refused.value.code, refused.value.accepted) == ("disease.unknown", "dialysis, other_seven")


def test_shanghais_year_begins_in_july_and_its_account_pays_first(tmp_path: Path) -> None:
    counters = "borne: {scope: person, reset: insurance_year, starts: 07-01}"
    shape = "account_first: true\ndeductible: {shape: cumulative, counter: borne, by: []}\n"
    rule = rule_of(tmp_path, pack(shape + RATIO + NO_CAPS, {"deductible": "500.00", "share": "70 %"}, counters))
    patient = Circumstances(Status.ACTIVE, Tier.TIER_3, ON, 40, current_account=20_000)
    outcome = visit(rule, 1_000, patient)
    # 200 by the account, 500 deductible, 300 × 70 %
    assert (outcome.deductible, outcome.fund_total) == (50_000, 21_000)
    counter = rule.counters["borne"]
    periods = [counter.period(day) for day in (date(2024, 6, 30), date(2024, 7, 1), date(2025, 6, 30))]
    assert periods == ["2023/24", "2024/25", "2024/25"]


def test_a_pharmacy_is_paid_by_the_outpatient_rule_as_the_tier_named(tmp_path: Path) -> None:
    shape = "pharmacy: tier_1\n" + NONE + "share: {shape: ratio, by: [tier], round: half_up}\n" + NO_CAPS
    text = pack(shape, {"share": "{tier_1: 70 %, tier_2: 60 %, tier_3: 50 %}"})
    rule = rule_of(tmp_path, text, CareKind.PHARMACY)
    assert rule.kind is CareKind.PHARMACY
    assert visit(rule, 100, WANG).fund_total == 7_000
    assert visit(rule_of(tmp_path, text), 100, WANG).fund_total == 5_000


def test_the_threshold_of_the_first_institution_is_charged_once(tmp_path: Path) -> None:
    counters = "borne: {scope: person, reset: calendar_year, interpretation: mixed_tiers}"
    shape = "deductible: {shape: cumulative, counter: borne, by: [tier]}\n"
    reading = "interpretations:\n  mixed_tiers: {default: once, options: [once], why: 按首诊机构收取一次}\n"
    values = {"deductible": "{tier_1: 200.00, tier_2: 300.00, tier_3: 400.00}", "share": "60 %"}
    rule = rule_of(tmp_path, pack(shape + RATIO + NO_CAPS, values, counters, reading))
    first = visit(rule, 150, LI)
    second = visit(rule, 1_000, WANG, after({}, first))
    assert (first.deductible, second.deductible) == (15_000, 5_000)
