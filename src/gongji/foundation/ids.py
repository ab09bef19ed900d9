"""Identifiers that know their bucket.

An id is ``serial << 10 | bucket``: whoever holds the id of a person, a visit or a settlement knows the bucket of its
row without a look-up. A bucket is a stable group of families; it is part of every hot key and the distribution column
when the tables are spread over several servers.

A serial of what happens (a visit, a settlement, a journal, a block) is ``month << 34 | counter``: its id tells the month
too, and so the partition that its row lies in. The month is 0 for what lasts: people, authorisations, posters.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from datetime import date
from typing import Final

BUCKET_BITS: Final = 10
BUCKETS: Final = 1 << BUCKET_BITS

#: Room for 17 billion serials, which no month uses up; with ten bits of bucket and eleven of months an id fits 55 bits.
COUNTER_BITS: Final = 34

#: The month before the first that an id can tell: December 2019.
_BEFORE_THE_FIRST: Final = 2019 * 12 + 12

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


def month_number(day: date) -> int:
    """The month as it stands in dated ids: January 2020 is 1; what is earlier counts as that."""
    return max(1, day.year * 12 + day.month - _BEFORE_THE_FIRST)


def first_id(month: int) -> int:
    """The lowest id of a month's rows (see `month_number`); those of the month end where the next one's begin."""
    return month << COUNTER_BITS + BUCKET_BITS


def month_of(identifier: int) -> int:
    """The month (see `month_number`) that a dated id tells; 0 of what lasts."""
    return identifier >> COUNTER_BITS + BUCKET_BITS


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

    def take(self, count: int, on: date | None = None) -> list[int]:
        """Serials that nobody else has.

        Args:
            count: how many; they need not be consecutive.
            on: the day of what they number, for rows that are kept by month; None for what lasts.
        """
        taken: list[int] = []
        with self._lock:
            while len(taken) < count:
                if self._next == self._end:
                    self._next = self._next_block()
                    self._end = self._next + SERIAL_BLOCK
                some = min(count - len(taken), self._end - self._next)
                taken.extend(range(self._next, self._next + some))
                self._next += some
        if on is None:
            return taken
        month = month_number(on) << COUNTER_BITS
        return [month | serial for serial in taken]
