"""For auditors: who read or changed the data of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from gongji.entrances.web.office.pages import for_duties, show
from gongji.entrances.web.visits import Visit
from gongji.entrances.wording import catalogue
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.oversight import service as oversight
from gongji.registry import service as registry


@dataclass(frozen=True, slots=True)
class Trace:
    """One line of the trail: when, who, and what in words."""

    at: datetime
    who: str
    what: str


@for_duties(Duty.AUDITOR)
def trail(visit: Visit) -> Response:
    """``GET /trail?person=``: by 人员编号, of somebody insured in the officer's region; the looking is noted too."""
    number = visit.query("person")
    traces: list[Trace] | None = None
    errors = {}
    if number:
        found = registry.person_by_psn_no(visit.connection, visit.platform.vault, number)
        enrolments = registry.enrolments_of(visit.connection, found.id) if found else []
        region = enrolments[0].region if enrolments else found.psn_no[:6] if found else ""
        if found is None or not visit.caller.covers(region):
            errors["person"] = visit.reader.text("office.trail.nobody")
        else:
            audit.record(visit.connection, visit.caller, "audit.read", at=visit.now, person_id=found.id)
            traces = [
                Trace(one.at, visit.reader.text(f"readers.role.{one.role}", holder=one.holder), what(one.action, visit))
                for one in oversight.readings_of(visit.connection, found.id, limit=200)
            ]
    return show(visit, "trail.html", number=number, traces=traces, errors=errors)


def what(action: str, visit: Visit) -> str:
    """An action of the audit in words; one that the catalogue does not know is told as it is."""
    known = f"readers.action.{action}" in catalogue(visit.reader.language)
    return visit.reader.text(f"readers.action.{action}") if known else action
