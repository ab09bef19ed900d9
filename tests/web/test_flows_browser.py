"""Every other flow of a family on its phones, screen by screen: quotas, premiums, the account and one wrong line of it, reminders.

Each is walked with plain forms, in standard and in large type; `walk.Walk` says what is asked of a screen and of a flow.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from phone import serving_pages
from playwright.sync_api import Browser
from walk import Twin, Walk

from gongji.family.kinship_store import record_kinship
from gongji.family.model import FactKind, KinshipFact
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.premium import tax
from gongji.settlement.model import wire_id
from gongji.settlement.telling import tell_sharers
from gongji.wallet import store
from gongji.wallet.service import open_wallet
from quota_region import limited_quotas
from town import EXAMPLE_BILL, JINING, Town

pytestmark = pytest.mark.browser

HOSPITAL = "H37080000001"


@pytest.fixture(params=["standard", "elder"])
def walk(request: pytest.FixtureRequest, chromium: Browser, twin: Twin, town: Town, tmp_path: Path) -> Iterator[Walk]:
    """Wednesday 2025-06-11, 10:30, ten days after quotas have replaced transfers; standard type, then large."""
    town.clock.set(datetime(2025, 6, 11, 10, 30, tzinfo=CHINA))
    with serving_pages(town, data=tmp_path, sms_url="log", wallet_quotas_from=date(2025, 6, 1)) as pages:
        made = Walk(pages, chromium, request.param == "elder", twin, "flow")
        yield made
        made.close()
        pages.platform.close()


def kongs(town: Town) -> tuple[int, int]:
    """A mother, insured as a resident, and her son with ¥9,000.00, both in Jining."""
    mother = town.person("孔秀英", "1955-08-13", "resident", region=JINING, gender=2)
    son = town.person("孔建国", "1980-03-01", "active", balance=9_000_00, region=JINING, household="另一家")
    with town.database.transaction() as connection:
        fact = KinshipFact(FactKind.PARENT, mother, son, date(1980, 3, 1), None, "户口簿")
        record_kinship(connection, [fact], town.clock.now())
        store.take_wallet(connection, town.institution(HOSPITAL).id, date(2025, 1, 1), None)
    return mother, son


def test_a_quota_from_its_setting_to_its_end(walk: Walk) -> None:
    """Opened, ¥500.00 given, accepted, ¥120.00 used in hospital and seen by both, changed, ended with its effect first."""
    town = walk.pages.town
    mother, son = kongs(town)
    hers = walk.other()
    for one, person in ((hers, mother), (walk, son)):
        one.come_in(person)
        with one.flow("opening the wallet"):
            one.press("医保钱包")
            one.seen("quota_0_closed")
            one.press("开通医保钱包")
            one.press("开通")
    walk.open("/c/")
    with walk.flow("giving a quota"):
        walk.press("医保钱包")
        walk.seen("quota_1_wallet")
        walk.press("给家人设额度")
        walk.seen("quota_2_who")
        walk.press("母亲（**英）")
        walk.press("继续")
        walk.seen("quota_3_amount_wrong")
        walk.fill("额度（元）", "500")
        walk.press("继续")
        walk.seen("quota_4_check")
        walk.press("给 ¥500.00 额度")
    walk.seen("quota_5_proposed")
    hers.open("/c/")
    with hers.flow("accepting a quota"):
        hers.press("医保钱包")
        hers.seen("quota_6_waiting")
        hers.press("儿子 **国给您 ¥500.00 的额度，请看一看要不要")
        hers.seen("quota_7_answer")
        hers.press("接受")
    hers.seen("quota_8_accepted")
    bought = town.settled(town.purchase(mother, town.institution(HOSPITAL), ("C-A", 1, "120.00")))
    hers.open(f"/c/settlements/{wire_id(bought.region, bought.id)}")
    assert "医保钱包（儿子 **国给的额度）" in hers.words()
    hers.seen("quota_9_bill")
    tell_sharers(town.database, town.clock.now())
    walk.open("/c/messages")
    assert "母亲 **英在济宁市第一人民医院用了您给的额度 ¥120.00。" in walk.words()
    walk.open("/c/wallet")
    walk.seen("quota_10_list")
    with walk.flow("changing a quota"):
        walk.press("给母亲 **英的额度 在用 还能用 ¥380.00")
        walk.seen("quota_11_used")
        walk.press("改金额")
        walk.fill("额度一共改成（元）", "100")
        walk.press("改成这个数")
        walk.seen("quota_12_change_wrong")
        walk.fill("额度一共改成（元）", "600")
        walk.press("改成这个数")
    with walk.flow("ending a quota"):
        walk.press("结束这个额度")
        assert "没用完的 ¥480.00 马上还给您的账户。" in walk.words()
        walk.seen("quota_13_end")
        walk.press("结束")
    walk.seen("quota_14_ended")
    hers.open("/c/wallet")
    hers.seen("quota_15_over")


def test_the_limits_of_a_quota_beside_its_amount(walk: Walk, tmp_path: Path) -> None:
    """A rule that limits what the shipped one does not: ¥50.00 to ¥500.00, two relatives, three givers; too much is told."""
    town, platform = walk.pages.town, walk.pages.platform
    platform.rules = limited_quotas(
        tmp_path / "packs", least_each="50.00", most_each="500.00", most_users=2, most_givers=3
    )
    mother, son = kongs(town)
    for person in (mother, son):
        caller = Caller(Role.CITIZEN, f"citizen-{person}", person)
        open_wallet(platform.wallets, person_id=person, area=JINING, caller=caller)
    walk.come_in(son)
    with walk.flow("a quota above its limit"):
        walk.press("医保钱包")
        walk.press("给家人设额度")
        walk.press("母亲（**英）")
        walk.seen("limits_1_amount")
        walk.fill("额度（元）", "501")
        walk.press("继续")
        assert "按当地规定，每项额度最多 500.00 元" in walk.words()
        walk.seen("limits_2_too_much")


def test_a_premium_until_the_tax_office_has_booked_it(walk: Walk) -> None:
    """Chosen, checked, ¥400.00 under way with the day on which they come back, booked with its voucher."""
    town = walk.pages.town
    town.clock.set(datetime(2024, 10, 14, 9, 0, tzinfo=CHINA))
    mother, son = kongs(town)
    town.share(son, mother, region=JINING, purposes=["care", "pharmacy", "resident_premium"], exclusive=True)
    walk.come_in(son)
    with walk.flow("paying a premium"):
        walk.press("给家人缴居民医保费")
        walk.seen("premium_1_list")
        walk.page.locator("main ul.list").get_by_role("link").first.click()
        walk.seen("premium_2_check")
        walk.press("用个人账户缴 ¥400.00")
    assert "正在入库" in walk.words()
    walk.seen("premium_3_booking")
    number = int(walk.page.url.rsplit("/", 1)[1])
    office = walk.pages.platform.premiums
    clerk = Caller(Role.TAX, "0811", None, JINING)
    tax.confirm(office, number, voucher="37002024101400001", caller=clerk)
    walk.open(f"/c/premiums/{number}")
    assert "37002024101400001" in walk.words()
    walk.seen("premium_4_booked")
    walk.open("/c/premiums")
    walk.seen("premium_5_paid")


def test_the_account_and_a_line_of_it_that_is_wrong(walk: Walk) -> None:
    """Every movement with its balance, why a visit cost what it did, a dispute that pauses the sharing, who looked, messages."""
    town = walk.pages.town
    mother = town.person("王秀兰", "1953-03-08", "retired", balance=3_520, gender=2)
    daughter = town.person("李婷", "1980-05-20", "active", balance=121_045, historical=410_000, gender=2)
    town.share(daughter, mother, limit_month=100_000)
    hospital = town.institution("H21120200001")
    visit = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL), use="2"))
    tell_sharers(town.database, town.clock.now())
    walk.come_in(mother)
    with walk.flow("who paid what, and why"):
        walk.page.get_by_role("link", name="铁岭市中心医院").first.click()
    walk.seen("account_1_settlement")
    walk.come_in(daughter)
    walk.seen("account_2_home")
    with walk.flow("disputing a line"):
        walk.page.locator("main").get_by_role("link", name="看每一笔明细、打印对账单").first.click()
        walk.seen("account_3_month")
        walk.page.locator("main").get_by_role("link", name="这笔不对").first.click()
        walk.seen("account_4_dispute")
        walk.page.locator("main button.go").click()
        walk.seen("account_5_dispute_wrong")
        walk.page.locator("main input[type=radio]").first.check()
        walk.page.locator("main button.go").click()
    walk.seen("account_6_disputes")
    walk.open(f"/c/settlements/{wire_id(visit.region, visit.id)}")
    walk.seen("account_7_share")
    for name in (
        "readers",
        "messages",
        "messages/choices",
        "messages/phone",
        "order",
        "keep",
        "reminders",
        "help",
        "start",
    ):
        walk.open(f"/c/{name}")
        walk.seen(f"account_{name.replace('/', '_')}")
    town.clock.advance(timedelta(days=1))
