"""Looking a person up, by what lies before the officer, and what an officer can do for them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from gongji.entrances.web.office.comparing import region_name
from gongji.entrances.web.office.pages import REVIEWERS, for_duties, show
from gongji.entrances.web.visits import Visit
from gongji.family import freezes_store
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.foundation.errors import InvalidInput, NotFound
from gongji.registry import service as registry
from gongji.registry.certificate import CITIZEN_ID, certificate_key
from gongji.registry.filings import filings_of
from gongji.registry.model import Enrolment, Person

#: Who looks people up: at the window, at the review desk, and to check.
ON_PEOPLE: Final = (Duty.CLERK, *REVIEWERS, Duty.AUDITOR)

_PSN_NO_DIGITS: Final = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A person of the officer's region.

    Attributes:
        person: who.
        enrolments: newest first.
        region: whose agency answers for the person.
    """

    person: Person
    enrolments: list[Enrolment]
    region: str


@for_duties(*ON_PEOPLE)
def look_up(visit: Visit) -> Response:
    """``GET /people``: the form."""
    return _form(visit, {})


@for_duties(*ON_PEOPLE)
def find(visit: Visit) -> Response:
    """``POST /people``: by 人员编号 or ID number, which does not stand in any address."""
    number = visit.form.text("number")
    try:
        person = _by_number(visit, number)
    except InvalidInput as problem:
        return _form(visit, {"number": visit.reader.sentence(problem)})
    found = _of_region(visit, person)
    if found is None:
        return _form(visit, {"number": visit.reader.text("office.people.nobody")})
    return visit.go(f"/people/{found.person.psn_no}")


@for_duties(*ON_PEOPLE)
def overview(visit: Visit) -> Response:
    """``GET /people/{psn_no}``: who they are, masked, how they are insured, and the ways on."""
    found = person_at(visit)
    person_id, on = found.person.id, visit.now.date()
    audit.record(visit.connection, visit.caller, "person.read", at=visit.now, person_id=person_id)
    return show(
        visit,
        "person.html",
        found=found,
        insured=[(region_name(visit.platform.rules, one.region), one, one.holds(on)) for one in found.enrolments],
        filings=len(filings_of(visit.connection, person_id, on=on)),
        may_assist=Duty.CLERK in visit.caller.duties,
        freeze=freezes_store.standing(visit.connection, [person_id], on).get(person_id),
    )


def person_at(visit: Visit) -> Found:
    """The person whom the address names.

    Raises:
        NotFound: ``person.unknown``, also for somebody of another region.
    """
    person = registry.person_by_psn_no(visit.connection, visit.platform.vault, visit.part("psn_no"))
    found = _of_region(visit, person)
    if found is None:
        raise NotFound(
            "person.unknown",
            "there is no person with this number in your region",
            "本地区没有这个人员编号，请从“参保人”里查",
            field="psn_no",
            accepted="20 digits",
        )
    return found


def _by_number(visit: Visit, number: str) -> Person | None:
    if number.isascii() and number.isdigit() and len(number) == _PSN_NO_DIGITS:
        return registry.person_by_psn_no(visit.connection, visit.platform.vault, number)
    key = certificate_key(CITIZEN_ID, number)
    return registry.person_by_credential(visit.connection, visit.platform.vault, "certificate", key)


def _of_region(visit: Visit, person: Person | None) -> Found | None:
    if person is None:
        return None
    enrolments = registry.enrolments_of(visit.connection, person.id)
    region = _region(person, enrolments)
    return Found(person, enrolments, region) if visit.caller.covers(region) else None


def region_of(visit: Visit, person: Person) -> str:
    """Whose agency answers for a person: the newest insurance's, or where they were registered."""
    return _region(person, registry.enrolments_of(visit.connection, person.id))


def regions_of(visit: Visit, ids: Collection[int]) -> dict[int, str]:
    """`region_of` of many people."""
    insured = registry.enrolments_by_person(visit.connection, ids)
    others = registry.people_by_id(visit.connection, visit.platform.vault, set(ids) - insured.keys())
    return {one: found[0].region for one, found in insured.items()} | {
        one: _region(person, []) for one, person in others.items()
    }


def _region(person: Person, newest_first: list[Enrolment]) -> str:
    return newest_first[0].region if newest_first else person.psn_no[:6]


def _form(visit: Visit, errors: dict[str, str]) -> Response:
    # What was typed is shown again only where it is wrong: a number that is right leads on.
    number = visit.form.text("number")
    return show(visit, "people.html", status=422 if errors else 200, errors=errors, number=number)
