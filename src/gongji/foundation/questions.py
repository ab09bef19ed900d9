"""Questions to the database that stand apart from who puts them, so that several go there and back as one statement.

A page shows what six rooms know. Put one after the other, each question waits for the server and then for its thread's turn
among those of the settlement desk, and through SQLAlchemy each is put together anew, which takes longer than the answer. A
room that is asked by pages therefore hands out its question (``…_question``); whoever makes the page puts those that do not
depend on each other `together`. What one statement asks, it asks of one moment.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

import psycopg
import sqlalchemy as sa

from gongji.foundation.arrays import Integers
from gongji.foundation.distribution import is_spread

Answer = TypeVar("Answer")
Given = TypeVar("Given")

#: The statements that a process puts are few: one for each set of questions that some page asks.
_STATEMENTS: Final = 512

_NAME: Final = re.compile(r"%\((\w+)\)")


@dataclass(frozen=True, slots=True)
class Selection:
    """A SELECT of ids by one room, in a column ``id``, for another room's question to begin with; an id may come twice."""

    sql: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Question(Generic[Answer]):
    """A SELECT and what is made of its rows.

    Attributes:
        sql: with psycopg's named placeholders; a constant, since every text is prepared and kept.
        values: of the placeholders.
        read: the answer, from the rows in their order.
    """

    sql: str
    values: Mapping[str, object]
    read: Callable[[Sequence[Any]], Answer]


class Rows:
    """The columns of a table in SQL, and its rows by their columns' names.

    Args:
        table: whose columns, all of them.
    """

    def __init__(self, table: sa.Table) -> None:
        names = [column.name for column in table.columns]
        self.columns = ", ".join(names)
        self.of_t = ", ".join(f"t.{name}" for name in names)
        row = namedtuple(f"{table.name}_row", names)  # type: ignore[misc]  # as many names as the table has
        self._make: Callable[[Iterable[Any]], Any] = row._make

    def named(self, rows: Iterable[Any]) -> Iterator[Any]:
        """The rows, for whoever reads them by name."""
        return map(self._make, rows)


class Reply(Generic[Answer]):
    """Where the answer to a question will be."""

    __slots__ = ("_answer", "_question")

    _answer: Answer

    def __init__(self, question: Question[Answer]) -> None:
        self._question = question

    @property
    def question(self) -> Question[Answer]:
        """What was asked."""
        return self._question

    @property
    def answer(self) -> Answer:
        """The answer; there once all questions have been put."""
        return self._answer

    def take(self, rows: Sequence[Any]) -> None:
        """Read the answer from its rows."""
        self._answer = self._question.read(rows)


class Asking:
    """Gathers questions."""

    def __init__(self) -> None:
        self._replies: list[Reply[Any]] = []

    def __call__(self, question: Question[Given]) -> Reply[Given]:
        """Ask this too."""
        reply = Reply(question)
        self._replies.append(reply)
        return reply

    def put(self, connection: sa.Connection) -> None:
        """Put what was gathered to the database and give every reply its rows."""
        asked = [reply.question for reply in self._replies]
        # Citus plans each question by where its rows lie, but no statement that asks for rows of several nodes side by side.
        if len(asked) < 2 or is_spread(connection):
            for reply, question in zip(self._replies, asked, strict=True):
                reply.take(run_prepared(connection, question.sql, question.values).fetchall())
            return
        values = {f"{name}_{n}": value for n, one in enumerate(asked) for name, value in one.values.items()}
        answered = run_prepared(connection, _put_together(tuple(one.sql for one in asked)), values).fetchone()
        assert answered is not None
        for reply, rows in zip(self._replies, answered, strict=True):
            reply.take(rows)


@contextmanager
def together(connection: sa.Connection) -> Iterator[Asking]:
    """Questions that are put at the end of the block, in one statement; their replies have answers after it."""
    asking = Asking()
    yield asking
    asking.put(connection)


def ask(connection: sa.Connection, question: Question[Answer]) -> Answer:
    """The answer to one question by itself."""
    return question.read(run_prepared(connection, question.sql, question.values).fetchall())


def these(ids: Iterable[int]) -> Selection:
    """Ids that are known."""
    return Selection("SELECT unnest(%(ids)b::bigint[]) AS id", {"ids": Integers(ids)})


def run_prepared(connection: sa.Connection, sql: str, values: Mapping[str, object]) -> psycopg.Cursor[Any]:
    """Run a prepared statement inside an SQLAlchemy connection's transaction (by itself where it has none: see
    `gongji.foundation.database.Database.reading`), past SQLAlchemy.

    Raises:
        sqlalchemy.exc.DBAPIError: the kind that SQLAlchemy itself would raise.
    """
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    if not driver.autocommit and not connection.in_transaction():
        connection.begin()  # as SQLAlchemy does by itself, so that its commit is one
    try:
        return driver.execute(sql.encode(), values, prepare=True, binary=True)
    except psycopg.Error as problem:
        lost = driver.broken
        if lost:
            # As SQLAlchemy does: after a restart of the server the first connection that fails empties the pool.
            connection.invalidate(problem)
            connection.engine.dispose()
        raise sa.exc.DBAPIError.instance(
            sql, None, problem, psycopg.Error, hide_parameters=True, connection_invalidated=lost
        ) from problem


@lru_cache(_STATEMENTS)
def _put_together(asked: tuple[str, ...]) -> str:
    """One row with an array of records for each question; its placeholders bear its number."""
    parts = (_NAME.sub(rf"%(\1_{n})", sql) for n, sql in enumerate(asked))
    return "SELECT " + ", ".join(f"ARRAY(SELECT r FROM ({part}) AS r)" for part in parts)
