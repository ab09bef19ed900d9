"""Verifying what is new while the service runs: new blocks, the settlements in them, the accounts that they moved.

One process does it at a time, whoever comes first. A round begins where the last one ended, so that its cost is that of
what came in meanwhile, and takes at most `MOST_ROWS` of it. It never reads the whole books: that is `gongji ledger
verify`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
import sqlalchemy as sa
import structlog

from gongji.foundation import telemetry
from gongji.foundation.arrays import Integers
from gongji.foundation.clock import Clock
from gongji.foundation.database import AWAY, Database
from gongji.foundation.distribution import see_whole
from gongji.foundation.money import yuan
from gongji.ledger import store
from gongji.ledger.finding import Finding
from gongji.ledger.marks import Verification, keep_findings, load_marks, save_marks
from gongji.ledger.model import LAST_BOUNDED
from gongji.ledger.walk import Link, check_slice, walk
from gongji.settlement.verify import sharing_was_authorised, transfers_match

log = structlog.get_logger()

#: Journals and transfers that one round takes at most: some three seconds of one core.
MOST_ROWS: Final = 200_000

#: Journals and transfers that are checked in one transaction.
_SLICE_ROWS: Final = 20_000

#: Balances that are added up for one slice, at most.
_BALANCES: Final = 1_000

#: "watch" as a number: whoever holds this advisory lock is the one process that verifies.
_LOCK: Final = 512_936_637_288


@dataclass(slots=True)
class Round:
    """What one round did: journals and transfers read, blocks verified, what was found."""

    rows: int = 0
    blocks: int = 0
    findings: list[Finding] = field(default_factory=list)


def verify_recent(database: Database, clock: Clock, most_rows: int = MOST_ROWS) -> Round | None:
    """Verify what came in since the last time, and keep what is found.

    Args:
        database: where the books are.
        clock: tells the moment of the verification.
        most_rows: journals and transfers after which the round ends; the next goes on.

    Returns:
        None when another process is at it.
    """
    with database.engine.connect() as reading, database.connect() as marking:
        free = marking.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK]).fetchone()
        if free is None or not free[0]:
            return None
        snapshot = reading.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        see_whole(snapshot)
        driver = store.raw_cursor(snapshot).connection
        done = Round()
        for piece in walk(driver, load_marks(marking, Verification.RECENT), _SLICE_ROWS):
            found = check_slice(driver, piece) + list(_settlements_hold(snapshot, driver, piece.links))
            done.rows += piece.rows
            done.blocks += len(piece.links)
            done.findings += found
            # What is found is kept, so the marks may go past it: it is told once, not again in every round.
            save_marks(marking, Verification.RECENT, piece.ends, clock.now())
            keep_findings(marking, found, clock.now())
            if done.rows >= most_rows:
                break
        return done


def _settlements_hold(
    connection: sa.Connection, driver: psycopg.Connection[Any], links: Sequence[Link]
) -> Iterator[Finding]:
    """The checks of settlements and balances, over the journals of these blocks and the accounts that they moved."""
    rows = driver.execute(
        "SELECT unnest(b.journals) FROM unnest(%(posters)b::bigint[], %(numbers)b::bigint[]) AS k(poster_id, number)"
        " JOIN block b ON b.poster_id = k.poster_id AND b.number = k.number",
        {"posters": Integers(link.poster_id for link in links), "numbers": Integers(link.number for link in links)},
    )
    journals = [row[0] for row in rows]
    if not journals:
        return
    yield from transfers_match(connection, journals)
    yield from sharing_was_authorised(connection, journals)
    yield from _balances_hold(connection, journals)


def _balances_hold(connection: sa.Connection, journals: Sequence[int]) -> Iterator[Finding]:
    """Invariants 2 and 3 for bounded accounts that journals moved: each balance is the sum of all its transfers.

    At most `_BALANCES` of them, drawn anew each time: an account's transfers lie in every month that it has.
    """
    rows = connection.execute(
        sa.text(
            f"""
            WITH moved AS (
                SELECT id
                  FROM (SELECT DISTINCT side.account AS id
                          FROM transfer t, LATERAL (VALUES (t.debit), (t.credit)) AS side(account)
                         WHERE t.journal_id = ANY(CAST(:journals AS bigint[]))
                           AND (side.account >> 10) & 255 <= {LAST_BOUNDED}) AS every
                 ORDER BY random() LIMIT {_BALANCES}
            )
            SELECT m.id, a.balance, coalesce(c.amount, 0) + coalesce(i.amount, 0) - coalesce(o.amount, 0) AS amount
              FROM moved m
              LEFT JOIN account a ON a.bucket = (m.id & 1023)::smallint AND a.id = m.id
              CROSS JOIN LATERAL (SELECT sum(amount)::bigint AS amount FROM transfer
                                   WHERE bucket = (m.id & 1023)::smallint AND debit = m.id AND (debit >> 10) & 255 <= 6) AS o
              CROSS JOIN LATERAL (SELECT sum(amount)::bigint AS amount FROM transfer
                                   WHERE bucket = (m.id & 1023)::smallint AND credit = m.id AND (credit >> 10) & 255 <= 6) AS i
              CROSS JOIN LATERAL (SELECT sum(value)::bigint AS amount FROM carried_forward
                                   WHERE what = 'balance' AND subject = m.id) AS c
             WHERE a.balance < 0 OR a.balance
                   IS DISTINCT FROM coalesce(c.amount, 0) + coalesce(i.amount, 0) - coalesce(o.amount, 0)
            """
        ),
        {"journals": list(journals)},
    )
    for row in rows:
        stored = "has no row" if row.balance is None else f"stores {yuan(row.balance)}"
        yield Finding("balance", f"account {row.id} {stored}, its transfers add up to {yuan(row.amount)}")


class Watch:
    """A thread that verifies what is new every so often, and tells the log and the gauges.

    Args:
        database: where the books are.
        clock: tells the moment.
        every: seconds between two rounds.
    """

    def __init__(self, database: Database, clock: Clock, every: float) -> None:
        self._database = database
        self._clock = clock
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish the round that is under way, then stop."""
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._ended.wait(self._every):
            try:
                self._tell(verify_recent(self._database, self._clock))
            except AWAY as problem:
                log.warning("watch.connection_lost", error=str(problem))

    def _tell(self, done: Round | None) -> None:
        with self._database.engine.connect() as connection:
            kept = connection.exec_driver_sql("SELECT count(*) FROM verification_finding").scalar_one()
        telemetry.findings_kept.set(kept)
        if done is None:
            return
        telemetry.verified_at.set(self._clock.now().timestamp())
        telemetry.verified_rows.inc(done.rows)
        for finding in done.findings:
            log.error("watch.finding", check=finding.check, what=finding.what)
