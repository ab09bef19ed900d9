"""Claims at the agency: the queue, and the page of one with what was told beside what the registers say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from starlette.responses import Response

from gongji.entrances import explaining
from gongji.entrances.web.citizen.settlement import bars_of
from gongji.entrances.web.office.clock import clock_until
from gongji.entrances.web.office.comparing import region_name
from gongji.entrances.web.office.pages import ON_CASES, area_prefix, for_duties, read_rows, show
from gongji.entrances.web.visits import PLACE, Visit
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.foundation.clock import CHINA
from gongji.foundation.documents import PAGE_TYPE
from gongji.foundation.errors import GongjiError, NotAllowed, NotFound, Refused
from gongji.registry import service as registry
from gongji.reimbursement import documents, refusals, store
from gongji.reimbursement.casework import OfficersDoing, check_reader, claim_in_region
from gongji.reimbursement.decide import arrived, owed
from gongji.reimbursement.deciding import Preview, Proposal, preview, proposal_of
from gongji.reimbursement.model import (
    BANKS_TURN,
    OFFICERS_TURN,
    Claim,
    ClaimState,
    DocumentKind,
    LineWord,
    RefuseReason,
    ReturnReason,
    TakeBackReason,
    Task,
)
from gongji.reimbursement.posting import standing
from gongji.settlement.model import from_wire
from gongji.settlement.queries import settlements_of

#: Who sees claims.
ON_CLAIMS: Final = (Duty.CLERK, Duty.CLEARING_CLERK, *ON_CASES)

#: What can be shown, with its states; the first unless another is asked for.
SHOWN: Final = {
    "waiting": (ClaimState.RECEIVED, ClaimState.APPEALED),
    "second": (ClaimState.SECOND,),
    "money": BANKS_TURN,
    "returned": (ClaimState.RETURNED,),
    "all": tuple(one for one in ClaimState if one is not ClaimState.DRAFT),
}

#: How far from the visit a settlement still looks like the same one.
_NEAR: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Near:
    """A settlement of the same person about the same days: perhaps the bill was settled after all."""

    at: datetime
    place: str
    total: int
    same: bool


@for_duties(*ON_CLAIMS)
def queue(visit: Visit) -> Response:
    """``GET /claims``: the claims of the region, the one that is due first before the others; ``?number=`` leads to one."""
    number = visit.query("number")
    if number and (known := _by_number(visit, number)) is not None:
        return visit.go(f"/claims/{known}")
    default = "money" if Duty.CLEARING_CLERK in visit.caller.duties else "waiting"
    chosen = visit.query("show") if visit.query("show") in SHOWN else default
    found, leaf = read_rows(
        visit,
        lambda most, after: store.claims_in(
            visit.connection, visit.platform.vault, area_prefix(visit), SHOWN[chosen], most, after
        ),
    )
    people = registry.people_by_id(visit.connection, visit.platform.vault, {one.person_id for one in found})
    audit.record(visit.connection, visit.caller, "claim.read_queue", at=visit.now)
    clocks = {
        one.id: clock_until(visit.platform.calendar, one.due_at, visit.now, visit.reader)
        for one in found
        if one.due_at is not None and one.state in OFFICERS_TURN
    }
    return show(
        visit,
        "claims.html",
        claims=[(one, people[one.person_id].masked_name, clocks.get(one.id)) for one in found],
        leaf=leaf,
        number=number,
        shown=chosen,
        choices=list(SHOWN),
    )


def _by_number(visit: Visit, number: str) -> int | None:
    """The claim of the region with a number as people have it from their messages."""
    claim_id = from_wire(number.replace(" ", ""))
    try:
        return claim_in_region(doing_of(visit), claim_id).id if claim_id else None
    except NotFound:
        return None


@for_duties(*ON_CLAIMS)
def claim(visit: Visit) -> Response:
    """``GET /claims/{number}``."""
    return page(visit, claim_at(visit))


@for_duties(*ON_CASES)
def document(visit: Visit) -> Response:
    """``GET /claims/{number}/documents/{document}/{page}``: one page as a picture; not of one's own claim, or a relative's."""
    one = claim_at(visit)
    check_reader(doing_of(visit), one)
    n, number = visit.number("document", PLACE), visit.number("page", PLACE)
    content = documents.page_of(visit.connection, visit.platform.files, one.id, n, number, visit.now)
    audit.record(
        visit.connection,
        visit.caller,
        "claim.document",
        at=visit.now,
        person_id=one.person_id,
        claim=str(one.id),
        document=n,
        page=number,
    )
    return Response(content, media_type=PAGE_TYPE)


def doing_of(visit: Visit) -> OfficersDoing:
    """What the officer's steps go with."""
    return OfficersDoing(visit.connection, visit.platform.vault, visit.caller, visit.now)


def claim_at(visit: Visit) -> Claim:
    """The claim that the address names.

    Raises:
        NotFound: ``claim.unknown``, also when it is another region's.
    """
    return claim_in_region(doing_of(visit), visit.number())


def page(
    visit: Visit, one: Claim, problem: GongjiError | None = None, field: str = "claim", seen: Preview | None = None
) -> Response:
    """The page of a claim.

    Args:
        problem, field: what kept a step from being done, and beside what it is told.
        seen: what the officer's choices would come to, to be confirmed.
    """
    person = registry.people_by_id(visit.connection, visit.platform.vault, [one.person_id])[one.person_id]
    audit.record(visit.connection, visit.caller, "claim.read", at=visit.now, person_id=one.person_id, claim=str(one.id))
    found = store.decisions_of(visit.connection, one.id)
    last, payments = standing(found), store.payments_of(visit.connection, one.id)
    duties, mine = visit.caller.duties, one.officer == visit.caller.holder
    paying = Duty.CLEARING_CLERK in duties and one.state is ClaimState.TO_PAY
    account = store.account_of(visit.connection, visit.platform.vault, one.id) if paying else None
    explained = explaining.explain(last.explanation, visit.reader.language, {}) if last is not None else None
    return show(
        visit,
        "claim.html",
        status=problem.status if problem is not None else 200,
        claim=one,
        person=person,
        mine=mine,
        clock=clock_until(visit.platform.calendar, one.due_at, visit.now, visit.reader)
        if one.due_at is not None and one.state in OFFICERS_TURN
        else None,
        insured=registry.enrolment_on(visit.connection, one.person_id, one.ended_on) if one.ended_on else None,
        region=region_name(visit.platform.rules, one.region),
        place_region=region_name(visit.platform.rules, one.place.region) if one.place is not None else "",
        designated=_designated(visit, one),
        near=_near(visit, one),
        may_see=_may_see(visit, one),
        decided=last,
        explained=explained,
        bars=bars_of(explained) if explained is not None else (),
        payments=payments,
        out=bool(arrived(payments)),
        due=owed([each.funds for each in found], payments),
        account=account,
        proposal=_proposed(visit, one),
        history=store.events_of(visit.connection, one.id),
        seen=seen,
        **_choices(visit),
        is_reviewer=Duty.REVIEWER in duties,
        is_second=Duty.SECOND_REVIEWER in duties,
        is_paying=Duty.CLEARING_CLERK in duties,
        form=visit.form,
        errors={field: visit.reader.sentence(problem)} if problem is not None else {},
    )


def _choices(visit: Visit) -> dict[str, Any]:
    """What the page's forms have to choose from, in words."""
    text = visit.reader.text
    return {
        "words": [(word.value, text(f"claim.line.{word}")) for word in LineWord],
        "tasks": [(task.value, text(f"claim.task.{task}"), "") for task in Task if task is not Task.WHY],
        "documents": [
            ("", text("office.claim.all_documents")),
            *((k.value, text(f"claim.document.{k}")) for k in DocumentKind),
        ],
        "return_reasons": [(reason.value, text(f"claim.return.{reason}"), "") for reason in ReturnReason],
        "refuse_reasons": [
            (reason.value, text(f"claim.refuse.{reason}"), text("office.freeze.two_officers") if reason.accuses else "")
            for reason in RefuseReason
        ],
        "take_back_reasons": [(reason.value, text(f"claim.take_back.{reason}"), "") for reason in TakeBackReason],
    }


def _designated(visit: Visit, one: Claim) -> bool:
    if one.place is None or one.place.institution_id is None or one.ended_on is None:
        return False
    found = registry.institutions_by_id(visit.connection, [one.place.institution_id])
    return found[one.place.institution_id].designated(one.ended_on)


def _near(visit: Visit, one: Claim) -> list[Near]:
    """Settlements that stand, of the same person on the days of the claim or the days beside them."""
    if one.began_on is None or one.ended_on is None:
        return []
    end = datetime.combine(one.ended_on + _NEAR + timedelta(days=1), time(0), CHINA)
    stored = [
        each.settlement
        for each in settlements_of(visit.connection, one.person_id, 50, end)
        if each.reversed_by is None
        and each.settlement.kind == "settle"
        and each.settlement.settled_at.date() >= one.began_on - _NEAR
    ]
    places = registry.institutions_by_id(visit.connection, {each.institution_id for each in stored})
    here = one.place.institution_id if one.place is not None else None
    return [
        Near(
            each.settled_at,
            places[each.institution_id].name,
            each.total,
            (each.institution_id == here and each.total == one.total)
            or (each.invoice != "" and any(number.endswith(each.invoice) for number in one.invoices)),
        )
        for each in stored
    ]


def _may_see(visit: Visit, one: Claim) -> bool:
    try:
        check_reader(doing_of(visit), one)
    except (NotAllowed, Refused):
        return False
    return True


def _proposed(visit: Visit, one: Claim) -> dict[str, Any] | None:
    """What waits for a second officer, with what it would come to now."""
    if one.state is not ClaimState.SECOND:
        return None
    proposal = proposal_of(one)
    seen, problem = None, ""
    try:
        if proposal.refuse is None:
            seen = preview(doing_of(visit), visit.platform.rules, one, proposal)
    except Refused as refusal:
        # What was entered since may stand against it: the second officer has to see that, and to be able to say no.
        problem = visit.reader.sentence(refusal)
    own = proposal.by == visit.caller.holder
    return {"by": proposal.by, "refuse": proposal.refuse, "seen": seen, "problem": problem, "own": own}


def read_proposal(visit: Visit, one: Claim) -> Proposal:
    """The officer's words on lines and codes, from the form.

    Raises:
        InvalidInput: ``claim.word``.
    """
    words: dict[int, LineWord] = {}
    codes: dict[int, str] = {}
    for line in one.lines:
        said = visit.form.text(f"word-{line.n}") or LineWord.CATALOGUE
        if said not in tuple(LineWord):
            raise refusals.word_unknown(f"word-{line.n}", list(LineWord))
        if said != LineWord.CATALOGUE:
            words[line.n] = LineWord(said)
        code = visit.form.text(f"code-{line.n}")[:100]
        if code and code != line.code:
            codes[line.n] = code
    return Proposal(words, codes)
