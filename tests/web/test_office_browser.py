"""The officers' pages at a wide screen and the citizens' at a phone, in a real browser: readable, reachable, no fault for axe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from office_house import COOKIES, House, hidden, open_house, settlement_number
from PIL import Image
from playwright.sync_api import Browser, BrowserContext
from screen import check, picture
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from gongji.entrances.server import serving
from gongji.entrances.web.headers import SafeHeaders
from gongji.entrances.web.pages import environment
from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.clock import CHINA
from town import JINING, Town

pytestmark = pytest.mark.browser


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """Monday 2025-03-03, 10:00 in Tieling."""
    town.clock.set(datetime(2025, 3, 3, 10, 0, tzinfo=CHINA))
    yield from open_house(town, tmp_path)


def looked_at(context: BrowserContext, house: House, pages: dict[str, str], *, target: float, text: float) -> None:
    """Each page keeps what every page has to keep; a picture of each is kept for people to look at."""
    page = context.new_page()
    for name, path in pages.items():
        page.goto(house.base + path)
        page.wait_for_load_state("networkidle")
        picture(page, name)
        report = Axe().run(page)
        assert report.violations_count == 0, (name, report.generate_report())
        check(page, name, target=target, text=text)
        assert page.evaluate("() => [...document.images].every(one => one.naturalWidth > 0)"), name
    page.close()


def signed_in(chromium: Browser, house: House, caller: Caller, width: int, height: int, **more: str) -> BrowserContext:
    """A browser of somebody's own."""
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    cookies = {COOKIES[caller.role]: house.token(caller), **more}
    context.add_cookies([{"name": name, "value": value, "url": house.base} for name, value in cookies.items()])
    return context


def officer(number: str, *duties: Duty, region: str = "211200") -> Caller:
    """An officer."""
    return Caller(Role.OFFICER, number, None, region, frozenset(duties))


def test_the_office_at_a_wide_screen(chromium: Browser, house: House) -> None:
    waiting, mine, second = house.request("赵军"), house.request("赵梅"), house.request("赵兰")
    zhou = house.officer("0210")
    for case in (mine, second):
        zhou.follow(f"/office/cases/{case.id}/claim")
    zhou.follow(f"/office/cases/{second.id}/decide", choice="refuse", refuse_reason="document_false", sure="yes")
    mother = house.town.person("李母", "1955-08-13", "retired", balance=0, gender=2)
    son = house.town.person("李军", "1980-02-02", "active", balance=1_000_00, household="李")
    house.town.share(son, mother)
    bought = house.purchase(mother)
    words = {"ground": "not_mine", "words": "那天我们都在外地"}
    house.citizen(son).follow(f"/c/settlements/{settlement_number(bought)}/dispute", **words)
    (dispute,) = re.findall(r'href="(/office/disputes/\d+)"', zhou.get("/office/disputes").text)
    with signed_in(chromium, house, officer("0210", *Duty), 1280, 800) as context:
        pages = {
            "office_queue": "/office/?show=all",
            "office_case_free": f"/office/cases/{waiting.id}",
            "office_case_mine": f"/office/cases/{mine.id}",
            "office_case_decided": f"/office/cases/{second.id}",
            "office_disputes": "/office/disputes",
            "office_dispute": dispute,
            "office_trail": "/office/trail",
            "office_missing": "/office/cases/1",
        }
        looked_at(context, house, pages, target=44, text=15)
        page = context.new_page()
        page.goto(f"{house.base}/office/cases/{mine.id}")
        page.get_by_label("退回补正", exact=True).check()
        page.get_by_role("button", name="看看申请人会收到什么").click()
        assert page.locator("#error-summary").is_visible()
        assert page.evaluate("() => document.activeElement.id") == "error-summary"
        picture(page, "office_case_wrong")
        page.get_by_label("居民户口簿").check()
        page.get_by_label("照片看不清，请在亮处重新拍一张").check()
        page.get_by_role("button", name="看看申请人会收到什么").click()
        assert page.get_by_text("请补交“居民户口簿”：照片看不清").is_visible()
        picture(page, "office_case_preview")
        page.get_by_role("button", name="确定：退回补正").click()
        assert page.get_by_text("上一件已决定，10 分钟内可以撤回").is_visible()
    with signed_in(chromium, house, officer("0211", Duty.SECOND_REVIEWER), 1280, 800) as context:
        looked_at(context, house, {"office_case_second": f"/office/cases/{second.id}"}, target=44, text=15)
    with signed_in(chromium, house, officer("0210", *Duty), 390, 844) as context:
        narrow = {"office_queue_390": "/office/?show=all", "office_case_390": f"/office/cases/{waiting.id}"}
        looked_at(context, house, narrow, target=44, text=15)


def test_premiums_disputes_and_readers_on_a_phone(chromium: Browser, house: House) -> None:
    _, son, under = house.season()
    phone = house.citizen(son)
    check = phone.get(f"/c/premiums/new?for={under}&year=2025")
    fields = {name: hidden(check.text, name) for name in ("for", "year", "key")}
    pages = {"premiums": "/c/premiums", "premium_check": f"/c/premiums/new?for={under}&year=2025"}
    me = Caller(Role.CITIZEN, "citizen", son)
    with signed_in(chromium, house, me, 390, 844) as context:
        looked_at(context, house, pages, target=44, text=15)
    order = phone.post("/c/premiums/new", **fields).headers["location"]
    mother = house.town.person("李母", "1955-08-13", "retired", balance=0, gender=2)
    house.town.share(son, mother, region=JINING)
    bought = house.purchase(mother)
    number = settlement_number(bought)
    tax = officer("0811", Duty.TAX_CLERK, region=JINING)
    path = order.replace("/c/premiums/", "/office/tax/orders/")
    with signed_in(chromium, house, tax, 1280, 800) as context:
        looked_at(context, house, {"office_tax": "/office/tax", "office_tax_order": path}, target=44, text=15)
    pages = {
        "premium_booking": order,
        "premiums_after": "/c/premiums",
        "dispute": f"/c/settlements/{number}/dispute",
        "readers": "/c/readers",
        "share_with_dispute": f"/c/settlements/{number}",
    }
    with signed_in(chromium, house, me, 390, 844) as context:
        looked_at(context, house, pages, target=44, text=15)
    phone.follow(f"/c/settlements/{number}/dispute", ground="not_mine", words="那天我们都在外地")
    house.browser(tax).follow(path, step="confirm", voucher="37002024101400001")
    pages = {"premium_booked": order, "disputes": "/c/disputes", "home_with_more": "/c/"}
    with signed_in(chromium, house, me, 390, 844) as context:
        looked_at(context, house, pages, target=44, text=15)
    everything = pages | {"premiums_elder": "/c/premiums", "dispute_elder": f"/c/settlements/{number}/dispute"}
    with signed_in(chromium, house, me, 320, 640, gongji_mode="elder") as context:
        elder = {f"{name}_320_elder": path for name, path in everything.items()}
        looked_at(context, house, elder, target=60, text=18)


def test_a_photo_is_made_smaller_on_the_phone(chromium: Browser, house: House, tmp_path: Path) -> None:
    """A photo of 4,000 × 3,000 goes out with 2,400 × 1,800 and no place it was taken at; a PDF goes as it is."""
    photo, paper = tmp_path / "photo.jpg", tmp_path / "paper.pdf"
    exif = Image.Exif()
    exif[0x010F] = "PhoneMaker"
    Image.effect_noise((4000, 3000), 60).convert("RGB").save(photo, "JPEG", quality=90, exif=exif)
    paper.write_bytes(b"%PDF-" + bytes(2 * 1024 * 1024))
    form = environment().from_string("{% import 'forms.html' as forms %}{{ forms.file('file', '照片') }}").render()

    async def upload(_: Request) -> HTMLResponse:
        return HTMLResponse(f"<!doctype html><html lang='zh'><title>x</title>{form}</html>")

    app = Starlette(routes=[Route("/upload", upload), *house.app().routes])
    with serving(SafeHeaders(app), "127.0.0.1", 0) as base:
        page = chromium.new_page()
        page.goto(f"{base}/upload")
        page.set_input_files("#file", paper)
        page.set_input_files("#file", photo)
        page.wait_for_selector("#file[data-shrunk]")
        sent = page.evaluate(
            """async () => {
              const file = document.querySelector('#file').files[0];
              const picture = await createImageBitmap(file);
              return [file.type, file.size, picture.width, picture.height, (await file.text()).includes('PhoneMaker')];
            }"""
        )
        page.close()
    assert sent[0] == "image/jpeg"
    assert sent[1] < photo.stat().st_size
    assert sent[2:] == [2400, 1800, False]


def test_a_premium_is_paid_without_javascript(chromium: Browser, house: House) -> None:
    """Five taps and no typing, from the start page to 正在入库."""
    _, son, _ = house.season()
    context = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="zh-CN")
    token = house.token(Caller(Role.CITIZEN, "citizen", son))
    context.add_cookies([{"name": "gongji_session", "value": token, "url": house.base}])
    page = context.new_page()
    page.goto(f"{house.base}/c/")
    page.get_by_role("link", name="给家人缴居民医保费").click()
    page.get_by_role("link", name="缴 2025 年度").click()
    page.get_by_role("button", name="用个人账户缴 ¥400.00").click()
    assert page.get_by_text("正在入库").is_visible()
    context.close()
