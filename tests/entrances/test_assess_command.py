"""What an analyst sees of ``gongji assess``: counts, exit codes, pipes, one person's year in words."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gongji.entrances import cli

HEADER = "claim,person,family,date,region,status,tier,age,total,current_account,sharer,sharer_current_account\n"
WANG = "c1,wang,F1,2024-03-01,211200,retired,3,70,800.00,100,li,50\nc2,wang,F1,2024-03-05,211200,retired,1,70,200.00,100,li,50\n"


def run(*arguments: str, given: bytes | None = None) -> Result:
    """The command as in a shell."""
    return CliRunner().invoke(cli.app, ["assess", *arguments], input=given)


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    """Two claims of Wang, who is 70 and lives in Tieling."""
    path = tmp_path / "claims.csv"
    path.write_text(HEADER + WANG)
    return path


def test_counts_and_sums_are_printed_and_the_results_written(claims: Path) -> None:
    out = claims.with_name("out.csv")
    result = run(str(claims), "--out", str(out))
    assert result.exit_code == 0, result.output
    # 55 % of 500.00 and 75 % of 200.00, the deductible being met: 275.00 + 150.00.
    assert "assessed 2" in result.output
    assert "¥425.00" in result.output
    assert out.read_text().count("\n") == 3
    assert "⚠ 等级 grade C: 211200: 数字出自转载资料" in result.output


def test_rejected_rows_give_exit_code_1_and_a_list(claims: Path) -> None:
    claims.write_text(HEADER + WANG + "c3,wang,F1,someday,211200,retired,3,70,800.00,100,li,50\n")
    rejects = claims.with_name("rejects.csv")
    result = run(str(claims), "--out", str(claims.with_name("out.csv")), "--rejects", str(rejects))
    assert result.exit_code == 1
    assert "date.invalid [date]" in result.output
    assert rejects.read_text(encoding="utf-8-sig").splitlines()[1].startswith("4,date,someday,date.invalid")


def test_pipes_carry_nothing_but_results(claims: Path) -> None:
    result = run("-", "--out", "-", "--out-format", "jsonl", given=claims.read_bytes())
    assert result.exit_code == 0, result.output
    first, second = result.stdout.splitlines()
    assert '"fund_pool":275.00' in first
    assert '"fund_pool":150.00' in second
    assert "assessed 2" in result.stderr


def test_a_year_is_explained_step_by_step_to_the_same_amounts(claims: Path) -> None:
    result = run(str(claims), "--explain", "wang")
    assert result.exit_code == 0, result.output
    first, second = result.output.strip().split("\n\n")
    assert first.startswith("2024年3月1日，铁岭市，门诊，三级，总费用 ¥800.00")
    assert "按 55% 报销，是 ¥275.00" in first
    assert "li的个人账户（家庭共济） ¥50.00" in first
    # The second claim meets no deductible and an empty account.
    assert "按 75% 报销，是 ¥150.00" in second
    assert "自己付（现金、手机支付） ¥50.00" in second
    english = run(str(claims), "--explain", "wang", "--language", "en")
    assert "1 March 2024" in english.output


def test_what_is_missing_is_refused_with_what_to_do(claims: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["gongji", "assess", str(claims)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert run(str(claims), "--explain", "nobody").exception is not None


def test_a_pack_of_ones_own_is_used(claims: Path, tmp_path: Path) -> None:
    shipped = Path(cli.__file__).parents[1] / "rules/packs/cn/liaoning/tieling"
    own = Path(shutil.copytree(shipped, tmp_path / "own"))
    (changed,) = [path for path in own.glob("*.yaml") if "tier_3: 55 %" in path.read_text()]
    changed.write_text(changed.read_text().replace("tier_3: 55 %", "tier_3: 65 %"))
    result = run(str(claims), "--out", str(tmp_path / "out.csv"), "--pack", str(own))
    assert "¥475.00" in result.output


def test_who_waits_and_who_has_no_account_is_explained_as_the_file_has_it(tmp_path: Path) -> None:
    """Ding, a resident insured again after three years, one of them paid: four months to wait; then 60 % of 100.00."""
    path, out = tmp_path / "ding.csv", tmp_path / "out.csv"
    header = (
        "person,date,region,status,scheme,kind,tier,age,total,late,missed_years,repaid_years,months_covered,disease"
    )
    ding = "ding,2025-{}-02,211200,resident,resident,two_diseases,1,60,100.00,interrupted,3,1,{},diabetes"
    path.write_text(
        "\n".join([header + ",current_account", ding.format("05", 3) + ",", ding.format("06", 4) + ",", ""])
    )
    assert run(str(path), "--out", str(out)).exit_code == 0
    rows = [dict(zip(*pair, strict=True)) for pair in _cells(out)]
    assert [(row["fund_pool"], row["note"]) for row in rows] == [("0.00", "waiting"), ("60.00", "")]

    told = run(str(path), "--explain", "ding").output
    waiting, paid = told.split("2025年6月2日")
    assert "医保报销（公共的医保基金付） ¥0.00" in waiting
    assert "要等" in waiting
    assert "医保报销（公共的医保基金付） ¥60.00" in paid
    assert "居民医保没有个人账户" in paid


def _cells(path: Path) -> list[tuple[list[str], list[str]]]:
    """Each row of a file with its header."""
    header, *rows = csv.reader(path.read_text().splitlines())
    return [(header, row) for row in rows]


def test_a_missing_column_names_the_option_that_gives_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bare.csv"
    path.write_text("person,region,status,total\n1,211200,active,5\n")
    monkeypatch.setattr("sys.argv", ["gongji", "assess", str(path), "--out", str(tmp_path / "out.csv")])
    with pytest.raises(SystemExit):
        cli.main()
    assert "--on gives it for all rows" in capsys.readouterr().err


def test_a_shenyang_pages_own_example_of_whose_account_pays(tmp_path: Path) -> None:
    """1,000 yuan to bear, 200 in the own account: it is emptied in the same settlement, 800 come from the relative."""
    path, out = tmp_path / "shenyang.csv", tmp_path / "out.csv"
    header = "person,family,date,region,status,tier,total,current_account,sharer,sharer_current_account\n"
    path.write_text(header + "jin,F1,2023-06-12,210100,active,3,1000.00,200.00,guan,5000.00\n")
    assert run(str(path), "--out", str(out)).exit_code == 0
    ((names, cells),) = _cells(out)
    row = dict(zip(names, cells, strict=True))
    assert (row["note"], row["own"], row["shared"], row["cash"]) == ("no_rule", "200.00", "800.00", "0.00")
