"""The wallet over REST: a son sends his mother ¥2,000.00 across provinces, and everybody whose business it is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from gongji.entrances.api.app import build_api
from gongji.entrances.platform import Platform
from gongji.family.kinship_store import record_kinship
from gongji.family.model import FactKind, KinshipFact
from gongji.foundation.access import Caller, Role, grant
from gongji.foundation.audit import audit_entry
from gongji.foundation.clock import CHINA
from gongji.foundation.settings import Settings
from gongji.registry.service import people_by_id
from gongji.rules.book import RuleBook
from town import JINING, TIELING, Town


@dataclass
class House:
    """The mother in Tieling, the son in Jining with ¥9,000.00, and the clients of all who call."""

    town: Town
    http: TestClient
    mother: int
    son: int
    keys: int = 0

    def ask(self, who: int | Caller, method: str, path: str, body: Any = None, key: str = "") -> httpx.Response:
        """A call by a citizen or somebody else."""
        caller = who if isinstance(who, Caller) else Caller(Role.CITIZEN, f"citizen-{who}", who)
        with self.town.database.transaction() as connection:
            token = grant(connection, caller, at=self.town.clock.now(), lasts=timedelta(days=30))
        self.keys += 1
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or f"key-{self.keys:08d}"}
        return self.http.request(method, f"/api/v1{path}", json=body, headers=headers)

    def named(self, person: int) -> dict[str, str]:
        """A person's certificate and name."""
        with self.town.database.transaction() as connection:
            found = people_by_id(connection, self.town.vault, [person])[person]
        return {"certificate_number": found.certificate, "name": found.name}

    def send(self, amount: int, **more: Any) -> httpx.Response:
        """The son sends his mother money."""
        key = more.pop("key", "")
        body = {"receiver": self.named(self.mother), "amount_fen": amount} | more
        return self.ask(self.son, "POST", "/wallet/transfers", body, key)


@pytest.fixture
def house(town: Town) -> Iterator[House]:
    """Wednesday 2025-06-11, 10:30; nobody has opened a wallet yet."""
    town.clock.set(datetime(2025, 6, 11, 10, 30, tzinfo=CHINA))
    mother = town.person("李秀英", "1955-08-13", "resident", region=TIELING)
    son = town.person("张建国", "1980-03-01", "active", balance=9_000_00, region=JINING)
    with town.database.transaction() as connection:
        fact = KinshipFact(FactKind.PARENT, mother, son, date(1980, 3, 1), None, "户口簿")
        record_kinship(connection, [fact], town.clock.now())
    settings = Settings(wallet_regions=[TIELING])
    platform = Platform(settings, town.database, town.vault, town.clock, RuleBook.shipped())
    with TestClient(Starlette(routes=[Mount("/api", build_api(platform))])) as http:
        yield House(town, http, mother, son)
    platform.desk.close()


def open_both(house: House) -> None:
    """Both open their wallets."""
    for person, area in ((house.son, JINING), (house.mother, TIELING)):
        opened = house.ask(person, "POST", "/wallet", {"area": area}).json()
        assert (opened["area"], opened["balance_fen"]) == (area, 0)


def test_what_stands_in_the_way_is_told_before_an_amount(house: House) -> None:
    """First his own wallet, then hers, then nothing; at night the hour at which it clears."""
    shown = house.ask(house.son, "GET", "/wallet").json()
    assert (shown["area"], shown["account_fen"], shown["most_each_fen"], shown["most_a_day"]) == (
        None,
        9_000_00,
        2_000_00,
        3,
    )
    assert [one["code"] for one in shown["conditions"] if not one["holds"]] == ["wallet.not_opened"]
    body = {"receiver": house.named(house.mother)}
    listed = house.ask(house.son, "POST", "/wallet/conditions", body).json()
    assert [one["code"] for one in listed if not one["holds"]] == ["wallet.not_opened", "wallet.receiver_not_opened"]
    open_both(house)
    assert all(one["holds"] for one in house.ask(house.son, "POST", "/wallet/conditions", body).json())
    house.town.clock.set(datetime(2025, 6, 11, 22, 5, tzinfo=CHINA))
    (closed,) = [one for one in house.ask(house.son, "GET", "/wallet").json()["conditions"] if not one["holds"]]
    assert (closed["code"], closed["clears_at"]) == ("wallet.closed", "2025-06-12T06:00:00+08:00")
    refused = house.send(100_00)
    assert (refused.status_code, refused.json()["details"]["clears_at"]) == (409, "2025-06-12T06:00:00+08:00")


def test_sent_accepted_and_seen_by_both(house: House) -> None:
    open_both(house)
    sent = house.send(2_000_00, key="the-one-key").json()
    assert house.send(2_000_00, key="the-one-key").json() == sent
    assert (sent["state"], sent["name"], sent["sent"], sent["relation"]) == ("pending", "**英", True, "parent")
    assert sent["deadline"].startswith("2025-06-12T06:00:00")
    blocked = house.send(100_00).json()
    assert (blocked["code"], blocked["details"]["clears_at"]) == ("wallet.pending", "2025-06-12T06:00:00+08:00")
    path = f"/wallet/transfers/{sent['id']}"
    assert house.ask(house.son, "POST", f"{path}/accept").json()["code"] == "wallet.transfer_unknown"
    accepted = house.ask(house.mother, "POST", f"{path}/accept").json()
    assert (accepted["state"], accepted["sent"], accepted["name"]) == ("accepted", False, "**国")
    assert house.ask(house.mother, "POST", f"{path}/accept").json() == accepted
    assert house.ask(house.mother, "POST", f"{path}/decline").json()["code"] == "wallet.accepted"
    assert house.ask(house.son, "GET", path).json()["state_words"]["zh"] == "对方已收下"
    shown = house.ask(house.mother, "GET", "/wallet").json()
    assert (shown["balance_fen"], [one["id"] for one in shown["transfers"]]) == (2_000_00, [sent["id"]])
    stranger = house.town.person("王芳", "1985-05-05", "active", balance=0, region=JINING)
    assert house.ask(stranger, "GET", path).status_code == 404
    with house.town.database.transaction() as connection:
        noted = set(connection.execute(sa.select(audit_entry.c.action)).scalars())
    assert {"wallet.open", "wallet.send", "wallet.accept", "wallet.read"} <= noted


def test_what_cannot_be_read_names_its_field(house: House) -> None:
    open_both(house)
    wrong_name = house.send(100_00, receiver=house.named(house.mother) | {"name": "李秀兰"})
    assert (wrong_name.status_code, wrong_name.json()["code"]) == (404, "authorisation.name_mismatch")
    bad_number = house.send(100_00, receiver={"certificate_number": "12", "name": "李秀英"}).json()
    assert bad_number["field"] == "receiver.certificate_number"
    assert house.send(0).status_code == 422
    assert house.send(100_00, key="short").status_code == 422
    assert house.ask(house.son, "POST", "/wallet", {"area": "210300"}).json()["code"] == "wallet.area_closed"
    assert house.ask(house.son, "GET", "/wallet/figures?first=2025-06-01&last=2025-06-30").status_code == 403


def test_a_relation_is_stated_with_a_commitment(house: House) -> None:
    """Nobody in the registers says that they are siblings; stated without the commitment it counts for nothing."""
    open_both(house)
    sister = house.town.person("张燕", "1983-01-01", "active", balance=0, region=JINING)
    house.ask(sister, "POST", "/wallet", {"area": JINING})
    told = {"receiver": house.named(sister), "relation": "sibling"}
    assert house.send(10_00, **told).json()["code"] == "wallet.not_a_relative"
    sent = house.send(10_00, **told, commitment=True).json()
    assert (sent["relation"], sent["stated"]) == ("sibling", True)


def test_five_thousand_in_parts(house: House) -> None:
    parts = house.ask(house.son, "GET", "/wallet/plan?amount_fen=500000").json()
    assert [(one["amount_fen"], one["after_answer"]) for one in parts] == [
        (2_000_00, False),
        (2_000_00, True),
        (1_000_00, True),
    ]


def test_officers_say_who_takes_it_and_see_sums_a_day(house: House) -> None:
    """¥2,000.00 accepted in another province, ¥300.00 declined: the sums of Jining's day; Tieling's officer sees none."""
    open_both(house)
    officer = Caller(Role.OFFICER, "A1", region=JINING)
    elsewhere = Caller(Role.OFFICER, "A2", region=TIELING)
    told = {"since": "2025-06-01", "until": None}
    assert house.ask(officer, "PUT", "/wallet/institutions/H37080000001", told).json() == told
    refused = house.ask(elsewhere, "PUT", "/wallet/institutions/H37080000001", told)
    assert (refused.status_code, refused.json()["code"]) == (404, "institution.unknown")
    found = house.ask(house.mother, "GET", "/wallet/institutions?region=370800&words=人民").json()
    assert [one["name"] for one in found] == ["济宁市第一人民医院"]
    assert house.ask(house.mother, "GET", "/wallet/institutions?region=210000").json() == []
    first = house.send(2_000_00).json()["id"]
    house.ask(house.mother, "POST", f"/wallet/transfers/{first}/accept")
    second = house.send(300_00).json()["id"]
    house.ask(house.mother, "POST", f"/wallet/transfers/{second}/decline")
    span = "/wallet/figures?first=2025-06-01&last=2025-06-30"
    assert house.ask(officer, "GET", span).json() == [
        {
            "day": "2025-06-11",
            "sent": 2,
            "sent_fen": 2_300_00,
            "accepted": 1,
            "accepted_fen": 2_000_00,
            "back": 1,
            "back_fen": 300_00,
            "elsewhere": 1,
            "elsewhere_fen": 2_000_00,
        }
    ]
    assert house.ask(elsewhere, "GET", span).json() == []
    assert house.ask(officer, "GET", "/wallet/figures?first=2025-06-30&last=2025-06-01").json()["field"] == "last"
    assert house.ask(officer, "GET", "/wallet/figures?first=0001-01-01&last=9999-12-31").status_code == 422
