"""Which text holds when: the days on which each rule, sharing rule and premium holds, straight from the dated values."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from pathlib import Path

from shapes import NO_CAPS, NONE, RATIO, SOURCE, load, pack

from gongji.rules.book import RuleBook
from gongji.rules.model import CareKind, Relation, Scheme

TIELING, JINING, QINGDAO, FUSHUN = "211200", "370800", "370200", "210400"
EMPLOYEE, OUTPATIENT = Scheme.EMPLOYEE, CareKind.OUTPATIENT

book = RuleBook.shipped()


def test_jining_has_one_text_for_2023_and_one_since_2024() -> None:
    before, after = book.timeline(JINING, EMPLOYEE, OUTPATIENT)
    assert (before.begins, before.until) == (date(2023, 1, 1), date(2023, 12, 31))
    assert (after.begins, after.until) == (date(2024, 1, 1), None)
    assert before.rule is book.benefit(JINING, EMPLOYEE, OUTPATIENT, date(2023, 5, 1))
    # The leaflet of 2024 says all of it anew, the deductible that stayed the same included.
    assert after.entries == after.rule.clauses


def test_a_county_answers_with_its_pooling_region_and_a_neighbour_with_nothing() -> None:
    assert book.timeline("211202", EMPLOYEE, OUTPATIENT) == book.timeline(TIELING, EMPLOYEE, OUTPATIENT)
    assert book.timeline(FUSHUN, EMPLOYEE, OUTPATIENT) == ()


def test_days_without_a_rule_belong_to_no_span(tmp_path: Path) -> None:
    """A text of 20 days that ends, and nothing after it: not to be found by asking for the first of every month."""
    text = pack(NONE + RATIO + NO_CAPS, {"share": "50 %"})
    text = re.sub("( *)- effective: .*", r"\1- effective: 2024-01-05\n\1  until: 2024-01-24", text)
    made = load(tmp_path, text)
    (span,) = made.timeline(FUSHUN, EMPLOYEE, OUTPATIENT)
    assert (span.begins, span.until) == (date(2024, 1, 5), date(2024, 1, 24))
    assert made.benefit(FUSHUN, EMPLOYEE, OUTPATIENT, date(2024, 1, 24)) is span.rule
    assert made.benefit(FUSHUN, EMPLOYEE, OUTPATIENT, date(2024, 1, 25)) is None


def test_sharing_in_tieling_grows_to_near_relatives_on_one_day() -> None:
    spans = book.sharing_timeline(TIELING)
    (came,) = [one for one in spans if one.begins == date(2024, 11, 26)]
    assert came.entries["relations"].doc
    assert Relation.SIBLING in came.rule.relations
    assert spans[-1].until is None
    for earlier, later in pairwise(spans):
        assert earlier.until is not None
        assert earlier.until < later.begins
        assert earlier.rule != later.rule


def test_the_nearest_premium_answers_and_the_nation_s_before_and_after(tmp_path: Path) -> None:
    """Fushun asks for 460 in 2025 alone: the national 380 before it, the national 400 after it."""
    entry = f"    - effective: 2025-01-01\n      until: 2025-12-31\n      value: 460.00\n      {SOURCE}\n"
    header = pack("", {}).split("scheme:")[0]
    made = load(tmp_path, f"{header}values:\n  resident_premium_minimum:\n{entry}")
    spans = made.value_timeline(FUSHUN, "resident_premium_minimum")
    assert [(one.begins.year, one.until and one.until.year, one.rule.amount) for one in spans] == [
        (2024, 2024, 38_000),
        (2025, 2025, 46_000),
        (2026, 2026, 40_000),
    ]
    assert spans[1].rule.clause.rule == "cn/liaoning/fushun#values.resident_premium_minimum"
    assert book.value_timeline(TIELING, "no_such_value") == ()
