"""A walk through the citizens' pages in a real browser, with everything that is asked of every screen checked on the way.

The walk itself has no JavaScript. What only a script can look at (axe, the narrow screen at double size) is looked at on a twin
page, which is shown the very same HTML.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from phone import Pages
from playwright.sync_api import Browser, Frame, Page, Route
from screen import CLIPPED, SIDEWAYS, check, picture

from gongji.entrances.web.pages import STATIC

#: Most screens of a flow, fields to type on one of them, bytes of a page with its styles, compressed.
MOST_SCREENS, MOST_TYPED, MOST_BYTES = 7, 2, 30_000

#: How long a step may take on a machine that has much else to do, milliseconds.
PATIENCE = 120_000

#: Presses of Tab after which the keyboard has to have come to the main button of a page.
MOST_TABS = 60

_TYPED = "main form input:not([type=hidden]):not([type=radio]):not([type=checkbox]):not([type=file]), main textarea"

#: The last thing to press in the page's content, and whether it has the focus, visibly.
_MARK_GOAL = """() => { const all = [...document.querySelectorAll('main a, main button')]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().width); const goal = all[all.length - 1];
  if (goal) goal.setAttribute('data-goal', ''); return !!goal }"""
_AT_GOAL = """() => document.activeElement.hasAttribute('data-goal')
  && getComputedStyle(document.activeElement).outlineStyle !== 'none'"""


@dataclass
class Twin:
    """A page with JavaScript and no session that is shown what the walk sees."""

    page: Page
    shown: str = ""

    @classmethod
    def of(cls, browser: Browser) -> Twin:
        """A twin in a context of its own."""
        context = browser.new_context(viewport={"width": 390, "height": 844})
        context.set_default_timeout(PATIENCE)
        twin = cls(context.new_page())
        twin.page.route("**/*", twin._answer)
        return twin

    def _answer(self, route: Route) -> None:
        if route.request.resource_type == "document":
            route.fulfill(body=self.shown, content_type="text/html; charset=utf-8")
        else:
            route.continue_()

    def look(self, html: str, address: str, name: str) -> None:
        """axe finds nothing; at 320 px with letters of double size nothing runs sideways or is cut off."""
        self.shown = html
        self.page.set_viewport_size({"width": 390, "height": 844})
        self.page.goto(address)
        report = Axe().run(self.page)
        assert report.violations_count == 0, f"{name}: {report.generate_report()}"
        self.page.set_viewport_size({"width": 320, "height": 640})
        self.page.evaluate("() => { document.documentElement.style.fontSize = '32px' }")
        assert self.page.evaluate(SIDEWAYS) <= 0, f"{name} runs sideways at 320 px and 200 %"
        # A box scrolls within itself.
        cut = [one for one in self.page.evaluate(CLIPPED) if not one.startswith(("INPUT", "TEXTAREA"))]
        assert cut == [], f"{name} at 320 px and 200 %: {cut}"


@dataclass
class Walk:
    """A phone on its way through a flow; every screen that it passes is looked at."""

    pages: Pages
    browser: Browser
    elder: bool
    twin: Twin
    prefix: str = "bind"
    page: Page = field(init=False)
    passed: list[str] = field(default_factory=list)
    beside: list[Walk] = field(default_factory=list)

    def __post_init__(self) -> None:
        context = self.browser.new_context(
            viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="zh-CN"
        )
        if self.elder:
            context.add_cookies([{"name": "gongji_mode", "value": "elder", "url": f"{self.pages.base}/c/"}])
        context.set_default_timeout(PATIENCE)
        self.page = context.new_page()
        self.page.on("framenavigated", self._note)

    def _note(self, frame: Frame) -> None:
        path = urlsplit(frame.url).path
        if frame.parent_frame is None and (not self.passed or self.passed[-1] != path):
            self.passed.append(path)

    def other(self) -> Walk:
        """Another person's phone beside this one."""
        made = Walk(self.pages, self.browser, self.elder, self.twin, self.prefix)
        self.beside.append(made)
        return made

    def close(self) -> None:
        """Put the phones away."""
        for one in (*self.beside, self):
            one.page.context.close()

    def open(self, path: str) -> None:
        """Open a page."""
        self.page.goto(f"{self.pages.base}{path}")

    def come_in(self, person: int) -> None:
        """Sign somebody in."""
        self.open(self.pages.link(person))

    @contextmanager
    def flow(self, name: str) -> Iterator[None]:
        """A flow from the screen after this one to its last: no more screens than anybody has patience for."""
        self.passed = [urlsplit(self.page.url).path]
        yield
        screens = self.passed[1:]
        assert len(screens) <= MOST_SCREENS, f"{name} takes {len(screens)} screens: {screens}"

    def seen(self, name: str) -> None:
        """Look at the screen: layout, sizes, fields, weight, focus, keyboard, axe, the narrow phone; keep a picture."""
        name = f"{self.prefix}_{name}{'_elder' if self.elder else ''}"
        check(self.page, target=60 if self.elder else 44, text=18 if self.elder else 15)
        visible = [one for one in self.page.locator(_TYPED).all() if one.is_visible()]
        assert len(visible) <= MOST_TYPED, f"{name} asks for too much at once"
        if self.page.locator("#error-summary").count():
            focused = self.page.evaluate("() => document.activeElement.id")
            assert focused == "error-summary", f"{name}: the summary has the focus"
        html = self.page.content()
        styles = (STATIC / "citizen.css").read_bytes()
        assert len(gzip.compress(html.encode() + styles)) < MOST_BYTES, f"{name} is too heavy"
        picture(self.page, f"citizen_{name}")
        self._keyboard(name)
        self.twin.look(html, self.page.url, name)

    def _keyboard(self, name: str) -> None:
        """Tab comes to the last thing that can be pressed, and one sees that it is there."""
        if self.elder or not self.page.evaluate(_MARK_GOAL):
            return
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(_AT_GOAL):
                return
        raise AssertionError(f"{name}: the keyboard does not come to the last button")

    def press(self, name: str) -> None:
        """Press the button, or follow the link, of this name, and wait for the screen that it leads to."""
        here = self.page.locator("main").get_by_role("button", name=name, exact=True)
        there = here if here.count() else self.page.locator("main").get_by_role("link", name=name, exact=True)
        # A click alone may return while the old screen still stands, or none does.
        with self.page.expect_navigation():
            there.first.click()

    def fill(self, label: str, words: str) -> None:
        """Fill in a field."""
        self.page.get_by_label(label).fill(words)

    def heading(self) -> str:
        """What the screen is called."""
        return self.page.get_by_role("heading", level=1).inner_text()

    def words(self) -> str:
        """What stands on the screen."""
        return self.page.locator("main").inner_text()

    def name_relative(self, name: str, number: str, relation: str) -> None:
        """Fill in whom it is for."""
        if relation:
            self.page.get_by_label(relation, exact=True).check()
        self.page.get_by_label("家人的姓名").fill(name)
        self.page.get_by_label("家人的身份证号").fill(number)
        self.press("继续")
