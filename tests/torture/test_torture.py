"""A short torture: every kind of fault at least once; `make torture` for at least 100 kills."""

from __future__ import annotations

import time

from torture.ordeal import FAULTS, Ordeal
from torture.server import Server, small_disk


def test_nothing_that_was_answered_is_lost_whatever_is_killed_cut_or_full() -> None:
    with small_disk() as (folder, disk):
        server = Server(folder, disk)
        server.start()
        ordeal = Ordeal(server, "a short torture")
        try:
            ordeal.go_on(kills=6, until=time.monotonic() + 15)
            ordeal.end()
        finally:
            ordeal.close()
        expected = set(FAULTS) - (set() if disk else {"disk full"})
        assert set(ordeal.counts) == expected
        assert len(ordeal.told.answers) > 50
        shared, wallet = (any(figures[place] for _, figures in ordeal.told.answers.values()) for place in (2, 3))
        assert shared
        assert wallet
        assert ordeal.told.deeds
