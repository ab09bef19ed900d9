"""Deposits: money held at admission, taken by the settlement, the rest given back; a sharer's under their authorisation."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from gongji.family.service import unbind
from gongji.foundation.errors import GongjiError
from gongji.ledger.holds import Hold, HoldState
from gongji.ledger.model import AccountKind, open_account
from gongji.ledger.service import balances_of
from gongji.rules.book import RuleBook
from gongji.settlement.admission_deposits import DepositFrom, WantedDeposit, asked_for, give_back, place_deposit
from gongji.settlement.admissions import Admission
from gongji.settlement.desk import Desk
from gongji.settlement.holds.expiry import expire_holds
from gongji.settlement.holds.model import CaptureHold, HoldKey
from gongji.settlement.holds.queries import find_hold
from gongji.settlement.model import Settlement
from town import JINING, Town
from ward import Ward, moment

SHARES_DEPOSITS = ["care", "inpatient", "deposit"]


@pytest.fixture
def ward(town: Town) -> Ward:
    """济宁市第一人民医院, tier 3; Jining's pack keeps no rule for stays, so the family pays all of it."""
    town.clock.set(moment("2025-03-01"))
    return Ward(town, town.institution("H37080000001"))


@pytest.fixture
def father(town: Town) -> int:
    """A retired man with ¥300.00 of this year and ¥500.00 saved."""
    return town.person("孔庆东", "1955-06-01", "retired", balance=300_00, historical=500_00, region=JINING)


@pytest.fixture
def daughter(town: Town) -> int:
    """His daughter, with ¥5,000.00."""
    return town.person("孔令宜", "1985-03-08", "active", balance=5_000_00, region=JINING, gender=2)


def standing(town: Town, person: int) -> dict[str, int]:
    """A person's balances in fen, those of zero left out."""
    with town.database.transaction() as connection:
        found = balances_of(connection, person)
    return {kind.name.removeprefix("PERSONAL_").lower(): fen for kind, fen in found.items() if fen}


def hold(town: Town, hold_id: int) -> Hold:
    """A hold as it is now."""
    with town.database.transaction() as connection:
        found = find_hold(connection, hold_id)
    assert found is not None
    return found


def lines(one: Settlement) -> list[tuple[str, str, int]]:
    """Who paid, why and how much, those of zero left out."""
    return [(line.payer, line.because, line.amount) for line in one.explanation.payers if line.amount]


def out(ward: Ward, stay: Admission, *bill: tuple[str, int, str]) -> int:
    """Treat and discharge; gives the total in fen."""
    kept = ward.treat(stay, *bill)
    ward.discharge(stay, "2025-03-08")
    return sum(fee.line.total for fee in kept)


def test_the_patients_deposit_pays_and_the_rest_comes_back(town: Town, ward: Ward, father: int) -> None:
    """¥600.00 held of ¥800.00; the bill is ¥450.00: it comes out of the deposit, ¥150.00 are savings again."""
    stay = ward.admit(father, "2025-03-02")
    held = ward.deposit(stay, 600_00)
    assert standing(town, father) == {"historical": 200_00, "held": 600_00}
    made = ward.settle(stay, out(ward, stay, ("C-A", 1, "450.00")))
    assert lines(made) == [("own", "own.deposit", 450_00)]
    assert (made.own, made.cash, made.balance_after) == (450_00, 0, 350_00)
    assert standing(town, father) == {"historical": 350_00}
    after = hold(town, held.hold_id)
    assert (after.state, after.captured, after.released) == (HoldState.RELEASED, 450_00, 150_00)


def test_a_daughters_deposit_is_taken_although_her_authorisation_has_ended(
    town: Town, ward: Ward, father: int, daughter: int
) -> None:
    """What was held while it was in force is settled; beyond it nothing more is drawn from her. What is left of it goes back."""
    under = town.share(daughter, father, region=JINING, purposes=SHARES_DEPOSITS)
    stay = ward.admit(father, "2025-03-02")
    ward.deposit(stay, 1_000_00, payer=daughter, under=under)
    with town.database.transaction() as connection:
        unbind(connection, under, person_id=daughter, actor="daughter", at=town.clock.now())
    made = ward.settle(stay, out(ward, stay, ("C-A", 1, "2500.00")), use="2")
    assert (made.own, made.shared, made.cash) == (800_00, 1_000_00, 700_00)
    assert ("shared", "shared.deposit.whole", 1_000_00) in lines(made)
    assert standing(town, daughter) == {"current": 4_000_00}
    back = town.settled(ward.reversal(made))
    assert (back.own, back.shared) == (-800_00, -1_000_00)
    assert standing(town, daughter) == {"current": 5_000_00}
    assert standing(town, father) == {"current": 300_00, "historical": 500_00}


def test_own_money_first_then_deposits_then_the_rest_of_the_family(
    town: Town, ward: Ward, father: int, daughter: int
) -> None:
    """¥3,000.00: his ¥800.00, her deposit of ¥1,000.00, then ¥1,200.00 of her account; nothing of the deposit goes back."""
    under = town.share(daughter, father, region=JINING, purposes=SHARES_DEPOSITS, limit_total=2_500_00)
    stay = ward.admit(father, "2025-03-02")
    held = ward.deposit(stay, 1_000_00, payer=daughter, under=under)
    made = ward.settle(stay, out(ward, stay, ("C-A", 1, "3000.00")), use="2")
    assert lines(made) == [
        ("own", "own.paid", 800_00),
        ("shared", "shared.deposit.whole", 1_000_00),
        ("shared", "shared.paid", 1_200_00),
    ]
    assert hold(town, held.hold_id).state is HoldState.CAPTURED
    assert used(town, under) == {"total": 2_200_00, "2025-03": 2_200_00}
    town.settled(ward.reversal(made))
    assert used(town, under) == {"total": 0, "2025-03": 0}


def used(town: Town, authorisation_id: int) -> dict[str, int]:
    """What counts as used under an authorisation, by period."""
    with town.database.transaction() as connection:
        rows = connection.execute(
            sa.text("SELECT period, used FROM authorisation_usage WHERE authorisation_id = :id"),
            {"id": authorisation_id},
        )
        return {row.period: row.used for row in rows}


def test_use_is_given_back_in_the_month_in_which_it_was_held(
    town: Town, ward: Ward, father: int, daughter: int
) -> None:
    """Held on 28 February, settled in March, taken back in April: February's limit is free again, and March's."""
    under = town.share(daughter, father, region=JINING, purposes=SHARES_DEPOSITS, limit_month=1_500_00)
    stay = ward.admit(father, "2025-02-28")
    ward.deposit(stay, 1_000_00, payer=daughter, under=under)
    made = ward.settle(stay, out(ward, stay, ("C-A", 1, "3000.00")), use="2")
    assert used(town, under) == {"total": 2_200_00, "2025-02": 1_000_00, "2025-03": 1_200_00}
    town.clock.set(moment("2025-04-02"))
    town.settled(ward.reversal(made))
    assert used(town, under) == {"total": 0, "2025-02": 0, "2025-03": 0}


def test_a_deposit_stays_while_the_patient_does(town: Town, ward: Ward, father: int) -> None:
    """Held for ten days; after forty the patient is still there: it is not given back, and pays at the end."""
    stay = ward.admit(father, "2025-03-02")
    ward.deposit(stay, 600_00)
    town.clock.advance(timedelta(days=40))
    assert expire_holds(town.database, town.clock, dry_run=True).holds == 0
    assert expire_holds(town.database, town.clock).holds == 0
    ward.treat(stay, ("C-A", 1, "700.00"))
    ward.discharge(stay, "2025-04-20")
    assert expire_holds(town.database, town.clock).holds == 0
    made = ward.settle(stay, 700_00)
    assert lines(made) == [("own", "own.deposit.whole", 600_00), ("own", "own.paid", 100_00)]


def test_a_bill_nobody_settles_lets_the_deposit_go_after_a_month(town: Town, ward: Ward, father: int) -> None:
    stay = ward.admit(father, "2025-03-02")
    ward.deposit(stay, 600_00)
    ward.discharge(stay, "2025-03-08")
    town.clock.advance(timedelta(days=31))
    report = expire_holds(town.database, town.clock)
    assert (report.holds, report.amount) == (1, 600_00)
    assert standing(town, father) == {"current": 300_00, "historical": 500_00}


def test_after_a_mid_stay_bill_what_is_left_stays_held(town: Town, ward: Ward, father: int) -> None:
    stay = ward.admit(father, "2025-03-02")
    held = ward.deposit(stay, 600_00)
    ward.treat(stay, ("C-A", 1, "200.00"))
    middle = ward.settle(stay, 200_00, mid_stay=True)
    assert (middle.own, middle.balance_after) == (200_00, 200_00)
    assert hold(town, held.hold_id).remaining == 400_00
    last = ward.settle(stay, out(ward, stay, ("C-A", 1, "150.00")))
    assert (last.own, last.balance_after) == (150_00, 450_00)
    # Last things first: each fen goes to the account it was drawn from.
    town.settled(ward.reversal(last))
    town.settled(ward.reversal(middle))
    assert standing(town, father) == {"current": 300_00, "historical": 500_00}


def test_what_the_ward_took_before_stays_taken(town: Town, ward: Ward, father: int) -> None:
    """¥600.00 held: 300 of this year, 300 saved. The ward takes 100 by itself, the settlement 450, 50 go back; the refund
    gives 200 to this year's account and 250 to the savings, where they were drawn."""
    stay = ward.admit(father, "2025-03-02")
    held = ward.deposit(stay, 600_00)
    payable = open_account(AccountKind.PAYABLE_INSTITUTION, ward.hospital.id, 0)
    town.do(CaptureHold(HoldKey("ward:meals", b"." * 32), father, held.hold_id, 100_00, payable))
    made = ward.settle(stay, out(ward, stay, ("C-A", 1, "450.00")))
    assert lines(made) == [("own", "own.deposit", 450_00)]
    assert standing(town, father) == {"historical": 250_00}
    town.settled(ward.reversal(made))
    assert standing(town, father) == {"current": 200_00, "historical": 500_00}


def test_no_account_asked_for_leaves_the_deposit_alone(town: Town, ward: Ward, father: int) -> None:
    stay = ward.admit(father, "2025-03-02")
    ward.deposit(stay, 600_00)
    made = ward.settle(stay, out(ward, stay, ("C-A", 1, "450.00")), use="0")
    assert (made.own, made.cash, made.balance_after) == (0, 450_00, 800_00)
    assert "own.deposit.back" in {line.because for line in made.explanation.payers}
    assert standing(town, father) == {"current": 300_00, "historical": 500_00}


def test_a_cancelled_admission_gives_the_deposit_back(town: Town, ward: Ward, father: int) -> None:
    stay = ward.admit(father, "2025-03-02")
    ward.deposit(stay, 600_00)
    ward.cancel(stay)
    desk = Desk(town.database, RuleBook.shipped(), town.clock)
    assert [receipt.released for receipt in give_back(town.database, desk, ward.reference(stay))] == [600_00]
    assert give_back(town.database, desk, ward.reference(stay)) == []
    desk.close()
    assert standing(town, father) == {"current": 300_00, "historical": 500_00}


def test_the_first_relative_who_can_is_asked(town: Town, ward: Ward, father: int, daughter: int) -> None:
    """The son shares for care only, the wife has too little, the daughter has enough and allows deposits."""
    son = town.person("孔令辉", "1988-05-05", "active", balance=9_000_00, region=JINING)
    wife = town.person("颜如玉", "1957-05-05", "retired", balance=100_00, region=JINING, gender=2)
    town.share(son, father, region=JINING, rank=1)
    town.share(wife, father, region=JINING, relation="spouse", rank=2, purposes=SHARES_DEPOSITS)
    town.share(daughter, father, region=JINING, rank=3, purposes=SHARES_DEPOSITS)
    stay = ward.admit(father, "2025-03-02")
    desk = Desk(town.database, RuleBook.shipped(), town.clock)
    wanted = WantedDeposit(2_000_00, DepositFrom.SHARERS)

    def place(amount: WantedDeposit = wanted) -> Hold:
        key = HoldKey("2401:1", b"." * 32)
        at = town.clock.now()
        return place_deposit(town.database, desk, stay, ward.reference(stay), amount, key, at)

    held = place()
    assert (held.payer_id, held.remaining) == (daughter, 2_000_00)
    assert place() == held
    assert place(WantedDeposit(500_00, DepositFrom.OWN)) == held
    desk.close()
    assert standing(town, daughter) == {"current": 3_000_00, "held": 2_000_00}
    assert standing(town, wife) == {"current": 100_00}


def test_nobody_who_lets_deposits_be_held(town: Town, ward: Ward, father: int, daughter: int) -> None:
    town.share(daughter, father, region=JINING)
    stay = ward.admit(father, "2025-03-02")
    desk = Desk(town.database, RuleBook.shipped(), town.clock)
    wanted = WantedDeposit(100_00, DepositFrom.SHARERS)
    with pytest.raises(GongjiError) as caught:
        place_deposit(
            town.database, desk, stay, ward.reference(stay), wanted, HoldKey("k", b"." * 32), town.clock.now()
        )
    desk.close()
    assert caught.value.code == "deposit.no_sharer"


@pytest.mark.parametrize(
    ("extension", "amount", "source"),
    [
        ({"deposit_amt": "3000.00", "deposit_acct": "2"}, 3_000_00, "2"),
        ('{"deposit_amt": 500}', 500_00, "1"),
        ({"deposit_amt": 12.5, "deposit_acct": 1}, 12_50, "1"),
    ],
)
def test_what_a_hospital_asks_for_is_read(extension: object, amount: int, source: str) -> None:
    assert asked_for(extension) == WantedDeposit(amount, DepositFrom(source))


@pytest.mark.parametrize("extension", [None, "", "null", "{", "[]", {}, {"deposit_amt": ""}, "{broken", {"other": 1}])
def test_an_extension_without_a_deposit_is_none_of_ours(extension: object) -> None:
    assert asked_for(extension) is None


@pytest.mark.parametrize(
    "extension",
    [{"deposit_amt": "0"}, {"deposit_amt": "-5"}, {"deposit_amt": "x"}, {"deposit_amt": "5", "deposit_acct": "3"}],
)
def test_a_deposit_spelt_wrong_is_refused(extension: object) -> None:
    with pytest.raises(GongjiError) as caught:
        asked_for(extension)
    assert caught.value.field is not None
    assert caught.value.field.startswith("input.mdtrtinfo.exp_content")
