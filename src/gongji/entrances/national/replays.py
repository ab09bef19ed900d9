"""No signature twice: every signature that comes in is noted in the database, for all processes together.

Those of messages that settle are noted by the desk's reception, together with what it looks up. The others that come in while
some are being noted wait and go with the next statement, whatever their number.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from msgspec import Struct

from gongji.entrances.national.dialects import Proof
from gongji.foundation.database import Database
from gongji.foundation.errors import NotSignedIn
from gongji.foundation.line import Line
from gongji.foundation.signatures import SLOT, Sighting, note_signatures

#: Most signatures that one statement takes.
_AT_ONCE: Final = 1024


class Signature(Struct, frozen=True):
    """A signature that was found right and has to be noted before anything is done for its message.

    Attributes:
        sighting: what is noted of it.
        used_before: the refusal when it was noted before.
    """

    sighting: Sighting
    used_before: Callable[[], NotSignedIn]
    _guard: ReplayGuard

    async def noted(self) -> None:
        """Wait until it is noted.

        Raises:
            NotSignedIn: ``access.replayed``; in the dialect's own form where it has one.
        """
        if not await self._guard.note_later(self.sighting):
            raise self.used_before()


class ReplayGuard:
    """Admits each signature once.

    Args:
        database: where they are noted.
    """

    def __init__(self, database: Database) -> None:
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="replays")
        self._line = Line(database, _need_not_wait)

    def note_later(self, sighting: Sighting) -> asyncio.Future[bool]:
        """Begin to take note of a signature.

        Returns:
            Whether it may be taken, once it is noted; see `replayed`.
        """
        loop = asyncio.get_running_loop()
        queue = self._queues.get(loop)
        if queue is None:
            queue = self._queues[loop] = _Queue(self, loop)
        return queue.noted(sighting)

    def close(self) -> None:
        """Finish what is under way and let the connection go."""
        self._worker.shutdown()
        self._line.close()

    def note(self, sightings: list[Sighting]) -> list[bool]:
        """Note signatures, in the worker's thread; over a new connection when the old one is lost."""
        return self._line.ask(lambda connection: note_signatures(connection, sightings))

    def submit(self, loop: asyncio.AbstractEventLoop, sightings: list[Sighting]) -> asyncio.Future[list[bool]]:
        """Have the worker note signatures."""
        return loop.run_in_executor(self._worker, self.note, sightings)


def _need_not_wait(connection: psycopg.Connection[Any]) -> None:
    """A commit need not wait for the disk; see `gongji.foundation.signatures`."""
    connection.execute("SET synchronous_commit = off")


def replayed(proof: Proof) -> NotSignedIn:
    """``access.replayed``."""
    return NotSignedIn(
        "access.replayed",
        "this signature was used before: sign every message anew",
        "签名已使用过：每次发送请换新的随机数或时间戳并重新签名",
        field="x-tif-nonce" if proof.nonce else None,
        accepted="a signature not used before",
    )


class _Queue:
    """What waits on one event loop."""

    def __init__(self, guard: ReplayGuard, loop: asyncio.AbstractEventLoop) -> None:
        self._guard = guard
        self._loop = loop
        self._waiting: list[tuple[Sighting, asyncio.Future[bool]]] = []
        self._busy = False

    def noted(self, sighting: Sighting) -> asyncio.Future[bool]:
        """Whether the signature may be taken, once it is noted."""
        answer: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.append((sighting, answer))
        if not self._busy:
            self._busy = True
            # After what else is ready in this round of the loop: its signatures come along.
            self._loop.call_soon(self._go)
        return answer

    def _go(self) -> None:
        batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
        work = self._guard.submit(self._loop, [sighting for sighting, _ in batch])
        work.add_done_callback(lambda done: self._answer(batch, done))

    def _answer(self, batch: list[tuple[Sighting, asyncio.Future[bool]]], done: asyncio.Future[list[bool]]) -> None:
        problem = done.exception()
        taken = [False] * len(batch) if problem is not None else done.result()
        for (_, answer), may in zip(batch, taken, strict=True):
            if answer.done():
                continue
            if problem is None:
                answer.set_result(may)
            else:
                answer.set_exception(problem)
        if self._waiting:
            self._go()
        else:
            self._busy = False


def sighting_of(proof: Proof, made_at: int, body: bytes) -> Sighting:
    """What is noted of a signature that was found right."""
    signed = f"{proof.client}\0{made_at}\0{proof.nonce}\0{proof.signature}"
    if proof.nonce:
        return Sighting(made_at // SLOT, _digest(signed.encode()), 0, repeatable=False)
    return Sighting(made_at // SLOT, _digest(signed.encode()), _digest(body), repeatable=True)


def _digest(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big", signed=True)
