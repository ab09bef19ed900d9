"""The proof finds what somebody with a superuser's powers did to the books, and names it."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from gongji.settlement.verify import verify_everything
from town import EXAMPLE_BILL, Town


@pytest.fixture
def books(town: Town) -> Town:
    """A year of a family: two visits, a purchase, one visit taken back."""
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=200_00)
    son = town.person("李建国", "1980-03-01", "active", balance=5_000_00)
    town.share(son, mother)
    hospital, pharmacy = town.institution("H21120200001"), town.institution("P21120200003")
    town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL)))
    second = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, ("C-A", 1, "800.00"))))
    town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "60.00")))
    town.settled(town.reversal(second, hospital))
    return town


@pytest.fixture
def tamper(books: Town) -> Callable[[str], None]:
    """Run a statement with the triggers off, as only a superuser can; undone again after the test by its own inverse."""

    def run(statement: str) -> None:
        with psycopg.connect(books.database.url, autocommit=True) as superuser:
            superuser.execute("SET session_replication_role = replica")
            superuser.execute(statement)

    return run


def found(town: Town) -> list[str]:
    """What the verification says."""
    with town.database.engine.connect() as connection:
        return [str(finding) for finding in verify_everything(connection)]


def test_untouched_books_verify(books: Town) -> None:
    assert found(books) == []


@pytest.mark.parametrize("table", ["transfer", "journal", "block", "poster", "settlement"])
@pytest.mark.parametrize("change", ["UPDATE {} SET ctid = ctid", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_history_cannot_be_changed(books: Town, table: str, change: str) -> None:
    """Not even by the owner of the tables, unless they turn the triggers off as a superuser."""
    column = {"transfer": "amount", "poster": "process", "block": "transfers"}.get(table, "id")
    statement = change.format(table).replace("ctid", column)
    with pytest.raises(psycopg.errors.RestrictViolation), psycopg.connect(books.database.url) as connection:
        connection.execute(statement)


def test_an_altered_amount_is_found(books: Town, tamper: Callable[[str], None]) -> None:
    tamper("UPDATE transfer SET amount = amount + 1 WHERE authorisation_id IS NOT NULL")
    checks = {finding.split(":")[0] for finding in found(books)}
    assert {"balance", "chain", "settlement", "usage"} <= checks
    tamper("UPDATE transfer SET amount = amount - 1 WHERE authorisation_id IS NOT NULL")


def test_a_removed_row_is_found(books: Town, tamper: Callable[[str], None]) -> None:
    tamper(
        "CREATE TABLE kept AS SELECT * FROM transfer WHERE leg = 1 AND journal_id = (SELECT min(id) FROM settlement)"
    )
    tamper("DELETE FROM transfer t USING kept k WHERE (t.journal_id, t.leg) = (k.journal_id, k.leg)")
    assert any(finding.startswith("chain: block") for finding in found(books))
    tamper("INSERT INTO transfer SELECT * FROM kept")


def test_an_inserted_row_is_found(books: Town, tamper: Callable[[str], None]) -> None:
    tamper(
        "INSERT INTO transfer SELECT bucket, journal_id, 99, debit, credit, 1, NULL, posted_at"
        " FROM transfer WHERE authorisation_id IS NOT NULL LIMIT 1"
    )
    assert any(finding.startswith("chain: block") for finding in found(books))
    tamper("DELETE FROM transfer WHERE leg = 99")


def test_a_swapped_pair_is_found(books: Town, tamper: Callable[[str], None]) -> None:
    swap = (
        "UPDATE transfer t SET credit = t.debit, debit = t.credit"
        " WHERE journal_id = (SELECT max(id) FROM settlement WHERE kind = 'settle') AND leg = 1"
    )
    tamper(swap)
    assert any(finding.startswith("chain: block") for finding in found(books))
    tamper(swap)


def test_a_removed_block_and_a_removed_journal_are_found(books: Town, tamper: Callable[[str], None]) -> None:
    tamper("CREATE TABLE kept AS SELECT * FROM block WHERE number = 2")
    tamper("DELETE FROM block WHERE number = 2")
    findings = found(books)
    assert any("blocks are missing" in finding for finding in findings)
    assert any("has no block 2" in finding for finding in findings)
    tamper("INSERT INTO block SELECT * FROM kept")


def test_a_counter_and_a_balance_that_were_touched_are_found(books: Town, tamper: Callable[[str], None]) -> None:
    tamper("UPDATE benefit_counter SET value = value - 1 WHERE counter = '310.fund_paid'")
    tamper("UPDATE account SET balance = balance + 5 WHERE balance > 0")
    checks = {finding.split(":")[0] for finding in found(books)}
    assert {"counter", "balance", "sum"} <= checks
    tamper("UPDATE benefit_counter SET value = value + 1 WHERE counter = '310.fund_paid'")
    tamper("UPDATE account SET balance = balance - 5 WHERE balance > 5")


def test_sharing_after_the_end_of_an_authorisation_is_found(books: Town, tamper: Callable[[str], None]) -> None:
    tamper("UPDATE authorisation SET state = 'ended', in_force = tstzrange(lower(in_force), lower(in_force) + '1 day')")
    assert any(finding.startswith("authorisation: transfer") for finding in found(books))
    tamper("UPDATE authorisation SET state = 'active', in_force = tstzrange(lower(in_force), NULL)")
