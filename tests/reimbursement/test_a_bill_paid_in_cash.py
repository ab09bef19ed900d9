"""李建国 paid ¥1,268.50 in cash while the platform was down; what comes of it, to the fen."""

from __future__ import annotations

from datetime import date

import pytest
from claims_home import EXAMPLE, Home, at

from gongji.foundation.errors import GongjiError, NotFound
from gongji.reimbursement import service
from gongji.reimbursement.model import ClaimState, LineWord
from town import JINING, Town


def test_tieling_a_retired_patient_gets_what_the_desk_would_have_paid(home: Home, town: Town) -> None:
    father = town.person("李建国", "1951-02-01", "retired", balance=500_00)
    claim = home.claim(father)
    assert (claim.state, claim.total, claim.number[:6]) == (ClaimState.RECEIVED, 1268_50, "211200")
    decided = home.decide(claim)
    one = home.decision(claim)
    # In scope: 800.00 and, of 400.00 at a ceiling of 195.00 apiece with 10 % first, 351.00; 300.00 deductible; 55 % of the rest.
    assert (one.self_paid, one.over_limit, one.first_self_pay, one.in_scope) == (68_50, 10_00, 39_00, 1151_00)
    assert (one.deductible, one.ratio, one.fund_pool) == (300_00, 5500, 468_05)
    assert decided.state is ClaimState.TO_PAY
    assert home.owed(father) == 468_05
    assert town.balance(father) == 500_00, "no account pays: the bill is paid"
    paid = home.bank(claim, "paid", "ICBC20240306001")
    assert (paid.state, home.owed(father), home.carried(father)) == (ClaimState.PAID, 0, 468_05)
    assert home.told(father) == ["claim.received", "claim.decided", "claim.paid"]
    home.check_books()


def test_every_line_says_whether_it_counts_and_why(home: Home, town: Town) -> None:
    father = town.person("李建国", "1951-02-01", "retired")
    lines = (*EXAMPLE, ("挂号费", "", 1, 10_00), ("重复的CT", "C-A", 1, 800_00))
    claim = home.claim(father, *lines)
    home.decide(claim, words={5: LineWord.TWICE})
    one = home.decision(claim)
    assert [(line.because, line.counts) for line in one.lines] == [
        ("class_a", True),
        ("class_b", True),
        ("class_c", False),
        ("not_listed", False),
        ("twice", False),
    ]
    assert (one.in_scope, one.total) == (1151_00, 2078_50)
    assert sum(line.total for line in one.lines) == one.total
    assert sum(payer.amount for payer in one.explanation.payers) == one.total
    assert [payer.because for payer in one.explanation.payers] == [
        "fund.paid",
        "own.none.paid_in_cash",
        "shared.none.paid_in_cash",
        "cash.kept",
    ]


def test_an_officer_finds_the_code_of_a_line_that_came_without(home: Home, town: Town) -> None:
    father = town.person("李建国", "1951-02-01", "retired")
    claim = home.claim(father, ("头部CT", "", 1, 800_00))
    home.decide(claim, codes={1: "C-A"})
    one = home.decision(claim)
    assert (one.lines[0].code, one.lines[0].name, one.in_scope, one.fund_pool) == ("C-A", "CT平扫", 800_00, 275_00)


def test_jining_an_active_patient(jining: Home, town: Town) -> None:
    son = town.person("王强", "1985-06-07", "active", region=JINING, balance=100_00)
    claim = jining.claim(son, code="H37080000001")
    jining.decide(claim)
    one = jining.decision(claim)
    # Jining from 2024, tier 3, active: 300.00 first, then 60 % of 851.00.
    assert (one.in_scope, one.deductible, one.ratio, one.fund_pool) == (1151_00, 300_00, 6000, 510_60)
    assert jining.owed(son) == 510_60
    assert jining.bank(claim, "paid", "ICBC-0001").state is ClaimState.PAID
    assert (jining.owed(son), jining.carried(son), town.balance(son)) == (0, 510_60, 100_00)
    jining.check_books()


def test_the_rules_are_those_of_the_day_of_the_visit_and_the_counters_those_of_its_year(home: Home, town: Town) -> None:
    father = town.person("李建国", "1951-02-01", "retired", balance=0)
    hospital = town.institution("H21120200001")
    town.clock.set(at("2025-02-03"))
    visit, total = town.visit(father, hospital, ("C-A", 1, "1000.00"))
    town.settled(town.settle_visit(father, hospital, visit, total))
    claim = home.claim(father, ("CT平扫", "C-A", 1, 1000_00), on="2024-12-30")
    home.decide(claim)
    one = home.decision(claim)
    assert one.deductible == 300_00, "2024's deductible, which 2025's visit did not bear"
    assert home.counter(father, "310.deductible_borne", "2024") == 300_00
    assert home.counter(father, "310.deductible_borne", "2025") == 300_00
    home.check_books()


def test_a_claim_uses_the_deductible_that_a_later_settlement_no_longer_bears(home: Home, town: Town) -> None:
    father = town.person("李建国", "1951-02-01", "retired", balance=0)
    home.decide(home.claim(father))
    hospital = town.institution("H21120200001")
    visit, total = town.visit(father, hospital, ("C-A", 1, "100.00"))
    settled = town.settled(town.settle_visit(father, hospital, visit, total))
    assert (settled.deductible, settled.fund_pool) == (0, 55_00)
    home.check_books()


def test_below_the_deductible_nothing_is_due_and_the_deductible_is_borne(home: Home, town: Town) -> None:
    father = town.person("李建国", "1951-02-01", "retired")
    claim = home.claim(father, ("CT平扫", "C-A", 1, 200_00))
    assert home.decide(claim).state is ClaimState.NOTHING_DUE
    one = home.decision(claim)
    assert (one.deductible, one.funds) == (200_00, 0)
    assert one.explanation.payers[0].because == "fund.none.deductible_not_reached"
    assert home.counter(father, "310.deductible_borne") == 200_00
    assert home.told(father)[-1] == "claim.nothing_due"
    home.check_books()


def test_elsewhere_without_a_rule_the_fund_pays_nothing_and_says_so(home: Home, town: Town) -> None:
    father = town.person("李建国", "1951-02-01", "retired")
    place = {"name": "北京某医院", "region": "110105", "kind": "hospital", "tier": "tier_3"}
    claim = home.claim(father, why="emergency", med_type="13", place=place)
    home.decide(claim)
    one = home.decision(claim)
    assert (one.funds, one.explanation.payers[0].because) == (0, "fund.none.no_rule")


def test_nobody_else_sees_a_claim(home: Home, town: Town) -> None:
    father, stranger = town.person("李建国", "1951-02-01", "retired"), town.person("张三", "1960-01-01", "retired")
    claim = home.claim(father)
    with town.database.transaction() as connection:
        doing = home.doing(connection, stranger)
        with pytest.raises(NotFound, match=r"claim\.unknown"):
            service.claim_of(doing, claim.id)
    other = Home(town, home.folder, region=JINING)
    with pytest.raises(NotFound, match=r"claim\.unknown"):
        other.take(claim)


def test_without_insurance_that_day_it_does_not_come_in(home: Home, town: Town) -> None:
    son = town.person("李小", "1990-01-01", "active", since=date(2024, 3, 5))
    draft = home.draft(son)
    with pytest.raises(GongjiError, match=r"claim\.not_insured"):
        home.submit(draft)
    assert home.now(draft).state is ClaimState.DRAFT


def test_a_special_disease_asks_for_the_entitlement_of_that_day(home: Home, town: Town) -> None:
    father = town.person("李建国", "1951-02-01", "retired")
    claim = home.claim(father, med_type="14", disease="M07803")
    with pytest.raises(GongjiError, match=r"settlement\.not_entitled"):
        home.decide(claim)
    assert home.now(claim).state is ClaimState.RECEIVED
    home.check_books()


def test_a_stay_that_ended_before_it_began_is_none(home: Home, town: Town) -> None:
    father = town.person("李建国", "1951-02-01", "retired")
    draft = home.draft(father)
    stay = {"med_type": "21", "disease": "", "began_on": date(2024, 3, 4), "ended_on": date(2024, 3, 1)}
    with pytest.raises(GongjiError, match=r"claim\.dates"):
        home.person_does(draft, "set_visit", **stay)
