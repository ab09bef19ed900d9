"""Corrections of accounts over REST: an officer of Tieling takes a credit and a death back, a stranger does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from gongji.accrual.closing import close_at_death
from gongji.accrual.credits import post_credits
from gongji.accrual.model import CreditKind, CreditLine, Heir
from gongji.entrances.app import build_app
from gongji.entrances.platform import Platform
from gongji.foundation.access import Caller, Role, grant
from gongji.foundation.audit import audit_entry
from gongji.foundation.settings import Settings
from gongji.registry.psn_no import psn_no_for
from gongji.rules.book import RuleBook
from town import Town

AGENCY = Caller(Role.OPERATOR, "agency")
JUNE = date(2024, 6, 1)
CASE = {"reference": "GZ-1", "reason": "单位申报基数有误"}


@pytest.fixture
def http(town: Town) -> Iterator[TestClient]:
    """The whole application over the town."""
    platform = Platform(Settings(), town.database, town.vault, town.clock, RuleBook.shipped())
    with TestClient(build_app(platform)) as client:
        yield client
    platform.close()


@pytest.fixture
def son(town: Town) -> int:
    """A son with ¥10.00, to whom ¥210.00 were credited for June; he has bought for ¥150.00 since."""
    person = town.person("李建国", "1980-03-01", "active", balance=10_00)
    line = CreditLine(person, JUNE, CreditKind.EMPLOYER, 10_500_00, 210_00)
    post_credits(town.database, RuleBook.shipped(), town.clock, [line], caller=AGENCY, source="test")
    town.settled(town.purchase(person, town.institution("P21120200003"), ("C-A", 1, "150.00")))
    return person


def asked(town: Town, http: TestClient, caller: Caller, person: int, path: str, body: dict[str, Any]) -> httpx.Response:
    """What the API answers a caller."""
    with town.database.transaction() as connection:
        token = grant(connection, caller, at=town.clock.now(), lasts=timedelta(days=1))
    headers = {"Authorization": f"Bearer {token}"}
    return http.post(f"/api/v1/people/{psn_no_for('211200', person)}/{path}", json=body, headers=headers)


OFFICER = Caller(Role.OFFICER, "officer-1", region="211200")


def test_an_officer_takes_a_credit_back_and_collects_the_rest(town: Town, http: TestClient, son: int) -> None:
    """¥70.00 are there, ¥140.00 were spent; ¥120.00 of May, credited late, are collected."""
    done = asked(town, http, OFFICER, son, "credits/2024-06/employer/undo", CASE)
    assert done.status_code == 200, done.text
    assert (done.json()["taken_fen"], done.json()["owed_fen"], done.json()["region"]) == (70_00, 140_00, "211200")
    assert asked(town, http, OFFICER, son, "credits/2024-06/employer/undo", CASE).json() == done.json()
    empty = asked(town, http, OFFICER, son, "debts/collect", {"reference": "ZH-1"})
    assert (empty.status_code, empty.json()["code"], empty.json()["details"]) == (
        409,
        "debt.no_money",
        {"owed": 140_00},
    )
    line = CreditLine(son, date(2024, 5, 1), CreditKind.EMPLOYER, 6_000_00, 120_00)
    post_credits(town.database, RuleBook.shipped(), town.clock, [line], caller=AGENCY, source="test")
    assert asked(town, http, OFFICER, son, "debts/collect", {"reference": "ZH-2"}).json() == {
        "taken_fen": 120_00,
        "owed_fen": 20_00,
    }
    with town.database.engine.connect() as connection:
        notes = connection.execute(sa.select(audit_entry.c.action, audit_entry.c.details)).tuples().all()
    assert ("accrual.undo_credit", {"reference": "GZ-1", "fen": 70_00, "owed": 140_00}) in notes


def test_an_officer_takes_a_death_back(town: Town, http: TestClient, son: int) -> None:
    wife = town.person("王秀兰", "1981-08-13", "active", balance=0)
    close_at_death(town.database, town.clock, son, date(2024, 6, 10), [Heir(wife, 1)], caller=AGENCY)
    done = asked(town, http, OFFICER, son, "death/undo", CASE).json()
    assert (done["amount_fen"], done["heirs"]) == (70_00, [{"person": str(wife), "amount_fen": 70_00}])
    again = asked(town, http, OFFICER, son, "death/undo", CASE | {"reference": "GZ-2"})
    assert (again.status_code, again.json()["code"]) == (409, "closing.undone")
    assert town.balance(son) == 70_00


@pytest.mark.parametrize(
    ("caller", "status"),
    [
        (Caller(Role.OFFICER, "officer-2", region="370800"), 404),
        (Caller(Role.CITIZEN, "citizen", person_id=1 << 10), 403),
    ],
)
def test_nobody_but_an_officer_of_the_region_takes_anything_back(
    town: Town, http: TestClient, son: int, caller: Caller, status: int
) -> None:
    for path in ("credits/2024-06/employer/undo", "death/undo"):
        assert asked(town, http, caller, son, path, CASE).status_code == status
    assert town.balance(son) == 70_00


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("credits/2024-13/employer/undo", CASE, "month"),
        ("credits/2024-06/gift/undo", CASE, "kind"),
        ("credits/2024-06/employer/undo", {"reference": "GZ-1"}, "reason"),
        ("death/undo", CASE | {"reason": "   "}, "reason"),
        ("debts/collect", {"reference": "a\tb"}, "reference"),
    ],
)
def test_wrong_input_is_told_by_its_field(
    town: Town, http: TestClient, son: int, path: str, body: dict[str, Any], field: str
) -> None:
    answer = asked(town, http, OFFICER, son, path, body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
