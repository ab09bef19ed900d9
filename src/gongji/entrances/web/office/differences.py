"""Differences between the institutions' books and ours: listed with owner and age, handed over, cleared with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from starlette.responses import Response

from gongji.clearing import differences
from gongji.clearing.differences import ClearReason, Found, Owner
from gongji.clearing.model import Difference
from gongji.entrances.web.office.pages import area_prefix, for_duties, show
from gongji.entrances.web.visits import Visit
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.foundation.errors import GongjiError

_READERS: Final = (Duty.CLEARING_CLERK, Duty.AUDITOR)

KINDS: Final = tuple(one for one in Difference if one is not Difference.AGREES)

#: From how many days on; the first unless another is asked for.
AGES: Final = (0, 7, 30, 90)

#: A difference that is known for so long is late: a month's clearing is over.
_LATE: Final = 30


@for_duties(*_READERS)
def listed(visit: Visit) -> Response:
    """``GET /differences``: the oldest first, by owner, kind, age and institution."""
    owner = next((one for one in Owner if one == visit.query("owner")), None)
    kind = next((one for one in KINDS if one == visit.query("kind")), None)
    age = next((one for one in AGES if str(one) == visit.query("age")), 0)
    cleared, words = visit.query("show") == "cleared", visit.query("words")[:60]
    found = differences.listed(
        visit.connection,
        area_prefix(visit),
        cleared=cleared,
        owner=owner,
        kind=kind,
        words=words,
        found_before=visit.now - timedelta(days=age) if age else None,
    )
    audit.record(visit.connection, visit.caller, "difference.read_list", at=visit.now)
    text = visit.reader.text
    return show(
        visit,
        "differences.html",
        found=found,
        on=visit.now.date(),
        late=_LATE,
        chosen={
            "show": "cleared" if cleared else "open",
            "owner": owner or "",
            "kind": kind or "",
            "age": str(age),
        },
        words=words,
        filters=[
            ("show", [(one, text(f"office.differences.show.{one}")) for one in ("open", "cleared")]),
            (
                "owner",
                [("", text("office.differences.all")), *((one, text(f"difference.owner.{one}")) for one in Owner)],
            ),
            ("kind", [("", text("office.differences.all")), *((one, text(f"difference.kind.{one}")) for one in KINDS)]),
            ("age", [(str(one), text("office.differences.days", count=one)) for one in AGES]),
        ],
    )


@for_duties(*_READERS)
def difference(visit: Visit) -> Response:
    """``GET /differences/{number}``: both sides of one, and what can be done."""
    return _page(visit, _difference(visit))


@for_duties(Duty.CLEARING_CLERK)
def step(visit: Visit) -> Response:
    """``POST /differences/{number}``: clear it, or hand it over."""
    one, form = _difference(visit), visit.form
    try:
        if form.text("step") == "hand_over":
            differences.hand_over(visit.connection, one.id, owner=form.text("owner"), caller=visit.caller, at=visit.now)
            return visit.go(f"/differences/{one.id}?notice=handed_over")
        differences.clear(
            visit.connection,
            one.id,
            reason=form.text("reason"),
            note=form.text("note"),
            caller=visit.caller,
            at=visit.now,
        )
    except GongjiError as problem:
        return _page(visit, one, problem)
    return visit.go(f"/differences/{one.id}?notice=cleared")


def _difference(visit: Visit) -> Found:
    number = visit.number()
    return differences.difference_of_region(visit.connection, number, visit.caller)


def _page(visit: Visit, one: Found, problem: GongjiError | None = None) -> Response:
    audit.record(
        visit.connection,
        visit.caller,
        "difference.read",
        at=visit.now,
        person_id=one.person_id,
        difference=one.id,
    )
    text = visit.reader.text
    errors = {problem.field or "reason": visit.reader.sentence(problem)} if problem else {}
    return show(
        visit,
        "difference.html",
        status=problem.status if problem else 200,
        one=one,
        on=visit.now.date(),
        late=_LATE,
        sides=list(zip(("total", "funds", "accounts"), one.told, one.ours, strict=True)),
        may_clear=one.cleared_at is None and Duty.CLEARING_CLERK in visit.caller.duties,
        reasons=[(reason.value, text(f"difference.cleared.{reason}"), "") for reason in ClearReason],
        owners=[(owner.value, text(f"difference.owner.{owner}"), "") for owner in Owner],
        errors=errors,
        form=visit.form,
    )
