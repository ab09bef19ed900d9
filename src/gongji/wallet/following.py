"""Transfers that somebody was interrupted at, that were answered, or whose time is over, find their end by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from gongji.foundation.errors import Busy, GongjiError
from gongji.wallet import store
from gongji.wallet.model import TransferState
from gongji.wallet.service import Wallets, carry_on, go_on

log = structlog.get_logger()

#: A transfer that is still being placed after this long was interrupted.
INTERRUPTED_AFTER: Final = timedelta(minutes=2)

#: Transfers a round takes.
BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of a round: transfers that went on, and those that the desk was too busy for."""

    done: int
    left: int


def follow_transfers(wallets: Wallets) -> Followed:
    """Go on with every transfer that nobody is at. May run in several places at once, and be stopped at any moment."""
    now = wallets.clock.now()
    with wallets.database.transaction() as connection:
        waiting = store.unfinished(connection, now - INTERRUPTED_AFTER, now, BATCH)
    done = left = 0
    for transfer_id in waiting:
        try:
            with wallets.database.transaction() as connection:
                one = store.learn(connection, transfer_id)
            if one.state is TransferState.PLACING:
                carry_on(wallets, one)
            else:
                go_on(wallets, one)
            done += 1
        except Busy:
            left += 1
        except GongjiError as problem:
            # The transfer was taken back: nobody is there to be told.
            log.info("wallet.followed", transfer=transfer_id, code=problem.code)
            done += 1
    return Followed(done, left)
