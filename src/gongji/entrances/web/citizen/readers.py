"""Who looked at the reader's data, told from the audit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from starlette.responses import Response

from gongji.entrances.web.visits import Visit
from gongji.entrances.wording import catalogue
from gongji.foundation.clock import CHINA
from gongji.oversight import service as oversight
from gongji.oversight.model import Reading
from gongji.registry import service as registry


@dataclass(slots=True)
class Look:
    """What somebody did with the reader's data on one day.

    Attributes:
        at: the last time.
        who: an officer by number, a relative by masked name, a program.
        what: in words.
        times: how often.
    """

    at: datetime
    who: str
    what: str
    times: int


def readers(visit: Visit) -> Response:
    """``GET /readers``: newest first, the same by the same on one day as one line."""
    found = oversight.readings_of(visit.connection, visit.person_id, limit=300)
    ids = {one.actor_person_id for one in found if one.actor_person_id is not None}
    names = {
        one.id: one.masked_name for one in registry.people_by_id(visit.connection, visit.platform.vault, ids).values()
    }
    looks: dict[tuple[date, str, str], Look] = {}
    for one in found:
        who, what = _who(visit, one, names), _what(visit, one.action)
        key = (one.at.astimezone(CHINA).date(), who, what)
        if key in looks:
            looks[key].times += 1
        else:
            looks[key] = Look(one.at, who, what, 1)
    return visit.render("citizen/readers.html", looks=list(looks.values()))


def _who(visit: Visit, one: Reading, names: dict[int, str]) -> str:
    if one.actor_person_id is not None:
        return visit.reader.text("readers.relative", name=names.get(one.actor_person_id, ""))
    return visit.reader.text(f"readers.role.{one.role}", holder=one.holder)


def _what(visit: Visit, action: str) -> str:
    """In words; an action without words of its own is told as something that was looked at or changed."""
    key = f"readers.action.{action}"
    return visit.reader.text(key if key in catalogue(visit.reader.language) else "readers.action.other")
