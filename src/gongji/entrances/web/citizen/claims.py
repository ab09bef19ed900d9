"""Bills paid in cash: the reader's claims, one claim from its task list to what was decided, handing in, appeal."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from gongji.entrances import explaining
from gongji.entrances.explaining import ToldExplanation
from gongji.entrances.web.citizen.settlement import Bar, bars_of
from gongji.entrances.web.visits import PLACE, Visit
from gongji.foundation.clock import CHINA
from gongji.foundation.documents import PAGE_TYPE
from gongji.foundation.errors import GongjiError
from gongji.reimbursement import documents, service, store
from gongji.reimbursement.decide import APPEAL_WITHIN, is_done, left_to_do
from gongji.reimbursement.model import (
    ACCOUNT_OPEN,
    APPEALABLE,
    PERSONS_TURN,
    Claim,
    ClaimState,
    DecidedLine,
    Decision,
    RefuseReason,
    Task,
    WhyNotDirect,
)
from gongji.reimbursement.posting import standing
from gongji.reimbursement.service import Doing
from gongji.reimbursement.words import REFUSE_CLAUSES

#: How a state is coloured.
TAGS: Final = {
    ClaimState.PAID: "active",
    ClaimState.NOTHING_DUE: "active",
    ClaimState.REFUSED: "refused",
    ClaimState.OWED_BACK: "refused",
    ClaimState.RETURNED: "returned",
    ClaimState.BOUNCED: "returned",
    ClaimState.RECEIVED: "under_review",
    ClaimState.SECOND: "under_review",
    ClaimState.APPEALED: "under_review",
    ClaimState.TO_PAY: "under_review",
}


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision in words: the day, the lines, who pays what and why."""

    at: datetime
    total: int
    funds: int
    lines: tuple[DecidedLine, ...]
    explained: ToldExplanation
    bars: tuple[Bar, ...]


def doing_of(visit: Visit) -> Doing:
    """What the reader's steps go with; a clerk at the window acts for the person beside them."""
    return Doing(visit.connection, visit.platform.vault, visit.person_id, visit.caller, visit.now)


def claim_at(visit: Visit) -> Claim:
    """The claim that the address names.

    Raises:
        NotFound: ``claim.unknown``.
    """
    return service.claim_of(doing_of(visit), visit.number())


def shown_state(one: Claim) -> ClaimState:
    """The state as its person sees it: that a second officer looks at it is the agency's affair."""
    if one.state is ClaimState.SECOND:
        return ClaimState.APPEALED if one.appealed_at is not None else ClaimState.RECEIVED
    return one.state


def overview(visit: Visit) -> Response:
    """``GET /claims``: the reader's claims, newest first."""
    found = service.claims(doing_of(visit))
    rows = [(one, shown_state(one), TAGS.get(shown_state(one), "")) for one in found]
    return visit.render("citizen/claims.html", claims=rows)


def new(visit: Visit) -> Response:
    """``/claims/new``: why the bill was not settled directly; that begins a claim."""
    errors: dict[str, str] = {}
    if visit.posted:
        try:
            made = service.begin(
                doing_of(visit),
                visit.platform.database.serials,
                why=visit.form.text("why"),
                key=visit.form.text("key"),
            )
        except GongjiError as problem:
            errors["why"] = visit.reader.sentence(problem)
        else:
            return visit.go(f"/claims/{made.id}")
    return visit.render(
        "citizen/claim_why.html",
        status=422 if errors else 200,
        action="/c/claims/new",
        back="/c/claims",
        reasons=reasons(visit),
        typed=visit.form.text("why"),
        key=visit.form.text("key") or secrets.token_urlsafe(18),
        errors=errors,
    )


def reasons(visit: Visit) -> list[tuple[str, str, str]]:
    """The reasons to choose from."""
    return [(one.value, visit.reader.text(f"claim.why.{one}"), "") for one in WhyNotDirect]


def claim(visit: Visit) -> Response:
    """``GET /claims/{number}``: what is still to be filled in, or how it stands and what was decided."""
    one = claim_at(visit)
    if one.state in PERSONS_TURN:
        return visit.render(
            "citizen/claim.html",
            claim=one,
            tasks=[(task, is_done(one, task), _is_open(one, task)) for task in Task],
            ready=not left_to_do(one),
            days_left=max(0, -(-(one.hours_left or 0) // 8)),
        )
    return visit.render("citizen/claim_stands.html", **_stands(visit, one))


def check(visit: Visit) -> Response:
    """``/claims/{number}/check``: all answers on one page, then handed in."""
    one = claim_at(visit)
    errors: dict[str, str] = {}
    if visit.posted:
        try:
            with visit.connection.begin_nested():
                service.submit(doing_of(visit), visit.platform.calendar, one.id)
        except GongjiError as problem:
            errors["claim"] = visit.reader.sentence(problem)
        else:
            return visit.go(f"/claims/{one.id}")
    elif one.state not in PERSONS_TURN or left_to_do(one):
        return visit.go(f"/claims/{one.id}")
    return visit.render("citizen/claim_check.html", status=409 if errors else 200, claim=one, errors=errors)


def withdraw(visit: Visit) -> Response:
    """``POST /claims/{number}/withdraw``."""
    service.withdraw(doing_of(visit), claim_at(visit).id)
    return visit.go("/claims")


def appeal(visit: Visit) -> Response:
    """``/claims/{number}/appeal``: what is wrong with the decision."""
    one = claim_at(visit)
    errors: dict[str, str] = {}
    if visit.posted:
        try:
            with visit.connection.begin_nested():
                service.appeal(doing_of(visit), visit.platform.calendar, one.id, visit.form.text("words"))
        except GongjiError as problem:
            errors["words"] = visit.reader.sentence(problem)
        else:
            return visit.go(f"/claims/{one.id}")
    elif not _may_appeal(visit, one):
        return visit.go(f"/claims/{one.id}")
    return visit.render(
        "citizen/claim_appeal.html",
        status=422 if errors else 200,
        claim=one,
        typed=visit.form.text("words"),
        errors=errors,
    )


def document(visit: Visit) -> Response:
    """``GET /claims/{number}/documents/{document}/{page}``: one page of a document of the reader's own claim."""
    one = claim_at(visit)
    n, page = visit.number("document", PLACE), visit.number("page", PLACE)
    content = documents.page_of(visit.connection, visit.platform.files, one.id, n, page, visit.now)
    return Response(content, media_type=PAGE_TYPE)


def decided(visit: Visit, one: Decision) -> Decided:
    """A decision in the reader's words."""
    explained = explaining.explain(one.explanation, visit.reader.language, {})
    return Decided(one.at, one.total, one.funds, one.lines, explained, bars_of(explained))


def clause_of(reason: RefuseReason | None) -> str:
    """The article that a refusal rests on; "" where there is none."""
    return REFUSE_CLAUSES[reason] if reason is not None else ""


def _is_open(one: Claim, task: Task) -> bool:
    return one.returned is None or one.returned is task


def _may_appeal(visit: Visit, one: Claim) -> bool:
    at = store.decided_at(visit.connection, one.id)
    return one.state in APPEALABLE and one.appealed_at is None and at is not None and visit.now <= at + APPEAL_WITHIN


def _stands(visit: Visit, one: Claim) -> dict[str, Any]:
    found = store.decisions_of(visit.connection, one.id)
    last = standing(found)
    decided_at = store.decided_at(visit.connection, one.id)
    payments = store.payments_of(visit.connection, one.id)
    events = store.events_of(visit.connection, one.id)
    upheld = next((event for event in reversed(events) if event.step == "uphold"), None)
    back = next((event for event in reversed(events) if event.step == "take_back"), None)
    return {
        "claim": one,
        "state": shown_state(one),
        "tag": TAGS.get(shown_state(one), ""),
        "decided": decided(visit, last) if last is not None else None,
        "clause": clause_of(one.refused),
        "payments": payments,
        "carried": sum(payment.amount if payment.kind == "paid" else -payment.amount for payment in payments),
        "upheld": str(upheld.facts.get("note", "")) if upheld is not None else "",
        "taken_back": str(back.facts.get("reason", "")) if back is not None and last is None else "",
        "may_appeal": _may_appeal(visit, one),
        "appeal_until": (decided_at + APPEAL_WITHIN).astimezone(CHINA) if decided_at is not None else None,
        "may_withdraw": one.state in (ClaimState.RECEIVED, ClaimState.SECOND) and one.appealed_at is None,
        "may_change_bank": one.state in ACCOUNT_OPEN and visit.mandate is None,
    }
