"""Premiums over REST: a son orders his mother's, two tax offices, and everybody whose business it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.routing import Mount

from gongji.entrances.api.app import build_api
from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.foundation.access import Caller, Role, grant
from gongji.foundation.audit import audit_entry
from gongji.foundation.clock import CHINA
from gongji.foundation.settings import Settings
from gongji.registry.service import people_by_id
from gongji.rules.book import RuleBook
from town import JINING, Town

Ask = Callable[..., httpx.Response]


@dataclass
class Premiums:
    """The son, his mother, a stranger, and the clients of all who call."""

    town: Town
    http: httpx.Client
    mother: int
    son: int
    under: int
    keys: int = 0

    def client(self, role: Role, holder: str, person: int | None = None, region: str | None = None) -> Ask:
        """Somebody with a token: calls with method, path and body."""
        with self.town.database.transaction() as connection:
            caller = Caller(role, holder, person, region)
            token = grant(connection, caller, at=self.town.clock.now(), lasts=timedelta(days=90))

        def ask(method: str, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
            self.keys += 1
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or f"{holder}-{self.keys:08d}"}
            return self.http.request(method, f"/api/v1{path}", json=body, headers=headers)

        return ask

    def citizen(self, person: int) -> Ask:
        """A citizen."""
        return self.client(Role.CITIZEN, f"citizen-{person}", person)

    def tax(self, region: str = JINING) -> Ask:
        """A tax office."""
        return self.client(Role.TAX, f"tax-{region}", region=region)


@pytest.fixture
def premiums(town: Town) -> Iterator[Premiums]:
    """Monday 2024-10-14 in Jining; the son has ¥1,000.00."""
    town.clock.set(datetime(2024, 10, 14, 9, 0, tzinfo=CHINA))
    mother = town.person("孔母", "1955-08-13", "resident", region=JINING)
    son = town.person("孔明", "1980-03-01", "active", balance=1_000_00, region=JINING, household="另一家")
    under = town.share(son, mother, region=JINING, purposes=["care", "resident_premium"], exclusive=True)
    platform = Platform(Settings(), town.database, town.vault, town.clock, RuleBook.shipped())
    app = Starlette(routes=[Mount("/api", build_api(platform))])
    with serving(app, "127.0.0.1", 0) as base, httpx.Client(base_url=base, trust_env=False, timeout=60) as http:
        yield Premiums(town, http, mother, son, under)
    platform.desk.close()


def test_a_son_orders_and_the_tax_office_of_his_mothers_region_books(premiums: Premiums) -> None:
    son, tax = premiums.citizen(premiums.son), premiums.tax()
    shown = son("GET", "/premiums").json()
    wanted = next(one for one in shown["members"] if one["year"] == 2025)
    assert (wanted["standing"], wanted["amount_fen"], wanted["name"]) == ("unpaid", 400_00, "*母")
    body = {"authorisation": wanted["authorisation"], "year": 2025}
    placed = son("POST", "/premiums", body, "order-00000001").json()
    assert son("POST", "/premiums", body, "order-00000001").json() == placed
    assert (placed["state"], placed["state_words"]["zh"], placed["voucher"]) == ("booking", "正在入库", None)
    (waiting,) = tax("GET", "/tax/orders").json()
    assert (waiting["id"], waiting["name"], waiting["certificate_number"]) == (placed["id"], "*母", None)
    full = tax("GET", f"/tax/orders/{placed['id']}").json()
    assert full["name"] == "孔母"
    assert full["certificate_number"].startswith("3708")
    booked = tax("POST", f"/tax/orders/{placed['id']}/confirm", {"voucher": "37002024101400001"}).json()
    assert (booked["state"], booked["voucher"]) == ("booked", "37002024101400001")
    assert son("GET", f"/premiums/{placed['id']}").json()["state_words"]["zh"] == "已入库"
    again = tax("POST", f"/tax/orders/{placed['id']}/confirm", {"voucher": "37002024101400001"})
    assert again.json() == booked
    back = tax("POST", f"/tax/orders/{placed['id']}/send-back", {"reason": "wrong_person"}).json()
    assert (back["state"], back["reason_words"]["zh"]) == ("sent_back", "缴错了人")
    with premiums.town.database.transaction() as connection:
        noted = set(connection.execute(sa.select(audit_entry.c.action)).scalars())
    assert {"premium.order", "premium.read_in_full", "premium.confirm", "premium.send_back"} <= noted


def test_an_order_is_nobody_elses_business(premiums: Premiums) -> None:
    son = premiums.citizen(premiums.son)
    placed = son("POST", "/premiums", {"authorisation": str(premiums.under), "year": 2025}).json()
    number = placed["id"]
    mother, officer = premiums.citizen(premiums.mother), premiums.client(Role.OFFICER, "officer-1", region=JINING)
    elsewhere = premiums.tax("370100")
    assert mother("GET", f"/premiums/{number}").json()["code"] == "premium.order_unknown"
    taken = mother("POST", "/premiums", {"authorisation": str(premiums.under), "year": 2025})
    assert taken.json()["code"] == "premium.no_authorisation"
    assert elsewhere("GET", "/tax/orders").json() == []
    for call in (
        elsewhere("GET", f"/tax/orders/{number}"),
        elsewhere("POST", f"/tax/orders/{number}/confirm", {"voucher": "V-0001"}),
        elsewhere("POST", f"/tax/orders/{number}/reject", {"reason": "amount"}),
        elsewhere("POST", f"/tax/orders/{number}/send-back", {"reason": "amount"}),
    ):
        assert (call.status_code, call.json()["code"]) == (404, "premium.order_unknown")
    for client in (son, mother, officer):
        for method, path in (("GET", "/tax/orders"), ("GET", f"/tax/orders/{number}")):
            assert client(method, path).json()["code"] == "access.role"
        assert client("POST", f"/tax/orders/{number}/confirm", {"voucher": "V-0001"}).status_code == 403
    assert officer("GET", "/premiums").status_code == 403


def test_wrong_input_is_told_by_field(premiums: Premiums) -> None:
    son, tax = premiums.citizen(premiums.son), premiums.tax()
    for body, field in (({"authorisation": "x", "year": 2025}, "authorisation"), ({"year": 2025}, "authorisation")):
        answer = son("POST", "/premiums", body)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert son("POST", "/premiums", {"authorisation": "9", "year": 2025}).status_code == 404
    placed = son("POST", "/premiums", {"authorisation": str(premiums.under), "year": 2025}).json()["id"]
    assert tax("POST", f"/tax/orders/{placed}/confirm", {"voucher": "不是编号啊"}).json()["code"] == "premium.voucher"
    assert tax("POST", f"/tax/orders/{placed}/reject", {"reason": "mood"}).status_code == 422
    assert tax("POST", f"/tax/orders/{placed}/send-back", {"reason": "amount"}).json()["code"] == "premium.not_booked"
    premiums.town.clock.advance(timedelta(days=4))
    late = tax("POST", f"/tax/orders/{placed}/confirm", {"voucher": "V-0001"})
    assert (late.status_code, late.json()["code"]) == (409, "premium.over")


def test_a_year_paid_by_the_village_is_told_once(premiums: Premiums) -> None:
    tax, son = premiums.tax(), premiums.citizen(premiums.son)
    with premiums.town.database.transaction() as connection:
        number = people_by_id(connection, premiums.town.vault, [premiums.mother])[premiums.mother].certificate
    body = {"certificate_number": number, "year": 2025, "voucher": "VILLAGE-1"}
    assert premiums.tax("370100")("POST", "/tax/paid", body).json()["code"] == "person.unknown"
    assert [tax("POST", "/tax/paid", body).json()["new"] for _ in range(2)] == [True, False]
    refused = son("POST", "/premiums", {"authorisation": str(premiums.under), "year": 2025})
    assert refused.json()["code"] == "premium.paid_by_other"
