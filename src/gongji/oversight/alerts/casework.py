"""What officers do with cases: take one in charge, ask for an explanation, and conclude it with a coded reason.

Nobody has a case about themself or a relative, also when they only stand in a row behind it. Every reading of a case is
noted for each person whose data it shows.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from gongji.family import casework as family_casework
from gongji.family import service as family
from gongji.foundation import audit
from gongji.foundation.access import Caller, Duty
from gongji.foundation.clock import CHINA
from gongji.foundation.workdays import Calendar
from gongji.oversight import freezes
from gongji.oversight.alerts import letters, refusals, store
from gongji.oversight.alerts.model import (
    FOUNDED,
    REASONS,
    Alert,
    Case,
    CaseStep,
    Outcome,
    Reader,
    Reason,
    Step,
    Subject,
)
from gongji.oversight.alerts.tables import alert, alert_case, alert_case_step
from gongji.registry.service import enrolments_of, region_of_account

#: A case that somebody has and that nothing happened with for so long, an answer included, may be taken by a colleague. Ours: longer
#: than an answer takes.
LEFT_FOR: Final = timedelta(days=21)

#: Most characters of a note for colleagues.
MOST_NOTE: Final = 500

#: Fewest and most characters of what an officer writes to somebody.
WORDS: Final = (4, 500)


def case_of_region(connection: sa.Connection, number: int, caller: Caller, *, lock: bool = False) -> Case:
    """One case of the officer's region.

    Raises:
        NotFound: ``alert_case.unknown``, also when it is another region's.
    """
    query = sa.select(alert_case).where(alert_case.c.id == number)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None or not caller.covers(row.region):
        raise refusals.case_unknown()
    return store.case_from(row)


def steps_of(connection: sa.Connection, case_id: int) -> list[CaseStep]:
    """The history of a case, oldest first."""
    rows = connection.execute(
        sa.select(alert_case_step).where(alert_case_step.c.case_id == case_id).order_by(alert_case_step.c.id)
    )
    return [CaseStep(Step(row.step), row.holder, row.details, row.note, row.at) for row in rows]


def subjects_of(connection: sa.Connection, case: Case) -> tuple[int, ...]:
    """The people whom a case is about: the person; the sharer and the user of an authorisation; nobody of an institution."""
    if case.subject_kind is Subject.PERSON:
        return (case.subject_id,)
    if case.subject_kind is Subject.AUTHORISATION:
        found = family.authorisation(connection, case.subject_id)
        return found.sharer_id, found.user_id
    return ()


def people_of(connection: sa.Connection, case: Case, alerts: Collection[Alert]) -> set[int]:
    """Everybody whose data a case shows."""
    rows = [row.facts for one in alerts for row in one.rows]
    return set(subjects_of(connection, case)) | {
        int(facts[name]) for facts in rows for name in ("person", "to") if facts.get(name) is not None
    }


def institutions_of(case: Case, alerts: Collection[Alert]) -> set[int]:
    """The institutions that a case names."""
    own = {case.subject_id} if case.subject_kind is Subject.INSTITUTION else set()
    rows = (row.facts.get("institution") for one in alerts for row in one.rows)
    return own | {int(number) for number in rows if number is not None}


def read(connection: sa.Connection, number: int, caller: Caller, at: datetime) -> tuple[Case, list[Alert]]:
    """A case with its alerts, for an officer who may see it; noted for everybody whose data it shows.

    Raises:
        NotFound: ``alert_case.unknown``. Refused: ``case.own``.
    """
    case = case_of_region(connection, number, caller)
    alerts = _alerts(connection, case)
    people = people_of(connection, case, alerts)
    family_casework.check_not_own(connection, sorted(people), caller, at)
    audit.record_each(connection, caller, "alert_case.read", people, at=at, case=case.id)
    if not people:
        audit.record(connection, caller, "alert_case.read", at=at, case=case.id)
    return case, alerts


def claim(connection: sa.Connection, number: int, caller: Caller, at: datetime) -> Case:
    """The officer takes a case in charge.

    Raises:
        NotAllowed: ``access.duty``. NotFound: ``alert_case.unknown``.
        Refused: ``alert_case.concluded``, ``alert_case.taken``, ``case.own``, ``case.assisted``.
    """
    caller.require_duty(Duty.INSPECTOR)
    case = _open_case(connection, number, caller, at)
    family_casework.check_not_assisted(connection, subjects_of(connection, case), caller, case.opened_at)
    if not may_be_taken(connection, case, caller, at):
        raise refusals.case_taken(case.holder or "")
    return _write(connection, case, Step.CLAIM, caller, at, holder=caller.holder)


def may_be_taken(connection: sa.Connection, case: Case, caller: Caller, at: datetime) -> bool:
    """Whether an open case is nobody's, the officer's own already, or was left lying (`LEFT_FOR`)."""
    if case.holder in (None, caller.holder):
        return True
    step = alert_case_step.c
    moved = step.step.in_([Step.CLAIM, Step.ASK, Step.ANSWER])
    last = connection.execute(sa.select(sa.func.max(step.at)).where(step.case_id == case.id, moved)).scalar_one()
    return last is not None and at - last >= LEFT_FOR


def release(connection: sa.Connection, number: int, caller: Caller, at: datetime) -> Case:
    """The officer gives a case back for colleagues.

    Raises:
        NotAllowed: ``access.duty``. NotFound: ``alert_case.unknown``. Refused: ``alert_case.not_in_charge``, ``….concluded``.
    """
    case = _in_charge(connection, number, caller, at)
    return _write(connection, case, Step.RELEASE, caller, at, holder=None)


def ask(
    connection: sa.Connection,
    calendar: Calendar,
    number: int,
    *,
    reader: str,
    words: str,
    caller: Caller,
    at: datetime,
) -> Case:
    """Ask somebody whom the case is about to explain: a citizen by a letter on their pages and a message, an institution by
    a letter that its program fetches.

    Args:
        connection: the transaction.
        calendar: working days.
        number: the case's.
        reader: ``person:<id>`` or ``institution:<id>``, one of `readers_of`.
        words: what is asked, in plain words.
        caller: the officer in charge.
        at: now.

    Raises:
        NotAllowed: ``access.duty``. NotFound: ``alert_case.unknown``. InvalidInput: ``alert_letter.reader``, ``….words``.
        Refused: ``alert_case.not_in_charge``, ``….concluded``, ``alert_letter.asked_already``.
    """
    case = _in_charge(connection, number, caller, at)
    known = readers_of(connection, case, _alerts(connection, case))
    kind, _, identifier = reader.partition(":")
    if reader not in {f"{one}:{whose}" for one, whose in known}:
        raise refusals.reader_unknown(f"{one}:{whose}" for one, whose in known)
    if not WORDS[0] <= len(words) <= WORDS[1]:
        raise refusals.words("alert_letter.words", "words", WORDS)
    letters.ask(connection, calendar, case, Reader(kind), int(identifier), words, caller, at)
    return case


def readers_of(connection: sa.Connection, case: Case, alerts: Collection[Alert]) -> list[tuple[Reader, int]]:
    """Who may be asked: the people whom the case is about, and the institutions that it names."""
    people = [(Reader.PERSON, one) for one in subjects_of(connection, case)]
    return people + [(Reader.INSTITUTION, one) for one in sorted(institutions_of(case, alerts))]


def conclude(
    connection: sa.Connection,
    calendar: Calendar,
    number: int,
    *,
    outcome: str,
    reason: str,
    shown: Collection[int],
    founded: Collection[int],
    words: str,
    note: str,
    caller: Caller,
    at: datetime,
    until: date | None = None,
) -> Case:
    """End a case. Whoever was asked, and whom the decision touches, is told how it ended.

    Args:
        connection: the transaction.
        calendar: working days, for a freeze.
        number: the case's.
        outcome, reason: an `Outcome` with one of its `REASONS`.
        shown: the numbers of the alerts that the officer decides on: one that joined since is not decided unseen.
        founded: the numbers of the alerts that were right; those of an outcome that says that none was are not looked at.
        words: what the people and institutions read beside the outcome; asked for where the alerts were right.
        note: for colleagues.
        caller: the officer in charge.
        at: now.
        until: the last day of a freeze; None until it is lifted.

    Raises:
        NotAllowed: ``access.duty``. NotFound: ``alert_case.unknown``.
        InvalidInput: ``alert_case.outcome``, ``….reason``, ``….words``, ``….note``, ``….founded``, ``freeze.until``.
        Refused: ``alert_case.not_in_charge``, ``….concluded``, ``….new_alert``, ``….account_elsewhere``, ``case.assisted``,
            ``freeze.…``.
    """
    case = _in_charge(connection, number, caller, at)
    family_casework.check_not_assisted(connection, subjects_of(connection, case), caller, case.opened_at)
    alerts = _alerts(connection, case)
    chosen, why = _decision(outcome, reason, words, note)
    hold = {one.id for one in alerts if one.lapsed_at is None}
    if hold - set(shown):
        raise refusals.new_alert()
    right = hold & set(founded) if chosen in FOUNDED else set()
    if chosen in FOUNDED and not right:
        raise refusals.nothing_founded(str(one.id) for one in alerts)
    if chosen is Outcome.FROZEN:
        _freeze(connection, calendar, case, until, caller, at)
    for one in alerts:
        connection.execute(alert.update().where(alert.c.id == one.id).values(founded=one.id in right))
    values = {"outcome": chosen, "reason": why, "note": note or None, "concluded_at": at, "concluded_by": caller.holder}
    after = _write(connection, case, Step.CONCLUDE, caller, at, **values)
    readers = _concerned(connection, after, [one for one in alerts if one.id in right])
    letters.tell_decision(connection, after, readers, words, caller, at)
    return after


def _concerned(connection: sa.Connection, case: Case, right: Collection[Alert]) -> set[tuple[Reader, int]]:
    """Whom a conclusion is told: people who were asked, or whom the case is about where alerts were right; of a freeze only
    whose account it is. An institution learns what becomes of its own case, and what it has to take back: how
    a customer's case ended is not its business."""
    people = [(Reader.PERSON, one) for one in subjects_of(connection, case)]
    if case.outcome is Outcome.FROZEN:
        return set(people[:1])
    own = case.subject_kind is Subject.INSTITUTION
    readers = {one for one in letters.asked_in(connection, case.id) if one[0] is Reader.PERSON or own}
    if case.outcome in FOUNDED:
        readers |= {*people, *([(Reader.INSTITUTION, case.subject_id)] if own else [])}
    if case.outcome is Outcome.TAKE_BACK:
        readers |= {(Reader.INSTITUTION, one) for one in institutions_of(case, right)}
    return readers


def _decision(outcome: str, reason: str, words: str, note: str) -> tuple[Outcome, Reason]:
    """The outcome and its reason, once what an officer filled in goes together."""
    chosen = next((one for one in Outcome if one == outcome), None)
    if chosen is None:
        raise refusals.outcome_unknown(Outcome)
    why = next((one for one in REASONS[chosen] if one == reason), None)
    if why is None:
        raise refusals.reason_unknown(REASONS[chosen])
    if len(words) > WORDS[1] or (chosen in FOUNDED and len(words) < WORDS[0]):
        raise refusals.words("alert_case.words", "words", WORDS)
    if len(note) > MOST_NOTE:
        raise refusals.words("alert_case.note", "note", (0, MOST_NOTE))
    return chosen, why


def _freeze(
    connection: sa.Connection, calendar: Calendar, case: Case, until: date | None, caller: Caller, at: datetime
) -> None:
    """Freeze the account that the case is about, which needs a second officer (see `gongji.oversight.freezes`)."""
    people = subjects_of(connection, case)
    if not people:
        raise refusals.outcome_unfit("an institution has no account that could be frozen", "机构没有个人账户，不能冻结")
    home = region_of_account(enrolments_of(connection, people[0]), at.astimezone(CHINA).date())
    if home is not None and not caller.covers(home):
        raise refusals.account_elsewhere(home)
    freezes.freeze(
        connection,
        calendar,
        person_id=people[0],
        region=case.region,
        reason="misuse_check",
        until=until,
        note="",
        caller=caller,
        at=at,
    )


def _alerts(connection: sa.Connection, case: Case) -> list[Alert]:
    return store.alerts_of(connection, [case.id]).get(case.id, [])


def _open_case(connection: sa.Connection, number: int, caller: Caller, at: datetime) -> Case:
    """A case that is open and no officer's own, locked."""
    case = case_of_region(connection, number, caller, lock=True)
    people = people_of(connection, case, _alerts(connection, case))
    family_casework.check_not_own(connection, sorted(people), caller, at)
    if not case.open:
        raise refusals.concluded()
    return case


def _in_charge(connection: sa.Connection, number: int, caller: Caller, at: datetime) -> Case:
    caller.require_duty(Duty.INSPECTOR)
    case = _open_case(connection, number, caller, at)
    if case.holder != caller.holder:
        raise refusals.not_in_charge()
    return case


def _write(connection: sa.Connection, case: Case, step: Step, caller: Caller, at: datetime, **values: Any) -> Case:
    """Change a case, with the line of its history and of the audit."""
    row = connection.execute(
        alert_case.update().where(alert_case.c.id == case.id).values(values).returning(alert_case)
    ).one()
    details = {name: str(values[name]) for name in ("outcome", "reason") if name in values}
    store.note_step(connection, case.id, step, caller.holder, at, note=values.get("note"), **details)
    for person_id in subjects_of(connection, case) or (None,):
        audit.record(connection, caller, f"alert_case.{step}", at=at, person_id=person_id, case=case.id, **details)
    return store.case_from(row)
