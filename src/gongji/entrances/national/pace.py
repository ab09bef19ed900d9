"""How many messages an institution may send: a bucket of tokens each, in every worker process its share."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from gongji.foundation.errors import Busy

#: Buckets that are kept: more than institutions there are.
_MOST: Final = 100_000


class Pace:
    """The rate of one process. Connections spread over workers unevenly, so each may let a burst of a whole second through.

    Args:
        rate: messages a second of one institution, over all workers; 0 sets no limit.
        workers: processes that share it.
        clock: seconds, from any beginning.
    """

    def __init__(self, rate: float, workers: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._share = rate / workers
        self._burst = max(rate, 1.0)
        self._clock = clock
        self._buckets: dict[int, tuple[float, float]] = {}

    def take(self, institution_id: int) -> None:
        """Let a message through.

        Raises:
            Busy: ``access.rate``.
        """
        if not self._rate:
            return
        now = self._clock()
        tokens, since = self._buckets.get(institution_id, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._share)
        if tokens < 1:
            raise Busy(
                "access.rate",
                "the institution sends more messages than it may: wait a second and send this one again",
                "本机构发送过于频繁，请稍候一秒后重新发送",
                accepted=f"at most {self._rate:g} messages a second",
            )
        if len(self._buckets) >= _MOST:
            self._buckets.clear()
        self._buckets[institution_id] = (tokens - 1, now)
