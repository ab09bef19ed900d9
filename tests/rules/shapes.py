"""A city's pack with one rule, to try a shape on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from gongji.benefit.assess import assess
from gongji.benefit.model import Assessment, Bill, Circumstances
from gongji.rules.book import RuleBook
from gongji.rules.model import BenefitRule, CareKind, Scheme, Status, Tier

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


MODIFIERS = """\
modifiers:
  - {for: [unfiled], shape: first_self_pay, value: away_first, by: []}
  - {for: [referral, emergency], shape: less_points, value: away, by: []}
  - {for: [retired], shape: self_pay_factor, value: retired_self_pay, by: []}
  - {for: [grade_2], shape: factor, value: second_grade, by: []}
"""
MODIFIED = {"share": "80 %", "away_first": "10 %", "away": "5 %", "retired_self_pay": "60 %", "second_grade": "70 %"}
