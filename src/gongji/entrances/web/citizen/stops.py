"""Where binding cannot go on: one page a cause, with what to do and from when it is possible."""

from __future__ import annotations

from datetime import date
from typing import Final

import structlog
from starlette.responses import Response

from gongji.entrances.reminding import can_remind
from gongji.entrances.web.citizen.balance import balance_of
from gongji.entrances.web.visits import Visit
from gongji.entrances.wording import Language
from gongji.foundation.database import AWAY
from gongji.foundation.errors import Busy, GongjiError, InvalidInput, TooMany
from gongji.ledger import service as ledger
from gongji.registry import service as registry

_log = structlog.get_logger()

#: Where the next step of a refusal leads: by the name of the step, the address and the words of the link.
_WAYS: Final = {
    "check_certificate": ("/bind/who", "stop.way.edit"),
    "correct_relation": ("/bind/who", "stop.way.edit"),
    "choose_relative": ("/bind/who", "stop.way.edit"),
    "choose_purposes": ("/bind/terms", "stop.way.terms"),
    "drop_limit": ("/bind/terms", "stop.way.terms"),
    "wallet": ("/about/wallet", "stop.way.wallet"),
    "see_authorisation": ("/", "stop.way.home"),
    "unbind_one": ("/", "stop.way.home"),
    "leave_first": ("/", "stop.way.home"),
    "relative_switches": ("/about/switch", "stop.way.switch"),
    "commit": ("/bind/check", "stop.way.check"),
    "be_user": ("/start", "stop.way.start"),
}


def stopped(visit: Visit, problem: Exception, *, back: str, about: str = "") -> Response:
    """The page of what stops a request. The answers given so far are kept.

    Args:
        visit: whose request.
        problem: a refusal, or a failure of the database or of another agency.
        back: the page to go back to when the refusal names no better one.
        about: whom the reader has named, as they wrote it; "" where nobody was.
    """
    if isinstance(problem, (*AWAY, Busy)):
        _log.warning("application.busy", problem=type(problem).__name__)
        return visit.render("citizen/stopped.html", status=503, **_saved(visit, back))
    assert isinstance(problem, GongjiError)
    details = problem.details
    title, next_step = in_words(visit, problem)
    way, words = _WAYS.get(str(details.get("action", "")), (back, "stop.way.back"))
    possible_from = details.get("possible_from")
    status = 422 if isinstance(problem, InvalidInput) else problem.status
    return visit.render(
        "citizen/stopped.html",
        status=status if status != 404 else 409,
        code=problem.code,
        title=title,
        next=next_step or visit.reader.text("error.refused.next"),
        day=visit.reader.day(possible_from) if isinstance(possible_from, date) else "",
        way=way,
        words=visit.reader.text(words),
        kept=not isinstance(problem, TooMany),
        remind=can_remind(problem),
        about=about,
        committed=visit.form.text("commitment") == "yes",
    )


def in_words(visit: Visit, problem: GongjiError | None) -> tuple[str, str]:
    """A refusal and its next step in the reader's language; two empty texts for none."""
    if problem is None:
        return "", ""
    chinese = visit.reader.language is Language.CHINESE
    return visit.reader.sentence(problem), str(problem.details.get("next" if chinese else "next_en", ""))


def _saved(visit: Visit, back: str) -> dict[str, object]:
    return {
        "code": "platform.busy",
        "title": visit.reader.text("stop.busy.title"),
        "next": visit.reader.text("stop.busy.next"),
        "day": "",
        "way": back,
        "words": visit.reader.text("stop.way.again"),
        "kept": True,
    }


def balance_note(visit: Visit, words: str) -> str:
    """That an empty account may be bound and shared all the same, in these words; "" where something is in it.

    Binding is allowed, and which zero it is is said.
    """
    today = visit.now.date()
    enrolment = registry.enrolment_on(visit.connection, visit.person_id, today)
    balance = balance_of(enrolment, ledger.balances_of(visit.connection, visit.person_id), today)
    return visit.reader.text(words) if balance.total == 0 and balance.hint == "empty" else ""
