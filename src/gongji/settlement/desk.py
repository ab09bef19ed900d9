"""The desk: settlements that wait together share one transaction, one commit and a handful of statements.

A free desk takes what waits. An idle system settles batches of one at once; a busy one what came in while the last batch was
written, and for as many as that batch had it waits two milliseconds more. Each desk is a thread with a connection and a ledger poster
of its own; several desks, in one process or many, work on one database.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, Protocol

import psycopg
import structlog

from gongji.foundation.clock import Clock
from gongji.foundation.database import AWAY, Database
from gongji.foundation.distribution import is_spread
from gongji.foundation.errors import Busy, GongjiError
from gongji.foundation.personal import Vault
from gongji.foundation.planning import keep_node_connections, plan_by_keys
from gongji.foundation.prepared import keep_statements
from gongji.ledger.holds import HoldReceipt
from gongji.ledger.service import Poster, register_poster
from gongji.rules.book import RuleBook
from gongji.settlement.batch import Batch, Outcome
from gongji.settlement.citations import Citations
from gongji.settlement.holds.model import HoldCommand, PlaceHold
from gongji.settlement.load import load
from gongji.settlement.model import Command, ReversePart, SettleAdmission, Settlement, SettlePurchase, SettleVisit
from gongji.settlement.part_return import PartReturned
from gongji.settlement.reception import Errand, Found, Reception
from gongji.settlement.undo_store import CLOSE, key_parameters
from gongji.settlement.wanted import Job
from gongji.settlement.write import write

log = structlog.get_logger()

#: Most commands one transaction takes. Beyond a few hundred the cost a settlement no longer falls (measured with the
#: set-based prototype: 1,024 in one statement cost hardly less each than 256) while everybody waits longer.
LARGEST_BATCH: Final = 256

#: Seconds that a batch waits for company, and how much of the last batch's company it waits for. Callers that are answered
#: together come back together, but for the first few: taken at once, these would be a batch of their own, as dear as a large
#: one (sixteen callers, batches of 8.1 on the mean without waiting, 11.4 with it; a settlement cost 444 µs instead of 552).
#: After a batch of one nobody waits.
COMPANY: Final = 0.002
MOST_OF_IT: Final = 0.8

#: A batch may lose a race for a key, or be the victim of a deadlock with a foreign client; it is then taken again.
ATTEMPTS: Final = 3

_LOST_RACE = (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)

#: How Citus tells of a key that is taken when it copied the rows to a node: as a defect of its own, in the node's words.
_KEY_TAKEN = "duplicate key value violates unique constraint"


class Answer(Protocol):
    """What the desk fills in when it is done, from its own thread: a future, or what is lighter."""

    def set_result(self, result: Any, /) -> None: ...
    def set_exception(self, problem: Exception, /) -> None: ...


@dataclass(slots=True)
class _Waiting:
    wanted: Job | Errand
    dry: bool
    answer: Answer


class Desk:
    """Takes commands from any thread and settles them in batches.

    Args:
        database: where the books are.
        rules: the rule book.
        clock: tells the moment of settlement.
        vault: opens the names of people whom errands concern; a desk without one takes commands alone.
        desks: threads, each with a connection, and one more for its reception.
        queue: commands that may wait before new ones are refused as busy.
    """

    def __init__(
        self,
        database: Database,
        rules: RuleBook,
        clock: Clock,
        vault: Vault | None = None,
        *,
        desks: int = 1,
        queue: int = 4096,
    ) -> None:
        self._database = database
        self._vault = vault
        self._rules = rules
        self._clock = clock
        self._queue = queue
        self._waiting: deque[_Waiting] = deque()
        self._last = 0
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
        return self._promise(command, dry=False)

    def serve(self, errand: Errand, answer: Answer, *, dry: bool = False) -> None:
        """Find out whom an errand concerns and settle what comes of it; as `submit`, or with `dry` as `presettle`.

        Args:
            errand: what an institution wants.
            answer: is given what was found and the settlement, or the refusal.
            dry: only what it would come to.

        Raises:
            Busy: ``desk.busy`` when too much waits already.
        """
        self._put(_Waiting(errand, dry, answer))

    def presettle(self, command: SettleVisit | SettlePurchase) -> Future[Settlement]:
        """What `submit` would answer now: the same code, without any effect; may be asked again."""
        return self._promise(command, dry=True)

    def return_part(self, command: ReversePart) -> Future[PartReturned]:
        """Take some lines of a purchase back: the whole reversed and the rest settled, both or neither; as `submit`."""
        return self._promise(command, dry=False)

    def hold(self, command: HoldCommand) -> Future[HoldReceipt]:
        """Place, capture or release a hold, in line with the settlements; as `submit`.

        Returns:
            A future with the receipt of the step: for a placing its `hold_id` is what the later steps name. The same
            command under the same key gives the same receipt again.
        """
        return self._promise(command, dry=False)

    def close(self) -> None:
        """Finish what waits, then stop."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()

    def _promise(self, command: Job, *, dry: bool) -> Future[Any]:
        future: Future[Any] = Future()
        self._put(_Waiting(command, dry, future))
        return future

    def _put(self, waiting: _Waiting) -> None:
        with self._wake:
            if self._closed or len(self._waiting) >= self._queue:
                raise Busy(
                    "desk.busy",
                    "too many settlements wait: send the same message again in a moment",
                    "结算排队已满，请稍后用同一报文重试",
                )
            self._waiting.append(waiting)
            self._wake.notify()

    def _take(self) -> list[_Waiting]:
        """Whatever waits, up to the largest batch; an empty list when the desk is closed and nothing waits."""
        with self._wake:
            while not self._waiting and not self._closed:
                self._wake.wait()
            self._wait_for_company()
            self._last = min(len(self._waiting), LARGEST_BATCH)
            return [self._waiting.popleft() for _ in range(self._last)]

    def _wait_for_company(self) -> None:
        wanted = self._last * MOST_OF_IT
        until = time.monotonic() + COMPANY
        while len(self._waiting) < wanted and not self._closed and (left := until - time.monotonic()) > 0:
            self._wake.wait(left)

    def _work(self) -> None:
        clerk: Clerk | None = None
        while batch := self._take():
            try:
                if clerk is None:
                    clerk = Clerk(self._database, self._rules, self._clock, self._vault)
                outcomes = clerk.serve([(waiting.wanted, waiting.dry) for waiting in batch])
            except AWAY as problem:
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
                    waiting.answer.set_exception(problem)
                continue
            for waiting, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, Exception):
                    waiting.answer.set_exception(outcome)
                else:
                    waiting.answer.set_result(outcome)
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

    def __init__(self, database: Database, rules: RuleBook, clock: Clock, vault: Vault | None = None) -> None:
        self._database = database
        self._reception = Reception(database, vault) if vault is not None else None
        self._rules = rules
        self._clock = clock
        with database.transaction() as connection:
            self._spread = is_spread(connection)
            self._poster: Poster = register_poster(connection, database.serials, clock.now())
        self._quotas = False
        self._citations = Citations(database)
        self._connection: psycopg.Connection[Any] = database.connect()
        (keep_node_connections if self._spread else plan_by_keys)(self._connection)
        keep_statements(self._connection)

    def close(self) -> None:
        """Give the connections back."""
        if self._reception is not None:
            self._reception.close()
        self._connection.close()

    def serve(self, wanted: Sequence[tuple[Job | Errand, bool]]) -> list[Any]:
        """Handle a batch some of which are errands: these become commands once, however often the batch is tried.

        Returns:
            As `handle`; of an errand what was found and the settlement, or what kept it from becoming a command.
        """
        errands = {place: one for place, (one, _) in enumerate(wanted) if isinstance(one, Errand)}
        made = self._commands(errands) if errands else {}
        commands: list[tuple[Job, bool]] = []
        places: list[int] = []
        for place, (one, dry) in enumerate(wanted):
            command = made[place][1] if isinstance(one, Errand) else one
            if not isinstance(command, Exception):
                commands.append((command, dry))
                places.append(place)
        settled = dict(zip(places, self.handle(commands) if commands else (), strict=True))
        outcomes: list[Any] = []
        for place in range(len(wanted)):
            outcome = settled[place] if place in settled else made[place][1]
            told = place in errands and not isinstance(outcome, Exception)
            outcomes.append((made[place][0], outcome) if told else outcome)
        return outcomes

    def _commands(self, errands: Mapping[int, Errand]) -> dict[int, tuple[Found, Job | Exception]]:
        """What was found for each errand, and its command or what kept it from becoming one."""
        assert self._reception is not None, "this desk was given no vault to look people up with"
        found = self._reception.look_up([errand.enquiry for errand in errands.values()])
        made: dict[int, tuple[Found, Job | Exception]] = {}
        for (place, errand), known in zip(errands.items(), found, strict=True):
            try:
                made[place] = (known, errand.command(known))
            # A refusal, or a defect in the making of this one command: its sender alone is told.
            except Exception as problem:  # noqa: BLE001
                made[place] = (known, problem)
        return made

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
            except (*_LOST_RACE, psycopg.InternalError) as problem:
                self._connection.rollback()
                if isinstance(problem, psycopg.InternalError) and not str(problem).startswith(_KEY_TAKEN):
                    raise
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
