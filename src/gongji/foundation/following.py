"""What somebody was interrupted at is gone on with by a loop: one thing after another, each in transactions of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from gongji.foundation.errors import Busy, GongjiError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of a round: what went on or found its end in a refusal, and what the desk was too busy for."""

    done: int
    left: int


def follow(waiting: Iterable[int], go_on: Callable[[int], object], what: str) -> Followed:
    """Go on with each of them. May run in several places at once, and be stopped at any moment.

    Args:
        waiting: numbers of the things that nobody is at.
        go_on: does the next step of one; any number of times.
        what: its name in the log (``premium.order``).
    """
    done = left = 0
    for number in waiting:
        try:
            go_on(number)
            done += 1
        except Busy:
            left += 1
        except GongjiError as problem:
            # It found its end in a refusal, which is written; nobody is there to be told.
            log.info("followed", what=what, number=number, code=problem.code)
            done += 1
    return Followed(done, left)
