"""The queue of cases under review: filters, clocks, and the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.responses import Response

from gongji.entrances.web.office.clock import Clock, clock_of
from gongji.entrances.web.office.comparing import word
from gongji.entrances.web.office.deciding import carry_out_now
from gongji.entrances.web.office.pages import ON_CASES, area_prefix, for_duties, show, ways
from gongji.entrances.web.visits import Visit
from gongji.family import casework
from gongji.family.casework import Desk
from gongji.family.words import RELATION_WORDS
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.registry import service as registry
from gongji.rules.model import Relation

#: What can be shown, the first unless another is asked for.
SHOWN: Final = ("open", "mine", "second", "decided", "late", "all")


@dataclass(frozen=True, slots=True)
class Line:
    """A case in the queue.

    Attributes:
        number: of the authorisation.
        sharer, user: masked names.
        relation: in words.
        documents: how many are there.
        since: waiting since.
        clock: how it stands in time.
        who: the officer who has it; "" while nobody has.
        stage: ``free``, ``mine``, ``taken``, ``second``, ``decided`` or ``failed``.
    """

    number: int
    sharer: str
    user: str
    relation: str
    documents: int
    since: datetime
    clock: Clock
    who: str
    stage: str


def home(visit: Visit) -> Response:
    """``GET /``: the queue; whoever has nothing to do with cases is led to their own first page."""
    mine = ways(visit)
    return visit.go(mine[0][1]) if mine and mine[0][1] != "/" else queue(visit)


@for_duties(*ON_CASES)
def queue(visit: Visit) -> Response:
    """The cases of the officer's region, the longest waiting first."""
    carry_out_now(visit)
    shown = visit.query("show") if visit.query("show") in SHOWN else _first_of(visit)
    relation = visit.query("relation")
    desks = casework.queue(visit.connection, area_prefix(visit))
    lines = [one for one in _lines(visit, desks) if _belongs(one, shown)]
    if relation in tuple(Relation):
        lines = [one for one in lines if one.relation == word(RELATION_WORDS[Relation(relation)], visit.reader)]
    audit.record(visit.connection, visit.caller, "review_queue.read", at=visit.now)
    return show(
        visit,
        "queue.html",
        lines=lines,
        shown=shown,
        choices=SHOWN,
        relation=relation,
        relations=[(one.value, word(RELATION_WORDS[one], visit.reader)) for one in Relation],
        waiting=len(desks),
    )


def next_case(visit: Visit) -> int | None:
    """The case that has waited longest and that nobody is at."""
    return next(
        (one.case.authorisation.id for one in casework.queue(visit.connection, area_prefix(visit)) if _is_free(one)),
        None,
    )


def _first_of(visit: Visit) -> str:
    reviewer = Duty.REVIEWER in visit.caller.duties
    return "open" if reviewer else "second" if Duty.SECOND_REVIEWER in visit.caller.duties else "all"


def _is_free(desk: Desk) -> bool:
    return desk.claimed_by is None and (desk.decided is None or desk.decided.failed is not None)


def _stage(desk: Desk, holder: str) -> str:
    decided = desk.decided
    if decided is not None and decided.failed is None:
        return "second" if decided.waits_for_second else "decided"
    if desk.claimed_by is not None:
        return "mine" if desk.claimed_by == holder else "taken"
    return "failed" if decided is not None else "free"


def _belongs(line: Line, shown: str) -> bool:
    match shown:
        case "open":
            return line.stage in ("free", "mine", "failed")
        case "late":
            return line.clock.css == "late"
        case "all":
            return True
    return line.stage == shown


def _lines(visit: Visit, desks: Sequence[Desk]) -> list[Line]:
    ids = {side for desk in desks for side in (desk.case.authorisation.sharer_id, desk.case.authorisation.user_id)}
    people = registry.people_by_id(visit.connection, visit.platform.vault, ids)
    days = visit.platform.calendar
    lines = []
    for desk in desks:
        case = desk.case.authorisation
        since = desk.case.waiting_since
        clock = clock_of(visit.platform.rules, days, case.region, since, visit.now, visit.reader)
        who = desk.claimed_by or (desk.decided.holder if desk.decided else "")
        lines.append(
            Line(
                case.id,
                people[case.sharer_id].masked_name,
                people[case.user_id].masked_name,
                word(RELATION_WORDS[case.relation], visit.reader),
                desk.case.documents,
                since,
                clock,
                who,
                _stage(desk, visit.caller.holder),
            )
        )
    return lines
