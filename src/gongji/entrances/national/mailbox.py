"""What other threads come to, brought back to the event loop: all that came meanwhile with one wake-up.

The desk answers a whole batch at once. Woken for each answer, the loop spent a system call and two more rounds on every
one of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")


class Mailbox:
    """The answers for one event loop.

    Attributes:
        loop: that one.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._letters: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._called = False

    def letter(self) -> Letter[Any]:
        """A letter that somebody in another thread is to fill in."""
        return Letter(self, self.loop.create_future())

    def post(self, waiting: asyncio.Future[Any], result: Any, problem: BaseException | None) -> None:
        """Have a result, or a problem in its place, brought to whoever waits; from any thread."""
        self._letters.append((waiting, result, problem))
        if not self._called:
            self._called = True
            try:
                self.loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:
                # The loop has ended, and with it everybody who waited.
                self._letters.clear()

    def _deliver(self) -> None:
        # Before the letters are taken: one that comes while they are being taken calls again.
        self._called = False
        while self._letters:
            waiting, result, problem = self._letters.popleft()
            if waiting.done():
                continue
            if problem is None:
                waiting.set_result(result)
            else:
                waiting.set_exception(problem)


class Letter(Generic[T]):
    """An answer that is still to come: another thread fills it in as it would a future; half as much work as one.

    Attributes:
        waiting: the loop's future that will hold it. Who gives up waiting calls nothing off: a settlement in progress goes on.
    """

    __slots__ = ("_box", "waiting")

    def __init__(self, box: Mailbox, waiting: asyncio.Future[T]) -> None:
        self._box = box
        self.waiting = waiting

    def set_result(self, result: T, /) -> None:
        """Fill in the answer."""
        self._box.post(self.waiting, result, None)

    def set_exception(self, problem: BaseException, /) -> None:
        """Fill in what there is in place of an answer."""
        self._box.post(self.waiting, None, problem)


class _Here(threading.local):
    """The mailbox of the loop that runs in a thread."""

    box: Mailbox | None = None


_here: Final = _Here()


def letter() -> Letter[Any]:
    """A letter to the running loop."""
    loop, box = asyncio.get_running_loop(), _here.box
    if box is None or box.loop is not loop:
        box = _here.box = Mailbox(loop)
    return box.letter()


def answered(answer: Future[T]) -> asyncio.Future[T]:
    """Another thread's answer, to be awaited on the running loop."""
    expected: Letter[T] = letter()

    def done(known: Future[T]) -> None:
        problem = known.exception()
        if problem is None:
            expected.set_result(known.result())
        else:
            expected.set_exception(problem)

    answer.add_done_callback(done)
    return expected.waiting
