"""Tieling, 2024: a retired mother with ¥200.00 of her own and her son's ¥5,000.00 behind her."""

from __future__ import annotations

import pytest

from gongji.foundation.errors import GongjiError
from gongji.settlement.model import Settlement
from sent import statements_sent
from town import EXAMPLE_BILL, Town

pytestmark = pytest.mark.usefixtures("town")


@pytest.fixture
def family(town: Town) -> tuple[int, int]:
    """The mother and the son, bound."""
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=200_00, gender=2)
    son = town.person("李建国", "1980-03-01", "active", balance=3_000_00, historical=2_000_00)
    town.share(son, mother)
    return mother, son


def test_first_visit_of_the_year_is_paid_by_fund_mother_son_and_cash(town: Town, family: tuple[int, int]) -> None:
    """In scope 1,151.00 less the deductible 300.00, 55 %: 468.05; of the rest accounts may pay 721.95."""
    mother, son = family
    hospital = town.institution("H21120200001")
    visit, total = town.visit(mother, hospital, *EXAMPLE_BILL)
    assert total == 1_268_50
    paid = town.settled(town.settle_visit(mother, hospital, visit, total))
    assert (paid.self_paid, paid.over_limit, paid.first_self_pay, paid.in_scope) == (68_50, 10_00, 39_00, 1_151_00)
    assert (paid.deductible, paid.ratio, paid.fund_pool) == (300_00, 5_500, 468_05)
    assert (paid.own, paid.shared, paid.cash) == (200_00, 521_95, 78_50)
    assert paid.balance_after == 0
    assert (town.balance(mother), town.balance(son)) == (0, 5_000_00 - 521_95)
    assert sum(line.amount for line in paid.explanation.payers) == paid.total
    because = [(line.payer, line.because) for line in paid.explanation.payers]
    assert because == [
        ("fund.pool", "fund.paid"),
        ("own", "own.paid"),
        ("shared", "shared.paid"),
        ("wallet", "wallet.none"),
        ("cash", "cash.out_of_scope"),
    ]


def test_second_visit_needs_no_deductible_and_its_reversal_restores_everything(
    town: Town, family: tuple[int, int]
) -> None:
    mother, son = family
    hospital = town.institution("H21120200001")
    town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL)))
    son_before = town.balance(son)
    second = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, ("C-A", 1, "800.00"))))
    assert (second.deductible, second.fund_pool, second.shared) == (0, 440_00, 360_00)
    back = town.settled(town.reversal(second, hospital))
    assert (back.total, back.fund_pool, back.shared, back.cash) == (-800_00, -440_00, -360_00, 0)
    assert town.balance(son) == son_before
    third = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, ("C-A", 1, "800.00"))))
    assert (third.deductible, third.fund_pool) == (0, 440_00)


def test_reversing_the_first_visit_gives_the_deductible_back(town: Town, family: tuple[int, int]) -> None:
    mother, _ = family
    hospital = town.institution("H21120200001")
    first = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL)))
    town.settled(town.reversal(first, hospital))
    again = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL)))
    assert (again.deductible, again.fund_pool, again.own, again.shared) == (300_00, 468_05, 200_00, 521_95)


def test_reversed_lines_can_be_settled_again(town: Town, family: tuple[int, int]) -> None:
    mother, _ = family
    hospital = town.institution("H21120200001")
    visit, total = town.visit(mother, hospital, *EXAMPLE_BILL)
    first = town.settled(town.settle_visit(mother, hospital, visit, total))
    (refused,) = town.do(town.settle_visit(mother, hospital, visit, total))
    assert refused.code == "settlement.nothing"
    town.settled(town.reversal(first, hospital))
    assert town.settled(town.settle_visit(mother, hospital, visit, total)).fund_pool == 468_05


def test_pharmacy_purchase_is_paid_by_the_son_alone(town: Town, family: tuple[int, int]) -> None:
    """No text says how Tieling pays at pharmacies: the fund pays nothing and says why."""
    mother, son = family
    pharmacy = town.institution("P21120200003")
    mothers_own = town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "200.00")))
    assert (mothers_own.own, mothers_own.shared) == (200_00, 0)
    bought = town.settled(town.purchase(mother, pharmacy, ("C-A", 3, "19.90")))
    assert (bought.total, bought.fund_total, bought.own, bought.shared, bought.cash) == (59_70, 0, 0, 59_70, 0)
    assert [line.because for line in bought.explanation.payers][:2] == ["fund.none.no_rule", "own.none.empty"]
    assert town.balance(son) == 5_000_00 - 59_70


def test_presettlement_tells_the_same_and_changes_nothing(town: Town, family: tuple[int, int]) -> None:
    mother, son = family
    hospital = town.institution("H21120200001")
    command = town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL))
    (quoted,) = town.clerk.handle([(command, True)])
    (quoted_again,) = town.clerk.handle([(command, True)])
    assert isinstance(quoted, Settlement)
    assert quoted_again == quoted
    assert (town.balance(mother), town.balance(son)) == (200_00, 5_000_00)
    settled = town.settled(command)
    assert (settled.fund_pool, settled.own, settled.shared, settled.cash, settled.balance_after) == (
        quoted.fund_pool,
        quoted.own,
        quoted.shared,
        quoted.cash,
        quoted.balance_after,
    )


def test_the_same_message_again_gets_the_stored_answer_and_another_content_a_refusal(
    town: Town, family: tuple[int, int]
) -> None:
    mother, son = family
    hospital = town.institution("H21120200001")
    visit, total = town.visit(mother, hospital, *EXAMPLE_BILL)
    first = town.settled(town.settle_visit(mother, hospital, visit, total, msgid="H1", content="a"))
    left = town.balance(son)
    again = town.settled(town.settle_visit(mother, hospital, visit, total, msgid="H1", content="a"))
    assert (again.id, again.explanation) == (first.id, first.explanation)
    assert town.balance(son) == left
    (refused,) = town.do(town.settle_visit(mother, hospital, visit, total, msgid="H1", content="b"))
    assert isinstance(refused, GongjiError)
    assert refused.code == "key.other_content"


def test_one_batch_sees_what_its_own_decisions_did(town: Town, family: tuple[int, int]) -> None:
    """Three purchases of ¥2,000.00 in one batch: the son's ¥5,000.00 and the mother's ¥200.00 last for 2.6 of them."""
    mother, son = family
    pharmacy = town.institution("P21120200003")
    commands = [town.purchase(mother, pharmacy, ("C-A", 1, "2000.00")) for _ in range(3)]
    paid = town.do(*commands)
    assert [(one.own, one.shared, one.cash) for one in paid] == [
        (200_00, 1_800_00, 0),
        (0, 2_000_00, 0),
        (0, 1_200_00, 800_00),
    ]
    assert town.balance(son) == 0


def test_a_bad_command_does_not_touch_its_neighbours(town: Town, family: tuple[int, int]) -> None:
    mother, _ = family
    hospital, pharmacy = town.institution("H21120200001"), town.institution("P21120200003")
    visit, total = town.visit(mother, hospital, *EXAMPLE_BILL)
    wrong_total = town.settle_visit(mother, hospital, visit, total + 1)
    good = town.purchase(mother, pharmacy, ("C-A", 1, "10.00"))
    unknown = town.settle_visit(mother, hospital, visit + 1024, total)
    refused, bought, nobody = town.do(wrong_total, good, unknown)
    assert (refused.code, bought.own, nobody.code) == ("settlement.total", 10_00, "visit.unknown")


def test_flag_0_leaves_every_account_alone(town: Town, family: tuple[int, int]) -> None:
    mother, son = family
    hospital = town.institution("H21120200001")
    visit, total = town.visit(mother, hospital, *EXAMPLE_BILL)
    paid = town.settled(town.settle_visit(mother, hospital, visit, total, use="0"))
    assert (paid.fund_pool, paid.own, paid.shared, paid.cash) == (468_05, 0, 0, 800_45)
    assert (town.balance(mother), town.balance(son)) == (200_00, 5_000_00)


@pytest.mark.one_server("counts statements")
def test_a_purchase_settlement_costs_at_most_twelve_statements(
    town: Town, family: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    mother, _ = family
    hospital, pharmacy = town.institution("H21120200001"), town.institution("P21120200003")
    first = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL)))
    commands = [
        [town.settle_visit(mother, hospital, *town.visit(mother, hospital, ("C-A", 1, "80.00")))],
        [town.purchase(mother, pharmacy, ("C-A", 1, "10.00"))],
        [town.reversal(first, hospital)],
        [town.purchase(mother, pharmacy, ("C-A", 1, "1.00")) for _ in range(20)],
    ]
    counted = statements_sent(monkeypatch, town.clerk._connection)
    for batch in commands:
        counted.clear()
        assert all(isinstance(outcome, Settlement) for outcome in town.do(*batch))
        assert 8 <= len(counted) <= 12
