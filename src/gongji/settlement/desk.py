"""The desk: settlements that wait together share one transaction, one commit and a handful of statements.

There is no timer. A free desk takes whatever waits, so an idle system settles batches of one at once, and a busy one
batches of what came in while the last batch was written. Each desk is a thread with a connection and a ledger poster
of its own; several desks, in one process or many, work on one database.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
import sqlalchemy as sa
import structlog

from gongji.foundation.clock import Clock
from gongji.foundation.database import Database
from gongji.foundation.distribution import is_spread
from gongji.foundation.errors import Busy, GongjiError
from gongji.foundation.planning import plan_by_keys
from gongji.ledger.holds import HoldReceipt
from gongji.ledger.service import Poster, register_poster
from gongji.rules.book import RuleBook
from gongji.settlement.batch import Batch, Outcome
from gongji.settlement.citations import Citations
from gongji.settlement.holds.model import HoldCommand, PlaceHold
from gongji.settlement.load import load
from gongji.settlement.model import Command, ReversePart, SettleAdmission, Settlement, SettlePurchase, SettleVisit
from gongji.settlement.part_return import PartReturned
from gongji.settlement.undo_store import CLOSE, key_parameters
from gongji.settlement.wanted import Job
from gongji.settlement.write import write

log = structlog.get_logger()

#: Most commands one transaction takes. Beyond a few hundred the cost a settlement no longer falls (measured with the
#: set-based prototype: 1,024 in one statement cost hardly less each than 256) while everybody waits longer.
LARGEST_BATCH: Final = 256

#: A batch may lose a race for a key, or be the victim of a deadlock with a foreign client; it is then taken again.
ATTEMPTS: Final = 3

#: What psycopg and, where a new clerk introduces itself, SQLAlchemy say of a server that is away.
_CONNECTION_LOST = (psycopg.OperationalError, psycopg.InterfaceError, sa.exc.OperationalError, sa.exc.InterfaceError)

_LOST_RACE = (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)


@dataclass(slots=True)
class _Waiting:
    command: Job
    dry: bool
    future: Future[Any] = field(default_factory=Future)


class Desk:
    """Takes commands from any thread and settles them in batches.

    Args:
        database: where the books are.
        rules: the rule book.
        clock: tells the moment of settlement.
        desks: threads, each with a connection.
        queue: commands that may wait before new ones are refused as busy.
    """

    def __init__(self, database: Database, rules: RuleBook, clock: Clock, *, desks: int = 1, queue: int = 4096) -> None:
        self._database = database
        self._rules = rules
        self._clock = clock
        self._queue = queue
        self._waiting: deque[_Waiting] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._threads = [threading.Thread(target=self._work, name=f"desk-{n}", daemon=True) for n in range(desks)]
        for thread in self._threads:
            thread.start()

    def submit(self, command: Command) -> Future[Settlement]:
        """Settle or reverse.

        Returns:
            A future with the settlement, or with the refusal as its exception.

        Raises:
            Busy: ``desk.busy`` when too much waits already.
        """
        return self._put(command, dry=False)

    def presettle(self, command: SettleVisit | SettlePurchase) -> Future[Settlement]:
        """What `submit` would answer now: the same code, without any effect; may be asked again."""
        return self._put(command, dry=True)

    def return_part(self, command: ReversePart) -> Future[PartReturned]:
        """Take some lines of a purchase back: the whole reversed and the rest settled, both or neither; as `submit`."""
        return self._put(command, dry=False)

    def hold(self, command: HoldCommand) -> Future[HoldReceipt]:
        """Place, capture or release a hold, in line with the settlements; as `submit`.

        Returns:
            A future with the receipt of the step: for a placing its `hold_id` is what the later steps name. The same
            command under the same key gives the same receipt again.
        """
        return self._put(command, dry=False)

    def close(self) -> None:
        """Finish what waits, then stop."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()

    def _put(self, command: Job, *, dry: bool) -> Future[Any]:
        waiting = _Waiting(command, dry)
        with self._wake:
            if self._closed or len(self._waiting) >= self._queue:
                raise Busy(
                    "desk.busy",
                    "too many settlements wait: send the same message again in a moment",
                    "结算排队已满，请稍后用同一报文重试",
                )
            self._waiting.append(waiting)
            self._wake.notify()
        return waiting.future

    def _take(self) -> list[_Waiting]:
        """Whatever waits, up to the largest batch; an empty list when the desk is closed and nothing waits."""
        with self._wake:
            while not self._waiting and not self._closed:
                self._wake.wait()
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_BATCH))]

    def _work(self) -> None:
        clerk: Clerk | None = None
        while batch := self._take():
            try:
                if clerk is None:
                    clerk = Clerk(self._database, self._rules, self._clock)
                outcomes = clerk.handle([(waiting.command, waiting.dry) for waiting in batch])
            except _CONNECTION_LOST as problem:
                # The connection is gone; whether the last commit arrived is not known, so nobody is told that it did.
                # The same message sent again finds out: it gets the stored answer or is settled then.
                log.error("desk.connection_lost", error=str(problem))
                _dismiss(clerk)
                clerk = None
                outcomes = [_unknown_outcome() for _ in batch]
            except Exception as problem:
                # A defect: everybody in the batch is told, the desk goes on, the log has the traceback.
                log.exception("desk.defect")
                _dismiss(clerk)
                clerk = None
                for waiting in batch:
                    waiting.future.set_exception(problem)
                continue
            for waiting, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, GongjiError):
                    waiting.future.set_exception(outcome)
                else:
                    waiting.future.set_result(outcome)
        if clerk is not None:
            clerk.close()


def _dismiss(clerk: Clerk | None) -> None:
    """Let a clerk go whose connection or state cannot be trusted; the next batch gets a new one."""
    if clerk is not None:
        clerk.close()


def _unknown_outcome() -> Busy:
    return Busy(
        "desk.unknown_outcome",
        "the database connection broke: whether this was settled is not known; send the same message again to find out",
        "数据库连接中断，结果未知：请勿重复收费，用同一报文重发即可查明",
    )


def _not_written() -> GongjiError:
    """The database refused what we decided: a defect of ours, found before any harm was done."""
    return GongjiError(
        "desk.not_written",
        "the books refused this settlement: nothing was written; tell the operator of this platform",
        "账务校验未通过，本次没有入账，请联系平台运维",
    )


def _numbers(command: Job, holds: int, *, quotas: bool) -> int:
    """How many numbers a command may take: two for a partial return, which is a reversal and a settlement; for a stay two
    more for each hold, part of which is taken and the rest given back, and with quotas for every command, which may
    take from each hold or set aside again what came out of it."""
    if isinstance(command, SettleAdmission) or quotas:
        return 2 + 3 * holds
    return 2 if isinstance(command, ReversePart) else 1


class Clerk:
    """One writer at the desk: a connection and a poster; handles a batch at a time. Not for several threads."""

    def __init__(self, database: Database, rules: RuleBook, clock: Clock) -> None:
        self._database = database
        self._rules = rules
        self._clock = clock
        with database.transaction() as connection:
            self._spread = is_spread(connection)
            self._poster: Poster = register_poster(connection, database.serials, clock.now())
        self._quotas = False
        self._citations = Citations(database)
        self._connection: psycopg.Connection[Any] = database.connect()
        if not self._spread:
            plan_by_keys(self._connection)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def handle(self, commands: Sequence[tuple[Job, bool]]) -> list[Outcome]:
        """Decide and write a batch in one transaction.

        Args:
            commands: each with whether it is only a pre-settlement.

        Returns:
            For each command its settlement (for a hold its receipt) or its refusal, in order. One refused command does not touch the others.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(commands)
            except _LOST_RACE as problem:
                self._connection.rollback()
                log.warning("desk.lost_race", attempt=attempt, error=str(problem))
            except (psycopg.DataError, psycopg.IntegrityError) as problem:
                self._connection.rollback()
                log.error("desk.refused_by_database", commands=len(commands), error=str(problem))
                break
            except BaseException:
                self._connection.rollback()
                raise
        if len(commands) == 1:
            return [_not_written()]
        return [self.handle([command])[0] for command in commands]

    def _once(self, commands: Sequence[tuple[Job, bool]]) -> list[Outcome]:
        at = self._clock.now()
        jobs = [command for command, _ in commands]
        loaded = load(self._connection, jobs, self._rules, at, spread=self._spread, quotas=self._quotas)
        # Where one batch meets relatives' quotas, the next is likely to: it is spared the loading without them.
        self._quotas = bool(loaded.holds.quotas)
        placed = sum(isinstance(command, PlaceHold) for command, _ in commands)
        holds = len(loaded.holds.holds) + placed
        made = sum(_numbers(command, holds, quotas=self._quotas or bool(loaded.captured)) for command in jobs)
        batch = Batch(loaded, self._rules, at, self._database.serials.take(made, at))
        outcomes = [batch.decide(command, dry=dry) for command, dry in commands]
        self._finish(batch)
        return outcomes

    def _finish(self, batch: Batch) -> None:
        journals = batch.journals
        if batch.closed:
            self._connection.execute(CLOSE, key_parameters(batch.closed))
        if not journals:
            if batch.closed:
                self._connection.commit()
            else:
                self._connection.rollback()
            return
        block = self._poster.prepare(journals)
        entries, held = batch.entries, batch.held
        write(self._connection, entries, held, batch.loaded, block, self._citations, batch.at, spread=self._spread)
        self._connection.commit()
        self._poster.confirm(block)
