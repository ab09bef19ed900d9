"""``gongji oversight``: drugs are entered from a file, the books are scanned, and a wrong line is told with its number."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gongji.entrances import oversight_command
from gongji.entrances.cli import app
from gongji.entrances.platform import Platform
from gongji.foundation.errors import GongjiError
from gongji.foundation.settings import Settings
from gongji.oversight.alerts import drugs
from gongji.oversight.alerts.drugs import MonitoredDrug
from gongji.rules.book import RuleBook
from town import Town


@pytest.fixture
def run(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command over the town; gives what it printed."""

    @contextmanager
    def opened(_: Settings) -> Iterator[Platform]:
        yield Platform(Settings(data=tmp_path), town.database, town.vault, town.clock, RuleBook.shipped())

    monkeypatch.setattr(oversight_command, "open_platform", opened)

    def work(*arguments: str) -> str:
        answer = CliRunner().invoke(app, ["oversight", *arguments])
        if isinstance(answer.exception, GongjiError):
            raise answer.exception
        assert answer.exit_code == 0, answer.output
        return re.sub(r"\s+", " ", answer.output)

    return work


def known(town: Town) -> list[MonitoredDrug]:
    with town.database.transaction() as connection:
        return drugs.listed(connection)


def test_drugs_are_entered_and_what_was_sold_too_much_of_is_found(town: Town, run: Any, tmp_path: Path) -> None:
    """Seven boxes of thirty days in the second quarter of 2024 (91 days) are 210: above twice, so one alert."""
    file = tmp_path / "monitored.csv"
    file.write_text(
        "area,item_code,days,source\n000000,C-B,14,旧说明书\n000000,C-B,30,说明书\n211200,C-A,7,本地\n", "utf-8"
    )
    assert "2 drugs entered" in run("drugs", str(file))
    assert known(town) == [MonitoredDrug("211200", "C-A", 7, "本地"), MonitoredDrug("000000", "C-B", 30, "说明书")]
    wang = town.person("王强", "1962-04-01", "retired", balance=20_000_00)
    town.settled(town.purchase(wang, town.institution("P21120200003"), ("C-B", 7, "195.00"), use="2"))
    told = json.loads(run("scan", "--json"))
    assert told == {"settlements": 1, "authorisations": 0, "new": {"over_volume": 1}, "lapsed": 0}
    assert "0 new alerts" in run("scan")


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("nation,C-B,30,说明书", "area"),
        ("000000,,30,说明书", "item_code"),
        ("000000,C-B,0,说明书", "days"),
        ("000000,C-B,一月,说明书", "days"),
        ("000000,C-B,99999,说明书", "days"),
        ("000000,C-B,30,", "source"),
        ("000000,C-B,30", "source"),
    ],
)
def test_a_wrong_line_is_told_and_nothing_is_entered(
    town: Town, run: Any, tmp_path: Path, line: str, field: str
) -> None:
    file = tmp_path / "monitored.csv"
    file.write_text(f"area,item_code,days,source\n000000,C-A,7,说明书\n{line}\n", "utf-8")
    with pytest.raises(GongjiError) as caught:
        run("drugs", str(file))
    assert (caught.value.code, caught.value.details) == (f"monitored_drug.{field}", {"line": 2})
    assert known(town) == []


def test_a_file_without_a_column_is_refused(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "monitored.csv"
    file.write_text("item_code,days\nC-B,30\n", "utf-8")
    with pytest.raises(GongjiError, match="area, source"):
        run("drugs", str(file))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfearea,item_code", "monitored_drug.file"),
        ("area,item_code,days,source\n000000,C-B,30,说明书".encode("gb18030"), "monitored_drug.file"),
        (b"area,item_code,days,source\n000000,C\x00B,30,x\n", "monitored_drug.item_code"),
        (b"", "monitored_drug.columns"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(
    town: Town, run: Any, tmp_path: Path, content: bytes, code: str
) -> None:
    file = tmp_path / "monitored.csv"
    file.write_bytes(content)
    with pytest.raises(GongjiError, match=code.replace(".", r"\.")):
        run("drugs", str(file))
    assert known(town) == []
