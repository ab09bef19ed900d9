"""A month's statement tells of allotted money what was there, came, went and is left: to who gave it and to whom it is for."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape

import httpx
from phone import Phone
from starlette.applications import Starlette
from starlette.routing import Mount
from test_allotment_pages import Family, family, serve
from test_papers import _fonts, code_in, text_of

from gongji.accrual.year_end import turn_year
from gongji.entrances.server import serving
from gongji.entrances.web.verify import build_verify_pages
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA

__all__ = ["_fonts", "family", "serve"]


def statement(phone: Phone, month: str) -> str:
    """The words of a month's statement."""
    answer = phone.client.get(f"/c/account/statement?month={month}")
    assert answer.headers["content-type"] == "application/pdf"
    return text_of(answer.content)


def spent(family: Family, yuan: str) -> None:
    """The father buys something out of what was given to him."""
    pharmacy = family.town.institution("P21120200003")
    family.town.settled(family.town.purchase(family.father, pharmacy, ("C-A", 1, yuan), use="2"))


def test_june_and_july_of_who_gave_it_and_of_whom_it_is_for(family: Family) -> None:
    """In June ¥600.00 to the father, who spends ¥450.00, and ¥400.00 to the mother; in July ¥50.00 of the mother's are taken
    back: every opening is the closing before."""
    family.deed("allot", family.for_father, "600")
    family.deed("allot", family.for_mother, "400")
    spent(family, "450.00")
    family.town.clock.set(datetime(2024, 7, 20, 10, 0, tzinfo=CHINA))
    family.hers, family.his = family.pages.phone(family.daughter), family.pages.phone(family.father)
    family.deed("take_back", family.for_mother, "50")
    june = statement(family.hers, "2024-06")
    assert "我给家人备用的钱" in june
    assert "父亲 **国 ¥0.00 ¥600.00 ¥450.00 ¥150.00" in june
    assert "母亲 **兰 ¥0.00 ¥400.00 ¥0.00 ¥400.00" in june
    assert "合计 ¥0.00 ¥1,000.00 ¥450.00 ¥550.00" in june
    july = statement(family.hers, "2024-07")
    assert "合计 ¥550.00 ¥0.00 ¥50.00 ¥500.00" in july
    his = statement(family.his, "2024-06")
    assert "家人给我备用的钱" in his
    assert "女儿 *婷 ¥0.00 ¥600.00 ¥450.00 ¥150.00" in his
    assert "我给家人备用的钱" not in his
    assert "400.00" not in his, "what the mother has is hers"
    may = statement(family.hers, "2024-05")
    assert "备用的钱" not in may


def test_at_the_turn_of_the_year_the_rest_has_gone(family: Family) -> None:
    family.deed("allot", family.for_father, "600")
    family.town.clock.set(datetime(2025, 1, 2, 3, 0, tzinfo=CHINA))
    turn_year(
        family.town.database, family.town.clock, "211200", 2024, caller=Caller(Role.OFFICER, "agency", region="211200")
    )
    phone = family.pages.phone(family.daughter)
    assert "父亲 **国 ¥600.00 ¥0.00 ¥0.00 ¥600.00" in statement(phone, "2024-12")
    assert "父亲 **国 ¥600.00 ¥0.00 ¥600.00 ¥0.00" in statement(phone, "2025-01")


def test_of_one_pot_each_sees_what_is_for_all(serve: object) -> None:
    """¥600.00 for all, of which the father spends ¥450.00: the mother's statement has the same sums, and no name of his."""
    family = serve(parts="one_pot")  # type: ignore[operator]
    family.deed("allot", "all", "600")
    spent(family, "450.00")
    assert "全家共用 ¥0.00 ¥600.00 ¥450.00 ¥150.00" in statement(family.hers, "2024-06")
    mothers = statement(family.pages.phone(family.mother), "2024-06")
    assert "女儿 *婷（全家共用） ¥0.00 ¥600.00 ¥450.00 ¥150.00" in mothers
    assert "**国" not in mothers


def test_whoever_verifies_the_paper_sees_the_sums_of_the_pot(family: Family) -> None:
    family.deed("allot", family.for_father, "600")
    code = code_in(statement(family.hers, "2024-06"))
    app = Starlette(routes=[Mount("/verify", build_verify_pages(family.pages.platform))])
    with serving(app, "127.0.0.1", 0) as base, httpx.Client(base_url=base, trust_env=False, timeout=60) as public:
        said = public.get(f"/verify/{code.replace(' ', '')}")
    words = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", said.text)))
    assert "给家人备用的钱：进 ¥600.00" in words
    assert "给家人备用的钱：月末 ¥600.00" in words
