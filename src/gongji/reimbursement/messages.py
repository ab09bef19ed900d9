"""What the person is told of their claim, at each step."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from gongji.foundation.inbox import Message, tell
from gongji.reimbursement.model import Claim


def tell_person(connection: sa.Connection, claim: Claim, step: str, at: datetime, **facts: object) -> None:
    """Leave a message of a step in the person's inbox; ``message.claim.<step>`` has its words."""
    told = Message(claim.person_id, f"claim.{step}", {"number": claim.number, **facts}, f"claims/{claim.id}")
    tell(connection, [told], at=at)
