"""Bills paid in cash (手工报销): filled in, handed in and appealed by the person; decided and paid by the agency."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Header, Path, Query, UploadFile
from starlette.responses import Response

from gongji.entrances.api.claim_shapes import (
    AppealIn,
    BeginIn,
    ClaimOut,
    DecideIn,
    FillIn,
    NoteIn,
    OpinionIn,
    ReasonIn,
    ReferenceIn,
    ReturnIn,
    claim_out,
)
from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.problems import RESPONSES
from gongji.foundation import audit
from gongji.foundation.access import Role
from gongji.foundation.documents import PAGE_TYPE, read_document
from gongji.foundation.ids import Serials
from gongji.foundation.keys import PATTERN
from gongji.reimbursement import casework, deciding, documents, filling, paying, refusals, service, store
from gongji.reimbursement.casework import OfficersDoing, word
from gongji.reimbursement.deciding import Proposal
from gongji.reimbursement.model import OFFICERS_TURN, Claim, ClaimState, LineWord
from gongji.reimbursement.service import Doing

router = APIRouter(prefix="/v1/claims", tags=["claims"], responses=RESPONSES)

At = Annotated[Door, Depends()]
Number = Annotated[str, Path(pattern=r"^[0-9]{1,18}$", description="id of the claim")]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=PATTERN,
        description="8 to 128 visible ASCII characters, new for every claim; a repetition gets the same claim",
    ),
]

#: Claims that are listed at once.
_MOST = 200


@router.post("")
def begin(body: BeginIn, door: At, key: Key) -> ClaimOut:
    """Begin a claim for a visit that was paid wholly in cash. It is a draft until it is handed in."""
    with door.open(Role.CITIZEN) as call:
        made = service.begin(_doing(call), call.platform.database.serials, why=body.why, key=key)
        return _out(call, made)


@router.get("")
def read_claims(
    door: At,
    state: Annotated[ClaimState | None, Query(description="for officers: only these")] = None,
    after: Annotated[
        str | None,
        Query(pattern=r"^[0-9]{1,18}$", description="for officers: the id of the claim behind which to go on"),
    ] = None,
) -> list[ClaimOut]:
    """The caller's claims, newest first; to an officer those of the region that wait for officers, or are in a state, at
    most 200 at once, the one that is due first before the others."""
    with door.open(Role.CITIZEN, Role.OFFICER) as call:
        if call.caller.role is Role.CITIZEN:
            found = service.claims(_doing(call))
        else:
            region = call.caller.region or ""
            prefix = region[:2] if region.endswith("0000") else region[:4]
            states = OFFICERS_TURN if state is None else (state,)
            last = int(after) if after is not None else None
            found = store.claims_in(call.connection, call.platform.vault, prefix, states, _MOST, last)
            # The answer holds the whole claims, as `read_claim` does.
            people = {one.person_id for one in found}
            audit.record_each(call.connection, call.caller, "claim.read", people, at=call.now)
        return [_out(call, one) for one in found]


@router.get("/{number}")
def read_claim(number: Number, door: At) -> ClaimOut:
    """One claim: what is still to be filled in, or what was decided on each line, who pays what and why."""
    with door.open(Role.CITIZEN, Role.OFFICER) as call:
        return _out(call, _visible(call, int(number)))


@router.patch("/{number}")
def fill_in(number: Number, body: FillIn, door: At) -> ClaimOut:
    """Fill in what is told, all of it or nothing; of a returned claim only what was returned is open."""
    with door.open(Role.CITIZEN) as call:
        doing, claim_id = _doing(call), int(number)
        if body.why is not None:
            filling.set_why(doing, claim_id, body.why)
        if body.institution is not None:
            filling.set_institution(doing, claim_id, body.institution)
        elif body.place is not None:
            filling.set_place(doing, claim_id, **body.place.model_dump())
        if body.visit is not None:
            filling.set_visit(doing, claim_id, **body.visit.model_dump())
        if body.invoices is not None:
            filling.set_invoices(doing, claim_id, body.invoices)
        if body.lines is not None:
            lines = [(line.name, line.code, line.pieces, line.total_fen) for line in body.lines]
            filling.set_lines(doing, claim_id, lines)
        if body.bank is not None:
            filling.set_bank(doing, claim_id, **body.bank.model_dump())
        return _out(call, service.claim_of(doing, claim_id))


@router.post("/{number}/documents")
def hand_in(
    number: Number,
    door: At,
    kind: Annotated[str, Form(description="invoice, detail, prescription, record, emergency, slip", max_length=64)],
    file: Annotated[UploadFile, File(description="JPEG, PNG, WebP or PDF, by its content; at most 5 MiB")],
) -> ClaimOut:
    """Hand in one document; the same file again is taken once."""
    with door.open(Role.CITIZEN) as call:
        service.claim_of(_doing(call), int(number))
    document = read_document(file.file.read())
    with door.open(Role.CITIZEN) as call:
        filling.hand_in_document(_doing(call), call.platform.files, int(number), kind, document)
        return _out(call, service.claim_of(_doing(call), int(number)))


@router.get("/{number}/documents/{n}", response_class=Response)
def read_document_page(
    number: Number,
    n: Annotated[int, Path(ge=1, le=10**6)],
    door: At,
    page: Annotated[int, Query(ge=1, le=100, description="which page, from 1")] = 1,
) -> Response:
    """One page of a document as a JPEG picture, to the person, and to an officer who is no relative. Audited."""
    with door.open(Role.CITIZEN, Role.OFFICER) as call:
        one = _visible(call, int(number))
        if call.caller.role is Role.OFFICER:
            casework.check_reader(_officers(call), one)
        content = documents.page_of(call.connection, call.platform.files, one.id, n, page, call.now)
        call.note("claim.document", one.person_id, claim=number, document=n, page=page)
    return Response(content, media_type=PAGE_TYPE, headers={"Content-Disposition": "attachment"})


@router.post("/{number}/submit")
def submit(number: Number, door: At) -> ClaimOut:
    """Hand the claim in; each invoice is claimed once, by whoever is first."""
    with door.open(Role.CITIZEN) as call:
        return _out(call, service.submit(_doing(call), call.platform.calendar, int(number)))


@router.post("/{number}/withdraw")
def withdraw(number: Number, door: At) -> ClaimOut:
    """Take the claim back before it is decided."""
    with door.open(Role.CITIZEN) as call:
        return _out(call, service.withdraw(_doing(call), int(number)))


@router.post("/{number}/appeal")
def appeal(number: Number, body: AppealIn, door: At) -> ClaimOut:
    """Have the decision looked at again, once, by another officer."""
    with door.open(Role.CITIZEN) as call:
        return _out(call, service.appeal(_doing(call), call.platform.calendar, int(number), body.words))


@router.post("/{number}/take")
def take(number: Number, door: At) -> ClaimOut:
    """An officer (duty `reviewer`) takes the claim in charge."""
    return _officer(door, lambda call: casework.take(_officers(call), int(number)))


@router.post("/{number}/release")
def release(number: Number, door: At) -> ClaimOut:
    """Back into the queue."""
    return _officer(door, lambda call: casework.release(_officers(call), int(number)))


@router.post("/{number}/return")
def return_one(number: Number, body: ReturnIn, door: At) -> ClaimOut:
    """One item goes back to the person; only that opens, and the agency's clock stands still."""
    return _officer(
        door,
        lambda call: casework.return_task(_officers(call), call.platform.calendar, int(number), **body.model_dump()),
    )


@router.post("/{number}/decide")
def decide(number: Number, body: DecideIn, door: At) -> ClaimOut:
    """Decide line by line and post it; where the funds pay ¥5,000.00 or more a second officer has to agree. With
    `preview` nothing happens, and `decision` is what it would come to."""

    def work(call: Call) -> Claim:
        proposal = _proposal(body)
        return deciding.decide(
            _officers(call), call.platform.rules, call.platform.database.serials, int(number), proposal
        )

    if not body.preview:
        return _officer(door, work)
    with door.open(Role.OFFICER) as call:
        doing, one = _officers(call), _visible(call, int(number))
        casework.check_reader(doing, one)
        seen = deciding.preview(doing, call.platform.rules, one, _proposal(body))
        told = deciding.as_decision(one, seen, call.now)
        out = claim_out(one, [told], [])
        assert out.decision is not None, "a preview stands"
        shown = out.decision.model_copy(update={"id": None, "at": None, "needs_second": seen.needs_second})
        return _out(call, one).model_copy(update={"decision": shown})


@router.post("/{number}/refuse")
def refuse(number: Number, body: ReasonIn, door: At) -> ClaimOut:
    """Refuse the whole; where that says somebody lied, a second officer has to agree."""
    return _officer(door, lambda call: deciding.refuse(_officers(call), int(number), body.reason))


@router.post("/{number}/uphold")
def uphold(number: Number, body: NoteIn, door: At) -> ClaimOut:
    """On an appeal, leave the decision as it is."""
    return _officer(door, lambda call: deciding.uphold(_officers(call), int(number), body.note))


@router.post("/{number}/second")
def second(number: Number, body: OpinionIn, door: At) -> ClaimOut:
    """Another officer (duty `second_reviewer`) agrees, and it is carried out; or does not, and it goes back."""
    return _officer(
        door,
        lambda call: deciding.second_opinion(
            _officers(call),
            call.platform.rules,
            call.platform.database.serials,
            int(number),
            agree=body.opinion == "agree",
            note=body.note,
        ),
    )


@router.post("/{number}/paid")
def paid(number: Number, body: ReferenceIn, door: At) -> ClaimOut:
    """The bank has carried what is due (duty `clearing_clerk`)."""
    return _officer(door, lambda call: paying.paid(*_paying(call, number), body.reference))


@router.post("/{number}/bounced")
def bounced(number: Number, body: ReferenceIn, door: At) -> ClaimOut:
    """The bank has sent the last payment back."""
    return _officer(door, lambda call: paying.bounced(*_paying(call, number), body.reference))


@router.post("/{number}/recovered")
def recovered(number: Number, body: ReferenceIn, door: At) -> ClaimOut:
    """The person has paid back what they owed."""
    return _officer(door, lambda call: paying.recovered(*_paying(call, number), body.reference))


@router.post("/{number}/take-back")
def take_back(number: Number, body: ReasonIn, door: At) -> ClaimOut:
    """A decision was wrong (duty `second_reviewer`, not who decided): it goes back with its counters."""
    return _officer(door, lambda call: paying.take_back(*_paying(call, number), body.reason))


def _officer(door: Door, work: Callable[[Call], Claim]) -> ClaimOut:
    with door.open(Role.OFFICER) as call:
        return _out(call, work(call))


def _proposal(body: DecideIn) -> Proposal:
    words = {line.n: word(LineWord, line.word, "word") for line in body.lines}
    codes = {line.n: line.code for line in body.lines if line.code}
    return Proposal({n: said for n, said in words.items() if said is not LineWord.CATALOGUE}, codes)


def _paying(call: Call, number: str) -> tuple[OfficersDoing, Serials, int]:
    return _officers(call), call.platform.database.serials, int(number)


def _visible(call: Call, claim_id: int) -> Claim:
    """A claim that the caller may see: their own, or to an officer one of the region that came in."""
    if call.caller.role is Role.CITIZEN:
        return service.claim_of(_doing(call), claim_id)
    found = casework.claim_in_region(_officers(call), claim_id)
    call.note("claim.read", found.person_id, claim=str(claim_id))
    return found


def _doing(call: Call) -> Doing:
    if call.caller.person_id is None:
        raise refusals.unknown()
    return Doing(call.connection, call.platform.vault, call.caller.person_id, call.caller, call.now)


def _officers(call: Call) -> OfficersDoing:
    return OfficersDoing(call.connection, call.platform.vault, call.caller, call.now)


def _out(call: Call, one: Claim) -> ClaimOut:
    return claim_out(one, store.decisions_of(call.connection, one.id), store.payments_of(call.connection, one.id))
