"""The REST API against its own description: whatever its schema allows, and much that it does not, is answered as described
and never with a defect."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from gongji.entrances.api.app import build_api
from gongji.entrances.app import build_app
from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.foundation.access import Caller, Duty, Role, grant
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook
from town import Town

#: Requests of each operation; `make fuzz` sends more.
EXAMPLES = int(os.environ.get("GONGJI_EXAMPLES", "3"))

#: The same requests each time; another number gives others.
SEED = int(os.environ.get("GONGJI_SEED", "0"))


@pytest.fixture
def platform(town: Town) -> Iterator[Platform]:
    """A family of two, and the platform."""
    town.share(
        town.person("李建国", "1980-03-01", "active", balance=100_00),
        town.person("王秀兰", "1955-08-13", "retired", balance=5_00, gender=2),
    )
    made = Platform(Settings(), town.database, town.vault, town.clock, RuleBook.shipped())
    yield made
    made.close()


def test_every_operation_answers_as_it_is_described(platform: Platform, town: Town) -> None:
    """As a citizen, as an officer and as an operator, every operation, positive and negative data."""
    schema = schemathesis.openapi.from_dict(build_api(platform).openapi())
    with town.database.transaction() as connection:
        person = connection.exec_driver_sql("SELECT min(id) FROM person").scalar_one()
        callers = (
            Caller(Role.CITIZEN, "citizen", person),
            Caller(Role.OFFICER, "A1", region="211200", duties=frozenset(Duty)),
            Caller(Role.OPERATOR, "K1", region="211200"),
        )
        tokens = [grant(connection, each, at=town.clock.now(), lasts=timedelta(days=1)) for each in callers]
    asked = 0
    with TestClient(build_app(platform), raise_server_exceptions=False) as client:
        for found in schema.get_all_operations():
            operation: Any = found.ok()
            asked += ask(client, operation, tokens)
    print(f"{asked} requests")
    assert asked >= EXAMPLES


@pytest.mark.parametrize("path", ["/api/v1/people/1%0A2", "/api/%0A", "/api/v1/people/1%0D%0A/balances"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_with_a_line_break_is_unknown_as_any_other(platform: Platform, path: str, method: str) -> None:
    """Served by uvicorn, as everywhere: no mount takes such an address."""
    with serving(build_app(platform), "127.0.0.1", 0) as base:
        answer = httpx.request(method, base + path)
        page = httpx.request(method, base + "/office/%0Ax")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "path.unknown"
    assert answer.headers["x-request-id"] == answer.json()["request_id"]
    assert (page.status_code, page.text) == (404, "Not Found")


def ask(client: TestClient, operation: Any, tokens: list[str]) -> int:
    """Some requests of an operation; gives how many."""
    count = 0

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), token=st.sampled_from(tokens))
    def one(case: Any, token: str) -> None:
        nonlocal count
        count += 1
        arguments = case.as_transport_kwargs(
            base_url="http://testserver/api", headers={"Authorization": f"Bearer {token}"}
        )
        arguments.pop("cookies", None)
        answer = client.request(**arguments, follow_redirects=False)
        told = (operation.label, arguments, answer.status_code, answer.text[:300])
        assert answer.status_code < 500 or answer.status_code == 503, told
        if answer.status_code >= 400:
            assert "json" in answer.headers.get("content-type", ""), told
            problem = answer.json()
            assert problem["code"], told
            assert problem["message"]["zh"], told
            assert problem["message"]["en"], told

    one()
    return count
