"""Who takes the wallet: institutions of the region, from which day to which last day."""

from __future__ import annotations

from datetime import date
from typing import Final

from starlette.responses import Response

from gongji.entrances.web.office.filing_form import day
from gongji.entrances.web.office.pages import ON_CASES, area_prefix, for_duties, show
from gongji.entrances.web.visits import Visit
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.wallet import store
from gongji.wallet.model import Taking
from gongji.wallet.refusals import institution_unknown

_READERS: Final = (Duty.CLERK, *ON_CASES)
_MOST: Final = 200


@for_duties(*_READERS)
def listed(visit: Visit) -> Response:
    """``GET /takers``: by a part of the name, or the code; all, or those that take it today."""
    words, only = visit.query("words")[:60], visit.query("show") == "taking"
    on = visit.now.date()
    found = store.takings(visit.connection, area_prefix(visit), words, on, only_taking=only, limit=_MOST)
    return show(visit, "takers.html", found=found, on=on, words=words, only=only, most=_MOST)


@for_duties(*_READERS)
def taker(visit: Visit) -> Response:
    """``GET /takers/{number}``: one institution."""
    return _page(visit, _taking(visit), {})


@for_duties(Duty.REVIEWER)
def say(visit: Visit) -> Response:
    """``POST /takers/{number}``: it takes the wallet from a day on, to a last day if one is given."""
    one, form, errors = _taking(visit), visit.form, dict[str, str]()
    since, until = _span(visit, errors)
    if since is None or errors:
        return _page(visit, one, errors)
    store.take_wallet(visit.connection, one.id, since, until)
    audit.record(
        visit.connection,
        visit.caller,
        "wallet.institution",
        at=visit.now,
        institution=one.code,
        since=since.isoformat(),
        until=form.text("until"),
        before=[str(one.since or ""), str(one.until or "")],
    )
    return visit.go(f"/takers/{one.id}?notice=taken")


def _span(visit: Visit, errors: dict[str, str]) -> tuple[date | None, date | None]:
    since, typed = day(visit.form.text("since")), visit.form.text("until")
    until = day(typed) if typed else None
    if since is None:
        errors["since"] = visit.reader.text("office.takers.since.wrong")
    if typed and (until is None or (since is not None and until < since)):
        errors["until"] = visit.reader.text("office.takers.until.wrong")
    return since, until


def _taking(visit: Visit) -> Taking:
    one = store.taking_of(visit.connection, visit.number(digits=9))
    if one is None or not visit.caller.covers(one.region):
        raise institution_unknown()
    return one


def _page(visit: Visit, one: Taking, errors: dict[str, str]) -> Response:
    return show(
        visit,
        "taker.html",
        status=422 if errors else 200,
        one=one,
        on=visit.now.date(),
        may_say=Duty.REVIEWER in visit.caller.duties,
        errors=errors,
        form=visit.form,
    )
