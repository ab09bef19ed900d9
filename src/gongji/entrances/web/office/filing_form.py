"""The form of a filing: which fields each kind asks for, and what is wrong with what was typed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gongji.entrances.web.office.people import Found
from gongji.entrances.web.visits import Visit
from gongji.entrances.wording import catalogue
from gongji.registry import service as registry
from gongji.registry.filings import FilingKind, FilingState, NewFiling
from gongji.registry.model import Institution, InstitutionKind
from gongji.rules.model import CareKind, Dimension
from gongji.settlement.kinds import TWO_DISEASES
from gongji.settlement.standing import takes_in

#: What each kind asks for beside its days.
FIELDS: Final = {
    FilingKind.SPECIAL_DISEASE: ("disease", "name", "word"),
    FilingKind.TWO_DISEASES: ("which",),
    FilingKind.PROVIDER: ("rank", "institution"),
    FilingKind.FAMILY_DOCTOR: ("rank", "institution"),
    FilingKind.REFERRAL: ("institution",),
    FilingKind.ELSEWHERE: ("area",),
}

#: How each field is written.
_SHAPES: Final = {
    "disease": re.compile(r"[0-9A-Za-z.]{1,30}"),
    "name": re.compile(r"[^\x00-\x1f\x7f]{1,100}"),
    "rank": re.compile(r"[1-9][0-9]{0,2}"),
    "institution": re.compile(r"[HP][0-9A-Z]{11}"),
    "area": re.compile(r"[0-9]{6}"),
}


@dataclass(slots=True)
class Read:
    """A form as it was read: the filing it asks for, or what is wrong, by field."""

    filing: NewFiling | None = None
    errors: dict[str, str] = field(default_factory=dict)


def words_of(visit: Visit, found: Found) -> list[tuple[str, str]]:
    """The diseases that the rules of the person's region set apart today: the rules' word, and how people call it."""
    on, rules = visit.now.date(), visit.platform.rules
    scheme = next((one.scheme for one in found.enrolments if one.holds(on)), None)
    rule = rules.benefit(found.region, scheme, CareKind.SPECIAL_DISEASE, on) if scheme else None
    words = {word for grid in rule.grids() for word in grid.words(Dimension.DISEASE)} if rule else set()
    known = catalogue(visit.reader.language)
    return [(word, known.get(f"rules.word.{word}", word)) for word in sorted(words)]


def read(visit: Visit, found: Found, kind: FilingKind, state: FilingState) -> Read:
    """What was posted.

    Args:
        visit: the form.
        found: for whom.
        kind: of filing.
        state: as which it is entered.
    """
    form, told = visit.form, Read()
    typed = {name: form.text(name) for name in FIELDS[kind]}
    for name, value in typed.items():
        shape = _SHAPES.get(name)
        if shape is not None and not shape.fullmatch(value):
            told.errors[name] = visit.reader.text(f"office.filing.wrong.{name}")
    if kind is FilingKind.TWO_DISEASES and typed["which"] not in TWO_DISEASES:
        told.errors["which"] = visit.reader.text("office.filing.which.wrong")
    if typed.get("word") and typed["word"] not in [word for word, _ in words_of(visit, found)]:
        told.errors["word"] = visit.reader.text("office.filing.word.wrong")
    if "area" in typed and "area" not in told.errors and takes_in(found.region, typed["area"]):
        told.errors["area"] = visit.reader.text("office.filing.area.own")
    place = _institution(visit, kind, typed, told.errors)
    since, until = _days(visit, told.errors)
    if told.errors or since is None:
        return told
    told.filing = NewFiling(
        person_id=found.person.id,
        kind=kind,
        subject=_subject(kind, typed),
        since=since,
        until=until,
        name=_name(visit, kind, typed, place),
        word=typed.get("word", ""),
        institution_id=place.id if place else None,
        state=state,
        details={"officer": visit.caller.holder},
    )
    return told


def day(text: str) -> date | None:
    """A day as a browser sends it; None when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _subject(kind: FilingKind, typed: dict[str, str]) -> str:
    match kind:
        case FilingKind.SPECIAL_DISEASE:
            return typed["disease"]
        case FilingKind.TWO_DISEASES:
            return typed["which"]
        case FilingKind.REFERRAL:
            return typed["institution"]
        case FilingKind.ELSEWHERE:
            return typed["area"]
    return typed["rank"]


def _name(visit: Visit, kind: FilingKind, typed: dict[str, str], place: Institution | None) -> str:
    if place is not None:
        return place.name
    if kind is FilingKind.TWO_DISEASES:
        return visit.reader.text(f"office.filing.which.{typed['which']}")
    return typed.get("name", "")


def _institution(visit: Visit, kind: FilingKind, typed: dict[str, str], errors: dict[str, str]) -> Institution | None:
    if "institution" not in typed or "institution" in errors:
        return None
    place = registry.institution_by_code(visit.connection, typed["institution"])
    if place is None:
        errors["institution"] = visit.reader.text("office.filing.institution.unknown")
    elif kind is FilingKind.REFERRAL and place.kind is not InstitutionKind.HOSPITAL:
        errors["institution"] = visit.reader.text("office.filing.institution.no_hospital")
    return place


def _days(visit: Visit, errors: dict[str, str]) -> tuple[date | None, date | None]:
    since, typed = day(visit.form.text("since")), visit.form.text("until")
    until = day(typed) if typed else None
    if since is None:
        errors["since"] = visit.reader.text("office.filing.since.wrong")
    if typed and (until is None or (since is not None and until < since)):
        errors["until"] = visit.reader.text("office.filing.until.wrong")
    return since, until
