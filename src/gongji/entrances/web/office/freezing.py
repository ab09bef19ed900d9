"""Freezing a personal account and freeing it again; the reason that is chosen is what the holder reads."""

from __future__ import annotations

from datetime import date
from typing import Final

from starlette.responses import Response

from gongji.entrances.web.office.pages import ON_CASES, agrees, area_prefix, for_duties, show
from gongji.entrances.web.office.people import Found, person_at
from gongji.entrances.web.visits import Visit
from gongji.family import freezes_store
from gongji.family.freezes import NO_LAST_DAY, Awaited, Freeze, FreezeReason, LiftReason
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.foundation.errors import GongjiError, InvalidInput
from gongji.oversight import freezes
from gongji.registry import service as registry

_FIELDS: Final = ("reason", "until", "note", "lift_reason", "opinion")


@for_duties(*ON_CASES)
def standing(visit: Visit) -> Response:
    """``GET /freezes``: the accounts of the region that are frozen, those first that wait for a second officer."""
    on = visit.now.date()
    found = freezes_store.freezes_in(visit.connection, area_prefix(visit), on)
    people = registry.people_by_id(visit.connection, visit.platform.vault, {one.person_id for one in found})
    audit.record(visit.connection, visit.caller, "account.read_freezes", at=visit.now)
    return show(
        visit,
        "freezes.html",
        freezes=sorted(found, key=lambda one: (one.awaits(on) is None, one.id)),
        people=people,
        awaits={one.id: one.awaits(on) for one in found},
        no_last_day=NO_LAST_DAY,
    )


@for_duties(*ON_CASES)
def account(visit: Visit) -> Response:
    """``GET /people/{psn_no}/freeze``: how the account stands, its freezes, and what can be done."""
    return _page(visit, person_at(visit))


@for_duties(Duty.REVIEWER)
def freeze(visit: Visit) -> Response:
    """``POST /people/{psn_no}/freeze``."""
    found, form = person_at(visit), visit.form
    try:
        freezes.freeze(
            visit.connection,
            visit.platform.calendar,
            person_id=found.person.id,
            region=found.region,
            reason=form.text("reason"),
            until=last_day(form.text("until")),
            note=form.text("note"),
            caller=visit.caller,
            at=visit.now,
        )
    except GongjiError as problem:
        return _page(visit, found, problem)
    return visit.go(f"/people/{found.person.psn_no}/freeze?notice=frozen")


@for_duties(Duty.REVIEWER)
def lift(visit: Visit) -> Response:
    """``POST /freezes/{number}/lift``: free the account, or ask for it where two have to."""
    one, found = _freeze(visit)
    try:
        after = freezes.lift(
            visit.connection, one.id, reason=visit.form.text("lift_reason"), caller=visit.caller, at=visit.now
        )
    except GongjiError as problem:
        return _page(visit, found, problem)
    notice = "freed" if after.ending else "lift_asked"
    return visit.go(f"/people/{found.person.psn_no}/freeze?notice={notice}")


@for_duties(Duty.SECOND_REVIEWER)
def second(visit: Visit) -> Response:
    """``POST /freezes/{number}/second``: the second officer's word."""
    one, found = _freeze(visit)
    try:
        agree = agrees(visit, "freeze.opinion")
        freezes.second_opinion(visit.connection, one.id, agree=agree, caller=visit.caller, at=visit.now)
    except GongjiError as problem:
        return _page(visit, found, problem)
    said = "agreed" if agree else "disagreed"
    return visit.go(f"/people/{found.person.psn_no}/freeze?notice=freeze_{said}")


def _freeze(visit: Visit) -> tuple[Freeze, Found]:
    """The freeze that the address names, and whose account it is."""
    number = visit.number()
    one = freezes.freeze_of_region(visit.connection, number, visit.caller)
    person = registry.people_by_id(visit.connection, visit.platform.vault, [one.person_id])[one.person_id]
    return one, Found(person, registry.enrolments_of(visit.connection, person.id), one.region)


def last_day(text: str) -> date | None:
    """The last day of a freeze as it was typed; None where it has none yet.

    Raises:
        InvalidInput: ``freeze.until``.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            "freeze.until",
            "write the last day as in 2026-12-31",
            "日期要写成 2026-12-31 这样；不确定哪天结束的，可以不填",
            field="until",
            accepted="2026-12-31",
        ) from None


def _page(visit: Visit, found: Found, problem: GongjiError | None = None) -> Response:
    on, duties = visit.now.date(), visit.caller.duties
    history = freezes_store.freezes_of(visit.connection, found.person.id)
    now = next((one for one in history if one.stands(on)), None)
    awaited = now.awaits(on) if now else None
    asker = None if now is None else now.lift_asked_by if awaited is Awaited.LIFT else now.asked_by
    audit.record(visit.connection, visit.caller, "account.read_freeze", at=visit.now, person_id=found.person.id)
    errors = {}
    if problem is not None:
        field = problem.field if problem.field in _FIELDS else "reason"
        errors[field] = visit.reader.sentence(problem)
    text = visit.reader.text
    return show(
        visit,
        "freeze.html",
        status=problem.status if problem else 200,
        found=found,
        now=now,
        history=[one for one in history if one is not now],
        awaited=awaited,
        may_freeze=now is None and Duty.REVIEWER in duties,
        may_lift=now is not None and now.lift_asked_at is None and Duty.REVIEWER in duties,
        may_agree=awaited is not None and Duty.SECOND_REVIEWER in duties and asker != visit.caller.holder,
        reasons=[
            (one.value, text(f"freeze.reason.{one}"), text("office.freeze.two_officers") if one.accuses else "")
            for one in FreezeReason
        ],
        lift_reasons=[(one.value, text(f"freeze.lift.{one}"), "") for one in LiftReason],
        opinions=[(one, text(f"office.freeze.opinion.{one}"), "") for one in ("agree", "disagree")],
        no_last_day=NO_LAST_DAY,
        errors=errors,
        form=visit.form,
    )
