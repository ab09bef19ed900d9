"""Reminders: what a caller asked to be told, or to have done, once it is possible; asked for about what stops them now."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from gongji.entrances import reminding
from gongji.entrances.api.authorisations import relative
from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.problems import RESPONSES, Words
from gongji.entrances.api.shapes import Body, RelativeIn
from gongji.entrances.api.wallet import ReceiverIn, citizen, stated
from gongji.entrances.reminder_words import who_of
from gongji.entrances.reminding import Kind
from gongji.entrances.wording import Language, text
from gongji.family import applications
from gongji.family import service as family
from gongji.family.changes import may_unbind_from
from gongji.family.refusals import Code, refuse
from gongji.family.transitions import IN_FORCE_STATES
from gongji.foundation import reminders
from gongji.foundation.access import Role
from gongji.foundation.errors import GongjiError, Refused
from gongji.foundation.reminders import Reminder
from gongji.rules.model import Relation
from gongji.wallet import service as wallet

router = APIRouter(prefix="/v1/reminders", tags=["reminders"], responses=RESPONSES)

At = Annotated[Door, Depends()]
Number = Annotated[str, Path(pattern=r"^[0-9]{1,18}$", description="id of the reminder")]


class AboutBindingIn(Body):
    """Remind me of the day from which on I can bind; with a relative named, also of theirs, or of their insurance."""

    about: Literal["binding"]
    user: RelativeIn | None = None
    relation: Relation | None = Field(default=None, description="what the relative is to you; needed with `user`")
    commitment: bool = Field(default=False, description="whether you confirm the commitment (承诺书)")


class AboutUnbindingIn(Body):
    """Remind me of the first day on which I may end a sharing of mine; or end it then."""

    about: Literal["unbinding"]
    authorisation: str = Field(pattern=r"^[0-9]{1,18}$")
    do_it: bool = Field(default=False, description="end it on that day, and tell me")


class AboutWalletIn(Body):
    """Remind me when money can be sent again: hours, the day's number, a transfer to the same relative that waits."""

    about: Literal["wallet"]
    to: ReceiverIn | None = None


ReminderIn = Annotated[AboutBindingIn | AboutUnbindingIn | AboutWalletIn, Field(discriminator="about")]


class ReminderOut(Body):
    """A reminder that waits."""

    id: str
    kind: Kind = Field(
        description="unbind: it is done; unbind_day, bind, wallet: you are told; enrolled: a relative's insurance is looked up"
    )
    words: Words
    due_at: datetime | None = Field(description="null: looked up every day")
    authorisation: str | None


@router.get("")
def read_reminders(door: At) -> list[ReminderOut]:
    """What the caller asked for and still waits for, the next one first."""
    with door.open(Role.CITIZEN) as call:
        call.note("reminders.read", call.caller.person_id)
        return [_out(call, one) for one in reminders.waiting_of(call.connection, citizen(call.caller))]


@router.post("")
def ask(body: ReminderIn, door: At) -> ReminderOut:
    """Ask for one about what stops the caller now, which is looked up again: no day comes from the request. One about the
    same thing takes the place of the other; where nothing stands in the way that clears by itself: `reminder.needless`."""
    with door.open(Role.CITIZEN) as call:
        match body:
            case AboutBindingIn():
                asked = _about_binding(call, body)
            case AboutUnbindingIn():
                asked = _about_unbinding(call, body)
            case AboutWalletIn():
                asked = _about_wallet(call, body)
        if asked is None:
            raise Refused(
                "reminder.needless",
                "nothing that clears by itself stands in the way now: there is nothing to remind you of",
                "现在没有要等到哪天才能办的事，不用提醒",
            )
        call.note("reminder.ask", call.caller.person_id)
        return _out(call, asked)


@router.post("/{number}/cancel", status_code=204)
def cancel(number: Number, door: At) -> None:
    """Call one off; again, or once it has ended, nothing happens."""
    with door.open(Role.CITIZEN) as call:
        reminders.cancel(call.connection, citizen(call.caller), int(number), call.now)
        call.note("reminder.cancel", call.caller.person_id)


def _about_binding(call: Call, body: AboutBindingIn) -> Reminder | None:
    me = citizen(call.caller)
    problem, named = _own_stop(call, me), None
    if problem is None and body.user is not None and body.relation is not None:
        user = relative(call, body.user)
        problem, named = _stop_with(call, me, user, body), (user, str(body.relation))
    return reminding.ask_about_stop(call.connection, me, problem, named, asked_by=call.caller.holder, at=call.now)


def _own_stop(call: Call, me: int) -> GongjiError | None:
    listed = applications.eligibility(call.connection, call.platform.rules, me, call.now)
    return next((one.refusal for one in listed if one.refusal is not None), None)


def _stop_with(call: Call, me: int, user: int, body: AboutBindingIn) -> GongjiError | None:
    """What stops the caller from binding this relative: it is tried and taken back."""
    assert body.relation is not None, "asked only with a relation"
    trial = call.connection.begin_nested()
    try:
        family.bind(
            call.connection,
            call.platform.rules,
            sharer_id=me,
            user_id=user,
            relation=body.relation,
            commitment=body.commitment,
            consented=True,
            actor=call.caller.holder,
            at=call.now,
            serials=call.platform.database.serials,
        )
    except GongjiError as problem:
        return problem
    finally:
        trial.rollback()
    return None


def _about_unbinding(call: Call, body: AboutUnbindingIn) -> Reminder | None:
    one = family.authorisation(call.connection, int(body.authorisation))
    if one.sharer_id != call.caller.person_id:
        raise refuse(Code.UNKNOWN)
    day: date | None = may_unbind_from(one, call.now.date()) if one.state in IN_FORCE_STATES else None
    if day is None:
        return None
    return reminding.ask_to_unbind(
        call.connection, one, day, do_it=body.do_it, asked_by=call.caller.holder, at=call.now
    )


def _about_wallet(call: Call, body: AboutWalletIn) -> Reminder | None:
    me = citizen(call.caller)
    receiver = relative(call, body.to.receiver, "to.receiver") if body.to is not None else None
    relation = stated(body.to) if body.to is not None else None
    _, listed = wallet.wallet_conditions(call.connection, call.platform.wallets, me, receiver, relation)
    return reminding.ask_for_wallet(call.connection, me, listed, asked_by=call.caller.holder, at=call.now)


def _out(call: Call, one: Reminder) -> ReminderOut:
    if "person" in one.facts:
        call.note("person.read_masked", int(one.facts["person"]))
    zh, en = (
        text(f"reminder.{one.kind}", language, who=who_of(call.connection, call.platform.vault, one, language))
        for language in Language
    )
    return ReminderOut(
        id=str(one.id),
        kind=Kind(one.kind),
        words=Words(zh=zh, en=en),
        due_at=None if one.kind == Kind.ENROLLED else one.due_at,
        authorisation=str(one.facts["authorisation"]) if "authorisation" in one.facts else None,
    )
