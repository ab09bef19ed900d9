"""What officers do for one person, and the lists beside it, in a real browser: wide and narrow, without a fault for axe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from office_house import Browser as Client
from office_house import House, open_house
from playwright.sync_api import Browser
from screen import picture
from test_office_browser import looked_at, officer, signed_in
from test_office_pages import difference

from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.deliveries import Channel, message_delivery, note_failed, take_due
from gongji.foundation.inbox import Message, messages_of, tell
from town import Town

pytestmark = pytest.mark.browser


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """Monday 2025-03-03, 10:00 in Tieling."""
    town.clock.set(datetime(2025, 3, 3, 10, 0, tzinfo=CHINA))
    yield from open_house(town, tmp_path)


@pytest.fixture
def father(house: House) -> int:
    """Wang Dehai: filings in every state, a freeze that waits for a second officer and one that is over, a text that failed."""
    town = house.town
    father = town.person("王德海", "1951-03-08", "retired", balance=35_200, gender=1)
    _, psn_no = house.numbers_of(father)
    zhou, clerk = house.officer("0210"), house.officer("0212", Duty.CLERK)
    there = f"/office/people/{psn_no}/filings"
    disease = {"kind": "special_disease", "disease": "M07803", "name": "慢性肾功能衰竭透析", "since": "2025-01-01"}
    zhou.follow(f"{there}/new", **disease, until="2025-02-28")
    zhou.follow(f"{there}/new", kind="elsewhere", area="370800", since="2025-03-01")
    clerk.follow(f"{there}/new", kind="two_diseases", which="M03900", since="2025-03-03")
    first = town.freeze(father)
    zhou.follow(f"/office/freezes/{first}/lift", lift_reason="holder_asked")
    town.freeze(father, "misuse_check", date(2025, 6, 30))
    with town.database.transaction() as connection:
        tell(connection, [Message(father, "money.freed", {}, "account")], at=town.clock.now())
        told = messages_of(connection, father, 1)[0].id
        waiting = message_delivery.insert().values(
            message_id=told, channel=Channel.SMS, subscriber_id=0, due_at=town.clock.now()
        )
        connection.execute(waiting)
        for one in take_due(connection, town.clock.now(), 1):
            note_failed(connection, one.id, "ConnectError: the network is down", town.clock.now())
        connection.execute(message_delivery.update().values(due_at=None))
    return father


def test_a_filing_is_refused_by_keyboard_once_its_reason_is_chosen(
    chromium: Browser, house: House, father: int
) -> None:
    """Without a reason the summary leads to the first choice; the reason is the sentence that the father reads."""
    _, psn_no = house.numbers_of(father)
    with signed_in(chromium, house, officer("0210", Duty.REVIEWER), 1280, 800) as context:
        page = context.new_page()
        page.goto(f"{house.base}/office/people/{psn_no}/filings")
        waiting = page.get_by_role("listitem").filter(has_text="高血压 M03900")
        waiting.locator("summary").focus()
        page.keyboard.press("Enter")
        waiting.get_by_role("button", name="不予通过").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#error-summary:focus")
        picture(page, "office_filing_refuse_wrong")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Space")
        page.get_by_role("button", name="不予通过").focus()
        page.keyboard.press("Enter")
        page.get_by_text("已登记不予通过，本人会收到消息。").wait_for()
        assert "没有通过：交来的材料看不出符合条件" in page.locator("main").inner_text()


def test_everything_about_a_person_wide_and_narrow(chromium: Browser, house: House, father: int) -> None:
    _, psn_no = house.numbers_of(father)
    at = f"/office/people/{psn_no}"
    hospital = house.town.institution("H21120200001").id
    house.officer("0210").follow(f"/office/takers/{hospital}", since="2025-03-01", until="")
    pages = {
        "office_people": "/office/people",
        "office_person": at,
        "office_filings_waiting": "/office/filings",
        "office_filings": f"{at}/filings",
        "office_filing_new": f"{at}/filings/new?kind=special_disease",
        "office_filing_referral": f"{at}/filings/new?kind=referral",
        "office_freeze": f"{at}/freeze",
        "office_freezes": "/office/freezes",
        "office_assist": f"{at}/assist",
        "office_messages": "/office/messages",
        "office_person_messages": f"{at}/messages",
        "office_takers": "/office/takers",
        "office_taker": f"/office/takers/{hospital}",
        "office_differences": "/office/differences",
        "office_difference": f"/office/differences/{difference(house)}",
        "office_counter": "/office/counter",
    }
    for width, height, mark in ((1280, 800, ""), (390, 844, "_390")):
        with signed_in(chromium, house, officer("0299", *Duty), width, height) as context:
            looked_at(context, house, {f"{name}{mark}": path for name, path in pages.items()}, target=44, text=15)
    with signed_in(chromium, house, officer("0299", *Duty), 320, 640, gongji_mode="elder") as context:
        large = {f"{name}_320_elder": pages[name] for name in ("office_person", "office_freeze", "office_differences")}
        looked_at(context, house, large, target=44, text=18)


def test_an_account_is_frozen_with_the_keyboard_alone(chromium: Browser, house: House) -> None:
    """Number, Enter; the way to the freeze; the second reason by the arrow key; Enter. What is missing is told first."""
    daughter = house.town.person("李婷", "1980-05-20", "active", balance=500_00, gender=2)
    number, _ = house.numbers_of(daughter)
    with signed_in(chromium, house, officer("0210", Duty.REVIEWER), 1280, 800) as context:
        page = context.new_page()
        page.goto(f"{house.base}/office/people")
        page.locator("#number").focus()
        page.keyboard.type(number)
        page.keyboard.press("Enter")
        page.get_by_role("link", name="个人账户冻结和解除").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="冻结账户").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#error-summary:focus")
        picture(page, "office_freeze_wrong")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("#reason:focus")
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        for _ in range(3):
            page.keyboard.press("Tab")
        for _ in range(4):
            if page.evaluate("() => document.activeElement.tagName") == "BUTTON":
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=账户已冻结，已通知本人")
        assert page.get_by_text("参保身份信息正在核对。").first.is_visible()


def test_his_pages_beside_the_clerk_and_what_he_reads(chromium: Browser, house: House, father: int) -> None:
    number, psn_no = house.numbers_of(father)
    clerk = house.officer("0212", Duty.CLERK)
    shown = {"way": "card", "card": number, "paper": "SQ-2025-0031", "present": "yes"}
    assert clerk.post(f"/office/people/{psn_no}/assist", **shown).status_code == 303
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    for name in ("gongji_office", "gongji_session"):
        context.add_cookies([{"name": name, "value": clerk.client.cookies[name], "url": house.base}])
    looked_at(context, house, {"assisted_home": "/c/", "assisted_account": "/c/account"}, target=44, text=15)
    context.close()
    Client(clerk.client, "gongji_session").post("/c/help/stop")
    me = Caller(Role.CITIZEN, "citizen", father)
    with signed_in(chromium, house, me, 390, 844) as context:
        his = {"home_frozen": "/c/", "account_frozen": "/c/account", "help_by_clerk": "/c/help"}
        looked_at(context, house, his, target=44, text=15)
    with signed_in(chromium, house, me, 320, 640, gongji_mode="elder") as context:
        looked_at(context, house, {f"{name}_320_elder": path for name, path in his.items()}, target=44, text=18)
