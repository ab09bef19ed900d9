"""What an agency pays a hospital or a pharmacy for a month: by kind of care, less what is retained and what was taken back."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from clearing_office import JINING_HOSPITAL, Office, clerk, refusal

from gongji.clearing.monthly import store
from gongji.clearing.monthly.model import Part
from gongji.clearing.monthly.terms import load_terms
from gongji.foundation.errors import Misconfigured
from gongji.ledger.model import AccountKind
from gongji.settlement.model import Undo
from town import EXAMPLE_BILL, JINING, TIELING

JUNE, JULY, AUGUST = date(2024, 6, 1), date(2024, 7, 1), date(2024, 8, 1)
HOSPITAL, PHARMACY = "H21120200001", "P21120200003"


@pytest.fixture
def man(office: Office) -> int:
    """A retired man of Tieling with ¥2,000.00 in his account."""
    return office.town.person("赵德柱", "1960-05-01", "retired", balance=2_000_00)


def parts(office: Office, month: date, code: str) -> list[Part]:
    """What a bill is made of."""
    with office.town.database.transaction() as connection:
        return store.parts(connection, office.bill(month, code))


def terms_of(folder: Path, **more: object) -> Path:
    """A file of terms for Tieling."""
    one = {
        "region": TIELING,
        "since": "2024-01-01",
        "retention": 500,
        "advance_months": 2,
        "yellow": 7000,
        "red": 9000,
        "source": "the agreement of 2024",
    }
    file = folder / "terms.json"
    file.write_text(json.dumps([one | more]), encoding="utf-8")
    return file


def test_a_bill_has_its_parts_by_who_insures_and_kind_of_care(office: Office, man: int) -> None:
    """A visit and a purchase at home, a visit of a woman from Jining: to the fen what the books say is payable."""
    hospital, pharmacy = office.town.institution(HOSPITAL), office.town.institution(PHARMACY)
    visit, total = office.town.visit(man, hospital, *EXAMPLE_BILL)
    home = office.town.settled(office.town.settle_visit(man, hospital, visit, total))
    bought = office.town.settled(office.town.purchase(man, pharmacy, ("C-A", 1, "60.00")))
    woman = office.town.person("孔玲", "1970-05-01", "active", balance=90_00, region=JINING)
    visit, total = office.town.visit(woman, hospital, ("C-A", 1, "300.00"))
    office.town.settled(office.town.settle_visit(woman, hospital, visit, total))
    assert office.close(JUNE, 2024, 7, 3, 9).bills == 2
    assert parts(office, JUNE, HOSPITAL) == [
        Part(TIELING, "310", "11", home.fund_total, home.account_total, 0, 0, 0, 1),
        Part(JINING, "310", "11", 0, 90_00, 0, 0, 0, 1),
    ]
    assert parts(office, JUNE, PHARMACY) == [Part(TIELING, "310", "41", 0, 60_00, 0, 0, 0, 1)]
    assert bought.account_total == 60_00
    bill = office.bill(JUNE, HOSPITAL)
    assert bill.amount == bill.due == home.fund_total + home.account_total + 90_00
    assert bill.amount == office.holds(AccountKind.PAYABLE_INSTITUTION, hospital.id)


def test_a_bill_is_paid_in_parts_and_the_payable_follows(office: Office, man: int) -> None:
    """¥300.00 to Jining's hospital, paid by Jining: ¥200.00, then the rest; Tieling has no say in it."""
    office.treated_in_jining(man, ("C-A", 1, "300.00"))
    office.close(JUNE, 2024, 7, 3, 9)
    bill, hospital = office.bill(JUNE, JINING_HOSPITAL), office.town.institution(JINING_HOSPITAL)
    payable = AccountKind.PAYABLE_INSTITUTION, hospital.id
    assert refusal(office.asks_bill, bill, 1_00, caller=clerk(TIELING)).code == "clearing.unknown"
    assert refusal(office.asks_bill, bill, 300_01).code == "clearing.amount"
    office.agreed(office.asks_bill(bill, 200_00))
    assert (office.holds(*payable), office.bill(JUNE, JINING_HOSPITAL).left) == (100_00, 100_00)
    office.agreed(office.asks_bill(bill, 100_00, "BF-20240703-2"))
    assert (office.holds(*payable), office.bill(JUNE, JINING_HOSPITAL).left) == (0, 0)
    assert office.holds(AccountKind.TREASURY, int(JINING)) == 300_00
    assert office.close(JULY, 2024, 8, 2, 9).bills == 0


def test_what_was_taken_back_after_payment_is_deducted(office: Office, man: int) -> None:
    """June's ¥300.00 are paid; taken back in July beside a new visit of ¥120.00: −¥180.00, carried into August's ¥400.00."""
    one = office.treated_in_jining(man, ("C-A", 1, "300.00"))
    office.close(JUNE, 2024, 7, 3, 9)
    office.agreed(office.asks_bill(office.bill(JUNE, JINING_HOSPITAL), 300_00))
    office.at(2024, 7, 8, 9)
    office.taken_back(one)
    office.treated_in_jining(man, ("C-A", 1, "120.00"))
    office.close(JULY, 2024, 8, 2, 9)
    july = office.bill(JULY, JINING_HOSPITAL)
    assert (july.amount, july.refunds, july.due, july.left) == (-180_00, -300_00, -180_00, 0)
    assert refusal(office.asks_bill, july, 1).code == "clearing.amount"
    office.treated_in_jining(man, ("C-A", 1, "400.00"))
    office.close(AUGUST, 2024, 9, 2, 9)
    august = office.bill(AUGUST, JINING_HOSPITAL)
    assert (august.amount, august.carried, august.due) == (400_00, -180_00, 220_00)
    office.agreed(office.asks_bill(august, 220_00))
    assert office.holds(AccountKind.PAYABLE_INSTITUTION, august.institution_id) == 0


def test_what_is_undone_leaves_its_part_empty(office: Office, man: int) -> None:
    """A purchase whose answer was lost is undone (2601): it counts with the pharmacy's purchases, and they come to nothing."""
    pharmacy = office.town.institution(PHARMACY)
    one = office.town.settled(office.town.purchase(man, pharmacy, ("C-A", 1, "60.00")))
    key = office.town.key(pharmacy, "2601")
    office.town.settled(Undo(key, pharmacy, man, (one.infno,), one.msgid))
    office.close(JUNE, 2024, 7, 3, 9)
    assert parts(office, JUNE, PHARMACY) == [Part(TIELING, "310", "41", 0, 0, 0, -60_00, 0, 2)]
    assert office.bill(JUNE, PHARMACY).due == 0


def test_what_is_retained_waits_and_is_paid_later(office: Office, man: int, tmp_path: Path) -> None:
    """Five in a hundred of ¥333.33 are ¥16.67 (half a fen up): ¥316.66 are due at once, ¥16.67 after the year."""
    office.terms = load_terms(terms_of(tmp_path))
    hospital = office.town.institution(HOSPITAL)
    visit, total = office.town.visit(man, hospital, ("C-A", 1, "333.33"))
    office.town.settled(office.town.settle_visit(man, hospital, visit, total))
    office.close(JUNE, 2024, 7, 3, 9)
    bill = office.bill(JUNE, HOSPITAL)
    assert (bill.amount, bill.retained, bill.retention, bill.due) == (333_33, 16_67, 500, 316_66)
    office.agreed(office.asks_bill(bill, 316_66))
    assert office.holds(AccountKind.PAYABLE_INSTITUTION, hospital.id) == 16_67
    assert refusal(office.asks_bill, bill, 16_68, "BF-2024-ZB", retention=True).code == "clearing.amount"
    office.agreed(office.asks_bill(bill, 16_67, "BF-2024-ZB", retention=True))
    assert office.holds(AccountKind.PAYABLE_INSTITUTION, hospital.id) == 0
    assert refusal(office.asks_bill, bill, 1, "BF-2025-ZB", retention=True).code == "clearing.amount"


def test_terms_are_looked_for_with_the_region_its_province_and_everywhere(tmp_path: Path) -> None:
    book = load_terms(terms_of(tmp_path, region="210000"))
    assert book.on(TIELING, JUNE).retention == 500
    assert book.on(TIELING, date(2023, 12, 31)).retention == 0
    assert book.on(JINING, JUNE).source.startswith("ours")


@pytest.mark.parametrize(
    "more", [{"retention": 10_001}, {"yellow": 9001}, {"since": "June"}, {"speed": 1}, {"red": -1}]
)
def test_terms_that_cannot_be_read_say_where(tmp_path: Path, more: dict[str, object]) -> None:
    with pytest.raises(Misconfigured) as refused:
        load_terms(terms_of(tmp_path, **more))
    assert (refused.value.code, refused.value.field) == ("clearing.terms", "GONGJI_CLEARING_TERMS")


def test_a_bill_is_history_to_whoever_reads_it_later(office: Office, man: int) -> None:
    """What the database itself does not let happen: a payment of nothing, one that one officer both asked for and agreed to."""
    office.treated_in_jining(man)
    office.close(JUNE, 2024, 7, 3, 9)
    office.asks_bill(office.bill(JUNE, JINING_HOSPITAL), 1_00)
    for statement, constraint in (
        ("UPDATE clearing_payment SET amount = 0", "amount_positive"),
        ("UPDATE clearing_payment SET agreed = false, decided_by = asked_by, decided_at = now()", "two_officers"),
        ("UPDATE clearing_payment SET agreed = true, decided_by = 'x', decided_at = now()", "booked_when_agreed"),
    ):
        with pytest.raises(sa.exc.IntegrityError, match=constraint), office.town.database.transaction() as connection:
            connection.execute(sa.text(statement))
