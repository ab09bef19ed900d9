"""Accounts from which an agency lets nothing be paid, and the officers who say so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from oracle.books import Books, moment
from oracle.operations import Freeze, StepOfFreeze

#: Reasons that say of somebody that they did wrong: then it is two officers'.
ACCUSES = ("misuse_check", "decision")
NO_LAST_DAY = date(9999, 12, 31)

_ALONE_DAYS, _NOT_AGAIN = 3, 30 * 24 * 60
_SATURDAY = 5


@dataclass
class Frozen:
    """One freeze: until when it would stand, until when it does, and who said what."""

    person: int
    until: date | None
    stands_until: date
    accuses: bool
    officer: str
    asked_at: int
    agreed: bool = False
    lift_asked_by: str | None = None
    ended: bool = False


def _last_day_alone(on: date) -> date:
    """The third working day after a day."""
    left = _ALONE_DAYS
    while left:
        on += timedelta(days=1)
        left -= on.weekday() < _SATURDAY
    return on


class Freezes:
    """The family's freezes."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.made: dict[int, Frozen] = {}

    def freeze(self, one: Freeze) -> str:
        """An officer freezes an account."""
        on, accuses = moment(one.at).date(), one.reason in ACCUSES
        if one.reason == "whim":
            return "freeze.reason"
        if (one.days is None and one.reason == "decision") or (one.days is not None and one.days <= 0):
            return "freeze.until"
        mine = [made for made in self.made.values() if made.person == one.person]
        if any(self._stands(made, one.at) for made in mine):
            return "freeze.already"
        alone_before = [made for made in mine if made.accuses and not made.agreed and made.officer == one.officer]
        if accuses and any(made.asked_at > one.at - _NOT_AGAIN for made in alone_before):
            return "freeze.not_agreed"
        if (one.person, "current") not in self.books.accounts:
            return "freeze.no_account"
        until = on + timedelta(days=one.days) if one.days is not None else None
        stands = until or NO_LAST_DAY
        if accuses:
            stands = min(stands, _last_day_alone(on))
        self.made[one.n] = Frozen(one.person, until, stands, accuses, one.officer, one.at)
        self.books.frozen_until[one.person] = stands
        return f"frozen until {stands}"

    def step(self, one: StepOfFreeze) -> str:
        """An officer lifts one, or says a second word."""
        made = self.made.get(one.of)
        if made is None:
            return "nothing"
        if not self._stands(made, one.at):
            return "freeze.ended"
        return self._lift(made, one.officer) if one.what == "lift" else self._second(made, one)

    def _lift(self, made: Frozen, officer: str) -> str:
        if made.lift_asked_by is not None:
            return "freeze.lift_asked"
        if not made.accuses:
            return self._end(made)
        made.lift_asked_by = officer
        return f"frozen until {made.stands_until}"

    def _second(self, made: Frozen, one: StepOfFreeze) -> str:
        if not made.accuses or (made.agreed and made.lift_asked_by is None):
            return "freeze.awaits_nobody"
        if one.officer == (made.lift_asked_by or made.officer):
            return "freeze.same_officer"
        agrees = one.what == "agree"
        if made.lift_asked_by is not None:
            if agrees:
                return self._end(made)
            made.lift_asked_by = None
        elif not agrees:
            return self._end(made)
        else:
            made.agreed, made.stands_until = True, made.until or NO_LAST_DAY
            self.books.frozen_until[made.person] = made.stands_until
        return f"frozen until {made.stands_until}"

    def _end(self, made: Frozen) -> str:
        made.ended = True
        del self.books.frozen_until[made.person]
        return "free"

    @staticmethod
    def _stands(made: Frozen, at: int) -> bool:
        return not made.ended and moment(at).date() <= made.stands_until
