"""`gongji rules check` finds every kind of fault that is planted in a pack, and says in which file and on which line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from gongji.entrances import cli

_SOURCE: Final = "source: {doc: notice, grade: A, quote: 条文, checked: 2026-11-22}"

#: A pack without a fault that is a finding or a refusal; every fault below changes one place of it.
PACK: Final = f"""\
pack: cn/liaoning/fushun
region: "210400"
name: 抚顺市
inherits: cn/liaoning
scheme: employee.outpatient
sources:
  notice: {{title: 抚顺市职工门诊统筹通知, publisher: 抚顺市医疗保障局, reference: 抚医保发〔2024〕1号, grade: A}}
counters:
  deductible_borne: {{scope: person, reset: calendar_year}}
  fund_paid: {{scope: person, reset: calendar_year}}
  cost: {{scope: person, reset: calendar_year}}
rules:
  - effective: 2024-01-01
    deductible: {{shape: cumulative, counter: deductible_borne, by: []}}
    share: {{shape: banded, by: [status, band], edges: band_ends, on: gross, counter: cost, round: half_up}}
    caps:
      - {{limit: yearly_cap, counter: fund_paid, fund: fund.pool, by: []}}
    {_SOURCE}
values:
  deductible:
    - effective: 2024-01-01
      value: 300.00
      {_SOURCE}
  share:
    - effective: 2024-01-01
      value:
        active: {{band_1: 50 %, band_2: 60 %}}
        retired: {{band_1: 55 %, band_2: 65 %}}
      {_SOURCE}
  band_ends:
    - effective: 2024-01-01
      value: {{band_1: 5000.00}}
      {_SOURCE}
  yearly_cap:
    - effective: 2024-01-01
      value: 3000.00
      {_SOURCE}
  premium:
    - effective: 2024-01-01
      value: 400.00
      {_SOURCE}
"""
#: `premium` is no value of the benefit: it stands in a file of the pack's own.
OWN: Final = PACK[PACK.index("  premium:") :]
BENEFIT: Final = PACK.replace(OWN, "")
HEAD: Final = f"pack: cn/liaoning/fushun\nvalues:\n{OWN}"

_CAP: Final = BENEFIT[BENEFIT.index("  yearly_cap:\n    - effective") :].splitlines(keepends=True)
_ENTRY: Final = "".join(_CAP[1:])


def again(day: str, value: str, until: str = "") -> str:
    """A second entry of the cap."""
    ends = f"      until: {until}\n" if until else ""
    return f"    - effective: {day}\n{ends}      value: {value}\n      {_SOURCE}\n"


#: What is planted: a name, the text replaced, what stands there instead, the code, and the text on the line that is told.
FAULTS: Final = {
    "ratio above 1": (
        "{band_1: 50 %",
        "{band_1: 150 %",
        "pack.ratio_over_100",
        "active: {band_1: 150 %, band_2: 60 %}",
    ),
    "a ratio as a number": ("{band_1: 50 %", "{band_1: 0.5", "pack.bad_value", "active: {band_1: 0.5, band_2: 60 %}"),
    "retired get less": (
        "{band_1: 55 %",
        "{band_1: 45 %",
        "pack.retired_below_active",
        "retired: {band_1: 45 %, band_2: 65 %}",
    ),
    "no source": (
        f"    - effective: 2024-01-01\n      value: 300.00\n      {_SOURCE}",
        "    - effective: 2024-01-01\n      value: 300.00",
        "pack.missing_source",
        "- effective: 2024-01-01",
    ),
    "no words of the source": (
        f"value: 300.00\n      {_SOURCE}",
        "value: 300.00\n      source: {doc: notice, grade: A, checked: 2026-11-23}",
        "pack.missing_source",
        "source: {doc: notice, grade: A, checked: 2026-11-23}",
    ),
    "a document that is not there": (
        f"value: 300.00\n      {_SOURCE}",
        "value: 300.00\n      source: {doc: notise, grade: A, quote: 条文, checked: 2026-11-22}",
        "pack.unknown_document",
        "source: {doc: notise, grade: A, quote: 条文, checked: 2026-11-22}",
    ),
    "a cap that falls": (_ENTRY, _ENTRY + again("2025-01-01", "2500.00"), "pack.cap_falls", "value: 2500.00"),
    "two values for a day": (
        _ENTRY,
        _ENTRY + again("2024-01-01", "3500.00"),
        "pack.overlap",
        "- effective: 2024-01-01",
    ),
    "an end inside the next": (
        _ENTRY,
        again("2024-01-01", "3000.00", "2025-06-30") + again("2025-01-01", "3500.00"),
        "pack.overlap",
        "- effective: 2025-01-01",
    ),
    "a value that ends": (
        _ENTRY,
        again("2024-01-01", "3000.00", "2024-12-31"),
        "pack.missing_value",
        "- effective: 2024-01-01",
    ),
    "a misspelt key": ("    caps:", "    cups:", "pack.unknown_key", "cups:"),
    "a value that nothing reads": ("  band_ends:\n", "  band_end:\n", "pack.unknown_key", "- effective: 2024-01-01"),
}

FINDINGS: Final = {
    "days between two rules": (
        "  - effective: 2024-01-01\n    deductible",
        BENEFIT[BENEFIT.index("  - effective") : BENEFIT.index("values:")].replace(
            "2024-01-01\n", "2024-01-01\n    until: 2024-12-31\n", 1
        )
        + "  - effective: 2025-03-01\n    deductible",
        "gap_in_dates",
        "no rule of employee.outpatient from 2025-01-01 to 2025-02-28",
        "    until: 2024-12-31",
    ),
    "a rule that ended": (
        "  - effective: 2024-01-01\n    deductible",
        "  - effective: 2024-01-01\n    until: 2024-12-31\n    deductible",
        "rule_ended",
        "no rule of employee.outpatient after 2024-12-31, not recorded as a gap",
        "    until: 2024-12-31",
    ),
    "a band under the deductible": (
        "value: {band_1: 5000.00}",
        "value: {band_1: 300.00}",
        "unreachable_band",
        "no visit reaches band_1 of employee.outpatient from 2024-01-01",
        "value: {band_1: 300.00}",
    ),
    "a band beyond the cap": (
        "counter: fund_paid, fund: fund.pool, by: []}",
        "counter: fund_paid, fund: fund.pool, by: [], on: gross}",
        "unreachable_band",
        "no visit reaches band_2 of employee.outpatient from 2024-01-01",
        "value: {band_1: 5000.00}",
    ),
}


def check(folder: Path, benefit: str = BENEFIT, own: str = HEAD) -> dict[str, list[dict[str, str]]]:
    """What `gongji rules check` says of a pack of two files."""
    (folder / "outpatient.yaml").write_text(benefit, encoding="utf-8")
    (folder / "pack.yaml").write_text(own, encoding="utf-8")
    result = CliRunner().invoke(cli.app, ["rules", "check", str(folder), "--json"])
    report = json.loads(result.output)
    assert result.exit_code == (0 if report["passed"] else 1)
    return dict(report)


def line_at(text: str, at: str) -> str:
    """What stands on the line that is told."""
    return text.splitlines()[int(at.rsplit(":", 1)[1]) - 1]


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GONGJI_CONFIG", "GONGJI_PACKS"):
        monkeypatch.delenv(name, raising=False)


def test_the_pack_has_no_fault_before_one_is_planted(tmp_path: Path) -> None:
    report = check(tmp_path)
    assert report["problems"] == []
    assert {one["code"] for one in report["findings"]} == {"inherited"}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused_with_its_file_and_line(tmp_path: Path, name: str) -> None:
    good, bad, code, fragment = FAULTS[name]
    text = BENEFIT.replace(good, bad, 1)
    assert text != BENEFIT
    problems = check(tmp_path, text)["problems"]
    found = [one["at"] for one in problems if one["code"] == code]
    assert found, problems
    assert all(at.startswith(f"{tmp_path / 'outpatient.yaml'}:") for at in found)
    assert fragment in [line_at(text, at).strip() for at in found]
    begin = text.index(bad)
    span = range(text[:begin].count("\n") + 1, text[: begin + len(bad)].count("\n") + 2)
    assert code == "pack.missing_value" or any(int(at.rsplit(":", 1)[1]) in span for at in found)


@pytest.mark.parametrize("name", FINDINGS)
def test_a_finding_is_told_with_its_file_and_line(tmp_path: Path, name: str) -> None:
    good, bad, code, says, fragment = FINDINGS[name]
    text = BENEFIT.replace(good, bad, 1)
    assert text != BENEFIT
    report = check(tmp_path, text)
    assert report["problems"] == []
    (found,) = [one for one in report["findings"] if one["code"] == code]
    line = text[: text.index(fragment)].count("\n") + 1
    first = next(number for number in range(line, 0, -1) if "- effective" in text.splitlines()[number - 1])
    assert (found["en"], found["at"]) == (says, f"{tmp_path / 'outpatient.yaml'}:{first}"), "the entry's first line"


def test_days_between_two_values_are_told(tmp_path: Path) -> None:
    entry = OWN.splitlines(keepends=True)[1:]
    ended = "".join(entry).replace("2024-01-01\n", "2024-01-01\n      until: 2024-06-30\n")
    text = HEAD.replace("".join(entry), ended + "".join(entry).replace("2024-01-01", "2024-09-01"))
    (found,) = [one for one in check(tmp_path, own=text)["findings"] if one["code"] == "gap_in_dates"]
    line = text[: text.index("2024-09-01")].count("\n") + 1
    assert (found["en"], found["at"]) == (
        "no value of values.premium from 2024-07-01 to 2024-08-31",
        f"{tmp_path / 'pack.yaml'}:{line}",
    )


def test_what_a_city_silently_inherits_is_told_value_by_value(tmp_path: Path) -> None:
    """Until the city says itself how many relatives may be bound, the province's number is named as taken from it."""
    inherited = [one for one in check(tmp_path)["findings"] if one["code"] == "inherited"]
    assert {name for one in inherited for name in one["names"]} >= {"sharing.max_relatives", "sharing.trigger"}
    assert {one["at"] for one in inherited} <= {f"{tmp_path / file}:1" for file in ("outpatient.yaml", "pack.yaml")} | {
        f"{tmp_path / 'outpatient.yaml'}:{line}" for line in range(1, 6)
    }
    own = HEAD + f"sharing:\n  max_relatives:\n    - {{effective: 2024-01-01, value: 5, {_SOURCE}}}\n"
    after = [one for one in check(tmp_path, own=own)["findings"] if one["code"] == "inherited"]
    assert "sharing.max_relatives" not in {name for one in after for name in one["names"]}
