"""``gongji institution``: keys are listed, added, rotated and withdrawn at the command line; the report of a system's habits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from typer.testing import CliRunner

from gongji.entrances.institution_command import institution
from gongji.entrances.platform import Platform
from gongji.foundation.audit import audit_entry
from gongji.foundation.settings import Settings
from gongji.registry.conformance import Deviation, add_deviations
from gongji.registry.keys import SigningDialect, signing_keys
from gongji.rules.book import RuleBook
from town import Town

CODE = "H21120200001"


@pytest.fixture
def run(town: Town, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command over the town's installation; gives what it printed."""

    @contextmanager
    def opened(_: Settings) -> Iterator[Platform]:
        yield Platform(Settings(), town.database, town.vault, town.clock, RuleBook.shipped())

    monkeypatch.setattr("gongji.entrances.institution_command.command.open_platform", opened)

    def work(*arguments: str, input: str | None = None) -> str:
        done = CliRunner().invoke(institution, list(arguments), input=input, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return work


def holding(town: Town, dialect: SigningDialect, client: str) -> list[str]:
    with town.database.transaction() as connection:
        keys = signing_keys(connection, town.vault, dialect, client, town.clock.now())
    return [key.secret for key in keys if key.holds(town.clock.now())]


def test_a_key_from_its_making_to_its_end(town: Town, run: Any) -> None:
    number, secret = run("keys", "add", CODE).removeprefix("key ").strip().split(", secret ")
    assert holding(town, SigningDialect.X_TIF, CODE) == [secret]
    run("keys", "rotate", CODE, number, "--secret-from-stdin", input="the-HIS-chose-this\n")
    assert sorted(holding(town, SigningDialect.X_TIF, CODE)) == sorted([secret, "the-HIS-chose-this"])
    run("keys", "withdraw", CODE, number)
    assert holding(town, SigningDialect.X_TIF, CODE) == ["the-HIS-chose-this"]
    run("keys", "add", CODE, "--dialect", "apikey", "--days", "30")
    listed = run("keys", "list", CODE)
    assert listed.count("holds") == 2
    assert listed.count("ended") == 1
    assert secret not in listed
    with town.database.transaction() as connection:
        actions = connection.execute(audit_entry.select().order_by(audit_entry.c.id)).all()
    assert [row.action for row in actions] == [
        "institution_key.add",
        "institution_key.rotate",
        "institution_key.withdraw",
        "institution_key.add",
    ]
    assert secret not in str(actions)


def test_the_report_of_a_systems_habits(town: Town, run: Any) -> None:
    now = town.clock.now()
    hospital = town.institution(CODE).id
    with town.database.transaction() as connection:
        add_deviations(
            connection,
            [
                Deviation(hospital, "2207", "left_out", "input.data.psn_name", 1200, now, now, ""),
                Deviation(hospital, "2207", "refused.visit.unknown", "", 3, now, now, "本机构没有这次就诊"),
            ],
        )
    told = run("conformance", CODE, "--forget")
    assert "1,200" in told
    assert "a field that the interface demands was left out" in told
    assert "refused: visit.unknown" in told
    assert "1,200" not in run("conformance", CODE)
