"""What a freeze of a personal account is: why, until when, who asked for it, agreed to it and lifted it.

The rules of who may do so stand in `gongji.oversight.freezes`, the SQL in `gongji.family.freezes_store`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from gongji.foundation.clock import CHINA

#: What stands in place of a last day where none is named.
NO_LAST_DAY: Final = date(9999, 12, 31)


class FreezeReason(StrEnum):
    """Why an account is frozen; each is a sentence that its holder reads (``freeze.reason.<reason>``)."""

    HOLDER_ASKED = "holder_asked"
    IDENTITY_CHECK = "identity_check"
    DEATH_CHECK = "death_check"
    CREDIT_CHECK = "credit_check"
    MISUSE_CHECK = "misuse_check"
    DECISION = "decision"

    @property
    def accuses(self) -> bool:
        """Whether it says of somebody that they did wrong: then it is two officers', and so is its end."""
        return self in (FreezeReason.MISUSE_CHECK, FreezeReason.DECISION)


class LiftReason(StrEnum):
    """Why an account is free again; what its holder reads (``freeze.lift.<reason>``)."""

    HOLDER_ASKED = "holder_asked"
    CHECKED = "checked"
    CORRECTED = "corrected"
    DECISION_ENDED = "decision_ended"


class Ending(StrEnum):
    """How a freeze ended."""

    LIFTED = "lifted"
    NOT_AGREED = "not_agreed"
    OVER = "over"


class Awaited(StrEnum):
    """What a second officer is waited for."""

    FREEZE = "freeze"
    LIFT = "lift"


@dataclass(frozen=True, slots=True)
class Freeze:
    """A freeze.

    Attributes:
        id: its number.
        person_id: whose account.
        region: the agency that froze it.
        reason, note: why, and what is for colleagues only.
        until: the last day; None until it is lifted.
        stands_until: the last day as things are: while a second officer is waited for, the day until which it stands
            without one; `NO_LAST_DAY` where none is named.
        asked_by, asked_at, agreed_by, agreed_at: the officers who froze it.
        lift_reason, lift_asked_by, lift_asked_at: who wants it lifted and why.
        ending, ended_by, ended_at: how it ended, None while it did not; `ended_by` is None where its time was over.
    """

    id: int
    person_id: int
    region: str
    reason: FreezeReason
    note: str | None
    until: date | None
    stands_until: date
    asked_by: str
    asked_at: datetime
    agreed_by: str | None
    agreed_at: datetime | None
    lift_reason: LiftReason | None
    lift_asked_by: str | None
    lift_asked_at: datetime | None
    ending: Ending | None
    ended_by: str | None
    ended_at: datetime | None

    def stands(self, on: date) -> bool:
        """Whether nothing may be paid from the account on a day."""
        return self.ending is None and on <= self.stands_until

    @property
    def free_again(self) -> date:
        """The first day on which the account could pay again, of a freeze that is over."""
        if self.ended_at is not None and self.ending is not Ending.OVER:
            return self.ended_at.astimezone(CHINA).date()
        return self.stands_until + timedelta(days=1)

    def awaits(self, on: date) -> Awaited | None:
        """What a second officer has to agree to."""
        if not self.reason.accuses or not self.stands(on):
            return None
        if self.lift_asked_at is not None:
            return Awaited.LIFT
        return Awaited.FREEZE if self.agreed_at is None else None
