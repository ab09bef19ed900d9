"""Settlements in process, without HTTP: desks that always have so many waiting, and what one costs server and Python."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, cast

import psycopg

from bench.settle.city import City, purchase, shuffled
from bench.settle.machine import Machine
from gongji.entrances.platform import keep_for_good
from gongji.foundation.clock import SystemClock
from gongji.foundation.database import Database
from gongji.foundation.together import Together
from gongji.ledger import store as ledger
from gongji.rules.book import RuleBook
from gongji.settlement import write
from gongji.settlement.batch import Batch
from gongji.settlement.desk import Clerk, Desk
from gongji.settlement.model import Settlement, SettlePurchase

#: How many settlements wait at the desks altogether, as 256 callers would have it.
WAITING = 256


@dataclass(frozen=True)
class Load:
    """Whose purchases, and where: everybody everywhere, one family, one institution."""

    name: str
    families: int | None = None
    institutions: int | None = None


SPREAD = Load("spread")
HOT_FAMILY = Load("one family", families=1)
HOT_HOSPITAL = Load("one institution", institutions=1)


def purchases(city: City, load: Load, seed: int) -> Iterator[SettlePurchase]:
    """Purchases of a load, for ever."""
    fathers = shuffled(city, seed, load.families)
    shops = city.pharmacies[: load.institutions]
    stamp = f"{time.time_ns():020d}{seed}"
    for number, father in enumerate(fathers):
        yield purchase(city, father, shops[number % len(shops)], stamp, SystemClock().now())


#: Numbers of callers at which the desk is held against settling each by itself.
CALLERS: Final = (1, 2, 4, 8, 16, 32, 64)


def rate(url: str, city: City, load: Load, seconds: float, waiting: int = WAITING, *, one_each: bool = False) -> float:
    """Settlements a second of two processes that share `waiting` callers (of one process, for one caller).

    Args:
        url: the database.
        city: who buys.
        load: whose purchases.
        seconds: how long.
        waiting: callers.
        one_each: each caller has a connection and settles by itself, in a transaction of its own, past the desk.
    """
    processes = min(2, waiting)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    ready = context.Barrier(processes)
    settle = _settle_one_each if one_each else _settle_all_the_time
    workers = [
        context.Process(target=settle, args=(url, city, load, seconds, number, waiting // processes, ready, results))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    rates = [results.get(timeout=seconds + 120) for _ in workers]
    for worker in workers:
        worker.join()
    return sum(rates)


def _settle_all_the_time(
    url: str, city: City, load: Load, seconds: float, seed: int, waiting: int, ready: Any, results: Any
) -> None:
    database = Database(url)
    desk = Desk(database, RuleBook.shipped(), SystemClock())
    source = purchases(city, load, seed)
    # Commands are made before the clock runs, and the collector of garbage need not look through them: making and keeping
    # them is the caller's work, not the desk's.
    stock = list(islice(source, int(seconds * 12_000)))
    keep_for_good()
    for future in [desk.submit(command) for command in islice(source, waiting)]:
        future.result()
    done = 0
    ended = threading.Semaphore(0)

    def answered(future: Future[Settlement]) -> None:
        nonlocal done
        future.result()
        done += 1
        if time.perf_counter() < until and stock:
            desk.submit(stock.pop()).add_done_callback(answered)
        else:
            ended.release()

    ready.wait()
    began = time.perf_counter()
    until = began + seconds
    for _ in range(waiting):
        desk.submit(stock.pop()).add_done_callback(answered)
    for _ in range(waiting):
        ended.acquire()
    results.put(done / (time.perf_counter() - began))
    desk.close()
    database.close()


def _settle_one_each(
    url: str, city: City, load: Load, seconds: float, seed: int, waiting: int, ready: Any, results: Any
) -> None:
    database = Database(url)
    source = purchases(city, load, seed)
    stock = list(islice(source, int(seconds * 4_000)))
    clerks = [Clerk(database, RuleBook.shipped(), SystemClock()) for _ in range(waiting)]
    keep_for_good()
    for clerk in clerks:
        _all_settled(clerk.handle([(stock.pop(), False)]))
    done = [0] * waiting

    def settle(place: int) -> None:
        while time.perf_counter() < until and stock:
            _all_settled(clerks[place].handle([(stock.pop(), False)]))
            done[place] += 1

    ready.wait()
    began = time.perf_counter()
    until = began + seconds
    threads = [threading.Thread(target=settle, args=(place,)) for place in range(waiting)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(sum(done) / (time.perf_counter() - began))
    for clerk in clerks:
        clerk.close()
    database.close()


@dataclass(frozen=True)
class Cost:
    """CPU time of one settlement in µs, in batches of 256: in Python, in the server, and in the server when nothing but
    the same rows is written."""

    python: float
    server: float
    floor: float


def cost(machine: Machine, url: str, city: City, batches: int = 24) -> Cost:
    """Measure what a settlement costs, one clerk alone."""
    database = Database(url)
    clerk = Clerk(database, RuleBook.shipped(), SystemClock())
    keep_for_good()
    source = purchases(city, SPREAD, 99)
    stock = [[(command, False) for command in islice(source, WAITING)] for _ in range(batches + 1)]
    _all_settled(clerk.handle(stock.pop()))
    python, server = machine.cpu(lambda: [_all_settled(clerk.handle(batch)) for batch in stock])
    count = batches * WAITING
    clerk.close()
    notes = captured(database, purchases(city, SPREAD, 98), batches)
    with database.connect() as connection:
        _, floor = machine.cpu(lambda: write_only(connection, notes))
    database.close()
    return Cost(python / count * 1e6, server / count * 1e6, floor / count * 1e6)


def _all_settled(outcomes: list[Any]) -> None:
    for outcome in outcomes:
        if not isinstance(outcome, Settlement):
            raise outcome


#: The rows of a batch and nothing else: no account is locked or moved.
_ONLY_ROWS: Final = Together({name: write for name, write in ledger.POST.writes.items() if name != "moved"}).statement


class _Rehearsal(Clerk):
    """Decides like every clerk and then only notes what it would have written."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, RuleBook.shipped(), SystemClock())
        self.notes: list[tuple[str, dict[str, Any]]] = []

    def _finish(self, batch: Batch) -> None:
        block = self._poster.prepare(batch.journals)
        notebook = cast("Any", _Notebook(self.notes, block.accounts))
        write.write(notebook, batch.entries, batch.held, batch.loaded, block, self._citations, batch.at)
        self._connection.rollback()
        self._poster.confirm(block)


class _Notebook:
    """Stands where the connection would and keeps the statements with their parameters; they give no rows."""

    description = None

    def __init__(self, notes: list[tuple[str, dict[str, Any]]], moved: int) -> None:
        self._notes, self._moved = notes, moved

    def pipeline(self) -> AbstractContextManager[None]:
        return nullcontext()

    def execute(self, statement: str, parameters: dict[str, Any]) -> _Notebook:
        self._notes.append((_ONLY_ROWS if statement == ledger.POST.statement else statement, parameters))
        return self

    @property
    def rowcount(self) -> int:
        return self._moved


def captured(database: Database, source: Iterator[SettlePurchase], batches: int) -> list[tuple[str, dict[str, Any]]]:
    """The writing statements of batches that are decided and then given up."""
    clerk = _Rehearsal(database)
    for _ in range(batches):
        _all_settled(clerk.handle([(command, False) for command in islice(source, WAITING)]))
    clerk.close()
    return clerk.notes


def write_only(connection: psycopg.Connection[Any], notes: Sequence[tuple[str, dict[str, Any]]]) -> None:
    for statement, parameters in notes:
        connection.execute(statement, parameters)
        if statement == write.WRITE_COUNTERS.statement:
            connection.commit()
