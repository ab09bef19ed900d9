"""What other threads come to, brought back to the event loop: all that came meanwhile with one wake-up.

The desk answers a whole batch at once. Woken for each answer, the loop spent a system call and two more rounds on every
one of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class Mailbox:
    """The answers for one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._letters: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._called = False

    def expect(self, answer: Future[T]) -> asyncio.Future[T]:
        """A future of the loop that will hold `answer`. Who gives up waiting calls nothing off: a settlement in progress
        goes on."""
        waiting: asyncio.Future[T] = self._loop.create_future()
        answer.add_done_callback(lambda done: self._post(waiting, done))
        return waiting

    def _post(self, waiting: asyncio.Future[Any], answer: Future[Any]) -> None:
        self._letters.append((waiting, answer))
        if not self._called:
            self._called = True
            try:
                self._loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:
                # The loop has ended, and with it everybody who waited.
                self._letters.clear()

    def _deliver(self) -> None:
        # Before the letters are taken: one that comes while they are being taken calls again.
        self._called = False
        while self._letters:
            waiting, answer = self._letters.popleft()
            if waiting.done():
                continue
            problem = answer.exception()
            if problem is None:
                waiting.set_result(answer.result())
            else:
                waiting.set_exception(problem)


_mailboxes: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, Mailbox]] = WeakKeyDictionary()


def answered(answer: Future[T]) -> asyncio.Future[T]:
    """Another thread's answer, to be awaited on the running loop."""
    loop = asyncio.get_running_loop()
    box = _mailboxes.get(loop)
    if box is None:
        box = _mailboxes[loop] = Mailbox(loop)
    return box.expect(answer)
