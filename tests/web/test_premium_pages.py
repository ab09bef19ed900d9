"""A son pays his mother's premium on his phone; the tax office books it, rejects it, sends it back, or never answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from office_house import Browser, House, hidden, open_house

from gongji.foundation.access import Duty
from gongji.foundation.clock import CHINA
from gongji.premium.following import follow_orders
from town import JINING, Town


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """The pages; a test says who lives there."""
    yield from open_house(town, tmp_path)


def order(phone: Browser, under: int) -> str:
    """The son checks and pays; gives the address of the order's page."""
    check = phone.get(f"/c/premiums/new?for={under}&year=2025")
    fields = {name: hidden(check.text, name) for name in ("for", "year", "key")}
    answer = phone.post("/c/premiums/new", **fields)
    assert answer.status_code == 303, answer.text
    again = phone.post("/c/premiums/new", **fields)
    assert again.headers["location"] == answer.headers["location"], "pressing twice pays once"
    return answer.headers["location"]


def test_it_is_paid_only_when_the_tax_office_has_booked_it(house: House) -> None:
    _, son, under = house.season()
    phone, tax = house.citizen(son), house.officer("0811", Duty.TAX_CLERK, region=JINING)
    assert "给家人缴居民医保费" in phone.get("/c/").text
    shown = phone.get("/c/premiums")
    assert "¥400.00" in shown.text
    check = phone.get(f"/c/premiums/new?for={under}&year=2025")
    for words in (
        "2025年1月1日 到 2025年12月31日",
        "¥1,000.00",
        "用个人账户缴 ¥400.00",
        "2025 年度居民医保个人缴费 400 元",
    ):
        assert words in check.text
    page = order(phone, under)
    waiting = phone.get(page).text
    assert "正在入库" in waiting
    assert "现在还不算缴上" in waiting
    assert "2024年10月17日 09:00" in waiting
    assert "已入库" not in waiting
    assert "凭证" not in waiting
    number = page.rsplit("/", 1)[1]
    assert f"/office/tax/orders/{number}" in tax.get("/office/tax").text
    assert "孔母" not in tax.get("/office/tax").text
    full = tax.get(f"/office/tax/orders/{number}")
    assert "孔母" in full.text
    wrong = tax.post(f"/office/tax/orders/{number}", step="confirm", voucher="不")
    assert (wrong.status_code, "请填写缴费凭证号" in wrong.text) == (422, True)
    tax.follow(f"/office/tax/orders/{number}", step="confirm", voucher="37002024101400001")
    paid = phone.get(page).text
    assert "已入库" in paid
    assert "37002024101400001" in paid
    assert "2025年1月1日到2025年12月31日看病可以报销" in paid
    twice = tax.post(f"/office/tax/orders/{number}", step="confirm", voucher="37002024101499999")
    assert (twice.status_code, "此前已有答复" in twice.text) == (409, True)
    tax.follow(f"/office/tax/orders/{number}", step="confirm", voucher="37002024101400001")
    assert "这一年度您已经缴过了" in phone.get("/c/premiums").text
    tax.follow(f"/office/tax/orders/{number}", step="send_back", reason="wrong_person")
    back = phone.get(page).text
    assert "已退费" in back
    assert "缴错了人" in back
    assert house.town.balance(son) == 1_000_00


def test_rejected_it_says_why_and_where_the_money_is(house: House) -> None:
    _, son, under = house.season()
    phone, tax = house.citizen(son), house.officer("0811", Duty.TAX_CLERK, region=JINING)
    page = order(phone, under)
    number = page.rsplit("/", 1)[1]
    none = tax.post(f"/office/tax/orders/{number}", step="reject")
    assert (none.status_code, "请从列表里选一个原因" in none.text) == (422, True)
    tax.follow(f"/office/tax/orders/{number}", step="reject", reason="name_mismatch")
    told = phone.get(page).text
    assert "钱已经回到您的个人账户" in told
    assert "姓名和证件号码对不上" in told
    assert f"/c/premiums/new?for={under}&amp;year=2025" in phone.get("/c/premiums").text


def test_an_answer_that_comes_too_late_finds_the_money_gone_back(house: House) -> None:
    _, son, under = house.season()
    page = order(house.citizen(son), under)
    number = page.rsplit("/", 1)[1]
    house.town.clock.advance(timedelta(days=3, minutes=1))
    tax = house.officer("0811", Duty.TAX_CLERK, region=JINING)
    assert "已过期限" in tax.get("/office/tax").text
    late = tax.post(f"/office/tax/orders/{number}", step="confirm", voucher="V-LATE")
    assert (late.status_code, "请撤销入库" in late.text) == (409, True)
    assert "到期限还没有入库" in house.citizen(son).get(page).text
    assert follow_orders(house.platform.premiums).done == 0
    assert house.town.balance(son) == 1_000_00


def test_a_frozen_account_pays_no_premium_and_says_so(house: House) -> None:
    _, son, under = house.season()
    phone = house.citizen(son)
    check = phone.get(f"/c/premiums/new?for={under}&year=2025")
    fields = {name: hidden(check.text, name) for name in ("for", "year", "key")}
    house.town.freeze(son, region=JINING)
    refused = phone.post("/c/premiums/new", **fields)
    assert (refused.status_code, "付款的个人账户暂时冻结" in refused.text) == (409, True)
    assert "正在入库" not in phone.get("/c/premiums").text
    assert house.town.balance(son) == 1_000_00


def test_what_cannot_be_paid_says_why(house: House) -> None:
    """In summer the season's day; ¥399.99 is not enough and nothing is half paid; a stranger's order is not shown."""
    mother, son, under = house.season()
    page = order(house.citizen(son), under)
    assert house.citizen(mother).get(page).status_code == 404
    assert house.citizen(son).get("/c/premiums/x").status_code == 404
    poor = house.town.person("孔三", "1982-03-01", "active", balance=399_99, region=JINING, household="三")
    aunt = house.town.person("孔姑", "1956-08-13", "resident", region=JINING)
    shared = house.town.share(poor, aunt, region=JINING, purposes=["care", "resident_premium"], exclusive=True)
    phone = house.citizen(poor)
    short = phone.get(f"/c/premiums/new?for={shared}&year=2025").text
    assert "要缴 ¥400.00，您的账户只有 ¥399.99，不够" in short
    assert '<button class="go"' not in short
    forced = phone.post("/c/premiums/new", **{"for": str(shared), "year": "2025", "key": "x" * 20})
    assert (forced.status_code, "可用 399.99 元" in forced.text) == (409, True)
    stranger = phone.get(f"/c/premiums/new?for={under}&year=2025")
    assert (stranger.status_code, "请先绑定" in stranger.text) == (409, True)
    house.town.clock.set(datetime(2025, 7, 14, 9, 0, tzinfo=CHINA))
    summer = re.sub(r"<[^>]+>", "", house.citizen(poor).get("/c/premiums").text)
    assert "集中缴费期已于 2024年12月31日结束" in summer
    house.town.clock.set(datetime(2024, 8, 14, 9, 0, tzinfo=CHINA))
    before = house.citizen(poor).get("/c/premiums").text
    assert "2025 年度的保费从 2024年9月1日起收" in before
