"""What a claim meets on the way (a bank that sends back late, a decision that was wrong, an insurance that was corrected)
leaves it with a way on, and nobody looks at their own work twice."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from claims_home import Home
from PIL import Image

from gongji.family import assistances
from gongji.family.assistances import Way
from gongji.foundation.documents import read_document
from gongji.foundation.errors import GongjiError, InvalidInput, NotFound
from gongji.ledger.model import AccountKind, personal_account
from gongji.reimbursement import casework, deciding, filling
from gongji.reimbursement.decide import MOST_DOCUMENTS, left_to_do
from gongji.reimbursement.model import ClaimState, LineWord, Task
from gongji.reimbursement.verify import CHECKS
from town import JINING, Town


@pytest.fixture
def father(town: Town) -> int:
    """李建国, retired."""
    return town.person("李建国", "1951-02-01", "retired", balance=0)


def refused(code: str) -> Any:
    """A refusal with a code."""
    return pytest.raises(GongjiError, match=code.replace(".", r"\."))


def photo(shade: int) -> Any:
    """A photographed paper that is like no other."""
    drawn = BytesIO()
    Image.new("L", (40, 30), shade).save(drawn, "PNG")
    return read_document(drawn.getvalue())


def test_what_an_officer_gave_back_leaves_room_for_another(home: Home, town: Town, father: int) -> None:
    draft = home.draft(father, documents=("detail", "prescription"))
    with town.database.transaction() as connection:
        doing = home.doing(connection, father)
        for shade in range(MOST_DOCUMENTS - 2):
            filling.hand_in_document(doing, home.files, draft.id, "slip", photo(shade))
    with refused("claim.too_many_documents"), town.database.transaction() as connection:
        filling.hand_in_document(home.doing(connection, father), home.files, draft.id, "slip", photo(200))
    home.give_back(home.submit(draft), "documents", document="detail")
    with town.database.transaction() as connection:
        filling.hand_in_document(home.doing(connection, father), home.files, draft.id, "detail", photo(201))
    assert home.submit(draft).state is ClaimState.RECEIVED


def test_a_bank_that_sends_the_first_payment_back_late_names_it(home: Home, father: int) -> None:
    """28.05 went out, the appeal added 440.00; then the bank returns the 28.05."""
    claim = home.claim(father)
    home.decide(claim, words={1: LineWord.NOT_OF_VISIT})
    home.bank(claim, "paid", "ICBC-0001")
    home.appeal(claim)
    home.decide(claim, by="0220")
    home.bank(claim, "paid", "ICBC-0002")
    assert home.bank(claim, "bounced", "ICBC-0001").state is ClaimState.BOUNCED
    assert (home.owed(father), home.carried(father)) == (28_05, 440_00)
    assert home.bank(claim, "bounced", "ICBC-0001").state is ClaimState.BOUNCED, "told twice, back once"
    assert home.bank(claim, "bounced", "ICBC-0009").state is ClaimState.BOUNCED, "then the other, too"
    assert (home.owed(father), home.carried(father)) == (468_05, 0)
    with refused("claim.not_waiting"):
        home.bank(claim, "bounced", "ICBC-0010")
    home.person_does(claim, "set_bank", bank="农业银行", account="6228480000001234", holder="", own=True)
    assert home.bank(claim, "paid", "ICBC-0011").state is ClaimState.PAID
    home.check_books()


def test_money_that_comes_back_while_it_is_appealed_or_owed_back_is_noted(home: Home, father: int) -> None:
    claim = home.claim(father)
    home.decide(claim)
    home.bank(claim, "paid", "ICBC-0001")
    home.appeal(claim)
    assert home.bank(claim, "bounced", "ICBC-0001").state is ClaimState.APPEALED
    assert (home.owed(father), home.carried(father)) == (468_05, 0)
    home.person_does(claim, "set_bank", bank="农业银行", account="6228480000001234", holder="", own=True)
    assert home.decide(claim, by="0220").state is ClaimState.TO_PAY
    home.bank(claim, "paid", "ICBC-0002")
    home.take_back(claim)
    assert home.owed(father) == -468_05
    assert home.bank(claim, "bounced", "ICBC-0002").state is ClaimState.SQUARED, "nobody has anything of anybody"
    assert (home.owed(father), home.carried(father)) == (0, 0)
    home.check_books()


def test_what_was_taken_back_by_mistake_is_appealed_and_decided_anew(home: Home, father: int) -> None:
    """468.05 were paid where 28.05 were due: the whole is taken back, and the appeal leaves 440.00 owed back."""
    claim = home.claim(father)
    home.decide(claim)
    home.bank(claim, "paid", "ICBC-0001")
    home.appeal(claim)
    home.decide(claim, by="0220")
    assert home.take_back(claim).state is ClaimState.OWED_BACK
    again = home.appeal(claim, "至少药费该报")
    assert again.state is ClaimState.APPEALED
    home.check_books()
    for officer in ("0210", "0330"):
        with refused("claim.same_officer"):
            home.take(claim, by=officer)
    # 0220 decided on the first appeal; nobody of the three decides on their own work.
    with refused("claim.same_officer"):
        home.take(claim, by="0220")
    after = home.decide(claim, by="0440", words={1: LineWord.NOT_OF_VISIT})
    assert (after.state, home.owed(father)) == (ClaimState.OWED_BACK, -440_00)
    assert home.bank(claim, "recovered", "ICBC-0007").state is ClaimState.PAID
    assert (home.owed(father), home.carried(father)) == (0, 28_05)
    home.check_books()


def test_upheld_it_stays_as_it_was_taken_back(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    home.decide(claim)
    assert home.take_back(claim).state is ClaimState.SQUARED
    home.appeal(claim)
    home.take(claim, by="0220")
    with town.database.transaction() as connection:
        after = deciding.uphold(home.officers(connection, "0220"), claim.id, "已经直接结算过")
    assert after.state is ClaimState.SQUARED
    home.check_books()


def test_more_carried_than_decided_is_found_on_an_appeal_too(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    home.decide(claim)
    home.bank(claim, "paid", "ICBC-0001")
    with town.database.engine.connect() as connection:
        connection.execute(sa.text("ALTER TABLE claim_payment DISABLE TRIGGER USER"))
        connection.execute(sa.text("UPDATE claim_payment SET amount = amount + 1"))
        connection.execute(sa.text("UPDATE claim SET state = 'appealed'"))
        found = [finding.what for finding in CHECKS["claims stand by their money"](connection)]
        connection.rollback()
    assert found == [f"claim {claim.id} is appealed with -0.01 due"]


def test_an_appeal_does_not_go_to_the_second_officer_of_what_is_appealed(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    home.refuse(claim, "false_bill", by="0220")
    home.second(claim, by="0330")
    home.appeal(claim)
    for officer in ("0220", "0330"):
        with refused("claim.same_officer"):
            home.take(claim, by=officer)
    assert home.decide(claim).state is ClaimState.TO_PAY


def test_an_appeal_for_the_worse_is_refused_before_a_second_officer_looks(
    home: Home, town: Town, father: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = home.claim(father)
    home.decide(claim)
    home.appeal(claim)
    monkeypatch.setattr("gongji.reimbursement.decide.SECOND_FROM", 1_00)
    with refused("claim.worse"):
        home.decide(claim, by="0220", words={1: LineWord.NOT_OF_VISIT})
    assert home.now(claim).state is ClaimState.APPEALED


def test_whoever_told_us_the_account_at_the_window_does_not_pay(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    home.decide(claim)
    with town.database.transaction() as connection:
        clerk, now = home.officers(connection, "0550").caller, town.clock.now()
        assistances.begin(connection, person_id=father, caller=clerk, way=Way.CARD, paper="BB-001", at=now)
    with refused("case.assisted"):
        home.bank(claim, "paid", "ICBC-0001")
    assert home.bank(claim, "paid", "ICBC-0001", by="0551").state is ClaimState.PAID


def test_another_account_is_a_step_of_the_history(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    home.decide(claim)
    home.person_does(claim, "set_bank", bank="农业银行", account="6228480000001234", holder="", own=True)
    with town.database.transaction() as connection:
        query = sa.text("SELECT step FROM claim_event ORDER BY n DESC LIMIT 1")
        assert connection.execute(query).scalar_one() == "new_account"


def test_no_region_decides_on_the_fund_of_another(home: Home, jining: Home, town: Town, father: int) -> None:
    """After he handed in at Tieling it is entered that Jining had insured him by then."""
    claim = home.claim(father)
    home.take(claim)
    with town.database.transaction() as connection:
        connection.execute(sa.text("UPDATE enrolment SET region = :there"), {"there": JINING})
    with refused("claim.moved"):
        home.decide(claim)
    home.give_back(claim, "visit", reason="differs")
    home.person_does(claim, "set_visit", med_type="11", disease="", began_on=date(2024, 3, 4), ended_on=None)
    assert home.submit(claim).region == JINING
    with pytest.raises(NotFound):
        home.take(claim)
    assert jining.decide(claim).state is not ClaimState.RECEIVED
    assert jining.decision(claim).region == JINING
    home.check_books()


def test_a_stay_at_a_pharmacy_is_none(home: Home, father: int) -> None:
    draft = home.draft(father, med_type="21", ended_on="2024-03-05")
    home.person_does(draft, "set_institution", code="P21120200003")
    assert left_to_do(home.now(draft)) == (Task.VISIT,)
    with refused("claim.incomplete"):
        home.submit(draft)


def test_nobody_was_in_hospital_before_they_were_born(home: Home, father: int) -> None:
    draft = home.draft(father)
    with pytest.raises(InvalidInput, match="dates"):
        home.person_does(
            draft, "set_visit", med_type="21", disease="", began_on=date(1, 1, 1), ended_on=date(2024, 3, 4)
        )


def test_ones_own_account_has_ones_own_name(home: Home, town: Town, father: int) -> None:
    draft = home.draft(father)
    home.person_does(draft, "set_bank", bank="铁岭银行", account="6222021100001234567", holder="赵四", own=True)
    bank = home.now(draft).bank
    assert bank is not None
    assert bank.holder == "李建国"


def test_why_it_was_not_settled_directly_does_not_come_back(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    with town.database.transaction() as connection:
        doing = home.officers(connection, "0210")
        casework.take(doing, claim.id)
        with refused("claim.word"):
            casework.return_task(doing, home.calendar, claim.id, task="why", reason="differs", document="", note="")


def test_money_in_another_persons_account_is_found(home: Home, town: Town, father: int) -> None:
    claim = home.claim(father)
    home.decide(claim)
    other = personal_account(AccountKind.PAYABLE_PERSON, father + 1024)
    check = CHECKS["claims match their journals"]
    with town.database.engine.connect() as connection:
        assert list(check(connection)) == []
        connection.execute(sa.text("ALTER TABLE transfer DISABLE TRIGGER USER"))
        connection.execute(
            sa.text("UPDATE transfer SET credit = :other WHERE credit >> 10 & 255 = 6"), {"other": other}
        )
        found = [one.what for one in check(connection)]
        connection.rollback()
    assert found == [f"journal {home.decision(claim).id} and the claim that it is of differ"]
