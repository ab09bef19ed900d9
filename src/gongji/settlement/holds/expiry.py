"""Holds whose time is over go back by themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
import sqlalchemy as sa
import structlog

from gongji.foundation.arrays import Integers
from gongji.foundation.clock import Clock
from gongji.foundation.database import AWAY, Database
from gongji.foundation.distribution import is_spread, see_whole
from gongji.foundation.errors import GongjiError
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.ledger import store as ledger
from gongji.ledger.holds import Hold
from gongji.ledger.pot_store import write_moves
from gongji.ledger.service import post, register_poster
from gongji.settlement.books import Books
from gongji.settlement.holds import store
from gongji.settlement.holds.decide import expire
from gongji.settlement.holds.model import HoldBooks, HoldDecision
from gongji.settlement.pot_store import pots_of_holds

log = structlog.get_logger()

#: Holds a transaction takes.
BATCH: Final = 500

#: Told how many holds have been given back so far.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ExpiryReport:
    """What came of a run: holds that were (in a dry run: would be) given back, fen in all, and due holds that somebody
    else had in hand and that are left for the next run."""

    holds: int
    amount: int
    busy: int


@dataclass(slots=True)
class _Due:
    """A batch of due holds, of which everything that giving back touches is under lock."""

    holds: dict[int, Hold]
    books: Books
    busy: int


def expire_holds(
    database: Database,
    clock: Clock,
    *,
    progress: Progress = lambda done: None,
    dry_run: bool = False,
    batch: int = BATCH,
) -> ExpiryReport:
    """Give back every hold whose time is over, in batches that commit one by one.

    May run anywhere, in several places at once, and be stopped at any moment.

    Args:
        database: where the books are.
        clock: tells the moment.
        progress: told after each batch.
        dry_run: count and add up, write nothing.
        batch: holds a transaction takes.
    """
    if dry_run:
        return _count(database, clock.now())
    given_back = amount = busy = 0
    while True:
        with database.transaction() as connection:
            at = clock.now()
            due = _due(connection, at, batch)
            decisions = _expire(connection, database.serials, due, at)
        given_back += len(decisions)
        amount += sum(decision.receipt.released for decision in decisions)
        busy = due.busy
        progress(given_back)
        if not decisions:
            return ExpiryReport(given_back, amount, busy)


def _count(database: Database, at: datetime) -> ExpiryReport:
    statement = sa.text(
        "SELECT count(*), coalesce(sum(amount - captured - released), 0)::bigint FROM hold h"
        f" WHERE state = 'open' AND expires_at <= :at AND {store.NOT_WAITING % {'at': ':at'}}"
    )
    with database.engine.connect() as connection:
        see_whole(connection)
        holds, amount = connection.execute(statement, {"at": at}).one()
    return ExpiryReport(holds, amount, 0)


def _due(connection: sa.Connection, at: datetime, limit: int) -> _Due:
    spread = is_spread(connection)
    with ledger.raw_cursor(connection) as cursor:
        rows = _over(cursor, at, limit, spread=spread)
        ids = Integers(row[0] for row in rows)
        found = store.hold_books(rows, _rows(cursor, store.SOURCES, holds=ids), ()).holds
        # The use of an authorisation changes under its user's lock.
        people = {hold.person_id for hold in found.values() if hold.authorisation_id is not None}
        locked = {row[0] for row in store.PEOPLE_NOW.take(cursor, {"people": Integers(sorted(people))}, spread=spread)}
        wanted = {account for hold in found.values() for account in store.accounts_of(hold)}
        accounts = store.ACCOUNTS_NOW.take(cursor, {"accounts": Integers(sorted(wanted))}, spread=spread)
        if spread:
            # They were not locked when they were read: only what is still as it was may go on.
            found = {row[0]: found[row[0]] for row in _rows(cursor, store.HOLDS, holds=ids) if row in rows}
        there = {row[0] for row in accounts}
        ready = {
            hold.id: hold
            for hold in found.values()
            if (hold.authorisation_id is None or hold.person_id in locked) and store.accounts_of(hold) <= there
        }
        books = Books({account: balance for account, balance, is_open in accounts if is_open})
        under = Integers(sorted({one.authorisation_id for one in ready.values() if one.authorisation_id is not None}))
        books.usage = {(row[0], row[1]): row[2] for row in _rows(cursor, store.USAGE, authorisations=under)}
        turned = _rows(cursor, store.TURNED, returning=Integers(ready))
        books.turned = {person: (year, turned_at) for person, year, turned_at in turned}
        books.pots = pots_of_holds(cursor, ready.values())
    return _Due(ready, books, len(found) - len(ready))


def _over(cursor: psycopg.Cursor[Any], at: datetime, limit: int, *, spread: bool) -> list[tuple[Any, ...]]:
    if not spread:
        return _rows(cursor, store.DUE, at=at, limit=limit)
    waiting = Integers(row[0] for row in _rows(cursor, store.WAITING, at=at))
    return _rows(cursor, store.DUE_ON_NODES, at=at, limit=limit, waiting=waiting)


def _rows(cursor: psycopg.Cursor[Any], statement: str, **parameters: object) -> list[tuple[Any, ...]]:
    cursor.execute(statement, parameters)
    return cursor.fetchall()


def _expire(connection: sa.Connection, serials: Serials, due: _Due, at: datetime) -> list[HoldDecision]:
    if not due.holds:
        return []
    holds = HoldBooks(dict(due.holds))
    numbers = serials.take(len(due.holds), at)
    decisions = [
        expire(hold, holds, due.books, at, compose(number, bucket_of(hold.account)))
        for hold, number in zip(due.holds.values(), numbers, strict=True)
    ]
    journals = [decision.journal for decision in decisions if decision.journal is not None]
    post(connection, register_poster(connection, serials, at), journals)
    with ledger.raw_cursor(connection) as cursor:
        store.WRITE_HOLDS.run(cursor, store.write_parameters(decisions, holds), spread=is_spread(connection))
        cursor.execute(store.WRITE_USAGE, store.usage_parameters(decisions, due.books))
        write_moves(cursor, due.books.pots.moves, at, spread=is_spread(connection))
    return decisions


class ExpiryLoop:
    """Runs `expire_holds` every so often in a thread of its own while a server is up."""

    def __init__(self, database: Database, clock: Clock, *, every_seconds: float) -> None:
        self._database = database
        self._clock = clock
        self._every = every_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="expire-holds", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the batch in hand."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            try:
                report = expire_holds(self._database, self._clock)
            except (*AWAY, GongjiError) as problem:
                # The database is away or the books refused: the next round finds out whether it still is.
                log.error("holds.expiry_failed", error=str(problem))
                continue
            if report.holds:
                log.info("holds.expired", holds=report.holds, fen=report.amount)
