"""Questions that are put together: each gets its own answer, of one moment, whatever its rows are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from gongji.foundation.access import Caller, Role
from gongji.foundation.audit import audit_entry, record, record_each
from gongji.foundation.database import Database
from gongji.foundation.distribution import is_spread
from gongji.foundation.errors import TooMany
from gongji.foundation.questions import Question, Rows, ask, run_prepared, these, together

BORN = date(1953, 3, 8)
SETTLED = datetime(2024, 6, 12, 2, 30, tzinfo=UTC)
DAUGHTER = Caller(Role.CITIZEN, "daughter", person_id=7)

#: A row of everything that pages read.
MOTHER = Question(
    """
    SELECT %(id)s::bigint AS id, '王秀兰'::text AS name, %(born)s::date AS born, decode('00ff', 'hex') AS sealed,
           %(at)s::timestamptz AS at, ARRAY['care', 'pharmacy']::text[] AS purposes, NULL::bigint AS limit_month,
           daterange('2024-01-01', NULL) AS during, '50%%'::text AS share, '{"amount": 6850}'::jsonb AS facts
    """,
    {"id": 9_007_199_254_740_993, "born": BORN, "at": SETTLED},
    lambda rows: tuple(rows[0]),
)


def numbers(most: int) -> Question[list[int]]:
    """The numbers up to one, the greatest first."""
    return Question(
        "SELECT n FROM generate_series(1, %(most)s::integer) AS g(n) ORDER BY n DESC",
        {"most": most},
        lambda rows: [n for (n,) in rows],
    )


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What goes to the database meanwhile."""
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(cursor: Any, query: Any, *rest: Any, **options: Any) -> Any:
        sent.append(query.decode() if isinstance(query, bytes) else str(query))
        return execute(cursor, query, *rest, **options)

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Cursor, "execute", noted)
        yield sent


@pytest.mark.one_server("counts statements")
def test_several_questions_are_one_statement_and_each_has_its_own_answer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as connection, statements(monkeypatch) as sent:
        is_spread(connection)  # is found out once
        sent.clear()
        with together(connection) as asked:
            mother = asked(MOTHER)
            three, none, two = asked(numbers(3)), asked(numbers(0)), asked(numbers(2))
        assert (three.answer, none.answer, two.answer) == ([3, 2, 1], [], [2, 1])
        assert len(sent) == 1
        alone = ask(connection, MOTHER)
    number, name, born, sealed, at, purposes, limit, during, share, facts = mother.answer
    assert (number, name, born, sealed) == (9_007_199_254_740_993, "王秀兰", BORN, b"\x00\xff")
    assert (at, purposes, limit, share) == (SETTLED, ["care", "pharmacy"], None, "50%")
    assert (during.lower, during.upper, facts) == (date(2024, 1, 1), None, {"amount": 68_50})
    assert mother.answer == alone, "what a question answers does not depend on what else is asked"


def test_where_rows_lie_on_several_nodes_each_question_goes_by_itself(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gongji.foundation.questions.is_spread", lambda _: True)
    with database.transaction() as connection, statements(monkeypatch) as sent:
        with together(connection) as asked:
            three, mother = asked(numbers(3)), asked(MOTHER)
        assert len(sent) == 2
        assert three.answer == [3, 2, 1]
        assert mother.answer == ask(connection, MOTHER)


def test_all_answers_are_of_one_moment(database: Database) -> None:
    """Between two statements of a transaction another one may commit; within one it cannot."""
    balance = Question("SELECT person_id FROM audit_entry", {}, len)
    slow = Question("SELECT pg_sleep(0.2)", {}, len)
    with database.transaction() as connection, database.engine.connect() as other, together(connection) as asked:
        before, _, after = asked(balance), asked(slow), asked(balance)
        record(other, DAUGHTER, "person.read", at=SETTLED, person_id=1)
        other.commit()
    assert before.answer == after.answer == 1


def test_the_rows_of_a_table_are_read_by_the_names_of_its_columns(database: Database) -> None:
    rows = Rows(audit_entry)

    def told(found: Sequence[Any]) -> list[tuple[str, int, object]]:
        return [(row.action, row.person_id, row.details) for row in rows.named(found)]

    with database.transaction() as connection:
        record_each(connection, DAUGHTER, "person.read_masked", [9, 4, 9], at=SETTLED, page="home")
        record_each(connection, DAUGHTER, "person.read_masked", [], at=SETTLED)
        record(connection, DAUGHTER, "settlement.read", at=SETTLED, settlement="3")
        found = ask(connection, Question(f"SELECT {rows.columns} FROM audit_entry ORDER BY id", {}, told))
    masked = "person.read_masked"
    assert found == [
        (masked, 4, {"page": "home"}),
        (masked, 9, {"page": "home"}),
        (masked, 9, {"page": "home"}),
        ("settlement.read", None, {"settlement": "3"}),
    ]


def test_what_the_database_refuses_is_told_as_sqlalchemy_tells_it(database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="role"), database.transaction() as connection:
        run_prepared(connection, "INSERT INTO access_token (digest) VALUES (%(digest)s)", {"digest": b"x"})
    with database.transaction() as connection:
        assert ask(connection, numbers(1)) == [1], "the connection is good for the next one"


def test_after_the_server_went_away_one_page_fails_and_the_next_has_a_fresh_connection(database: Database) -> None:
    with database.page() as one, database.page() as two:
        pids = [ask(each, Question("SELECT pg_backend_pid()", {}, lambda rows: rows[0][0])) for each in (one, two)]
    with database.transaction() as connection:
        for pid in pids:
            connection.execute(sa.text("SELECT pg_terminate_backend(CAST(:pid AS integer), 5000)"), {"pid": pid})
    with pytest.raises(sa.exc.OperationalError) as lost, database.page() as connection:
        ask(connection, numbers(1))
    assert lost.value.connection_invalidated
    with database.page() as connection:
        assert ask(connection, numbers(2)) == [2, 1], "the other one that was lost is not met any more"


@pytest.mark.one_server("Citus plans each statement by its values")
def test_a_page_plans_a_statement_once_whatever_values_come(database: Database) -> None:
    plans = Question(
        "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT n.id%%'",
        {},
        lambda rows: tuple(rows[0]),
    )

    def planned(connection: sa.Connection) -> tuple[int, int]:
        for number in range(1, 10):
            ids = these(range(number))
            sql = f"SELECT n.id FROM ({ids.sql}) AS n JOIN person p ON p.bucket = n.id & 1023 AND p.id = n.id"
            ask(connection, Question(sql, ids.values, len))
        return ask(connection, plans)

    with database.page() as connection:
        assert planned(connection) == (9, 0)
    with database.transaction() as connection:
        assert planned(connection)[1] >= 5, "elsewhere PostgreSQL tries the values first"


def test_what_only_reads_has_no_transaction_and_what_writes_gets_one(database: Database) -> None:
    noted = Question("SELECT person_id FROM audit_entry ORDER BY id", {}, lambda rows: [one for (one,) in rows])
    with database.reading() as connection:
        record(connection, DAUGHTER, "person.read", at=SETTLED, person_id=1)
        with database.transaction() as other:
            assert ask(other, noted) == [1], "who was seen stands there at once"
        assert not connection.in_transaction()

    written = sa.text("UPDATE installation SET value = 'changed'")

    def fails_half_way() -> None:
        with database.reading() as half_way:
            half_way.execute(written)
            record(half_way, DAUGHTER, "person.read", at=SETTLED, person_id=2)
            raise TooMany("page.failed", "it failed", "失败")

    with pytest.raises(TooMany):
        fails_half_way()
    with database.reading() as connection:
        assert not connection.in_transaction()
        assert ask(connection, noted) == [1], "what was begun went back as a whole"
        connection.execute(written)
        record(connection, DAUGHTER, "person.read", at=SETTLED, person_id=3)
    with database.page() as connection:
        assert ask(connection, noted) == [1, 3]
        record(connection, DAUGHTER, "person.read", at=SETTLED, person_id=4)
        with database.transaction() as other:
            assert ask(other, noted) == [1, 3], "a form's page is one transaction, also over a connection that has read"
