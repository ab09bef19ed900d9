"""What people asked for on a page that said "not yet": to be told when it is possible, or to have it done then.

``unbind`` ends a sharing on the first day on which that is allowed; ``unbind_day`` tells of that day; ``bind`` tells of the day that a
refusal named; ``enrolled`` looks once a day whether a relative is insured; ``wallet`` tells when money can be sent again. Rounds of a
running server carry out what is due, each in one transaction with the message that tells of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
import structlog

from gongji.family import service as family
from gongji.family.model import Authorisation
from gongji.family.refusals import Code
from gongji.family.transitions import IN_FORCE_STATES
from gongji.foundation import audit, reminders
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import Busy, GongjiError
from gongji.foundation.inbox import Message, tell
from gongji.foundation.reminders import Outcome, Reminder
from gongji.registry import service as registry
from gongji.wallet.model import Condition

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform

log = structlog.get_logger()

#: Reminders a round takes.
MOST: Final = 500

#: At which hour of its day somebody is told; what is done for them is done as soon as the day has begun.
TOLD_AT: Final = 8

#: How long a relative's insurance is waited for.
WAITS: Final = timedelta(days=366)


#: Refusals that clear once the relative is insured again, on a day that nobody knows yet.
UNTIL_INSURED: Final = (Code.USER_NOT_ENROLLED, Code.USER_PAUSED)


class Kind(StrEnum):
    """What can be asked for; see the module's text."""

    UNBIND = "unbind"
    UNBIND_DAY = "unbind_day"
    BIND = "bind"
    ENROLLED = "enrolled"
    WALLET = "wallet"


def ask_to_unbind(
    connection: sa.Connection, one: Authorisation, day: date, *, do_it: bool, asked_by: str, at: datetime
) -> Reminder:
    """End a sharing on the first day on which its sharer may, or tell them of that day.

    Args:
        connection: the transaction.
        one: the sharing.
        day: that day.
        do_it: whether it is to be done, not only told.
        asked_by: the holder of the session.
        at: now.
    """
    kind, other = (Kind.UNBIND, Kind.UNBIND_DAY) if do_it else (Kind.UNBIND_DAY, Kind.UNBIND)
    reminders.void(connection, one.sharer_id, other, str(one.id), at)
    return reminders.ask(
        connection,
        person_id=one.sharer_id,
        kind=kind,
        subject=str(one.id),
        facts={"authorisation": one.id},
        asked_by=asked_by,
        at=at,
        due_at=_on(day, 0 if do_it else TOLD_AT),
    )


def ask_for_day(connection: sa.Connection, person_id: int, day: date, *, asked_by: str, at: datetime) -> Reminder:
    """Tell somebody of the day from which on they can bind."""
    due_at = _on(day, TOLD_AT)
    return reminders.ask(
        connection, person_id=person_id, kind=Kind.BIND, subject="", facts={}, asked_by=asked_by, at=at, due_at=due_at
    )


def ask_for_enrolment(
    connection: sa.Connection, person_id: int, relative_id: int, relation: str, *, asked_by: str, at: datetime
) -> Reminder:
    """Tell somebody as soon as a relative whom they have named is insured; given up after a year."""
    return reminders.ask(
        connection,
        person_id=person_id,
        kind=Kind.ENROLLED,
        subject=str(relative_id),
        facts={"person": relative_id, "relation": relation},
        asked_by=asked_by,
        at=at,
        due_at=_on(at.date() + timedelta(days=1), TOLD_AT),
        until=at + WAITS,
    )


def ask_about_stop(
    connection: sa.Connection,
    person_id: int,
    problem: GongjiError | None,
    relative: tuple[int, str] | None,
    *,
    asked_by: str,
    at: datetime,
) -> Reminder | None:
    """Remind somebody of what stops them from binding now: on the day that it names, else once the relative is insured.

    Args:
        connection: the transaction.
        person_id: who.
        problem: what stops them; None for nothing.
        relative: whom they have named and what they are to them.
        asked_by: the holder of the session.
        at: now.

    Returns:
        None where it clears on no day that could be watched for.
    """
    if problem is None or not can_remind(problem):
        return None
    day = problem.details.get("possible_from")
    if isinstance(day, date):
        return ask_for_day(connection, person_id, day, asked_by=asked_by, at=at)
    if relative is None:
        return None
    return ask_for_enrolment(connection, person_id, *relative, asked_by=asked_by, at=at)


def can_remind(problem: GongjiError) -> bool:
    """Whether a stop of binding is one of which somebody can be reminded: it names a day, or a relative is not insured."""
    if problem.code in UNTIL_INSURED:
        return True
    named_day = isinstance(problem.details.get("possible_from"), date)
    return named_day and problem.code in list(Code) and problem.code != Code.UNBIND_TOO_EARLY


def ask_for_wallet(
    connection: sa.Connection, person_id: int, listed: Iterable[Condition], *, asked_by: str, at: datetime
) -> Reminder | None:
    """Tell somebody when money can be sent again; None where nothing that stands in the way clears by itself."""
    clears = [one.refusal.details.get("clears_at") for one in listed if one.refusal is not None]
    moments = [datetime.fromisoformat(str(one)) for one in clears if one is not None]
    if not moments:
        return None
    return reminders.ask(
        connection,
        person_id=person_id,
        kind=Kind.WALLET,
        subject="",
        facts={},
        asked_by=asked_by,
        at=at,
        due_at=max(moments),
    )


def carry_out_reminders(platform: Platform) -> int:
    """Carry out what is due, one after the other; may run in several processes at once, and be stopped at any moment.

    Returns:
        How many have ended.
    """
    ended = 0
    for _ in range(MOST):
        at = platform.clock.now()
        with platform.database.transaction() as connection:
            one = reminders.take_due(connection, at)
            if one is None:
                break
            outcome = _carried_out(connection, one, at)
            if outcome is None:
                reminders.look_again(connection, one.id, min(one.due_at + timedelta(days=1), one.until))
                continue
            reminders.end(connection, one.id, outcome, at)
            ended += 1
    return ended


def _carried_out(connection: sa.Connection, one: Reminder, at: datetime) -> Outcome | None:
    """What came of a reminder; None when it is to be looked at again."""
    match Kind(one.kind):
        case Kind.UNBIND | Kind.UNBIND_DAY:
            return _unbound(connection, one, at)
        case Kind.ENROLLED:
            enrolment = registry.enrolment_on(connection, int(one.subject), at.date())
            if enrolment is None or not enrolment.holds(at.date()):
                return Outcome.VOID if at >= one.until else None
            return _tell(connection, one, "family.reminder.enrolled", "bind/check", at)
        case Kind.BIND:
            return _tell(connection, one, "family.reminder.bind", "bind", at)
        case Kind.WALLET:
            return _tell(connection, one, "wallet.reminder.send", "wallet", at)


def _unbound(connection: sa.Connection, one: Reminder, at: datetime) -> Outcome:
    number = int(one.subject)
    if family.authorisation(connection, number).state not in IN_FORCE_STATES:
        return Outcome.VOID
    if one.kind == Kind.UNBIND_DAY:
        return _tell(connection, one, "family.reminder.unbind", f"sharings/{number}/end", at)
    caller = Caller(Role.CITIZEN, one.asked_by, one.person_id)
    try:
        with connection.begin_nested():
            ended = family.unbind(connection, number, person_id=one.person_id, actor=one.asked_by, at=at)
    except Busy:
        raise
    except GongjiError as problem:
        # The rule, or the family, is another one by now: the person is told, and can look for themselves.
        log.info("reminder.refused", reminder=one.id, code=problem.code)
        _tell(connection, one, "family.reminder.unbind_refused", f"sharings/{number}", at)
        return Outcome.REFUSED
    audit.record(
        connection,
        caller,
        "authorisation.end",
        at=at,
        person_id=ended.user_id,
        authorisation=str(number),
        reminder=one.id,
    )
    _tell(connection, one, "family.reminder.unbound", f"sharings/{number}", at)
    return Outcome.DONE


def _tell(connection: sa.Connection, one: Reminder, kind: str, about: str, at: datetime) -> Outcome:
    tell(connection, [Message(one.person_id, kind, one.facts, about, once=str(one.id))], at=at)
    return Outcome.TOLD


def _on(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), CHINA)
