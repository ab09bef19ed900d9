"""What is said at the counter, with the ID card on the table, counts like what is pressed on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from office_house import Browser
from phone import Pages
from starlette.applications import Starlette
from starlette.routing import Mount

from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.entrances.web.citizen import build_citizen_pages
from gongji.entrances.web.office import build_office_pages
from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.sessions import begin_session
from gongji.foundation.settings import Settings
from strict_region import stricter_shandong
from town import JINING, Town


@pytest.fixture
def pages(town: Town, tmp_path: Path) -> Iterator[Pages]:
    rules = stricter_shandong(tmp_path / "packs")
    platform = Platform(Settings(data=tmp_path), town.database, town.vault, town.clock, rules)
    routes = [Mount("/c", build_citizen_pages(platform)), Mount("/office", build_office_pages(platform))]
    with serving(Starlette(routes=routes), "127.0.0.1", 0) as base:
        yield Pages(town, platform, base)


def officer(pages: Pages, *duties: Duty, region: str = JINING) -> Browser:
    with pages.town.database.transaction() as connection:
        caller = Caller(Role.OFFICER, "0810", None, region, frozenset(duties))
        token = begin_session(connection, caller, at=pages.town.clock.now(), lasts=timedelta(hours=8))
    client = httpx.Client(base_url=pages.base, trust_env=False, timeout=60, cookies={"gongji_office": token})
    return Browser(client, "gongji_office")


def test_the_father_agrees_at_the_counter_with_his_card(pages: Pages) -> None:
    town = pages.town
    daughter = town.person("张丽", "1978-11-05", "active", balance=350_000, region=JINING, gender=2)
    father = town.person("张德福", "1952-01-17", "resident", region=JINING)
    hers = pages.phone(daughter)
    hers.send("/c/bind/who", kind="01", relation="parent", name="张德福", number=pages.number(father))
    hers.send("/c/bind/consent", way="window")
    hers.send("/c/bind/check", commitment="yes")
    number = hers.path.rsplit("/", 1)[1]
    clerk = officer(pages, Duty.REVIEWER)
    assert "窗口和上门" in clerk.get("/office/counter").text
    card = pages.number(father)
    for wrong in (
        {"number": number, "certificate": card},
        {"number": number, "certificate": pages.number(daughter), "present": "yes"},
        {"number": "1", "certificate": card, "present": "yes"},
        {"number": number, "certificate": "x", "present": "yes"},
    ):
        assert clerk.post("/office/counter/consent", **wrong).status_code == 422
    done = clerk.follow("/office/counter/consent", number=number, certificate=card, present="yes")
    assert "已记下家人的同意" in done.text
    hers.open(f"/c/applications/{number}")
    assert hers.heading == "已经生效"


def test_an_elder_without_a_phone_lets_her_daughter_help(pages: Pages) -> None:
    town = pages.town
    mother = town.person("王秀兰", "1953-03-08", "resident", gender=2, region=JINING)
    daughter = town.person("李婷", "1980-05-20", "active", balance=0, gender=2, region=JINING)
    form = {"elder": pages.number(mother), "helper": pages.number(daughter), "scope": "look", "days": "30"}
    clerk = officer(pages, Duty.REVIEWER)
    assert clerk.post("/office/counter/helper", **form).status_code == 422
    assert clerk.post("/office/counter/helper", elder_present="yes").status_code == 422
    assert "已记下委托" in clerk.follow("/office/counter/helper", **form, elder_present="yes").text
    assert "开始帮 **兰 办" in pages.phone(daughter).open("/c/help")
    elsewhere = officer(pages, Duty.REVIEWER, region="211200")
    assert elsewhere.post("/office/counter/helper", **form, elder_present="yes").status_code == 422
    assert officer(pages, Duty.AUDITOR).get("/office/counter").status_code == 403
