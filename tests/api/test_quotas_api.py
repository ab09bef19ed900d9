"""Wallet quotas over REST: a son lets his mother use ¥500.00 across provinces, and everybody whose business it is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from test_wallet_api import House, open_both

from gongji.entrances.api.app import build_api
from gongji.entrances.api.explained import payers_out
from gongji.entrances.platform import Platform
from gongji.family.kinship_store import record_kinship
from gongji.family.model import FactKind, KinshipFact
from gongji.foundation.audit import audit_entry
from gongji.foundation.clock import CHINA
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook
from gongji.wallet import store
from town import JINING, TIELING, Town


@pytest.fixture
def house(town: Town) -> Iterator[House]:
    """Wednesday 2025-06-11, ten days after quotas have replaced transfers."""
    town.clock.set(datetime(2025, 6, 11, 10, 30, tzinfo=CHINA))
    mother = town.person("李秀英", "1955-08-13", "resident", region=TIELING)
    son = town.person("张建国", "1980-03-01", "active", balance=9_000_00, region=JINING)
    with town.database.transaction() as connection:
        fact = KinshipFact(FactKind.PARENT, mother, son, date(1980, 3, 1), None, "户口簿")
        record_kinship(connection, [fact], town.clock.now())
        store.take_wallet(connection, town.institution("H37080000001").id, date(2025, 1, 1), None)
    settings = Settings(wallet_regions=[TIELING], wallet_quotas_from=date(2025, 6, 1))
    platform = Platform(settings, town.database, town.vault, town.clock, RuleBook.shipped())
    with TestClient(Starlette(routes=[Mount("/api", build_api(platform))])) as http:
        yield House(town, http, mother, son)
    platform.desk.close()


def test_from_the_conditions_to_the_end(house: House) -> None:
    """Told what stands in the way, given, accepted, used, changed, ended; each step again gives the same answer."""
    body = {"receiver": house.named(house.mother)}
    listed = house.ask(house.son, "POST", "/wallet/quotas/conditions", body).json()
    assert [one["code"] for one in listed if not one["holds"]] == ["wallet.not_opened", "wallet.receiver_not_opened"]
    open_both(house)
    asked = body | {"amount_fen": 500_00}
    one = house.ask(house.son, "POST", "/wallet/quotas", asked, "the-one-key").json()
    assert house.ask(house.son, "POST", "/wallet/quotas", asked, "the-one-key").json() == one
    assert (one["state"], one["name"], one["given"], one["left_fen"]) == ("proposed", "**英", True, 500_00)
    path = f"/wallet/quotas/{one['id']}"
    refused = house.ask(house.son, "POST", f"{path}/accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "quota.not_yours")
    accepted = house.ask(house.mother, "POST", f"{path}/accept").json()
    assert (accepted["state"], accepted["given"], accepted["name"]) == ("active", False, "**国")
    town = house.town
    bought = town.settled(town.purchase(house.mother, town.institution("H37080000001"), ("C-A", 1, "120.00")))
    assert bought.wallet == 120_00
    shown = house.ask(house.son, "GET", path).json()
    assert [(line["what"], line["amount_fen"]) for line in shown["movements"]] == [("used", 120_00), ("set", 500_00)]
    changed = house.ask(house.son, "PUT", f"{path}/amount", {"amount_fen": 300_00}).json()
    assert (changed["amount_fen"], changed["used_fen"], changed["left_fen"]) == (300_00, 120_00, 180_00)
    low = house.ask(house.son, "PUT", f"{path}/amount", {"amount_fen": 119_99}).json()
    assert (low["code"], low["details"]) == ("quota.used", {"used_fen": 120_00})
    ended = house.ask(house.mother, "POST", f"{path}/end").json()
    assert (ended["state"], ended["end"], ended["amount_fen"], ended["left_fen"]) == ("ended", "by_user", 120_00, 0)
    assert house.ask(house.son, "GET", "/wallet/quotas").json()[0]["end"] == "by_user"
    stranger = town.person("王芳", "1985-05-05", "active", balance=0, region=JINING)
    assert house.ask(stranger, "GET", path).status_code == 404
    assert house.ask(stranger, "GET", "/wallet/quotas").json() == []
    with town.database.transaction() as connection:
        noted = set(connection.execute(sa.select(audit_entry.c.action)).scalars())
    wanted = {"set", "accept", "change", "end"}
    assert {f"wallet.quota.{step}" for step in wanted} <= noted


def test_an_answer_names_no_giver_to_the_hospital(house: House) -> None:
    """The settlement as integrators read it says that a relative's quota paid, and not who that is."""
    open_both(house)
    body = {"receiver": house.named(house.mother), "amount_fen": 50_00}
    one = house.ask(house.son, "POST", "/wallet/quotas", body).json()
    house.ask(house.mother, "POST", f"/wallet/quotas/{one['id']}/accept")
    town = house.town
    bought = town.settled(town.purchase(house.mother, town.institution("H37080000001"), ("C-A", 1, "20.00")))
    (line,) = [line for line in payers_out(bought.explanation) if line.because_code == "wallet.quota.paid"]
    assert (line.amount_fen, line.inputs) == (20_00, {"left": 30_00})
    assert str(house.son) not in line.because.zh + line.label.zh
