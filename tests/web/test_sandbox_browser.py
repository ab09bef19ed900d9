"""The sandbox's pages in a real browser: a phone and a desktop, in both languages, without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page
from screen import SIDEWAYS, SMALL_TARGETS, accessible, picture

from gongji.entrances.sandbox.app import SandboxApp
from gongji.entrances.sandbox.host import Sandbox
from gongji.entrances.sandbox.page import MENU
from gongji.entrances.server import serving
from gongji.foundation.settings import Settings

pytestmark = pytest.mark.browser

HOSPITAL = "H21129900001"


@pytest.fixture(scope="module")
def address(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A sandbox in which a scenario was run and another one waits."""
    settings = Settings(data=tmp_path_factory.mktemp("sandbox"), database_url=server_url, secret="07" * 32)
    sandbox = Sandbox(settings)
    with serving(SandboxApp(sandbox), "127.0.0.1", 0) as base:
        for path in ("settle_and_reverse/demo", "lost_reply/demo", "sharing"):
            httpx.post(f"{base}/sandbox/conformance/{HOSPITAL}/{path}", trust_env=False, timeout=60)
        httpx.post(f"{base}/sandbox/failures", data={"kind": "delay", "seconds": "3"}, trust_env=False, timeout=60)
        yield base
    sandbox.close()


def pages(address: str) -> list[str]:
    """Every kind of page."""
    newest = (
        len(
            httpx.get(f"{address}/sandbox/messages", trust_env=False, timeout=60).text.split('href="/sandbox/messages/')
        )
        - 1
    )
    return ["", *MENU, f"messages/{newest}", f"conformance/{HOSPITAL}", "fields/2207", "nowhere"]


@pytest.mark.parametrize(("width", "height", "language"), [(390, 844, "zh_CN"), (320, 640, "en"), (1280, 800, "zh_CN")])
def test_all_pages_are_readable_and_reachable(
    chromium: Browser, address: str, width: int, height: int, language: str
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": height}, java_script_enabled=False)
    context.add_cookies([{"name": "gongji_language", "value": language, "url": address}])
    page = context.new_page()
    for path in pages(address):
        page.goto(f"{address}/sandbox/{path}")
        name = path.replace("/", "_") or "home"
        picture(page, f"sandbox_{name}_{width}")
        assert page.evaluate(SIDEWAYS) <= 0, name
        assert page.evaluate(SMALL_TARGETS, 44) == [], name
        assert page.evaluate("() => document.querySelectorAll('h1').length") == 1, name
    context.close()


def test_axe_finds_nothing(chromium: Browser, address: str) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    # One page of each kind: the others are made of the same parts.
    for path in ("messages", "control", "signature", f"conformance/{HOSPITAL}", "messages/1"):
        accessible(page, f"{address}/sandbox/{path}")
    context.close()


def test_somebody_plans_a_failure_and_takes_it_back(chromium: Browser, address: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page: Page = context.new_page()
    page.goto(f"{address}/sandbox/control")
    page.get_by_role("button", name="全部取消").click()
    page.get_by_label("故障类型").select_option("skew")
    page.get_by_label("分钟").fill("9999")
    page.get_by_role("button", name="安排故障").click()
    assert page.get_by_text("minutes 应在 -1440 到 1440 之间").is_visible()
    page.go_back()
    page.get_by_label("分钟").fill("20")
    page.get_by_role("button", name="安排故障").click()
    assert page.get_by_text("故障已安排。").is_visible()
    assert page.get_by_role("link", name="待发生的故障 1").is_visible()
    page.get_by_role("button", name="取消", exact=True).click()
    assert page.get_by_text("没有安排故障。").is_visible()
    page.get_by_role("button", name="English").click()
    assert page.get_by_text("Nothing is planned.").is_visible()
    context.close()
