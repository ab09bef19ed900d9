"""An old man at the window: a clerk uses his pages beside him, within what is his alone, and he reads all of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from office_house import Browser, House, open_house

from gongji.family import casework
from gongji.foundation.access import Duty
from gongji.foundation.clock import CHINA
from gongji.registry import e_credential
from town import Town


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """Monday 2025-03-03, 10:00 in Tieling."""
    town.clock.set(datetime(2025, 3, 3, 10, 0, tzinfo=CHINA))
    yield from open_house(town, tmp_path)


@pytest.fixture
def father(house: House) -> int:
    """Wang Dehai, 74, with \u00a5352.00."""
    return house.town.person("王德海", "1951-03-08", "retired", balance=35_200, gender=1)


@pytest.fixture
def clerk(house: House) -> Browser:
    """At the window."""
    return house.officer("0212", Duty.CLERK)


def begin(house: House, clerk: Browser, person: int, **fields: str) -> httpx.Response:
    """The clerk types what lies before them: the card and the signed paper, unless told otherwise."""
    number, psn_no = house.numbers_of(person)
    told = {"way": "card", "card": number, "paper": "SQ-2025-0031", "present": "yes", **fields}
    return clerk.post(f"/office/people/{psn_no}/assist", **told)


def at_his_pages(clerk: Browser) -> Browser:
    """The same browser, at the citizen's pages."""
    return Browser(clerk.client, "gongji_session")


def code_of(house: House, person: int) -> str:
    """What his phone shows."""
    with house.town.database.transaction() as connection:
        return e_credential.issue(connection, house.town.vault, person, "211200", "show", house.town.clock.now())


def test_she_acts_beside_him_and_he_reads_what_she_did(house: House, clerk: Browser, father: int) -> None:
    _, psn_no = house.numbers_of(father)
    assert f"/office/people/{psn_no}/assist" in clerk.get(f"/office/people/{psn_no}").text
    assert "30 分钟自动结束" in clerk.get(f"/office/people/{psn_no}/assist").text
    begun = begin(house, clerk, father)
    assert (begun.status_code, begun.headers["location"]) == (303, "/c/")
    home = clerk.get("/c/")
    assert "王德海，您好" in home.text
    assert "工号 0212：您正在窗口替本人办，2025年3月3日 10:30 自动结束" in home.text
    pages = at_his_pages(clerk)
    brother = house.town.person("王强", "1960-01-01", "resident")
    number, _ = house.numbers_of(brother)
    asked = pages.post("/c/bind/who", kind="01", relation="sibling", name="王强", number=number)
    assert asked.status_code == 303
    done = pages.follow("/c/help/stop")
    assert "帮办已结束" in done.text
    assert clerk.get("/c/").status_code == 401
    his = house.citizen(father)
    log = his.get("/c/help").text
    for words in (
        "窗口工作人员，工号 0212",
        "2025年3月3日 10:00 到 2025年3月3日 10:00",
        "您出示了身份证，签了授权书 SQ-2025-0031",
        "在窗口替您办了：共济申请",
        "在窗口替您打开了首页",
    ):
        assert words in log, words
    assert "窗口工作人员（工号 0212）经您同意，开始替您办理" in his.get("/c/messages").text
    auditor = house.officer("2101", Duty.AUDITOR, region="210000")
    trail = auditor.get(f"/office/trail?person={psn_no}").text
    assert "在窗口开始替您办" in trail
    assert "在窗口替您办了：共济申请" in trail
    with house.town.database.transaction() as connection:
        rows = connection.execute(
            sa.text("SELECT role, holder, details FROM audit_entry WHERE action LIKE 'assist.did%'")
        )
        (entry,) = rows.all()
    assert (entry.role, entry.holder, entry.details["page"]) == ("officer", "0212", "/bind/who")


def test_his_own_code_shows_and_agrees_at_once(house: House, clerk: Browser, father: int) -> None:
    other = house.town.person("王德江", "1955-03-08", "retired", balance=0, household="另一家")
    wrong = begin(house, clerk, father, way="code", code=code_of(house, other))
    assert (wrong.status_code, "这是别人的医保码" in wrong.text) == (422, True)
    code = code_of(house, father)
    assert begin(house, clerk, father, way="code", code=code).status_code == 303
    again = begin(house, clerk, father, way="code", code=code)
    assert (again.status_code, "已失效或已使用" in again.text) == (409, True)


def test_it_ends_by_itself_when_she_leaves_the_office_and_when_the_next_one_sits_down(
    house: House, clerk: Browser, father: int
) -> None:
    begin(house, clerk, father)
    first = dict(clerk.client.cookies)
    neighbour = house.town.person("李大娘", "1950-01-01", "resident", gender=2, household="别家")
    begin(house, clerk, neighbour)
    assert "李大娘，您好" in clerk.get("/c/").text
    before = httpx.Client(base_url=house.base, cookies=first, trust_env=False, timeout=60)
    house.opened.append(before)
    assert before.get("/c/").status_code == 401, "the first session was replaced"
    house.town.clock.advance(timedelta(minutes=29))
    assert clerk.get("/c/").status_code in (200, 401)
    begin(house, house.officer("0212", Duty.CLERK), father)
    fresh = house.officer("0213", Duty.CLERK)
    begin(house, fresh, father)
    assert fresh.get("/c/").status_code == 200
    house.town.clock.advance(timedelta(minutes=15))
    assert fresh.get("/c/").status_code == 200
    fresh.post("/office/leave")
    assert fresh.get("/c/").status_code == 401, "who is not signed in at the office acts for nobody"
    third = house.officer("0214", Duty.CLERK)
    begin(house, third, father)
    for _ in range(3):
        house.town.clock.advance(timedelta(minutes=10))
        last = third.get("/c/")
    assert last.status_code in (401, 403)
    assert "王德海" not in last.text


def test_what_is_his_alone_she_does_not_do(house: House, clerk: Browser, father: int) -> None:
    begin(house, clerk, father)
    pages = at_his_pages(clerk)
    for method, path in (
        ("POST", "/c/wallet/check"),
        ("GET", "/c/wallet/check"),
        ("POST", "/c/allotment/check"),
        ("GET", "/c/allotment/check"),
        ("GET", "/c/help"),
        ("POST", "/c/help"),
        ("GET", "/c/messages/choices"),
        ("GET", "/c/messages/phone"),
        ("POST", "/c/help/1/begin"),
    ):
        answer = (
            pages.get(path) if method == "GET" else pages.post(path, to="1-child-0", amount="100", source="account")
        )
        assert answer.status_code == 403, (method, path)


def test_without_him_without_paper_or_with_another_card_nothing_begins(
    house: House, clerk: Browser, father: int
) -> None:
    for fields, words in (
        ({"way": ""}, "请选本人出示了什么"),
        ({"present": ""}, "本人在场并同意后才能帮办"),
        ({"paper": "x"}, "请填写授权书编号"),
        ({"way": "code", "code": "12"}, "请扫本人手机上的医保码"),
        ({"card": "211202195001010027"}, "这不是该参保人的身份证号"),
    ):
        refused = begin(house, clerk, father, **fields)
        assert (refused.status_code, words in refused.text) == (422, True), fields
    for _ in range(4):
        begin(house, clerk, father, card="211202195001010027")
    many = begin(house, clerk, father)
    assert (many.status_code, "尝试次数太多" in many.text) == (429, True)
    assert clerk.client.cookies.get("gongji_session") is None


def test_not_for_a_relative_and_not_judged_by_whoever_acted(house: House, clerk: Browser, father: int) -> None:
    with house.town.database.transaction() as connection:
        casework.know_officer(connection, "0215", father, house.town.clock.now())
    own = begin(house, house.officer("0215", Duty.CLERK), father)
    assert (own.status_code, "本人或亲属" in own.text) == (409, True)
    asked = house.request()
    both = house.officer("0212", Duty.CLERK, Duty.REVIEWER)
    assert begin(house, both, asked.sharer_id).status_code == 303
    refused = both.post(f"/office/cases/{asked.id}/claim")
    assert (refused.status_code, "请由其他同事办理" in refused.text) == (409, True)
    assert house.officer("0210").post(f"/office/cases/{asked.id}/claim").status_code == 303
