"""What every screen of every page has to keep, and the pictures of them that people look at."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SCREENS = Path(__file__).parents[2] / "artifacts" / "screens"

#: Visible things to tap that are smaller than `least` CSS pixels either way; a link within a sentence does not count.
SMALL_TARGETS = """least => [...document.querySelectorAll('a,button,summary,select,input:not([type=hidden])')]
  .filter(one => !one.matches('.skip'))
  .map(one => [one.name || one.textContent.trim(), one.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < least - .5 || box.height < least - .5))
  .map(([text, box]) => `${text}: ${box.width}×${box.height}`)"""

SMALLEST_TEXT = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const sizes = [];
  while (walker.nextNode()) if (walker.currentNode.textContent.trim())
    sizes.push(parseFloat(getComputedStyle(walker.currentNode.parentElement).fontSize));
  return Math.min(...sizes);
}"""

SIDEWAYS = "() => document.documentElement.scrollWidth - window.innerWidth"

#: Elements whose text is wider than their box.
CLIPPED = """() => [...document.querySelectorAll('main *,header *')]
  .filter(one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline' && one.clientWidth)
  .map(one => one.tagName + ' ' + one.textContent.trim().slice(0, 40))"""

#: CSS pixels of a page that a picture shows at most. Chromium draws a picture on one surface, and beyond 16,384 device pixels
#: it now and then answers "Unable to capture screenshot"; pages are drawn at two device pixels for each of CSS.
_MOST_HEIGHT = 8_000


def picture(page: Page, name: str) -> None:
    """Keep a picture of the page from its top for people to look at, in `artifacts/screens/<name>.png`."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    width, height = page.evaluate("() => [window.innerWidth, document.documentElement.scrollHeight]")
    shown = {"x": 0, "y": 0, "width": width, "height": min(height, _MOST_HEIGHT)}
    page.screenshot(path=SCREENS / f"{name}.png", full_page=True, clip=shown)  # type: ignore[arg-type]


def accessible(page: Page, address: str) -> None:
    """axe finds nothing on the page at this address; the page must have JavaScript."""
    page.goto(address)
    report = Axe().run(page)
    assert report.violations_count == 0, report.generate_report()


def check(page: Page, name: str = "", *, target: float, text: float) -> None:
    """Within the screen, nothing cut off, targets of `target` and letters of `text` CSS pixels at least, one heading."""
    # A press is over when the next page begins to come: on a busy machine there is no document in it yet.
    page.wait_for_load_state()
    assert page.evaluate(SIDEWAYS) <= 0, name
    assert page.evaluate(CLIPPED) == [], name
    assert page.evaluate(SMALL_TARGETS, target) == [], name
    assert page.evaluate(SMALLEST_TEXT) >= text, name
    assert page.evaluate("() => document.querySelectorAll('h1').length") == 1, name
