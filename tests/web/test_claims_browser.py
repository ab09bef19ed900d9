"""A bill paid in cash, claimed on a phone at 390 × 844 without JavaScript, and decided at a wide screen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from office_house import House, book_page, open_house
from phone import serving_pages
from playwright.sync_api import Browser
from screen import picture
from test_claim_pages import citizen, fill_in
from test_office_browser import looked_at, officer, signed_in
from walk import Twin, Walk

from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.clock import CHINA
from town import Town

pytestmark = pytest.mark.browser


@pytest.fixture(params=["standard", "elder"])
def walk(request: pytest.FixtureRequest, chromium: Browser, twin: Twin, town: Town, tmp_path: Path) -> Iterator[Walk]:
    """Tieling in March 2024, in standard type and in large."""
    town.clock.set(datetime(2024, 3, 5, 10, tzinfo=CHINA))
    with serving_pages(town, data=tmp_path) as pages:
        made = Walk(pages, chromium, request.param == "elder", twin, "claims")
        yield made
        made.close()


def test_claimed_from_the_start_page_one_thing_after_the_other(walk: Walk, tmp_path: Path) -> None:
    father = walk.pages.town.person("李建国", "1951-02-01", "retired", balance=0)
    photo = tmp_path / "detail.jpg"
    photo.write_bytes(book_page("费用清单"))
    walk.come_in(father)
    walk.press("现金看病报销")
    walk.seen("1_none")
    with walk.flow("beginning a claim"):
        walk.press("申请报销")
        walk.press("继续")
        walk.seen("2_why_missing")
        walk.page.get_by_label("医保系统当时用不了").check()
        walk.press("继续")
    walk.seen("3_tasks")
    with walk.flow("naming the place"):
        walk.press("在哪里看的病")
        walk.fill("医院或药店的名称", "不存在的医院")
        walk.press("查找")
        walk.seen("4_place_not_found")
        walk.press("不在名单里，自己填")
        walk.press("保存")
        walk.seen("4_place_described")
        walk.open(f"{urlsplit(walk.page.url).path}?words=")
        walk.fill("医院或药店的名称", "中心")
        walk.press("查找")
        walk.seen("5_place_found")
        walk.press("就是这家")
    with walk.flow("saying when"):
        walk.press("哪天、看的什么")
        walk.page.get_by_label("普通门诊").check()
        walk.fill("看病那天；住院填入院那天", "2024-03-04")
        walk.seen("6_visit")
        walk.press("保存")
    with walk.flow("giving the invoice"):
        walk.press("发票号")
        walk.fill("发票号，一行一个", "2112")
        walk.press("保存")
        walk.seen("7_invoices_wrong")
        walk.fill("发票号，一行一个", "21120024000000000001")
        walk.press("保存")
    with walk.flow("copying the bill"):
        walk.press("费用明细")
        for name, amount in (("C-A", "800"), ("自费贴膏", "68.50")):
            walk.fill("项目或药品名称", name)
            walk.fill("金额（元）", amount)
            walk.press("加上这一行")
        walk.seen("8_lines")
        walk.press("填完了")
    with walk.flow("handing in documents"):
        walk.press("材料")
        walk.seen("9_documents")
        for kind in ("费用清单", "处方"):
            walk.page.get_by_label(kind, exact=True).check()
            walk.page.locator("input[type=file]").set_input_files(photo)
            walk.press("交这一份")
        walk.seen("10_documents_there")
        walk.press("材料齐了，返回")
    with walk.flow("naming the account"):
        walk.press("收款银行卡")
        walk.fill("开户银行", "铁岭银行")
        walk.fill("银行卡号", "6222 0211 0000 1234 567")
        walk.seen("11_bank")
        walk.press("保存")
    walk.seen("12_all_filled_in")
    with walk.flow("handing it in"):
        walk.press("核对后提交")
        walk.seen("13_check")
        walk.press("提交申请")
    walk.seen("14_received")
    walk.open("/c/claims")
    walk.seen("15_mine")


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """The agency of Tieling in March 2024."""
    town.clock.set(datetime(2024, 3, 5, 10, tzinfo=CHINA))
    yield from open_house(town, tmp_path)


def test_decided_at_a_wide_screen_and_read_on_the_phone(chromium: Browser, house: House) -> None:
    father = house.town.person("李建国", "1951-02-01", "retired", balance=0)
    mother = house.town.person("王秀兰", "1953-03-08", "retired", balance=0, gender=2)
    his = citizen(house, father)
    claim = fill_in(his)
    hers = citizen(house, mother)
    other = fill_in(hers, invoice="21120024000000000002")
    office, other_office = claim.replace("/c/", "/office/"), other.replace("/c/", "/office/")
    reviewer = house.officer("0210", Duty.REVIEWER)
    reviewer.post(f"{office}/take")
    with signed_in(chromium, house, officer("0210", Duty.REVIEWER), 1280, 800) as context:
        looked_at(context, house, {"office_claims": "/office/claims", "office_claim": office}, target=44, text=15)
        page = context.new_page()
        page.goto(house.base + office)
        page.get_by_label("第 3 行怎么处理").select_option("not_of_visit")
        page.get_by_role("button", name="预览结果").click()
        page.get_by_role("button", name="确认决定").wait_for()
        picture(page, "office_claim_preview")
        page.get_by_role("button", name="确认决定").click()
        page.get_by_text("已决定并入账").wait_for()
        page.close()
    reviewer.post(f"{other_office}/take")
    reviewer.post(f"{other_office}/refuse", refuse_reason="false_bill")
    with signed_in(chromium, house, officer("0330", Duty.SECOND_REVIEWER), 1280, 800) as context:
        looked_at(
            context, house, {"office_claim_second": other_office, "office_claim_decided": office}, target=44, text=15
        )
    with signed_in(chromium, house, officer("0550", Duty.CLEARING_CLERK), 1280, 800) as context:
        looked_at(context, house, {"office_claim_pay": office}, target=44, text=15)
    for mode, target, text in (("standard", 44, 15), ("elder", 60, 18)):
        more = {"gongji_mode": mode}
        with signed_in(chromium, house, Caller(Role.CITIZEN, "citizen", father), 390, 844, **more) as context:
            looked_at(context, house, {f"citizen_claims_16_decided_{mode}": claim}, target=target, text=text)
            looked_at(context, house, {f"citizen_claims_17_appeal_{mode}": f"{claim}/appeal"}, target=target, text=text)
            looked_at(context, house, {f"citizen_claims_18_bank_{mode}": f"{claim}/bank"}, target=target, text=text)
    with signed_in(chromium, house, Caller(Role.CITIZEN, "citizen", father), 390, 844, gongji_language="en") as context:
        looked_at(context, house, {"citizen_claims_19_english": claim}, target=44, text=15)
