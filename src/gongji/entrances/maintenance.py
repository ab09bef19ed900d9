"""Keeping the books in order while they are in use: once an hour in the service, or ``gongji db maintain``.

Every step may be done again at any time and does nothing then; one process does it at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa
import structlog

from gongji.clearing.monthly.gather import gather
from gongji.foundation.access import forget_ended_tokens
from gongji.foundation.clock import Clock
from gongji.foundation.database import AWAY, Database
from gongji.foundation.files import sweep_files
from gongji.foundation.limits import forget_old_attempts
from gongji.foundation.log_ins import forget_log_ins
from gongji.foundation.partitions import MONTHS_AHEAD, add_months, rows_outside_months
from gongji.foundation.replies import forget_replies
from gongji.foundation.schema import installation
from gongji.foundation.sessions import forget_ended_sessions
from gongji.foundation.signatures import forget_signatures
from gongji.ledger.rollup import roll_up
from gongji.oversight.alerts.scan import scan
from gongji.registry.e_credential import forget_codes

log = structlog.get_logger()

#: How long the answer to a REST call is kept for the same call again (`docs/operating.md`, retention).
REPLIES_KEPT: Final = timedelta(days=30)

#: How long a signature is kept after its own time: twice the widest window in which one is taken.
SIGNATURES_KEPT: Final = timedelta(hours=1)

#: How long an access token that has ended is kept; what was done with it stands in the audit for good.
TOKENS_KEPT: Final = timedelta(days=90)

#: How long codes of e-credentials are kept after their time is over.
CODES_KEPT: Final = timedelta(days=1)

#: "upkeep" as a number: whoever holds this advisory lock is the one process that maintains.
_LOCK: Final = 0x75706B656570

#: Key of the fact when it was done last, among the facts of the installation.
_DONE: Final = "maintained"


@dataclass(slots=True)
class Upkeep:
    """What one round did.

    Attributes:
        partitions: tables that were made for months.
        blocks: blocks that were added to the sums of open accounts.
        alerts: alerts that are new (`gongji.oversight.alerts`).
        gathered: blocks that clearing followed.
        replies, tokens, sessions, codes, signatures: rows whose time was over.
        files: contents that were taken off the disk.
        stray: default partitions that hold rows, which should not be.
    """

    partitions: list[str] = field(default_factory=list)
    blocks: int = 0
    alerts: int = 0
    gathered: int = 0
    replies: int = 0
    tokens: int = 0
    sessions: int = 0
    codes: int = 0
    signatures: int = 0
    files: int = 0
    stray: list[str] = field(default_factory=list)


def maintain(
    database: Database, clock: Clock, unless_done_within: timedelta | None = None, files: Path | None = None
) -> Upkeep | None:
    """Do what is due, beside running settlements.

    Args:
        database: where the books are, as the service or the owner.
        clock: tells the day.
        unless_done_within: leave it when it was done less long ago; None does it in any case.
        files: the folder of uploaded files, to sweep out those whose time is over; None leaves them.

    Returns:
        What was done; None when another process is at it, or it was done a short while ago.
    """
    with _alone(database) as alone:
        if not alone or (unless_done_within is not None and _done_since(database, clock.now() - unless_done_within)):
            return None
        done = Upkeep()
        now = clock.now()
        done.partitions = add_months(database, now.date(), MONTHS_AHEAD + 1)
        done.blocks = roll_up(database)
        done.gathered = gather(database)
        done.replies = forget_replies(database, now - REPLIES_KEPT)
        done.tokens = forget_ended_tokens(database, now - TOKENS_KEPT)
        done.sessions = forget_ended_sessions(database, now - TOKENS_KEPT)
        forget_log_ins(database, now)
        forget_old_attempts(database, now)
        done.signatures = forget_signatures(database, now - SIGNATURES_KEPT)
        with database.transaction() as connection:
            done.codes = forget_codes(connection, now - CODES_KEPT)
            done.files = sweep_files(connection, files, now) if files else 0
            done.stray = rows_outside_months(connection)
            _remember(connection, now)
        # After the sums, which one of the rules reads, and last: whatever becomes of it, the rest is done.
        done.alerts = sum(scan(database, clock).new.values())
        return done


@contextmanager
def _alone(database: Database) -> Iterator[bool]:
    """Whether we are the one; the lock goes with the connection, also when the process is killed."""
    with database.connect() as guard:
        guard.autocommit = True
        row = guard.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
        yield row is not None and bool(row[0])


def _done_since(database: Database, moment: datetime) -> bool:
    with database.engine.connect() as connection:
        statement = sa.select(installation.c.value).where(installation.c.name == _DONE)
        value = connection.execute(statement).scalar_one_or_none()
    return value is not None and datetime.fromisoformat(value) > moment


def _remember(connection: sa.Connection, moment: datetime) -> None:
    connection.execute(
        sa.text(
            "INSERT INTO installation (name, value) VALUES (:name, :value)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        ),
        {"name": _DONE, "value": moment.isoformat()},
    )


class Caretaker:
    """A thread that maintains every so often, and tells the log.

    Args:
        database: where the books are.
        clock: tells the moment.
        every: how long between two rounds of all processes together.
        files: the folder of uploaded files.
    """

    def __init__(self, database: Database, clock: Clock, every: timedelta, files: Path | None = None) -> None:
        self._database = database
        self._clock = clock
        self._files = files
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="caretaker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish the round that is under way, then stop."""
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        while True:
            try:
                done = maintain(self._database, self._clock, self._every, self._files)
            except AWAY as problem:
                log.warning("maintenance.put_off", error=str(problem))
            else:
                self._tell(done)
            if self._ended.wait(min(self._every.total_seconds(), 60)):
                return

    def _tell(self, done: Upkeep | None) -> None:
        if done is None:
            return
        log.info(
            "maintenance.done",
            partitions=done.partitions,
            blocks=done.blocks,
            alerts=done.alerts,
            replies=done.replies,
            files=done.files,
        )
        for table in done.stray:
            log.error("maintenance.rows_outside_months", table=table)
