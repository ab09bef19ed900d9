"""The pot wherever a relative's money pays: afterwards at the till, undone messages, deposits of a stay, premiums sent back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from allotting_home import Home

from gongji.family.tables import authorisation
from gongji.foundation.errors import GongjiError
from gongji.ledger.holds import HoldPurpose, HoldReceipt
from gongji.ledger.model import AccountKind, open_account
from gongji.settlement.holds.model import CaptureHold, HoldKey, PlaceHold
from gongji.settlement.holds.returning import return_captured
from gongji.settlement.model import Settlement, Undo
from gongji.settlement.second.model import GiveBackSecond, PaySecond
from gongji.settlement.second.service import SecondTill
from ward import Ward, moment

PHARMACY = "P21120200003"


def allow_everything(home: Home) -> None:
    """The daughter shares for deposits and premiums too."""
    every = ["care", "inpatient", "deposit", "pharmacy", "resident_premium"]
    with home.town.database.transaction() as connection:
        connection.execute(sa.update(authorisation).values(purposes=every))


def undo(home: Home, made: Settlement) -> Settlement:
    """2601 for the message of a settlement."""
    place = home.town.institution(PHARMACY)
    key = home.town.key(place, "2601")
    (outcome,) = home.town.do(Undo(key, place, made.person_id, (made.infno,), made.msgid))
    assert isinstance(outcome, Settlement), outcome
    return outcome


def test_a_second_transaction_is_paid_from_the_part_and_given_back_to_it(home: Home) -> None:
    pharmacy = home.town.institution(PHARMACY)
    main = home.town.settled(home.town.purchase(home.father, pharmacy, ("C-A", 1, "450.00"), use="0"))
    assert main.cash == 45_000
    home.allot(30_000, home.for_father)
    till = SecondTill(home.town.database, home.town.rules, home.town.clock)
    paid = till.pay(PaySecond(home.town.key(pharmacy, "GJ12"), pharmacy, home.father, main.id, home.daughter, None))
    assert (paid.amount, paid.cash_left) == (30_000, 15_000)
    assert home.given()[home.for_father] == 0
    till.give_back(GiveBackSecond(home.town.key(pharmacy, "GJ13"), pharmacy, home.father, paid.id))
    assert home.given()[home.for_father] == 30_000


def test_an_undone_purchase_never_touched_the_part(home: Home) -> None:
    home.allot(60_000, home.for_father)
    undo(home, home.buy(home.father, "450.00"))
    assert home.given()[home.for_father] == 60_000


def test_an_undone_refund_is_paid_again_while_the_part_has_it(home: Home) -> None:
    home.allot(60_000, home.for_father)
    bought = home.buy(home.father, "450.00")
    refund = home.give_back(bought)
    undo(home, refund)
    assert home.given()[home.for_father] == 15_000


def test_an_undone_refund_is_refused_once_the_part_was_taken_back(home: Home) -> None:
    home.allot(60_000, home.for_father)
    refund = home.give_back(home.buy(home.father, "450.00"))
    home.take_back(60_000, home.for_father)
    place = home.town.institution(PHARMACY)
    key = home.town.key(place, "2601")
    (outcome,) = home.town.do(Undo(key, place, home.father, (refund.infno,), refund.msgid))
    assert isinstance(outcome, GongjiError)
    assert outcome.code == "undo.not_restorable"
    assert home.purse() == {"current": 231_045, "historical": 300_000}


def test_a_deposit_out_of_the_part_pays_the_stay_and_comes_back_with_its_reversal(home: Home) -> None:
    allow_everything(home)
    home.town.clock.set(moment("2025-03-01"))
    ward = Ward(home.town, home.town.institution("H21120200001"))
    home.allot(100_000, home.for_father)
    stay = ward.admit(home.father, "2025-03-01")
    ward.deposit(stay, 80_000, payer=home.daughter, under=home.for_father)
    assert home.given()[home.for_father] == 20_000
    kept = ward.treat(stay, ("C-A", 1, "500.00"))
    ward.discharge(stay, "2025-03-08")
    total = sum(fee.line.total for fee in kept)
    made = ward.settle(stay, total)
    assert made.shared == 50_000
    assert home.given()[home.for_father] == 50_000, "¥300.00 of the deposit were not needed"
    home.town.settled(ward.reversal(made))
    assert home.given()[home.for_father] == 100_000


def test_a_premium_that_is_sent_back_goes_to_the_part_while_the_sharing_lasts(allotting: Callable[..., Home]) -> None:
    home = allotting(parts="one_pot")
    allow_everything(home)
    home.allot(80_000, None)

    def held_and_taken(name: str) -> int:
        until = home.town.clock.now() + timedelta(days=2)
        place = PlaceHold(
            HoldKey(f"tax:{name}:place", b"p" * 32),
            home.father,
            home.daughter,
            40_000,
            HoldPurpose.PREMIUM,
            name,
            until,
            home.for_father,
        )
        (made,) = home.town.do(place)
        assert isinstance(made, HoldReceipt), made
        credit = open_account(AccountKind.PAYABLE_TAX, 211200, 0)
        (taken,) = home.town.do(
            CaptureHold(HoldKey(f"tax:{name}:take", b"t" * 32), home.father, made.hold_id, 40_000, credit)
        )
        assert isinstance(taken, HoldReceipt), taken
        return made.hold_id

    def sent_back(hold_id: int) -> None:
        with home.town.database.transaction() as connection:
            source = connection.execute(
                sa.text("SELECT credit FROM transfer WHERE debit >> 10 & 255 = 3 ORDER BY posted_at DESC LIMIT 1")
            ).scalar_one()
            return_captured(connection, home.town.database.serials, hold_id, source, home.town.clock.now())

    first, second = held_and_taken("2024-1"), held_and_taken("2024-2")
    assert home.given() == {None: 0}
    sent_back(first)
    assert home.given() == {None: 40_000}
    home.unbind(home.for_father)
    home.unbind(home.for_mother)
    sent_back(second)
    assert home.purse() == {"current": 231_045, "historical": 300_000}
