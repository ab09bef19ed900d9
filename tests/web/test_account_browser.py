"""Messages, the account and verifying in a real browser: readable, reachable, within the screen; standard, large, English."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from screen import CLIPPED, SIDEWAYS, check, picture
from starlette.applications import Starlette
from starlette.routing import Mount
from web_family import Family

from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.entrances.web.citizen import build_citizen_pages
from gongji.entrances.web.verify import build_verify_pages
from gongji.foundation.inbox import Message, messages_of, tell
from gongji.foundation.issued import issue
from gongji.foundation.message_choices import ask_phone, choose
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook
from gongji.settlement.telling import tell_sharers

pytestmark = pytest.mark.browser


@pytest.fixture
def served(family: Family) -> Iterator[str]:
    """The pages, where texts can be sent."""
    town = family.town
    platform = Platform(Settings(sms_url="log"), town.database, town.vault, town.clock, RuleBook.shipped())
    routes = [Mount("/c", build_citizen_pages(platform)), Mount("/verify", build_verify_pages(platform))]
    with serving(Starlette(routes=routes), "127.0.0.1", 0) as base:
        yield base


def addresses(family: Family) -> dict[str, str]:
    """Every page, by the name of its picture, with something on it."""
    town, reader = family.town, family.daughter
    tell_sharers(town.database, town.clock.now())
    content = {"name": "*婷", "number": "2112************2X", "month": "2024-06", "lines": 4}
    sums = {"opening": 0, "came": 531_045, "went": 60_220, "closing": 470_825}
    with town.database.transaction() as connection:
        tell(connection, [Message(reader, "dispute.answered", {}, "disputes")], at=town.clock.now())
        newest = messages_of(connection, reader, 1)[0]
        choose(connection, reader, ["money"], quiet=True, language="zh_CN", at=town.clock.now())
        ask_phone(connection, town.vault, reader, "13800001234", "{code}", at=town.clock.now())
        code = issue(connection, town.vault, "statement", content | sums, town.clock.now())
    return {
        "messages": "/c/messages",
        "message": f"/c/messages/{newest.id}",
        "message_choices": "/c/messages/choices",
        "message_phone": "/c/messages/phone",
        "account": "/c/account?month=2024-06",
        "verified": f"/verify/{code}",
        "not_verified": "/verify/AAAABBBBCCCCDDDD",
    }


@pytest.mark.parametrize(
    ("mode", "language", "width"),
    [("", "zh_CN", 390), ("elder", "zh_CN", 390), ("", "en", 390), ("elder", "en", 320)],
)
def test_every_page_is_readable_and_reachable(
    chromium: Browser, served: str, family: Family, mode: str, language: str, width: int
) -> None:
    cookies = [
        {"name": "gongji_mode", "value": mode, "url": served},
        {"name": "gongji_language", "value": language, "url": served},
    ]
    context = chromium.new_context(viewport={"width": width, "height": 844}, device_scale_factor=2)
    context.add_cookies(cookies)
    page: Page = context.new_page()
    pages = addresses(family)
    page.goto(f"{served}/c/enter?token={family.token(family.daughter)}")
    for name, path in pages.items():
        page.goto(served + path)
        if width == 390:
            check(page, target=60 if mode else 44, text=18 if mode else 15)
        assert page.evaluate(SIDEWAYS) <= 0, name
        assert page.evaluate(CLIPPED) == [], name
        report = Axe().run(page)
        assert report.violations_count == 0, f"{name}: {report.generate_report()}"
        picture(page, f"citizen_{name}{'_elder' if mode else ''}_{language}_{width}")
    context.close()
