"""An installation: its settings, its embedded server, its secret, who may come in."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from gongji.entrances.platform import check_secret
from gongji.foundation.access import Caller, Role, grant, identify, revoke
from gongji.foundation.clock import MovableClock
from gongji.foundation.database import Database, open_database
from gongji.foundation.embedded import start_embedded, strike_off_the_dead
from gongji.foundation.errors import Misconfigured, NotAllowed, NotSignedIn
from gongji.foundation.personal import Vault
from gongji.foundation.settings import load_settings


def test_the_environment_goes_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "gongji.toml"
    config.write_text('port = 9001\nhost = "127.0.0.9"\n')
    monkeypatch.setenv("GONGJI_CONFIG", str(config))
    monkeypatch.setenv("GONGJI_PORT", "9002")
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.9", 9002)


@pytest.mark.parametrize(
    ("name", "value"), [("GONGJI_PORT", "many"), ("GONGJI_SECRET", "short"), ("GONGJI_LOG_LEVEL", "loud")]
)
def test_a_setting_that_does_not_hold_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as refused:
        load_settings()
    assert (refused.value.code, refused.value.field) == ("settings.invalid", name)


def test_a_database_that_does_not_answer_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGJI_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    with pytest.raises(Misconfigured) as refused:
        open_database(load_settings())
    assert refused.value.code == "database.unreachable"


@pytest.mark.skipif("sys.platform == 'win32' or __import__('os').geteuid() != 0", reason="only root is refused")
def test_a_private_home_is_not_opened_to_everyone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with pytest.raises(Misconfigured) as refused:
        start_embedded(home / "data")
    assert refused.value.code == "data.unreachable"
    assert home.stat().st_mode & 0o777 == 0o700


def test_dead_users_of_the_embedded_server_are_struck_off(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    owners = tmp_path / "owners.json"
    owners.write_text(json.dumps([gone.pid, 1]))
    strike_off_the_dead(owners)
    assert json.loads(owners.read_text()) == [1]
    owners.write_text("[12,")
    strike_off_the_dead(owners)
    assert json.loads(owners.read_text()) == []


def test_another_secret_is_refused_before_it_does_harm(database: Database) -> None:
    check_secret(database, Vault(b"\x01" * 32))
    check_secret(database, Vault(b"\x01" * 32))
    with pytest.raises(Misconfigured) as refused:
        check_secret(database, Vault(b"\x02" * 32))
    assert refused.value.code == "secret.wrong"


def test_a_token_holds_until_it_is_over_or_revoked(database: Database, clock: MovableClock) -> None:
    officer = Caller(Role.OFFICER, "021", region="210000")
    with database.transaction() as connection:
        token = grant(connection, officer, at=clock.now(), lasts=timedelta(hours=8))
        other = grant(connection, officer, at=clock.now(), lasts=timedelta(hours=8))
        assert identify(connection, token, at=clock.now()) == officer
        revoke(connection, other, at=clock.now())
        for wrong in (other, token + "x", ""):
            with pytest.raises(NotSignedIn):
                identify(connection, wrong, at=clock.now())
        clock.advance(timedelta(hours=8))
        with pytest.raises(NotSignedIn):
            identify(connection, token, at=clock.now())


def test_an_officer_covers_a_province_or_a_city() -> None:
    province, city = Caller(Role.OFFICER, "1", region="210000"), Caller(Role.OFFICER, "2", region="211200")
    assert province.covers("211202")
    assert city.covers("211202")
    assert not city.covers("210100")
    assert not province.covers("370800")
    with pytest.raises(NotAllowed):
        city.require(Role.CITIZEN)
