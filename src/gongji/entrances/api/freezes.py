"""Freezes of personal accounts: read by the holder and by officers, made and lifted by officers of the region."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.people import words
from gongji.entrances.api.problems import RESPONSES, Words
from gongji.entrances.api.shapes import Body, Code, Line
from gongji.family import freezes_store
from gongji.family.freezes import NO_LAST_DAY, Awaited, Ending, Freeze, FreezeReason, LiftReason
from gongji.foundation.access import Role
from gongji.oversight import freezes
from gongji.oversight.freeze_refusals import unknown

router = APIRouter(prefix="/v1/people/{psn_no}/freezes", tags=["accounts"], responses=RESPONSES)

At = Annotated[Door, Depends()]
PsnNo = Annotated[str, Path(description="人员编号, 20 digits")]
Number = Annotated[str, Path(pattern=r"^[0-9]{1,18}$", description="number of the freeze")]


class FreezeIn(Body):
    """Why an account is frozen, and until when."""

    reason: Code = Field(description=", ".join(FreezeReason), examples=["holder_asked"])
    until: date | None = Field(default=None, description="the last day; left out: until it is lifted")
    note: Line = Field(default="", description="for colleagues only")


class LiftIn(Body):
    """Why an account is free again."""

    reason: Code = Field(description=", ".join(LiftReason), examples=["holder_asked"])


class SecondIn(Body):
    """A second officer's word on a freeze, or on its lifting, whichever waits for one."""

    opinion: Literal["agree", "disagree"]


class FreezeOut(BaseModel):
    """A freeze of a personal account, with the sentence that its holder reads."""

    id: str
    reason: FreezeReason
    reason_words: Words
    until: date | None = Field(description="the last day; null: until it is lifted")
    stands_until: date | None = Field(
        description="the last day as things are: earlier than `until` while a second officer is waited for; null: none"
    )
    asked_at: datetime
    awaits: Awaited | None = Field(description="what a second officer is waited for: see `second`")
    ending: Ending | None = Field(description="how it ended; null while it stands, or when its last day is over")
    ended_at: datetime | None
    lift_reason: LiftReason | None


class FreezesOut(BaseModel):
    """Whether nothing may be paid from an account now, and all its freezes, newest first."""

    frozen: bool
    items: list[FreezeOut]


@router.get("")
def read_freezes(psn_no: PsnNo, door: At) -> FreezesOut:
    """A person's account: frozen or not, and why, to the holder and to officers of the region."""
    with door.open(Role.CITIZEN, Role.OFFICER) as call:
        person, _ = call.person(psn_no)
        call.note("account.read_freeze", person.id)
        found = freezes_store.freezes_of(call.connection, person.id)
        on = call.now.date()
        return FreezesOut(frozen=any(one.stands(on) for one in found), items=[_out(call, one) for one in found])


@router.post("")
def freeze_account(psn_no: PsnNo, body: FreezeIn, door: At) -> FreezeOut:
    """Let nothing be paid from the account from now on. A reason that accuses somebody needs a second officer within
    three working days (`awaits`), or the freeze ends by itself."""
    with door.open(Role.OFFICER) as call:
        person, enrolments = call.person(psn_no)
        made = freezes.freeze(
            call.connection,
            call.platform.calendar,
            person_id=person.id,
            region=enrolments[0].region if enrolments else person.psn_no[:6],
            reason=body.reason,
            until=body.until,
            note=body.note,
            caller=call.caller,
            at=call.now,
        )
        return _out(call, made)


@router.post("/{number}/lift")
def lift_freeze(psn_no: PsnNo, number: Number, body: LiftIn, door: At) -> FreezeOut:
    """Free the account; where its freeze accuses somebody, this asks a second officer (`awaits` is then `lift`)."""
    with door.open(Role.OFFICER) as call:
        one = _freeze(call, psn_no, number)
        return _out(call, freezes.lift(call.connection, one.id, reason=body.reason, caller=call.caller, at=call.now))


@router.post("/{number}/second")
def second_opinion(psn_no: PsnNo, number: Number, body: SecondIn, door: At) -> FreezeOut:
    """Another officer (duty `second_reviewer`) agrees to what `awaits`; or does not, and the freeze ends, or goes on."""
    with door.open(Role.OFFICER) as call:
        one = _freeze(call, psn_no, number)
        agree = body.opinion == "agree"
        return _out(call, freezes.second_opinion(call.connection, one.id, agree=agree, caller=call.caller, at=call.now))


def _freeze(call: Call, psn_no: str, number: str) -> Freeze:
    person, _ = call.person(psn_no)
    one = freezes.freeze_of_region(call.connection, int(number), call.caller)
    if one.person_id != person.id:
        raise unknown()
    return one


def _out(call: Call, one: Freeze) -> FreezeOut:
    return FreezeOut(
        id=str(one.id),
        reason=one.reason,
        reason_words=words(f"freeze.reason.{one.reason}"),
        until=one.until,
        stands_until=None if one.stands_until == NO_LAST_DAY else one.stands_until,
        asked_at=one.asked_at,
        awaits=one.awaits(call.now.date()),
        ending=one.ending,
        ended_at=one.ended_at,
        lift_reason=one.lift_reason,
    )
