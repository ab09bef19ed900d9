"""The orders that a patient has still to pay, for the patient's own pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.foundation.ids import bucket_of
from gongji.foundation.questions import Question, ask
from gongji.settlement.mobile import store
from gongji.settlement.mobile.model import OrderState
from gongji.settlement.model import from_wire, wire_id

#: How long an order that was not paid stands on its patient's pages. The interface lets none end by itself; a hospital forgets
#: to withdraw some. The number of days is ours.
SHOWN_FOR: Final = timedelta(days=30)

#: Who pays an order, in the order of its columns.
QUOTED: Final = ("fund", "own", "shared", "cash")


@dataclass(frozen=True, slots=True)
class WaitingOrder:
    """An order that was not paid. Amounts in fen.

    Attributes:
        number: payOrdId, as the hospital knows it.
        place: the institution's name.
        made_at: when the hospital sent it.
        total: what is to be paid.
        payers: who would pay what by the last quote, by the names of `QUOTED`; empty while it was not quoted.
        failed: whether paying it was tried and refused.
    """

    number: str
    place: str
    made_at: datetime
    total: int
    payers: tuple[tuple[str, int], ...]
    failed: bool


#: The states of `UNPAID`, in the words of the index.
_WAITING: Final = """
SELECT o.id, o.region, i.name, o.made_at, o.state, o.total, o.fund, o.own, o.shared, o.cash
  FROM mobile_order o JOIN institution i ON i.id = o.institution_id
 WHERE o.bucket = %(bucket)s AND o.person_id = %(person)s AND o.state IN (0, 1, 15) AND o.made_at >= %(since)s
 ORDER BY o.id DESC
"""


def waiting_question(person_id: int, at: datetime) -> Question[list[WaitingOrder]]:
    """What a person has still to pay, the newest first."""
    values = {"bucket": bucket_of(person_id), "person": person_id, "since": at - SHOWN_FOR}
    return Question(_WAITING, values, _orders)


def waiting_orders(connection: sa.Connection, person_id: int, at: datetime) -> list[WaitingOrder]:
    """`waiting_question`."""
    return ask(connection, waiting_question(person_id, at))


def paid_by(connection: sa.Connection, person_id: int, number: str) -> str | None:
    """The number on the wire of the settlement by which a person's order was paid; None where it was not, or is nobody's."""
    order = store.find_order(connection, from_wire(number) or 0)
    if order is None or order.person_id != person_id or order.settlement_id is None:
        return None
    return wire_id(order.region, order.settlement_id)


def _orders(rows: Sequence[Any]) -> list[WaitingOrder]:
    return [
        WaitingOrder(
            number=wire_id(region, order_id),
            place=place,
            made_at=made_at.astimezone(CHINA),
            total=total,
            payers=tuple(zip(QUOTED, amounts, strict=True)) if any(amounts) else (),
            failed=state == OrderState.FAILED,
        )
        for order_id, region, place, made_at, state, total, *amounts in rows
    ]
