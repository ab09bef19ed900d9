"""Work that is done every so often in a thread of its own while a server is up."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from gongji.foundation.database import AWAY
from gongji.foundation.errors import GongjiError

log = structlog.get_logger()


class Rounds:
    """Calls a function again and again; a round that fails is logged, and the next one finds out whether it still does.

    Args:
        name: of the thread, and in the log.
        work: one round.
        every_seconds: how long to wait before each.
    """

    def __init__(self, name: str, work: Callable[[], object], *, every_seconds: float) -> None:
        self._name = name
        self._work = work
        self._every = every_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the round in hand."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            try:
                self._work()
            except (*AWAY, GongjiError) as problem:
                log.error("rounds.failed", work=self._name, error=str(problem))
