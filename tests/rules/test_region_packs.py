"""What the packs of the regions hold: their own numbers, their grades, their gaps, and nothing of a neighbour's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from gongji.rules.book import RuleBook
from gongji.rules.cases import Example, example_files, load_examples
from gongji.rules.model import BenefitRule, CareKind, Clause, Grade, Scheme, Status
from gongji.rules.pack_files import SHIPPED
from gongji.rules.sources import Interpretation
from gongji.rules.table import compile_table

ANQING, XIAN, BAOJI, JINAN, ZAOZHUANG, YANTAI, TAIAN, ZIBO = (
    *("340800", "610100", "610300", "370100", "370400", "370600"),
    *("370900", "370300"),
)

book = RuleBook.shipped()
EXAMPLES = [example for file in example_files(SHIPPED) for example in load_examples(file)]
LATE = date(2026, 6, 1)


def outpatient(region: str, on: date = LATE, **readings: str) -> BenefitRule:
    """The outpatient rule for employees of a region that is known to have one on that day."""
    rule = book.benefit(region, Scheme.EMPLOYEE, CareKind.OUTPATIENT, on, readings)
    assert rule is not None
    return rule


def sentence(region: str) -> str:
    """Why a region has no outpatient rule for employees."""
    gap = book.gap(region, Scheme.EMPLOYEE, CareKind.OUTPATIENT)
    assert gap is not None
    return gap.says


def about(region: str) -> set[str]:
    """What the recorded conflicts of a region and its parents are about."""
    return {conflict.about for conflict in book.conflicts(region)}


def cities() -> list[str]:
    """The pooling regions with a pack of their own; the nation and provinces set no ladder."""
    return [region for region in book.regions() if not region.endswith("0000")]


def has_outpatient_rule(region: str) -> bool:
    """Whether something is kept for employees' outpatient visits of late."""
    return book.benefit(region, Scheme.EMPLOYEE, CareKind.OUTPATIENT, LATE) is not None


@pytest.mark.parametrize("region", [region for region in cities() if not has_outpatient_rule(region)])
def test_a_city_without_an_outpatient_rule_for_employees_says_why_it_has_none(region: str) -> None:
    assert len(sentence(region)) > len("未见资料")


def interpretations(region: str, kind: CareKind) -> Mapping[str, Interpretation]:
    """What the texts of one benefit for employees leave open."""
    return book.interpretations(region, Scheme.EMPLOYEE, kind)


def examples_of(region: str, kind: CareKind) -> list[Example]:
    """The worked examples of one benefit for employees of a region."""
    return [one for one in EXAMPLES if one.kind is kind and book.name(one.region) == book.name(region)]


BENEFITS = [
    (region, kind)
    for region in book.regions()
    for kind in (CareKind.OUTPATIENT, CareKind.INPATIENT)
    if any(book.benefit(region, Scheme.EMPLOYEE, kind, on) is not None for on in (date(2023, 6, 1), LATE))
]


@pytest.mark.parametrize(("region", "kind"), BENEFITS)
def test_every_rule_is_worked_out_by_hand_for_active_and_retired_people(region: str, kind: CareKind) -> None:
    visits = [visit for example in examples_of(region, kind) for visit in example.visits]
    assert {visit.status for visit in visits} >= {Status.ACTIVE, Status.RETIRED}
    assert any(visit.funds["fund.pool"] > 0 for visit in visits)


@pytest.mark.parametrize(("region", "kind"), [one for one in BENEFITS if interpretations(*one)])
def test_every_reading_that_a_text_leaves_open_is_worked_out_by_hand(region: str, kind: CareKind) -> None:
    for name, interpretation in interpretations(region, kind).items():
        worked = {one.readings.get(name, interpretation.default) for one in examples_of(region, kind)}
        assert worked >= set(interpretation.options)


@pytest.mark.parametrize(
    "region",
    [region for region in cities() if region[:2] in ("34", "52", "61", "32") and has_outpatient_rule(region)],
)
def test_cities_known_from_one_compilation_only_say_grade_c_at_every_number(region: str) -> None:
    rule = book.benefit(region, Scheme.EMPLOYEE, CareKind.OUTPATIENT, LATE)
    assert rule is not None
    assert {clause.grade for clause in rule.clauses.values()} == {Grade.SECONDARY}


@pytest.mark.parametrize(("district", "city"), [("110105", "110000"), ("310115", "310000"), ("120100", "120000")])
def test_a_district_of_a_municipality_is_pooled_with_the_whole_of_it(district: str, city: str) -> None:
    assert outpatient(district) == outpatient(city)
    assert book.name(district) == book.name(city)


def test_a_city_without_a_pack_is_not_pooled_with_its_province() -> None:
    assert book.benefit("210400", Scheme.EMPLOYEE, CareKind.OUTPATIENT, LATE) is None
    assert book.benefit("130100", Scheme.EMPLOYEE, CareKind.OUTPATIENT, LATE) is None


def test_what_took_effect_only_later_was_not_held_before() -> None:
    """Hefei's inpatient rule begins in 2025: the book as of 2024 has no such rule, and no error either."""
    before = book.as_held_on(date(2024, 6, 1))
    assert before.benefit("340100", Scheme.EMPLOYEE, CareKind.INPATIENT, date(2024, 6, 1)) is None
    assert before.benefit("340100", Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 6, 1)) is not None


def test_a_province_sets_no_ladder_of_its_own() -> None:
    for region in book.regions():
        if region.endswith("0000") and region[:2] not in ("11", "12", "31", "50"):
            assert book.benefit(region, Scheme.EMPLOYEE, CareKind.OUTPATIENT, LATE) is None


def test_the_figures_printed_for_shaanxi_are_kept_as_records_and_never_as_a_city_s_rule() -> None:
    threshold = book.value("610000", "seed_outpatient_threshold", LATE)
    assert threshold is not None
    assert book.value(XIAN, "seed_outpatient_threshold", LATE) is None, "a record is of the pack that writes it"
    assert book.value(XIAN, "resident_premium_minimum", LATE) is not None, "other values come from above"
    assert (threshold.amount, threshold.clause.grade) == (180_000, Grade.SECONDARY)
    assert "任何城市都不以此为默认" in (threshold.clause.note or "")
    for region in cities():
        if region.startswith("61"):
            rule = book.benefit(region, Scheme.EMPLOYEE, CareKind.OUTPATIENT, LATE)
            docs = {clause.doc for clause in rule.clauses.values()} if rule is not None else set()
            assert "seed-national-shaanxi" not in docs


def test_the_ninety_four_per_cent_of_the_special_drugs_is_refused_but_its_parts_are_kept() -> None:
    parts = [
        value.amount
        for name in ("seed_special_drug_first_self_pay", "seed_special_drug_share")
        if (value := book.value("610000", name, LATE)) is not None
    ]
    assert parts == [400, 7_600]
    conflict = next(one for one in book.conflicts("610000") if one.about == "seed_special_drug")
    assert "72.96" in conflict.against


def test_anqing_keeps_the_printed_ratios_and_records_what_speaks_against_them() -> None:
    rule = outpatient(ANQING)
    assert clause_words(rule, "share.retired.tier_1").endswith("三级定点医疗机构为60%。")
    conflicts = {one.about: one for one in book.conflicts(ANQING)}
    assert "提高5个百分点" in conflicts["share.retired"].against
    assert "50 %" in conflicts["share.active.tier_2"].against
    assert rule.interpretations == {"mixed_tiers": "higher_tops_up"}


def clause_words(rule: BenefitRule, name: str) -> str:
    """The words that a number of a rule rests on, spaces at the ends left out."""
    found: Clause = rule.clauses[name]
    assert found.verbatim
    return found.quote.strip()


def test_jinan_s_two_limits_are_two_readings_and_the_lower_one_is_taken() -> None:
    assert outpatient(JINAN).interpretations["yearly_limit"] == "lower"
    assert "lower_cap.retired" in outpatient(JINAN).clauses
    assert "higher_cap.retired" in outpatient(JINAN, yearly_limit="higher").clauses
    assert "lower_cap" in about(JINAN)


def test_zaozhuang_tops_up_because_its_text_says_so() -> None:
    (option,) = book.interpretations(ZAOZHUANG, Scheme.EMPLOYEE, CareKind.OUTPATIENT)["mixed_tiers"].options
    assert option == "higher_tops_up"


def test_yantai_2023_is_not_carried_into_2024() -> None:
    assert outpatient(YANTAI, date(2023, 12, 31)).until == date(2023, 12, 31)
    assert book.benefit(YANTAI, Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 1, 1)) is None
    assert "2023 年数值不顺延" in sentence(YANTAI)


def test_one_county_hospital_does_not_make_a_city_s_rule() -> None:
    assert "东平" in sentence(TAIAN)
    assert "未注日期" in sentence(ZIBO)


@pytest.mark.parametrize(("year", "fen"), [(2024, 64_000), (2025, 67_000), (2026, 70_000)])
def test_the_subsidy_of_a_resident_s_premium_by_year_of_cover(year: int, fen: int) -> None:
    value = book.value(JINAN, "resident_premium_subsidy", date(year, 1, 1))
    assert value is not None
    assert value.amount == fen


def test_every_rule_of_every_pack_stands_in_one_table_of_integers() -> None:
    days = [date(year, month, 1) for year in range(2022, 2027) for month in (1, 7, 11)]
    found = {
        (rule.region, rule.kind, rule.effective): rule
        for region, kind, on in product(book.regions(), CareKind, days)
        if (rule := book.benefit(region, Scheme.EMPLOYEE, kind, on)) is not None
    }
    table = compile_table(list(found.values()))
    assert len(table.rows) == len(found)
    assert {rule.region for rule in found.values()} == {region for region, _ in BENEFITS}


def test_the_page_about_regions_names_every_pack_with_its_code() -> None:
    page = (Path(__file__).parents[2] / "docs" / "regions.md").read_text("utf-8")
    missing = [region for region in book.regions() if f"{book.name(region)} {region}" not in page]
    assert missing == []
