"""The whole proof of the books at once: every check over one snapshot, on several connections.

The hash chain is the long check and is cut into slices; the others are single statements. Connections take whatever
comes next. What the chain proved is marked as it goes, so that a proof that was stopped can be taken up again.
"""

from __future__ import annotations

import itertools
import queue
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import sqlalchemy as sa

from gongji.foundation.clock import Clock
from gongji.foundation.database import Database
from gongji.foundation.distribution import see_whole
from gongji.ledger import store
from gongji.ledger import verify as ledger
from gongji.ledger.finding import Check, Finding
from gongji.ledger.marks import Verification, forget_marks, load_marks, save_marks
from gongji.ledger.walk import Mark, Slice, check_slice, walk
from gongji.settlement import verify as settlements

#: Told of every step: which check, and how many of how many rows of it are done.
Progress = Callable[[str, int, int], None]

CHAIN: Final = "the hash chain is whole"

#: A check as one statement is one step of its bar.
_ONE_STEP: Final = 1


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof came to.

    Attributes:
        findings: what does not hold.
        checks: how many checks were made.
        resumed: blocks that an earlier proof had done, per poster the number of its mark.
    """

    findings: list[Finding]
    checks: int
    resumed: int


def prove(
    database: Database, clock: Clock, *, jobs: int = 2, resume: bool = False, progress: Progress | None = None
) -> Proof:
    """Check everything there is, in one snapshot of the database; nothing is repaired.

    Args:
        database: where the books are.
        clock: tells when blocks were verified.
        jobs: connections that check at once; a core each is worth it.
        resume: go on with the chain where the last proof stopped; without, from the first block of every poster.
        progress: told of every step, from this thread.
    """
    tell = progress or (lambda check, done, total: None)
    with database.connect() as marking, database.engine.connect() as opened:
        marking.autocommit = True
        if not resume:
            forget_marks(marking, Verification.FULL)
        marks = load_marks(marking, Verification.FULL)
        snapshot = opened.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        see_whole(snapshot)
        reading = store.raw_cursor(snapshot).connection
        with _Checkers(database, _snapshot_of(reading), jobs) as checkers:
            others = {
                name: checkers.submit(check)
                for name, check in (ledger.CHECKS | settlements.CHECKS).items()
                if name != CHAIN
            }
            total = _rows_to_hash(reading, marks)
            findings: list[Finding] = []
            for done, ends, found in _chain(reading, checkers, marks, jobs):
                findings += found
                if not findings:
                    # Blocks before a finding stay to be read again: whoever resumes shall see it too.
                    save_marks(marking, Verification.FULL, ends, clock.now())
                _tell_finished(others, tell)
                tell(CHAIN, done, total)
            for name, future in others.items():
                findings += future.result()
                tell(name, _ONE_STEP, _ONE_STEP)
    return Proof(findings, len(others) + 1, sum(mark.number for mark in marks.values()))


def _chain(
    reading: psycopg.Connection[Any], checkers: _Checkers, marks: dict[int, Mark], jobs: int
) -> Iterator[tuple[int, dict[int, Mark], list[Finding]]]:
    """The slices of the chain in order, each once it is checked: rows done so far, the marks it moves, findings."""
    done = 0
    waiting: deque[tuple[Slice, Future[list[Finding]]]] = deque()
    slices = walk(reading, marks)
    for piece in itertools.chain(slices, [None] * (jobs + 1)):
        if piece is not None:
            waiting.append((piece, checkers.submit_slice(piece)))
        # Links are read a little ahead of the hashing, never all of them.
        while waiting and (piece is None or len(waiting) > jobs + 1):
            checked, future = waiting.popleft()
            found = future.result()
            done += checked.rows
            yield done, checked.ends, found


def _tell_finished(others: dict[str, Future[list[Finding]]], tell: Progress) -> None:
    for name, future in others.items():
        if future.done():
            tell(name, _ONE_STEP, _ONE_STEP)


def _snapshot_of(reading: psycopg.Connection[Any]) -> str:
    row = reading.execute("SELECT pg_export_snapshot()").fetchone()
    assert row is not None
    return str(row[0])


def _rows_to_hash(reading: psycopg.Connection[Any], marks: dict[int, Mark]) -> int:
    row = reading.execute("SELECT coalesce(sum(cardinality(journals) + transfers), 0)::bigint FROM block").fetchone()
    assert row is not None
    done = 0
    for poster_id, mark in marks.items():
        before = reading.execute(
            "SELECT coalesce(sum(cardinality(journals) + transfers), 0)::bigint FROM block WHERE poster_id = %s AND number <= %s",
            [poster_id, mark.number],
        ).fetchone()
        done += before[0] if before else 0
    return int(row[0]) - done


class _Checkers:
    """Threads with a connection each, all of which see the same snapshot."""

    def __init__(self, database: Database, snapshot: str, jobs: int) -> None:
        self._database = database
        self._snapshot = snapshot
        self._free: queue.SimpleQueue[sa.Connection] = queue.SimpleQueue()
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="proof")
        self._opened: list[sa.Connection] = []
        self._jobs = jobs

    def __enter__(self) -> _Checkers:
        for _ in range(self._jobs):
            connection = self._database.engine.connect().execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._opened.append(connection)
            connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{self._snapshot}'")
            settlements.prepare(connection)
            see_whole(connection)
            self._free.put(connection)
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        for connection in self._opened:
            connection.close()

    def submit(self, check: Check) -> Future[list[Finding]]:
        """A check, whenever a connection is free."""
        return self._pool.submit(self._run, lambda connection: list(check(connection)))

    def submit_slice(self, piece: Slice) -> Future[list[Finding]]:
        """A slice of the chain, whenever a connection is free."""
        return self._pool.submit(
            self._run, lambda connection: check_slice(store.raw_cursor(connection).connection, piece)
        )

    def _run(self, work: Callable[[sa.Connection], list[Finding]]) -> list[Finding]:
        with self._borrowed() as connection:
            return work(connection)

    @contextmanager
    def _borrowed(self) -> Iterator[sa.Connection]:
        connection = self._free.get()
        try:
            yield connection
        finally:
            self._free.put(connection)
