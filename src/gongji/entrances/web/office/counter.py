"""The counter, and visits at home: what somebody says there with their ID card is taken down, so that nobody needs a phone.

A relative agrees to be shared with; an elder lets somebody help. The officer types the number from the card that lies
before them: a number on a list is not enough.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from starlette.responses import Response

from gongji.entrances.web.office.pages import REVIEWERS, for_duties, show
from gongji.entrances.web.visits import Visit
from gongji.family import applications, mandates
from gongji.family.mandates import DAYS, Scope
from gongji.family.refusals import Code, refuse
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.foundation.errors import GongjiError
from gongji.registry import service as registry
from gongji.registry.certificate import certificate_key

_CITIZEN: Final = "01"


@for_duties(Duty.CLERK, *REVIEWERS)
def counter(visit: Visit) -> Response:
    """``GET /counter``: the two forms."""
    return _page(visit, {})


@for_duties(Duty.CLERK, *REVIEWERS)
def consent(visit: Visit) -> Response:
    """``POST /counter/consent``: a relative agrees to what a sharer asked for."""
    errors: dict[str, str] = {}
    if visit.form.text("present") != "yes":
        errors["present"] = visit.reader.text("office.counter.present.missing")
    try:
        one = applications.find(visit.connection, visit.platform.vault, visit.form.text("number"))
        user_id = _person(visit, "certificate")
        if one.user_id != user_id:
            raise refuse(Code.APPLICATION_UNKNOWN)
        if not errors:
            with visit.connection.begin_nested():
                applications.consent(
                    visit.connection,
                    visit.platform.rules,
                    one,
                    by=f"officer {visit.caller.holder}",
                    at=visit.now,
                    serials=visit.platform.database.serials,
                    calendar=visit.platform.calendar,
                )
            audit.record(visit.connection, visit.caller, "consent.at_counter", at=visit.now, person_id=user_id)
            return visit.go("/counter?notice=consented")
    except GongjiError as problem:
        errors["number"] = visit.reader.sentence(problem)
    return _page(visit, errors)


@for_duties(Duty.CLERK, *REVIEWERS)
def helper(visit: Visit) -> Response:
    """``POST /counter/helper``: an elder lets somebody use the pages for them."""
    errors: dict[str, str] = {}
    scope, days = visit.form.text("scope"), visit.form.text("days")
    if visit.form.text("elder_present") != "yes":
        errors["elder_present"] = visit.reader.text("office.counter.present.missing")
    if scope not in tuple(Scope):
        errors["scope"] = visit.reader.text("help.scope.missing")
    if days not in [str(one) for one in DAYS]:
        errors["days"] = visit.reader.text("help.days.missing")
    try:
        elder, helping = _person(visit, "elder"), _person(visit, "helper")
        if not errors:
            mandates.give(
                visit.connection,
                elder_id=elder,
                helper_id=helping,
                scope=Scope(scope),
                until=visit.now.date() + timedelta(days=int(days)),
                given_by=f"officer {visit.caller.holder}",
                at=visit.now,
            )
            audit.record(visit.connection, visit.caller, "mandate.give_at_counter", at=visit.now, person_id=elder)
            return visit.go("/counter?notice=helping")
    except GongjiError as problem:
        errors["elder"] = visit.reader.sentence(problem)
    return _page(visit, errors)


def _person(visit: Visit, field: str) -> int:
    """The person whose ID number stands in a field.

    Raises:
        InvalidInput: when it is no number.
        NotFound: ``authorisation.person_unknown`` when nobody has it, or nobody of the officer's province.
    """
    key = certificate_key(_CITIZEN, visit.form.text(field))
    found = registry.person_by_credential(visit.connection, visit.platform.vault, "certificate", key)
    province = (visit.caller.region or "")[:2]
    enrolment = registry.enrolment_on(visit.connection, found.id, visit.now.date()) if found else None
    if found is None or enrolment is None or enrolment.region[:2] != province:
        raise refuse(Code.PERSON_UNKNOWN)
    return found.id


def _page(visit: Visit, errors: dict[str, str]) -> Response:
    return show(
        visit,
        "counter.html",
        status=422 if errors else 200,
        errors=errors,
        form=visit.form,
        scopes=[(one, visit.reader.text(f"help.scope.{one}"), "") for one in Scope],
        days=[(str(count), visit.reader.text("help.days", count=count), "") for count in DAYS],
    )
