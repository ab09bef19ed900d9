"""Transfers that somebody was interrupted at, that were answered, or whose time is over, find their end by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gongji.foundation.following import Followed, follow
from gongji.wallet import store
from gongji.wallet.model import TransferState
from gongji.wallet.service import Wallets, carry_on, go_on

#: A transfer that is still being placed after this long was interrupted.
INTERRUPTED_AFTER: Final = timedelta(minutes=2)

#: Transfers a round takes.
BATCH: Final = 500


def follow_transfers(wallets: Wallets) -> Followed:
    """Go on with every transfer that nobody is at. May run in several places at once, and be stopped at any moment."""
    now = wallets.clock.now()
    with wallets.database.transaction() as connection:
        waiting = store.unfinished(connection, now - INTERRUPTED_AFTER, now, BATCH)

    def next_step(transfer_id: int) -> None:
        with wallets.database.transaction() as connection:
            one = store.learn(connection, transfer_id)
        if one.state is TransferState.PLACING:
            carry_on(wallets, one)
        else:
            go_on(wallets, one)

    return follow(waiting, next_step, "wallet.transfer")
