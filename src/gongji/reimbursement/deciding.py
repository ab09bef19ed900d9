"""Deciding a claim: line by line by the catalogue of the day, then the bill as the desk would have settled it, and posted."""

from __future__ import annotations

from datetime import datetime, time
from typing import Final

import msgspec
from msgspec.structs import replace

from gongji.foundation.access import Duty
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.registry.model import Institution, InstitutionKind
from gongji.registry.service import catalogue_items, institutions_by_id
from gongji.reimbursement import refusals, store
from gongji.reimbursement.casework import (
    OfficersDoing,
    check_in_charge,
    check_not_assisted,
    check_not_decided_before,
    locked,
    noted,
    word,
)
from gongji.reimbursement.decide import (
    day_of_visit,
    decided,
    explained,
    needs_second,
    owed,
    priced,
    refusal_needs_second,
)
from gongji.reimbursement.messages import tell_person
from gongji.reimbursement.model import (
    Claim,
    ClaimState,
    DecidedLine,
    Decision,
    LineWord,
    RefuseReason,
)
from gongji.reimbursement.posting import post_decisions, standing, taken_back_of
from gongji.rules.book import RuleBook
from gongji.settlement.afterwards import Afterwards, PastVisit, assess_afterwards

_MOST_NOTE: Final = 200


class Proposal(msgspec.Struct, frozen=True):
    """What an officer decides: the words on lines and the codes of lines that came without one, or the reason of a refusal.

    Attributes:
        words: a `LineWord` by a line's place; `LineWord.CATALOGUE` for lines that are not named.
        codes: med_list_codg that the officer found, by a line's place.
        refuse: why the whole is refused; None for a decision.
        by: the officer.
    """

    words: dict[int, LineWord] = {}
    codes: dict[int, str] = {}
    refuse: RefuseReason | None = None
    by: str = ""


class Preview(msgspec.Struct, frozen=True):
    """What a proposal would come to now: the lines, and what the funds pay and why."""

    lines: tuple[DecidedLine, ...]
    afterwards: Afterwards

    @property
    def funds(self) -> int:
        """All that the funds pay, in fen."""
        return sum(fund.amount for fund in self.afterwards.assessment.funds)

    @property
    def needs_second(self) -> bool:
        """Whether a second officer has to agree."""
        return needs_second(self.funds)


def preview(doing: OfficersDoing, rules: RuleBook, claim: Claim, proposal: Proposal) -> Preview:
    """Work a proposal out under the patient's lock, without any effect.

    Raises:
        Refused: ``claim.moved`` when another region insures the patient for that day by now; ``settlement.not_insured``,
            ``settlement.not_entitled`` …, as a settlement of the visit.
    """
    on = day_of_visit(claim)
    at = datetime.combine(on, time(12), CHINA)
    lines = [replace(line, code=proposal.codes.get(line.n, line.code)) for line in claim.lines]
    items = catalogue_items(doing.connection, claim.region, {line.code for line in lines if line.code}, on)
    told, kept = [], []
    for line in lines:
        said, item = proposal.words.get(line.n, LineWord.CATALOGUE), items.get(line.code)
        kept.append(priced(line, item, said, at))
        told.append(decided(line, kept[-1], item, said))
    assert claim.began_on is not None, "a claim that came in has its days"
    past = PastVisit(
        person_id=claim.person_id,
        institution=place_of(doing, claim),
        med_type=claim.med_type,
        began_on=claim.began_on,
        ended_on=on,
        lines=tuple(kept),
        disease=claim.disease,
    )
    former = standing(store.decisions_of(doing.connection, claim.id))
    moves = former.moves if former is not None else ()
    worked_out = assess_afterwards(doing.connection, rules, past, without=moves)
    # No region's officers decide on another's fund.
    if worked_out.enrolment.region != claim.region:
        raise refusals.moved(worked_out.enrolment.region)
    return Preview(tuple(told), worked_out)


def place_of(doing: OfficersDoing, claim: Claim) -> Institution:
    """Where it was: as the register has it, or of a place that is not in it, what the claim says."""
    place = claim.place
    assert place is not None, "a claim that came in has its place"
    if place.institution_id is not None:
        return institutions_by_id(doing.connection, [place.institution_id])[place.institution_id]
    # Never designated: its one day lies before all visits.
    never = datetime.min.date()
    return Institution(0, "", place.name, InstitutionKind(place.kind), place.tier, place.region, never, never)


def decide(doing: OfficersDoing, rules: RuleBook, serials: Serials, claim_id: int, proposal: Proposal) -> Claim:
    """Decide on every line; carried out at once, or handed to a second officer where the funds pay a lot.

    Args:
        proposal: the officer's; `Proposal.by` is put in here.

    Raises:
        NotAllowed: ``access.duty``. NotFound: ``claim.unknown``.
        InvalidInput: ``claim.line`` for a line that the claim does not have.
        Refused: ``claim.not_waiting``, ``claim.not_in_charge``, ``claim.worse``, ``case.own``, and those of `preview`.
    """
    doing.caller.require_duty(Duty.REVIEWER)
    before = locked(doing, claim_id)
    if before.state not in (ClaimState.RECEIVED, ClaimState.APPEALED):
        raise refusals.not_waiting()
    check_in_charge(doing, before)
    places = {line.n for line in before.lines}
    for n in (*proposal.words, *proposal.codes):
        if n not in places:
            raise refusals.line_wrong(n)
    mine = replace(proposal, by=doing.caller.holder, refuse=None)
    seen = preview(doing, rules, before, mine)
    _check_not_worse(standing(store.decisions_of(doing.connection, claim_id)), seen)
    if seen.needs_second:
        return _to_second(doing, before, mine)
    return _carry_out(doing, serials, before, mine, seen, None)


def refuse(doing: OfficersDoing, claim_id: int, reason: str) -> Claim:
    """Refuse a claim as a whole; where that says somebody lied, a second officer has to agree.

    Raises:
        InvalidInput: ``claim.word``. NotAllowed: ``access.duty``. NotFound: ``claim.unknown``.
        Refused: ``claim.not_waiting`` (an appeal is decided or upheld), ``claim.not_in_charge``, ``case.own``.
    """
    doing.caller.require_duty(Duty.REVIEWER)
    chosen = word(RefuseReason, reason, "reason")
    before = locked(doing, claim_id)
    if before.state is not ClaimState.RECEIVED:
        raise refusals.not_waiting()
    check_in_charge(doing, before)
    mine = Proposal(refuse=chosen, by=doing.caller.holder)
    return _to_second(doing, before, mine) if refusal_needs_second(chosen) else _refuse(doing, before, mine)


def uphold(doing: OfficersDoing, claim_id: int, note: str) -> Claim:
    """On an appeal, leave the decision as it is, and say why.

    Raises:
        InvalidInput: ``claim.note``. NotAllowed: ``access.duty``. NotFound: ``claim.unknown``.
        Refused: ``claim.not_waiting``, ``claim.not_in_charge``, ``case.own``.
    """
    doing.caller.require_duty(Duty.REVIEWER)
    if not 0 < len(note) <= _MOST_NOTE:
        raise refusals.note_missing()
    before = locked(doing, claim_id)
    if before.state is not ClaimState.APPEALED:
        raise refusals.not_waiting()
    check_in_charge(doing, before)
    state = settled_state(doing, claim_id)
    if before.refused is not None:
        state = ClaimState.REFUSED
        store.free_invoices(doing.connection, claim_id, before.invoices)
    store.change(doing.connection, claim_id, state=state, officer=None, officer_since=None)
    after = noted(doing, claim_id, "uphold", note=note)
    tell_person(doing.connection, after, "upheld", doing.at)
    return after


def second_opinion(
    doing: OfficersDoing, rules: RuleBook, serials: Serials, claim_id: int, *, agree: bool, note: str
) -> Claim:
    """A second officer agrees, and what was proposed is worked out and carried out as things are now; or does not, and
    the claim goes back to the first.

    Raises:
        NotAllowed: ``access.duty``. InvalidInput: ``claim.note`` when a disagreement does not say why.
        Refused: ``claim.not_waiting``, ``claim.same_officer``, ``case.assisted``, ``case.own``, and those of `preview`.
    """
    doing.caller.require_duty(Duty.SECOND_REVIEWER)
    before = locked(doing, claim_id)
    if before.state is not ClaimState.SECOND or before.proposal is None:
        raise refusals.not_waiting()
    proposal = proposal_of(before)
    if doing.caller.holder == proposal.by:
        raise refusals.same_officer()
    check_not_decided_before(doing, before)
    check_not_assisted(doing, before)
    if agree:
        if proposal.refuse is not None:
            return _refuse(doing, before, proposal, doing.caller.holder)
        seen = preview(doing, rules, before, proposal)
        return _carry_out(doing, serials, before, proposal, seen, doing.caller.holder)
    if not 0 < len(note) <= _MOST_NOTE:
        raise refusals.note_missing()
    state = ClaimState.APPEALED if before.appealed_at is not None else ClaimState.RECEIVED
    store.change(doing.connection, claim_id, state=state, proposal=None, officer=proposal.by, officer_since=doing.at)
    return noted(doing, claim_id, "disagree", note=note)


def proposal_of(claim: Claim) -> Proposal:
    """What waits for a second officer."""
    assert claim.proposal is not None, "asked only of a claim in the state second"
    return msgspec.json.decode(claim.proposal, type=Proposal)


def settled_state(doing: OfficersDoing, claim_id: int) -> ClaimState:
    """Where a decided claim stands by its money."""
    decisions, payments = store.decisions_of(doing.connection, claim_id), store.payments_of(doing.connection, claim_id)
    due = owed([one.funds for one in decisions], payments)
    if due == 0 and decisions and standing(decisions) is None:
        return ClaimState.SQUARED
    if due > 0:
        return ClaimState.TO_PAY
    if due < 0:
        return ClaimState.OWED_BACK
    return ClaimState.PAID if payments else ClaimState.NOTHING_DUE


def _to_second(doing: OfficersDoing, before: Claim, proposal: Proposal) -> Claim:
    store.change(
        doing.connection,
        before.id,
        state=ClaimState.SECOND,
        proposal=msgspec.json.encode(proposal),
        officer=None,
        officer_since=None,
    )
    return noted(doing, before.id, "propose")


def _refuse(doing: OfficersDoing, before: Claim, proposal: Proposal, second: str | None = None) -> Claim:
    store.free_invoices(doing.connection, before.id, before.invoices)
    store.change(
        doing.connection,
        before.id,
        state=ClaimState.REFUSED,
        refused=proposal.refuse,
        decided_by=proposal.by,
        proposal=None,
        officer=None,
        officer_since=None,
    )
    after = noted(doing, before.id, "refuse", reason=proposal.refuse or "", by=proposal.by, second=second or "")
    tell_person(doing.connection, after, "refused", doing.at)
    return after


def _carry_out(
    doing: OfficersDoing, serials: Serials, before: Claim, proposal: Proposal, seen: Preview, second: str | None
) -> Claim:
    """From here on it must succeed, but for an appeal that would take something away: what stood before goes back in the
    same posting, and the new decision is counted and owed."""
    former = standing(store.decisions_of(doing.connection, before.id))
    _check_not_worse(former, seen)
    back = taken_back_of(doing, serials, former, proposal.by, second) if former is not None else None
    made = replace(
        as_decision(before, seen, doing.at),
        id=compose(serials.take(1, doing.at)[0], bucket_of(before.person_id)),
        by=proposal.by,
        second=second,
    )
    post_decisions(doing, serials, before.person_id, [one for one in (back, made) if one is not None])
    store.change(
        doing.connection,
        before.id,
        state=settled_state(doing, before.id),
        refused=None,
        decided_by=before.decided_by or proposal.by,
        proposal=None,
        officer=None,
        officer_since=None,
    )
    facts = {"funds": made.funds, "by": proposal.by, "second": second or ""}
    after = noted(doing, before.id, "decide", **facts)
    tell_person(doing.connection, after, "decided" if made.funds else "nothing_due", doing.at, amount=made.funds)
    return after


def _check_not_worse(former: Decision | None, seen: Preview) -> None:
    if former is not None and seen.funds < former.funds:
        raise refusals.worse()


def as_decision(claim: Claim, seen: Preview, at: datetime) -> Decision:
    """What a preview would be as a decision; it has no number yet and is nobody's."""
    one, bill = seen.afterwards, seen.afterwards.bill
    paid = {fund.fund: fund.amount for fund in one.assessment.funds}
    return Decision(
        id=0,
        claim_id=claim.id,
        kind="decide",
        reverses=None,
        at=at,
        by="",
        second=None,
        region=one.enrolment.region,
        scheme=one.enrolment.scheme,
        on=day_of_visit(claim),
        total=bill.total,
        self_paid=bill.self_paid,
        over_limit=bill.over_limit,
        first_self_pay=bill.first_self_pay,
        in_scope=bill.in_scope,
        deductible=one.assessment.deductible,
        ratio=one.assessment.ratio,
        fund_pool=paid.get("fund.pool", 0),
        fund_large=paid.get("fund.large", 0),
        fund_civil=paid.get("fund.civil", 0),
        fund_aid=paid.get("fund.aid", 0),
        pack_digest=one.assessment.digest,
        explanation=explained(one),
        moves=one.moves,
        lines=seen.lines,
    )
