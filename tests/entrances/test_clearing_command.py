"""``gongji clearing``: a month from closing to the last payment, and the file for the other side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gongji.clearing.monthly import files
from gongji.entrances.clearing_command import command
from gongji.entrances.cli import app
from gongji.entrances.platform import Platform
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook
from town import Town

PAIR = ("2024-06", "211200", "370800")


@pytest.fixture
def run(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command over the town; gives its exit code and what it printed."""

    @contextmanager
    def opened(_: Settings) -> Iterator[Platform]:
        settings = Settings(data=tmp_path, clearing_keys={"370000": "5a" * 32})
        yield Platform(settings, town.database, town.vault, town.clock, RuleBook.shipped())

    monkeypatch.setattr(command, "open_platform", opened)

    def work(*arguments: str) -> tuple[int, str]:
        answer = CliRunner().invoke(app, ["clearing", *arguments])
        if isinstance(answer.exception, GongjiError):
            raise answer.exception
        return answer.exit_code, re.sub(r"\s+", " ", answer.output)

    return work


def test_a_month_from_closing_to_the_last_payment(town: Town, run: Any, tmp_path: Path) -> None:
    """¥300.00 that Tieling owes Jining for June: closed, accepted, paid in two parts by two officers; the file of it is checked, and
    the hospital's bill is paid."""
    man = town.person("赵德柱", "1960-05-01", "retired", balance=300_00)
    hospital = town.institution("H37080000001")
    visit, total = town.visit(man, hospital, ("C-A", 1, "300.00"))
    town.settled(town.settle_visit(man, hospital, visit, total))
    assert "211200" in run("positions", "2024-06")[1]
    town.clock.set(datetime(2024, 7, 3, 9, tzinfo=CHINA))
    assert run("close", "2024-06")[1].strip() == "2024-06 is closed: 1 statements, 1 bills"
    assert "was closed before" in run("close", "2024-06")[1]
    assert "due 300.00, paid 0.00: drawn" in run("show", *PAIR)[1]
    assert ": checked" in run("accept", *PAIR, "--officer", "0213")[1]
    for amount, reference in (("200.00", "YH-2024-1"), ("", "YH-2024-2")):
        told = run("pay", *PAIR, "--officer", "0213", "--reference", reference, "--amount", amount)[1]
        number = re.findall(r"payment (\d+): (\d+)", told)[0]
        assert "booked as journal" in run("agree", number[0], "--officer", "0299")[1]
    assert "paid 300.00: settled" in run("show", *PAIR)[1]
    file = tmp_path / "june.zip"
    assert "SM3" in run("export", *PAIR, str(file))[1]
    code, told = run("check", str(file))
    assert (code, "signature: holds" in told, "every line is in the books here" in told) == (0, True, True)
    assert "300.00" in run("bills", "2024-06", "--region", "370800")[1]
    bill = re.findall(r"│ (\d+) │ H37080000001", run("bills", "2024-06")[1])[0]
    told = run("pay-bill", bill, "--officer", "0810", "--reference", "BF-2024-1", "--on", "2024-07-02")[1]
    assert "void" in run("agree", re.findall(r"payment (\d+)", told)[0], "--officer", "0811", "--no")[1]


def test_what_is_paid_ahead_stands_beside_the_positions(town: Town, run: Any) -> None:
    """¥500.00 ahead, ¥200.00 of it back."""
    for amount, reference, more in (("500.00", "YF-1001", ()), ("200.00", "YF-1002", ("--back",))):
        named = ("--officer", "0213", "--amount", amount, "--reference", reference, "--on", "2024-06-11")
        told = run("advance", "211200", "370800", *named, *more)[1]
        run("agree", re.findall(r"payment (\d+)", told)[0], "--officer", "0299")
    told = run("positions", "2024-06", "--provinces")[1]
    assert all(sum in told for sum in ("500.00", "200.00", "300.00"))


def test_what_is_refused_says_what_to_do(town: Town, run: Any, tmp_path: Path) -> None:
    with pytest.raises(GongjiError, match=r"clearing\.month"):
        run("close", "June")
    with pytest.raises(GongjiError, match=r"clearing\.not_over"):
        run("close", "2024-06")
    with pytest.raises(GongjiError, match=r"clearing\.unknown"):
        run("show", *PAIR)
    with pytest.raises(GongjiError, match=r"clearing\.unknown"):
        run("agree", "7", "--officer", "0299")
    with pytest.raises(GongjiError, match=r"clearing\.file"):
        run("check", str(tmp_path / "nothing.zip"))


def test_a_file_that_cannot_be_written_and_a_number_of_nothing_are_refused_in_words(
    town: Town, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    man = town.person("赵德柱", "1960-05-01", "retired", balance=300_00)
    hospital = town.institution("H37080000001")
    visit, total = town.visit(man, hospital, ("C-A", 1, "300.00"))
    town.settled(town.settle_visit(man, hospital, visit, total))
    town.clock.set(datetime(2024, 7, 3, 9, tzinfo=CHINA))
    run("close", "2024-06")
    with pytest.raises(GongjiError, match=r"clearing\.file_unwritable"):
        run("export", *PAIR, str(tmp_path / "nowhere" / "june.zip"))

    def full(*_: Any) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_statement", full)
    with pytest.raises(GongjiError, match=r"clearing\.file_unwritable"):
        run("export", *PAIR, str(tmp_path / "june.zip"))
    assert list(tmp_path.glob("*.zip")) == [], "half a statement is none"
    assert run("agree", str(2**64), "--officer", "0299")[0] == 2
    assert run("pay-bill", str(2**64), "--officer", "0810", "--reference", "BF-2024-1")[0] == 2
