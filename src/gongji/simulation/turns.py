"""Work done by several threads at once and handed over in order, with no more than a few pieces under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

Piece = TypeVar("Piece")
Made = TypeVar("Made")


def in_turn(make: Callable[[Piece], Made], pieces: Iterable[Piece], workers: Executor, threads: int) -> Iterator[Made]:
    """What is made of each piece, in the order of the pieces.

    Args:
        make: called in a worker.
        pieces: taken one by one in the caller's thread, one ahead for each thread and one more.
        workers: do the work.
        threads: how many of them there are.
    """
    under_way: deque[Future[Made]] = deque()
    try:
        for piece in pieces:
            under_way.append(workers.submit(make, piece))
            if len(under_way) > threads + 1:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()
