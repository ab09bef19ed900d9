"""What an analyst sees of ``gongji draft``: a draft checked, a city weighed, a report to put before a meeting."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gongji.entrances import cli
from gongji.entrances.draft_command.weighed import part
from gongji.entrances.wording import signed

RAISED = """\
draft: 退休人员二级医院报销比例提高到 75 %
pack: cn/liaoning/tieling
effective: 2025-01-01
values:
  employee.outpatient: {share.retired.tier_2: 75 %}
"""


def run(*arguments: str) -> Result:
    """The command as in a shell."""
    return CliRunner().invoke(cli.app, ["draft", *arguments])


def told(*arguments: str) -> dict[str, Any]:
    """What it prints as JSON."""
    result = run("appraise", *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture
def draft(tmp_path: Path) -> str:
    """Tieling pays retired people 75 % at the second tier, as a file."""
    path = tmp_path / "raised.yaml"
    path.write_text(RAISED, encoding="utf-8")
    return str(path)


@pytest.fixture
def claims(tmp_path: Path) -> str:
    """Seven retired people with 1,000.00 each at the second tier, four employees with as much."""
    path = tmp_path / "claims.csv"
    lines = [f"{number},2025-03-05,211200,{'retired' if number < 7 else 'active'},2,1000.00" for number in range(11)]
    path.write_text("\n".join(["person,date,region,status,tier,total", *lines]) + "\n")
    return str(path)


def test_a_draft_is_checked_and_told_in_words(draft: str) -> None:
    result = run("check", draft)
    assert result.exit_code == 0, result.output
    assert "职工普通门诊 · 支付比例 · 退休 · 二级" in result.output
    assert "employee.outpatient.share.retired.tier_2" in result.output
    assert "65%" in result.output
    assert "75%" in result.output


def test_what_a_draft_would_do_is_told_to_the_fen(claims: str, draft: str) -> None:
    """75 % of 800.00 instead of 65 %: 80.00 more for each of seven; the four employees are as before and too few to tell of."""
    found = told(claims, draft)
    assert found["today"]["fund_pool_fen"] == 7 * 52_000 + 4 * 48_000
    (one,) = found["drafts"]
    assert one["bills"]["fund_pool_fen"] - found["today"]["fund_pool_fen"] == 7 * 8_000
    assert (one["people"]["less"], one["people"]["less_fen"], one["people"]["more"]) == (7, 56_000, 0)
    assert one["people_along"]["status"]["retired"]["people"] == 7
    assert one["people_along"]["status"]["active"]["people"] is None
    assert one["bills_along"]["status"]["active"]["today"]["fund_pool_fen"] is None
    assert one["numbers"] == [
        {
            "name": "employee.outpatient.share.retired.tier_2",
            "words": "职工普通门诊 · 支付比例 · 退休 · 二级",
            "before": 6_500,
            "after": 7_500,
            "is_ratio": True,
        }
    ]


def test_what_is_printed_hides_whoever_is_too_few(claims: str, draft: str) -> None:
    result = run("appraise", claims, draft)
    assert result.exit_code == 0, result.output
    assert "+¥560.00" in result.output
    assert "<5" in result.output
    assert "⚠ 等级 grade C: 211200" in result.output


def test_each_value_that_is_tried_is_a_draft_of_its_own(claims: str) -> None:
    setting = "employee.outpatient.deductible.tier_2=+100.00"
    found = told(
        *(claims, "--of", "铁岭", "--from", "2025-01-01", "--set", setting),
        *("--vary", "employee.outpatient.share.retired.tier_2=70 %,75 %"),
    )
    assert [one["title"].rpartition("=")[2] for one in found["drafts"]] == ["70 %", "75 %"]
    # 1,000.00 less the deductible of 300.00, at 70 and 75 %; the employees' at 60 %.
    assert [one["bills"]["fund_pool_fen"] for one in found["drafts"]] == [
        7 * 49_000 + 4 * 42_000,
        7 * 52_500 + 4 * 42_000,
    ]


def test_an_invented_city_is_weighed_and_says_that_it_is_invented(tmp_path: Path, draft: str) -> None:
    city, page = tmp_path / "city.parquet", tmp_path / "report.html"
    assert run("invent", str(city), "--of", "铁岭", "--people", "200").exit_code == 0
    result = run("appraise", str(city), draft, "--report", str(page))
    assert result.exit_code == 0, result.output
    assert "虚构" in result.output
    assert "虚构" in page.read_text(encoding="utf-8")
    assert "invented" in told(str(city), draft)["invented"] or told(str(city), draft)["invented"].endswith("seed 1")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], "drafts.number"),
        (["--set", "employee.outpatient.share.retired.tier_2=75 %"], "drafts.region"),
        (["--of", "铁岭", "--set", "employee.outpatient.share.retired.tier_2=10 %"], "pack.invalid"),
        (["--of", "没有的地方", "--set", "sharing.retained_floor=1.00"], "region.unknown"),
        (["nowhere.yaml"], "pack.invalid"),
    ],
)
def test_what_cannot_be_weighed_is_refused_with_a_code(claims: str, arguments: list[str], code: str) -> None:
    result = run("appraise", claims, *arguments)
    assert result.exit_code != 0
    assert getattr(result.exception, "code", None) == code


def test_a_report_that_cannot_be_written_is_refused(claims: str, draft: str, tmp_path: Path) -> None:
    result = run("appraise", claims, draft, "--report", str(tmp_path / "no" / "report.html"))
    assert getattr(result.exception, "code", None) == "out.unwritable"


def test_a_report_does_not_take_the_place_of_the_claims(claims: str, draft: str) -> None:
    before = Path(claims).read_text()
    result = run("appraise", claims, draft, "--report", claims)
    assert getattr(result.exception, "code", None) == "out.same_file"
    assert Path(claims).read_text() == before


def test_a_city_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    result = run("invent", str(tmp_path / "no" / "city.parquet"), "--of", "铁岭", "--people", "20")
    assert getattr(result.exception, "code", None) == "out.unwritable"


@pytest.mark.parametrize(
    ("difference", "of", "words"), [(1, 200, "+0.50%"), (-1, 3, "−33.33%"), (1, 100_000, "0.00%"), (5, 0, "")]
)
def test_a_part_is_told_to_two_decimals(difference: int, of: int, words: str) -> None:
    assert part(difference, of) == words


@pytest.mark.parametrize(("fen", "words"), [(0, "¥0.00"), (5, "+¥0.05"), (-131_045, "−¥1,310.45")])
def test_a_difference_has_its_sign(fen: int, words: str) -> None:
    assert signed(fen) == words
