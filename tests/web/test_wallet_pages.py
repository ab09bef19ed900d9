"""A son sends his mother money on his phone, with plain forms; she accepts on hers; what stands in the way has its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from html import unescape
from pathlib import Path

import pytest
from office_house import Browser, House, hidden, open_house

from gongji.family.kinship_store import record_kinship
from gongji.family.model import FactKind, KinshipFact
from gongji.foundation.clock import CHINA
from gongji.registry.service import people_by_id
from gongji.wallet import store
from town import JINING, Town


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """The pages, on Wednesday 2025-06-11 at 10:30."""
    town.clock.set(datetime(2025, 6, 11, 10, 30, tzinfo=CHINA))
    yield from open_house(town, tmp_path)


def family(house: House) -> tuple[int, int, Browser, Browser]:
    """A mother and her son with ¥9,000.00 in Jining, and their phones; both have opened their wallets."""
    mother = house.town.person("孔母", "1955-08-13", "resident", region=JINING, gender=2)
    son = house.town.person("孔明", "1980-03-01", "active", balance=9_000_00, region=JINING)
    with house.town.database.transaction() as connection:
        fact = KinshipFact(FactKind.PARENT, mother, son, date(1980, 3, 1), None, "户口簿")
        record_kinship(connection, [fact], house.town.clock.now())
    his, hers = house.citizen(son), house.citizen(mother)
    assert "您还没有" not in his.get("/c/wallet").text
    for phone in (his, hers):
        assert "开通医保钱包" in phone.get("/c/wallet").text
        assert "济宁" in phone.get("/c/wallet/open").text
        assert phone.follow("/c/wallet/open", area=JINING).status_code == 200
    return mother, son, his, hers


def to_mother(his: Browser) -> str:
    """The address of the amount for the mother, from the list of known relatives."""
    page = his.get("/c/wallet/who").text
    assert "母亲（*母）" in page
    found = re.search(r'href="(/c/wallet/send\?to=[^"]+)"', page)
    assert found is not None
    return unescape(found[1])


def send(his: Browser, amount: str) -> str:
    """The son sends an amount of yuan; gives the address of the transfer's page."""
    where = to_mother(his)
    ticket = where.split("to=")[1]
    answer = his.post("/c/wallet/send", to=ticket, amount=amount, source="account")
    assert answer.status_code == 303, answer.text
    check = his.get(answer.headers["location"]).text
    assert "对方收下后，这笔钱就是对方的，不能要回" in check
    assert "2025年6月12日 06:00" in check
    fields = {name: hidden(check, name) for name in ("to", "amount", "source", "key")}
    sent = his.post("/c/wallet/check", **fields)
    assert sent.status_code == 303, sent.text
    assert his.post("/c/wallet/check", **fields).headers["location"] == sent.headers["location"], "twice sends once"
    return sent.headers["location"]


def test_sent_with_a_countdown_and_accepted(house: House) -> None:
    """¥1,500.00: both see it wait, she accepts, it stands in her wallet, and both see when."""
    _, _, his, hers = family(house)
    assert "今天 22:00 前还能转 3 笔" in his.get("/c/wallet").text
    page = send(his, "1500")
    assert "还有 19 小时 30 分" in his.get(page).text
    assert "今天 22:00 前还能转 2 笔" in his.get("/c/wallet").text
    assert "儿子（*明）给您转来 ¥1,500.00" in hers.get("/c/wallet").text
    waiting = hers.get(page).text
    assert "收下 ¥1,500.00" in waiting
    assert "收下 ¥1,500.00" not in his.get(page).text
    accepted = hers.follow(f"{page}/accept").text
    assert "您已收下" in accepted
    assert "对方已收下" in his.get(page).text
    assert "2025年6月11日 10:30" in accepted
    assert "¥1,500.00" in hers.get("/c/wallet").text
    again = hers.post(f"{page}/decline")
    assert (again.status_code, "这笔转账已经结束" in again.text) == (409, True)
    stranger = house.citizen(house.town.person("王芳", "1985-05-05", "active", balance=0, region=JINING))
    assert stranger.get(page).status_code == 404


def test_nothing_is_sent_from_a_frozen_account(house: House) -> None:
    _, son, his, _ = family(house)
    where = to_mother(his)
    check = his.get(
        his.post("/c/wallet/send", to=where.split("to=")[1], amount="100", source="account").headers["location"]
    )
    fields = {name: hidden(check.text, name) for name in ("to", "amount", "source", "key")}
    house.town.freeze(son, region=JINING)
    refused = his.post("/c/wallet/check", **fields)
    assert (refused.status_code, "个人账户暂时冻结" in refused.text) == (409, True)
    assert house.town.balance(son) == 9_000_00


def test_what_stands_in_the_way_says_when_it_clears(house: House) -> None:
    """One that waits; the night; a day that is full: each with its exact limit and the moment."""
    _, son, his, hers = family(house)
    page = send(his, "100")
    blocked = his.get(to_mother(his))
    assert blocked.status_code == 409
    for words in ("100.00 元还没有收下", "2025年6月12日 06:00", "您的钱没有动"):
        assert words in blocked.text
    assert "您没有收，钱已退回" in hers.follow(f"{page}/decline").text
    house.town.clock.set(datetime(2025, 6, 11, 22, 10, tzinfo=CHINA))
    his = house.citizen(son)
    assert "22:00 到次日 6:00 不办转账，6月12日 06:00 起可以转" in his.get("/c/wallet").text
    assert "不能要回" not in his.get("/c/wallet").text
    night = his.get(to_mother(his))
    assert (night.status_code, "2025年6月12日 06:00" in night.text) == (409, True)


def test_five_thousand_gets_a_plan(house: House) -> None:
    """¥5,000.00 in three: the page says when each is possible, and goes on with the first ¥2,000.00."""
    _, _, his, _ = family(house)
    where = to_mother(his)
    plan = his.post("/c/wallet/send", to=where.split("to=")[1], amount="5,000", source="account").text
    for words in ("要分 3 笔转", "现在就能转", "上一笔收下以后就能转", "先转第一笔 ¥2,000.00", "¥1,000.00"):
        assert words in plan
    more = his.post("/c/wallet/send", to=where.split("to=")[1], amount="9,000.01", source="account")
    assert more.status_code == 422
    for wrong in ("", "0", "一百", "-5"):
        assert his.post("/c/wallet/send", to=where.split("to=")[1], amount=wrong).status_code == 422


def test_somebody_else_by_name_and_number(house: House) -> None:
    """A cousin is no near relative; a sister is, by his word; a wrong name learns nothing; a made-up ticket opens nothing."""
    _, _, his, _ = family(house)
    sister = house.town.person("孔慧", "1983-01-01", "active", balance=0, region=JINING, gender=2)
    with house.town.database.transaction() as connection:
        number = people_by_id(connection, house.town.vault, [sister])[sister].certificate
    empty = his.post("/c/wallet/who")
    assert empty.status_code == 422
    assert "请勾选承诺" in empty.text
    wrong = his.post("/c/wallet/who", relation="sibling", name="孔会", number=number, commit="yes")
    assert (wrong.status_code, "孔慧" in wrong.text) == (409, False)
    answer = his.post("/c/wallet/who", relation="sibling", name="孔慧", number=number, commit="yes")
    assert "对方还没有开通医保钱包" in his.get(answer.headers["location"]).text
    house.citizen(sister).follow("/c/wallet/open", area=JINING)
    assert "转多少给" in his.get(answer.headers["location"]).text
    for forged in (f"{sister}-sibling-{'0' * 32}", f"{sister}-cousin-1", "x", "", "é-sibling-é"):
        assert his.get(f"/c/wallet/send?to={forged}").status_code == 404
    assert his.get("/c/wallet/transfers/abc").status_code == 404


def test_where_it_is_taken(house: House) -> None:
    _, _, his, _ = family(house)
    with house.town.database.transaction() as connection:
        store.take_wallet(connection, house.town.institution("H37080000001").id, date(2025, 1, 1), None)
    assert "济宁市第一人民医院" in his.get("/c/wallet/places?words=人民").text
    assert "没有找到" in his.get("/c/wallet/places?words=药房").text


def test_she_reads_the_wallet_in_english(house: House) -> None:
    _, _, his, hers = family(house)
    page = send(his, "20")
    hers.client.cookies.set("gongji_language", "en")
    assert "Accept ¥20.00" in hers.get(page).text
    assert "Insurance wallet" in hers.get("/c/wallet").text
