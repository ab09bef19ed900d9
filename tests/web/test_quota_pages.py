"""A son gives his mother a wallet quota on his phone, with plain forms; she accepts on hers, uses it, and either ends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from html import unescape
from pathlib import Path

import pytest
from office_house import Browser, House, hidden

from gongji.entrances.server import serving
from gongji.family import mandates
from gongji.family.kinship_store import record_kinship
from gongji.family.model import FactKind, KinshipFact
from gongji.foundation.clock import CHINA
from gongji.settlement.model import Settlement, wire_id
from gongji.settlement.telling import tell_sharers
from gongji.wallet import store
from quota_region import limited_quotas
from town import JINING, Town

HOSPITAL = "H37080000001"


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """Wednesday 2025-06-11 at 10:30, ten days after quotas have replaced transfers."""
    town.clock.set(datetime(2025, 6, 11, 10, 30, tzinfo=CHINA))
    made = House(town, tmp_path)
    made.platform.settings = made.platform.settings.model_copy(update={"wallet_quotas_from": date(2025, 6, 1)})
    with town.database.transaction() as connection:
        store.take_wallet(connection, town.institution(HOSPITAL).id, date(2025, 1, 1), None)
    with serving(made.app(), "127.0.0.1", 0) as base:
        made.base = base
        yield made
    made.close()


def family(house: House) -> tuple[int, int, Browser, Browser]:
    """A mother and her son with ¥9,000.00 in Jining, and their phones; both have opened their wallets."""
    mother = house.town.person("孔母", "1955-08-13", "resident", region=JINING, gender=2)
    son = house.town.person("孔明", "1980-03-01", "active", balance=9_000_00, region=JINING)
    with house.town.database.transaction() as connection:
        fact = KinshipFact(FactKind.PARENT, mother, son, date(1980, 3, 1), None, "户口簿")
        record_kinship(connection, [fact], house.town.clock.now())
    his, hers = house.citizen(son), house.citizen(mother)
    assert "从自己的个人账户里给您一个额度" in hers.get("/c/wallet").text
    for phone in (his, hers):
        assert phone.follow("/c/wallet/open", area=JINING).status_code == 200
    return mother, son, his, hers


def give(his: Browser, amount: str) -> str:
    """The son gives his mother a quota of an amount of yuan; gives the address of its page."""
    chosen = his.get("/c/wallet/who").text
    assert "给谁用" in chosen
    found = re.search(r'href="/c/wallet/quotas/new\?to=([^"]+)"', chosen)
    assert found is not None
    ticket = unescape(found[1])
    assert "这笔钱留在您的账户里" in his.get(f"/c/wallet/quotas/new?to={ticket}").text
    answer = his.post("/c/wallet/quotas/new", to=ticket, amount=amount)
    assert answer.status_code == 303, answer.text
    check = his.get(answer.headers["location"]).text
    assert "钱不转走，先在您的账户里留出来" in check
    fields = {name: hidden(check, name) for name in ("to", "amount", "key")}
    made = his.post("/c/wallet/quotas/check", **fields)
    assert made.status_code == 303, made.text
    assert his.post("/c/wallet/quotas/check", **fields).headers["location"] == made.headers["location"], "once"
    return made.headers["location"]


def bought(house: House, mother: int, yuan: str) -> Settlement:
    """The mother is treated."""
    town = house.town
    return town.settled(town.purchase(mother, town.institution(HOSPITAL), ("C-A", 1, yuan)))


def test_given_accepted_used_and_who_paid_is_told(house: House) -> None:
    """¥500.00: she accepts; ¥120.00 are used; her bill names him, his pages say where and how much, not what for."""
    mother, _, his, hers = family(house)
    page = give(his, "500")
    assert "等家人接受" in his.get(page).text
    home = hers.get("/c/wallet").text
    assert "儿子 *明给您 ¥500.00 的额度" in home
    assert "接受以后，您看病买药时先用自己账户的钱" in hers.get(page).text
    assert "在用" in hers.follow(f"{page}/accept").text
    assert "¥500.00" in hers.get("/c/wallet").text
    one = bought(house, mother, "120.00")
    bill = hers.get(f"/c/settlements/{wire_id(one.region, one.id)}").text
    assert "医保钱包（儿子 *明给的额度）" in bill
    assert "从儿子 *明给的额度里付，付完还剩 ¥380.00。" in bill
    told = his.get(page).text
    for words in ("济宁市第一人民医院", "¥120.00", "¥380.00", "用掉"):
        assert words in told
    assert "CT平扫" not in told
    tell_sharers(house.town.database, house.town.clock.now())
    assert "母亲 *母在济宁市第一人民医院用了您给的额度 ¥120.00。" in his.get("/c/messages").text


def test_changed_and_ended_with_its_effect_first(house: House) -> None:
    """Raised to ¥600.00, not below the ¥120.00 used; the end says first that ¥480.00 come back, and both are told."""
    mother, _, his, hers = family(house)
    page = give(his, "500")
    hers.follow(f"{page}/accept")
    bought(house, mother, "120.00")
    low = his.post(f"{page}/change", amount="100")
    assert (low.status_code, "已经用掉 120.00 元" in low.text) == (422, True)
    assert "最少 ¥120.00，最多 ¥9,000.00" in his.get(f"{page}/change").text
    assert "¥480.00" in his.follow(f"{page}/change", amount="600").text
    assert hers.get(f"{page}/change").headers["location"] == page
    effect = his.get(f"{page}/end").text
    assert "没用完的 ¥480.00 马上还给您的账户。" in effect
    ended = his.follow(f"{page}/end", sure="yes").text
    assert "您结束了" in ended
    assert "对方结束了" in hers.get(page).text
    assert "儿子 *明结束了给您的额度" in hers.get("/c/messages").text
    assert his.get(f"{page}/end").headers["location"] == page
    late = hers.post(f"{page}/accept")
    assert (late.status_code, "已经结束" in late.text) == (409, True)


def test_she_does_not_want_it(house: House) -> None:
    mother, _, his, hers = family(house)
    page = give(his, "500")
    assert "没用完的 ¥500.00 马上还给家人。" in hers.get(f"{page}/end").text
    assert "您没有要" in hers.follow(f"{page}/end", sure="yes").text
    assert "家人没有要" in his.get(page).text
    assert bought(house, mother, "10.00").cash == 10_00


def test_what_stands_in_the_way_leads_on(house: House) -> None:
    """A second quota to her leads to the first; too much says how much; a resident is told that she has no account."""
    _, _, his, hers = family(house)
    page = give(his, "500")
    chosen = his.get("/c/wallet/who").text
    ticket = unescape(re.findall(r'href="/c/wallet/quotas/new\?to=([^"]+)"', chosen)[0])
    again = his.get(f"/c/wallet/quotas/new?to={ticket}")
    assert (again.status_code, page in again.text) == (409, True)
    assert "居民医保没有个人账户" in hers.get("/c/wallet").text
    assert "已经给这位家人设了额度" in again.text
    his.follow(f"{page}/end", sure="yes")
    much = his.post("/c/wallet/quotas/new", to=ticket, amount="9000.01")
    assert (much.status_code, "最多还能留出 9000.00 元" in much.text) == (422, True)
    assert his.post("/c/wallet/quotas/new", to=ticket, amount="").status_code == 422
    forged = ticket.replace("parent", "spouse")
    assert his.get(f"/c/wallet/quotas/new?to={forged}").status_code == 404
    assert his.get("/c/wallet/quotas/9").status_code == 404
    stranger = house.citizen(house.town.person("王芳", "1985-05-05", "active", balance=0, region=JINING))
    for path in (page, f"{page}/change", f"{page}/end"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"{page}/accept").status_code == 404


def test_who_helps_accepts_and_ends_and_gives_nothing(house: House) -> None:
    """The daughter helps her mother: she accepts the son's quota for her; to give one of her mother's money is refused."""
    mother, _, his, _ = family(house)
    daughter = house.town.person("孔丽", "1983-01-01", "active", balance=0, region=JINING, gender=2)
    page = give(his, "500")
    today = house.town.clock.now()
    with house.town.database.transaction() as connection:
        leave = mandates.give(
            connection,
            elder_id=mother,
            helper_id=daughter,
            scope=mandates.Scope.ACT,
            until=today.date(),
            given_by="elder",
            at=today,
        )
    hers = house.citizen(daughter)
    hers.follow(f"/c/help/{leave.id}/begin")
    assert "在用" in hers.follow(f"{page}/accept").text
    assert hers.get("/c/wallet/quotas/new?to=x").status_code == 403
    assert "您不再用了" in hers.follow(f"{page}/end", sure="yes").text


def test_the_limits_of_the_rule_stand_beside_the_amount_and_are_told_when_they_are_passed(
    house: House, tmp_path: Path
) -> None:
    """¥50.00 to ¥500.00, two relatives, no consent asked for; nothing of it where the rule limits nothing."""
    _, _, his, hers = family(house)
    limits = ("每项额度至少", "每项额度最多", "最多给几位家人", "一位家人最多由几个人给")
    chosen = his.get("/c/wallet/who").text
    found = re.search(r'href="(/c/wallet/quotas/new\?to=[^"]+)"', chosen)
    assert found is not None
    page = unescape(found[1])
    assert not any(words in his.get(page).text for words in limits)
    house.platform.rules = limited_quotas(
        tmp_path, least_each="50.00", most_each="500.00", most_users=2, most_givers=3, both_agree="false"
    )
    del house.platform.__dict__["wallets"]
    shown = his.get(page).text
    for words in (*limits, "¥50.00", "2 位（已给 0 位）", "3 个人", "最多 ¥500.00"):
        assert words in shown, words
    for amount, words in (("49.99", "每项额度至少 50.00 元"), ("500.01", "每项额度最多 500.00 元")):
        wrong = his.post("/c/wallet/quotas/new", to=page.split("to=")[1], amount=amount)
        assert (wrong.status_code, words in wrong.text) == (422, True)
    check = his.get(his.post("/c/wallet/quotas/new", to=page.split("to=")[1], amount="500").headers["location"]).text
    assert "家人马上就能用" in check
    assert "家人接受后" not in check
    assert "自动结束" in check
    his.follow("/c/wallet/quotas/check", **{name: hidden(check, name) for name in ("to", "amount", "key")})
    assert "现在就能用" in hers.get("/c/messages").text
    assert "还能用" in hers.get("/c/wallet").text
