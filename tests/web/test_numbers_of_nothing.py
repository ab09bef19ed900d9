"""Addresses with numbers that nothing has, as long as numbers get: told that there is nothing, never a failure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from office_house import Browser, House, open_house
from test_claim_pages import fill_in

from gongji.entrances.web.citizen.app import citizen_routes
from gongji.entrances.web.office.app import PAGES
from gongji.entrances.web.problems import Problems
from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.clock import CHINA
from town import Town

#: Too large for a whole number of four bytes, and nothing at all.
NUMBERS = ("999999999999999999", "99999999999", "9" * 40, "x", "-1", "١٢")


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """The agency of Tieling in March 2024."""
    town.clock.set(datetime(2024, 3, 5, 10, tzinfo=CHINA))
    yield from open_house(town, tmp_path)


def whoever(house: House) -> tuple[Browser, Browser]:
    """A citizen, and an officer with every duty."""
    father = house.town.person("李建国", "1951-02-01", "retired", balance=0)
    return house.browser(Caller(Role.CITIZEN, "citizen", father)), house.officer("0299", *Duty)


@pytest.mark.parametrize("number", NUMBERS)
def test_no_page_fails_over_a_number(house: House, number: str) -> None:
    citizen, officer = whoever(house)
    shown = {
        (f"/c{one.path}", method) for one in citizen_routes(house.platform, Problems()) for method in one.methods or ()
    }
    asked = {(f"/office{address}", method) for address, method, _ in PAGES}
    for address, method in sorted(shown | asked):
        if "{" not in address or method == "HEAD":
            continue
        browser = officer if address.startswith("/office") else citizen
        path = re.sub(r"\{\w+\}", number, address)
        answer = browser.post(path) if method == "POST" else browser.get(path)
        assert answer.status_code < 500, (method, path)


def test_no_document_has_a_number_of_eighteen_digits(house: House) -> None:
    citizen, officer = whoever(house)
    claim = fill_in(citizen)
    for number in NUMBERS:
        for place in (f"{number}/1", f"1/{number}"):
            assert citizen.get(f"{claim}/documents/{place}").status_code == 404
            assert officer.get(f"{claim.replace('/c/', '/office/')}/documents/{place}").status_code == 404
