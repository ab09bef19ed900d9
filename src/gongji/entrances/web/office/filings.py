"""What is filed for a person (备案): listed, filed, granted, withdrawn, ended.

At the window it is filed, at the review desk it is granted; each step is audited, and the person reads it.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gongji.entrances.web.office.comparing import region_name
from gongji.entrances.web.office.filing_form import FIELDS, day, read, words_of
from gongji.entrances.web.office.pages import area_prefix, for_duties, show
from gongji.entrances.web.office.people import ON_PEOPLE, Found, person_at
from gongji.entrances.web.visits import Visit
from gongji.family import casework
from gongji.family import service as family
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.foundation.errors import GongjiError, InvalidInput, NotFound
from gongji.registry import filings
from gongji.registry import service as registry
from gongji.registry.filings import Filing, FilingKind, FilingState
from gongji.settlement.kinds import TWO_DISEASES

#: Who files: at the window what is to be decided, at the review desk what is decided.
_FILING: Final = (Duty.CLERK, Duty.REVIEWER)

#: Steps of a filing, and who may do them.
_STEPS: Final = {"grant": (Duty.REVIEWER,), "withdraw": _FILING, "end": (Duty.REVIEWER,)}

_MOST_WORDS: Final = 200

#: Filings that are listed at once.
_MOST: Final = 200


@for_duties(*ON_PEOPLE)
def listed(visit: Visit) -> Response:
    """``GET /people/{psn_no}/filings``: all that was ever filed, what holds first."""
    return _page(visit, person_at(visit))


@for_duties(*ON_PEOPLE)
def waiting(visit: Visit) -> Response:
    """``GET /filings``: what waits for a reviewer, from the window and from hospitals, the longest waiting first."""
    kind = next((one for one in FilingKind if one == visit.query("kind")), None)
    found = filings.waiting_in(visit.connection, area_prefix(visit), visit.now.date(), kind, _MOST)
    people = registry.people_by_id(visit.connection, visit.platform.vault, {one.person_id for one in found})
    audit.record(visit.connection, visit.caller, "filing.read_waiting", at=visit.now)
    return show(
        visit,
        "filings_waiting.html",
        filings=[(one, _subject(visit, one)) for one in found],
        people=people,
        kind=kind or "",
        kinds=[(one.value, visit.reader.text(f"office.filing.kind.{one}")) for one in FilingKind],
        today=visit.now.date(),
    )


@for_duties(*_FILING)
def new(visit: Visit) -> Response:
    """``GET /people/{psn_no}/filings/new?kind=``: the form of a kind."""
    return _form(visit, person_at(visit), _kind(visit.query("kind")), {})


@for_duties(*_FILING)
def file(visit: Visit) -> Response:
    """``POST /people/{psn_no}/filings/new``: granted at once where a reviewer files."""
    found, kind = person_at(visit), _kind(visit.form.text("kind"))
    granted = Duty.REVIEWER in visit.caller.duties
    told = read(visit, found, kind, FilingState.GRANTED if granted else FilingState.FILED)
    if told.filing is None:
        return _form(visit, found, kind, told.errors)
    person_id = found.person.id
    try:
        family.lock_people(visit.connection, [person_id])
        casework.check_not_own(visit.connection, [person_id], visit.caller, visit.now)
        number = filings.file(visit.connection, visit.platform.database.serials, told.filing, visit.now)
    except GongjiError as problem:
        return _form(visit, found, kind, {"since": visit.reader.sentence(problem)}, problem.status)
    _note(visit, "file", person_id, number, kind)
    return visit.go(f"/people/{found.person.psn_no}/filings?notice={'granted' if granted else 'filed'}")


@for_duties(*_FILING)
def step(visit: Visit) -> Response:
    """``POST /people/{psn_no}/filings/{number}``: grant, withdraw or end it."""
    found, form, chosen = person_at(visit), visit.form, visit.form.text("step")
    text = visit.part("number")
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
    try:
        if chosen not in _STEPS:
            raise InvalidInput(
                "filing.step", "choose a step", "请选要办的一步", field="step", accepted=", ".join(_STEPS)
            )
        visit.caller.require_duty(*_STEPS[chosen])
        family.lock_people(visit.connection, [found.person.id])
        casework.check_not_own(visit.connection, [found.person.id], visit.caller, visit.now)
        after = _carry_out(visit, found.person.id, number, chosen, form.text(f"why-{number}"))
    except NotFound:
        raise
    except GongjiError as problem:
        return _page(visit, found, number, problem)
    _note(visit, chosen, found.person.id, number, after.kind)
    return visit.go(f"/people/{found.person.psn_no}/filings?notice=filing_{chosen}")


def _carry_out(visit: Visit, person_id: int, number: int, chosen: str, why: str) -> Filing:
    if chosen == "grant":
        return filings.grant(visit.connection, person_id, number)
    if not 2 <= len(why) <= _MOST_WORDS:
        raise InvalidInput(
            "filing.why",
            f"write why: 2 to {_MOST_WORDS} characters",
            f"请写明原因：2 到 {_MOST_WORDS} 个字",
            field="why",
            accepted=f"2 to {_MOST_WORDS} characters",
        )
    if chosen == "withdraw":
        return filings.withdraw(visit.connection, person_id, number, why)
    last_day = day(visit.form.text(f"last_day-{number}"))
    if last_day is None:
        raise InvalidInput(
            "filing.last_day",
            "write the last day as in 2026-12-31",
            "请填写最后一天",
            field="last_day",
            accepted="a day",
        )
    return filings.end(visit.connection, person_id, number, last_day, why)


def _kind(text: str) -> FilingKind:
    found = next((one for one in FilingKind if one == text), None)
    if found is None:
        raise NotFound(
            "filing.kind", "there is no such kind of filing", "没有这种备案，请从参保人的备案页选", field="kind"
        )
    return found


def _note(visit: Visit, what: str, person_id: int, number: int, kind: FilingKind) -> None:
    action = f"filing.{what}"
    audit.record(
        visit.connection, visit.caller, action, at=visit.now, person_id=person_id, filing=number, kind=str(kind)
    )


def _page(visit: Visit, found: Found, at: int = 0, problem: GongjiError | None = None) -> Response:
    known = filings.filings_of(visit.connection, found.person.id, withdrawn=True)
    audit.record(visit.connection, visit.caller, "filing.read", at=visit.now, person_id=found.person.id)
    on = visit.now.date()
    errors = {}
    if problem is not None:
        field = problem.field if problem.field in ("why", "last_day") else "step"
        errors[f"{field}-{at}"] = visit.reader.sentence(problem)
    ranked = sorted(known, key=lambda one: (not one.holds(on), one.state is FilingState.WITHDRAWN))
    return show(
        visit,
        "filings.html",
        status=problem.status if problem else 200,
        found=found,
        filings=[(one, _subject(visit, one), one.holds(on)) for one in ranked],
        kinds=[(one.value, visit.reader.text(f"office.filing.kind.{one}")) for one in FilingKind],
        may_file=bool(visit.caller.duties.intersection(_FILING)),
        may_decide=Duty.REVIEWER in visit.caller.duties,
        today=on,
        at=at,
        errors=errors,
        form=visit.form,
    )


def _subject(visit: Visit, one: Filing) -> str:
    """What a filing is about, in words."""
    if one.kind is FilingKind.ELSEWHERE:
        return region_name(visit.platform.rules, one.subject)
    if one.kind in (FilingKind.PROVIDER, FilingKind.FAMILY_DOCTOR):
        place = registry.institutions_by_id(visit.connection, [one.institution_id or 0]).get(one.institution_id or 0)
        return visit.reader.text("office.filing.ranked", rank=one.subject, name=place.name if place else one.name)
    return " ".join(part for part in (one.name, one.subject) if part)


def _form(visit: Visit, found: Found, kind: FilingKind, errors: dict[str, str], status: int = 422) -> Response:
    return show(
        visit,
        "filing_new.html",
        status=status if errors else 200,
        found=found,
        kind=kind,
        fields=FIELDS[kind],
        words=[("", visit.reader.text("office.filing.word.none")), *words_of(visit, found)],
        diseases=[(code, visit.reader.text(f"office.filing.which.{code}"), "") for code in TWO_DISEASES],
        granted=Duty.REVIEWER in visit.caller.duties,
        errors=errors,
        form=visit.form,
        today=visit.now.date(),
    )
