"""What the two people of a quota are told; each use is told from the books (`gongji.settlement.telling`)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from gongji.foundation.inbox import Message, tell
from gongji.wallet.quotas.model import Quota, QuotaEnd


def tell_user(connection: sa.Connection, one: Quota, what: str, amount: int, at: datetime) -> None:
    """Tell whoever may use a quota: ``proposed``, ``changed`` or how it ended."""
    _tell(connection, one, what, "receiver", amount, at)


def tell_giver(connection: sa.Connection, one: Quota, what: str, amount: int, at: datetime) -> None:
    """Tell the giver: ``accepted``, or how it ended and what came back."""
    _tell(connection, one, what, "sender", amount, at)


def tell_ended(connection: sa.Connection, one: Quota, ending: QuotaEnd, back: int, at: datetime) -> None:
    """Tell the end of a quota to whoever did not bring it about.

    Args:
        connection: the transaction that ends it.
        one: the quota.
        ending: what ended it.
        back: fen that went back to the giver.
        at: now.
    """
    if ending not in (QuotaEnd.WITHDRAWN, QuotaEnd.BY_GIVER):
        tell_giver(connection, one, ending, back, at)
    if ending not in (QuotaEnd.DECLINED, QuotaEnd.BY_USER):
        tell_user(connection, one, ending, back, at)


def _tell(connection: sa.Connection, one: Quota, what: str, side: str, amount: int, at: datetime) -> None:
    reader, other = (one.user_id, one.giver_id) if side == "receiver" else (one.giver_id, one.user_id)
    facts = {"amount": amount, "person": other, "relation": str(one.relation)}
    about = f"wallet/quotas/{one.id}"
    tell(connection, [Message(reader, f"wallet.quota.{what}.{side}", facts, about)], at=at)
