"""A pack for Tieling with forms that its own does not have: four funds, special diseases, two diseases, prescribers, waiting."""

from __future__ import annotations

from pathlib import Path

from gongji.rules.book import RuleBook

_HEAD = """\
pack: cn/liaoning/tieling
region: "211200"
name: 铁岭市
inherits: cn/liaoning

sources:
  notice:
    title: 测试文件
    publisher: 铁岭市医疗保障局
    reference: 测试
    grade: A
"""

_SOURCE = "source: {doc: notice, grade: A, summary: 测试, checked: 2026-11-22}"

WAITING = f"""
waiting:
  employee:
    - {{effective: 2024-01-01, value: {{flexible: 6}}, {_SOURCE}}}
"""

#: 30 % of Tieling's ordinary cap, so that a bill of a few thousand yuan reaches all four funds.
FOUR_FUNDS = """\
scheme: employee.outpatient
counters:
  fund_paid: {scope: person, reset: calendar_year}
  large_paid: {scope: person, reset: calendar_year}
  civil_borne: {scope: person, reset: calendar_year}
rules:
  - effective: 2024-01-01
    deductible: {shape: per_visit, by: []}
    share: {shape: ratio, by: [], round: half_up}
    caps:
      - {limit: yearly_cap, counter: fund_paid, fund: fund.pool, by: []}
    overflow:
      - {fund: fund.large, by: [], ratio: same, limit: large_cap, counter: large_paid}
      - fund: fund.civil
        takes: unpaid
        deductible: {value: civil_deductible, counter: civil_borne, by: []}
        ratio: civil_ratio
        by: []
      - {fund: fund.aid, takes: unpaid, ratio: aid_ratio, by: []}
    SOURCE
values:
""".replace("SOURCE", _SOURCE)

FOUR_FUNDS_VALUES = {
    "deductible": "100.00",
    "share": "60 %",
    "yearly_cap": "1000.00",
    "large_cap": "500.00",
    "civil_deductible": "200.00",
    "civil_ratio": "50 %",
    "aid_ratio": "70 %",
}

ORDINARY = """\
scheme: employee.outpatient
counters:
  deductible_borne: {scope: person, reset: calendar_year}
  fund_paid: {scope: person, reset: calendar_year}
rules:
  - effective: 2024-01-01
    deductible: {shape: cumulative, counter: deductible_borne, by: [tier]}
    share: {shape: ratio, by: [tier, provider], round: half_up}
    modifiers:
      - {for: [family_doctor], shape: points, value: doctor_points, by: []}
      - {for: [filed, referral, unfiled], shape: less_points, value: away_points, by: []}
    caps:
      - {limit: yearly_cap, counter: fund_paid, fund: fund.pool, by: []}
    pharmacy: prescriber
    SOURCE
values:
""".replace("SOURCE", _SOURCE)

ORDINARY_VALUES = {
    "deductible": "{tier_1: 0.00, tier_2: 200.00, tier_3: 400.00}",
    "share": "{tier_1: {selected: 75 %, other: 70 %}, tier_2: {selected: 65 %, other: 60 %}, tier_3: 50 %}",
    "doctor_points": "10 %",
    "away_points": "20 %",
    "yearly_cap": "3000.00",
}

SPECIAL = """\
scheme: employee.special_disease
counters:
  special_paid: {scope: person, reset: calendar_year}
rules:
  - effective: 2024-01-01
    deductible: {shape: none}
    share: {shape: ratio, by: [], round: half_up}
    caps:
      - {limit: disease_cap, counter: special_paid, fund: fund.pool, by: [disease], each: disease}
    SOURCE
values:
""".replace("SOURCE", _SOURCE)

SPECIAL_VALUES = {"share": "90 %", "disease_cap": "{dialysis: 69000.00, hypertension: 800.00}"}


def _values(values: dict[str, str]) -> str:
    return "".join(
        f"  {name}:\n    - {{effective: 2024-01-01, value: {value}, {_SOURCE}}}\n" for name, value in values.items()
    )


def four_funds(folder: Path) -> RuleBook:
    """Tieling with a pooled fund, a large-amount fund, civil servants' aid and medical aid."""
    return _book(folder, _HEAD, (FOUR_FUNDS + _values(FOUR_FUNDS_VALUES),))


def kinds_of_care(folder: Path) -> RuleBook:
    """Tieling with ordinary care, pharmacies as the prescriber, special diseases, and waiting of flexible workers."""
    return _book(folder, _HEAD + WAITING, (ORDINARY + _values(ORDINARY_VALUES), SPECIAL + _values(SPECIAL_VALUES)))


def _book(folder: Path, head: str, benefits: tuple[str, ...]) -> RuleBook:
    (folder / "pack.yaml").write_text(head)
    for number, benefit in enumerate(benefits):
        (folder / f"benefit{number}.yaml").write_text("pack: cn/liaoning/tieling\n" + benefit)
    return RuleBook.load([folder])
