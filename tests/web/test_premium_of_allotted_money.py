"""A daughter pays her father's premium where money has to be allotted first: what was allotted pays, and is told of as such."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from phone import Pages, serving_pages
from playwright.sync_api import Browser
from walk import Twin, Walk

from allotting_region import allotting_liaoning
from gongji.allotment import service as allotment
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.ledger.service import PERSONAL, balances_of
from gongji.premium import tax
from gongji.premium.following import follow_orders
from town import Town


class Home:
    """October 2024 in Liaoning, with allotment: 李婷 with ¥5,310.45 and her father, a resident, for whom she pays premiums."""

    def __init__(self, pages: Pages) -> None:
        self.pages, self.town = pages, pages.town
        self.daughter = self.town.person("李婷", "1980-05-20", "active", balance=231_045, historical=300_000, gender=2)
        self.father = self.town.person("李建国", "1951-02-01", "resident")
        self.share = self.town.share(self.daughter, self.father, purposes=["care", "pharmacy", "resident_premium"])
        self.hers = pages.phone(self.daughter)

    def allot(self, fen: int) -> None:
        """She gives her father money to spend."""
        with self.town.database.transaction() as connection:
            allotment.allot(
                connection,
                self.town.rules,
                self.town.database.serials,
                sharer_id=self.daughter,
                authorisation_id=self.share,
                amount=fen,
                key=f"allot-{fen:08d}",
                caller=Caller(Role.CITIZEN, "citizen", self.daughter),
                at=self.town.clock.now(),
            )

    def left(self) -> str:
        """What is left of it, as her page tells."""
        found = re.search(r"父亲 \*\*国 (¥[\d,.]+)", self.hers.open("/c/allotment"))
        assert found is not None
        return found[1]

    def account(self) -> int:
        """What is in her own account, fen."""
        with self.town.database.transaction() as connection:
            found = balances_of(connection, self.daughter)
        return sum(found.get(kind, 0) for kind in PERSONAL)

    def order(self) -> str:
        """She checks and pays; gives the words of the order's page."""
        self.hers.open(f"/c/premiums/new?for={self.share}&year=2025")
        assert self.hers.last is not None
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.hers.last.text))
        return self.hers.send("/c/premiums/new", **{name: fields[name] for name in ("for", "year", "key")})

    def number(self) -> int:
        """The order whose page is open."""
        return int(self.hers.path.rsplit("/", 1)[1])


#: The tax office of the region.
OFFICE = Caller(Role.TAX, "tax-211200", region="211200")


@pytest.fixture
def home(town: Town, tmp_path: Path) -> Iterator[Home]:
    town.rules = allotting_liaoning(tmp_path / "packs")
    town.clock.set(datetime(2024, 10, 14, 9, 0, tzinfo=CHINA))
    with serving_pages(town, town.rules, data=tmp_path) as pages:
        yield Home(pages)


def test_nothing_allotted_pays_nothing_however_full_her_account_is(home: Home) -> None:
    """¥5,310.45 in her account, and ¥399.99 for him: she is sent to give more, and no button pays."""
    page = home.hers.open(f"/c/premiums/new?for={home.share}&year=2025")
    assert "给这位家人备用的还有 ¥0.00" in page
    home.allot(399_99)
    page = home.hers.open(f"/c/premiums/new?for={home.share}&year=2025")
    assert "要缴 ¥400.00，给这位家人备用的只有 ¥399.99，不够" in page
    assert "用给家人备用的钱缴" not in page
    assert 'href="/c/allotment"' in (home.hers.last.text if home.hers.last else "")


def test_what_was_allotted_pays_and_her_account_stays(home: Home) -> None:
    home.allot(600_00)
    before = home.account()
    check = home.hers.open(f"/c/premiums/new?for={home.share}&year=2025")
    assert "给这位家人备用的还有 ¥600.00" in check
    assert "这笔钱先从您给家人备用的钱里留出来" in check
    assert "用给家人备用的钱缴 ¥400.00" in check
    assert "个人账户" not in check
    assert "正在入库" in home.order()
    number = home.number()
    assert home.left() == "¥200.00"
    tax.confirm(home.pages.platform.premiums, number, "21002024101400001", caller=OFFICE)
    assert "已入库" in home.hers.open(f"/c/premiums/{number}")
    assert (home.left(), home.account()) == ("¥200.00", before)


@pytest.mark.parametrize("ending", ["rejected", "expired", "sent_back"])
def test_what_is_not_booked_is_for_her_father_again(home: Home, ending: str) -> None:
    home.allot(600_00)
    before = home.account()
    home.order()
    number, office = home.number(), home.pages.platform.premiums
    if ending == "expired":
        home.town.clock.advance(timedelta(days=3, minutes=1))
        home.hers = home.pages.phone(home.daughter)
        follow_orders(office)
    elif ending == "rejected":
        tax.reject(office, number, "name_mismatch", caller=OFFICE)
    else:
        tax.confirm(office, number, "21002024101400001", caller=OFFICE)
        tax.send_back(office, number, "wrong_person", caller=OFFICE)
    told = home.hers.open(f"/c/premiums/{number}")
    assert "给家人备用的钱里" in told
    assert "个人账户" not in told
    assert (home.left(), home.account()) == ("¥600.00", before)


@pytest.mark.browser
@pytest.mark.parametrize("elder", [False, True], ids=["standard", "elder"])
def test_on_a_phone_without_javascript(home: Home, chromium: Browser, twin: Twin, elder: bool) -> None:
    """Too little, then enough, ordered, rejected: every screen looked at."""
    walk = Walk(home.pages, chromium, elder, twin, "allotted_premium")
    home.allot(100_00)
    walk.come_in(home.daughter)
    walk.open(f"/c/premiums/new?for={home.share}&year=2025")
    walk.seen("1_too_little")
    home.allot(500_00)
    walk.open("/c/premiums")
    with walk.flow("paying a premium out of what was allotted"):
        walk.press("给父亲 **国缴 2025 年度")
        walk.seen("2_check")
        walk.press("用给家人备用的钱缴 ¥400.00")
        walk.seen("3_booking")
    tax.reject(home.pages.platform.premiums, int(walk.page.url.rsplit("/", 1)[1]), "name_mismatch", caller=OFFICE)
    walk.page.reload()
    walk.seen("4_rejected")
    walk.close()
