"""Freezing personal accounts: nothing is paid from a frozen one, its money stays, and the funds pay as before.

A freeze stands at once. One whose reason accuses somebody is two officers': without the second it ends by itself after
some working days, and it is lifted by two. Nobody freezes or frees their own account or a relative's.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from gongji.family import casework, freezes_store
from gongji.family import service as family
from gongji.family.freezes import NO_LAST_DAY, Awaited, Ending, Freeze, FreezeReason, LiftReason
from gongji.foundation import audit
from gongji.foundation.access import Caller, Duty
from gongji.foundation.clock import CHINA
from gongji.foundation.inbox import Message, tell
from gongji.foundation.workdays import Calendar
from gongji.ledger import service as ledger
from gongji.oversight import freeze_refusals as refusals

#: For so many working days a freeze that accuses somebody stands without a second officer. Ours: no text at hand says.
SECOND_WITHIN: Final = 3

#: For so long an officer does not accuse somebody again whom no second officer agreed to accuse; ours, too.
NOT_AGAIN_WITHIN: Final = timedelta(days=30)

#: Most characters of a note.
MOST_WORDS: Final = 200


def freeze(
    connection: sa.Connection,
    calendar: Calendar,
    *,
    person_id: int,
    region: str,
    reason: str,
    until: date | None,
    note: str,
    caller: Caller,
    at: datetime,
) -> Freeze:
    """Let nothing be paid from an account from now on.

    Args:
        connection: the transaction.
        calendar: working days.
        person_id: whose account.
        region: of the agency.
        reason: a `FreezeReason`.
        until: the last day; None until it is lifted.
        note: for colleagues, at most `MOST_WORDS` characters.
        caller: the officer.
        at: now.

    Raises:
        InvalidInput: ``freeze.reason``, ``freeze.until``, ``freeze.note``.
        Refused: ``freeze.already``, ``freeze.not_agreed``, ``freeze.no_account``, ``case.own``.
    """
    on = at.astimezone(CHINA).date()
    chosen = _reason(reason, until, note, on)
    family.lock_people(connection, [person_id])
    casework.check_not_own(connection, [person_id], caller, at)
    if freezes_store.standing(connection, [person_id], on):
        raise refusals.already()
    if chosen.accuses:
        _check_not_refused_before(connection, person_id, caller, at)
    alone = calendar.deadline(at, SECOND_WITHIN).date()
    stands_until = min(alone, until or alone) if chosen.accuses else until or NO_LAST_DAY
    if not ledger.freeze_accounts(connection, person_id, stands_until):
        raise refusals.no_account()
    made = freezes_store.insert(
        connection,
        person_id=person_id,
        region=region,
        reason=chosen,
        note=note or None,
        until=until,
        stands_until=stands_until,
        asked_by=caller.holder,
        at=at,
    )
    _note(connection, made, "freeze", caller, at)
    _tell(connection, made, "money.frozen", {"reason": chosen}, at)
    return made


def _reason(reason: str, until: date | None, note: str, on: date) -> FreezeReason:
    """The reason, once what an officer filled in goes together."""
    chosen = next((one for one in FreezeReason if one == reason), None)
    if chosen is None:
        raise refusals.reason_unknown(FreezeReason)
    if until is None and chosen is FreezeReason.DECISION:
        raise refusals.day_missing()
    if until is not None and until <= on:
        raise refusals.day_past(on)
    if len(note) > MOST_WORDS:
        raise refusals.note_too_long(MOST_WORDS)
    return chosen


def lift(connection: sa.Connection, freeze_id: int, *, reason: str, caller: Caller, at: datetime) -> Freeze:
    """Free an account; where its freeze accuses somebody, ask for that: a second officer has to agree.

    Raises:
        InvalidInput: ``freeze.lift_reason``. NotFound: ``freeze.unknown``.
        Refused: ``freeze.ended``, ``freeze.lift_asked``, ``case.own``.
    """
    chosen = next((one for one in LiftReason if one == reason), None)
    if chosen is None:
        raise refusals.lift_reason_unknown(LiftReason)
    before = _open(connection, freeze_id, caller, at)
    if before.lift_asked_at is not None:
        raise refusals.lift_asked()
    asked = freezes_store.change(
        connection, freeze_id, lift_reason=chosen, lift_asked_by=caller.holder, lift_asked_at=at
    )
    _note(connection, asked, "ask_lift" if asked.reason.accuses else "lift", caller, at)
    return asked if asked.reason.accuses else _end(connection, asked, Ending.LIFTED, caller, at)


def second_opinion(connection: sa.Connection, freeze_id: int, *, agree: bool, caller: Caller, at: datetime) -> Freeze:
    """A second officer agrees to a freeze or to its lifting; or does not, and it ends, or goes on.

    Raises:
        NotAllowed: ``access.duty``. NotFound: ``freeze.unknown``.
        Refused: ``freeze.ended``, ``freeze.awaits_nobody``, ``freeze.same_officer``, ``case.own``.
    """
    caller.require_duty(Duty.SECOND_REVIEWER)
    before = _open(connection, freeze_id, caller, at)
    awaited = before.awaits(at.astimezone(CHINA).date())
    if awaited is None:
        raise refusals.awaits_nobody()
    if caller.holder == (before.lift_asked_by if awaited is Awaited.LIFT else before.asked_by):
        raise refusals.same_officer()
    _note(connection, before, f"{'agree' if agree else 'disagree'}_{awaited}", caller, at)
    if awaited is Awaited.LIFT:
        if agree:
            return _end(connection, before, Ending.LIFTED, caller, at)
        return freezes_store.change(connection, freeze_id, lift_reason=None, lift_asked_by=None, lift_asked_at=None)
    if not agree:
        return _end(connection, before, Ending.NOT_AGREED, caller, at)
    stands_until = before.until or NO_LAST_DAY
    ledger.freeze_accounts(connection, before.person_id, stands_until)
    return freezes_store.change(connection, freeze_id, agreed_by=caller.holder, agreed_at=at, stands_until=stands_until)


def freeze_of_region(connection: sa.Connection, freeze_id: int, caller: Caller) -> Freeze:
    """One freeze of the officer's region.

    Raises:
        NotFound: ``freeze.unknown``, also when it is another region's.
    """
    found = freezes_store.find(connection, freeze_id)
    if found is None or not caller.covers(found.region):
        raise refusals.unknown()
    return found


def _check_not_refused_before(connection: sa.Connection, person_id: int, caller: Caller, at: datetime) -> None:
    """Without this one officer could keep an account frozen alone, three working days after three working days."""
    for one in freezes_store.freezes_of(connection, person_id):
        alone = one.reason.accuses and one.agreed_at is None
        if alone and one.asked_by == caller.holder and one.asked_at > at - NOT_AGAIN_WITHIN:
            raise refusals.not_agreed()


def _open(connection: sa.Connection, freeze_id: int, caller: Caller, at: datetime) -> Freeze:
    """A freeze that stands, with the person and it locked, in the order in which `freeze` locks."""
    known = freeze_of_region(connection, freeze_id, caller)
    family.lock_people(connection, [known.person_id])
    casework.check_not_own(connection, [known.person_id], caller, at)
    found = freezes_store.find(connection, freeze_id, lock=True)
    assert found is not None, "freezes are never deleted"
    if not found.stands(at.astimezone(CHINA).date()):
        raise refusals.ended()
    return found


def _end(connection: sa.Connection, one: Freeze, ending: Ending, caller: Caller, at: datetime) -> Freeze:
    ledger.freeze_accounts(connection, one.person_id, None)
    ended = freezes_store.change(connection, one.id, ending=ending, ended_by=caller.holder, ended_at=at)
    _tell(connection, ended, "money.freed", {"reason": one.lift_reason or LiftReason.CHECKED}, at)
    return ended


def _note(connection: sa.Connection, one: Freeze, step: str, caller: Caller, at: datetime) -> None:
    audit.record(
        connection, caller, f"account.{step}", at=at, person_id=one.person_id, freeze=one.id, reason=str(one.reason)
    )


def _tell(connection: sa.Connection, one: Freeze, kind: str, facts: dict[str, object], at: datetime) -> None:
    tell(connection, [Message(one.person_id, kind, facts, "account")], at=at)
