"""What moves between regions is called by what it was: a relative's second payment, a premium for somebody elsewhere, what came back."""

from __future__ import annotations

from datetime import date

import pytest
from clearing_office import JINING_HOSPITAL, Office

from gongji.clearing.monthly import store
from gongji.clearing.monthly.decide import pooling_region
from gongji.clearing.monthly.gather import gather
from gongji.clearing.monthly.model import LineKind
from gongji.foundation.ids import bucket_of, compose
from gongji.ledger.model import AccountKind, Journal, JournalKind, Transfer, open_account, personal_account
from gongji.ledger.service import post, register_poster
from gongji.rules.book import RuleBook
from gongji.settlement.second.model import GiveBackSecond, PaySecond
from gongji.settlement.second.service import SecondTill
from town import EXAMPLE_BILL, JINING, TIELING

JUNE, JULY = date(2024, 6, 1), date(2024, 7, 1)


def test_what_a_daughter_pays_afterwards_is_owed_and_counts_with_the_visit(office: Office) -> None:
    """The mother's ¥200.00 and, in a second transaction, ¥100.00 of the daughter's; given back in July, it is taken off July."""
    town = office.town
    hospital = town.institution(JINING_HOSPITAL)
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=200_00, gender=2)
    daughter = town.person("李婷", "1982-03-01", "active", balance=500_00, gender=2)
    visit, total = town.visit(mother, hospital, *EXAMPLE_BILL)
    main = town.settled(town.settle_visit(mother, hospital, visit, total))
    town.share(daughter, mother)
    till = SecondTill(town.database, RuleBook.shipped(), town.clock)
    paid = till.pay(PaySecond(town.key(hospital, "GJ12"), hospital, mother, main.id, daughter, 100_00))
    (position,) = office.positions(JUNE)
    assert position.kinds == {LineKind.OWN: 200_00, LineKind.SHARED: 100_00}
    office.close(JUNE, 2024, 7, 2, 9)
    with town.database.transaction() as connection:
        (part,) = store.parts(connection, office.bill(JUNE, JINING_HOSPITAL))
        own, shared = store.lines(connection, JUNE, TIELING, JINING)
    assert (part.clearing_type, part.accounts, part.events) == ("11", 300_00, 2)
    assert own.setl_id == shared.setl_id
    till.give_back(GiveBackSecond(town.key(hospital, "GJ13"), hospital, mother, paid.id))
    (position,) = office.positions(JULY)
    assert (position.kinds, position.refunds) == ({LineKind.SHARED: -100_00}, -100_00)
    with town.database.transaction() as connection:
        (line,) = store.lines(connection, JULY, TIELING, JINING)
    assert (line.reverses, line.first_month) == (paid.id, JUNE)


def test_a_premium_for_a_mother_elsewhere_is_owed_to_her_tax_offices_region(office: Office) -> None:
    """¥400.00 out of the son's account in Tieling for Jining's tax office; when it sends them back nothing is owed."""
    town = office.town
    son = town.person("李建国", "1980-03-01", "active", balance=1_000_00)
    account = personal_account(AccountKind.PERSONAL_CURRENT, son)
    payable = open_account(AccountKind.PAYABLE_TAX, int(JINING), bucket_of(son))
    leg = Transfer(account, payable, 400_00)
    for kind, one in ((JournalKind.CAPTURE, leg), (JournalKind.REFUND, leg.opposite())):
        with town.database.transaction() as connection:
            writer = register_poster(connection, town.database.serials, town.clock.now())
            event = compose(town.database.serials.take(1, town.clock.now())[0], bucket_of(son))
            post(connection, writer, [Journal(event, kind, None, town.clock.now(), (one,))])
        (position,) = office.positions(JUNE)
        assert (position.debtor, position.creditor) == (TIELING, JINING)
        assert position.kinds == {LineKind.PREMIUM: 400_00 if one is leg else 0}
    assert position.refunds == -400_00


def test_what_was_gathered_twice_is_counted_once(office: Office) -> None:
    town = office.town
    man = town.person("赵德柱", "1960-05-01", "retired", balance=300_00)
    office.treated_in_jining(man)
    assert gather(town.database) > 0
    assert gather(town.database) == 0
    (position,) = office.positions(JUNE)
    assert position.lines == 1


@pytest.mark.parametrize(
    ("place", "pooled"),
    [
        ("370811", "370800"),
        ("370800", "370800"),
        ("211202", TIELING),
        ("110105", "110000"),
        ("310000", "310000"),
        ("500101", "500000"),
        ("210000", "210000"),
    ],
)
def test_where_money_is_pooled(place: str, pooled: str) -> None:
    assert pooling_region(place) == pooled
