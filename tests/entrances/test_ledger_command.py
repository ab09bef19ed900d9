"""``gongji ledger`` and the same over REST: proofs, findings, any account as of any moment."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gongji.entrances.cli import app
from gongji.entrances.platform import check_secret
from gongji.foundation.errors import GongjiError
from gongji.foundation.personal import open_vault
from gongji.foundation.settings import load_settings
from gongji.registry.psn_no import psn_no_for
from tampering import as_superuser
from town import Town


@pytest.fixture
def son(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The number of a son with ¥600.00 who bought for ¥10.00 at 10:31 and for ¥20.00 at 10:32."""
    monkeypatch.setenv("GONGJI_DATA", str(tmp_path))
    monkeypatch.setenv("GONGJI_DATABASE_URL", town.database.url)
    check_secret(town.database, open_vault(load_settings()))
    person = town.person("李建国", "1980-03-01", "active", balance=600_00)
    for price in ("10.00", "20.00"):
        town.clock.advance(timedelta(minutes=1))
        town.settled(town.purchase(person, town.institution("P21120200003"), ("C-A", 1, price)))
    return psn_no_for("211200", person)


def gongji(*arguments: str, exit_code: int = 0) -> str:
    """What a command prints; its refusal is raised."""
    ran = CliRunner().invoke(app, ["ledger", *arguments])
    if isinstance(ran.exception, GongjiError):
        raise ran.exception
    assert ran.exit_code == exit_code, ran.output
    return ran.output


def test_a_proof_says_how_much_it_went_over_and_a_resumed_one_what_was_done_before(son: str) -> None:
    assert "3 transfers" in gongji("verify")
    assert "3 blocks were verified before" in gongji("verify", "--resume")


def test_a_fault_is_named_and_the_exit_code_is_1(son: str, town: Town) -> None:
    as_superuser(town.database.url, "UPDATE account SET balance = balance + 5 WHERE balance > 0")
    said = gongji("verify", exit_code=1)
    assert "stores 570.05, its transfers add up to 570.00" in said
    as_superuser(town.database.url, "UPDATE account SET balance = balance - 5 WHERE balance > 5")


def test_what_is_new_is_verified_and_what_was_found_stays_until_it_is_dismissed(son: str, town: Town) -> None:
    assert "3 new blocks" in gongji("verify", "--recent")
    as_superuser(town.database.url, "UPDATE block SET transfers = transfers + 1 WHERE number = 1")
    assert "everything holds" in gongji("verify", "--recent")
    as_superuser(town.database.url, "DELETE FROM verified_block")
    assert "was posted with 1 journals and 2 transfers" in gongji("verify", "--recent", exit_code=1)
    assert "was posted with" in gongji("verify", "--recent", "--dismiss", exit_code=1)
    assert "everything holds" in gongji("verify", "--recent")
    as_superuser(town.database.url, "UPDATE block SET transfers = transfers - 1 WHERE number = 1")


def test_a_balance_as_of_a_moment(son: str, town: Town) -> None:
    account = f"personal.current:{son}"
    assert f"{account}  600.00 yuan" in gongji("balance", account, "--at", "2024-06-12T10:30")
    assert f"{account}  590.00 yuan" in gongji("balance", account, "--at", "2024-06-12T10:31:59")
    assert f"{account}  570.00 yuan" in gongji("balance", account, "--at", "2024-06-12")
    assert "payable.institution:P21120200003  30.00 yuan" in gongji("balance", "payable.institution:P21120200003")
    assert "opening:211200  -600.00 yuan" in gongji("balance", "opening:211200")


def test_a_statement_as_of_a_moment(son: str) -> None:
    said = gongji("statement", f"personal.current:{son}", "--at", "2024-06-12T10:31")
    assert [amount in said for amount in ("600.00", "-10.00", "590.00", "-20.00")] == [True, True, True, False]
    assert "payable.institution" in said


@pytest.mark.parametrize(
    ("account", "code"),
    [
        ("personal.current", "account.name"),
        ("personal.savings:1", "account.name"),
        ("fund.pool:211200", "account.name"),
        ("personal.current:12", "account.name"),
        ("999", "account.name"),
        ("payable.institution:H00000000000", "account.holder"),
    ],
)
def test_an_account_that_cannot_be_read_is_told_what_is_accepted(son: str, account: str, code: str) -> None:
    with pytest.raises(GongjiError) as told:
        gongji("balance", account)
    assert (told.value.code, told.value.field) == (code, "account")
    assert "fund.pool:<region>:<scheme>" in (told.value.accepted or "")


def test_a_moment_that_cannot_be_read(son: str) -> None:
    with pytest.raises(GongjiError) as told:
        gongji("balance", f"personal.current:{son}", "--at", "yesterday")
    assert told.value.code == "moment.invalid"
