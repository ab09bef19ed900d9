"""Money on its way: paid out by bank, sent back by it, taken back because the decision was wrong, recovered."""

from __future__ import annotations

import re
from typing import Final

from gongji.foundation.access import Duty
from gongji.foundation.ids import Serials
from gongji.reimbursement import refusals, store
from gongji.reimbursement.casework import OfficersDoing, check_not_assisted, locked, noted, word
from gongji.reimbursement.decide import arrived, owed, sent_back
from gongji.reimbursement.deciding import settled_state
from gongji.reimbursement.messages import tell_person
from gongji.reimbursement.model import Claim, ClaimState, Payment, TakeBackReason
from gongji.reimbursement.posting import post_decisions, post_payment, standing, taken_back_of

_REFERENCE: Final = re.compile(r"[0-9A-Za-z-]{4,40}")

#: Who keeps the bank's papers.
PAYING: Final = (Duty.CLEARING_CLERK,)


def paid(doing: OfficersDoing, serials: Serials, claim_id: int, reference: str) -> Claim:
    """The bank has carried what is owed to the person. The same reference again is the same payment.

    Raises:
        NotAllowed: ``access.duty``. InvalidInput: ``claim.reference``. NotFound: ``claim.unknown``.
        Refused: ``claim.not_waiting``, ``claim.reference_used``, ``claim.same_officer`` for whoever decided,
            ``case.assisted`` for whoever told us the account at the window, ``case.own``.
    """
    before, payments = _to_carry(doing, claim_id, "paid", reference)
    if any((one.kind, one.reference) == ("paid", reference) for one in payments):
        return before
    if before.state is not ClaimState.TO_PAY:
        raise refusals.not_waiting()
    decisions = store.decisions_of(doing.connection, claim_id)
    former = standing(decisions)
    if former is not None and doing.caller.holder in (former.by, former.second):
        raise refusals.same_officer()
    check_not_assisted(doing, before)
    due = owed([one.funds for one in decisions], payments)
    return _carried(doing, serials, before, "paid", due, reference)


def bounced(doing: OfficersDoing, serials: Serials, claim_id: int, reference: str) -> Claim:
    """The bank has sent a payment back, whatever became of the claim since: the one that has this very reference, else the
    last. It is owed again, and the person is asked for another account.

    Raises:
        NotAllowed: ``access.duty``. InvalidInput: ``claim.reference``. NotFound: ``claim.unknown``.
        Refused: ``claim.not_waiting`` when no payment is out, ``case.own``.
    """
    before, payments = _to_carry(doing, claim_id, "bounced", reference)
    if any((one.kind, one.reference) == ("bounced", reference) for one in payments):
        return before
    out = arrived(payments)
    if not out:
        raise refusals.not_waiting()
    return _carried(doing, serials, before, "bounced", sent_back(out, reference).amount, reference)


def recovered(doing: OfficersDoing, serials: Serials, claim_id: int, reference: str) -> Claim:
    """The person has paid back what they owed after the decision was taken back.

    Raises:
        NotAllowed: ``access.duty``. InvalidInput: ``claim.reference``. NotFound: ``claim.unknown``.
        Refused: ``claim.not_waiting``, ``claim.reference_used``, ``case.own``.
    """
    before, payments = _to_carry(doing, claim_id, "recovered", reference)
    if any((one.kind, one.reference) == ("recovered", reference) for one in payments):
        return before
    if before.state is not ClaimState.OWED_BACK:
        raise refusals.not_waiting()
    due = owed([one.funds for one in store.decisions_of(doing.connection, claim_id)], payments)
    return _carried(doing, serials, before, "recovered", -due, reference)


def take_back(doing: OfficersDoing, serials: Serials, claim_id: int, reason: str) -> Claim:
    """A decision was wrong: it is taken back with its counters, and what was paid is owed by the person, who may appeal that.
    The invoices stay claimed, so that nobody is paid for them again; where the person is due something else, an
    appeal is where another officer decides it anew.

    Raises:
        NotAllowed: ``access.duty``. InvalidInput: ``claim.word``. NotFound: ``claim.unknown``.
        Refused: ``claim.not_waiting``, ``claim.same_officer`` for whoever decided it, ``case.own``.
    """
    doing.caller.require_duty(Duty.SECOND_REVIEWER)
    why = word(TakeBackReason, reason, "reason")
    before = locked(doing, claim_id)
    former = standing(store.decisions_of(doing.connection, claim_id))
    decided = (ClaimState.TO_PAY, ClaimState.NOTHING_DUE, ClaimState.PAID, ClaimState.BOUNCED)
    if former is None or before.state not in decided:
        raise refusals.not_waiting()
    if doing.caller.holder in (former.by, former.second):
        raise refusals.same_officer()
    back = taken_back_of(doing, serials, former, doing.caller.holder, None)
    post_decisions(doing, serials, before.person_id, [back])
    # What was appealed before is gone; this is a decision of its own.
    store.change(doing.connection, claim_id, state=settled_state(doing, claim_id), appealed_at=None)
    after = noted(doing, claim_id, "take_back", reason=why)
    tell_person(doing.connection, after, "taken_back", doing.at, amount=former.funds)
    return after


def _to_carry(doing: OfficersDoing, claim_id: int, kind: str, reference: str) -> tuple[Claim, list[Payment]]:
    """The claim, locked, with what banks carried so far, once the reference can be one of this step's."""
    doing.caller.require_duty(*PAYING)
    if not _REFERENCE.fullmatch(reference):
        raise refusals.reference_wrong()
    before = locked(doing, claim_id)
    payments = store.payments_of(doing.connection, claim_id)
    # What comes back may come back under the reference that it went out with.
    if kind != "bounced" and any(one.reference == reference and one.kind != kind for one in payments):
        raise refusals.reference_used()
    return before, payments


def _carried(doing: OfficersDoing, serials: Serials, before: Claim, kind: str, amount: int, reference: str) -> Claim:
    post_payment(doing, serials, before.id, before.person_id, before.region, kind, amount, reference)
    state = before.state
    if state not in (ClaimState.APPEALED, ClaimState.SECOND):
        state = settled_state(doing, before.id)
        if kind == "bounced" and state is ClaimState.TO_PAY:
            state = ClaimState.BOUNCED
    store.change(doing.connection, before.id, state=state)
    after = noted(doing, before.id, kind, amount=amount, reference=reference)
    tell_person(doing.connection, after, kind, doing.at, amount=amount)
    return after
