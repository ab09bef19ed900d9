"""What happens when the sandbox's clock passes the end of a day, a month or a year: holds end, accounts are credited,
the year turns. Each step is the platform's own, as an agency's jobs would do it, with the clock at that moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa

from gongji.accrual.credits import post_credits
from gongji.accrual.model import CreditKind, CreditLine
from gongji.accrual.year_end import turn_year
from gongji.entrances.platform import Platform
from gongji.entrances.sandbox.people import PEOPLE, REGIONS
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA, MovableClock
from gongji.foundation.partitions import MONTHS_AHEAD, add_months
from gongji.registry.service import certificate_key, person_ids_by_certificate
from gongji.rules.model import Status
from gongji.settlement.holds.expiry import expire_holds

#: Contribution base of everybody who works, fen a month.
BASE: Final = 5_000_00

#: How far time has passed, among the facts of the installation.
_PASSED: Final = "sandbox.passed"

_CALLER: Final = Caller(Role.OPERATOR, "sandbox")


@dataclass(frozen=True, slots=True)
class Passed:
    """What came of time that passed.

    Attributes:
        until: up to when.
        credited: monthly credits.
        turned: accounts that turned a year.
        expired: holds that were given back.
    """

    until: datetime
    credited: int
    turned: int
    expired: int


def let_pass(platform: Platform) -> Passed:
    """Do what is due since the last time, up to the clock's moment. Going back undoes nothing."""
    until = platform.clock.now()
    known = recall(platform, _PASSED)
    since = until if known is None else datetime.fromisoformat(known)
    months = list(_months(since, until))
    first = since.astimezone(CHINA).date()
    add_months(platform.database, first, len(months) + 1 + MONTHS_AHEAD)
    credited = turned = 0
    for month in months:
        at = MovableClock(datetime(month.year, month.month, 1, 0, 1, tzinfo=CHINA))
        if month.month == 1:
            for region in REGIONS:
                report = turn_year(platform.database, at, region, month.year - 1, caller=_CALLER)
                turned += report.accounts
        lines = _lines(platform, month)
        credits = post_credits(
            platform.database, platform.rules, at, lines, caller=_CALLER, source="sandbox", despite_refusals=True
        )
        credited += credits.posted
    expired = expire_holds(platform.database, platform.clock).holds
    remember(platform, _PASSED, max(since, until).isoformat())
    return Passed(until, credited, turned, expired)


def _months(since: datetime, until: datetime) -> Iterator[date]:
    """The first days of the months that began after `since`, up to `until`."""
    first, last = since.astimezone(CHINA).date(), until.astimezone(CHINA).date()
    for number in range(first.year * 12 + first.month, last.year * 12 + last.month):
        yield date(number // 12, number % 12 + 1, 1)


def _lines(platform: Platform, month: date) -> list[CreditLine]:
    """A month's credits of everybody with an account; who has no cover is refused by the accrual itself."""
    holders = [person for person in PEOPLE if person.current is not None and not person.died]
    keys = {person.key: certificate_key(person.certificate.type, person.certificate.number) for person in holders}
    with platform.database.transaction() as connection:
        ids = person_ids_by_certificate(connection, platform.vault, keys.values())
    return [
        CreditLine(
            ids[keys[person.key]],
            month,
            CreditKind.RETIRED if person.status is Status.RETIRED else CreditKind.EMPLOYER,
            None if person.status is Status.RETIRED else BASE,
            None,
        )
        for person in holders
    ]


def remember(platform: Platform, name: str, value: str) -> None:
    """Keep a fact of this sandbox over its next start."""
    with platform.database.transaction() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO installation (name, value) VALUES (:name, :value)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
            ),
            {"name": name, "value": value},
        )


def recall(platform: Platform, name: str) -> str | None:
    """A fact that `remember` kept."""
    with platform.database.transaction() as connection:
        statement = sa.text("SELECT value FROM installation WHERE name = :name")
        value: str | None = connection.execute(statement, {"name": name}).scalar_one_or_none()
    return value
