"""The clock of a case: until when it has to be decided, and how much working time is left, in words and colour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gongji.entrances.web.pages import Reader
from gongji.foundation.errors import NotFound
from gongji.foundation.workdays import HOURS, Calendar
from gongji.rules.book import RuleBook

#: Less working time than this is "soon".
_SOON: Final = HOURS * 60


@dataclass(frozen=True, slots=True)
class Clock:
    """How a case stands in time.

    Attributes:
        css: ``late``, ``soon``, ``fine``, or ``none`` where the region names no time.
        words: what is left, or since when it is over.
        deadline: closing time of the last day; None where the region names no time.
    """

    css: str
    words: str
    deadline: datetime | None


def clock_of(rules: RuleBook, calendar: Calendar, region: str, since: datetime, now: datetime, reader: Reader) -> Clock:
    """The clock of a case of a region that waits since a moment."""
    try:
        rule = rules.sharing(region, since.date())
    except NotFound:
        rule = None
    if rule is None or rule.review_working_days is None:
        return Clock("none", reader.text("office.clock.none"), None)
    return clock_until(calendar, calendar.deadline(since, rule.review_working_days), now, reader)


def clock_until(calendar: Calendar, deadline: datetime, now: datetime, reader: Reader) -> Clock:
    """The clock of something that is to be finished by a moment. Days are told as the limit counts them, today not among them,
    and on the last day its hours."""
    left = calendar.minutes(now, deadline)
    if now > deadline:
        return Clock("late", reader.text("office.clock.late", time=_span(-left, reader)), deadline)
    css, days = "soon" if left <= _SOON else "fine", calendar.days(now, deadline)
    time = reader.text("office.span.whole_days", count=days) if days else _span(left, reader)
    return Clock(css, reader.text(f"office.clock.{css}", time=time), deadline)


def _span(minutes: int, reader: Reader) -> str:
    """Working time in words: days once there is a whole one, else hours, else minutes."""
    days, hours = minutes // (HOURS * 60), minutes // 60
    if days and hours == days * HOURS:
        return reader.text("office.span.whole_days", count=days)
    if days:
        return reader.text("office.span.days", count=days, hours=hours - days * HOURS)
    return reader.text("office.span.hours", count=hours) if hours else reader.text("office.span.minutes", count=minutes)
