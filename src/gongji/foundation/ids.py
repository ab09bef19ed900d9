"""Identifiers that know their bucket.

An id is ``serial << 10 | bucket``: whoever holds the id of a person, a visit or a settlement knows the bucket of its
row without a look-up. A bucket is a stable group of families; it is part of every hot key and the distribution column
when the tables are spread over several servers.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from typing import Final

BUCKET_BITS: Final = 10
BUCKETS: Final = 1 << BUCKET_BITS

#: How many serials one `nextval` brings (the sequence's INCREMENT); a crash loses at most this many.
SERIAL_BLOCK: Final = 1000


def compose(serial: int, bucket: int) -> int:
    """The id of the row with this serial in this bucket."""
    return serial << BUCKET_BITS | bucket


def bucket_of(identifier: int) -> int:
    """The bucket that an id lies in."""
    return identifier & (BUCKETS - 1)


def bucket_for(text: str) -> int:
    """The bucket for a household key: the same text always gives the same bucket."""
    return zlib.crc32(text.encode()) % BUCKETS


class Serials:
    """Hands out serials, a block from the database sequence at a time; safe to call from several threads.

    Args:
        next_block: returns the first serial of a fresh block (``nextval('serial')``).
    """

    def __init__(self, next_block: Callable[[], int]) -> None:
        self._next_block = next_block
        self._lock = threading.Lock()
        self._next = 0
        self._end = 0

    def take(self, count: int) -> list[int]:
        """`count` serials that nobody else has; they need not be consecutive."""
        taken: list[int] = []
        with self._lock:
            while len(taken) < count:
                if self._next == self._end:
                    self._next = self._next_block()
                    self._end = self._next + SERIAL_BLOCK
                some = min(count - len(taken), self._end - self._next)
                taken.extend(range(self._next, self._next + some))
                self._next += some
        return taken
