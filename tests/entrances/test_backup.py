"""A backup is whole, sealed, and after it is restored the books prove the same."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from gongji.entrances.cli import app
from gongji.entrances.maintenance import maintain
from gongji.entrances.platform import check_secret
from gongji.foundation.database import with_database
from gongji.foundation.errors import GongjiError
from gongji.foundation.personal import open_vault
from gongji.foundation.roles import SERVICE_ROLE, make_role
from gongji.foundation.settings import load_settings
from gongji.settlement.verify import verify_everything
from town import EXAMPLE_BILL, Town


@pytest.fixture
def installation(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A town with a year of a family in it, as an installation with settings of its own."""
    monkeypatch.setenv("GONGJI_DATA", str(tmp_path))
    monkeypatch.setenv("GONGJI_DATABASE_URL", town.database.url)
    check_secret(town.database, open_vault(load_settings()))
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=200_00)
    son = town.person("李建国", "1980-03-01", "active", balance=5_000_00)
    town.share(son, mother)
    hospital = town.institution("H21120200001")
    first = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL)))
    town.settled(town.reversal(first, hospital))
    return town


def gongji(*arguments: str) -> str:
    """What a command prints; its refusal is raised."""
    ran = CliRunner().invoke(app, arguments)
    if isinstance(ran.exception, GongjiError):
        raise ran.exception
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_what_was_backed_up_is_restored_and_proven(
    installation: Town, server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "books.backup"
    gongji("db", "backup", str(file))
    assert "王秀兰".encode() not in file.read_bytes()
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS gongji_restored WITH (FORCE)")
        server.execute("CREATE DATABASE gongji_restored")
    url = with_database(server_url, "gongji_restored")
    monkeypatch.setenv("GONGJI_DATABASE_URL", url)
    assert "everything holds over 4 accounts" in gongji("db", "restore", str(file))
    with psycopg.connect(url) as restored, psycopg.connect(installation.database.url) as original:
        for table in ("account", "transfer", "block", "settlement", "benefit_counter", "person"):
            query = f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t"
            assert restored.execute(query).fetchone() == original.execute(query).fetchone()
        with pytest.raises(psycopg.errors.RestrictViolation):
            restored.execute("DELETE FROM transfer")
    with installation.database.engine.connect() as connection:
        assert not list(verify_everything(connection))


def test_a_database_that_holds_something_is_not_restored_into(installation: Town, tmp_path: Path) -> None:
    file = tmp_path / "books.backup"
    gongji("db", "backup", str(file))
    with pytest.raises(GongjiError) as refused:
        gongji("db", "restore", str(file))
    assert refused.value.code == "database.not_empty"
    with pytest.raises(GongjiError) as refused:
        gongji("db", "backup", str(file))
    assert refused.value.code == "backup.exists"


def test_a_file_that_is_no_backup_leaves_the_database_empty(
    server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS gongji_restored WITH (FORCE)")
        server.execute("CREATE DATABASE gongji_restored")
    monkeypatch.setenv("GONGJI_DATA", str(tmp_path))
    monkeypatch.setenv("GONGJI_DATABASE_URL", with_database(server_url, "gongji_restored"))
    wrong = tmp_path / "wrong.backup"
    wrong.write_text("not a backup")
    with pytest.raises(GongjiError) as refused:
        gongji("db", "restore", str(wrong))
    assert refused.value.code == "postgresql.program"
    with psycopg.connect(with_database(server_url, "gongji_restored")) as connection:
        count = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert count == (0,)


def test_a_restore_gives_the_service_its_rights_again(
    installation: Town, server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Owner and service apart, months and sums in the books: what is restored serves, and history is still history."""
    maintain(installation.database, installation.clock)
    file = tmp_path / "books.backup"
    gongji("db", "backup", str(file))
    with psycopg.connect(server_url, autocommit=True) as server:
        make_role(server, SERVICE_ROLE, password=None)
        server.execute("DROP DATABASE IF EXISTS gongji_restored WITH (FORCE)")
        server.execute("CREATE DATABASE gongji_restored")
    owner = with_database(server_url, "gongji_restored")
    service = make_url(owner).set(username=SERVICE_ROLE).render_as_string(hide_password=False)
    monkeypatch.setenv("GONGJI_DATABASE_OWNER_URL", owner)
    monkeypatch.setenv("GONGJI_DATABASE_URL", service)
    assert "everything holds over 4 accounts" in gongji("db", "restore", str(file))
    with psycopg.connect(service) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM account_rollup").fetchone() == (True,)
        assert connection.execute("SELECT to_regclass('months.transfer_2024_07') IS NOT NULL").fetchone() == (True,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM transfer")
