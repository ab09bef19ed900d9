"""A daughter gives her parents money to spend, on her phone, in a region whose rule asks for it; they see theirs on theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from phone import Pages, Phone, serving_pages

from allotting_region import allotting_liaoning
from gongji.family import mandates
from town import Town


class Family:
    """The daughter 李婷 with ¥5,310.45, her father and mother, resident insured; both may spend hers."""

    def __init__(self, pages: Pages) -> None:
        self.pages, self.town = pages, pages.town
        self.daughter = self.town.person("李婷", "1980-05-20", "active", balance=231_045, historical=300_000, gender=2)
        self.father = self.town.person("李建国", "1951-02-01", "resident")
        self.mother = self.town.person("王秀兰", "1953-03-08", "resident", gender=2)
        self.for_father = self.town.share(self.daughter, self.father)
        self.for_mother = self.town.share(self.daughter, self.mother)
        self.hers, self.his = pages.phone(self.daughter), pages.phone(self.father)

    def deed(self, deed: str, to: int | str, amount: str) -> str:
        """Amount, check, done; gives the words of the page after it."""
        path = "give" if deed == "allot" else "back"
        self.hers.send(f"/c/allotment/{path}", to=to, amount=amount)
        return self.confirm(self.hers)

    def confirm(self, phone: Phone) -> str:
        """Confirm what the check asks."""
        return phone.send("/c/allotment/check", **fields(phone))


def fields(phone: Phone) -> dict[str, str]:
    """What the form of a check would send."""
    assert phone.last is not None
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', phone.last.text))
    return {name: value for name, value in found.items() if name in ("deed", "to", "amount", "key")}


@pytest.fixture
def serve(town: Town, tmp_path: Path) -> Iterator[Callable[..., Family]]:
    """The pages under a rule of the test's choice."""
    with ExitStack() as stack:

        def served(**rule: Any) -> Family:
            town.rules = allotting_liaoning(tmp_path, **rule)
            return Family(stack.enter_context(serving_pages(town, town.rules, sms_url="log", data=tmp_path)))

        yield served


@pytest.fixture
def family(serve: Callable[..., Family]) -> Family:
    return serve()


def test_one_page_three_figures_that_add_up(family: Family) -> None:
    page = family.hers.open("/c/allotment")
    assert "¥5,310.45 = ¥2,000.00 + ¥0.00 + ¥3,310.45" in page
    assert "要先划拨（先把钱划给家人备用），家人才能用。划过去后仍是您的钱。" in page
    assert "还没有给过，所以是 ¥0.00。" in page
    family.deed("allot", family.for_father, "600")
    page = family.deed("allot", family.for_mother, "400.00")
    assert "已经给了家人，双方都会收到消息。" in page
    assert "¥5,310.45 = ¥2,000.00 + ¥1,000.00 + ¥2,310.45" in page
    assert "父亲 **国 ¥600.00" in page
    assert "母亲 **兰 ¥400.00" in page
    assert "没用完的随时可以收回。" in page


def test_the_check_says_what_it_leaves_before_anything_moves(family: Family) -> None:
    page = family.hers.send("/c/allotment/give", to=family.for_father, amount="600")
    for words in ("¥600.00", "父亲 **国", "办完后我的账户里剩 ¥4,710.45", "划过去后仍是您的钱", "确认给 ¥600.00"):
        assert words in page
    assert "¥5,310.45 = ¥2,000.00 + ¥0.00 + ¥3,310.45" in family.hers.open("/c/allotment")


def test_a_second_tap_gives_once(family: Family) -> None:
    family.hers.send("/c/allotment/give", to=family.for_father, amount="600")
    sent = fields(family.hers)
    for _ in range(2):
        family.hers.send("/c/allotment/check", **sent)
    assert "已给家人 ¥600.00" in family.hers.open("/c/allotment")


def test_taking_back(family: Family) -> None:
    family.deed("allot", family.for_father, "600")
    page = family.hers.open(f"/c/allotment/back?to={family.for_father}")
    assert 'value="600.00"' in (family.hers.last.text if family.hers.last else "")
    assert "收回多少：父亲 **国" in page
    page = family.deed("take_back", family.for_father, "250")
    assert "已经收回到您的账户" in page
    assert "¥5,310.45 = ¥2,000.00 + ¥350.00 + ¥2,960.45" in page


def test_wrong_amounts_are_said_beside_the_field(family: Family) -> None:
    for typed, words in (
        ("", "请填写金额"),
        ("abc", "请"),
        ("0", "请填写大于 0 的金额"),
        ("3310.46", "账户里要留下 2000.00 元。现在最多还能给 3310.45 元"),
    ):
        page = family.hers.send("/c/allotment/give", to=family.for_father, amount=typed)
        assert (family.hers.status, words in page) == (422, True), typed
    assert family.hers.last is not None
    assert "<title>填写有误" in family.hers.last.text


def test_a_zero_says_which_zero_it_is(family: Family) -> None:
    """Not yet given; used up; below what has to stay; and a resident's own account, which does not exist."""
    his = family.his.open("/c/")
    assert "绑定有效，但对方还没有给您备钱，所以现在是 ¥0.00。" in his
    assert "居民医保没有个人账户" in his
    family.deed("allot", family.for_father, "80")
    assert "给您备用的还有 ¥80.00。" in family.his.open("/c/")
    pharmacy = family.town.institution("P21120200003")
    family.town.settled(family.town.purchase(family.father, pharmacy, ("C-A", 1, "80.00"), use="2"))
    assert "给您备用的钱已经用完或收回。" in family.his.open(f"/c/sharings/{family.for_father}")
    assert "给过的已经用完，或者已经收回。" in family.hers.open("/c/allotment")
    family.deed("allot", family.for_father, "3230.45")
    page = family.hers.open("/c/allotment")
    assert "还能给 ¥0.00" in page
    assert "账户里有钱，但要先留够给自己留的部分，现在没有能给的。" in page
    assert "给钱：" not in page
    refused = family.hers.open(f"/c/allotment/give?to={family.for_father}")
    assert (family.hers.status, "最多还能给" in refused) == (200, True)


def test_an_empty_account_is_said_to_be_empty(serve: Callable[..., Family]) -> None:
    family = serve(floor=None)
    family.deed("allot", family.for_father, "5310.45")
    page = family.hers.open("/c/allotment")
    assert "账户里的钱是 ¥0.00，现在没有能给的。" in page
    assert "¥5,310.45 = ¥0.00 + ¥5,310.45 + ¥0.00" in page


def test_one_pot_names_nobody(serve: Callable[..., Family]) -> None:
    family = serve(parts="one_pot")
    page = family.deed("allot", "all", "600")
    assert "几位家人共用 ¥600.00" in page
    assert "给家人备用的还有 ¥600.00，您和其他家人共用。" in family.his.open("/c/")
    assert "给家人备用了 ¥600.00，您和其他家人共用。" in family.his.open("/c/messages")


def test_where_it_comes_back_only_at_the_end_nothing_offers_to_take_it_back(serve: Callable[..., Family]) -> None:
    family = serve(take_back="at_end", year_end="stays")
    page = family.deed("allot", family.for_father, "600")
    assert "收回：" not in page
    assert "没用完的要到解绑时才退回，平时不能收回。" in page
    assert "到年底没用完的，明年接着用。" in page
    stopped = family.hers.open(f"/c/allotment/back?to={family.for_father}")
    assert (family.hers.status, "要到解绑时才退回" in stopped) == (409, True)


def test_unbinding_says_what_comes_back(family: Family) -> None:
    family.deed("allot", family.for_father, "600")
    page = family.hers.open(f"/c/sharings/{family.for_father}/end")
    assert "给家人备用、没用完的 ¥600.00 会马上回到您的账户。" in page
    family.hers.send(f"/c/sharings/{family.for_father}/end", sure="yes")
    assert "¥5,310.45 = ¥2,000.00 + ¥0.00 + ¥3,310.45" in family.hers.open("/c/allotment")
    assert "没用完的 ¥600.00 已回到您的账户。" in family.hers.open("/c/messages")
    assert "没用完的 ¥600.00 已退回对方账户。" in family.his.open("/c/messages")


def test_how_it_was_used_and_why(family: Family) -> None:
    family.deed("allot", family.for_father, "600")
    pharmacy = family.town.institution("P21120200003")
    family.town.settled(family.town.purchase(family.father, pharmacy, ("C-A", 1, "80.00"), use="2"))
    moves = family.hers.open("/c/account?of=pot")
    assert "给家人备用" in moves
    assert "银州惠民大药房" in moves
    assert "余额 ¥520.00" in moves
    assert "给家人备用" in family.hers.open("/c/account")
    family.his.open("/c/")
    assert family.his.last is not None
    (path,) = set(re.findall(r'href="(/c/settlements/[^"/]+)"', family.his.last.text))
    why = family.his.open(path)
    assert "家人提前划拨（先把钱划给家人备用）的钱里付。" in why
    assert "须先划拨" in why


def test_a_region_without_allotment_keeps_its_page_of_limits(town: Town, tmp_path: Path) -> None:
    with serving_pages(town, sms_url="log", data=tmp_path) as pages:
        family = Family(pages)
        family.hers.open("/c/allotment")
        assert family.hers.path == "/c/keep"
        for path in ("/c/", f"/c/sharings/{family.for_father}", "/c/keep"):
            page = family.hers.open(path)
            assert "备用" not in page
            assert "划拨" not in page
        family.hers.open(f"/c/allotment/give?to={family.for_father}")
        assert family.hers.status == 409
        family.hers.send("/c/allotment/check", deed="allot", to=family.for_father, amount="100", key="a-key-of-ours")
        assert family.hers.status == 409


def test_where_it_is_asked_for_the_page_of_what_is_kept_leads_here(family: Family) -> None:
    page = family.hers.open("/c/keep")
    assert "还能给 ¥3,310.45" in page
    assert "给家人备用的钱" in page
    assert "家人一共最多能用" not in page


def test_in_english(family: Family) -> None:
    family.hers.client.cookies.set("gongji_language", "en")
    family.hers.send("/c/language", language="en")
    page = family.hers.open("/c/allotment")
    for words in ("Money for relatives", "can still be given", "You may take back what is not used at any time."):
        assert words in page
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"\*+.", "", page.split("The text behind it")[0]))


def test_nobody_gives_or_takes_back_with_another_familys_numbers(family: Family) -> None:
    family.deed("allot", family.for_father, "600")
    stranger = family.town.person("钱多", "1990-01-01", "active", balance=900_000, household="别家")
    own = family.town.share(stranger, family.town.person("钱父", "1960-01-01", "resident", household="别家"))
    phone = family.pages.phone(stranger)
    for to in (family.for_father, family.for_mother, own * 0 + 1, "x", "9" * 18):
        for path in ("give", "back"):
            phone.open(f"/c/allotment/{path}?to={to}")
            assert phone.status == 404, (path, to)
            phone.send(f"/c/allotment/{path}", to=to, amount="1")
            assert phone.status == 404, (path, to)
        for deed in ("allot", "take_back"):
            phone.send("/c/allotment/check", deed=deed, to=to, amount="100", key="strangers-key")
            assert phone.status == 404, (deed, to)
    assert "已给家人 ¥600.00" in family.hers.open("/c/allotment")
    # The father sees his own, and does nothing with the daughter's account.
    family.his.send("/c/allotment/check", deed="take_back", to=family.for_father, amount="100", key="fathers-key")
    assert family.his.status in (404, 409)


def test_whoever_helps_looks_and_moves_nothing(family: Family) -> None:
    family.deed("allot", family.for_father, "600")
    helper = family.town.person("赵助", "1985-01-01", "active", balance=0, household="帮办")
    with family.town.database.transaction() as connection:
        leave = mandates.give(
            connection,
            elder_id=family.daughter,
            helper_id=helper,
            scope=mandates.Scope.ACT,
            until=family.town.clock.now().date(),
            given_by="elder",
            at=family.town.clock.now(),
        )
    phone = family.pages.phone(helper)
    phone.send(f"/c/help/{leave.id}/begin")
    assert "已给家人 ¥600.00" in phone.open("/c/allotment")
    words = phone.send("/c/allotment/check", deed="take_back", to=family.for_father, amount="100", key="helpers-key")
    assert (phone.status, "要账户所有人自己办" in words) == (403, True)
    assert "已给家人 ¥600.00" in family.hers.open("/c/allotment")
