"""A son pays his mother's resident premium for 2025: ¥400.00 from his account, booked by the tax office or given back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gongji.family.service import pause
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError
from gongji.foundation.following import Followed
from gongji.foundation.ids import bucket_of
from gongji.ledger.history import balance_at
from gongji.ledger.model import AccountKind, open_account
from gongji.ledger.service import balances_of
from gongji.premium import service, tax
from gongji.premium.following import follow_orders
from gongji.premium.model import Member, Order, OrderState, RejectReason, Standing
from gongji.premium.service import Office
from gongji.registry.service import enrolments_of
from gongji.settlement.holds.expiry import expire_holds
from town import JINING, TIELING, Town

SON = Caller(Role.CITIZEN, "citizen", person_id=1)
TAX = Caller(Role.TAX, "tax-370800", region="370800")
PURPOSES = ("care", "pharmacy", "resident_premium")


def family(town: Town, balance: int = 1_000_00, **more: Any) -> tuple[int, int]:
    """A mother who is insured as a resident, and her son with money, in Jining."""
    mother = town.person("孔母", "1955-08-13", "resident", region=JINING)
    son = town.person("孔明", "1980-03-01", "active", balance=balance, region=JINING, household="另一家")
    town.share(son, mother, region=JINING, purposes=list(PURPOSES), exclusive=True, **more)
    return mother, son


def order(office: Office, son: int, mother: int, key: str = "order-0001", year: int = 2025) -> Order:
    """The son orders his mother's premium."""
    return service.place_order(office, sharer_id=son, person_id=mother, year=year, key=key, caller=SON)


def standing(office: Office, son: int, mother: int, year: int = 2025) -> Member:
    """How the mother stands in the year, as the son sees it."""
    with office.database.transaction() as connection:
        shown = service.members(connection, office.rules, son, office.clock.now().date())
    return next(one for one in shown if (one.person_id, one.year) == (mother, year))


def purse(town: Town, person: int) -> dict[str, int]:
    """A person's balances in fen, those of zero left out."""
    with town.database.transaction() as connection:
        found = balances_of(connection, person)
    return {kind.name.removeprefix("PERSONAL_").lower(): fen for kind, fen in found.items() if fen}


def refusal(call: Any, *args: Any, **named: Any) -> GongjiError:
    """The refusal of a call that is refused."""
    with pytest.raises(GongjiError) as caught:
        call(*args, **named)
    return caught.value


def test_a_premium_is_on_its_way_until_the_tax_office_books_it(town: Town, office: Office) -> None:
    """¥1,000.00: ¥400.00 are set aside, and belong to the tax office of Jining once it has booked them."""
    mother, son = family(town)
    before = standing(office, son, mother)
    assert (before.standing, before.amount and before.amount.fen, before.region) == (Standing.UNPAID, 400_00, JINING)
    assert before.amount is not None
    assert before.amount.clause.rule == "cn/shandong#values.resident_premium"
    placed = order(office, son, mother)
    assert (placed.state, placed.amount, placed.deadline - placed.made_at) == (
        OrderState.BOOKING,
        400_00,
        timedelta(days=3),
    )
    assert purse(town, son) == {"current": 600_00, "held": 400_00}
    assert standing(office, son, mother).standing is Standing.BOOKING
    booked = tax.confirm(office, placed.id, "37002024101400001", caller=TAX)
    assert (booked.state, booked.voucher) == (OrderState.BOOKED, "37002024101400001")
    assert purse(town, son) == {"current": 600_00}
    assert standing(office, son, mother).standing is Standing.PAID
    with town.database.transaction() as connection:
        due = open_account(AccountKind.PAYABLE_TAX, int(JINING), bucket_of(son))
        assert balance_at(connection, [due], office.clock.now() + timedelta(seconds=1)) == 400_00


def test_the_same_order_and_the_same_answer_twice_are_one(town: Town, office: Office) -> None:
    mother, son = family(town)
    first, again = order(office, son, mother), order(office, son, mother)
    assert first == again
    assert refusal(order, office, son, mother, "order-0002").code == "premium.booking"
    assert refusal(order, office, son, mother, year=2024).code == "key.other_content"
    booked = tax.confirm(office, first.id, "V-0001", caller=TAX)
    assert tax.confirm(office, first.id, "V-0001", caller=TAX) == booked
    assert refusal(tax.confirm, office, first.id, "V-0002", caller=TAX).code == "premium.answered"
    assert refusal(tax.reject, office, first.id, "amount", caller=TAX).code == "premium.answered"
    assert refusal(order, office, son, mother, "order-0003").code == "premium.paid"
    assert purse(town, son) == {"current": 600_00}


def test_a_rejected_premium_comes_back_at_once_and_may_be_ordered_anew(town: Town, office: Office) -> None:
    mother, son = family(town)
    placed = order(office, son, mother)
    gone = tax.reject(office, placed.id, "name_mismatch", caller=TAX)
    assert (gone.state, gone.reason) == (OrderState.REJECTED, RejectReason.NAME_MISMATCH)
    assert purse(town, son) == {"current": 1_000_00}
    assert tax.reject(office, placed.id, "name_mismatch", caller=TAX) == gone
    assert refusal(tax.confirm, office, placed.id, "V-0001", caller=TAX).code == "premium.over"
    assert order(office, son, mother, "order-0002").state is OrderState.BOOKING


@pytest.mark.parametrize("expired_first", [True, False])
def test_an_answer_after_three_days_finds_that_the_money_went_back(
    town: Town, office: Office, expired_first: bool
) -> None:
    mother, son = family(town)
    placed = order(office, son, mother)
    town.clock.advance(timedelta(days=3))
    if expired_first:
        assert expire_holds(town.database, town.clock).holds == 1
        assert follow_orders(office) == Followed(1, 0)
        assert purse(town, son) == {"current": 1_000_00}
    late = refusal(tax.confirm, office, placed.id, "V-LATE", caller=TAX)
    assert (late.code, late.details["state"]) == ("premium.over", "expired")
    assert purse(town, son) == {"current": 1_000_00}
    assert standing(office, son, mother).standing is Standing.UNPAID


def test_an_unanswered_premium_goes_back_by_itself(town: Town, office: Office) -> None:
    mother, son = family(town)
    placed = order(office, son, mother)
    assert follow_orders(office) == Followed(0, 0)
    town.clock.advance(timedelta(days=3, minutes=1))
    assert follow_orders(office) == Followed(1, 0)
    with town.database.transaction() as connection:
        assert service.order_of(connection, placed.id, son).state is OrderState.EXPIRED
        assert refusal(service.order_of, connection, placed.id, mother).code == "premium.order_unknown"
    assert purse(town, son) == {"current": 1_000_00}


def test_a_premium_sent_back_returns_to_the_accounts_it_came_from_and_the_year_is_free(
    town: Town, office: Office
) -> None:
    """¥300.00 saved and ¥100.00 of this year paid it; in January both are savings, and so is what comes back."""
    mother, son = family(town, balance=200_00)
    brother_balance = purse(town, son)
    assert brother_balance == {"current": 200_00}
    refused = refusal(order, office, son, mother)
    assert (refused.code, refused.details["available"]) == ("hold.not_enough", 200_00)
    assert standing(office, son, mother).standing is Standing.UNPAID
    saver = town.person("孔亮", "1982-03-01", "active", balance=200_00, historical=300_00, region=JINING)
    father = town.person("孔父", "1950-08-13", "resident", region=JINING)
    under = town.share(saver, father, region=JINING, purposes=list(PURPOSES), exclusive=True)
    placed = order(office, saver, father)
    tax.confirm(office, placed.id, "V-0001", caller=TAX)
    assert purse(town, saver) == {"current": 100_00}
    assert refusal(tax.send_back, office, placed.id, "nothing", caller=TAX).code == "premium.reason"
    town.clock.advance(timedelta(days=20))
    back = tax.send_back(office, placed.id, "wrong_person", caller=TAX)
    assert (back.state, back.reason) == (OrderState.SENT_BACK, RejectReason.WRONG_PERSON)
    assert tax.send_back(office, placed.id, "wrong_person", caller=TAX) == back
    assert purse(town, saver) == {"current": 200_00, "historical": 300_00}
    with town.database.transaction() as connection:
        used = connection.execute(
            sa.text("SELECT DISTINCT used FROM authorisation_usage WHERE authorisation_id = :id"), {"id": under}
        )
        assert used.scalars().all() == [0]
    assert standing(office, saver, father).standing is Standing.UNPAID


def test_of_two_sharers_who_pay_at_once_one_does(town: Town, office: Office) -> None:
    """Four times both children press the button at the same moment; their mother's premium is paid once."""
    town.clock.set(datetime(2024, 12, 2, 9, 0, tzinfo=CHINA))
    for number in range(4):
        mother = town.person("李母", "1955-08-13", "resident")
        children = [
            town.person(name, "1980-03-01", "active", balance=500_00, household=f"{name}{number}") for name in "甲乙"
        ]
        for child in children:
            town.share(child, mother, purposes=list(PURPOSES))
        with ThreadPoolExecutor(2) as pool:
            tries = [pool.submit(order, office, child, mother, f"order-{child}") for child in children]
            told = [one.exception() or one.result() for one in tries]
        orders = [one for one in told if isinstance(one, Order)]
        refused = [one for one in told if isinstance(one, GongjiError)]
        assert [one.state for one in orders] == [OrderState.BOOKING]
        assert [one.code for one in refused] == ["premium.booking_by_other"]
        assert sorted(purse(town, child).get("held", 0) for child in children) == [0, 400_00]


def test_confirmed_and_rejected_at_once_the_first_answer_holds(town: Town, office: Office) -> None:
    for number in range(3):
        mother, son = family(town)
        placed = order(office, son, mother)
        with ThreadPoolExecutor(2) as pool:
            answers = [
                pool.submit(tax.confirm, office, placed.id, f"V-000{number}", caller=TAX),
                pool.submit(tax.reject, office, placed.id, "amount", caller=TAX),
            ]
            told = [one.exception() or one.result() for one in answers]
        won = [one for one in told if isinstance(one, Order)]
        lost = [one for one in told if isinstance(one, GongjiError)]
        assert len(won) == len(lost) == 1
        assert lost[0].code in ("premium.answered", "premium.over")
        left = {OrderState.BOOKED: 600_00, OrderState.REJECTED: 1_000_00}[won[0].state]
        assert purse(town, son) == {"current": left}


def test_whoever_was_interrupted_goes_on_where_they_stopped(
    town: Town, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after the order was kept, and again after the answer was: both find their end."""
    mother, son = family(town)
    real = service.carry_on
    monkeypatch.setattr(service, "carry_on", lambda office, order: order)
    placed = order(office, son, mother)
    assert (placed.state, purse(town, son)) == (OrderState.PLACING, {"current": 1_000_00})
    monkeypatch.setattr(service, "carry_on", real)
    assert follow_orders(office) == Followed(0, 0)
    town.clock.advance(timedelta(minutes=3))
    assert follow_orders(office) == Followed(1, 0)
    assert purse(town, son) == {"current": 600_00, "held": 400_00}
    monkeypatch.setattr(tax, "_take", lambda office, order: order)
    tax.confirm(office, placed.id, "V-0001", caller=TAX)
    monkeypatch.undo()
    assert purse(town, son) == {"current": 600_00, "held": 400_00}
    assert follow_orders(office) == Followed(1, 0)
    assert purse(town, son) == {"current": 600_00}
    with town.database.transaction() as connection:
        assert service.order_of(connection, placed.id, son).state is OrderState.BOOKED


def test_who_was_insured_before_is_insured_for_the_year_and_no_longer_when_it_is_sent_back(
    town: Town, office: Office
) -> None:
    """A mother whose insurance ended with 2022 is registered; paying 2025 enters that year."""
    mother, son = family(town)
    with town.database.transaction() as connection:
        connection.execute(
            sa.text("UPDATE enrolment SET during = daterange('2020-01-01', '2023-01-01') WHERE person_id = :id"),
            {"id": mother},
        )
    placed = order(office, son, mother)
    tax.confirm(office, placed.id, "V-0001", caller=TAX)

    def spans() -> list[tuple[date, date | None]]:
        with town.database.transaction() as connection:
            return [(one.since, one.until) for one in enrolments_of(connection, mother)]

    old = (date(2020, 1, 1), date(2022, 12, 31))
    assert spans() == [(date(2025, 1, 1), date(2025, 12, 31)), old]
    tax.send_back(office, placed.id, "wrong_person", caller=TAX)
    assert spans() == [old]


def test_what_was_paid_elsewhere_is_not_paid_again(town: Town, office: Office) -> None:
    mother, son = family(town)
    assert tax.tell_paid(office, mother, 2025, "VILLAGE-1", JINING, caller=TAX) is True
    assert tax.tell_paid(office, mother, 2025, "VILLAGE-1", JINING, caller=TAX) is False
    assert standing(office, son, mother).standing is Standing.PAID_BY_OTHER
    assert refusal(order, office, son, mother).code == "premium.paid_by_other"
    assert purse(town, son) == {"current": 1_000_00}


def test_why_a_premium_cannot_be_paid(town: Town, office: Office) -> None:
    """Each reason on its own: not bound, the season, no registration, an employee, paused, no amount, a wrong year;
    and Liaoning, which lets accounts pay premiums from 2024-11-26."""
    mother, son = family(town)
    aunt = town.person("李姨", "1955-08-13", "resident")
    town.share(son, aunt, purposes=list(PURPOSES))
    assert refusal(order, office, son, aunt).code == "premium.not_here"
    stranger = town.person("王五", "1955-08-13", "resident", region=JINING)
    assert refusal(order, office, son, stranger).code == "premium.no_authorisation"
    early = refusal(order, office, son, mother, year=2024)
    assert (early.code, early.details["last"]) == ("premium.season", "2023-12-31")
    assert refusal(order, office, son, mother, year=2027).code == "premium.year"
    assert refusal(order, office, son, mother, "short").code == "key.shape"
    uncle = town.person("孔三", "1955-08-13", "active", balance=0, region=JINING)
    town.share(son, uncle, region=JINING, purposes=list(PURPOSES), exclusive=True)
    assert refusal(order, office, son, uncle).code == "premium.employee"
    newborn = town.person("孔小", "2024-09-13", "resident", region=JINING)
    town.share(son, newborn, region=JINING, purposes=list(PURPOSES), exclusive=True)
    with town.database.transaction() as connection:
        connection.execute(sa.text("DELETE FROM enrolment WHERE person_id = :id"), {"id": newborn})
    assert refusal(order, office, son, newborn).code == "premium.not_registered"
    with town.database.transaction() as connection:
        under = connection.execute(
            sa.text("SELECT id FROM authorisation WHERE user_id = :id"), {"id": mother}
        ).scalar_one()
        pause(connection, under, person_id=son, actor="citizen", at=office.clock.now())
    assert refusal(order, office, son, mother).code == "premium.no_authorisation"
    town.clock.set(datetime(2026, 10, 14, 9, 0, tzinfo=CHINA))
    father = town.person("孔父", "1950-08-13", "resident", region=JINING)
    town.share(son, father, region=JINING, purposes=list(PURPOSES), exclusive=True)
    assert refusal(order, office, son, father, year=2027).code == "premium.no_amount"
    assert refusal(order, office, son, father, year=2026).code == "premium.season"
    assert purse(town, son) == {"current": 1_000_00}


def test_a_limit_of_the_sharer_binds_premiums_too(town: Town, office: Office) -> None:
    mother, son = family(town, limit_month=399_99)
    assert refusal(order, office, son, mother).code == "hold.not_enough"


def test_shenyang_asks_children_for_less(town: Town, office: Office) -> None:
    """¥460.00 for the mother, ¥400.00 for the granddaughter (grade C, two pages agreeing)."""
    shenyang = "210100"
    town.clock.set(datetime(2024, 12, 2, 9, 0, tzinfo=CHINA))
    son = town.person("沈明", "1980-03-01", "active", balance=1_000_00, region=shenyang)
    for name, born, fen in (("沈母", "1955-08-13", 460_00), ("沈小", "2015-08-13", 400_00)):
        relative = town.person(name, born, "resident", region=shenyang)
        town.share(son, relative, region=shenyang, purposes=list(PURPOSES))
        assert order(office, son, relative, f"order-{born}").amount == fen
    assert purse(town, son) == {"current": 140_00, "held": 860_00}


def test_verification_tells_when_an_order_and_its_money_differ(town: Town, office: Office) -> None:
    from gongji.premium.verify import CHECKS

    mother, son = family(town)
    placed = order(office, son, mother)

    def findings() -> list[str]:
        with town.database.transaction() as connection:
            return [one.what for check in CHECKS.values() for one in check(connection)]

    assert findings() == []
    with town.database.transaction() as connection:
        connection.execute(
            sa.text("UPDATE premium_order SET state = 'booked', voucher = 'V' WHERE id = :id"), {"id": placed.id}
        )
    assert findings() == [
        f"order {placed.id} (booked) and its hold differ",
        f"order {placed.id} and the year it is for differ",
    ]
    with town.database.transaction() as connection:
        connection.execute(
            sa.text("UPDATE premium_order SET state = 'booking', voucher = NULL WHERE id = :id"), {"id": placed.id}
        )
    assert findings() == []


def test_tieling_has_no_amount_of_its_own_and_takes_the_nations_minimum(town: Town, office: Office) -> None:
    son = town.person("李明", "1980-03-01", "active", balance=500_00)
    mother = town.person("李母", "1955-08-13", "resident", region=TIELING)
    town.share(son, mother, purposes=list(PURPOSES))
    shown = standing(office, son, mother)
    assert shown.amount is not None
    assert (shown.amount.fen, shown.amount.clause.rule) == (400_00, "cn#values.resident_premium_minimum")
