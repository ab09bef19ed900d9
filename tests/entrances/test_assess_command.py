"""What an analyst sees of ``gongji assess``: counts, exit codes, pipes, one person's year in words."""

from __future__ import annotations

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
