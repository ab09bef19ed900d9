"""What the payer of a premium, and whom it insures, are told of an order."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from gongji.foundation.inbox import Message, tell
from gongji.premium.model import Order, OrderState

#: Whoever is insured by it is told when that is so, and when it no longer is.
_INSURED_IS_TOLD: Final = (OrderState.BOOKED, OrderState.SENT_BACK)


def tell_order(connection: sa.Connection, order: Order, at: datetime) -> None:
    """Tell the state that an order has come to, in the transaction that brought it there."""
    facts = {"amount": order.amount, "year": order.year, "authorisation": order.authorisation_id}
    told = [Message(order.sharer_id, f"premium.{order.state}.sharer", facts, f"premiums/{order.id}")]
    if order.state in _INSURED_IS_TOLD:
        told.append(
            Message(order.person_id, f"premium.{order.state}.user", facts, f"sharings/{order.authorisation_id}")
        )
    tell(connection, told, at=at)
