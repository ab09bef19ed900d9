"""The part of a month's statement that tells of allotted money: what the reader gave relatives, and what was given them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gongji.allotment.history import PartSpan, parts_given, parts_had
from gongji.entrances.naming import name_of
from gongji.entrances.papers.press import Sheet
from gongji.entrances.web.visits import Visit
from gongji.entrances.wording import money
from gongji.family import service as family
from gongji.foundation import audit
from gongji.ledger.pots import FOR_ALL
from gongji.registry import service as registry


@dataclass(frozen=True, slots=True)
class PotSheets:
    """The tables, and for who verifies the paper the sums of the reader's own pot; None where there is none."""

    tables: tuple[Sheet, ...]
    own: PartSpan | None


def pot_sheets(visit: Visit, since: datetime, until: datetime) -> PotSheets:
    """What a month's statement says of allotted money, from its first moment to the first after it."""
    given = family.authorisations_of_sharer(visit.connection, visit.person_id)
    had = family.authorisations_of_user(visit.connection, visit.person_id)
    mine = parts_given(visit.connection, visit.person_id, since, until)
    theirs = parts_had(visit.connection, had, since, until)
    if not mine and not theirs:
        return PotSheets((), None)
    named = [one for one in given if one.id in mine] + [one for one, _, _ in theirs]
    sides = {one.user_id if one.sharer_id == visit.person_id else one.sharer_id for one in named}
    people = registry.people_by_id(visit.connection, visit.platform.vault, sides)
    audit.record_each(visit.connection, visit.caller, "person.read_masked", people, at=visit.now)
    names = {one.id: name_of(one, visit.person_id, people, visit.reader.language) for one in named}
    text = visit.reader.text
    rows = [(text("paper.pot.all") if part == FOR_ALL else names[part], span) for part, span in sorted(mine.items())]
    own = None
    if rows:
        own = PartSpan(*(sum(getattr(span, name) for _, span in rows) for name in ("opening", "came", "went")))
        rows.append((text("paper.pot.sum"), own))
    received = [
        (text("paper.pot.all_of", who=names[one.id]) if for_all else names[one.id], span)
        for one, for_all, span in theirs
    ]
    tables = [_sheet(text, name, found) for name, found in (("given", rows), ("had", received)) if found]
    return PotSheets(tuple(tables), own)


def _sheet(text: Callable[..., str], name: str, rows: list[tuple[str, PartSpan]]) -> Sheet:
    columns = tuple(text(f"paper.pot.column.{one}") for one in ("who", "opening", "came", "went", "closing"))
    cells = [(who, money(span.opening), money(span.came), money(span.went), money(span.closing)) for who, span in rows]
    return Sheet(text(f"paper.pot.{name}"), columns, cells, (False, True, True, True, True), (1, 0, 0, 0, 0))
