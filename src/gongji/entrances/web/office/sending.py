"""Messages on their way: what did not arrive, each delivery with its attempts, and sending one again by hand.

Officers see what a message is about and what became of it, not what it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from gongji.entrances.web.office.pages import ON_CASES, for_duties, show
from gongji.entrances.web.office.people import person_at, region_of, regions_of
from gongji.entrances.web.visits import Visit, whole
from gongji.foundation import audit, deliveries, delivery_book
from gongji.foundation.access import Duty
from gongji.foundation.delivery_book import Kept, Step
from gongji.foundation.errors import NotFound, Refused
from gongji.foundation.inbox import Received, messages_of
from gongji.registry import service as registry
from gongji.registry.model import Person

_READERS: Final = (Duty.CLERK, *ON_CASES)
_RESENDERS: Final = (Duty.CLERK, Duty.REVIEWER)

#: What can be listed for the whole region.
SHOWN: Final = ("given_up", "retried")

#: Deliveries on a page, and messages of a person that are shown.
_MOST: Final = 50

#: Deliveries that are looked through at a time for those of the region, and for one page: a region with few of them goes on
#: from where the page before has looked to.
_BATCH: Final = 500
_LOOKED_THROUGH: Final = 5_000


@dataclass(frozen=True, slots=True)
class Line:
    """A delivery, and what became of it."""

    one: Kept
    steps: Sequence[Step]
    may_resend: bool


@for_duties(*_READERS)
def troubled(visit: Visit) -> Response:
    """``GET /messages``: deliveries to people of the region that were given up, or are tried again."""
    shown = visit.query("show") if visit.query("show") in SHOWN else SHOWN[0]
    before = visit.query("before")
    after = whole(before)
    mine, older = _of_region(visit, given_up=shown == "given_up", before=after)
    people = registry.people_by_id(visit.connection, visit.platform.vault, {one.person_id for one in mine})
    audit.record(visit.connection, visit.caller, "message.read_deliveries", at=visit.now)
    return show(
        visit,
        "messages.html",
        lines=_lines(visit, mine),
        people=people,
        shown=shown,
        choices=SHOWN,
        older=older,
        paged=after is not None,
    )


def _of_region(visit: Visit, *, given_up: bool, before: int | None) -> tuple[list[Kept], int]:
    """A page of deliveries to people of the officer's region, and the number from which older ones go on; 0 at the end."""
    mine: list[Kept] = []
    for _ in range(_LOOKED_THROUGH // _BATCH):
        batch = delivery_book.troubled(visit.connection, given_up=given_up, limit=_BATCH, before=before)
        theirs = regions_of(visit, {one.person_id for one in batch})
        for one in batch:
            if visit.caller.covers(theirs[one.person_id]):
                mine.append(one)
            if len(mine) == _MOST:
                more = one is not batch[-1] or len(batch) == _BATCH
                return mine, one.id if more else 0
        if len(batch) < _BATCH:
            return mine, 0
        before = batch[-1].id
    return mine, before or 0


@for_duties(*_READERS)
def of_person(visit: Visit) -> Response:
    """``GET /people/{psn_no}/messages``: the newest messages of a person, where they went, and whether they were read."""
    found = person_at(visit)
    told = messages_of(visit.connection, found.person.id, _MOST)
    kept = delivery_book.of_messages(visit.connection, [one.id for one in told])
    audit.record(visit.connection, visit.caller, "message.read_deliveries", at=visit.now, person_id=found.person.id)
    lines = {line.one.id: line for line in _lines(visit, [one for ones in kept.values() for one in ones])}
    shown: list[tuple[Received, list[Line]]] = [
        (one, [lines[delivery.id] for delivery in kept.get(one.id, [])]) for one in told
    ]
    return show(visit, "person_messages.html", found=found, messages=shown)


@for_duties(*_RESENDERS)
def resend(visit: Visit) -> Response:
    """``POST /messages/{number}/resend``: tried anew, for another three days."""
    one, person = _delivery(visit)
    if one.gone:
        raise Refused(
            "message.program_gone",
            "this program is told nothing any more: it has to subscribe anew",
            "这个程序已经停止接收，请先重新订阅再发送",
        )
    if one.due_at is not None:
        raise Refused("message.waiting", "it is being tried already", "这一条正在发送，不用再发")
    deliveries.resend(visit.connection, visit.now, one.id, by=visit.caller.holder)
    audit.record(visit.connection, visit.caller, "message.resend", at=visit.now, person_id=person.id, delivery=one.id)
    return visit.go(f"/people/{person.psn_no}/messages?notice=resent")


def _delivery(visit: Visit) -> tuple[Kept, Person]:
    number = visit.number()
    one = delivery_book.find(visit.connection, number)
    if one is not None:
        person = registry.people_by_id(visit.connection, visit.platform.vault, [one.person_id])[one.person_id]
        if visit.caller.covers(region_of(visit, person)):
            return one, person
    raise NotFound("message.delivery", "there is no such delivery in your region", "没有找到这条发送记录，请从名单里选")


def _lines(visit: Visit, found: Iterable[Kept]) -> list[Line]:
    ones = list(found)
    steps = delivery_book.steps_of(visit.connection, [one.id for one in ones])
    allowed = bool(visit.caller.duties.intersection(_RESENDERS))
    return [Line(one, steps.get(one.id, ()), allowed and one.due_at is None and not one.gone) for one in ones]
