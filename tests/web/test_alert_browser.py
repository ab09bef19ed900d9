"""Supervision in a real browser: the office at a wide screen, Mr He's letter on a phone; readable, reachable, no fault for axe."""

from __future__ import annotations

import re

import pytest
from office_house import House
from playwright.sync_api import Browser
from test_alert_pages import case_of, house, till
from test_office_browser import looked_at, officer, signed_in

from gongji.foundation.access import Caller, Duty, Role

__all__ = ["house"]

pytestmark = pytest.mark.browser


def test_supervision_at_a_wide_screen_and_the_letter_on_a_phone(chromium: Browser, house: House) -> None:
    he = till(house)
    inspector = house.officer("0215", Duty.INSPECTOR)
    there = case_of(inspector)
    me = officer("0215", Duty.INSPECTOR)
    free = {"office_alerts": "/office/alerts", "office_alert_free": there}
    with signed_in(chromium, house, me, 1280, 800) as context:
        looked_at(context, house, free, target=44, text=15)
    inspector.follow(there, step="claim")
    asked = "3月3日惠民大药房的三笔，是谁来买的？买了什么？"
    inspector.follow(there, step="ask", reader=f"person:{he}", words=asked)
    phone = house.citizen(he)
    (letter,) = re.findall(r'href="(/c/letters/\d+)"', phone.get("/c/letters").text)
    reader = Caller(Role.CITIZEN, "citizen", he)
    for name, more in (("", {}), ("_elder", {"gongji_mode": "elder"}), ("_en", {"gongji_language": "en"})):
        with signed_in(chromium, house, reader, 390, 844, **more) as context:
            pages = {f"letters{name}": "/c/letters", f"letter_asked{name}": letter}
            looked_at(context, house, pages, target=44, text=18 if name == "_elder" else 15)
    with signed_in(chromium, house, reader, 320, 700) as context:
        looked_at(context, house, {"letter_asked_320": letter}, target=44, text=15)
    phone.follow(letter, answer="父母和妻子那天一起去体检，顺路买的药")
    with signed_in(chromium, house, reader, 390, 844) as context:
        looked_at(context, house, {"letter_answered": letter}, target=44, text=15)
    with signed_in(chromium, house, me, 1280, 800) as context:
        mine = {
            "office_alert_mine": there,
            "office_alert_rules": "/office/alerts/rules",
            "office_alert_rule": "/office/alerts/rules/relatives_at_one_till",
            "office_alert_counts": "/office/alerts/counts",
        }
        looked_at(context, house, mine, target=44, text=15)
    (shown,) = re.findall(r'name="shown" value="(\d+)"', inspector.get(there).text)
    explained = {"outcome": "explained", "reason": "family_together", "note": "有体检单"}
    inspector.follow(there, step="conclude", shown=shown, **explained)
    with signed_in(chromium, house, me, 1280, 800) as context:
        looked_at(context, house, {"office_alert_concluded": there}, target=44, text=15)
    newest = re.findall(r'href="(/c/letters/\d+)"', phone.get("/c/letters").text)[0]
    with signed_in(chromium, house, reader, 390, 844) as context:
        looked_at(context, house, {"letter_decision": newest}, target=44, text=15)
