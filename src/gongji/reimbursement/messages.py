"""What the person is told of their claim, at each step."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from gongji.foundation.inbox import Message, tell
from gongji.reimbursement.model import Claim

#: Of what a person is told; ``message.claim.<step>`` has the words.
STEPS: Final = (
    *("received", "returned", "decided", "nothing_due", "refused", "appealed", "upheld"),
    *("paid", "bounced", "taken_back", "recovered"),
)


def tell_person(connection: sa.Connection, claim: Claim, step: str, at: datetime, **facts: object) -> None:
    """Leave a message of one of `STEPS` in the person's inbox."""
    told = Message(claim.person_id, f"claim.{step}", {"number": claim.number, **facts}, f"claims/{claim.id}")
    tell(connection, [told], at=at)
