"""Helping: the elder says who, what and until when, and reads what was done; the helper begins and stops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from starlette.responses import Response

from gongji.entrances.web.acting import about
from gongji.entrances.web.citizen import assisting
from gongji.entrances.web.visits import Visit
from gongji.family import mandates
from gongji.family.mandates import DAYS, Mandate, Scope
from gongji.family.refusals import Code, refuse
from gongji.foundation import audit
from gongji.foundation.errors import GongjiError, InvalidInput, NotAllowed
from gongji.foundation.limits import Limit, check_limit, count_attempt
from gongji.foundation.sessions import act_under
from gongji.registry import service as registry
from gongji.registry.certificate import CITIZEN_ID, check_certificate
from gongji.registry.name import check_name

#: How often an elder may name somebody who is not known under that number.
NAMED_WRONGLY: Final = Limit("mandate.named_wrongly", 10, timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Line:
    """A mandate as one of its two sides reads it: the other's masked name, and what was done under it."""

    id: int
    who: str
    scope: str
    until: date
    open: bool
    acts: tuple[tuple[str, str], ...]


def helping(visit: Visit) -> Response:
    """Who helps the reader, whom the reader helps, and the form to let somebody help."""
    not_while_helping(visit)
    errors: dict[str, str] = {}
    typed = {name: visit.form.text(name) for name in ("name", "number", "scope", "days")}
    if visit.posted:
        helper = _named(visit, typed, errors)
        if helper is not None:
            until = visit.now.date() + timedelta(days=int(typed["days"]))
            mandates.give(
                visit.connection,
                elder_id=visit.person_id,
                helper_id=helper,
                scope=Scope(typed["scope"]),
                until=until,
                given_by="elder",
                at=visit.now,
            )
            audit.record(visit.connection, visit.caller, "mandate.give", at=visit.now, person_id=helper)
            return visit.go("/help")
    given = mandates.given_by_elder(visit.connection, visit.person_id)
    held = mandates.held_by_helper(visit.connection, visit.person_id, visit.now)
    names = registry.people_by_id(
        visit.connection, visit.platform.vault, {one.helper_id for one in given} | {one.elder_id for one in held}
    )
    return visit.render(
        "citizen/help.html",
        status=422 if errors else 200,
        errors=errors,
        typed=typed,
        days=[(str(count), visit.reader.text("help.days", count=count), "") for count in DAYS],
        scopes=[(one, visit.reader.text(f"help.scope.{one}"), "") for one in Scope],
        given=[_line(visit, one, names[one.helper_id].masked_name) for one in given],
        clerks=assisting.lines(visit),
        held=[_line(visit, one, names[one.elder_id].masked_name) for one in held],
    )


def begin(visit: Visit) -> Response:
    """The helper uses the elder's pages from now on."""
    not_while_helping(visit)
    one = _mandate(visit)
    mandates.check(one, helper_id=visit.person_id, changing=False, at=visit.now)
    act_under(visit.connection, visit.session, one.id)
    audit.record(visit.connection, visit.caller, "mandate.begin", at=visit.now, person_id=one.elder_id)
    return visit.go("/")


def stop(visit: Visit) -> Response:
    """The helper is on their own pages again, a clerk at the office's."""
    if visit.session.assistance_id is not None:
        return assisting.stop(visit)
    act_under(visit.connection, visit.session, None)
    return visit.go("/help")


def end(visit: Visit) -> Response:
    """The elder takes the mandate back, or the helper gives it up."""
    not_while_helping(visit)
    one = _mandate(visit)
    mandates.end(visit.connection, one.id, person_id=visit.person_id, at=visit.now)
    other = one.helper_id if one.elder_id == visit.person_id else one.elder_id
    audit.record(visit.connection, visit.caller, "mandate.end", at=visit.now, person_id=other)
    return visit.go("/help")


def _mandate(visit: Visit) -> Mandate:
    one = mandates.find(visit.connection, visit.number())
    if visit.person_id not in (one.helper_id, one.elder_id):
        return mandates.find(visit.connection, 0)  # the same answer as for none
    return one


def not_while_helping(visit: Visit) -> None:
    """Consent in the elder's name is the elder's alone."""
    if visit.for_another:
        raise own_step()


def own_step() -> NotAllowed:
    """The refusal of what nobody does in another's name."""
    return NotAllowed(
        "mandate.own_step",
        "only the person you help can do this, in their own log-in or at the counter",
        "这一步只能由本人登录办理，或者到窗口办理",
    )


def _named(visit: Visit, typed: dict[str, str], errors: dict[str, str]) -> int | None:
    """The helper whom the form names; sentences by field in `errors` when it names none."""
    key = name = ""
    try:
        name = check_name(typed["name"], field="name")
    except InvalidInput as problem:
        errors["name"] = visit.reader.sentence(problem)
    try:
        key = check_certificate(CITIZEN_ID, typed["number"], type_field="kind", field="number").key
    except InvalidInput as problem:
        errors["number"] = visit.reader.sentence(problem)
    if typed["scope"] not in tuple(Scope):
        errors["scope"] = visit.reader.text("help.scope.missing")
    if typed["days"] not in [str(count) for count in DAYS]:
        errors["days"] = visit.reader.text("help.days.missing")
    if errors:
        return None
    check_limit(visit.connection, NAMED_WRONGLY, str(visit.person_id), at=visit.now)
    found = registry.person_by_credential(visit.connection, visit.platform.vault, "certificate", key)
    problem_found: GongjiError | None = None
    if found is None or found.name != name:
        count_attempt(visit.platform.database, NAMED_WRONGLY, str(visit.person_id), at=visit.now)
        problem_found = refuse(Code.NAME_MISMATCH)
    elif found.id == visit.person_id:
        errors["name"] = visit.reader.text("help.self")
    if problem_found is not None:
        errors["number"] = visit.reader.sentence(problem_found)
    return found.id if found is not None and not errors else None


def _line(visit: Visit, one: Mandate, who: str) -> Line:
    acts = mandates.acts_under(visit.connection, one.id) if one.elder_id == visit.person_id else []
    return Line(
        one.id,
        who,
        visit.reader.text(f"help.scope.{one.scope}"),
        one.until,
        one.holds(visit.now),
        tuple((_in_words(visit, act.method, act.page), visit.reader.moment(act.at)) for act in acts),
    )


def _in_words(visit: Visit, method: str, page: str) -> str:
    verb = "did" if method == "POST" else "saw"
    return visit.reader.text(f"help.{verb}.{about(page)}")
