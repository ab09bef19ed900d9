"""Money on its way: paid out by bank, sent back by it, taken back because the decision was wrong, recovered."""

from __future__ import annotations

import re
from typing import Final

from gongji.foundation.access import Duty
from gongji.foundation.ids import Serials
from gongji.reimbursement import refusals, store
from gongji.reimbursement.casework import OfficersDoing, locked, noted, word
from gongji.reimbursement.decide import owed
from gongji.reimbursement.deciding import settled_state
from gongji.reimbursement.messages import tell_person
from gongji.reimbursement.model import Claim, ClaimState, TakeBackReason
from gongji.reimbursement.posting import post_decisions, post_payment, standing, taken_back_of

_REFERENCE: Final = re.compile(r"[0-9A-Za-z-]{4,40}")

#: Who keeps the bank's papers.
PAYING: Final = (Duty.CLEARING_CLERK,)


def paid(doing: OfficersDoing, serials: Serials, claim_id: int, reference: str) -> Claim:
    """The bank has carried what is owed to the person. The same reference again is the same payment.

    Raises:
        NotAllowed: ``access.duty``. InvalidInput: ``claim.reference``. NotFound: ``claim.unknown``.
        Refused: ``claim.not_waiting``, ``claim.reference_used``, ``claim.same_officer`` for whoever decided, ``case.own``.
    """
    return _carried(doing, serials, claim_id, "paid", reference, ClaimState.TO_PAY)


def bounced(doing: OfficersDoing, serials: Serials, claim_id: int, reference: str) -> Claim:
    """The bank has sent the last payment back: it is owed again, and the person is asked for another account.

    Raises:
        as `paid`.
    """
    return _carried(doing, serials, claim_id, "bounced", reference, ClaimState.PAID)


def recovered(doing: OfficersDoing, serials: Serials, claim_id: int, reference: str) -> Claim:
    """The person has paid back what they owed after the decision was taken back.

    Raises:
        as `paid`.
    """
    return _carried(doing, serials, claim_id, "recovered", reference, ClaimState.OWED_BACK)


def take_back(doing: OfficersDoing, serials: Serials, claim_id: int, reason: str) -> Claim:
    """A decision was wrong: it is taken back with its counters, and what was paid is owed by the person. The invoices stay
    claimed, so that nobody is paid for them again.

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
    state = settled_state(doing, claim_id)
    store.change(doing.connection, claim_id, state=state if state is ClaimState.OWED_BACK else ClaimState.SQUARED)
    after = noted(doing, claim_id, "take_back", reason=why)
    tell_person(doing.connection, after, "taken_back", doing.at, amount=former.funds)
    return after


def _carried(
    doing: OfficersDoing, serials: Serials, claim_id: int, kind: str, reference: str, needed: ClaimState
) -> Claim:
    doing.caller.require_duty(*PAYING)
    if not _REFERENCE.fullmatch(reference):
        raise refusals.reference_wrong()
    before = locked(doing, claim_id)
    payments = store.payments_of(doing.connection, claim_id)
    if any((one.kind, one.reference) == (kind, reference) for one in payments):
        return before
    if any(one.reference == reference for one in payments) and kind != "bounced":
        raise refusals.reference_used()
    if before.state is not needed:
        raise refusals.not_waiting()
    decisions = store.decisions_of(doing.connection, claim_id)
    due = owed([one.funds for one in decisions], payments)
    last = next((one.amount for one in reversed(payments) if one.kind == "paid"), 0)
    amount = last if kind == "bounced" else abs(due)
    former = standing(decisions)
    if kind == "paid" and former is not None and doing.caller.holder in (former.by, former.second):
        raise refusals.same_officer()
    post_payment(doing, serials, claim_id, before.person_id, before.region, kind, amount, reference)
    state = {"paid": ClaimState.PAID, "bounced": ClaimState.BOUNCED, "recovered": ClaimState.SQUARED}[kind]
    store.change(doing.connection, claim_id, state=state)
    after = noted(doing, claim_id, kind, amount=amount, reference=reference)
    tell_person(doing.connection, after, kind, doing.at, amount=amount)
    return after
