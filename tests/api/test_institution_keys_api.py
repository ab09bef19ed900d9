"""Institutions' keys over REST: Tieling's operator gives a hospital a key, changes it without a gap and ends it."""

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
from gongji.registry.keys import SigningDialect, signing_keys
from gongji.rules.book import RuleBook
from town import Town

HOSPITAL = "H21120200001"


@pytest.fixture
def http(town: Town) -> Iterator[TestClient]:
    """The whole application over the town."""
    platform = Platform(Settings(), town.database, town.vault, town.clock, RuleBook.shipped())
    with TestClient(build_app(platform)) as client:
        yield client
    platform.close()


def token(town: Town, role: Role = Role.OPERATOR, region: str = "211200") -> dict[str, str]:
    """The header of somebody of this role who works for a region."""
    with town.database.transaction() as connection:
        made = grant(connection, Caller(role, "K1", region=region), at=town.clock.now(), lasts=timedelta(days=1))
    return {"Authorization": f"Bearer {made}"}


def post(http: TestClient, who: dict[str, str], path: str = "", code: str = HOSPITAL, **body: Any) -> httpx.Response:
    """A step with the institution's keys."""
    return http.post(f"/api/v1/institutions/{code}/keys{path}", json=body, headers=who)


def listed(http: TestClient, who: dict[str, str]) -> list[tuple[str, str, bool]]:
    """Dialect, name and whether it holds, newest first."""
    answer = http.get(f"/api/v1/institutions/{HOSPITAL}/keys", headers=who)
    assert answer.status_code == 200
    assert "secret" not in answer.text
    return [(one["dialect"], one["client"], one["holds"]) for one in answer.json()]


def holding(town: Town, client: str, dialect: SigningDialect = SigningDialect.X_TIF) -> list[str]:
    """The secrets that may sign under a name now."""
    with town.database.transaction() as connection:
        found = signing_keys(connection, town.vault, dialect, client, town.clock.now())
    return [key.secret for key in found if key.holds(town.clock.now())]


def test_a_key_from_its_making_to_its_end(http: TestClient, town: Town) -> None:
    operator = token(town)
    made = post(http, operator, client="his-2024").json()
    assert (made["dialect"], made["client"], made["valid_until"]) == ("x-tif", "his-2024", None)
    assert len(made["secret"]) == 43
    assert holding(town, "his-2024") == [made["secret"]]
    chosen = "the-HIS-chose-this"
    rotated = post(http, operator, f"/{made['number']}/rotate", days=7, secret=chosen).json()
    assert (rotated["client"], rotated["secret"], rotated["holds"]) == ("his-2024", None, True)
    assert sorted(holding(town, "his-2024")) == sorted([made["secret"], chosen])
    town.clock.advance(timedelta(days=7))
    operator = token(town)
    assert holding(town, "his-2024") == [chosen]
    ended = post(http, operator, f"/{rotated['number']}/withdraw").json()
    assert (ended["number"], ended["holds"]) == (rotated["number"], False)
    assert holding(town, "his-2024") == []
    apikey = post(http, operator, dialect="apikey", days=30).json()
    assert holding(town, apikey["client"], SigningDialect.APIKEY) == [apikey["secret"]]
    assert listed(http, token(town, Role.OFFICER))[:3] == [
        ("apikey", apikey["client"], True),
        ("x-tif", "his-2024", False),
        ("x-tif", "his-2024", False),
    ]
    with town.database.transaction() as connection:
        noted = connection.execute(sa.select(audit_entry).order_by(audit_entry.c.id)).all()
    steps = [(row.role, row.action.removeprefix("institution_key.")) for row in noted]
    assert steps == [*(("operator", step) for step in ("add", "rotate", "withdraw", "add")), ("officer", "list")]
    assert made["secret"] not in str(noted)
    assert chosen not in str(noted)


def test_only_an_operator_of_the_region_changes_keys(http: TestClient, town: Town) -> None:
    officer = token(town, Role.OFFICER)
    assert post(http, officer, client="x").json()["code"] == "access.role"
    assert post(http, officer, "/1/withdraw").json()["code"] == "access.role"
    jining, province = token(town, region="370800"), token(town, region="210000")
    for step in ("", "/1/rotate", "/1/withdraw"):
        assert post(http, jining, step).json()["code"] == "institution.unknown"
        assert post(http, token(town), step, code="H99999999999").json()["code"] == "institution.unknown"
    assert post(http, province, client="whole-province").status_code == 200
    elsewhere = post(http, province, "/999999999/withdraw")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "institution_key.unknown")


def test_what_cannot_be_is_told_and_nothing_is_written(http: TestClient, town: Town) -> None:
    operator = token(town)
    assert post(http, operator, client="his-2024").status_code == 200
    before = listed(http, operator)
    assert post(http, operator, client="his-2024").json()["code"] == "institution_key.duplicate"
    assert post(http, operator, dialect="apikey", secret="s" * 31).json()["code"] == "institution_key.weak"
    for wrong, field in (
        ({"client": "with space"}, "client"),
        ({"secret": "short"}, "secret"),
        ({"dialect": "x-other"}, "dialect"),
        ({"days": 0}, "days"),
        ({"name": "x"}, "name"),
    ):
        answer = post(http, operator, **wrong)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
        assert "short" not in answer.text
    assert listed(http, operator) == before
    number = post(http, operator, client="once").json()["number"]
    assert post(http, operator, f"/{number}/withdraw").status_code == 200
    assert post(http, operator, f"/{number}/withdraw").json()["code"] == "institution_key.over"
    assert post(http, operator, f"/{number}/rotate").json()["code"] == "institution_key.over"
