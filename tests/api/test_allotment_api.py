"""Allotment over REST: figures that add up, give, take back; and everybody whose business it is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from allotting_region import allotting_liaoning
from gongji.entrances.api.app import build_api
from gongji.entrances.platform import Platform
from gongji.foundation.access import Caller, Role, grant
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook
from town import Town


@dataclass
class House:
    """A daughter with ¥5,310.45, her father, and a stranger."""

    town: Town
    http: TestClient
    daughter: int
    father: int
    stranger: int
    share: int
    keys: int = 0

    def ask(self, who: int, method: str, path: str, key: str = "", **body: Any) -> httpx.Response:
        """A call by a citizen."""
        with self.town.database.transaction() as connection:
            caller = Caller(Role.CITIZEN, f"citizen-{who}", who)
            token = grant(connection, caller, at=self.town.clock.now(), lasts=timedelta(days=30))
        self.keys += 1
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or f"key-{self.keys:08d}"}
        return self.http.request(method, f"/api/v1{path}", json=body or None, headers=headers)


def house_of(town: Town, rules: RuleBook) -> Iterator[House]:
    daughter = town.person("李婷", "1980-05-20", "active", balance=231_045, historical=300_000, gender=2)
    father = town.person("李建国", "1951-02-01", "resident")
    stranger = town.person("钱多", "1990-01-01", "active", balance=900_000, household="别家")
    platform = Platform(Settings(), town.database, town.vault, town.clock, rules)
    app = Starlette(routes=[Mount("/api", build_api(platform))])
    yield House(town, TestClient(app), daughter, father, stranger, town.share(daughter, father))


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    yield from house_of(town, allotting_liaoning(tmp_path))


def test_give_and_take_back(house: House) -> None:
    share = str(house.share)
    given = house.ask(house.daughter, "POST", "/allotment/give", authorisation=share, amount_fen=60_000)
    assert given.status_code == 200, given.text
    assert given.json()["deed"] == "allot"
    back = house.ask(house.daughter, "POST", "/allotment/take-back", authorisation=share, amount_fen=10_000)
    assert back.json()["amount_fen"] == 10_000
    now = house.ask(house.daughter, "GET", "/allotment").json()
    assert now["given"] == [{"authorisation": share, "amount_fen": 50_000, "ever": True}]
    assert (now["total_fen"], now["kept_fen"], now["given_fen"], now["can_give_fen"]) == (
        531_045,
        200_000,
        50_000,
        281_045,
    )
    assert (now["parts"], now["take_back"], now["year_end"]) == ("per_relative", "any_time", "returns")
    assert now["rule"] == "cn/liaoning#sharing.allotment_required"


def test_the_same_key_once_and_other_content_never(house: House) -> None:
    share = str(house.share)
    first, again = (
        house.ask(house.daughter, "POST", "/allotment/give", "one-and-the-same", authorisation=share, amount_fen=100)
        for _ in range(2)
    )
    assert first.json() == again.json()
    other = house.ask(
        house.daughter, "POST", "/allotment/give", "one-and-the-same", authorisation=share, amount_fen=200
    )
    assert (other.status_code, other.json()["code"]) == (409, "key.other_content")


@pytest.mark.parametrize("path", ["/allotment/give", "/allotment/take-back"])
def test_nobody_touches_another_familys_money(house: House, path: str) -> None:
    house.ask(house.daughter, "POST", "/allotment/give", authorisation=str(house.share), amount_fen=60_000)
    for who in (house.stranger, house.father):
        answer = house.ask(who, "POST", path, authorisation=str(house.share), amount_fen=100)
        assert answer.status_code in (404, 409), answer.text
        assert "李婷" not in answer.text
        assert house.ask(who, "GET", "/allotment").status_code == 409
    assert house.ask(house.daughter, "GET", "/allotment").json()["given_fen"] == 60_000


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"amount_fen": 0}, 422),
        ({"amount_fen": "much"}, 422),
        ({"authorisation": "x", "amount_fen": 100}, 422),
        ({"amount_fen": 100}, 422),
        ({"authorisation": "9" * 18, "amount_fen": 100}, 404),
    ],
)
def test_bad_input_is_told_with_its_field(house: House, body: dict[str, Any], status: int) -> None:
    answer = house.ask(house.daughter, "POST", "/allotment/give", **body)
    assert answer.status_code == status, answer.text
    assert house.ask(house.daughter, "GET", "/allotment").json()["given_fen"] == 0


def test_where_nothing_has_to_be_allotted_it_says_so(town: Town) -> None:
    for house in house_of(town, RuleBook.shipped()):
        answer = house.ask(house.daughter, "GET", "/allotment")
        assert (answer.status_code, answer.json()["code"]) == (409, "allotment.not_here")
