"""What an agency recorded wrongly is taken back: a month's credit, spent or not, and a death that was none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gongji.accrual.closing import close_at_death, transfer_out
from gongji.accrual.credit_undo import collect_debts, owing, undo_credit
from gongji.accrual.credits import post_credits
from gongji.accrual.death_undo import undo_death
from gongji.accrual.model import Collected, CreditKind, CreditLine, CreditUndone, DeathUndone, Heir
from gongji.accrual.verify import CHECKS as OURS
from gongji.accrual.year_end import turn_year
from gongji.family.service import authorisation
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.distribution import see_whole
from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused
from gongji.ledger.history import balance_at
from gongji.ledger.model import AccountKind, open_account, personal_account
from gongji.ledger.service import balances_of
from gongji.ledger.verify import CHECKS
from gongji.rules.book import RuleBook
from gongji.settlement.holds.model import HoldKey, HoldPurpose, PlaceHold, ReleaseHold
from town import JINING, TIELING, Town

AGENCY = Caller(Role.OPERATOR, "agency")
JUNE = date(2024, 6, 1)
DIED = date(2024, 6, 10)


@pytest.fixture(autouse=True)
def proven(town: Town) -> Any:
    """Whatever a test did, the ledger holds after it."""
    yield
    with town.database.transaction() as connection:
        see_whole(connection)
        assert [one.what for check in (CHECKS | OURS).values() for one in check(connection)] == []


def credited(town: Town, person: int, amount: int, month: date = JUNE) -> None:
    """Credit a month; the base is what two per cent of make the amount."""
    line = CreditLine(person, month, CreditKind.EMPLOYER, amount * 50, amount)
    report = post_credits(town.database, RuleBook.shipped(), town.clock, [line], caller=AGENCY, source="test")
    assert (report.posted, report.refused) == (1, {})


def undone(town: Town, person: int, reference: str = "GZ-1", **more: Any) -> CreditUndone:
    """Take June's credit back."""
    return undo_credit(
        town.database,
        town.clock,
        person,
        more.pop("month", JUNE),
        CreditKind.EMPLOYER,
        reason=more.pop("reason", "基数报错"),
        reference=reference,
        caller=more.pop("caller", AGENCY),
    )


def collected(town: Town, person: int, reference: str = "ZH-1") -> Collected:
    """Collect what a person owes."""
    return collect_debts(town.database, town.clock, person, reference=reference, caller=AGENCY)


def alive(town: Town, person: int, reference: str = "FH-1", **more: Any) -> DeathUndone:
    """Take the death back."""
    return undo_death(
        town.database,
        town.clock,
        person,
        reason=more.pop("reason", "同名同姓"),
        reference=reference,
        caller=more.pop("caller", AGENCY),
    )


def standing(town: Town, person: int) -> tuple[int, int]:
    """(current, historical) of an open account, fen."""
    with town.database.transaction() as connection:
        found = balances_of(connection, person)
    return found.get(AccountKind.PERSONAL_CURRENT, 0), found.get(AccountKind.PERSONAL_HISTORICAL, 0)


def owed_to(town: Town, person: int) -> int:
    """What the agency owes a person; below zero, what the person owes the agency. Fen."""
    with town.database.transaction() as connection:
        account = personal_account(AccountKind.PAYABLE_PERSON, person)
        rows = connection.execute(
            sa.text(
                "SELECT sum(CASE credit WHEN :a THEN amount ELSE -amount END) FROM transfer WHERE :a IN (debit, credit)"
            ),
            {"a": account},
        )
        return int(rows.scalar_one() or 0)


def income(town: Town, person: int) -> int:
    """What the region gave out of its income in a person's bucket, less what came back, fen."""
    with town.database.transaction() as connection:
        account = open_account(AccountKind.INCOME, int(TIELING), person & 1023)
        return -balance_at(connection, [account], town.clock.now())


def refusal(kind: type[GongjiError], attempt: Any) -> str:
    """The code with which something is refused."""
    with pytest.raises(kind) as refused:
        attempt()
    return refused.value.code


@pytest.fixture
def son(town: Town) -> int:
    """A son with ¥10.00, to whom ¥210.00 were credited for June instead of ¥120.00."""
    person = town.person("李建国", "1980-03-01", "active", balance=10_00)
    credited(town, person, 210_00)
    return person


def test_a_wrong_month_is_taken_back_and_credited_anew(town: Town, son: int) -> None:
    """¥10.00 + ¥210.00 − ¥210.00 + ¥120.00 = ¥130.00; the region gave ¥120.00."""
    done = undone(town, son)
    assert (done.amount, done.taken, done.owed, done.region) == (210_00, 210_00, 0, TIELING)
    assert (standing(town, son), income(town, son)) == ((10_00, 0), 0)
    credited(town, son, 120_00)
    assert (standing(town, son), income(town, son)) == ((130_00, 0), 120_00)
    assert undone(town, son) == done, "the same case again tells the same and takes nothing"
    assert standing(town, son) == (130_00, 0)
    second = undone(town, son, "GZ-2")
    assert (second.amount, standing(town, son)) == (120_00, (10_00, 0))


def test_what_was_spent_is_owed_and_collected_later(town: Town, son: int) -> None:
    """Of ¥220.00 he spends ¥150.00; ¥70.00 are taken back, ¥140.00 he owes. July's ¥120.00 and August's ¥120.00 pay it."""
    pharmacy = town.institution("P21120200003")
    assert town.settled(town.purchase(son, pharmacy, ("C-A", 1, "150.00"))).own == 150_00
    done = undone(town, son)
    assert (done.taken, done.owed) == (70_00, 140_00)
    assert (standing(town, son), owed_to(town, son), income(town, son)) == ((0, 0), -140_00, 0)
    assert refusal(Refused, lambda: collected(town, son)) == "debt.no_money"
    assert owing(town.database, town.clock, "210000", caller=AGENCY) == [(son, 140_00)]
    assert owing(town.database, town.clock, JINING, caller=AGENCY) == []
    town.clock.set(datetime(2024, 7, 5, 9, 0, tzinfo=CHINA))
    credited(town, son, 120_00, date(2024, 7, 1))
    first = collected(town, son)
    assert (first.taken, first.owed, standing(town, son), owed_to(town, son)) == (120_00, 20_00, (0, 0), -20_00)
    town.clock.set(datetime(2024, 8, 5, 9, 0, tzinfo=CHINA))
    credited(town, son, 120_00, date(2024, 8, 1))
    assert collected(town, son).taken == 120_00, "the same case again takes nothing more"
    assert standing(town, son) == (120_00, 0)
    rest = collected(town, son, "ZH-2")
    assert (rest.taken, rest.owed, standing(town, son), owed_to(town, son)) == (20_00, 0, (100_00, 0), 0)
    assert refusal(Refused, lambda: collected(town, son, "ZH-3")) == "debt.none"
    assert owing(town.database, town.clock, TIELING, caller=AGENCY) == []


def test_after_the_turn_it_is_taken_from_the_savings_first(town: Town, son: int) -> None:
    """¥220.00 became savings, January brought ¥120.00: the savings keep ¥10.00 and this year's money is untouched."""
    town.clock.set(datetime(2025, 1, 6, 9, 0, tzinfo=CHINA))
    turn_year(town.database, town.clock, TIELING, 2024, caller=AGENCY)
    credited(town, son, 120_00, date(2025, 1, 1))
    undone(town, son)
    assert standing(town, son) == (120_00, 10_00)


def test_what_cannot_be_taken_back_is_refused_with_the_reason(town: Town, son: int) -> None:
    jining = Caller(Role.OFFICER, "officer-9", region=JINING)
    assert refusal(NotFound, lambda: undone(town, son, month=date(2024, 5, 1))) == "credit.unknown"
    assert refusal(NotFound, lambda: undone(town, son, caller=jining)) == "credit.unknown"
    assert refusal(NotFound, lambda: undone(town, 999 << 10)) == "person.unknown"
    assert refusal(InvalidInput, lambda: undone(town, son, reason=" ")) == "undo.reason"
    assert standing(town, son) == (220_00, 0)
    undone(town, son)
    assert refusal(Refused, lambda: undone(town, son, "GZ-2")) == "credit.undone"
    assert refusal(Refused, lambda: undone(town, son, reason="别的原因")) == "key.other_content"
    assert refusal(Refused, lambda: collected(town, son, "GZ-1")) == "key.other_content"


def test_a_credit_of_a_closed_account_is_with_the_heirs(town: Town, son: int) -> None:
    close_at_death(town.database, town.clock, son, DIED, [], caller=AGENCY)
    assert refusal(Refused, lambda: undone(town, son)) == "account.closed"
    assert owed_to(town, son) == 220_00


@pytest.mark.parametrize("death", [True, False])
def test_who_owes_pays_before_the_account_is_closed(town: Town, son: int, *, death: bool) -> None:
    """He owes ¥140.00 and has ¥120.00 and July's ¥120.00: ¥100.00 are inherited, or go along to Jining."""
    wife = town.person("王秀兰", "1981-08-13", "active", balance=0)
    pharmacy = town.institution("P21120200003")
    town.settled(town.purchase(son, pharmacy, ("C-A", 1, "150.00")))
    undone(town, son)
    town.clock.set(datetime(2024, 7, 5, 9, 0, tzinfo=CHINA))
    credited(town, son, 240_00, date(2024, 7, 1))
    if death:
        done = close_at_death(town.database, town.clock, son, DIED, [Heir(wife, 1)], caller=AGENCY)
        assert owed_to(town, wife) == 100_00
    else:
        done = transfer_out(town.database, town.clock, son, JINING, caller=AGENCY, reference="ZY-1")
    assert (done.amount, owed_to(town, son)) == (100_00, 0)


def test_two_officers_take_the_same_month_back_at_once(town: Town, son: int) -> None:
    """Six officers with cases of their own, and a seventh twice: one succeeds, and ¥10.00 stay."""

    def attempt(reference: str) -> str:
        try:
            undone(town, son, reference)
        except Refused as refused:
            return refused.code
        return "done"

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(attempt, [f"GZ-{n}" for n in range(6)]))
    assert sorted(answers) == ["credit.undone"] * 5 + ["done"]
    assert standing(town, son) == (10_00, 0)
    with ThreadPoolExecutor(2) as pool:
        credited(town, son, 120_00)
        assert list(pool.map(attempt, ["again", "again"])) == ["done", "done"]
    assert standing(town, son) == (10_00, 0)


@pytest.fixture
def family(town: Town) -> tuple[int, int, int]:
    """Father with ¥100.01 saved and ¥0.99 of this year, mother, and a son."""
    father = town.person("李建国", "1950-03-01", "retired", balance=99, historical=100_01)
    mother = town.person("王秀兰", "1955-08-13", "resident")
    return father, mother, town.person("李伟", "1980-07-20", "active", balance=0)


def test_the_father_lives_and_has_all_of_it(town: Town, family: tuple[int, int, int]) -> None:
    """¥50.50 each are taken from the heirs again; he buys for ¥30.00 next day, and ¥71.00 are left."""
    father, mother, son = family
    shared = town.share(father, mother)
    close_at_death(town.database, town.clock, father, DIED, [Heir(mother, 1), Heir(son, 1)], caller=AGENCY)
    done = alive(town, father)
    assert (done.amount, done.returned, done.shares, done.authorisations) == (101_00, 0, {mother: 50_50, son: 50_50}, 1)
    assert (standing(town, father), owed_to(town, mother), owed_to(town, son)) == ((99, 100_01), 0, 0)
    assert alive(town, father) == done, "the same case again tells the same"
    town.clock.advance(timedelta(days=1))
    bought = town.settled(town.purchase(father, town.institution("P21120200003"), ("C-A", 1, "30.00")))
    assert (bought.own, town.balance(father)) == (30_00, 71_00)
    with town.database.transaction() as connection:
        assert authorisation(connection, shared).end_reason == "death", "what ended stays ended: it is agreed anew"
        assert connection.execute(sa.text("SELECT count(*) FROM person WHERE died_on IS NOT NULL")).scalar_one() == 0


def test_what_came_back_while_he_was_taken_for_dead_comes_along(town: Town, family: tuple[int, int, int]) -> None:
    """¥40.00 were held for a deposit and are released, ¥10.00 of a purchase are taken back: both go into his account."""
    father, _, son = family
    pharmacy = town.institution("P21120200003")
    bought = town.settled(town.purchase(father, pharmacy, ("C-A", 1, "10.00")))
    expires = town.clock.now() + timedelta(days=30)
    place = PlaceHold(
        key=HoldKey("ward:1", b"1"),
        person_id=father,
        payer_id=father,
        authorisation_id=None,
        amount=40_00,
        purpose=HoldPurpose.DEPOSIT,
        reference="A1",
        expires_at=expires,
    )
    (held,) = town.do(place)
    close_at_death(town.database, town.clock, father, DIED, [Heir(son, 1)], caller=AGENCY)
    town.do(ReleaseHold(HoldKey("ward:2", b"2"), father, held.hold_id))
    town.clock.advance(timedelta(days=1))
    town.settled(town.reversal(bought, pharmacy))
    assert (owed_to(town, son), owed_to(town, father)) == (51_00, 50_00)
    done = alive(town, father)
    assert (done.amount, done.returned, sum(standing(town, father))) == (51_00, 50_00, 101_00)
    assert (owed_to(town, son), owed_to(town, father)) == (0, 0)


def test_when_the_year_is_over_all_of_it_is_savings(town: Town, family: tuple[int, int, int]) -> None:
    father, *_ = family
    close_at_death(town.database, town.clock, father, DIED, [], caller=AGENCY)
    town.clock.set(datetime(2025, 2, 3, 9, 0, tzinfo=CHINA))
    alive(town, father)
    assert (standing(town, father), owed_to(town, father)) == ((0, 101_00), 0)
    assert turn_year(town.database, town.clock, TIELING, 2024, caller=AGENCY).carried == 0


def test_he_dies_once_more_under_a_number_of_its_own(town: Town, family: tuple[int, int, int]) -> None:
    father, mother, son = family
    close_at_death(town.database, town.clock, father, DIED, [Heir(mother, 1)], caller=AGENCY)
    alive(town, father)
    assert refusal(Refused, lambda: alive(town, father, "FH-2")) == "closing.undone"

    def again(reference: str) -> Any:
        on, heirs = date(2024, 6, 12), [Heir(son, 1)]
        return close_at_death(town.database, town.clock, father, on, heirs, caller=AGENCY, reference=reference)

    assert refusal(Refused, lambda: again("death")) == "closing.undone"
    again("SW-2")
    assert (owed_to(town, mother), owed_to(town, son)) == (0, 101_00)
    assert alive(town, father, "FH-2").shares == {son: 101_00}


def test_who_never_died_is_not_brought_back(town: Town, family: tuple[int, int, int]) -> None:
    father, *_ = family
    assert refusal(NotFound, lambda: alive(town, father)) == "closing.unknown"
    close_at_death(town.database, town.clock, father, DIED, [], caller=AGENCY)
    elsewhere = Caller(Role.OFFICER, "officer-9", region=JINING)
    assert refusal(NotFound, lambda: alive(town, father, caller=elsewhere)) == "closing.unknown"
    assert owed_to(town, father) == 101_00


def test_two_officers_bring_him_back_at_once(town: Town, family: tuple[int, int, int]) -> None:
    father, mother, _ = family
    close_at_death(town.database, town.clock, father, DIED, [Heir(mother, 1)], caller=AGENCY)

    def attempt(reference: str) -> str:
        try:
            alive(town, father, reference)
        except Refused as refused:
            return refused.code
        return "done"

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(attempt, [f"FH-{n}" for n in range(4)]))
    assert sorted(answers) == ["closing.undone"] * 3 + ["done"]
    assert (sum(standing(town, father)), owed_to(town, mother)) == (101_00, 0)


def test_an_altered_step_is_found(town: Town, son: int) -> None:
    undone(town, son)
    with pytest.raises(RuntimeError), town.database.transaction() as connection:  # noqa: PT012  the alteration is rolled back
        connection.execute(sa.text("ALTER TABLE credit_taking DISABLE TRIGGER ALL"))
        connection.execute(sa.text("UPDATE credit_taking SET amount = amount - 1"))
        see_whole(connection)
        found = {one.what for check in OURS.values() for one in check(connection)}
        assert len(found) == 2
        raise RuntimeError
