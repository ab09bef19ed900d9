"""The pure decisions on premiums: which years are open, what they cost, how a family member stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from gongji.premium import refusals
from gongji.premium.model import Amount, Member, Standing
from gongji.registry.model import Enrolment, full_years
from gongji.rules.book import RuleBook
from gongji.rules.model import Scheme

#: How long the tax office has to answer before the money goes back by itself.
BOOKING_LASTS: Final = timedelta(days=3)

_ADULT_FROM: Final = 18


def amount_of(rules: RuleBook, region: str, year: int, born_on: date) -> Amount | None:
    """What a resident of a region pays for a coverage year: the region's own amount, else the nation's minimum.

    Args:
        rules: the rule book.
        region: six-digit region of the registration.
        year: the coverage year; its amount is the one in force on 1 January.
        born_on: of the person, where the region asks children for another amount.

    Returns:
        None where no text names an amount for the year.
    """
    begins = date(year, 1, 1)
    group = "adult" if full_years(born_on, begins) >= _ADULT_FROM else "minor_or_student"
    for key in ((), (group,), ("general",)):
        found = rules.value(region, "resident_premium", begins, key)
        if found is not None:
            return Amount(found.amount, found.clause)
    least = rules.value(region, "resident_premium_minimum", begins)
    return Amount(least.amount, least.clause) if least is not None else None


def registered_in(newest_first: Sequence[Enrolment], on: date) -> tuple[str, Standing | None]:
    """Where somebody is registered as a resident, and what stands against a premium of theirs.

    Args:
        newest_first: the person's enrolments.
        on: the day.
    """
    if any(one.scheme is Scheme.EMPLOYEE and one.holds(on) for one in newest_first):
        return "", Standing.EMPLOYEE
    resident = next((one for one in newest_first if one.scheme is Scheme.RESIDENT), None)
    return ("", Standing.NOT_REGISTERED) if resident is None else (resident.region, None)


def covers(newest_first: Sequence[Enrolment], year: int) -> bool:
    """Whether the registry already knows of insurance on the first day of a coverage year."""
    begins = date(year, 1, 1)
    return any(one.since <= begins and (one.until is None or one.until >= begins) for one in newest_first)


def check_order(member: Member | None, on: date) -> Amount:
    """Whether a family member's premium may be ordered now.

    Args:
        member: how they stand in the year; None when the payer shares with no such person.
        on: the day.

    Returns:
        What it costs.

    Raises:
        Refused: ``premium.no_authorisation``, ``premium.season``, or ``premium.<standing>``.
    """
    if member is None:
        raise refusals.not_a_relative()
    if member.standing is Standing.CLOSED:
        raise refusals.season_closed(member.year, on)
    if member.standing is not Standing.UNPAID or member.amount is None:
        raise refusals.cannot_be_paid(member.standing)
    return member.amount


def deadline_of(at: datetime) -> datetime:
    """When the money of an order made now goes back unless the tax office has answered."""
    return at + BOOKING_LASTS
