"""Money for relatives in a real browser at 390 × 844: standard without JavaScript, large type with axe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from phone import serving_pages
from playwright.sync_api import Browser
from walk import Twin, Walk

from allotting_region import allotting_liaoning
from town import Town

pytestmark = pytest.mark.browser


@pytest.fixture(params=["standard", "elder"])
def walk(request: pytest.FixtureRequest, chromium: Browser, twin: Twin, town: Town, tmp_path: Path) -> Iterator[Walk]:
    """Liaoning asks for allotment, a part for each; standard type, then large."""
    town.rules = allotting_liaoning(tmp_path / "packs")
    with serving_pages(town, town.rules, data=tmp_path) as pages:
        made = Walk(pages, chromium, request.param == "elder", twin, "allotment")
        yield made
        made.close()


def test_from_nothing_given_to_used_up_and_taken_back(walk: Walk) -> None:
    """¥600.00 to the father, who spends ¥450.00; what is left comes back; both see theirs, in large type too."""
    town = walk.pages.town
    daughter = town.person("李婷", "1980-05-20", "active", balance=231_045, historical=300_000, gender=2)
    father = town.person("李建国", "1951-02-01", "resident")
    mother = town.person("王秀兰", "1953-03-08", "resident", gender=2)
    share = town.share(daughter, father)
    town.share(daughter, mother)
    his = walk.other()
    his.open(walk.pages.link(father))
    his.seen("1_his_zero")
    walk.open(walk.pages.link(daughter))
    with walk.flow("giving money to a relative"):
        walk.press("给家人备用的钱")
        walk.seen("2_nothing_given")
        walk.press("给钱：父亲 **国")
        walk.press("继续")
        walk.seen("3_amount_wrong")
        walk.page.get_by_label("给多少（元）").fill("600")
        walk.press("继续")
        walk.seen("4_check")
        walk.press("确认给 ¥600.00")
        walk.seen("5_given")
    pharmacy = town.institution("P21120200003")
    town.settled(town.purchase(father, pharmacy, ("C-A", 1, "450.00"), use="2"))
    his.open("/c/")
    his.seen("6_his_rest")
    walk.press("给家人的钱怎么用的")
    walk.seen("7_moves")
    walk.open("/c/")
    with walk.flow("taking money back"):
        walk.press("给家人备用的钱")
        walk.press("收回：父亲 **国")
        walk.seen("8_back")
        walk.press("继续")
        walk.seen("9_back_check")
        walk.press("确认收回 ¥150.00")
        walk.seen("10_taken_back")
    walk.open(f"/c/sharings/{share}")
    walk.seen("11_sharing")
    walk.open("/c/allotment")
    words = " ".join(walk.page.locator("main").inner_text().split())
    assert "¥4,860.45 = ¥2,000.00 + ¥0.00 + ¥2,860.45" in words


def test_in_english(walk: Walk) -> None:
    """The same pages in English."""
    town = walk.pages.town
    daughter = town.person("李婷", "1980-05-20", "active", balance=231_045, historical=300_000, gender=2)
    share = town.share(daughter, town.person("李建国", "1951-02-01", "resident"))
    walk.open(walk.pages.link(daughter))
    english = {"name": "gongji_language", "value": "en", "url": f"{walk.pages.base}/c/"}
    walk.page.context.add_cookies([english])  # type: ignore[list-item]
    walk.open("/c/allotment")
    walk.seen("12_english")
    walk.open(f"/c/allotment/check?deed=allot&to={share}&amount=60000")
    walk.seen("13_english_check")
