"""The page of a case: who, what was claimed against what the registers say, documents, decision, history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Final

from starlette.responses import Response

from gongji.entrances.web.office.clock import clock_of
from gongji.entrances.web.office.comparing import compare, word
from gongji.entrances.web.office.pages import ON_CASES, REVIEWERS, for_duties, show
from gongji.entrances.web.office.queue import next_case
from gongji.entrances.web.visits import PLACE, Visit
from gongji.family import casework
from gongji.family import service as family
from gongji.family.casework import Decided
from gongji.family.evidence import EvidenceItem, useful_kinds
from gongji.family.model import Authorisation, AuthorisationState
from gongji.family.refusals import Code, refuse
from gongji.family.words import (
    EVIDENCE_WORDS,
    REFUSE_WORDS,
    RELATION_WORDS,
    RETURN_WORDS,
    STATE_WORDS,
    EvidenceKind,
    RefuseReason,
    ReturnReason,
    ReviewDecision,
)
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.foundation.documents import PAGE_TYPE
from gongji.foundation.errors import Refused
from gongji.registry import service as registry

#: What an officer may choose: the three decisions, and to hand an approval to a second officer.
CHOICES: Final = ("approve", "return", "refuse", "second")


@dataclass(frozen=True, slots=True)
class Shown:
    """A document on the page: its number, kind and state in words, when it came, and its pages."""

    number: int
    kind: str
    state: str
    at: datetime
    pages: range


@dataclass(frozen=True, slots=True)
class Happened:
    """A line of the history."""

    at: datetime
    who: str
    what: str
    note: str


@for_duties(*ON_CASES)
def case(visit: Visit) -> Response:
    """``GET /cases/{number}``."""
    return _page(visit, _case(visit))


@for_duties(*ON_CASES)
def document(visit: Visit) -> Response:
    """``GET /cases/{number}/documents/{document}/{page}``: one page as a picture, to the officer in charge alone."""
    found = _case(visit)
    casework.check_reader(visit.connection, found.id, visit.caller)
    number, page = visit.number("document"), visit.number("page", PLACE)
    content = family.evidence_content(visit.connection, visit.platform.files, found.id, number, page=page, at=visit.now)
    details = {"authorisation": str(found.id), "document": number, "page": page}
    audit.record_each(
        visit.connection, visit.caller, "evidence.read", (found.sharer_id, found.user_id), at=visit.now, **details
    )
    return Response(content, media_type=PAGE_TYPE)


@for_duties(*REVIEWERS)
def claim(visit: Visit) -> Response:
    """``POST /cases/{number}/claim``: the officer takes the case, saying that they are no relative."""
    found = _case(visit)
    visit.caller.require_duty(Duty.REVIEWER)
    casework.claim(visit.connection, found.id, visit.caller, visit.now)
    _note(visit, found, "case.claim")
    return visit.go(f"/cases/{found.id}")


@for_duties(*REVIEWERS)
def release(visit: Visit) -> Response:
    """``POST /cases/{number}/release``: back into the queue."""
    found = _case(visit)
    casework.release(visit.connection, found.id, visit.caller, visit.now)
    return visit.go("/?notice=released")


@for_duties(*REVIEWERS)
def take_back(visit: Visit) -> Response:
    """``POST /cases/{number}/take-back``."""
    found = _case(visit)
    casework.take_back(visit.connection, found.id, visit.caller, visit.now)
    _note(visit, found, "case.take_back")
    return visit.go(f"/cases/{found.id}?notice=taken_back")


@for_duties(Duty.SECOND_REVIEWER)
def second(visit: Visit) -> Response:
    """``POST /cases/{number}/second``: the second officer agrees or does not."""
    found = _case(visit)
    agree = visit.form.text("opinion") == "agree"
    note = visit.form.text("note")[:200]
    if not agree and not note:
        return _page(visit, found, errors={"note": visit.reader.text("office.second.note.missing")}, status=422)
    casework.second_opinion(visit.connection, found.id, agree=agree, note=note, caller=visit.caller, at=visit.now)
    _note(visit, found, "case.agree" if agree else "case.disagree")
    return visit.go(f"/?show=second&notice={'agreed' if agree else 'disagreed'}")


@for_duties(Duty.REVIEWER)
def decide(visit: Visit) -> Response:
    """``POST /cases/{number}/decide``: first shows what the family will read, then keeps the decision and leads to the
    next case."""
    found = _case(visit)
    form = visit.form
    choice, note = form.text("choice"), form.text("note")[:200]
    decision = "approve" if choice == "second" else choice
    item, reason = _said(form.text("item"), form.text("return_reason"), form.text("refuse_reason"), decision)
    errors = _missing(visit, choice, item, reason)
    if errors:
        return _page(visit, found, errors=errors, status=422)
    if form.text("sure") != "yes":
        told = citizens_text(visit, found, decision, item, reason)
        return _page(visit, found, preview=told)
    decided = casework.decide(
        visit.connection,
        found.id,
        decision,
        item=item,
        reason=reason,
        note=note,
        to_second=choice == "second",
        caller=visit.caller,
        at=visit.now,
    )
    _note(visit, found, f"case.decide_{decision}")
    notice = "to_second" if decided.waits_for_second else "decided"
    following = next_case(visit)
    where = f"/cases/{following}?notice={notice}" if following else f"/?notice={notice}_last"
    return visit.go(f"{where}&of={found.id}")


def citizens_text(visit: Visit, found: Authorisation, decision: str, item: str | None, reason: str | None) -> str:
    """What the family reads of a decision: the coded reason is the text."""
    reader = visit.reader
    chosen = ReviewDecision(decision)
    people = registry.people_by_id(visit.connection, visit.platform.vault, [found.user_id])
    if chosen is ReviewDecision.APPROVE:
        return reader.text("office.text.approve", taker=people[found.user_id].masked_name)
    if chosen is ReviewDecision.RETURN:
        what, why = word(EVIDENCE_WORDS[EvidenceKind(item or "")], reader), ReturnReason(reason or "")
        return reader.text("office.text.return", item=what, why=word(RETURN_WORDS[why], reader))
    return reader.text("office.text.refuse", why=word(REFUSE_WORDS[RefuseReason(reason or "")], reader))


def _said(item: str, return_reason: str, refuse_reason: str, decision: str) -> tuple[str | None, str | None]:
    if decision == "return":
        return item or None, return_reason or None
    return None, (refuse_reason or None) if decision == "refuse" else None


def _missing(visit: Visit, choice: str, item: str | None, reason: str | None) -> dict[str, str]:
    """What is not filled in, by field."""
    text = visit.reader.text
    if choice not in CHOICES:
        return {"choice": text("office.decide.choice.missing")}
    errors = {}
    if choice == "return" and item not in tuple(EvidenceKind):
        errors["item"] = text("office.decide.item.missing")
    if choice == "return" and reason not in tuple(ReturnReason):
        errors["return_reason"] = text("office.decide.reason.missing")
    if choice == "refuse" and reason not in tuple(RefuseReason):
        errors["refuse_reason"] = text("office.decide.reason.missing")
    return errors


def _case(visit: Visit) -> Authorisation:
    """The case of the address.

    Raises:
        NotFound: ``authorisation.unknown``, also when it is another region's.
    """
    found = family.authorisation(visit.connection, visit.number())
    if not visit.caller.covers(found.region):
        raise refuse(Code.UNKNOWN)
    return found


def _page(
    visit: Visit,
    found: Authorisation,
    *,
    errors: dict[str, str] | None = None,
    preview: str = "",
    status: int = 200,
) -> Response:
    reader = visit.reader
    holder, decided = casework.in_charge(visit.connection, found.id)
    people = registry.people_by_id(visit.connection, visit.platform.vault, [found.sharer_id, found.user_id])
    sharer, user = people[found.sharer_id], people[found.user_id]
    audit.record_each(visit.connection, visit.caller, "case.read", people, at=visit.now, authorisation=str(found.id))
    events = family.events(visit.connection, found.id)
    waits = found.state is AuthorisationState.UNDER_REVIEW
    run = list(takewhile(lambda one: one.state is AuthorisationState.UNDER_REVIEW, reversed(events)))
    since = run[-1].at if run else found.made_at
    rows = compare(visit.connection, visit.platform.rules, found, sharer, user, visit.now.date(), reader)
    return show(
        visit,
        "case.html",
        status=status,
        case=found,
        mine=holder == visit.caller.holder,
        holder=holder,
        can_read=_may_read(visit, found),
        sharer=sharer,
        user=user,
        relation=word(RELATION_WORDS[found.relation], reader),
        state=word(STATE_WORDS[found.state], reader),
        waits=waits,
        clock=clock_of(visit.platform.rules, visit.platform.calendar, found.region, since, visit.now, reader)
        if waits
        else None,
        differences=[row for row in rows if row.differs],
        same=[row for row in rows if not row.differs],
        documents=[_shown(one, visit) for one in family.evidence_list(visit.connection, found.id)],
        decided=decided,
        decided_text=_decided_text(visit, found, decided),
        own_decision=decided is not None and decided.holder == visit.caller.holder,
        history=_history(visit, found),
        kinds=[(one.value, word(EVIDENCE_WORDS[one], reader), "") for one in useful_kinds(found.relation)],
        return_reasons=[(one.value, word(RETURN_WORDS[one], reader), "") for one in ReturnReason],
        refuse_reasons=[(one.value, word(REFUSE_WORDS[one], reader), "") for one in RefuseReason],
        choices=[(one, reader.text(f"office.decide.{one}"), "") for one in CHOICES],
        form=visit.form,
        errors=errors or {},
        preview=preview,
        is_reviewer=Duty.REVIEWER in visit.caller.duties,
        is_second=Duty.SECOND_REVIEWER in visit.caller.duties,
    )


def _may_read(visit: Visit, found: Authorisation) -> bool:
    try:
        casework.check_reader(visit.connection, found.id, visit.caller)
    except Refused:
        return False
    return True


def _shown(item: EvidenceItem, visit: Visit) -> Shown:
    return Shown(
        item.id,
        word(EVIDENCE_WORDS[item.kind], visit.reader),
        visit.reader.text(f"office.document.{item.state}"),
        item.handed_in_at,
        range(1, item.pages + 1),
    )


def _decided_text(visit: Visit, found: Authorisation, decided: Decided | None) -> str:
    return citizens_text(visit, found, decided.decision, decided.item, decided.reason) if decided else ""


def _history(visit: Visit, found: Authorisation) -> list[Happened]:
    """The case's own history and what officers did with it, oldest first."""
    reader = visit.reader
    lines = []
    for event in family.events(visit.connection, found.id):
        family_did = event.actor.startswith("citizen")
        who = reader.text("office.history.family") if family_did else reader.text("office.officer", number=event.actor)
        note = str(event.details.get("note", ""))
        lines.append(Happened(event.at, who, word(STATE_WORDS[event.state], reader), note))
    for step in casework.steps(visit.connection, found.id):
        what = reader.text(f"office.step.{step.step}")
        note = "" if step.step in ("decide", "failed") else step.note or ""
        lines.append(Happened(step.at, reader.text("office.officer", number=step.holder), what, note))
    return sorted(lines, key=lambda line: line.at)


def _note(visit: Visit, found: Authorisation, action: str) -> None:
    audit.record(
        visit.connection, visit.caller, action, at=visit.now, person_id=found.sharer_id, authorisation=str(found.id)
    )


__all__ = ["case", "claim", "decide", "document", "release", "second", "take_back"]
