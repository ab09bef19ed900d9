"""The proof finds what somebody with a superuser's powers did to the books, and names it."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from gongji.settlement.verify import verify_everything
from gongji.settlement.watch import verify_recent
from tampering import as_superuser
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
        as_superuser(books.database.url, statement)

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
    assert any("has 0 blocks" in finding for finding in findings)
    tamper("INSERT INTO block SELECT * FROM kept")


def test_a_counter_and_a_balance_that_were_touched_are_found(books: Town, tamper: Callable[[str], None]) -> None:
    tamper("UPDATE benefit_counter SET value = value - 1 WHERE counter = '310.fund_paid'")
    tamper("UPDATE account SET balance = balance + 5 WHERE balance > 0")
    checks = {finding.split(":")[0] for finding in found(books)}
    assert {"counter", "balance", "sum"} <= checks
    tamper("UPDATE benefit_counter SET value = value + 1 WHERE counter = '310.fund_paid'")
    tamper("UPDATE account SET balance = balance - 5 WHERE balance > 5")


#: What a superuser does, how it is undone, and what the proof has to say of it: (check, words).
FAULTS = {
    "the settlement's cash and total lowered alike": (
        "UPDATE settlement SET total = total {} 1, cash = cash {} 1, self_paid = self_paid {} 1 WHERE id ="
        " (SELECT min(id) FROM settlement)",
        ("-", "+"),
        ("lines", "split otherwise"),
    ),
    "own and shared money exchanged": (
        "UPDATE settlement SET own = own {} 1, shared = shared {other} 1 WHERE id = (SELECT min(id) FROM settlement)",
        ("-", "+"),
        ("settlement", "its transfers differ"),
    ),
    "a journal moved by a microsecond": (
        "UPDATE journal SET posted_at = posted_at {} interval '1 microsecond' WHERE kind = 'reversal'",
        ("+", "-"),
        ("chain", "does not have the hash of its rows"),
    ),
    "a transfer moved by a microsecond": (
        "UPDATE transfer SET posted_at = posted_at {} interval '1 microsecond' WHERE authorisation_id IS NOT NULL",
        ("+", "-"),
        ("journal", "another moment or bucket"),
    ),
    "a transfer put into another bucket": (
        "UPDATE transfer SET bucket = bucket # 1 WHERE authorisation_id IS NOT NULL",
        ("", ""),
        ("journal", "another moment or bucket"),
    ),
    "a block that says it holds more": (
        "UPDATE block SET transfers = transfers {} 1 WHERE number = 3",
        ("+", "-"),
        ("chain", "was posted with"),
    ),
    "more shared than is counted": (
        "UPDATE authorisation_usage SET used = used {} 1",
        ("-", "+"),
        ("usage", "its transfers"),
    ),
    "a limit set below what was used, without a word of it in the history": (
        "UPDATE authorisation SET limit_total = CASE '{}' WHEN '-' THEN 100 END",
        ("-", "+"),
        ("limit", "its limit was 1.00"),
    ),
    "an authorisation given to somebody else": (
        "UPDATE authorisation SET sharer_id = sharer_id {} 1024",
        ("+", "-"),
        ("authorisation", "was not authorised"),
    ),
    "an authorisation that had ended": (
        "UPDATE authorisation SET state = CASE '{}' WHEN '-' THEN 'ended' ELSE 'active' END, in_force ="
        " tstzrange(lower(in_force), CASE '{}' WHEN '-' THEN lower(in_force) + interval '1 day' END)",
        ("-", "+"),
        ("authorisation", "was not authorised"),
    ),
}


#: What Citus takes no such UPDATE for: it asks the clock's zone, or moves a row to another node.
ONE_SERVERS = {
    "a journal moved by a microsecond",
    "a transfer moved by a microsecond",
    "a transfer put into another bucket",
    "an authorisation that had ended",
}

_one_server = pytest.mark.one_server("Citus takes no such UPDATE")


@pytest.mark.parametrize(
    "fault", [pytest.param(one, marks=[_one_server] if one in ONE_SERVERS else []) for one in FAULTS]
)
def test_what_a_superuser_does_is_found_and_named(books: Town, tamper: Callable[[str], None], fault: str) -> None:
    statement, (done, undone), (check, words) = FAULTS[fault]
    assert found(books) == []
    tamper(statement.replace("{}", done).replace("{other}", undone))
    findings = found(books)
    assert any(one.startswith(f"{check}: ") and words in one for one in findings), findings
    tamper(statement.replace("{}", undone).replace("{other}", done))


def test_a_journal_that_hangs_loose_is_found(books: Town, tamper: Callable[[str], None]) -> None:
    tamper("CREATE TABLE kept AS SELECT * FROM journal WHERE kind = 'reversal'")
    tamper("DELETE FROM journal WHERE kind = 'reversal'")
    findings = found(books)
    assert any(one.startswith("journal: transfer") and "has no journal" in one for one in findings)
    assert any(one.startswith("settlement: ") and "has no journal of its own" in one for one in findings)
    tamper("INSERT INTO journal SELECT * FROM kept")


def test_a_chain_cut_off_at_its_end_is_found_by_whoever_verified_it_before(
    books: Town, tamper: Callable[[str], None]
) -> None:
    """Nothing inside the books shows that a day's end is missing: the mark of an earlier verification does."""
    assert verify_recent(books.database, books.clock) is not None
    tamper("CREATE TABLE kept AS SELECT * FROM block WHERE number = (SELECT max(number) FROM block)")
    tamper("DELETE FROM block b USING kept k WHERE b.poster_id = k.poster_id AND b.number = k.number")
    again = verify_recent(books.database, books.clock)
    assert again is not None
    assert [one for one in map(str, again.findings) if "was verified before and is gone" in one]
    tamper("INSERT INTO block SELECT * FROM kept")
