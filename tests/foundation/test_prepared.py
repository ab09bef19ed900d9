"""Statements that a connection keeps: what they answer, what their failures leave, and what a lost connection is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest

from gongji.foundation.arrays import Blobs, Integers, Texts
from gongji.foundation.database import Database
from gongji.foundation.prepared import keep_statements, run_together

_PAIRS = "SELECT * FROM unnest(%(numbers)b::bigint[], %(words)b::text[]) AS t(number, word) WHERE word LIKE 'a%%'"


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with database.connect() as one:
        keep_statements(one)
        one.execute(
            "CREATE TEMPORARY TABLE told (number bigint PRIMARY KEY, at timestamptz, day date, note text, raw bytea)"
        )
        one.commit()
        yield one


def prepared(connection: psycopg.Connection[Any]) -> int:
    (count,) = connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() or (0,)
    return int(count)


def test_several_statements_answer_in_their_order(connection: psycopg.Connection[Any]) -> None:
    pairs = {"numbers": Integers([1, 2, 3]), "words": Texts(["a", "b", "aß"])}
    first, nothing, again = run_together(connection, [(_PAIRS, pairs), ("SELECT 1 WHERE false", {}), (_PAIRS, pairs)])
    assert first.fetchall() == again.fetchall() == [(1, "a"), (3, "aß")]
    assert (nothing.fetchall(), nothing.fetchone(), nothing.rowcount) == ([], None, 0)
    assert first.rowcount == 2
    assert prepared(connection) == 2, "the same text is prepared once"


def test_single_values_arrive_as_what_they_are(connection: psycopg.Connection[Any]) -> None:
    at = datetime(2024, 6, 12, 10, 30, tzinfo=UTC)
    write = "INSERT INTO told VALUES (%(number)s, %(at)s, %(day)s, %(note)s, %(raw)s)"
    told = {"number": 7, "at": at, "day": date(2024, 6, 12), "note": None, "raw": b"\x00\xff"}
    written, read = run_together(connection, [(write, told), ("SELECT * FROM told", {})])
    assert written.rowcount == 1
    assert read.fetchall() == [(7, at, date(2024, 6, 12), None, b"\x00\xff")]


def test_a_failure_undoes_all_and_leaves_the_connection_usable(connection: psycopg.Connection[Any]) -> None:
    write = "INSERT INTO told (number) VALUES (%(number)s)"
    with pytest.raises(psycopg.errors.UniqueViolation, match="told_pkey"):
        run_together(connection, [(write, {"number": 1}), (write, {"number": 1}), (write, {"number": 2})])
    connection.rollback()
    assert run_together(connection, [("SELECT count(*) FROM told", {})])[0].fetchone() == (0,)
    run_together(connection, [(write, {"number": 1})])
    connection.commit()
    assert run_together(connection, [("SELECT number FROM told", {})])[0].fetchall() == [(1,)]


def test_what_is_kept_outlives_rollbacks(connection: psycopg.Connection[Any]) -> None:
    """psycopg lets every statement of a connection go after a rollback when it had prepared one by itself."""
    run_together(connection, [("SELECT 1", {})])
    for _ in range(20):
        connection.execute("SELECT 2 WHERE %s > 0", [1])
    connection.rollback()
    assert run_together(connection, [("SELECT 1", {})])[0].fetchone() == (1,)


def test_transaction_begins_with_the_first_statement(connection: psycopg.Connection[Any]) -> None:
    run_together(connection, [("INSERT INTO told (number) VALUES (1)", {})])
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
    connection.rollback()
    connection.autocommit = True
    run_together(connection, [("INSERT INTO told (number) VALUES (2)", {})])
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert run_together(connection, [("SELECT number FROM told", {})])[0].fetchall() == [(2,)]


def test_more_than_the_pipes_hold_goes_there_and_comes_back(connection: psycopg.Connection[Any]) -> None:
    """Ten times 4 MB there and as much back: neither side may wait for the other to listen."""
    big = Blobs([bytes([number]) * 4_000_000 for number in range(10)])
    echo = "SELECT b FROM unnest(%(big)b::bytea[]) AS t(b)"
    answers = run_together(connection, [(echo, {"big": big})] * 3)
    assert all([row[0] for row in answer] == list(big) for answer in answers)


def test_a_server_that_goes_away_is_told_as_such(connection: psycopg.Connection[Any], database: Database) -> None:
    run_together(connection, [("SELECT 1", {})])
    with database.connect() as other:
        other.execute("SELECT pg_terminate_backend(%s::integer, 10000)", [connection.info.backend_pid])
    with pytest.raises(psycopg.OperationalError):
        run_together(connection, [("SELECT 1", {})])
    assert connection.closed


def test_connection_that_keeps_nothing_answers_alike(database: Database) -> None:
    pairs = {"numbers": Integers([1, 2]), "words": Texts(["a", "b"])}
    with database.connect() as plain:
        first, second = run_together(plain, [(_PAIRS, pairs), ("SELECT %(n)s::int + 1", {"n": 1})])
    assert (first.fetchall(), second.fetchone()) == ([(1, "a")], (2,))
