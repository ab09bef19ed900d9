"""What is filed for a person (备案): listed, filed, granted, refused, withdrawn, ended.

At the window it is filed, at the review desk it is decided; the reason that is chosen is what the person reads.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gongji.entrances.filing_words import closed, standing, subject_of
from gongji.entrances.web.office.filing_form import FIELDS, day, read, words_of
from gongji.entrances.web.office.pages import area_prefix, for_duties, read_rows, show
from gongji.entrances.web.office.people import ON_PEOPLE, Found, person_at
from gongji.entrances.web.visits import Visit
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.foundation.errors import GongjiError, InvalidInput, NotFound
from gongji.oversight import filings as deciding
from gongji.oversight.filings import DECIDING, FILING, EndReason, RefuseReason, WithdrawReason
from gongji.registry import filings
from gongji.registry import service as registry
from gongji.registry.filings import Filing, FilingKind, FilingState
from gongji.settlement.kinds import TWO_DISEASES

#: Steps of a filing, and who may do them.
_STEPS: Final = {"grant": DECIDING, "refuse": DECIDING, "withdraw": FILING, "end": DECIDING}

#: The reasons that a step asks for.
REASONS: Final = {"refuse": RefuseReason, "withdraw": WithdrawReason, "end": EndReason}

#: What a reason becomes once the step is done.
CLOSED: Final = {"refuse": "refused", "withdraw": "withdrawn", "end": "ended"}

_FIELDS: Final = ("reason", "note", "last_day")

#: States of which something may still come.
_STANDING: Final = (FilingState.FILED, FilingState.GRANTED)


@for_duties(*ON_PEOPLE)
def listed(visit: Visit) -> Response:
    """``GET /people/{psn_no}/filings``: all that was ever filed, what holds first."""
    return _page(visit, person_at(visit))


@for_duties(*ON_PEOPLE)
def waiting(visit: Visit) -> Response:
    """``GET /filings``: what waits for a reviewer, from the window and from hospitals, the longest waiting first."""
    kind = next((one for one in FilingKind if one == visit.query("kind")), None)
    on = visit.now.date()
    found, leaf = read_rows(
        visit, lambda most, after: filings.waiting_in(visit.connection, area_prefix(visit), on, kind, most, after)
    )
    people = registry.people_by_id(visit.connection, visit.platform.vault, {one.person_id for one in found})
    audit.record(visit.connection, visit.caller, "filing.read_waiting", at=visit.now)
    return show(
        visit,
        "filings_waiting.html",
        filings=[(one, _subject(visit, one)) for one in found],
        leaf=leaf,
        people=people,
        kind=kind or "",
        kinds=[(one.value, visit.reader.text(f"filing.kind.{one}")) for one in FilingKind],
        today=on,
    )


@for_duties(*FILING)
def new(visit: Visit) -> Response:
    """``GET /people/{psn_no}/filings/new?kind=``: the form of a kind."""
    return _form(visit, person_at(visit), _kind(visit.query("kind")), {})


@for_duties(*FILING)
def file(visit: Visit) -> Response:
    """``POST /people/{psn_no}/filings/new``: granted at once where a reviewer files."""
    found, kind = person_at(visit), _kind(visit.form.text("kind"))
    granted = Duty.REVIEWER in visit.caller.duties
    told = read(visit, found, kind, FilingState.GRANTED if granted else FilingState.FILED)
    if told.filing is None:
        return _form(visit, found, kind, told.errors)
    try:
        deciding.file(visit.connection, visit.platform.database.serials, told.filing, caller=visit.caller, at=visit.now)
    except GongjiError as problem:
        return _form(visit, found, kind, {"since": visit.reader.sentence(problem)}, problem.status)
    return visit.go(f"/people/{found.person.psn_no}/filings?notice={'granted' if granted else 'filed'}")


@for_duties(*FILING)
def step(visit: Visit) -> Response:
    """``POST /people/{psn_no}/filings/{number}``: grant, refuse, withdraw or end it."""
    found, chosen = person_at(visit), visit.form.text("step")
    number = visit.number()
    try:
        if chosen not in _STEPS:
            raise InvalidInput(
                "filing.step", "choose a step", "请选要办的一步", field="step", accepted=", ".join(_STEPS)
            )
        visit.caller.require_duty(*_STEPS[chosen])
        _carry_out(visit, found.person.id, number, chosen)
    except NotFound:
        raise
    except GongjiError as problem:
        return _page(visit, found, (number, chosen), problem)
    return visit.go(f"/people/{found.person.psn_no}/filings?notice=filing_{chosen}")


def _carry_out(visit: Visit, person_id: int, number: int, chosen: str) -> Filing:
    connection, caller, at = visit.connection, visit.caller, visit.now
    if chosen == "grant":
        return deciding.grant(connection, person_id, number, caller=caller, at=at)
    at_step = f"{chosen}-{number}"
    reason, note = visit.form.text(f"reason-{at_step}"), visit.form.text(f"note-{at_step}")
    if chosen != "end":
        work = deciding.refuse if chosen == "refuse" else deciding.withdraw
        return work(connection, person_id, number, reason=reason, note=note, caller=caller, at=at)
    last_day = day(visit.form.text(f"last_day-{at_step}"))
    if last_day is None:
        raise InvalidInput(
            "filing.last_day",
            "write the last day as in 2026-12-31",
            "请填写最后一天",
            field="last_day",
            accepted="a day",
        )
    return deciding.end(
        connection, person_id, number, last_day=last_day, reason=reason, note=note, caller=caller, at=at
    )


def _kind(text: str) -> FilingKind:
    found = next((one for one in FilingKind if one == text), None)
    if found is None:
        raise NotFound(
            "filing.kind", "there is no such kind of filing", "没有这种备案，请从参保人的备案页选", field="kind"
        )
    return found


def _page(visit: Visit, found: Found, at: tuple[int, str] = (0, ""), problem: GongjiError | None = None) -> Response:
    known = filings.filings_of(visit.connection, found.person.id, undone=True)
    audit.record(visit.connection, visit.caller, "filing.read", at=visit.now, person_id=found.person.id)
    on, text = visit.now.date(), visit.reader.text
    errors = {}
    number, chosen = at
    if problem is not None:
        place = f"{problem.field}-{chosen}-{number}" if problem.field in _FIELDS else f"step-{number}"
        errors[place] = visit.reader.sentence(problem)
    ranked = sorted(known, key=lambda one: (not one.holds(on), one.state not in _STANDING))
    return show(
        visit,
        "filings.html",
        status=problem.status if problem else 200,
        found=found,
        filings=[(one, _subject(visit, one), standing(one, on), closed(one, visit.reader.language)) for one in ranked],
        kinds=[(one.value, text(f"filing.kind.{one}")) for one in FilingKind],
        reasons={
            step: [(one.value, text(f"filing.{CLOSED[step]}.{one}"), "") for one in reasons]
            for step, reasons in REASONS.items()
        },
        may_file=bool(visit.caller.duties.intersection(FILING)),
        may_decide=bool(visit.caller.duties.intersection(DECIDING)),
        today=on,
        at=number,
        errors=errors,
        form=visit.form,
    )


def _subject(visit: Visit, one: Filing) -> str:
    return subject_of(visit.connection, visit.platform.rules, one, visit.reader.language)


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
