"""Accounts of the ledger over REST: an officer of Tieling asks what the fund, a pharmacy and a son held."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from gongji.entrances.app import build_app
from gongji.entrances.platform import Platform
from gongji.foundation.access import Caller, Role, grant
from gongji.foundation.audit import audit_entry
from gongji.foundation.settings import Settings
from gongji.ledger.rollup import roll_up
from gongji.registry.psn_no import psn_no_for
from gongji.rules.book import RuleBook
from gongji.settlement.watch import Watch
from town import Town


@pytest.fixture
def http(town: Town) -> Iterator[TestClient]:
    """The whole application over the town."""
    platform = Platform(Settings(), town.database, town.vault, town.clock, RuleBook.shipped())
    with TestClient(build_app(platform)) as client:
        yield client
    platform.close()


def officer(town: Town, region: str = "211200") -> str:
    """A token for an officer of a region."""
    caller = Caller(Role.OFFICER, f"officer-{region}", region=region)
    with town.database.transaction() as connection:
        return grant(connection, caller, at=town.clock.now(), lasts=timedelta(days=1))


def asked(http: TestClient, token: str, path: str, **query: Any) -> httpx.Response:
    """What the API answers."""
    headers = {"Authorization": f"Bearer {token}"}
    return http.get(f"/api/v1/ledger/accounts/{path}", params=query, headers=headers)


@pytest.fixture
def son(town: Town) -> str:
    """A son with ¥600.00 who buys for ¥10.00 at 10:31, on the day before, and for ¥20.00 today."""
    person = town.person("李建国", "1980-03-01", "active", balance=600_00)
    pharmacy = town.institution("P21120200003")
    town.clock.advance(timedelta(minutes=1))
    town.settled(town.purchase(person, pharmacy, ("C-A", 1, "10.00")))
    town.clock.advance(timedelta(days=1))
    town.settled(town.purchase(person, pharmacy, ("C-A", 1, "20.00")))
    return psn_no_for("211200", person)


def test_an_officer_reads_balances_as_of_a_moment_and_the_reading_is_audited(
    town: Town, http: TestClient, son: str
) -> None:
    token = officer(town)
    account = f"personal.current:{son}"
    assert asked(http, token, f"{account}/balance", at="2024-06-12").json()["balance_fen"] == 590_00
    assert asked(http, token, f"{account}/balance").json()["balance_fen"] == 570_00
    with town.database.engine.connect() as connection:
        notes = connection.execute(sa.select(audit_entry.c.action, audit_entry.c.details)).tuples().all()
    assert ("ledger.balance", {"account": account}) in notes


@pytest.mark.parametrize("rolled_up", [False, True])
def test_what_a_pharmacy_is_owed_is_the_same_before_and_after_the_sums_are_made(
    town: Town, http: TestClient, son: str, rolled_up: bool
) -> None:
    if rolled_up:
        roll_up(town.database)
    token = officer(town)
    owed = "payable.institution:P21120200003/balance"
    moments = ("2024-06-12T10:30:59", "2024-06-12T10:31", "2024-06-12", "2024-06-13T10:31")
    assert [asked(http, token, owed, at=at).json()["balance_fen"] for at in moments] == [0, 10_00, 10_00, 30_00]


def test_a_statement_shows_the_newest_movements_with_their_balances(town: Town, http: TestClient, son: str) -> None:
    answer = asked(http, officer(town), "payable.institution:P21120200003/statement", limit=1).json()
    (newest,) = answer["movements"]
    assert answer["balance_fen"] == 30_00
    assert (newest["amount_fen"], newest["balance_fen"], newest["kind"]) == (20_00, 30_00, "settlement")
    assert newest["other_account"] == "personal.current"


@pytest.mark.parametrize("account", ["personal.current", "payable.institution:P21120200003", "fund.pool:211200:310"])
def test_another_regions_officer_sees_nothing(town: Town, http: TestClient, son: str, account: str) -> None:
    named = f"{account}:{son}" if account == "personal.current" else account
    refused = asked(http, officer(town, "370800"), f"{named}/balance")
    assert (refused.status_code, refused.json()["code"]) == (404, "account.holder")


def test_an_account_without_a_region_is_not_an_officers(town: Town, http: TestClient) -> None:
    assert asked(http, officer(town), "clearing:1/balance").json()["code"] == "account.holder"
    assert asked(http, officer(town), "savings/balance").json()["code"] == "account.name"
    assert asked(http, officer(town), "income:211200/balance", at="yesterday").json()["code"] == "moment.invalid"


def test_the_service_verifies_what_is_new_and_the_gauges_tell_it(town: Town, http: TestClient, son: str) -> None:
    watch = Watch(town.database, town.clock, every=0.01)
    waited = 0
    while (verified := _gauge(http, "gongji_verified_rows_total")) < 5:
        waited += 1
        assert waited < 5_000, f"only {verified} rows were verified"
    watch.close()
    assert _gauge(http, "gongji_verification_findings") == 0
    assert _gauge(http, "gongji_verified_at_seconds") == town.clock.now().timestamp()


def _gauge(http: TestClient, name: str) -> float:
    """A figure of /metrics."""
    lines = http.get("/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))
