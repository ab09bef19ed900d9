"""The mother's bill was all cash; her daughter's account pays ¥100.00 of it later, and gets ¥40.00 back again."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from test_citizen_pages import words
from web_family import Family, enter

from gongji.rules.book import RuleBook
from gongji.settlement.model import wire_id
from gongji.settlement.second.model import GiveBackSecond, PaySecond
from gongji.settlement.second.service import SecondTill
from town import EXAMPLE_BILL


@pytest.fixture
def number(family: Family) -> str:
    """The settlement's number: paid 60.00 and 40.00 afterwards, the 40.00 taken back."""
    town, hospital = family.town, family.town.institution("H21120200001")
    visit, total = town.visit(family.mother, hospital, *EXAMPLE_BILL)
    main = town.settled(town.settle_visit(family.mother, hospital, visit, total, use="0"))
    till = SecondTill(town.database, RuleBook.shipped(), town.clock)
    made = []
    for amount in (60_00, 40_00):
        town.clock.advance(timedelta(hours=1))
        key = town.key(hospital, "GJ12")
        made.append(till.pay(PaySecond(key, hospital, family.mother, main.id, family.daughter, amount)))
    town.clock.advance(timedelta(hours=1))
    till.give_back(GiveBackSecond(town.key(hospital, "GJ13"), hospital, family.mother, made[1].id))
    return wire_id(main.region, main.id)


def test_the_patient_reads_the_chain_and_what_cash_is_left(visitor: httpx.Client, family: Family, number: str) -> None:
    enter(visitor, family, family.mother)
    page = words(visitor.get(f"/c/settlements/{number}"))
    assert "后来家人账户又付了现金部分" in page
    later = page[page.index("后来家人账户") :]
    assert [amount for amount in ("60.00", "40.00") if amount in later] == ["60.00", "40.00"]
    assert later.count("的账户付了") == 2
    assert later.count("退回") >= 1
    assert "现金还剩" in later


def test_the_sharer_sees_what_her_account_paid_and_got_back(visitor: httpx.Client, family: Family, number: str) -> None:
    enter(visitor, family, family.daughter)
    home = words(visitor.get("/c/"))
    assert "60.00" in home
    assert "40.00" in home
    page = words(visitor.get(f"/c/settlements/{number}"))
    assert "100.00" in page
    assert "40.00" in page
    assert "1,268.50" not in page
    enter(visitor, family, family.stranger)
    assert visitor.get(f"/c/settlements/{number}").status_code == 404
