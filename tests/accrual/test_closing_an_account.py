"""Death and inheritance, and a move to another region and back: to the fen, once, with the authorisations ended."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gongji.accrual.closing import close_at_death, transfer_in, transfer_out
from gongji.accrual.model import Heir
from gongji.family.service import authorisation
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused
from gongji.ledger.model import AccountKind, clearing_holder, open_account, personal_account
from gongji.ledger.service import balances_of
from gongji.registry.entering import add_enrolments
from gongji.registry.entries import NewEnrolment
from gongji.registry.model import Enrolment
from gongji.rules.model import Scheme, Status
from town import JINING, TIELING, Town

AGENCY = Caller(Role.OPERATOR, "agency")
DIED = date(2024, 6, 10)


def owed(town: Town, account: int) -> int:
    """What came to an open account less what went from it, fen, over all its buckets."""
    with town.database.transaction() as connection:
        rows = connection.execute(sa.text("SELECT debit, credit, amount FROM transfer"))
        same = [(row.debit >> 10 == account >> 10, row.credit >> 10 == account >> 10, row.amount) for row in rows]
    return sum((credit - debit) * amount for debit, credit, amount in same)


def owed_to(town: Town, person: int) -> int:
    """What the platform owes a person, fen."""
    return owed(town, personal_account(AccountKind.PAYABLE_PERSON, person))


def died(town: Town, person: int, *heirs: Heir, **more: Any) -> Any:
    """Record a death."""
    return close_at_death(town.database, town.clock, person, more.pop("on", DIED), heirs, caller=AGENCY, **more)


@pytest.fixture
def family(town: Town) -> tuple[int, int, int, int]:
    """Father with ¥100.01 saved and ¥0.99 of this year, who shares with mother; two children."""
    father = town.person("李建国", "1950-03-01", "retired", balance=99, historical=100_01)
    mother = town.person("王秀兰", "1955-08-13", "resident")
    son = town.person("李伟", "1980-07-20", "active", balance=0)
    daughter = town.person("李梅", "1983-07-20", "active", balance=0, household="另一家", gender=2)
    return father, mother, son, daughter


def test_the_heirs_get_their_parts_to_the_fen(town: Town, family: tuple[int, int, int, int]) -> None:
    """¥101.00 in halves and quarters: 50.50, 25.25, 25.25; the account is closed and empty."""
    father, mother, son, daughter = family
    done = died(town, father, Heir(mother, 2), Heir(son, 1), Heir(daughter, 1))
    assert (done.amount, done.shares) == (101_00, {mother: 50_50, son: 25_25, daughter: 25_25})
    assert [owed_to(town, one) for one in (mother, son, daughter)] == [50_50, 25_25, 25_25]
    with town.database.transaction() as connection:
        assert balances_of(connection, father) == {}


def test_a_fen_that_division_leaves_over_is_not_lost(town: Town, family: tuple[int, int, int, int]) -> None:
    """¥101.00 in three equal parts: 33.67, 33.67, 33.66."""
    father, mother, son, daughter = family
    done = died(town, father, *(Heir(one, 1) for one in (mother, son, daughter)))
    assert list(done.shares.values()) == [33_67, 33_67, 33_66]
    assert sum(owed_to(town, one) for one in (mother, son, daughter)) == 101_00


def test_without_heirs_all_is_owed_to_the_estate(town: Town, family: tuple[int, int, int, int]) -> None:
    father, *_ = family
    died(town, father)
    assert owed_to(town, father) == 101_00


def test_authorisations_end_with_the_death(town: Town, family: tuple[int, int, int, int]) -> None:
    father, mother, son, _ = family
    given, taken = town.share(father, mother), town.share(son, father)
    assert died(town, father, Heir(mother, 1)).authorisations == 2
    with town.database.transaction() as connection:
        assert {authorisation(connection, one).end_reason for one in (given, taken)} == {"death"}
    bought = town.settled(town.purchase(mother, town.institution("P21120200003"), ("C-A", 1, "10.00"), use="2"))
    assert (bought.shared, bought.cash) == (0, 10_00)


def test_what_the_father_paid_comes_back_to_his_estate(town: Town, family: tuple[int, int, int, int]) -> None:
    """Mother's purchase of ¥30.00 was paid by father; it is taken back after his death: ¥30.00 are owed to him."""
    father, mother, son, _ = family
    town.share(father, mother)
    pharmacy = town.institution("P21120200003")
    bought = town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "30.00"), use="2"))
    assert bought.shared == 30_00
    town.clock.advance(timedelta(days=1))
    died(town, father, Heir(son, 1), on=date(2024, 6, 12))
    town.settled(town.reversal(bought, pharmacy))
    assert (owed_to(town, son), owed_to(town, father)) == (71_00, 30_00)


def test_the_same_death_again_gives_the_same_answer_another_is_refused(
    town: Town, family: tuple[int, int, int, int]
) -> None:
    father, mother, son, _ = family
    first = died(town, father, Heir(mother, 1))
    assert died(town, father, Heir(mother, 1)) == first
    with pytest.raises(Refused) as refused:
        died(town, father, Heir(son, 1))
    assert refused.value.code == "key.other_content"
    with pytest.raises(Refused) as closed:
        died(town, father, Heir(son, 1), reference="another case")
    assert (closed.value.code, closed.value.details) == ("account.closed", {"closed_on": "2024-06-12"})


def test_what_cannot_be_is_refused_and_nothing_is_written(town: Town, family: tuple[int, int, int, int]) -> None:
    father, mother, son, _ = family
    wrong: list[tuple[str, type[GongjiError], Any]] = [
        ("closing.died_on", InvalidInput, lambda: died(town, father, on=date(2024, 6, 13))),
        ("closing.died_on", InvalidInput, lambda: died(town, father, on=date(1949, 6, 13))),
        ("closing.heirs", InvalidInput, lambda: died(town, father, Heir(father, 1))),
        ("closing.heirs", InvalidInput, lambda: died(town, father, Heir(son, 1), Heir(son, 1))),
        ("closing.heirs", InvalidInput, lambda: died(town, father, Heir(son, 0))),
        ("person.unknown", NotFound, lambda: died(town, father, Heir(999 << 10, 1))),
        ("person.unknown", NotFound, lambda: died(town, 999 << 10)),
        ("account.no_region", Refused, lambda: died(town, mother)),
    ]
    for code, kind, attempt in wrong:
        with pytest.raises(kind) as refused:
            attempt()
        assert refused.value.code == code
    assert town.balance(father) == 101_00
    with town.database.transaction() as connection:
        died_on = connection.execute(sa.text("SELECT count(*) FROM person WHERE died_on IS NOT NULL")).scalar_one()
        closings = connection.execute(sa.text("SELECT count(*) FROM account_closing")).scalar_one()
    assert (died_on, closings) == (0, 0)


def test_a_move_to_another_region_and_back(town: Town) -> None:
    """Out of Tieling with ¥368.50, into Jining with the same, and what Tieling owes Jining is settled: zero."""
    son = town.person("李建国", "1980-03-01", "active", balance=68_50, historical=300_00)
    out = transfer_out(town.database, town.clock, son, JINING, caller=AGENCY, reference="ZY-1")
    assert (out.amount, out.region, out.other_region) == (368_50, TIELING, JINING)
    between = open_account(AccountKind.CLEARING, clearing_holder(TIELING, JINING), 0)
    assert owed(town, between) == 368_50
    pharmacy = town.institution("P21120200003")
    town.clock.advance(timedelta(days=1))
    (refusal,) = town.do(town.purchase(son, pharmacy, ("C-A", 1, "1.00")))
    assert refusal.code == "enrolment.not_in_force"
    town.clock.set(datetime(2024, 7, 1, 9, 0, tzinfo=CHINA))
    with town.database.transaction() as connection:
        there = Enrolment(Scheme.EMPLOYEE, JINING, Status.ACTIVE, "11", "1", "", False, date(2024, 7, 1), None)
        add_enrolments(connection, [NewEnrolment(son, there)])
    back = transfer_in(town.database, town.clock, son, TIELING, 68_50, 300_00, caller=AGENCY, reference="ZY-1")
    assert (back.amount, back.region) == (368_50, JINING)
    assert owed(town, between) == 0
    with town.database.transaction() as connection:
        found = balances_of(connection, son)
    assert found == {AccountKind.PERSONAL_CURRENT: 68_50, AccountKind.PERSONAL_HISTORICAL: 300_00}
    again = transfer_in(town.database, town.clock, son, TIELING, 68_50, 300_00, caller=AGENCY, reference="ZY-1")
    assert again == back
    assert town.balance(son) == 368_50


def test_where_the_account_is_it_is_not_moved_to(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=68_50)
    with pytest.raises(InvalidInput) as refused:
        transfer_out(town.database, town.clock, son, TIELING, caller=AGENCY, reference="ZY-1")
    assert refused.value.code == "closing.same_region"
    assert town.balance(son) == 68_50
