"""What officers do before a claim is decided: take it in charge, give it back, return one task to the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

import sqlalchemy as sa

from gongji.family import casework as family_casework
from gongji.family.casework import check_not_own
from gongji.foundation import audit
from gongji.foundation.access import Caller, Duty
from gongji.foundation.clock import CHINA
from gongji.foundation.personal import Vault
from gongji.foundation.workdays import Calendar
from gongji.reimbursement import documents, refusals, store
from gongji.reimbursement.decide import hours_left
from gongji.reimbursement.messages import tell_person
from gongji.reimbursement.model import (
    OFFICERS_TURN,
    Claim,
    ClaimState,
    DocumentKind,
    ReturnReason,
    Task,
)
from gongji.settlement.visits import lock_patient

_W = TypeVar("_W", bound=StrEnum)

#: A claim that somebody has and does nothing with may be taken by another after this long.
TAKEN_FOR: Final = timedelta(hours=8)

_MOST_NOTE: Final = 200


@dataclass(frozen=True, slots=True)
class OfficersDoing:
    """What every step of an officer goes with: the transaction, what opens sealed data, who acts, and now."""

    connection: sa.Connection
    vault: Vault
    caller: Caller
    at: datetime

    @property
    def today(self) -> date:
        """The day in China."""
        return self.at.astimezone(CHINA).date()


def claim_in_region(doing: OfficersDoing, claim_id: int) -> Claim:
    """A claim that came in, of the officer's region.

    Raises:
        NotFound: ``claim.unknown``, also when it is another region's, or a draft.
    """
    found = store.find(doing.connection, doing.vault, claim_id)
    if found is None or found.received_at is None or not doing.caller.covers(found.region):
        raise refusals.unknown()
    return found


def locked(doing: OfficersDoing, claim_id: int) -> Claim:
    """The same, with the patient and it locked, and refused to whose own or a relative's it is.

    Raises:
        NotFound: ``claim.unknown``. Refused: ``case.own``.
    """
    known = claim_in_region(doing, claim_id)
    lock_patient(doing.connection, known.person_id)
    check_not_own(doing.connection, [known.person_id], doing.caller, doing.at)
    found = store.find(doing.connection, doing.vault, claim_id, lock=True)
    assert found is not None, "claims are never deleted"
    # Handed in again for another day, it may have become another region's before we had it locked.
    if not doing.caller.covers(found.region):
        raise refusals.unknown()
    return found


def take(doing: OfficersDoing, claim_id: int) -> Claim:
    """Take a claim in charge; the same officer again has it already.

    Raises:
        NotAllowed: ``access.duty``. NotFound: ``claim.unknown``.
        Refused: ``claim.not_waiting``, ``claim.taken``, ``case.assisted``, ``claim.same_officer``, ``case.own``.
    """
    doing.caller.require_duty(Duty.REVIEWER)
    before = locked(doing, claim_id)
    if before.state not in (ClaimState.RECEIVED, ClaimState.APPEALED):
        raise refusals.not_waiting()
    if before.officer == doing.caller.holder:
        return before
    check_not_decided_before(doing, before)
    check_not_assisted(doing, before)
    since = before.officer_since
    if before.officer is not None and since is not None and doing.at - since < TAKEN_FOR:
        raise refusals.taken(before.officer)
    store.change(doing.connection, claim_id, officer=doing.caller.holder, officer_since=doing.at)
    return noted(doing, claim_id, "take")


def release(doing: OfficersDoing, claim_id: int) -> Claim:
    """Give a claim back to the queue.

    Raises:
        Refused: ``claim.not_in_charge``.
    """
    check_in_charge(doing, locked(doing, claim_id))
    store.change(doing.connection, claim_id, officer=None, officer_since=None)
    return noted(doing, claim_id, "release")


def return_task(
    doing: OfficersDoing, calendar: Calendar, claim_id: int, *, task: str, reason: str, document: str, note: str
) -> Claim:
    """Give one task back to the person; only that opens, and the agency's clock stands still until it comes again.

    Args:
        task: a `Task`, any but why.
        reason: a `ReturnReason`: what the person reads.
        document: of the task ``documents`` the kind that is wanted anew; "" for all.
        note: a sentence beside the reason, at most 200 characters; no personal data.

    Raises:
        InvalidInput: ``claim.word``. Refused: ``claim.not_waiting``, ``claim.not_in_charge``.
    """
    chosen, why = word(Task, task, "task"), word(ReturnReason, reason, "reason")
    if chosen is Task.WHY:
        raise refusals.word_unknown("task", [one for one in Task if one is not Task.WHY])
    kind = word(DocumentKind, document, "document") if chosen is Task.DOCUMENTS and document else None
    before = locked(doing, claim_id)
    if before.state is not ClaimState.RECEIVED:
        raise refusals.not_waiting()
    check_in_charge(doing, before)
    if chosen is Task.DOCUMENTS:
        documents.give_back(doing.connection, claim_id, kind)
    assert before.due_at is not None, "a claim that came in has a day"
    store.change(
        doing.connection,
        claim_id,
        state=ClaimState.RETURNED,
        returned=chosen,
        mended=False,
        return_reason=why,
        return_note=note[:_MOST_NOTE],
        hours_left=hours_left(calendar, before.due_at, doing.at),
        officer=None,
        officer_since=None,
    )
    after = noted(doing, claim_id, "return", task=chosen, reason=why, document=kind or "", note=note[:_MOST_NOTE])
    tell_person(doing.connection, after, "returned", doing.at)
    return after


def check_reader(doing: OfficersDoing, claim: Claim) -> None:
    """Refuse to show documents to whoever does not decide on the claim, and to a relative: a reviewer has it in charge or has
    decided it; second reviewers and auditors look at any.

    Raises:
        NotAllowed: ``access.duty``. Refused: ``claim.not_in_charge``, ``case.own``.
    """
    doing.caller.require_duty(Duty.REVIEWER, Duty.SECOND_REVIEWER, Duty.AUDITOR)
    any_claim = doing.caller.duties.intersection((Duty.SECOND_REVIEWER, Duty.AUDITOR))
    if not any_claim and doing.caller.holder not in (claim.officer, claim.decided_by):
        raise refusals.not_in_charge()
    check_not_own(doing.connection, [claim.person_id], doing.caller, doing.at)


def check_not_assisted(doing: OfficersDoing, claim: Claim) -> None:
    """Refuse whoever acted for the person at the window since the claim was begun.

    Raises:
        Refused: ``case.assisted``.
    """
    family_casework.check_not_assisted(doing.connection, [claim.person_id], doing.caller, claim.made_at)


def check_not_decided_before(doing: OfficersDoing, claim: Claim) -> None:
    """Of an appeal, refuse whoever had a hand in what is appealed: who decided it, who agreed as the second, who took it back.

    Raises:
        Refused: ``claim.same_officer``.
    """
    if claim.appealed_at is not None and doing.caller.holder in store.deciders(doing.connection, claim.id):
        raise refusals.same_officer()


def check_in_charge(doing: OfficersDoing, claim: Claim) -> None:
    """Refuse whoever does not have a claim in charge.

    Raises:
        Refused: ``claim.not_waiting`` when it does not wait for an officer, ``claim.not_in_charge``.
    """
    if claim.state not in OFFICERS_TURN:
        raise refusals.not_waiting()
    if claim.officer != doing.caller.holder:
        raise refusals.not_in_charge()


def noted(doing: OfficersDoing, claim_id: int, step: str, **facts: object) -> Claim:
    """Write a step into the history and the audit; gives the claim as it is now."""
    store.note(doing.connection, claim_id, step, doing.caller.holder, doing.at, facts)
    after = store.find(doing.connection, doing.vault, claim_id)
    assert after is not None, "claims are never deleted"
    audit.record(
        doing.connection, doing.caller, f"claim.{step}", at=doing.at, person_id=after.person_id, claim=str(claim_id)
    )
    return after


def word(words: type[_W], text: str, field: str) -> _W:
    """One of a list of words.

    Raises:
        InvalidInput: ``claim.word``.
    """
    for one in words:
        if one == text:
            return one
    raise refusals.word_unknown(field, list(words))
