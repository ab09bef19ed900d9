"""Deadlines for many calls at once: one look a second at all that are under way, instead of a timer for each."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final

#: Seconds between two looks: a deadline is met that much late at most.
_EVERY: Final = 0.5


class Deadline:
    """When the running task has to be done, while the block runs; then it is called off.

    Attributes:
        at: in the loop's own seconds; may be moved.

    Raises:
        TimeoutError: at the end of the block, when the time had passed.
    """

    __slots__ = ("_calls", "_task", "at", "passed")

    def __init__(self, at: float, task: asyncio.Task[object], calls: set[Deadline]) -> None:
        self.at = at
        self.passed = False
        self._task = task
        self._calls = calls

    def __enter__(self) -> Deadline:
        self._calls.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, where: TracebackType | None
    ) -> None:
        self._calls.discard(self)
        # Somebody else's cancelling (the server ends) goes on as it is.
        if isinstance(problem, asyncio.CancelledError) and self.passed and self._task.uncancel() == 0:
            raise TimeoutError from None

    def call_off(self) -> None:
        """The time has passed."""
        self.passed = True
        self._task.cancel()


class Deadlines:
    """The calls under way on an event loop (and on the next one, when that has ended)."""

    def __init__(self) -> None:
        self._calls: set[Deadline] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def watched(self, seconds: float) -> Deadline:
        """A deadline for the running task, so many seconds from now."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        if self._loop is not loop:
            self._loop, self._calls = loop, set()
            loop.call_later(_EVERY, self._look)
        return Deadline(loop.time() + seconds, task, self._calls)

    def _look(self) -> None:
        assert self._loop is not None
        now = self._loop.time()
        for deadline in list(self._calls):
            if deadline.at < now and not deadline.passed:
                deadline.call_off()
        self._loop.call_later(_EVERY, self._look)
