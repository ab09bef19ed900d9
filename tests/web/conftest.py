"""The pages over a real family: Wang Xiulan, 71, retired; her daughter Li Ting shares her account with her."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright
from walk import Twin
from web_family import Family

from gongji.entrances.server import serving
from town import EXAMPLE_BILL, Town

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture
def family(town: Town) -> Family:
    """The family, after one morning at the hospital and the pharmacy."""
    mother = town.person("王秀兰", "1953-03-08", "retired", balance=3_520, gender=2)
    daughter = town.person("李婷", "1980-05-20", "active", balance=121_045, historical=410_000, gender=2)
    son_in_law = town.person("赵磊", "1979-01-15", "resident")
    stranger = town.person("钱多", "1990-01-01", "active", balance=0, household="别家")
    town.share(daughter, mother, limit_month=100_000)
    town.share(daughter, son_in_law, relation="spouse", state="paused", limit_total=100_000)
    hospital, pharmacy = town.institution("H21120200001"), town.institution("P21120200003")

    own = town.settled(
        town.settle_visit(daughter, hospital, *town.visit(daughter, hospital, ("C-A", 1, "120.00")), use="1")
    )
    town.clock.advance(timedelta(minutes=40))
    visit = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL), use="2"))
    town.clock.advance(timedelta(minutes=30))
    purchase = town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "68.50"), use="2"))
    town.clock.advance(timedelta(minutes=5))
    refund = town.settled(town.reversal(purchase, pharmacy))
    return Family(town, mother, daughter, son_in_law, stranger, visit, purchase, refund, own)


@pytest.fixture
def site(family: Family) -> Iterator[str]:
    """The pages served on a free port; gives their address."""
    with serving(family.app(), "127.0.0.1", 0) as base:
        yield base


@pytest.fixture
def visitor(site: str) -> Iterator[httpx.Client]:
    """A phone that nobody has signed in with yet."""
    with httpx.Client(
        base_url=site, headers={"Accept-Language": "zh-CN,zh;q=0.9"}, trust_env=False, timeout=60
    ) as client:
        yield client


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; a machine without one skips, unless it is the one that must not (CI=true)."""
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CHROMIUM} is missing, and CI must not skip the browser tests")
        pytest.skip(f"no {CHROMIUM}")
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        # Not from /dev/shm, which the test databases lie in.
        "--disable-dev-shm-usage",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def twin(chromium: Browser) -> Twin:
    """The page on which scripts look at what walks without JavaScript see."""
    return Twin.of(chromium)
