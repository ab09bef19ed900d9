"""What clerks at the window did for the reader; and a clerk who is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import RedirectResponse, Response

from gongji.entrances.web.session import CITIZENS, forget, sign_out
from gongji.entrances.web.visits import Visit
from gongji.family import assistances
from gongji.foundation import audit
from gongji.oversight import service as oversight

#: Readings that are looked through for what clerks did.
_MOST = 500


@dataclass(frozen=True, slots=True)
class Line:
    """A clerk's number, from when to when, how the reader agreed, and what the clerk opened and did, newest first."""

    holder: str
    began_at: datetime
    over_at: datetime
    way: str
    paper: str
    acts: tuple[tuple[str, str], ...]


def lines(visit: Visit) -> list[Line]:
    """By whom the reader was assisted at the window, newest first."""
    found = assistances.assistances_of(visit.connection, visit.person_id)
    if not found:
        return []
    noted: dict[object, list[tuple[str, str]]] = {}
    for one in oversight.readings_of(visit.connection, visit.person_id, limit=_MOST):
        if one.action.startswith(("assist.saw.", "assist.did.")):
            said = visit.reader.text(f"readers.action.{one.action}"), visit.reader.moment(one.at)
            noted.setdefault(one.details.get("assistance"), []).append(said)
    return [
        Line(one.holder, one.began_at, one.over_at, one.way, one.paper or "", tuple(noted.get(one.id, ())))
        for one in found
    ]


def stop(visit: Visit) -> Response:
    """The clerk is done: the session of the person's pages ends, and the way leads back to the office."""
    assert visit.session.assistance_id is not None
    one = assistances.find(visit.connection, visit.session.assistance_id)
    assistances.end(visit.connection, one.holder, visit.now)
    audit.record(visit.connection, one.clerk, "assist.end", at=visit.now, person_id=one.person_id, assistance=one.id)
    sign_out(visit.connection, visit.platform, CITIZENS, visit.request)
    response = RedirectResponse("/office/people?notice=assisted", status_code=303)
    forget(response, CITIZENS)
    return response
