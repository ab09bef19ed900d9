"""One bill, four funds: the pooled one, the large-amount one, civil servants' aid and medical aid, booked apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from rulebooks import four_funds

from gongji.settlement.model import Settlement
from town import Town

CENTRAL = "H21120200001"


@pytest.fixture
def funded(town: Town, tmp_path: Path) -> Town:
    town.rules = four_funds(tmp_path)
    return town


def settle(town: Town, patient: int, yuan: str) -> Settlement:
    hospital = town.institution(CENTRAL)
    visit, total = town.visit(patient, hospital, ("C-A", 1, yuan))
    return town.settled(town.settle_visit(patient, hospital, visit, total))


def funds(paid: Settlement) -> tuple[int, int, int, int]:
    return paid.fund_pool, paid.fund_large, paid.fund_civil, paid.fund_aid


def test_a_civil_servant_with_medical_aid_is_paid_by_four_funds(funded: Town) -> None:
    """4,100: 100 deductible, 4,000 × 60 % = 2,400: pool 1,000, large 500. Unpaid of 4,100 − 1,500 = 2,600: civil after
    200 takes 2,400 × 50 % = 1,200; aid 70 % of the 1,400 still unpaid = 980; 420 are the patient's."""
    clerk = funded.person("何国栋", "1975-04-02", "active", balance=300_00, civil_servant=True, aided=True)
    paid = settle(funded, clerk, "4100.00")
    assert funds(paid) == (1_000_00, 500_00, 1_200_00, 980_00)
    assert (paid.own, paid.cash, paid.fund_total) == (300_00, 120_00, 3_680_00)
    told = {line.payer: (line.amount, line.because) for line in paid.explanation.payers}
    assert told["fund.civil"] == (1_200_00, "fund.civil.paid")
    assert told["fund.aid"] == (980_00, "fund.aid.paid")
    assert sum(line.amount for line in paid.explanation.payers) == paid.total
    clauses = {line.payer: line.clause for line in paid.explanation.payers}
    assert clauses["fund.civil"] is not None


def test_who_has_neither_gets_nothing_of_either(funded: Town) -> None:
    worker = funded.person("李建国", "1975-04-02", "active", balance=0)
    servant = funded.person("何国栋", "1975-04-02", "active", balance=0, civil_servant=True)
    aided = funded.person("赵桂芳", "1955-04-02", "retired", balance=0, aided=True)
    assert funds(settle(funded, worker, "4100.00")) == (1_000_00, 500_00, 0, 0)
    assert funds(settle(funded, servant, "4100.00")) == (1_000_00, 500_00, 1_200_00, 0)
    # 70 % of 2,600
    assert funds(settle(funded, aided, "4100.00")) == (1_000_00, 500_00, 0, 1_820_00)


def test_all_of_it_goes_back_to_the_funds_it_came_from(funded: Town) -> None:
    clerk = funded.person("何国栋", "1975-04-02", "active", balance=300_00, civil_servant=True, aided=True)
    hospital = funded.institution(CENTRAL)
    paid = settle(funded, clerk, "4100.00")
    back = funded.settled(funded.reversal(paid, hospital))
    assert funds(back) == (-1_000_00, -500_00, -1_200_00, -980_00)
    assert funded.balance(clerk) == 300_00
    assert funds(settle(funded, clerk, "4100.00")) == (1_000_00, 500_00, 1_200_00, 980_00), "the counters went back too"
