"""No rule page of any shipped pack shows a word that is a name in the code or in a pack: all of them are read by people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

import gongji
from gongji.entrances.platform import Platform
from gongji.entrances.web.rules import build_rule_pages
from gongji.entrances.web.rules.telling import reading
from gongji.entrances.wording import Language
from gongji.foundation.clock import Clock
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook
from gongji.rules.model import CareKind

LABELLED = Path(gongji.__file__).parent / "rules" / "labelled"

#: A name of several words; and, in Chinese, any word of small letters but the name of a compilation that is cited.
RAW = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+")
ENGLISH = re.compile(r"(?<![A-Za-z])(?!(?:china|medical|insurance)(?![A-Za-z]))[a-z]{3,}(?![A-Za-z])")

#: What is meant to be shown as it is: the number of a rule, and the version of a pack.
AS_IT_IS = re.compile(r"[\w/-]+#[\w./-]+|(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])")

#: A day on which much of 2023's rules still held, and one of now.
DAYS = (date(2023, 6, 1), date(2026, 6, 1))


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The shipped packs, and the labelled sets of rules that an installation may name."""
    return RuleBook.load(sorted(LABELLED.iterdir()))


@pytest.fixture
def pages(book: RuleBook, clock: Clock) -> TestClient:
    """The rule pages, without a database behind them."""
    platform = Platform(Settings(), None, None, clock, book)  # type: ignore[arg-type]
    return TestClient(Starlette(routes=[Mount("/rules", build_rule_pages(platform))]))


def addresses(book: RuleBook) -> Iterator[str]:
    """The pages from which all others are come to."""
    yield "/rules/"
    yield "/rules/calculator"
    for code in book.regions():
        yield f"/rules/compare?a={code}&b=211200&on={DAYS[1]}"
        for on in DAYS:
            yield f"/rules/{code}?on={on}"
        bill = {"region": code, "on": DAYS[1], "status": "retired", "tier": "tier_3", "total": "1268.50", "own": "200"}
        for kind in (CareKind.OUTPATIENT, CareKind.INPATIENT, CareKind.SPECIAL_DISEASE):
            yield "/rules/calculator?" + urlencode(bill | {"kind": kind, "relative": "1000", "use": "2"})


def words(page: str) -> str:
    """What a reader of a page reads."""
    body = re.sub(r"<(script|style|head)\b.*?</\1>", " ", page, flags=re.S)
    return AS_IT_IS.sub(" ", re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))))


@pytest.mark.parametrize("language", list(Language))
def test_no_page_shows_a_name_of_the_code(book: RuleBook, pages: TestClient, language: Language) -> None:
    """Every region on two days, every value with its source, every comparison with Tieling, three bills of each."""
    pages.cookies.set("gongji_language", language)
    waiting, seen = list(addresses(book)), set[str]()
    raw: dict[str, str] = {}
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        answer = pages.get(address)
        assert answer.status_code in (200, 422), address  # a special disease is not named here
        told = words(answer.text)
        for shape in (RAW, ENGLISH) if language is Language.CHINESE else (RAW,):
            raw |= {
                found[0]: f"{address}: …{told[max(0, found.start() - 40) : found.end() + 20]}"
                for found in shape.finditer(told)
            }
        waiting += [
            unescape(one).partition("?")[0] for one in re.findall(r'href="(/rules/clause/[^"#]+)"', answer.text)
        ]
    assert raw == {}
    assert len(seen) > 750


@pytest.mark.parametrize("language", list(Language))
def test_every_reading_of_every_pack_is_worded(book: RuleBook, language: Language) -> None:
    """Those of sharing rules too, of which no page shows the alternatives: allotment is read in three ways."""
    named = {
        (one.name, option)
        for lineage in book.lineages()
        for held in (lineage.own.interpretations, *(each.interpretations for each in lineage.own.benefits.values()))
        for one in held.values()
        for option in one.options
    }
    assert ("allotment_parts", "one_pot") in named
    assert sorted(f"{name}.{option}" for name, option in named if reading(name, option, language) == option) == []
