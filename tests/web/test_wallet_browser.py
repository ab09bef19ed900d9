"""The wallet in a real browser at 390 × 844: standard without JavaScript, large type with axe; a son and his mother."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from phone import serving_pages
from playwright.sync_api import Browser
from walk import Twin, Walk

from gongji.family.kinship_store import record_kinship
from gongji.family.model import FactKind, KinshipFact
from gongji.foundation.clock import CHINA
from gongji.wallet import store
from town import JINING, TIELING, Town

pytestmark = pytest.mark.browser


@pytest.fixture(params=["standard", "elder"])
def walk(request: pytest.FixtureRequest, chromium: Browser, twin: Twin, town: Town, tmp_path: Path) -> Iterator[Walk]:
    """Wednesday 2025-06-11, 10:30; standard type, then large."""
    town.clock.set(datetime(2025, 6, 11, 10, 30, tzinfo=CHINA))
    with serving_pages(town, None, data=tmp_path, wallet_regions=[TIELING]) as pages:
        made = Walk(pages, chromium, request.param == "elder", twin, "bind_wallet")
        yield made
        made.close()
        pages.platform.close()


def test_across_provinces_from_opening_to_the_next_morning(walk: Walk) -> None:
    """¥5,000.00 planned, ¥2,000.00 sent and accepted in Tieling; the second waits, and at night nothing goes."""
    town = walk.pages.town
    mother = town.person("李秀英", "1955-08-13", "resident", region=TIELING, gender=2)
    son = town.person("张建国", "1980-03-01", "active", balance=9_000_00, region=JINING)
    with town.database.transaction() as connection:
        fact = KinshipFact(FactKind.PARENT, mother, son, date(1980, 3, 1), None, "户口簿")
        record_kinship(connection, [fact], town.clock.now())
        store.take_wallet(connection, town.institution("H37080000001").id, date(2025, 1, 1), None)
    hers = walk.other()
    for one, person in ((hers, mother), (walk, son)):
        one.open(walk.pages.link(person))
        one.press("医保钱包")
        one.press("开通医保钱包")
        one.seen("1_open")
        one.press("开通")
    walk.seen("2_wallet")
    walk.press("能用的医院和药店")
    walk.seen("2_places")
    walk.open("/c/")
    with walk.flow("sending money"):
        walk.press("医保钱包")
        walk.press("转给家人")
        walk.press("继续")
        walk.seen("3_who_wrong")
        walk.press("母亲（**英）")
        walk.seen("4_amount")
        walk.page.get_by_label("金额（元）").fill("5000")
        walk.press("继续")
        walk.seen("5_plan")
        walk.press("先转第一笔 ¥2,000.00")
        walk.seen("6_check")
        walk.press("确认转 ¥2,000.00")
    assert walk.heading() == "转给母亲（**英）"
    walk.seen("7_sent")
    hers.open("/c/wallet")
    hers.seen("8_waiting")
    hers.page.get_by_role("link", name="儿子（**国）给您转来 ¥2,000.00").click()
    hers.seen("9_answer")
    hers.press("收下 ¥2,000.00")
    hers.seen("10_accepted")
    walk.open("/c/wallet/who")
    walk.press("母亲（**英）")
    walk.page.get_by_label("金额（元）").fill("2000")
    walk.press("继续")
    walk.press("确认转 ¥2,000.00")
    walk.open("/c/wallet/who")
    walk.press("母亲（**英）")
    assert "还没有收下" in walk.heading()
    walk.seen("11_stopped")
    town.clock.set(datetime(2025, 6, 11, 22, 5, tzinfo=CHINA))
    walk.open(walk.pages.link(son))
    walk.open("/c/wallet")
    walk.seen("12_night")
