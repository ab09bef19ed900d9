"""Carrying out what officers decided, once it can no longer be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gongji.entrances.web.visits import Visit
from gongji.family import casework

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform


def carry_out_decisions(platform: Platform) -> int:
    """Carry out every decision that is due; gives how many."""
    with platform.database.transaction() as connection:
        return casework.carry_out(connection, platform.rules, platform.clock.now())


def carry_out_now(visit: Visit) -> None:
    """The same before a page shows the queue, so that it never shows what is over."""
    casework.carry_out(visit.connection, visit.platform.rules, visit.now)
