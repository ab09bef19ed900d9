"""Deadlines for many calls at once: one look a second at all that are under way, instead of a timer for each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

#: Seconds between two looks: a deadline is met that much late at most.
_EVERY: Final = 0.5


@dataclass(slots=True)
class Deadline:
    """When a call has to be done; `at` is in the loop's own seconds and may be moved."""

    at: float
    task: asyncio.Task[object]
    passed: bool = False


class Deadlines:
    """The calls under way on an event loop (and on the next one, when that has ended)."""

    def __init__(self) -> None:
        self._deadlines: dict[int, Deadline] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextmanager
    def watched(self, seconds: float) -> Iterator[Deadline]:
        """Call the running task off when it is not done in time.

        Raises:
            TimeoutError: when the time had passed.
        """
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        deadline = Deadline(loop.time() + seconds, task)
        if self._loop is not loop:
            self._loop, self._deadlines = loop, {}
            loop.call_later(_EVERY, self._look)
        self._deadlines[id(deadline)] = deadline
        try:
            yield deadline
        except asyncio.CancelledError:
            # Somebody else's cancelling (the server ends) goes on as it is.
            if deadline.passed and task.uncancel() == 0:
                raise TimeoutError from None
            raise
        finally:
            self._deadlines.pop(id(deadline), None)

    def _look(self) -> None:
        assert self._loop is not None
        now = self._loop.time()
        for deadline in list(self._deadlines.values()):
            if deadline.at < now and not deadline.passed:
                deadline.passed = True
                deadline.task.cancel()
        self._loop.call_later(_EVERY, self._look)
