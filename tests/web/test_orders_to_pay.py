"""A mother pays a hospital's bill by phone: she sees who would pay what, shows a code for it, and the bill is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from phone import Pages, serving_pages
from playwright.sync_api import Browser
from test_showing_pages import digits
from walk import Twin, Walk

from gongji.family import mandates
from gongji.foundation.errors import GongjiError
from gongji.registry import e_credential
from gongji.rules.model import Scheme
from gongji.settlement.mobile import service
from gongji.settlement.mobile.model import Order, OrderState
from gongji.settlement.model import AccountUse
from town import TIELING, Town

#: ¥1,268.50: fund 468.05, her own account 200.00, her son's 521.95, cash 78.50.
BILL = (("C-A", 1, "800.00"), ("C-B", 2, "200.00"), ("C-C", 1, "68.50"))


@pytest.fixture
def pages(town: Town, tmp_path: Path) -> Iterator[Pages]:
    """Wednesday 2024-06-12, 10:30."""
    with serving_pages(town, data=tmp_path) as served:
        yield served


def family(town: Town) -> tuple[int, int]:
    """A mother with ¥200.00 of her own, and the son who shares his ¥5,000.00 with her."""
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=200_00, gender=2)
    son = town.person("李建国", "1980-03-01", "active", balance=5_000_00)
    town.share(son, mother)
    return mother, son


def sent(town: Town, patient: int, reference: str = "ORD-1", *, quoted: bool = True) -> Order:
    """The hospital sends its bill (6201), and what it would come to."""
    hospital = town.institution("H21120200001")
    lines = town.lines(*BILL)
    wanted = service.Upload(
        institution=hospital,
        person_id=patient,
        region=TIELING,
        reference=reference,
        digest=reference.encode(),
        visit_id=None,
        number="20240612001",
        batch="1",
        scheme=Scheme.EMPLOYEE,
        med_type="11",
        account_use=AccountUse.SHARERS,
        began_at=town.clock.now(),
        total=sum(line.total for line in lines),
        details={},
        diagnoses=[],
        lines=lines,
    )
    with town.database.transaction() as connection:
        order = service.upload(connection, town.database.serials, wanted, town.clock.now())
    if not quoted:
        return order
    quote = town.clerk.handle([(service.settle_command(order, hospital), True)])[0]
    with town.database.transaction() as connection:
        return service.quoted(connection, order.id, quote)


def paid(town: Town, order: Order, code: str) -> Order:
    """The hospital reads the code and is paid (6202)."""
    hospital = town.institution("H21120200001")
    with town.database.transaction() as connection:
        holder = e_credential.use_code(
            connection, town.vault, code, "pay", hospital.id, service.pay_ord_id(order), town.clock.now()
        )
        assert holder == order.person_id
        service.begin_payment(connection, order)
    settlement = town.settled(service.settle_command(order, hospital))
    with town.database.transaction() as connection:
        return service.payment_done(connection, order.id, settlement)


def test_from_the_start_page_to_the_code_and_gone_when_paid(pages: Pages) -> None:
    town = pages.town
    mother, son = family(town)
    phone = pages.phone(mother)
    assert "等您支付" not in phone.open("/c/")
    order = sent(town, mother)
    assert "有 1 笔医保订单等您支付" in phone.open("/c/")
    words = phone.open("/c/orders")
    assert "铁岭市中心医院" in words
    assert "总费用 ¥1,268.50 医保基金 ¥468.05 本人账户 ¥200.00 家人共济 ¥521.95 现金 ¥78.50" in words
    address = f"/c/orders/{service.pay_ord_id(order)}"
    phone.open(address)
    assert digits(phone) == "", "opening the page makes no code"
    words = phone.send(address)
    assert "有效到 10:32" in words
    assert "只能付一次" in words
    assert paid(town, order, digits(phone)).state is OrderState.INSURANCE_PAID
    assert (town.balance(mother), town.balance(son)) == (0, 4_478_05)
    assert "没有等您支付的订单" in phone.open("/c/orders")
    assert "等您支付" not in phone.open("/c/")
    for words in (phone.open(address), phone.send(address)):
        assert phone.path.startswith("/c/settlements/"), "what was paid is shown in its place"
        assert "¥521.95" in words
        assert digits(phone) == ""


def test_the_code_says_nothing_at_the_window_and_the_window_s_pays_nothing(pages: Pages) -> None:
    town = pages.town
    mother, _ = family(town)
    order = sent(town, mother)
    phone = pages.phone(mother)
    phone.send(f"/c/orders/{service.pay_ord_id(order)}")
    to_pay = digits(phone)
    phone.send("/c/code")
    to_show = digits(phone)
    hospital = town.institution("H21120200001")
    with town.database.transaction() as connection:
        with pytest.raises(GongjiError) as wrong:
            e_credential.read_code(connection, town.vault, to_pay, hospital.id, "m1", town.clock.now())
        assert wrong.value.code == "credential.over"
    with pytest.raises(GongjiError):
        paid(town, order, to_show)
    assert paid(town, order, to_pay).settlement_id is not None


def test_what_was_not_quoted_what_failed_and_what_is_old(pages: Pages) -> None:
    town = pages.town
    mother, _ = family(town)
    phone = pages.phone(mother)
    order = sent(town, mother, quoted=False)
    words = phone.open("/c/orders")
    assert "医院还没有试算" in words
    assert "医保基金" not in words
    with town.database.transaction() as connection:
        service.begin_payment(connection, order)
    assert "没有等您支付的订单" in phone.open("/c/orders"), "it is being paid"
    with town.database.transaction() as connection:
        service.payment_failed(connection, order.id)
    assert "上次没有付成" in phone.open("/c/orders")
    town.clock.advance(timedelta(days=30, minutes=1))
    assert "没有等您支付的订单" in pages.phone(mother).open("/c/orders")


def test_nobody_else_sees_or_pays_it(pages: Pages) -> None:
    """Neither the son whose account would pay, nor who helps her: a code says who somebody is."""
    town = pages.town
    mother, son = family(town)
    address = f"/c/orders/{service.pay_ord_id(sent(town, mother))}"
    phone = pages.phone(son)
    assert "没有等您支付的订单" in phone.open("/c/orders")
    for _ in (phone.open(address), phone.send(address)):
        assert phone.status == 404
        assert digits(phone) == ""
    phone.open("/c/orders/1")
    assert phone.status == 404
    with town.database.transaction() as connection:
        leave = mandates.give(
            connection,
            elder_id=mother,
            helper_id=son,
            scope=mandates.Scope.ACT,
            until=town.clock.now().date(),
            given_by="elder",
            at=town.clock.now(),
        )
    phone.send(f"/c/help/{leave.id}/begin")
    for _ in (phone.open("/c/orders"), phone.open(address), phone.send(address)):
        assert phone.status == 403
        assert digits(phone) == ""


@pytest.mark.browser
@pytest.mark.parametrize("elder", [False, True], ids=["standard", "elder"])
def test_on_a_phone_without_javascript(chromium: Browser, twin: Twin, town: Town, tmp_path: Path, elder: bool) -> None:
    with serving_pages(town, data=tmp_path) as pages:
        walk = Walk(pages, chromium, elder, twin, "orders")
        mother, _ = family(town)
        sent(town, mother)
        walk.come_in(mother)
        with walk.flow("paying a bill"):
            walk.press("有 1 笔医保订单等您支付")
            walk.seen("1_orders")
            walk.press("去支付")
            walk.seen("2_order")
            walk.press("出示付款码")
            walk.seen("3_code")
        box = walk.page.locator("svg.qr").bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 240
        walk.close()
