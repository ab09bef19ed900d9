"""Working days and working hours, for times that an agency promises.

Monday to Friday, 9:00 to 17:00, but for the days that the installation names: China's holidays, and the weekends that are
worked in exchange, are announced anew each year.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from gongji.foundation.clock import CHINA

OPENS: Final = time(9, 0)
CLOSES: Final = time(17, 0)
HOURS: Final = 8


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked.

    Attributes:
        holidays: weekdays that are not.
        worked: Saturdays and Sundays that are.
    """

    holidays: Collection[date] = field(default_factory=frozenset)
    worked: Collection[date] = field(default_factory=frozenset)

    def works(self, on: date) -> bool:
        """Whether a day is worked."""
        return on in self.worked or (on.weekday() < 5 and on not in self.holidays)

    def deadline(self, since: datetime, days: int) -> datetime:
        """Closing time of the last of so many working days, the first being the one after `since`."""
        on = since.astimezone(CHINA).date()
        left = days
        while left > 0:
            on += timedelta(days=1)
            left -= self.works(on)
        return datetime.combine(on, CLOSES, CHINA)

    def days(self, since: datetime, until: datetime) -> int:
        """Working days after the day of one moment, up to the day of another: as `deadline` counts them, which is so many away.
        Below zero when the other day is before the first."""
        first, last = since.astimezone(CHINA).date(), until.astimezone(CHINA).date()
        if last < first:
            return -self.days(until, since)
        return sum(self.works(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))

    def minutes(self, start: datetime, end: datetime) -> int:
        """Minutes of working time between two moments; below zero when the end is before the start."""
        if end < start:
            return -self.minutes(end, start)
        start, end = start.astimezone(CHINA), end.astimezone(CHINA)
        total = timedelta()
        on = start.date()
        while on <= end.date():
            if self.works(on):
                opens, closes = datetime.combine(on, OPENS, CHINA), datetime.combine(on, CLOSES, CHINA)
                total += max(timedelta(), min(end, closes) - max(start, opens))
            on += timedelta(days=1)
        return int(total.total_seconds()) // 60


#: A calendar without holidays.
WEEKDAYS: Final = Calendar()
