"""A claim is handed in, comes back for one item, is decided, paid, bounced, appealed, taken back; each step once."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from claims_home import EXAMPLE, Home, at

from gongji.family.casework import know_officer
from gongji.foundation.distribution import see_whole
from gongji.foundation.errors import GongjiError, InvalidInput, NotAllowed, Refused
from gongji.reimbursement import deciding, filling, store
from gongji.reimbursement.decide import left_to_do
from gongji.reimbursement.model import ClaimState, LineWord, Task
from gongji.reimbursement.verify import CHECKS
from town import Town
from ward import ANQING, Ward


@pytest.fixture
def father(town: Town) -> int:
    """李建国, retired."""
    return town.person("李建国", "1951-02-01", "retired", balance=0)


def refused(code: str) -> Any:
    """A refusal with a code."""
    return pytest.raises(GongjiError, match=code.replace(".", r"\."))


def test_what_is_missing_is_named_and_nothing_comes_in(home: Home, town: Town, father: int) -> None:
    draft = home.draft(father, documents=("detail",), why="emergency", med_type="13", invoices=["12345678"])
    assert left_to_do(draft) == (Task.DOCUMENTS,)
    with refused("claim.incomplete"):
        home.submit(draft)
    with town.database.transaction() as connection:
        for kind in ("invoice", "record", "emergency"):
            filling.hand_in_document(home.doing(connection, father), home.files, draft.id, kind, home.photo)
    assert home.submit(draft).state is ClaimState.RECEIVED


def test_an_electronic_invoice_needs_no_photo(home: Home, father: int) -> None:
    assert home.claim(father, documents=("detail", "prescription")).state is ClaimState.RECEIVED


def test_the_same_claim_twice_is_one(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    again = home.submit(claim)
    assert (again.id, again.received_at) == (claim.id, claim.received_at)
    assert home.told(father) == ["claim.received"]


def test_it_is_to_be_finished_thirty_working_days_later(home: Home, father: int) -> None:
    claim = home.claim(father)
    assert claim.due_at is not None
    assert claim.due_at.isoformat() == "2024-04-16T17:00:00+08:00"


def test_one_item_comes_back_and_only_that_opens(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father, invoices=["12345678"])
    back = home.give_back(claim, "documents", document="invoice", note="请拍全四个角")
    assert (back.state, back.returned, back.hours_left) == (ClaimState.RETURNED, Task.DOCUMENTS, 30 * 8)
    with refused("claim.other_task"):
        home.person_does(claim, "set_lines", lines=[("x", "", 1, 1_00)])
    with refused("claim.incomplete"):
        home.submit(claim)
    town.clock.set(at("2024-05-06"))
    with town.database.transaction() as connection:
        filling.hand_in_document(home.doing(connection, father), home.files, claim.id, "invoice", home.photo)
    after = home.submit(claim)
    assert (after.state, after.returned) == (ClaimState.RECEIVED, None)
    assert after.due_at is not None
    assert after.due_at > at("2024-06-10"), "two months at the person cost the agency none of its thirty days"
    assert home.told(father) == ["claim.received", "claim.returned", "claim.received"]
    kinds = [(one.kind, one.returned) for one in home.now(claim).documents if one.kind == "invoice"]
    assert kinds == [("invoice", True), ("invoice", False)], "what was handed in first is kept"


def test_an_invoice_is_claimed_once_by_whoever_is_first(home: Home, town: Town, father: int) -> None:
    mother = town.person("王秀兰", "1953-03-08", "retired", gender=2)
    first = home.claim(father, invoices=["EF12345678", "EF12345679"])
    second = home.draft(mother, invoices=["EF12345679"])
    with refused("claim.invoice_claimed"):
        home.submit(second)
    home.person_does(first, "withdraw")
    assert home.submit(second).state is ClaimState.RECEIVED
    home.check_books()


def test_an_officer_does_not_decide_for_themself_or_a_relative(home: Home, town: Town, father: int) -> None:
    daughter = town.person("李婷", "1980-05-20", "active", balance=0, gender=2)
    town.share(daughter, father)
    with town.database.transaction() as connection:
        know_officer(connection, "0210", daughter, home.town.clock.now())
    claim = home.claim(father)
    with refused("case.own"):
        home.take(claim)
    assert home.decide(claim, by="0220").state is ClaimState.TO_PAY


def test_only_whoever_has_it_decides(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    home.take(claim)
    with refused("claim.taken"):
        home.decide(claim, by="0220")
    with pytest.raises(NotAllowed):
        home.take(claim, by="0550")
    home.decide(claim)
    with refused("claim.not_waiting"):
        home.decide(claim)


def test_a_large_one_takes_two(home: Home, town: Town) -> None:
    home.region = ANQING
    Ward.built(town, "H34080000001", "安庆市立医院", ANQING)
    son = town.person("王强", "1985-06-07", "active", region=ANQING, balance=0)
    stay = {"code": "H34080000001", "med_type": "21", "on": "2024-02-20", "ended_on": "2024-03-01"}
    claim = home.claim(son, ("住院", "C-A", 1, 30_000_00), **stay)
    assert home.decide(claim).state is ClaimState.SECOND
    assert (home.owed(son), home.told(son)) == (0, ["claim.received"]), "nothing has moved, and nobody was told"
    with refused("claim.same_officer"):
        home.second(claim, by="0210")
    assert home.second(claim).state is ClaimState.TO_PAY
    one = home.decision(claim)
    assert (one.by, one.second) == ("0210", "0330")
    assert home.owed(son) == one.funds
    assert one.funds > 5_000_00
    home.check_books()


def test_who_is_said_to_have_lied_is_refused_by_two(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father, invoices=["EF12345678"])
    waits = home.refuse(claim, "false_bill")
    assert (waits.state, home.told(father)) == (ClaimState.SECOND, ["claim.received"])
    with refused("claim.same_officer"):
        home.second(claim, by="0210")
    back = home.second(claim, agree=False, note="发票是真的，已经查验")
    assert (back.state, back.officer) == (ClaimState.RECEIVED, "0210")
    home.refuse(claim, "false_bill")
    assert home.second(claim).state is ClaimState.REFUSED
    assert home.told(father)[-1] == "claim.refused"
    assert home.claim(father, invoices=["EF12345678"]).state is ClaimState.RECEIVED, "the invoice is free again"


def test_the_bank_sends_it_back_and_another_account_gets_it(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    home.decide(claim)
    home.bank(claim, "paid", "ICBC-0001")
    assert home.bank(claim, "paid", "ICBC-0001").state is ClaimState.PAID, "told twice, paid once"
    assert home.carried(father) == 468_05
    bounced = home.bank(claim, "bounced", "ICBC-0002")
    assert (bounced.state, home.owed(father), home.carried(father)) == (ClaimState.BOUNCED, 468_05, 0)
    with refused("claim.not_waiting"):
        home.bank(claim, "paid", "ICBC-0003")
    home.person_does(claim, "set_bank", bank="农业银行", account="6228480000001234", holder="李建国", own=True)
    assert home.now(claim).state is ClaimState.TO_PAY
    assert home.bank(claim, "paid", "ICBC-0003").state is ClaimState.PAID
    home.check_books()


def test_whoever_decides_does_not_pay(home: Home, father: int) -> None:
    claim = home.claim(father)
    home.decide(claim)
    with pytest.raises(NotAllowed):
        home.bank(claim, "paid", "ICBC-0001", by="0210")


def test_a_bank_account_is_kept_sealed(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    assert claim.bank is not None
    assert claim.bank.masked == "6222*************67"
    with town.database.transaction() as connection:
        rows = connection.execute(sa.text("SELECT claim::text AS whole FROM claim")).scalars().all()
        number, holder = store.account_of(connection, town.vault, claim.id)
    assert (number, holder) == ("6222021100001234567", "李建国")
    assert all("6222021100001234567" not in row and "李建国" not in row for row in rows)


def test_an_appeal_goes_to_another_officer_and_pays_the_difference(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father, *EXAMPLE)
    home.decide(claim, words={1: LineWord.NOT_OF_VISIT})
    assert home.decision(claim).fund_pool == 28_05  # 351.00 − 300.00, 55 %
    home.bank(claim, "paid", "ICBC-0001")
    home.appeal(claim, "CT 是同一天做的，有报告")
    with refused("claim.same_officer"):
        home.take(claim)
    after = home.decide(claim, by="0220")
    assert after.state is ClaimState.TO_PAY
    assert [one.funds for one in home.decisions(claim)] == [28_05, -28_05, 468_05]
    assert home.owed(father) == 440_00
    assert home.counter(father, "310.deductible_borne") == 300_00, "borne once"
    home.bank(claim, "paid", "ICBC-0002")
    assert home.carried(father) == 468_05
    with refused("claim.appealed"):
        home.appeal(claim)
    home.check_books()


def test_an_appeal_is_upheld_or_never_makes_it_worse(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    home.decide(claim)
    home.appeal(claim)
    with refused("claim.worse"):
        home.decide(claim, by="0220", words={1: LineWord.NOT_OF_VISIT})
    assert home.now(claim).state is ClaimState.APPEALED
    home.take(claim, by="0220")
    with town.database.transaction() as connection:
        after = deciding.uphold(home.officers(connection, "0220"), claim.id, "目录里就是这样写的")
    assert after.state is ClaimState.TO_PAY
    home.check_books()


def test_too_late_to_appeal(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    home.decide(claim)
    town.clock.set(at("2024-05-05"))
    with refused("claim.appeal_late"):
        home.appeal(claim)


def test_a_refused_claim_is_decided_on_appeal(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    home.refuse(claim, "third_party")
    home.appeal(claim)
    assert home.decide(claim, by="0220").state is ClaimState.TO_PAY
    home.check_books()


def test_a_wrong_decision_is_taken_back_with_its_counters_and_the_money_comes_home(
    home: Home, town: Town, father: int
) -> None:
    claim = home.claim(father)
    home.decide(claim)
    home.bank(claim, "paid", "ICBC-0001")
    after = home.take_back(claim, "settled_before")
    assert (after.state, home.owed(father)) == (ClaimState.OWED_BACK, -468_05)
    assert home.counter(father, "310.deductible_borne") == 0
    assert home.counter(father, "310.fund_paid") == 0
    assert home.bank(claim, "recovered", "ICBC-0009").state is ClaimState.SQUARED
    assert (home.owed(father), home.carried(father)) == (0, 0)
    with refused("claim.invoice_claimed"):
        home.claim(father, invoices=list(claim.invoices))
    home.check_books()


def test_before_it_is_paid_it_is_taken_back_without_anybody_owing(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    home.decide(claim)
    assert home.take_back(claim).state is ClaimState.SQUARED
    assert home.owed(father) == 0
    home.check_books()


def test_a_decision_cannot_be_changed_in_the_database(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    home.decide(claim)
    with pytest.raises(sa.exc.DBAPIError), town.database.transaction() as connection:
        connection.execute(sa.text("UPDATE claim_decision SET fund_pool = 0"))


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"numbers": []}, "claim.invoices"),
        ({"numbers": ["短"]}, "claim.invoices"),
        ({"numbers": ["12345678", "1234 5678"]}, "claim.invoices"),
    ],
)
def test_invoice_numbers_that_are_none(home: Home, father: int, values: dict[str, Any], code: str) -> None:
    draft = home.draft(father)
    with pytest.raises(InvalidInput, match=code.replace(".", r"\.")):
        home.person_does(draft, "set_invoices", **values)


def test_planted_faults_are_found(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    home.decide(claim)
    with town.database.engine.connect() as connection:
        connection.execute(sa.text("UPDATE claim SET state = 'paid'"))
        connection.execute(sa.text("DELETE FROM claimed_invoice"))
        see_whole(connection)
        found = [finding.what for check in CHECKS.values() for finding in check(connection)]
        connection.rollback()
    assert found == [
        f"claim {claim.id} is paid with 468.05 due",
        f"invoice {claim.invoices[0]} of claim {claim.id} is not claimed by it",
    ]


def test_taking_back_is_not_for_whoever_decided(home: Home, father: int) -> None:
    claim = home.claim(father)
    home.decide(claim, by="0330")
    with pytest.raises(Refused, match=r"claim\.same_officer"):
        home.take_back(claim, by="0330")
