"""The pages of monthly clearing at an officer's screen and on a narrow one, in a real browser: readable, no fault for axe."""

from __future__ import annotations

import re

import pytest
from office_house import House
from playwright.sync_api import Browser
from test_monthly_clearing_pages import closed, house, payment  # noqa: F401  (a fixture)
from test_office_browser import looked_at, officer, signed_in

from gongji.foundation.access import Duty

pytestmark = pytest.mark.browser


def test_the_pages_of_clearing(chromium: Browser, house: House) -> None:  # noqa: F811
    there = closed(house)
    clerk, second = house.officer("0213", Duty.CLEARING_CLERK), house.officer("0299", Duty.SECOND_REVIEWER)
    lines = re.findall(rf'href="({there}/lines/[^"]+)"', clerk.get(there).text)
    clerk.follow(lines[1], reason="amount", note="我方账上这一笔是 90.00 元")
    drawn = {"clearing_statement_drawn": there, "clearing_line": lines[0], "clearing_line_disputed": lines[1]}
    with signed_in(chromium, house, officer("0213", *Duty), 1280, 900) as context:
        looked_at(context, house, drawn, target=44, text=15)
    clerk.follow(there, step="accept")
    ahead = payment() | {"way": "ahead", "payer": "211200", "payee": "370800", "amount": "400.00"}
    clerk.follow("/office/clearing/advances", **ahead)
    for number in re.findall(r'action="(/office/clearing/payments/\d+)"', second.get("/office/clearing/payments").text):
        second.follow(number, opinion="agree")
    clerk.follow(there, **payment())
    bill = re.findall(
        r'href="(/office/clearing/bills/\d+)"',
        house.officer("0810", Duty.CLEARING_CLERK, region="370800").get("/office/clearing/bills").text,
    )[0]
    pages = {
        "clearing_month": "/office/clearing?month=2025-03",
        "clearing_statement": there,
        "clearing_advances": "/office/clearing/advances",
        "clearing_check": "/office/clearing/check",
        "clearing_bills_none": "/office/clearing/bills",
    }
    with signed_in(chromium, house, officer("0213", *Duty), 1280, 900) as context:
        looked_at(context, house, pages, target=44, text=15)
    with signed_in(chromium, house, officer("0299", *Duty), 1280, 900) as context:
        looked_at(context, house, {"clearing_waiting": "/office/clearing/payments"}, target=44, text=15)
    with signed_in(chromium, house, officer("0810", *Duty, region="370800"), 1280, 900) as context:
        looked_at(
            context, house, {"clearing_bill": bill, "clearing_bills": "/office/clearing/bills"}, target=44, text=15
        )
    with signed_in(chromium, house, officer("0213", *Duty), 1280, 900, gongji_language="en") as context:
        english = {"clearing_month_en": "/office/clearing?month=2025-03", "clearing_statement_en": there}
        looked_at(context, house, english, target=44, text=15)
    with signed_in(chromium, house, officer("0213", *Duty), 390, 844) as context:
        narrow = {"clearing_month_390": "/office/clearing?month=2025-03", "clearing_statement_390": there}
        looked_at(context, house, narrow, target=44, text=15)
