"""What the two sides of a transfer are told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from gongji.foundation.inbox import Message, tell
from gongji.wallet.model import Transfer, TransferState

#: Whom a state is told; whoever brought it about knows it.
_SIDES: Final[Mapping[TransferState, tuple[str, ...]]] = {
    TransferState.PENDING: ("receiver",),
    TransferState.ACCEPTED: ("sender",),
    TransferState.DECLINED: ("sender",),
    TransferState.RETURNED: ("sender", "receiver"),
}


def tell_transfer(connection: sa.Connection, one: Transfer, at: datetime) -> None:
    """Tell the state that a transfer has come to, once, in the transaction that learns it."""
    people = {"sender": (one.sender_id, one.receiver_id), "receiver": (one.receiver_id, one.sender_id)}
    told = []
    for side in _SIDES.get(one.state, ()):
        reader, other = people[side]
        facts = {"amount": one.amount, "person": other, "relation": str(one.relation)}
        about = f"wallet/transfers/{one.id}"
        told.append(Message(reader, f"wallet.{one.state}.{side}", facts, about, once=str(one.id)))
    tell(connection, told, at=at)
