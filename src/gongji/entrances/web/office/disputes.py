"""Settlements that citizens say are wrong, and the agency's answers."""

from __future__ import annotations

from starlette.responses import Response

from gongji.entrances.web.office.pages import ON_CASES, area_prefix, for_duties, show
from gongji.entrances.web.visits import Visit
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.foundation.errors import GongjiError
from gongji.oversight import service as oversight
from gongji.oversight.model import Dispute, Outcome
from gongji.registry import service as registry
from gongji.settlement import queries


@for_duties(*ON_CASES)
def disputes(visit: Visit) -> Response:
    """``GET /disputes``: what waits for an answer, the longest waiting first."""
    found = oversight.disputes_in(visit.connection, area_prefix(visit))
    people = registry.people_by_id(visit.connection, visit.platform.vault, {one.person_id for one in found})
    audit.record(visit.connection, visit.caller, "dispute.read_list", at=visit.now)
    return show(
        visit,
        "disputes.html",
        disputes=found,
        names={one.id: people[one.person_id].masked_name for one in found},
    )


@for_duties(*ON_CASES)
def dispute(visit: Visit) -> Response:
    """``GET /disputes/{number}``."""
    return _page(visit, _dispute(visit))


@for_duties(Duty.REVIEWER)
def answer(visit: Visit) -> Response:
    """``POST /disputes/{number}``: the agency's answer, which the citizen reads."""
    found = _dispute(visit)
    outcome, words = visit.form.text("outcome"), visit.form.text("answer")
    try:
        oversight.answer_dispute(
            visit.connection, found.id, outcome=outcome, answer=words, caller=visit.caller, at=visit.now
        )
    except GongjiError as problem:
        field = problem.field if problem.field in ("outcome", "answer") else "outcome"
        return _page(visit, found, errors={field: visit.reader.sentence(problem)}, status=problem.status)
    return visit.go("/disputes?notice=dispute_answered")


def _dispute(visit: Visit) -> Dispute:
    number = visit.number()
    return oversight.dispute_of_region(visit.connection, number, visit.caller)


def _page(visit: Visit, found: Dispute, *, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    stored = queries.find_settlement(visit.connection, found.settlement_id)
    one = stored.settlement if stored else None
    place = registry.institutions_by_id(visit.connection, [one.institution_id])[one.institution_id].name if one else ""
    people = registry.people_by_id(visit.connection, visit.platform.vault, [found.person_id])
    patient = one is not None and one.person_id == found.person_id
    audit.record(
        visit.connection,
        visit.caller,
        "dispute.read",
        at=visit.now,
        person_id=found.person_id,
        dispute=str(found.id),
    )
    return show(
        visit,
        "dispute.html",
        status=status,
        dispute=found,
        who=people[found.person_id].masked_name,
        patient=patient,
        settlement=one,
        place=place,
        reversed=bool(stored and stored.reversed_by),
        outcomes=[(one.value, visit.reader.text(f"dispute.outcome.{one}"), "") for one in Outcome],
        may_answer=Duty.REVIEWER in visit.caller.duties,
        errors=errors or {},
        form=visit.form,
    )
