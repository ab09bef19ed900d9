"""The whole proof on several connections, taken up again, and the verification of what is new."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from gongji.ledger.marks import Verification, dismiss_findings, kept_findings, load_marks
from gongji.settlement.proof import CHAIN, prove
from gongji.settlement.watch import verify_recent
from tampering import PAST_THE_TRIGGERS, as_superuser
from town import Town


@pytest.fixture
def books(town: Town) -> Town:
    """Forty purchases in forty blocks: a mother's, whose son pays."""
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=20_00)
    son = town.person("李建国", "1980-03-01", "active", balance=5_000_00)
    town.share(son, mother)
    pharmacy = town.institution("P21120200003")
    for _ in range(40):
        town.clock.advance(timedelta(minutes=1))
        town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "10.00")))
    return town


def marks(town: Town, verification: Verification) -> dict[int, int]:
    """How far a verification came: the block, by poster."""
    with town.database.connect() as connection:
        return {poster: mark.number for poster, mark in load_marks(connection, verification).items()}


def test_a_proof_counts_the_rows_of_the_chain_and_marks_what_it_proved(books: Town) -> None:
    told: list[tuple[str, int, int]] = []
    proof = prove(books.database, books.clock, jobs=3, progress=lambda *step: told.append(step))
    assert (proof.findings, proof.resumed) == ([], 0)
    # Two openings of one journal and one transfer each; of the purchases two are paid by the mother, who has ¥20.00.
    assert [step for step in told if step[0] == CHAIN][-1] == (CHAIN, 84, 84)
    assert len({check for check, _, _ in told}) == proof.checks
    assert sorted(marks(books, Verification.FULL).values()) == [1, 1, 40]


def test_a_resumed_proof_reads_only_what_came_after_the_mark_and_a_full_one_everything(books: Town) -> None:
    prove(books.database, books.clock)
    as_superuser(
        books.database.url, "UPDATE transfer SET amount = amount + 1 WHERE journal_id = (SELECT max(id) FROM journal)"
    )
    resumed = prove(books.database, books.clock, resume=True)
    assert resumed.resumed == 42
    assert not [one for one in resumed.findings if one.check == "chain"]
    assert [one.check for one in resumed.findings] == ["balance", "sum", "settlement", "usage"]
    full = prove(books.database, books.clock)
    assert [one.what.split(" does")[0] for one in full.findings if one.check == "chain"] == [
        f"block 40 of poster {books.clerk._poster.id}"
    ]
    as_superuser(
        books.database.url, "UPDATE transfer SET amount = amount - 1 WHERE journal_id = (SELECT max(id) FROM journal)"
    )


@pytest.mark.one_server("the hash is mended by a join, which Citus takes in no UPDATE")
def test_a_proof_that_found_something_does_not_go_past_it(books: Town) -> None:
    as_superuser(
        books.database.url, "UPDATE block SET hash = sha256(hash) WHERE number = 1 AND cardinality(journals) = 1"
    )
    assert prove(books.database, books.clock).findings
    again = prove(books.database, books.clock, resume=True)
    assert [one for one in again.findings if one.check == "chain"]
    assert again.resumed == 0
    _mend(books)


def _mend(books: Town) -> None:
    """Put the hashes right that were hashed once more, from the rows."""
    from gongji.ledger import chain

    hashed = chain.HASHED_ROWS.format(block="b.poster_id = k.poster_id AND b.number = k.number")
    with psycopg.connect(books.database.url) as superuser:
        for setting in PAST_THE_TRIGGERS:
            superuser.execute(setting)
        for (poster,) in superuser.execute("SELECT id FROM poster").fetchall():
            superuser.execute(
                f"UPDATE block k SET hash = (SELECT {chain.HASH.format(before='%s::bytea')} FROM ({hashed}) h)"
                " WHERE poster_id = %s AND number = 1",
                [chain.genesis(poster), poster],
            )


def test_what_is_new_is_verified_once_and_costs_what_came_in(books: Town) -> None:
    first = verify_recent(books.database, books.clock)
    assert first is not None
    assert (first.blocks, first.rows, first.findings) == (42, 84, [])
    nothing = verify_recent(books.database, books.clock)
    assert nothing is not None
    assert (nothing.blocks, nothing.rows) == (0, 0)
    son = books.person("李建军", "1982-03-01", "active", balance=600_00)
    books.settled(books.purchase(son, books.institution("P21120200003"), ("C-A", 1, "10.00")))
    more = verify_recent(books.database, books.clock)
    assert more is not None
    assert (more.blocks, more.rows) == (2, 4)


def test_what_the_service_finds_is_kept_until_an_operator_dismisses_it(books: Town) -> None:
    as_superuser(
        books.database.url, "UPDATE transfer SET amount = amount + 1 WHERE journal_id = (SELECT max(id) FROM journal)"
    )
    as_superuser(books.database.url, "UPDATE account SET balance = balance + 7 WHERE balance > 1000")
    found = verify_recent(books.database, books.clock)
    assert found is not None
    assert {"chain", "settlement", "balance"} == {one.check for one in found.findings}
    with books.database.connect() as connection:
        assert {one for _, one in kept_findings(connection)} == set(found.findings)
    second = verify_recent(books.database, books.clock)
    assert second is not None
    assert second.findings == []
    with books.database.connect() as connection:
        assert dismiss_findings(connection) == len(set(found.findings))
        assert kept_findings(connection) == []
    as_superuser(books.database.url, "UPDATE account SET balance = balance - 7 WHERE balance > 1000")
    as_superuser(
        books.database.url, "UPDATE transfer SET amount = amount - 1 WHERE journal_id = (SELECT max(id) FROM journal)"
    )


def test_only_one_process_verifies_what_is_new(books: Town) -> None:
    with books.database.connect() as other:
        other.execute("SELECT pg_advisory_xact_lock(512936637288)")
        assert verify_recent(books.database, books.clock) is None


def test_a_round_ends_after_so_many_rows_and_the_next_goes_on(books: Town) -> None:
    with psycopg.connect(books.database.url) as connection:
        everything = connection.execute("SELECT sum(cardinality(journals) + transfers) FROM block").fetchone()
    rounds = []
    while (done := verify_recent(books.database, books.clock, most_rows=1)) is not None and done.blocks:
        rounds.append(done.rows)
    assert everything is not None
    assert sum(rounds) == everything[0]
