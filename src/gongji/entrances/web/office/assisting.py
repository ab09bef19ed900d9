"""A clerk begins to use the pages of a person who sits beside them: the card or the code shown, and their consent kept."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Final

from starlette.responses import RedirectResponse, Response

from gongji.entrances.web.office.pages import for_duties, show
from gongji.entrances.web.office.people import Found, person_at
from gongji.entrances.web.session import CITIZENS, remember
from gongji.entrances.web.visits import Visit
from gongji.family import assistances, casework
from gongji.family.assistances import LASTS, Way
from gongji.foundation import audit
from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.errors import GongjiError
from gongji.foundation.inbox import Message, tell
from gongji.foundation.limits import Limit, check_limit, count_attempt
from gongji.foundation.sessions import begin_session
from gongji.registry import e_credential
from gongji.registry.certificate import CITIZEN_ID, certificate_key

#: How often an officer may type a card that is not the person's.
WRONG_CARD: Final = Limit("assistance.wrong_card", 5, timedelta(hours=1))

#: Who reads a person's code here: no institution, the agency.
_AGENCY: Final = 0

_PAPER: Final = re.compile(r"[0-9A-Za-z-]{4,40}")
_CODE: Final = re.compile(r"[0-9]{28}")


@for_duties(Duty.CLERK)
def asked(visit: Visit) -> Response:
    """``GET /people/{psn_no}/assist``: the form."""
    return _page(visit, person_at(visit), {})


@for_duties(Duty.CLERK)
def begin(visit: Visit) -> Response:
    """``POST /people/{psn_no}/assist``: what was shown is checked, then the person's own start page opens."""
    found, form, errors = person_at(visit), visit.form, dict[str, str]()
    person_id, way, text = found.person.id, form.text("way"), visit.reader.text
    if way not in tuple(Way):
        errors["way"] = text("office.assist.way.missing")
    if form.text("present") != "yes":
        errors["present"] = text("office.assist.present.missing")
    if way == Way.CARD and not _PAPER.fullmatch(form.text("paper")):
        errors["paper"] = text("office.assist.paper.wrong")
    if errors:
        return _page(visit, found, errors)
    try:
        casework.check_not_own(visit.connection, [person_id], visit.caller, visit.now)
        errors = _card(visit, found) if way == Way.CARD else _code(visit, found)
    except GongjiError as problem:
        field = "code" if problem.code == "credential.over" else "way"
        return _page(visit, found, {field: visit.reader.sentence(problem)}, problem.status)
    if errors:
        return _page(visit, found, errors)
    return _begun(visit, person_id, Way(way), form.text("paper") if way == Way.CARD else None)


def _begun(visit: Visit, person_id: int, way: Way, paper: str | None) -> Response:
    one = assistances.begin(
        visit.connection, person_id=person_id, caller=visit.caller, way=way, paper=paper, at=visit.now
    )
    audit.record(
        visit.connection,
        visit.caller,
        "assist.begin",
        at=visit.now,
        person_id=person_id,
        assistance=one.id,
        way=str(way),
        paper=paper or "",
    )
    tell(visit.connection, [Message(person_id, "family.assisted", {"number": one.holder}, "help")], at=visit.now)
    token = begin_session(
        visit.connection,
        Caller(Role.CITIZEN, one.holder, person_id),
        at=visit.now,
        lasts=LASTS,
        replaces=visit.request.cookies.get(CITIZENS.cookie),
        assistance_id=one.id,
    )
    response = RedirectResponse(f"{CITIZENS.base}/", status_code=303)
    remember(response, visit.request, CITIZENS, token, LASTS)
    return response


def _card(visit: Visit, found: Found) -> dict[str, str]:
    """What is wrong with the ID number that was typed from the card."""
    holder = visit.caller.holder
    check_limit(visit.connection, WRONG_CARD, holder, at=visit.now)
    key = certificate_key(CITIZEN_ID, visit.form.text("card"))
    if key != certificate_key(found.person.certificate_type, found.person.certificate):
        count_attempt(visit.platform.database, WRONG_CARD, holder, at=visit.now)
        return {"card": visit.reader.text("office.assist.card.other")}
    return {}


def _code(visit: Visit, found: Found) -> dict[str, str]:
    """What is wrong with the code on the person's phone; it is used up."""
    code = visit.form.text("code")
    if not _CODE.fullmatch(code):
        return {"code": visit.reader.text("office.assist.code.wrong")}
    # Named anew each time: the same code is never good for a second assistance.
    used_for = f"assistance {secrets.token_hex(8)}"
    holder = e_credential.use_code(visit.connection, visit.platform.vault, code, "show", _AGENCY, used_for, visit.now)
    return {} if holder == found.person.id else {"code": visit.reader.text("office.assist.code.other")}


def _page(visit: Visit, found: Found, errors: dict[str, str], status: int = 422) -> Response:
    text = visit.reader.text
    return show(
        visit,
        "assist.html",
        status=status if errors else 200,
        found=found,
        shown_by=[(one.value, text(f"office.assist.way.{one}"), "") for one in Way],
        minutes=int(LASTS.total_seconds()) // 60,
        errors=errors,
        form=visit.form,
    )
