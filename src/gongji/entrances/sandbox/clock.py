"""The sandbox's clock: it runs like the machine's, as far ahead or behind as it was put."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Final

from gongji.foundation.clock import CHINA, Clock, SystemClock

#: How far the clock may be put from the machine's: a few turns of the year, each month of which is credited on the way.
FURTHEST: Final = timedelta(days=366 * 3)

#: How wrong the sender's clock is made out to be while one message is judged (a scripted failure).
skew: ContextVar[timedelta] = ContextVar("skew", default=timedelta())


class SandboxClock:
    """Tells the sandbox's moment.

    Args:
        ahead: how far it is ahead of the machine's clock.
        machine: the machine's clock.
    """

    def __init__(self, ahead: timedelta = timedelta(), machine: Clock | None = None) -> None:
        self._machine = machine or SystemClock()
        self.ahead = ahead

    def now(self) -> datetime:
        """The sandbox's moment, in China's time."""
        return self._machine.now() + self.ahead

    def put(self, moment: datetime) -> None:
        """Put the clock to a moment, from which it runs on; one without zone is China's time."""
        aware = moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
        self.ahead = aware - self._machine.now()

    def back(self) -> None:
        """Back to the machine's time."""
        self.ahead = timedelta()


class SignatureClock:
    """Tells the moment against which signatures are held: the machine's, since whoever signs has no other clock."""

    def __init__(self, machine: Clock | None = None) -> None:
        self._machine = machine or SystemClock()

    def now(self) -> datetime:
        """The machine's moment; during a scripted skew, as far off as that says."""
        return self._machine.now() + skew.get()
