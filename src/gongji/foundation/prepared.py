"""Statements that a connection runs over and over: prepared once, and several of them in one round trip.

psycopg's cursors find out for every call what its parameters are and what its statement is: some 25 µs each, and a desk's
batch of one settlement has a dozen (measured: seven statements in a pipeline take 163 µs of processor time through cursors
and 25 this way). What a desk runs is known beforehand. This goes to libpq through `psycopg.pq`, psycopg's own wrapper of
it; transactions stay psycopg's (`Connection.commit`, `Connection.rollback`).
"""

from __future__ import annotations

import re
import select
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result

from gongji.foundation.arrays import Column, binary

Row = tuple[Any, ...]

#: A statement and its parameters.
Asked = tuple[str, Mapping[str, object]]

_PLACE: Final = re.compile(r"%(?:\((\w+)\)[bs]|(%))")
_TEXT, _BINARY = int(pq.Format.TEXT), int(pq.Format.BINARY)


class Answer:
    """What a statement came to: its rows, all there at once.

    Attributes:
        rowcount: how many rows it gave or touched.
    """

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: list[Row], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def fetchall(self) -> list[Row]:
        """All rows."""
        return self._rows

    def fetchone(self) -> Row | None:
        """The first row."""
        return self._rows[0] if self._rows else None

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)


class _Statement:
    """A statement as one connection knows it."""

    __slots__ = ("_load", "_rows_known", "name", "names")

    def __init__(self, name: bytes, names: tuple[str, ...]) -> None:
        self.name = name
        self.names = names
        # Without the connection, which would be kept alive for ever; moments come in UTC then.
        self._load = Transformer()
        self._rows_known = False

    def answer(self, result: pq.abc.PGresult) -> Answer:
        """What its result holds: how its rows are read is looked up for the first one."""
        rows: list[Row] = []
        if count := result.ntuples:
            self._load.set_pgresult(result, set_loaders=not self._rows_known)
            self._rows_known = True
            rows = self._load.load_rows(0, count, tuple)
        return Answer(rows, result.command_tuples or 0)


class Statements:
    """The statements that one connection has prepared. Not for several threads.

    Args:
        connection: an open one; as long as it lives, so do its statements.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        # Kept under the connection by a weak mapping: the connection itself must not be kept here.
        self._pgconn = connection.pgconn
        self._known: dict[str, _Statement] = {}
        self._poll = select.poll()
        self._poll.register(connection.fileno(), select.POLLIN)

    def run(self, connection: psycopg.Connection[Any], asked: Sequence[Asked]) -> list[Answer]:
        """Run statements in one round trip, in the connection's transaction, which begins with them where none is open.

        Args:
            connection: the one that these statements belong to.
            asked: each with its parameters: columns for ``%(name)b``, single values for ``%(name)s``.

        Returns:
            The answers, in order.

        Raises:
            psycopg.Error: as the first statement that failed was refused; those after it did not run.
        """
        pgconn = self._pgconn
        statements = [self._known.get(sql) or self._learn(connection, sql) for sql, _ in asked]
        parameters = [_encoded(one.names, values) for one, (_, values) in zip(statements, asked, strict=True)]
        begins = pgconn.transaction_status == pq.TransactionStatus.IDLE and not connection.autocommit
        pgconn.enter_pipeline_mode()
        try:
            if begins:
                pgconn.send_query_params(b"BEGIN", None)
            for one, (values, formats) in zip(statements, parameters, strict=True):
                pgconn.send_query_prepared(one.name, values, formats, _BINARY)
            pgconn.pipeline_sync()
            results = self._results()
        finally:
            if pgconn.status == pq.ConnStatus.OK:
                pgconn.exit_pipeline_mode()
        told = results[1:] if begins else results
        return [one.answer(result) for one, result in zip(statements, told, strict=True)]

    def _learn(self, connection: psycopg.Connection[Any], sql: str) -> _Statement:
        numbered, names = _numbered(sql)
        name = f"ours_{len(self._known)}"
        connection.execute(f"PREPARE {name} AS {numbered}")
        statement = self._known[sql] = _Statement(name.encode(), names)
        return statement

    def _results(self) -> list[pq.abc.PGresult]:
        """What the server answers up to the end of the pipeline.

        Raises:
            psycopg.Error: for the first failure.
        """
        pgconn = self._pgconn
        found: list[pq.abc.PGresult] = []
        self._send()
        while True:
            while pgconn.is_busy():
                self._poll.poll()
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                continue  # the end of one statement's results
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                break
            found.append(result)
            if pgconn.status == pq.ConnStatus.BAD:
                break
        failed = next((one for one in found if one.status == pq.ExecStatus.FATAL_ERROR), None)
        if failed is not None and pgconn.status == pq.ConnStatus.BAD:
            raise psycopg.OperationalError(failed.get_error_message())
        if failed is not None:
            raise error_from_result(failed)
        return found

    def _send(self) -> None:
        """Send all. What the server says meanwhile is taken in: it may wait to be heard before it reads on."""
        pgconn = self._pgconn
        while pgconn.flush():
            self._poll.modify(pgconn.socket, select.POLLIN | select.POLLOUT)
            ready = self._poll.poll()
            self._poll.modify(pgconn.socket, select.POLLIN)
            if any(event & ~select.POLLOUT for _, event in ready):
                pgconn.consume_input()


_kept: Final[WeakKeyDictionary[psycopg.Connection[Any], Statements]] = WeakKeyDictionary()


def keep_statements(connection: psycopg.Connection[Any]) -> None:
    """Have a connection of one's own keep the statements that `run` runs on it. psycopg then prepares none by itself: where it
    did, it lets all of a connection's go after a rollback."""
    connection.prepare_threshold = None
    _kept[connection] = Statements(connection)


def run_together(connection: psycopg.Connection[Any], asked: Sequence[Asked]) -> list[Answer]:
    """Run statements in one round trip: as `Statements.run` on a connection that keeps its statements, on any other through
    psycopg's cursors."""
    statements = _kept.get(connection)
    if statements is not None:
        return statements.run(connection, asked)
    with connection.pipeline():
        cursors = [connection.execute(sql, parameters) for sql, parameters in asked]
    return [Answer(one.fetchall() if one.description else [], one.rowcount) for one in cursors]


@cache
def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """A statement with numbered places, and the names of its parameters in their order."""
    names: dict[str, int] = {}

    def place(found: re.Match[str]) -> str:
        if found[2]:
            return "%"
        return f"${names.setdefault(found[1], len(names) + 1)}"

    return _PLACE.sub(place, statement), tuple(names)


def _encoded(names: Sequence[str], values: Mapping[str, object]) -> tuple[list[Any], list[int]]:
    parameters: list[Any] = []
    formats: list[int] = []
    for name in names:
        value = values[name]
        if isinstance(value, Column):
            parameters.append(binary(value))
            formats.append(_BINARY)
        elif value is None:
            parameters.append(None)
            formats.append(_TEXT)
        else:
            parameters.append(_WRITERS[type(value)](value))
            formats.append(_BINARY if type(value) is bytes else _TEXT)
    return parameters, formats


#: Single values, as text that the server reads as whatever type stands at their place.
_WRITERS: Final[Mapping[type, Callable[[Any], bytes]]] = {
    int: lambda value: b"%d" % value,
    bool: lambda value: b"t" if value else b"f",
    str: str.encode,
    bytes: lambda value: value,
    date: lambda value: value.isoformat().encode(),
    datetime: lambda value: value.isoformat().encode(),
}
