"""The reader's reminders: asked for where a page says "not yet", listed, called off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from gongji.entrances import reminding
from gongji.entrances.reminder_words import who_of
from gongji.entrances.reminding import Kind
from gongji.entrances.web.citizen.receivers import chosen
from gongji.entrances.web.visits import Visit
from gongji.family import applications
from gongji.family.applications import Application
from gongji.foundation import audit, reminders
from gongji.foundation.errors import GongjiError
from gongji.foundation.reminders import Reminder
from gongji.wallet import service as wallet


@dataclass(frozen=True, slots=True)
class Line:
    """A reminder in the list: what will happen in words, when it is due (None for "as soon as it is so"), its number."""

    number: int
    what: str
    when: datetime | None


def overview(visit: Visit) -> Response:
    """``GET /reminders``: what waits, the next one first; ``POST`` asks for one about what stops the reader now."""
    if visit.posted:
        if visit.form.text("kind") == Kind.WALLET:
            _ask_for_wallet(visit)
        else:
            _ask_about_binding(visit)
        return visit.go("/reminders")
    waiting = reminders.waiting_of(visit.connection, visit.person_id)
    return visit.render("citizen/reminders.html", lines=[_line(visit, one) for one in waiting])


def cancel(visit: Visit) -> Response:
    """``POST /reminders/{number}/cancel``."""
    reminders.cancel(visit.connection, visit.person_id, visit.number(), visit.now)
    audit.record(visit.connection, visit.caller, "reminder.cancel", at=visit.now, person_id=visit.person_id)
    return visit.go("/reminders")


def _ask_about_binding(visit: Visit) -> None:
    """What stops the reader is looked up anew: nothing of it comes from the form."""
    draft = applications.begin(visit.connection, visit.platform.vault, visit.person_id, visit.now)
    named = (draft.user_id, draft.relation) if draft.user_id is not None and draft.relation is not None else None
    asked = reminding.ask_about_stop(
        visit.connection, visit.person_id, _stop(visit), named, asked_by=visit.caller.holder, at=visit.now
    )
    if asked is not None:
        audit.record(visit.connection, visit.caller, "reminder.ask", at=visit.now, person_id=visit.person_id)


def _stop(visit: Visit) -> GongjiError | None:
    """What stops the reader from binding now: something about themself, else about whom they have named."""
    rules = visit.platform.rules
    for one in applications.eligibility(visit.connection, rules, visit.person_id, visit.now):
        if one.refusal is not None:
            return one.refusal
    draft = applications.begin(visit.connection, visit.platform.vault, visit.person_id, visit.now)
    if draft.user_id is None:
        return None
    trial = visit.connection.begin_nested()
    try:
        applications.outlook(visit.connection, rules, draft, visit.now)
        if visit.form.text("commitment") == "yes":
            _send_on_trial(visit, draft)
    except GongjiError as problem:
        return problem
    finally:
        trial.rollback()
    return None


def _send_on_trial(visit: Visit, draft: Application) -> None:
    """What is told of a relative only to who commits to the relation is told to who has: as if it were sent, and taken back."""
    applications.send(
        visit.connection,
        visit.platform.rules,
        draft,
        commitment=True,
        actor=visit.caller.holder,
        at=visit.now,
        serials=visit.platform.database.serials,
        calendar=visit.platform.calendar,
    )


def _ask_for_wallet(visit: Visit) -> None:
    to = chosen(visit) if visit.form.text("to") else None
    receiver, relation = (to.person_id, to.relation) if to is not None else (None, None)
    _, listed = wallet.wallet_conditions(visit.connection, visit.platform.wallets, visit.person_id, receiver, relation)
    holder = visit.caller.holder
    if reminding.ask_for_wallet(visit.connection, visit.person_id, listed, asked_by=holder, at=visit.now) is not None:
        audit.record(visit.connection, visit.caller, "reminder.ask", at=visit.now, person_id=visit.person_id)


def _line(visit: Visit, one: Reminder) -> Line:
    if "person" in one.facts:
        person = int(one.facts["person"])
        audit.record(visit.connection, visit.caller, "person.read_masked", at=visit.now, person_id=person)
    who = who_of(visit.connection, visit.platform.vault, one, visit.reader.language)
    when = None if one.kind == Kind.ENROLLED else one.due_at
    return Line(one.id, visit.reader.text(f"reminder.{one.kind}", who=who), when)
