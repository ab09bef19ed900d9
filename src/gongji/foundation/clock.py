"""The clock: Asia/Shanghai for every date and moment, and replaceable, so that a test or a sandbox can move it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Tells the moment; services take one instead of asking the system."""

    def now(self) -> datetime:
        """The present moment, aware, in China's time."""
        ...


class SystemClock:
    """The machine's clock, in China's time."""

    def now(self) -> datetime:
        """The present moment in China's time."""
        return datetime.now(CHINA)


class MovableClock:
    """A clock that stands still until it is moved: for tests, the demo world and the sandbox."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment.astimezone(CHINA) if moment.tzinfo else moment.replace(tzinfo=CHINA)

    def now(self) -> datetime:
        """The moment the clock was last set to."""
        return self._moment

    def set(self, moment: datetime) -> None:
        """Set the clock; a moment without zone is China's time."""
        self._moment = moment.astimezone(CHINA) if moment.tzinfo else moment.replace(tzinfo=CHINA)

    def advance(self, by: timedelta) -> None:
        """Move the clock forward (or back, with a negative span)."""
        self._moment += by
