"""Orders that somebody was interrupted at, or that the tax office never answered, find their end by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gongji.foundation.following import Followed, follow
from gongji.premium import store
from gongji.premium.model import OrderState
from gongji.premium.service import Office, carry_on
from gongji.premium.tax import go_on

#: An order that is still being placed after this long was interrupted.
INTERRUPTED_AFTER: Final = timedelta(minutes=2)

#: Orders a round takes.
BATCH: Final = 200


def follow_orders(office: Office) -> Followed:
    """Go on with every order that nobody is at. May run in several places at once, and be stopped at any moment."""
    now = office.clock.now()
    with office.database.transaction() as connection:
        waiting = store.unfinished(connection, now - INTERRUPTED_AFTER, BATCH, now)

    def next_step(order_id: int) -> None:
        with office.database.transaction() as connection:
            order = store.select_order(connection, order_id)
        if order.state is OrderState.PLACING:
            carry_on(office, order)
        else:
            go_on(office, order_id)

    return follow(waiting, next_step, "premium.order")
