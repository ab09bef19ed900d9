"""The account's movements month by month, statements and receipts as PDF, and verifying them without a log-in."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from datetime import datetime
from html import unescape

import httpx
import pypdfium2
import pytest
from phone import Phone
from starlette.applications import Starlette
from starlette.routing import Mount
from web_family import Family, address, enter

from gongji.entrances.papers.press import press
from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.entrances.web.verify import build_verify_pages
from gongji.entrances.wording import money
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import Misconfigured
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook


@pytest.fixture(scope="module", autouse=True)
def _fonts() -> None:
    """A machine without Noto Sans CJK prints nothing; it says so."""
    try:
        press(())
    except Misconfigured as problem:
        if os.environ.get("CI") == "true":
            pytest.fail(problem.en)
        pytest.skip(problem.en)


def text_of(content: bytes) -> str:
    """What stands in a PDF, blanks drawn together."""
    pages = pypdfium2.PdfDocument(content)
    return re.sub(r"\s+", " ", " ".join(page.get_textpage().get_text_range() for page in pages))


def phone_of(visitor: httpx.Client, family: Family, person: int) -> Phone:
    """The phone of a member of the family."""
    enter(visitor, family, person)
    return Phone(visitor)


def code_in(text: str) -> str:
    """The code on a paper."""
    found = re.search(r"(?:[A-Z2-7]{4} ){3}[A-Z2-7]{4}", text)
    assert found is not None, text
    return found[0]


@pytest.fixture
def public(family: Family) -> Iterator[httpx.Client]:
    """The page for everybody who holds a paper."""
    town = family.town
    platform = Platform(Settings(), town.database, town.vault, town.clock, RuleBook.shipped())
    app = Starlette(routes=[Mount("/verify", build_verify_pages(platform))])
    with serving(app, "127.0.0.1", 0) as base, httpx.Client(base_url=base, trust_env=False, timeout=60) as client:
        yield client


def test_the_daughter_reads_each_movement_with_the_balance_after_it(visitor: httpx.Client, family: Family) -> None:
    phone = phone_of(visitor, family, family.daughter)
    assert "看每一笔明细" in phone.open("/c/")

    page = phone.open("/c/account?month=2024-06")

    shared, own = family.visit.shared, family.own.own
    after = [531_045 - own, 531_045 - own - shared, 531_045 - own - shared - family.purchase.shared]
    assert f"母亲 **兰 · 铁岭市中心医院 −{money(shared)}" in page
    for balance in after:
        assert f"余额 {money(balance)}" in page
    assert "母亲 **兰 · 银州惠民大药房 +¥68.50" in page
    assert page.index("+¥68.50") < page.index("−¥68.50"), "newest first"
    assert f"月末余额 {money(family.town.balance(family.daughter))}" in page
    assert "1,268.50" not in page, "of a relative's visit only what her account paid"
    assert phone.last is not None
    assert address(family.visit) in phone.last.text


def test_she_chooses_by_person_and_kind_and_the_balances_stay(visitor: httpx.Client, family: Family) -> None:
    phone = phone_of(visitor, family, family.daughter)
    phone.open("/c/account?month=2024-06")
    assert phone.last is not None
    under = re.findall(r'<option value="(\d+)">母亲', phone.last.text)[0]

    mothers = phone.open(f"/c/account?month=2024-06&who={under}")
    assert mothers.count("余额 ¥") - mothers.count("月初余额") - mothers.count("月末余额") == 3
    own = phone.open("/c/account?month=2024-06&kind=own")
    assert f"余额 {money(531_045 - family.own.own)}" in own
    assert "母亲 **兰 ·" not in own
    assert "这个月没有这样的记录" in phone.open("/c/account?month=2024-05&kind=held")
    for wrong in ("2024-13", "x", "2024-6", "１"):
        phone.open(f"/c/account?month={wrong}")
        assert phone.status == 422


def test_a_months_statement_is_small_readable_and_can_be_verified(
    visitor: httpx.Client, family: Family, public: httpx.Client
) -> None:
    enter(visitor, family, family.daughter)

    answer = visitor.get("/c/account/statement?month=2024-06")

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.content) < 100_000
    text = text_of(answer.content)
    assert "医保个人账户对账单" in text
    assert "*婷" in text
    assert "李婷" not in text
    assert family.visit.shared > 0
    for amount in (family.visit.shared, 68_50, family.town.balance(family.daughter)):
        assert money(amount) in text
    assert visitor.get("/c/account/statement?month=2024-06").content == answer.content

    said = public.get("/verify/find", params={"code": code_in(text)}, follow_redirects=True)
    words = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", said.text)))
    assert "是本平台打印的单据" in words
    assert f"月末余额 {money(family.town.balance(family.daughter))}" in words
    assert "李婷" not in words
    assert "中心医院" not in words, "sums, not where she was"


def test_the_patients_receipt_says_who_paid_and_why_and_that_it_was_given_back(
    visitor: httpx.Client, family: Family, public: httpx.Client
) -> None:
    enter(visitor, family, family.mother)
    text = text_of(visitor.get(f"{address(family.visit)}/receipt").content)
    assert "医保结算单" in text
    assert "¥1,268.50" in text
    assert "按 55% 报销" in text
    back = text_of(visitor.get(f"{address(family.purchase)}/receipt").content)
    assert "后来已经退费" in public.get(f"/verify/{code_in(back).replace(' ', '')}").text
    assert "后来已经退费" not in public.get(f"/verify/{code_in(text).replace(' ', '')}").text

    visitor.cookies.set("gongji_language", "en")
    english = text_of(visitor.get(f"{address(family.visit)}/receipt").content)
    assert "Receipt of a settlement" in english

    enter(visitor, family, family.daughter)
    assert visitor.get(f"{address(family.visit)}/receipt").status_code == 404


def test_a_code_that_was_never_printed_is_told_so(public: httpx.Client) -> None:
    assert "纸上的验证码" in public.get("/verify/").text
    for code in ("A" * 16, "x", "1" * 16, "%00", "A" * 500, "..%2f"):
        answer = public.get(f"/verify/{code}", follow_redirects=True)
        assert answer.status_code == 404, code
    assert "没有这个验证码" in public.get(f"/verify/{'A' * 16}").text
    assert public.get("/verify/find", params={"code": "<b>"}, follow_redirects=True).status_code == 404


def test_many_print_at_once(visitor: httpx.Client, family: Family) -> None:
    enter(visitor, family, family.daughter)
    cookies, made = dict(visitor.cookies), []

    def print_it() -> None:
        with httpx.Client(base_url=visitor.base_url, cookies=cookies, trust_env=False, timeout=60) as client:
            made.append(client.get("/c/account/statement?month=2024-06").content)

    threads = [threading.Thread(target=print_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len(set(made)) == 1


def test_the_month_under_way_says_so(visitor: httpx.Client, family: Family) -> None:
    enter(visitor, family, family.daughter)
    assert "这个月还没有过完" in text_of(visitor.get("/c/account/statement").content)
    family.town.clock.set(datetime(2024, 7, 1, tzinfo=CHINA))
    enter(visitor, family, family.daughter)
    assert "这个月还没有过完" not in text_of(visitor.get("/c/account/statement?month=2024-06").content)
