"""The pages in a real browser: readable, reachable and within the screen, standard and elder, without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from screen import CLIPPED, SIDEWAYS, accessible, check, picture
from web_family import Family, address

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Browser, site: str, family: Family) -> Iterator[Page]:
    """A phone without JavaScript, signed in as the mother."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, java_script_enabled=False, locale="zh-CN"
    )
    opened = context.new_page()
    opened.goto(f"{site}/c/enter?token={family.token(family.mother)}")
    yield opened
    context.close()


@pytest.fixture
def scripted(page: Page, chromium: Browser) -> Iterator[Page]:
    """The same session with JavaScript, which axe needs (the pages do not)."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, storage_state=page.context.storage_state())
    yield context.new_page()
    context.close()


def all_pages(family: Family) -> dict[str, str]:
    """Every kind of page that the mother can come to, by the name of its picture."""
    return {
        "home": "/c/",
        "settlement": address(family.visit),
        "refunded": address(family.purchase),
        "refund": address(family.refund),
        "missing": "/c/settlements/1",
    }


def test_all_pages_are_readable_and_reachable(page: Page, scripted: Page, site: str, family: Family) -> None:
    for name, path in all_pages(family).items():
        page.goto(site + path)
        check(page, target=44, text=15)
        accessible(scripted, site + path)
        picture(page, f"citizen_{name}")


def test_large_type_has_large_text_and_large_targets(page: Page, scripted: Page, site: str, family: Family) -> None:
    page.get_by_role("button", name="长辈版大字").click()
    assert page.get_by_role("button", name="返回标准版").is_visible()
    scripted.context.add_cookies([{"name": "gongji_mode", "value": "elder", "url": f"{site}/c/"}])
    for name, path in all_pages(family).items():
        page.goto(site + path)
        check(page, target=60, text=18)
        accessible(scripted, site + path)
        picture(page, f"citizen_{name}_elder")


def test_a_small_phone_at_double_size_still_shows_everything(chromium: Browser, site: str, family: Family) -> None:
    context = chromium.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Page.enable")
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    page.goto(f"{site}/c/enter?token={family.token(family.mother)}")
    assert page.evaluate("() => getComputedStyle(document.documentElement).fontSize") == "32px"
    for elder in ("", "_elder"):
        if elder:
            page.get_by_role("button", name="长辈版大字").click()
        for name, path in all_pages(family).items():
            page.goto(site + path)
            assert page.evaluate("() => getComputedStyle(document.documentElement).fontSize") == "32px"
            assert page.evaluate(SIDEWAYS) <= 0, name
            assert page.evaluate(CLIPPED) == [], name
            # Taking a picture sets the reader's font size back: say it once more, on the page itself.
            page.evaluate("() => { document.documentElement.style.fontSize = '32px' }")
            picture(page, f"citizen_{name}_320_double{elder}")
        page.goto(f"{site}/c/")
    context.close()


def test_wider_letter_and_line_spacing_clips_nothing(page: Page, site: str, family: Family) -> None:
    for path in all_pages(family).values():
        page.goto(site + path)
        # WCAG 1.4.12; set through the protocol, as a reader's own style would be: the page's policy has no say in it.
        page.evaluate(
            """() => { for (const one of document.querySelectorAll('body *')) {
              one.style.setProperty('letter-spacing', '.12em', 'important');
              one.style.setProperty('word-spacing', '.16em', 'important');
              one.style.setProperty('line-height', '1.5', 'important'); } }"""
        )
        assert page.evaluate(SIDEWAYS) <= 0
        assert page.evaluate(CLIPPED) == []


def test_the_mother_goes_from_the_start_to_the_reasons_and_back_with_the_keyboard(
    page: Page, site: str, family: Family
) -> None:
    page.goto(f"{site}/c/")
    order = []
    for _ in range(6):
        page.keyboard.press("Tab")
        order.append(page.evaluate("() => document.activeElement.textContent.trim().split('\\n')[0]"))
    assert order[:3] == ["跳到正文", "长辈版大字", "English"]
    ring = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert ring == "solid", "the focus is seen"

    page.get_by_role("link", name="铁岭市中心医院").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "谁付了什么，为什么"
    page.get_by_text("每一项的依据").click()
    assert page.get_by_text("规则编号").first.is_visible(), "the clause opens without JavaScript"
    page.get_by_role("link", name="返回首页").click()
    assert page.get_by_role("heading", level=1).inner_text() == "王秀兰，您好"


def test_the_daughter_and_a_reader_of_english(page: Page, site: str, family: Family) -> None:
    page.goto(f"{site}/c/enter?token={family.token(family.daughter)}")
    picture(page, "citizen_home_sharer")
    page.goto(site + address(family.visit))
    check(page, target=44, text=15)
    picture(page, "citizen_share")
    page.get_by_role("button", name="English").click()
    check(page, target=44, text=15)
    assert page.get_by_role("heading", level=1).inner_text() == "What my account paid"
    page.goto(f"{site}/c/enter?token={family.token(family.mother)}")
    page.goto(site + address(family.visit))
    check(page, target=44, text=15)
    picture(page, "citizen_settlement_en")


def test_high_contrast_dark_preference_and_print(page: Page, scripted: Page, site: str, family: Family) -> None:
    page.goto(site + address(family.visit))
    page.emulate_media(forced_colors="active")
    assert page.evaluate(SIDEWAYS) <= 0
    picture(page, "citizen_settlement_forced_colours")
    scripted.emulate_media(color_scheme="dark")
    accessible(scripted, site + address(family.visit))
    page.emulate_media(forced_colors="none")
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="退出登录").is_visible()
    assert page.get_by_text("加起来正好等于总费用。").is_visible()
    picture(page, "citizen_settlement_print")


def test_the_first_font_has_chinese_figures(page: Page, site: str) -> None:
    family = page.evaluate("() => getComputedStyle(document.body).fontFamily")
    assert family.startswith('"Noto Sans CJK SC"')


def test_the_documentation_of_the_api_is_readable_too(chromium: Browser, site: str) -> None:
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    accessible(page, f"{site}/api/docs")
    assert asked == [f"{site}/api/docs"], "the page loads nothing"
    picture(page, "citizen_api_docs")
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate(SIDEWAYS) <= 0
    context.close()
