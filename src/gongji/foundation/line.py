"""A line to the database that one thread keeps for statements that each stand for themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import psycopg

from gongji.foundation.database import Database
from gongji.foundation.prepared import keep_statements

Answer = TypeVar("Answer")


class Line:
    """A connection in autocommit, opened with the first question and anew when it was lost; not for several threads.

    Args:
        database: where to.
        prepare: what is set on every new connection.
    """

    def __init__(self, database: Database, prepare: Callable[[psycopg.Connection[Any]], None]) -> None:
        self._database = database
        self._prepare = prepare
        self._connection: psycopg.Connection[Any] | None = None

    def ask(self, question: Callable[[psycopg.Connection[Any]], Answer]) -> Answer:
        """What a question over the connection comes to; it is put once more when the connection is found lost, so it
        must be one that may be put twice."""
        try:
            return question(self._open())
        except psycopg.OperationalError:
            self.close()
            return question(self._open())

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            connection = self._database.connect()
            connection.autocommit = True
            self._prepare(connection)
            keep_statements(connection)
            self._connection = connection
        return self._connection
