"""Binding, changing and ending in a real browser: standard without JavaScript, large type with axe, a small phone at 200 %."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from phone import serving_pages
from playwright.sync_api import Browser
from screen import CLIPPED, SIDEWAYS, picture
from test_binding_pages import picture as photograph
from walk import Twin, Walk

from gongji.family import service as family
from gongji.registry.certificate import check_digit
from strict_region import stricter_shandong
from town import JINING, Town

pytestmark = pytest.mark.browser


@pytest.fixture(params=["standard", "elder"])
def walk(request: pytest.FixtureRequest, chromium: Browser, twin: Twin, town: Town, tmp_path: Path) -> Iterator[Walk]:
    """A region that asks for the relative's consent and lets nobody unbind at once; standard type, then large."""
    rules = stricter_shandong(tmp_path / "packs")
    with serving_pages(town, rules, data=tmp_path) as pages:
        made = Walk(pages, chromium, request.param == "elder", twin)
        yield made
        made.close()


def test_by_review_from_the_start_to_the_returned_document(walk: Walk, tmp_path: Path) -> None:
    town = walk.pages.town
    son = town.person("李建国", "1980-03-01", "active", balance=500_000, household="李")
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=20_000, gender=2, household="李")
    walk.open(walk.pages.link(son))
    with walk.flow("binding by review"):
        walk.press("给家人共济")
        walk.seen("1_start")
        walk.press("开始办理")
        walk.seen("2_can")
        walk.press("继续")
        walk.seen("3_who")
        walk.name_relative("王秀蓝", "123", "")
        assert walk.page.title().startswith("填写有误")
        walk.seen("3_who_wrong")
        unknown = "21120219550813999"
        walk.name_relative("王秀兰", unknown + check_digit(unknown), "父母")
        walk.seen("3_stopped")
        walk.press("去修改")
        walk.name_relative("王秀兰", walk.pages.number(mother), "父母")
        walk.seen("4_check")
        walk.press("提交绑定申请")
        walk.seen("4_check_wrong")
        walk.page.get_by_label("我看过了，我承诺").check()
        walk.press("提交绑定申请")
    assert walk.heading() == "已收到，还差一份证明"
    walk.seen("5_document")
    tracker = walk.page.url
    file = tmp_path / "page.jpg"
    file.write_bytes(photograph()["file"][1])
    walk.page.get_by_label("居民户口簿").check()
    walk.page.get_by_label("拍照或选择文件").set_input_files(file)
    walk.press("交这一份")
    assert walk.heading() == "已收到，正在审核"
    walk.seen("6_review")
    with town.database.transaction() as connection:
        case = family.authorisations_of_sharer(connection, son)[-1].id
        family.review(
            connection,
            walk.pages.platform.rules,
            case,
            "return",
            item="household_book",
            reason="unreadable",
            actor="0210",
            at=town.clock.now(),
        )
    walk.page.goto(tracker)
    walk.seen("7_returned")


def test_by_commitment_with_consent_then_changed_and_ended(walk: Walk) -> None:
    town = walk.pages.town
    daughter = town.person("张丽", "1978-11-05", "active", balance=350_000, region=JINING, gender=2, household="张")
    father = town.person("张德福", "1952-01-17", "resident", region=JINING, household="张")
    walk.open(walk.pages.link(daughter))
    with walk.flow("binding by commitment"):
        walk.open("/c/bind/who")
        walk.name_relative("张德福", walk.pages.number(father), "父母")
        walk.seen("consent")
        walk.page.get_by_label("短信验证码").check()
        walk.press("继续")
        walk.page.get_by_role("link", name="修改 每月最多").click()
        walk.seen("terms")
        walk.page.get_by_label("每月最多（元）").fill("600")
        walk.press("继续")
        walk.page.get_by_label("我看过了，我承诺").check()
        walk.press("提交绑定申请")
    assert walk.heading() == "已收到，等家人确认"
    number = walk.page.url.rsplit("/", 1)[1]
    walk.page.get_by_label("家人的手机号").fill("13800138000")
    walk.press("发送验证码")
    walk.seen("waiting_code")
    walk.open(walk.pages.link(father))
    walk.seen("home_asked")
    walk.open(f"/c/consents/{number}")
    walk.seen("asked")
    walk.press("同意")
    walk.seen("agreed")
    walk.open(walk.pages.link(daughter))
    walk.open(f"/c/applications/{number}")
    walk.seen("active")
    walk.press("查看或更改这项共济")
    walk.seen("sharing")
    sharing = walk.page.url
    walk.press("改每月上限和用途")
    walk.seen("limits")
    walk.press("保存")
    walk.press("暂停")
    walk.seen("paused")
    walk.press("给自己留多少")
    walk.seen("keep")
    walk.page.goto(f"{sharing.split('?')[0]}/end")
    walk.seen("end_not_yet")
    walk.open("/c/about/face")
    walk.seen("face")
    town.clock.set(town.clock.now().replace(month=10))
    walk.open(walk.pages.link(father))
    walk.page.goto(f"{sharing.split('?')[0]}/end")
    walk.seen("leave")
    walk.press("确定退出")
    walk.seen("ended")


def test_helping_and_the_page_that_says_so(walk: Walk) -> None:
    town = walk.pages.town
    mother = town.person("王秀兰", "1953-03-08", "active", balance=35_200, gender=2)
    daughter = town.person("李婷", "1980-05-20", "active", balance=100, gender=2)
    walk.open(walk.pages.link(mother))
    walk.press("请人帮我，或者帮别人办")
    walk.page.get_by_label("帮我的人的姓名").fill("李婷")
    walk.page.get_by_label("他的身份证号").fill(walk.pages.number(daughter))
    walk.page.get_by_label("只看，不能办").check()
    walk.press("同意他帮我")
    walk.seen("help_wrong")
    walk.page.get_by_label("30 天").check()
    walk.press("同意他帮我")
    walk.open(walk.pages.link(daughter))
    walk.open("/c/help")
    walk.press("开始帮 **兰 办")
    assert walk.heading() == "王秀兰，您好"
    walk.seen("helping")
    walk.page.get_by_role("button", name="结束帮办").click()
    walk.open(walk.pages.link(mother))
    walk.open("/c/help")
    walk.page.get_by_text("看看帮我做了什么").click()
    walk.seen("help_log")


def test_nothing_runs_sideways_on_a_small_phone_at_double_size(chromium: Browser, town: Town, tmp_path: Path) -> None:
    daughter = town.person("张丽", "1978-11-05", "active", balance=350_000, region=JINING, gender=2, household="张")
    father = town.person("张德福", "1952-01-17", "resident", region=JINING, household="张")
    case = town.share(daughter, father, region=JINING, limit_month=50_000)
    with serving_pages(town, data=tmp_path) as pages:
        phone = pages.phone(daughter)
        spouse = town.person("赵磊", "1979-01-15", "resident", region=JINING)
        phone.send("/c/bind/who", kind="01", relation="spouse", name="赵磊", number=pages.number(spouse))
        context = chromium.new_context(
            viewport={"width": 320, "height": 640}, java_script_enabled=False, locale="zh-CN"
        )
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Page.enable")
        session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
        page.goto(f"{pages.base}{pages.link(daughter)}")
        paths = ["start", "bind", "bind/who", "bind/terms", "bind/check", "keep", "order", f"sharings/{case}"]
        for path in [*paths, f"sharings/{case}/end", f"sharings/{case}/limits", "about/face"]:
            page.goto(f"{pages.base}/c/{path}")
            assert page.evaluate("() => getComputedStyle(document.documentElement).fontSize") == "32px"
            assert page.evaluate(SIDEWAYS) <= 0, path
            # A box scrolls within itself; the number in it stands in groups above it too.
            assert [one for one in page.evaluate(CLIPPED) if not one.startswith("INPUT")] == [], path
        picture(page, "citizen_bind_320_double")
        context.close()


def test_the_keyboard_goes_through_the_form_in_the_order_of_reading(
    chromium: Browser, town: Town, tmp_path: Path
) -> None:
    daughter = town.person("张丽", "1978-11-05", "active", balance=350_000, region=JINING, gender=2)
    with serving_pages(town, data=tmp_path) as pages:
        context = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{pages.base}{pages.link(daughter)}")
        page.goto(f"{pages.base}/c/bind/who")
        order = []
        for _ in range(9):
            page.keyboard.press("Tab")
            order.append(
                page.evaluate("() => document.activeElement.name || document.activeElement.textContent.trim()")
            )
        assert [one for one in order if one in ("relation", "name", "number", "继续")] == [
            "relation",
            "name",
            "number",
            "继续",
        ]
        page.keyboard.press("Enter")
        page.locator("#error-summary").wait_for()
        context.close()
