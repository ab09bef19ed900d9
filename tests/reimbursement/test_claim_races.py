"""Claims and settlements at the same moment: real threads, a real PostgreSQL, the cap never passed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from claims_home import Home, at

from gongji.foundation.errors import GongjiError
from gongji.reimbursement.model import ClaimState
from gongji.settlement.desk import Desk
from gongji.settlement.model import Settlement
from town import Town


@pytest.fixture
def desk(home: Home, town: Town) -> Iterator[Desk]:
    """A desk with two clerks, on the town's clock."""
    made = Desk(town.database, town.rules, town.clock, desks=2)
    yield made
    made.close()


def all_at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """What comes of deeds that begin together: results or refusals."""
    start = threading.Barrier(len(deeds))

    def one(deed: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return deed()
        except GongjiError as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(one, deeds))


@pytest.mark.parametrize("turn", range(6))
def test_a_settlement_and_claims_race_for_the_last_of_a_cap(home: Home, town: Town, desk: Desk, turn: int) -> None:
    """Tieling pays ¥3,000.00 a year: of 2 × 2,200.00 by claims and 1 × 2,200.00 at the desk only what is left is paid."""
    father = town.person("李建国", "1951-02-01", "retired", balance=0)
    bill = ("CT平扫", "C-A", 1, 4_300_00)  # (4,300.00 − 300.00) × 55 % = 2,200.00 for whoever is first
    claims = [home.claim(father, bill), home.claim(father, bill)]
    town.clock.set(at("2024-03-06"))
    hospital = town.institution("H21120200001")
    visit, total = town.visit(father, hospital, ("C-A", 1, "4300.00"))
    command = town.settle_visit(father, hospital, visit, total, use="0")

    def settle() -> Settlement:
        return desk.submit(command).result()

    outcomes = all_at_once(lambda: home.decide(claims[0]), settle, lambda: home.decide(claims[1], by="0220"))
    assert not [one for one in outcomes if isinstance(one, Exception)]
    paid = outcomes[1].fund_pool + sum(home.decision(claim).fund_pool for claim in claims)
    assert paid == 3_000_00
    assert home.counter(father, "310.fund_paid") == 3_000_00
    assert home.counter(father, "310.deductible_borne") == 300_00
    home.check_books()


def test_one_claim_decided_twice_at_once_is_decided_once(home: Home, town: Town) -> None:
    father = town.person("李建国", "1951-02-01", "retired")
    claim = home.claim(father)
    outcomes = all_at_once(*[lambda: home.decide(claim)] * 4)
    assert sum(not isinstance(one, GongjiError) for one in outcomes) == 1
    assert len(home.decisions(claim)) == 1
    home.check_books()


def test_a_payment_told_by_four_at_once_is_one(home: Home, town: Town) -> None:
    father = town.person("李建国", "1951-02-01", "retired")
    claim = home.claim(father)
    home.decide(claim)
    outcomes = all_at_once(*[lambda: home.bank(claim, "paid", "ICBC-0001")] * 4)
    assert [one.state for one in outcomes] == [ClaimState.PAID] * 4
    assert home.carried(father) == 468_05
    home.check_books()


def test_two_people_hand_in_the_same_invoices_at_once(home: Home, town: Town) -> None:
    father, mother = town.person("李建国", "1951-02-01", "retired"), town.person("王秀兰", "1953-03-08", "retired")
    # In opposite orders: they would wait for each other in a circle.
    drafts = [
        home.draft(father, invoices=["EF12345678", "EF12345679"]),
        home.draft(mother, invoices=["EF12345679", "EF12345678"]),
    ]
    outcomes = all_at_once(lambda: home.submit(drafts[0]), lambda: home.submit(drafts[1]))
    refused = [one for one in outcomes if isinstance(one, GongjiError)]
    assert [one.code for one in refused] == ["claim.invoice_claimed"]
    home.check_books()


def test_withdrawn_and_decided_at_once_is_one_of_the_two(home: Home, town: Town) -> None:
    father = town.person("李建国", "1951-02-01", "retired")
    claim = home.claim(father)
    outcomes = all_at_once(lambda: home.person_does(claim, "withdraw"), lambda: home.decide(claim))
    assert sum(isinstance(one, GongjiError) for one in outcomes) == 1
    assert home.now(claim).state in (ClaimState.WITHDRAWN, ClaimState.TO_PAY)
    home.check_books()


def test_four_clerks_with_four_transfers_carry_it_once(home: Home, town: Town) -> None:
    father = town.person("李建国", "1951-02-01", "retired")
    claim = home.claim(father)
    home.decide(claim)
    outcomes = all_at_once(*[lambda n=n: home.bank(claim, "paid", f"ICBC-000{n}") for n in range(4)])
    assert [one.code for one in outcomes if isinstance(one, GongjiError)] == ["claim.not_waiting"] * 3
    assert home.carried(father) == 468_05
    home.check_books()


def test_two_second_officers_at_once_decide_once(home: Home, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gongji.reimbursement.decide.SECOND_FROM", 1_00)
    father = town.person("李建国", "1951-02-01", "retired")
    claim = home.claim(father)
    home.decide(claim, by="0220")
    outcomes = all_at_once(
        lambda: home.second(claim, by="0210"),
        lambda: home.second(claim, by="0330"),
        lambda: home.second(claim, by="0330", agree=False, note="再看一看"),
    )
    assert [one.code for one in outcomes if isinstance(one, GongjiError)] == ["claim.not_waiting"] * 2
    assert len(home.decisions(claim)) <= 1
    home.check_books()


def test_taken_back_paid_and_appealed_at_once_adds_up_in_every_order(home: Home, town: Town) -> None:
    father = town.person("李建国", "1951-02-01", "retired")
    for _ in range(3):
        claim = home.claim(father)
        home.decide(claim, by="0220")
        all_at_once(
            lambda: home.take_back(claim),  # noqa: B023
            lambda: home.bank(claim, "paid", "ICBC-0001"),  # noqa: B023
            lambda: home.appeal(claim),  # noqa: B023
        )
        home.check_books()
