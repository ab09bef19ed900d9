"""Orders that somebody was interrupted at, or that the tax office never answered, find their end by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from gongji.foundation.errors import Busy, GongjiError
from gongji.premium import store
from gongji.premium.model import OrderState
from gongji.premium.service import Office, carry_on
from gongji.premium.tax import go_on

log = structlog.get_logger()

#: An order that is still being placed after this long was interrupted.
INTERRUPTED_AFTER: Final = timedelta(minutes=2)

#: Orders a round takes.
BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of a round: orders that went on, and those that the desk was too busy for or the books refused."""

    done: int
    left: int


def follow_orders(office: Office) -> Followed:
    """Go on with every order that nobody is at. May run in several places at once, and be stopped at any moment."""
    with office.database.transaction() as connection:
        waiting = store.unfinished(connection, office.clock.now() - INTERRUPTED_AFTER, BATCH, office.clock.now())
    done = left = 0
    for order_id in waiting:
        try:
            with office.database.transaction() as connection:
                order = store.select_order(connection, order_id)
            if order.state is OrderState.PLACING:
                carry_on(office, order)
            else:
                go_on(office, order_id)
            done += 1
        except Busy:
            left += 1
        except GongjiError as problem:
            # The order found its end in a refusal, which is written; nobody is there to be told.
            log.info("premium.followed", order=order_id, code=problem.code)
            done += 1
    return Followed(done, left)
