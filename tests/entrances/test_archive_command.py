"""``gongji db archive`` and back, as an operator runs them."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gongji.accrual.year_end import turn_year
from gongji.clearing.monthly.gather import gather
from gongji.entrances.cli import app
from gongji.entrances.platform import check_secret
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.partitions import add_months
from gongji.foundation.personal import open_vault
from gongji.foundation.settings import load_settings
from gongji.ledger.rollup import roll_up
from gongji.settlement.telling import tell_sharers
from town import EXAMPLE_BILL, TIELING, Town


@pytest.fixture
def installation(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A visit of March 2023 whose year is over and turned."""
    monkeypatch.setenv("GONGJI_DATA", str(tmp_path))
    monkeypatch.setenv("GONGJI_DATABASE_URL", town.database.url)
    check_secret(town.database, open_vault(load_settings()))
    add_months(town.database, date(2023, 3, 1), 1)
    town.clock.set(datetime(2023, 3, 6, tzinfo=CHINA))
    father = town.person("李国强", "1958-02-01", "retired", balance=500_00)
    hospital = town.institution("H21120200001")
    town.settled(town.settle_visit(father, hospital, *town.visit(father, hospital, *EXAMPLE_BILL)))
    town.clock.set(datetime(2026, 1, 5, tzinfo=CHINA))
    for year in (2023, 2024, 2025):
        turn_year(town.database, town.clock, TIELING, year, caller=Caller(Role.OPERATOR, "agency"))
    roll_up(town.database)
    gather(town.database)
    tell_sharers(town.database, town.clock.now())
    return town


def gongji(*arguments: str) -> str:
    """What a command prints."""
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 0, (ran.output, ran.exception)
    return ran.output


def test_a_month_goes_is_checked_and_comes_back(installation: Town, tmp_path: Path) -> None:
    file = tmp_path / "2023-03.zip"
    told = gongji("db", "archive", "2023-03", str(file))
    assert re.search(r"2023-03 archived: \d block, 3 fee_line, \d journal, 1 settlement, \d transfer, 1 visit", told)
    assert hashlib.sha256(file.read_bytes()).hexdigest() in told
    assert "everything holds" in gongji("ledger", "verify")
    assert "2023-03: everything holds over" in gongji("db", "check-archive", str(file))
    assert "2023-03 back:" in gongji("db", "unarchive", str(file))
    assert "everything holds" in gongji("ledger", "verify")
