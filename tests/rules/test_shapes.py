"""Each shape a pack can be written in, read from YAML and paid by hand; and what is refused, with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gongji.benefit.assess import assess
from gongji.benefit.model import Assessment, Bill, Circumstances
from gongji.foundation.errors import InvalidInput
from gongji.rules.book import RuleBook
from gongji.rules.model import Attribute, BenefitRule, CareKind, OffSite, Scheme, Status, Tier
from gongji.rules.problems import PackError

ON = date(2024, 3, 5)
SOURCE = "source: {doc: notice, grade: A, quote: 原文, checked: 2026-11-22}"

HEADER = """\
pack: cn/liaoning/fushun
region: "210400"
name: 抚顺市
inherits: cn/liaoning
sources:
  notice: {title: 抚顺市职工医保通知, publisher: 抚顺市医疗保障局, reference: 抚医保发〔2024〕1号, grade: A}
"""


def pack(rule: str, values: dict[str, str], counters: str = "", extra: str = "", kind: str = "outpatient") -> str:
    """A city's pack with one rule and its values, all from 2024."""
    lines = [HEADER + f"scheme: employee.{kind}", "counters:"]
    lines += [f"  {line}" for line in ("paid: {scope: person, reset: calendar_year}", *counters.splitlines())]
    lines += ["rules:", "  - effective: 2024-01-01"]
    lines += [f"    {line}" for line in (*rule.splitlines(), SOURCE)]
    lines.append("values:")
    for name, value in values.items():
        lines += [f"  {name}:", "    - effective: 2024-01-01", f"      value: {value}", f"      {SOURCE}"]
    return "\n".join(lines) + "\n" + extra


def load(tmp_path: Path, text: str) -> RuleBook:
    """Load the pack beside the shipped ones."""
    file = tmp_path / "benefit.yaml"
    file.write_text(text, encoding="utf-8")
    return RuleBook.load([file])


def rule_of(tmp_path: Path, text: str, kind: CareKind = CareKind.OUTPATIENT, **readings: str) -> BenefitRule:
    """The one rule of the pack."""
    rule = load(tmp_path, text).benefit("210400", Scheme.EMPLOYEE, kind, ON, readings)
    assert rule is not None
    return rule


def visit(rule: BenefitRule, yuan: int, person: Circumstances, counters: dict[str, int] | None = None) -> Assessment:
    """A visit all in scope."""
    return assess(rule, Bill(yuan * 100, 0, 0, 0, yuan * 100), person, counters or {})


def after(counters: dict[str, int], outcome: Assessment) -> dict[str, int]:
    """The counters with what a visit added."""
    moved = dict(counters)
    for move in outcome.moves:
        moved[move.counter] = moved.get(move.counter, 0) + move.added
    return moved


WANG = Circumstances(Status.ACTIVE, Tier.TIER_3, ON, 40)
LI = Circumstances(Status.RETIRED, Tier.TIER_1, ON, 68)
NONE = "deductible: {shape: none}\n"
RATIO = "share: {shape: ratio, by: [], round: half_up}\n"
NO_CAPS = "caps: []"


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


BANDED = """\
deductible: {shape: cumulative, counter: borne, by: []}
share: {shape: banded, by: [band], edges: band_edges, interpretation: band_measure, counter: band_year, round: half_up}
caps: []"""
BAND_COUNTERS = "borne: {scope: person, reset: calendar_year}\nband_year: {scope: person, reset: calendar_year}"
BAND_VALUES = {
    "deductible": "1800.00",
    "share": "{band_1: 70 %, band_2: 60 %}",
    "band_edges": "{band_1: 20000.00}",
}
OPEN_MEASURE = "interpretations:\n  band_measure: {default: net, options: [gross, net, fund], why: 未写明口径}\n"


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


MODIFIERS = """\
modifiers:
  - {for: [unfiled], shape: first_self_pay, value: away_first, by: []}
  - {for: [referral, emergency], shape: less_points, value: away, by: []}
  - {for: [retired], shape: self_pay_factor, value: retired_self_pay, by: []}
  - {for: [grade_2], shape: factor, value: second_grade, by: []}
"""
MODIFIED = {"share": "80 %", "away_first": "10 %", "away": "5 %", "retired_self_pay": "60 %", "second_grade": "70 %"}


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


CAP = "caps:\n  - {limit: cap, counter: paid, fund: fund.pool, by: [status]}"
CAPPED = {"share": "50 %", "cap": "{active: 100.00, retired: 200.00}"}


@pytest.mark.parametrize(
    ("good", "bad", "code", "words"),
    [
        ("{active: 100.00, retired: 200.00}", "{active: 100.00}", "pack.missing_key", "cap has no retired"),
        ("{active: 100.00, retired", "{active: 100.00, from_70: 1.00, retired", "pack.unknown_key", "from_70"),
        ("{active: 100.00, retired: 200.00}", "{active: 1 %, retired: 2 %}", "pack.bad_value", "cap takes yuan"),
        ("value: 50 %", "value: {active: 50 %, retired: 60 %}", "pack.unknown_key", "active"),
        ("value: 50 %", "value: 150 %", "pack.ratio_over_100", "150%"),
        ("by: [status]}", "by: [band]}", "pack.bad_value", "band"),
        ("by: [status]}", "by: [statis]}", "pack.bad_value", "did you mean 'status'"),
        ("shape: none", "shape: cumulativ, counter: paid, by: []", "pack.bad_value", "did you mean 'cumulative'"),
        ("shape: none", "shape: none, by: []", "pack.unknown_key", "by"),
        ("shape: none", "shape: cumulative, by: []", "pack.missing_key", "'counter' is missing"),
        ("shape: none", "shape: by_admission, counter: paid, by: []", "pack.missing_key", "'admission' among 'by'"),
        ("{shape: ratio, by: []", "{shape: banded, by: [], edges: cap, on: net", "pack.bad_value", "keyed by band"),
        (
            "{shape: ratio, by: []",
            "{shape: banded, by: [band], edges: cap",
            "pack.missing_key",
            "edges are measured on",
        ),
        ("fund: fund.pool, by", "fund: fund.pool, on: grosss, by", "pack.bad_value", "did you mean 'gross'"),
        ("fund: fund.pool, by", "fund: fund.pool, each: disease, by", "pack.missing_key", "'disease' among 'by'"),
        ("reset: calendar_year", "reset: insurance_year", "pack.missing_key", "'starts'"),
        ("reset: calendar_year", "reset: calendar_yeer", "pack.bad_value", "did you mean 'calendar_year'"),
        ("limit: cap", "limit: kap", "pack.unknown_key", "did you mean 'cap'"),
    ],
)
def test_a_slip_in_a_shape_is_refused_with_the_word_that_is_wrong(
    tmp_path: Path, good: str, bad: str, code: str, words: str
) -> None:
    text = pack(NONE + RATIO + CAP, CAPPED)
    assert rule_of(tmp_path, text).layers[0].caps[0].limits[("retired",)] == 20_000
    with pytest.raises(PackError) as refused:
        load(tmp_path, text.replace(good, bad, 1))
    assert (code, True) in [(problem.code, words in problem.en) for problem in refused.value.problems]


def test_a_modifier_for_nobody_known_is_refused(tmp_path: Path) -> None:
    text = pack(NONE + RATIO + MODIFIERS.replace("[grade_2]", "[grade_3]") + NO_CAPS, MODIFIED)
    with pytest.raises(PackError, match="did you mean 'grade_2'"):
        load(tmp_path, text)


def test_a_counter_cannot_count_two_things(tmp_path: Path) -> None:
    shape = "deductible: {shape: cumulative, counter: paid, by: []}\n"
    with pytest.raises(PackError, match="counts both cumulative and the fund of caps"):
        load(tmp_path, pack(shape + RATIO + CAP, {**CAPPED, "deductible": "100.00"}))


def test_two_caps_cannot_count_on_one_counter_at_once(tmp_path: Path) -> None:
    twice = CAP + "\n  - {limit: other_cap, counter: paid, fund: fund.pool, by: []}"
    with pytest.raises(PackError, match="two caps count on 'paid' at once"):
        load(tmp_path, pack(NONE + RATIO + twice, {**CAPPED, "other_cap": "50.00"}))


def test_a_value_that_no_shape_reads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="unknown value that no shape reads 'capp'; did you mean 'cap'"):
        load(tmp_path, pack(NONE + RATIO + CAP, {**CAPPED, "capp": "1.00"}))


@pytest.mark.parametrize(
    ("edges", "words"),
    [("{band_1: 200.00, band_2: 100.00}", "do not rise"), ("{band_1: 100.00}", "make 2 bands")],
)
def test_bands_that_do_not_fit_their_edges_are_refused(tmp_path: Path, edges: str, words: str) -> None:
    values = {**BAND_VALUES, "share": "{band_1: 70 %, band_2: 60 %, band_3: 50 %}", "band_edges": edges}
    with pytest.raises(PackError, match=words):
        load(tmp_path, pack(BANDED, values, BAND_COUNTERS, OPEN_MEASURE))
