"""Three working days, over a weekend and over the National Day holidays, counted as an agency counts them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from gongji.foundation.clock import CHINA
from gongji.foundation.workdays import Calendar


def moment(day: str, hour: int = 10, minute: int = 0) -> datetime:
    """A moment in China."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), CHINA) + timedelta(hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("since", "ends"),
    [("2024-06-12", "2024-06-17"), ("2024-06-14", "2024-06-19"), ("2024-06-15", "2024-06-19")],
)
def test_three_working_days_end_at_closing_time(since: str, ends: str) -> None:
    assert Calendar().deadline(moment(since), 3) == moment(ends, 17)


def test_holidays_are_left_out_and_the_weekends_worked_for_them_count() -> None:
    """2024: off from 1 to 7 October, Saturday 12 October is worked."""
    calendar = Calendar({date(2024, 10, day) for day in range(1, 8)}, {date(2024, 10, 12)})
    assert calendar.deadline(moment("2024-09-30"), 3) == moment("2024-10-10", 17)
    assert calendar.deadline(moment("2024-10-11"), 1) == moment("2024-10-12", 17)


def test_minutes_of_working_time() -> None:
    calendar = Calendar()
    friday, monday = moment("2024-06-14", 16, 30), moment("2024-06-17", 9, 45)
    assert calendar.minutes(friday, monday) == 75
    assert calendar.minutes(monday, friday) == -75
    assert calendar.minutes(moment("2024-06-15"), moment("2024-06-16")) == 0
    assert calendar.minutes(moment("2024-06-12", 6), moment("2024-06-12", 23)) == 480


def test_days_are_those_that_the_deadline_counts() -> None:
    """On the day on which something comes in all thirty of its days are left, whatever the hour; on the last one none."""
    calendar = Calendar()
    for hour in (0, 10, 23):
        since = moment("2024-06-12", hour)
        assert calendar.days(since, calendar.deadline(since, 30)) == 30
    assert calendar.days(moment("2024-06-17", 9), moment("2024-06-17", 17)) == 0
    assert calendar.days(moment("2024-06-15"), moment("2024-06-17")) == 1, "from a Saturday to a Monday"
    assert calendar.days(moment("2024-06-17"), moment("2024-06-14")) == -1, "a Friday that is over on Monday"
