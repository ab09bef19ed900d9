"""The report on a draft, as it is put before a meeting and sent to somebody's phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from screen import SIDEWAYS, accessible, picture
from typer.testing import CliRunner

from gongji.entrances import cli

pytestmark = pytest.mark.browser

#: Half of the numbers of a city's outpatient rule, in one draft, and two values tried in turns.
CHANGES = (
    *("--of", "铁岭", "--from", "2025-07-01", "--set", "employee.outpatient.yearly_cap.*=+1000.00"),
    *("--vary", "employee.outpatient.deductible.*=-50.00,+50.00"),
)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_it_is_readable_anywhere_and_needs_nothing_outside_itself(
    chromium: Browser, tmp_path: Path, language: str
) -> None:
    city, page = tmp_path / "city.parquet", tmp_path / "report.html"
    shell = CliRunner()
    assert shell.invoke(cli.app, ["draft", "invent", str(city), "--of", "铁岭", "--people", "300"]).exit_code == 0
    arguments = ["draft", "appraise", str(city), *CHANGES, "--report", str(page), "--language", language]
    result = shell.invoke(cli.app, arguments)
    assert result.exit_code == 0, result.output
    for width in (390, 1280):
        context = chromium.new_context(viewport={"width": width, "height": 844})
        shown = context.new_page()
        asked: list[str] = []
        shown.on("request", lambda request, asked=asked: asked.append(request.url))
        accessible(shown, page.as_uri())
        assert asked == [page.as_uri()]
        assert shown.evaluate(SIDEWAYS) <= 0
        picture(shown, f"draft_report_{language}_{width}")
        context.close()
