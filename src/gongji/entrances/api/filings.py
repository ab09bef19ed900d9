"""Filings (备案): read by the person and by officers of the region, decided on by officers with the duty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.problems import RESPONSES, Words
from gongji.entrances.api.shapes import Body, Code, Line
from gongji.entrances.filing_words import reason_code, subject_of, why
from gongji.entrances.wording import Language
from gongji.foundation.access import Role
from gongji.oversight import filings as deciding
from gongji.oversight.filings import EndReason, RefuseReason, WithdrawReason
from gongji.registry import filings
from gongji.registry import service as registry
from gongji.registry.filings import Filing, FilingKind, FilingState

router = APIRouter(prefix="/v1", tags=["filings"], responses=RESPONSES)

At = Annotated[Door, Depends()]
PsnNo = Annotated[str, Path(description="人员编号, 20 digits")]
Number = Annotated[str, Path(pattern=r"^[0-9]{1,18}$", description="id of the filing")]


class RefuseIn(Body):
    """Why it is not granted; the person reads the sentence of the code."""

    reason: Code = Field(description=", ".join(RefuseReason), examples=["not_shown"])
    note: Line = Field(default="", description="for colleagues only")


class WithdrawIn(Body):
    """Why it is taken back."""

    reason: Code = Field(description=", ".join(WithdrawReason), examples=["asked"])
    note: Line = Field(default="", description="for colleagues only")


class EndIn(Body):
    """From when it holds no more, and why."""

    last_day: date = Field(description="the last day on which it holds")
    reason: Code = Field(description=", ".join(EndReason), examples=["recovered"])
    note: Line = Field(default="", description="for colleagues only")


class FilingOut(BaseModel):
    """A filing, with the sentence that its person reads."""

    id: str
    psn_no: str
    name: str = Field(description="of the person, masked")
    kind: FilingKind
    subject: str = Field(description="disease code, rank of the institution, institution referred to, or area (admdvs)")
    subject_words: Words
    state: FilingState
    since: date
    until: date | None = Field(description="the last day; null: open")
    filed_at: datetime
    reason: str | None = Field(
        description="why it was refused, withdrawn or ended: a code, or an institution's own words"
    )
    reason_words: Words | None


class WaitingOut(BaseModel):
    """Filings under review, the longest waiting first."""

    items: list[FilingOut]
    next: str | None = Field(description="`after` of the next page; null: this is the last")


@router.get("/filings")
def read_waiting(
    door: At,
    kind: Annotated[FilingKind | None, Query(description="only these")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="most on a page")] = 50,
    after: Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$", description="`next` of a page")] = None,
) -> WaitingOut:
    """What waits for the agency's decision on people insured in the officer's region."""
    with door.open(Role.OFFICER) as call:
        region = call.caller.region or ""
        prefix = region[:2] if region.endswith("0000") else region[:4]
        last = int(after) if after is not None else None
        found = filings.waiting_in(call.connection, prefix, call.now.date(), kind, limit + 1, last)
        call.note("filing.read_waiting")
        shown = found[:limit]
        return WaitingOut(items=_outs(call, shown), next=str(shown[-1].id) if len(found) > limit else None)


@router.get("/people/{psn_no}/filings")
def read_filings(psn_no: PsnNo, door: At) -> list[FilingOut]:
    """All that was ever filed for a person, to themself and to officers of the region."""
    with door.open(Role.CITIZEN, Role.OFFICER) as call:
        person, _ = call.person(psn_no)
        call.note("filing.read", person.id)
        return _outs(call, filings.filings_of(call.connection, person.id, undone=True))


@router.post("/people/{psn_no}/filings/{number}/grant")
def grant_filing(psn_no: PsnNo, number: Number, door: At) -> FilingOut:
    """Grant it (duty `reviewer`): it counts in settlements from its first day. Again, it changes nothing."""
    return _decided(door, psn_no, number, deciding.grant)


@router.post("/people/{psn_no}/filings/{number}/refuse")
def refuse_filing(psn_no: PsnNo, number: Number, body: RefuseIn, door: At) -> FilingOut:
    """Do not grant it (duty `reviewer`); the same can be filed anew."""
    return _decided(door, psn_no, number, deciding.refuse, reason=body.reason, note=body.note)


@router.post("/people/{psn_no}/filings/{number}/withdraw")
def withdraw_filing(psn_no: PsnNo, number: Number, body: WithdrawIn, door: At) -> FilingOut:
    """Take back what is still under review (duty `clerk` or `reviewer`)."""
    return _decided(door, psn_no, number, deciding.withdraw, reason=body.reason, note=body.note)


@router.post("/people/{psn_no}/filings/{number}/end")
def end_filing(psn_no: PsnNo, number: Number, body: EndIn, door: At) -> FilingOut:
    """End what was granted (duty `reviewer`); what was settled under it stays."""
    told = {"last_day": body.last_day, "reason": body.reason, "note": body.note}
    return _decided(door, psn_no, number, deciding.end, **told)


def _decided(door: Door, psn_no: str, number: str, decide: Callable[..., Filing], **told: object) -> FilingOut:
    """What becomes of a filing of this person by an officer's decision, with what is told of it."""
    with door.open(Role.OFFICER) as call:
        person, _ = call.person(psn_no)
        return _out(call, decide(call.connection, person.id, int(number), caller=call.caller, at=call.now, **told))


def _out(call: Call, one: Filing) -> FilingOut:
    return _outs(call, [one])[0]


def _outs(call: Call, found: list[Filing]) -> list[FilingOut]:
    people = registry.people_by_id(call.connection, call.platform.vault, {one.person_id for one in found})
    outs = []
    for one in found:
        zh, en = (subject_of(call.connection, call.platform.rules, one, language) for language in Language)
        closed = reason_code(one)
        outs.append(
            FilingOut(
                id=str(one.id),
                psn_no=people[one.person_id].psn_no,
                name=people[one.person_id].masked_name,
                kind=one.kind,
                subject=one.subject,
                subject_words=Words(zh=zh, en=en),
                state=one.state,
                since=one.since,
                until=one.until,
                filed_at=one.filed_at,
                reason=closed[1] if closed else None,
                reason_words=Words(zh=why(one, Language.CHINESE), en=why(one, Language.ENGLISH)) if closed else None,
            )
        )
    return outs
