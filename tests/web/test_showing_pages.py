"""A mother shows her code at the window: made by a press, good once, for two minutes, hers alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import segno
from phone import Pages, Phone, serving_pages
from playwright.sync_api import Browser
from walk import Twin, Walk

from gongji.family import mandates
from gongji.foundation.errors import GongjiError
from gongji.registry import e_credential
from town import Town


@pytest.fixture
def pages(town: Town, tmp_path: Path) -> Iterator[Pages]:
    """Wednesday 2024-06-12, 10:30."""
    with serving_pages(town, data=tmp_path) as served:
        yield served


def mother_of(pages: Pages) -> tuple[int, Phone]:
    """Wang Xiulan of Tieling, and her phone."""
    mother = pages.town.person("王秀兰", "1953-03-08", "retired", balance=3_520, gender=2)
    return mother, pages.phone(mother)


def digits(phone: Phone) -> str:
    """The digits on the page, "" where there are none."""
    found = re.search(r"(?:\b\d{4} ){6}\d{4}\b", phone.words)
    return found[0].replace(" ", "") if found else ""


def read(pages: Pages, code: str, message: str = "message-1") -> int:
    """The window reads a code; gives whose it is."""
    with pages.town.database.transaction() as connection:
        return e_credential.read_code(
            connection,
            pages.town.vault,
            code,
            pages.town.institution("H21120200001").id,
            message,
            pages.town.clock.now(),
        )[0]


def test_made_by_a_press_in_groups_with_its_end_and_as_a_picture(pages: Pages) -> None:
    mother, phone = mother_of(pages)
    assert "出示医保码" in phone.open("/c/")
    phone.open("/c/code")
    assert digits(phone) == "", "opening the page makes none"
    phone.send("/c/code")
    code = digits(phone)
    assert len(code) == 28
    assert code.endswith("211200")
    assert "有效到 10:32" in phone.words
    assert phone.last is not None
    drawn = segno.make(code, error="m", micro=False).svg_inline(
        border=4, light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )
    assert drawn in phone.last.text
    assert phone.last.headers["cache-control"] == "no-store"
    assert read(pages, code) == mother
    assert "credential.issue" not in phone.open("/c/readers")


def test_a_new_one_ends_the_one_before_and_time_ends_both(pages: Pages) -> None:
    mother, phone = mother_of(pages)
    phone.send("/c/code")
    first = digits(phone)
    phone.send("/c/code")
    second = digits(phone)
    assert first != second
    with pytest.raises(GongjiError) as over:
        read(pages, first)
    assert over.value.code == "credential.over"
    pages.town.clock.advance(timedelta(minutes=2))
    with pytest.raises(GongjiError):
        read(pages, second)
    phone.send("/c/code")
    assert read(pages, digits(phone)) == mother
    with pytest.raises(GongjiError):
        read(pages, digits(phone), "message-2")


def test_nobody_shows_it_for_her(pages: Pages) -> None:
    """Her daughter may act for her on these pages, and has no code of hers."""
    town = pages.town
    mother, _ = mother_of(pages)
    daughter = town.person("李婷", "1980-05-20", "active", balance=100_00, gender=2)
    with town.database.transaction() as connection:
        leave = mandates.give(
            connection,
            elder_id=mother,
            helper_id=daughter,
            scope=mandates.Scope.ACT,
            until=town.clock.now().date(),
            given_by="elder",
            at=town.clock.now(),
        )
    phone = pages.phone(daughter)
    phone.send(f"/c/help/{leave.id}/begin")
    for opened in (phone.open("/c/code"), phone.send("/c/code")):
        assert phone.status == 403
        assert "只能由本人" in opened
        assert digits(phone) == ""


@pytest.mark.browser
@pytest.mark.parametrize("elder", [False, True], ids=["standard", "elder"])
def test_on_a_phone_without_javascript(chromium: Browser, twin: Twin, town: Town, tmp_path: Path, elder: bool) -> None:
    """From the start page in two presses; the picture is as wide as a scanner likes, the digits large enough to read aloud."""
    with serving_pages(town, data=tmp_path) as pages:
        walk = Walk(pages, chromium, elder, twin, "code")
        mother, _ = mother_of(pages)
        walk.come_in(mother)
        with walk.flow("showing the code"):
            walk.press("出示医保码")
            walk.seen("1_about")
            walk.press("出示医保码")
            walk.seen("2_code")
        box = walk.page.locator("svg.qr").bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 240
        before = walk.page.locator(".digits").inner_text()
        walk.press("换一个新的")
        assert walk.page.locator(".digits").inner_text() != before
        walk.close()
