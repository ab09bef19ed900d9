"""Two officers at the same moment pay once; advances lie where statements are; whose settlements are read is noted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from clearing_office import Office, clerk, refusal, second

from gongji.clearing.monthly import store
from gongji.clearing.monthly.verify import CHECKS
from gongji.foundation.errors import GongjiError
from gongji.ledger.model import AccountKind
from town import TIELING

JUNE = date(2024, 6, 1)


@pytest.fixture
def man(office: Office) -> int:
    """A retired man of Tieling with ¥300.00 in his account, treated in Jining for it; June is closed and accepted."""
    man = office.town.person("赵德柱", "1960-05-01", "retired", balance=300_00)
    for price in ("100.00", "200.00"):
        office.treated_in_jining(man, ("C-A", 1, price))
    office.close(JUNE, 2024, 7, 3, 9)
    return man


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """What comes of deeds that begin together: results or refusals."""
    start = threading.Barrier(len(deeds))

    def one(deed: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return deed()
        except GongjiError as problem:
            return problem

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(one, deeds))


def test_four_clerks_who_ask_at_once_ask_for_no_more_than_is_due(office: Office, man: int) -> None:
    june = office.accept(office.statement(JUNE))
    asked = at_once(*[lambda n=n: office.asks(june, 200_00, reference=f"YH-000{n}") for n in range(4)])
    assert [one.code for one in asked if isinstance(one, GongjiError)] == ["clearing.amount"] * 3
    assert (office.statement(JUNE).asked, office.statement(JUNE).left) == (200_00, 100_00)


def test_four_second_officers_at_once_book_a_payment_once(office: Office, man: int) -> None:
    june = office.accept(office.statement(JUNE))
    asked = office.asks(june, 300_00)
    outcomes = at_once(*[lambda n=n: office.agreed(asked, by=second(TIELING, f"029{n}")) for n in range(4)])
    assert [one.code for one in outcomes if isinstance(one, GongjiError)] == ["clearing.decided"] * 3
    assert abs(office.holds(AccountKind.TREASURY, int(TIELING))) == 300_00
    assert office.statement(JUNE).paid == 300_00


def test_a_dispute_and_an_acceptance_at_once_are_one_after_the_other(office: Office, man: int) -> None:
    june = office.statement(JUNE)
    with office.town.database.transaction() as connection:
        line = store.lines(connection, JUNE, june.debtor, june.creditor)[0]
    outcomes = at_once(lambda: office.accept(june), lambda: office.disputes(june, line.journal_id, kind=line.kind))
    after = office.statement(JUNE)
    late = any(isinstance(one, GongjiError) for one in outcomes)
    assert (after.checked_at is not None, after.excluded) == (True, 0 if late else line.amount)


def test_an_advance_lies_with_the_pooling_region_that_it_is_set_against(office: Office) -> None:
    for values in ({"payer": "211281"}, {"payee": "370811"}, {"payee": "110105"}):
        problem = refusal(office.advance, 100_00, **values)
        assert (problem.code, problem.field) == ("clearing.regions", next(iter(values)))
    assert refusal(office.advance, 100_00, payee="110105").accepted == "110000"
    assert office.advance(100_00).payer == TIELING


def test_who_was_paid_for_what_was_given_up_is_found(office: Office, man: int) -> None:
    """Of ¥300.00 Jining gave ¥100.00 up; ¥300.00 paid for it are too much, also where the statement still says 300."""
    june = office.statement(JUNE)
    with office.town.database.transaction() as connection:
        line = store.lines(connection, JUNE, june.debtor, june.creditor)[0]
    made = office.disputes(june, line.journal_id, kind=line.kind)
    office.answers(made.id, "conceded")
    office.agreed(office.asks(office.accept(june), 200_00))
    check = CHECKS["nothing of clearing is paid twice"]
    with office.town.database.engine.connect() as connection:
        assert list(check(connection)) == []
        connection.execute(sa.text("UPDATE clearing_payment SET amount = 30000"))
        found = [one.what for one in check(connection)]
        connection.rollback()
    assert found == [f"of statement {june.id}, 300.00 was paid where 200.00 was due"]


def test_bills_are_found_by_name_or_code_and_read_page_by_page(office: Office, man: int) -> None:
    with office.town.database.transaction() as connection:
        every = store.bills(connection, JUNE, "")
        assert [one.code for one in every] == ["H37080000001"]
        for words, count in (("人民医院", 1), ("H37080000001", 1), ("H3708", 0), ("%", 0)):
            assert len(store.bills(connection, JUNE, "", words=words)) == count, words
        assert store.bills(connection, JUNE, "", limit=1, after=every[0].id) == []
        assert store.bills(connection, JUNE, "2112") == []


def test_a_clerk_of_another_region_pays_nothing_of_it(office: Office, man: int) -> None:
    june = office.accept(office.statement(JUNE))
    assert refusal(office.asks, june, 1_00, caller=clerk("370800")).code == "clearing.other_region"
    assert refusal(office.asks, june, 1_00, caller=clerk("110000")).code == "clearing.unknown"
    asked = office.asks(june, 1_00)
    assert refusal(office.agreed, asked, by=second("370800")).code == "clearing.unknown"
