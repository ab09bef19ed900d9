"""The rule pages in a real browser, on a phone and a desktop, standard and elder, without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page
from screen import CLIPPED, SIDEWAYS, accessible, check, picture
from test_rule_pages import TIELING, rules_site

__all__ = ["rules_site"]

pytestmark = pytest.mark.browser

#: An earlier visit of the year.
YEAR = {"before1_on": "2024-02-01", "before1_kind": "outpatient", "before1_tier": "tier_1", "before1_total": "150"}

PAGES = {
    "list": "/rules/",
    "region": "/rules/211200?on=2024-06-12",
    "compare": "/rules/compare?a=211200&b=370800&on=2024-06-12",
    "calculator": "/rules/calculator",
    "clause": "/rules/clause/cn/liaoning/tieling/outpatient.share.retired.tier_3",
    "year": f"/rules/calculator?{urlencode(TIELING | YEAR)}",
    "result": f"/rules/calculator?{urlencode(TIELING)}",
    "draft": "/rules/draft?region=211200&on=2025-07-01&employee.outpatient.share.retired.tier_2=75",
    "draft_wrong": "/rules/draft?region=211200&on=2025-07-01&employee.outpatient.share.retired.tier_2=40",
    "wrong": f"/rules/calculator?{urlencode(TIELING | {'total': '一千', 'age': '200'})}",
}


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A phone without JavaScript."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, java_script_enabled=False, locale="zh-CN"
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def scripted(chromium: Browser) -> Iterator[Page]:
    """A phone with JavaScript, which axe needs."""
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("elder", [False, True], ids=["standard", "elder"])
def test_all_pages_are_readable_and_reachable(page: Page, scripted: Page, rules_site: str, elder: bool) -> None:
    if elder:
        page.goto(f"{rules_site}/rules/")
        page.get_by_role("button", name="长辈版大字").click()
        scripted.context.add_cookies([{"name": "gongji_mode", "value": "elder", "url": rules_site}])
    for name, path in PAGES.items():
        page.goto(rules_site + path)
        check(page, name, target=60 if elder else 44, text=18 if elder else 15)
        accessible(scripted, rules_site + path)
        picture(page, f"rules_{name}{'_elder' if elder else ''}")
        for summary in page.locator("summary").all():
            summary.click()
        check(page, f"{name}, opened", target=60 if elder else 44, text=18 if elder else 15)


@pytest.mark.parametrize("elder", [False, True], ids=["standard", "elder"])
def test_a_small_phone_at_double_size_still_shows_everything(chromium: Browser, rules_site: str, elder: bool) -> None:
    context = chromium.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Page.enable")
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    if elder:
        context.add_cookies([{"name": "gongji_mode", "value": "elder", "url": rules_site}])
    for name, path in PAGES.items():
        page.goto(rules_site + path)
        assert page.evaluate("() => getComputedStyle(document.documentElement).fontSize") == "32px"
        assert page.evaluate(SIDEWAYS) <= 0, name
        assert page.evaluate(CLIPPED) == [], name
    context.close()


def test_a_desktop_and_the_english_pages(page: Page, scripted: Page, rules_site: str) -> None:
    page.set_viewport_size({"width": 1366, "height": 768})
    for name, path in PAGES.items():
        page.goto(rules_site + path)
        check(page, name, target=44, text=15)
        picture(page, f"rules_{name}_desktop")
    cookie = {"name": "gongji_language", "value": "en", "url": rules_site}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    scripted.context.add_cookies([cookie])  # type: ignore[list-item]
    page.set_viewport_size({"width": 390, "height": 844})
    for name, path in PAGES.items():
        page.goto(rules_site + path)
        check(page, name, target=44, text=15)
        accessible(scripted, rules_site + path)
        picture(page, f"rules_{name}_en")


def test_somebody_fills_in_the_form_and_comes_to_the_answer(page: Page, rules_site: str) -> None:
    page.goto(f"{rules_site}/rules/")
    page.get_by_role("link", name="算一算能报多少").click()
    page.get_by_label("在哪里参加医保").select_option("铁岭市")
    page.get_by_label("总费用（元）").fill("一千")
    page.get_by_role("button", name="算一算").first.click()
    page.get_by_role("alert").get_by_role("link", name="总费用").click()
    assert page.evaluate("() => document.activeElement.id || location.hash") in ("total", "#total")
    page.get_by_label("总费用（元）").fill("1268.50")
    page.get_by_role("button", name="算一算").first.click()
    assert page.get_by_role("heading", name="算出来是这样").is_visible()
    # 1268.50 wholly in scope: (1268.50 − 300.00) × 55 % = 532.675, half up 532.68.
    assert page.get_by_text("¥532.68").first.is_visible()
    assert "total=1268.50" in page.url
