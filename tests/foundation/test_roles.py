"""Two roles: the service may add history and not change it; the owner is stopped by the trigger."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from gongji.entrances.cli import app
from gongji.foundation.database import Database
from gongji.foundation.errors import Misconfigured
from gongji.foundation.roles import SERVICE_ROLE, grant_service, is_granted, make_role
from gongji.foundation.settings import Settings
from gongji.migrations import open_migrated
from gongji.settlement.verify import verify_everything
from town import EXAMPLE_BILL, Town

#: Every table whose rows are history, with a column that somebody might want to change.
HISTORY = {
    "journal": "kind",
    "transfer": "amount",
    "reversal": "reversed_by",
    "opening": "journal_id",
    "citation": "digest",
    "block": "hash",
    "poster": "host",
    "settlement": "total",
    "authorisation_event": "actor",
    "audit_entry": "action",
}


@pytest.fixture
def service(database: Database) -> Iterator[Database]:
    """The same database, signed in as the service's role."""
    with psycopg.connect(database.url) as owner:
        make_role(owner, SERVICE_ROLE, password=None)
    with database.transaction() as connection:
        list(grant_service(connection, SERVICE_ROLE))
    opened = Database(make_url(database.url).set(username=SERVICE_ROLE).render_as_string(hide_password=False))
    yield opened
    opened.close()


def family_year(town: Town) -> None:
    """A mother's visit that her son's account pays a part of, taken back, and a purchase."""
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=200_00)
    son = town.person("李建国", "1980-03-01", "active", balance=5_000_00)
    town.share(son, mother)
    hospital, pharmacy = town.institution("H21120200001"), town.institution("P21120200003")
    paid = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL)))
    town.settled(town.reversal(paid, hospital))
    town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "60.00")))


@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize("change", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
def test_the_service_may_not_change_history(service: Database, table: str, change: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), psycopg.connect(service.url) as connection:
        connection.execute(change.format(table, HISTORY[table]))


@pytest.mark.parametrize("table", [*HISTORY, *(f"months.{name}_default" for name in ("transfer", "settlement"))])
def test_the_owner_meets_the_trigger(database: Database, table: str) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation), psycopg.connect(database.url) as connection:
        connection.execute(f"TRUNCATE {table} CASCADE")


def test_the_service_owns_nothing_and_cannot_make_a_table_or_turn_a_trigger_off(service: Database) -> None:
    for statement in (
        "CREATE TABLE mine (id int)",
        "DROP TABLE transfer",
        "ALTER TABLE transfer DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "UPDATE alembic_version SET version_num = '0000'",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), psycopg.connect(service.url) as connection:
            connection.execute(statement)


def test_a_family_settles_as_the_service(town: Town, service: Database) -> None:
    served = copy(town)
    served.database, served._clerk = service, None
    family_year(served)
    served.clerk.close()
    with service.engine.connect() as connection:
        assert [str(finding) for finding in verify_everything(connection)] == []


def test_a_table_that_comes_later_is_readable_and_no_more(database: Database, service: Database) -> None:
    with psycopg.connect(database.url) as owner:
        owner.execute("CREATE TABLE later (id int)")
    with psycopg.connect(service.url, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO later VALUES (1)")


def test_rights_that_somebody_widened_are_noticed_and_taken_back(database: Database, service: Database) -> None:
    with psycopg.connect(database.url) as owner:
        owner.execute(f"GRANT DELETE ON transfer TO {SERVICE_ROLE}")
    with database.transaction() as connection:
        assert not is_granted(connection, SERVICE_ROLE)
        list(grant_service(connection, SERVICE_ROLE))
        assert is_granted(connection, SERVICE_ROLE)


def test_the_command_makes_the_role_and_says_what_it_did(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = "gongji_service_named"
    monkeypatch.setenv("GONGJI_DATA", str(tmp_path))
    monkeypatch.setenv("GONGJI_DATABASE_OWNER_URL", database.url)
    service = make_url(database.url).set(username=role, password="correct-horse").render_as_string(hide_password=False)
    monkeypatch.setenv("GONGJI_DATABASE_URL", service)
    try:
        first, second = (CliRunner().invoke(app, ["db", "roles"], catch_exceptions=False).output for _ in range(2))
        assert f"role {role}: made" in first
        assert (
            "never change: account_closing, account_credit, alert_case_step, alert_rule_change, allotment_deed, archived_end,"
            in first
        )
        assert f"role {role}: was there" in second
        with psycopg.connect(service) as connection:
            assert connection.execute("SELECT count(*) FROM transfer").fetchone() == (0,)
    finally:
        with psycopg.connect(database.url) as owner:
            owner.execute(f"DROP OWNED BY {role}")
            owner.execute(f"DROP ROLE {role}")


def test_one_address_for_both_is_told_how_to_set_two(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GONGJI_DATA", str(tmp_path))
    monkeypatch.setenv("GONGJI_DATABASE_URL", database.url)
    ran = CliRunner().invoke(app, ["db", "roles"])
    assert isinstance(ran.exception, Misconfigured)
    assert (ran.exception.code, ran.exception.field) == ("database.owner_url", "GONGJI_DATABASE_OWNER_URL")


def test_a_superuser_is_not_taken_for_the_service(database: Database) -> None:
    with pytest.raises(Misconfigured) as refused, psycopg.connect(database.url) as owner:
        make_role(owner, "postgres", password=None)
    assert refused.value.code == "database.role"


def test_the_embedded_server_sets_the_roles_up_by_itself(tmp_path: Path, database: Database, service: Database) -> None:
    """As an installation with two addresses opens: owner migrates, service serves."""
    settings = Settings(data=tmp_path, database_url=service.url, database_owner_url=database.url)
    opened = open_migrated(settings)
    with opened.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT current_user").scalar_one() == SERVICE_ROLE
    opened.close()


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("DELETE FROM alembic_version", "database.old_schema"),
        ("UPDATE alembic_version SET version_num = 'x'", "database.newer_schema"),
    ],
)
def test_another_schema_is_not_touched_by_the_service(
    tmp_path: Path, database: Database, service: Database, at: str, code: str
) -> None:
    with psycopg.connect(database.url) as owner:
        owner.execute(at)
    with pytest.raises(Misconfigured) as refused:
        open_migrated(Settings(data=tmp_path, database_url=service.url))
    assert refused.value.code == code
