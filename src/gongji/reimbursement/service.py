"""What a person does with a claim, or a clerk at the window with the person beside them: begin, fill in, hand in, appeal.

Each step is one transaction in which the person's row is locked, as every settlement of theirs locks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa

from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.foundation.keys import check_key
from gongji.foundation.personal import Vault
from gongji.foundation.workdays import Calendar
from gongji.registry.service import enrolment_on
from gongji.reimbursement import refusals, store
from gongji.reimbursement.casework import word
from gongji.reimbursement.decide import (
    FINISH_WITHIN,
    check_appeal,
    due_after,
    left_to_do,
)
from gongji.reimbursement.messages import tell_person
from gongji.reimbursement.model import (
    PERSONS_TURN,
    Claim,
    ClaimState,
    WhyNotDirect,
)
from gongji.settlement.invoices import settled_already
from gongji.settlement.visits import lock_patient

_MOST_WORDS: Final = 500


@dataclass(frozen=True, slots=True)
class Doing:
    """What every step of a person goes with: the transaction, what opens sealed data, whose claim it is, who acts, and now."""

    connection: sa.Connection
    vault: Vault
    person_id: int
    caller: Caller
    at: datetime

    @property
    def today(self) -> date:
        """The day in China."""
        return self.at.astimezone(CHINA).date()


def begin(doing: Doing, serials: Serials, *, why: str, key: str) -> Claim:
    """Begin a claim; the same key again gives the same claim.

    Raises:
        InvalidInput: ``key.shape``, ``claim.word``.
    """
    check_key(key)
    chosen = word(WhyNotDirect, why, "why")
    lock_patient(doing.connection, doing.person_id)
    known = store.id_by_key(doing.connection, doing.person_id, key)
    if known is None:
        known = compose(serials.take(1, doing.at)[0], bucket_of(doing.person_id))
        store.insert_claim(doing.connection, known, doing.person_id, key, chosen, doing.at)
        noted(doing, known, "begin")
    return claim_of(doing, known)


def claims(doing: Doing) -> list[Claim]:
    """The person's claims, newest first."""
    return store.claims_of(doing.connection, doing.vault, doing.person_id)


def claim_of(doing: Doing, claim_id: int) -> Claim:
    """One claim of the person.

    Raises:
        NotFound: ``claim.unknown``, also when it is somebody else's.
    """
    found = store.find(doing.connection, doing.vault, claim_id)
    if found is None or found.person_id != doing.person_id:
        raise refusals.unknown()
    return found


def submit(doing: Doing, calendar: Calendar, claim_id: int) -> Claim:
    """Hand a claim in, for the first time or after a task came back; one that is with the agency stays there.

    Raises:
        Refused: ``claim.incomplete``, ``claim.not_insured``, ``claim.not_open``, and those of `take_invoices`.
    """
    before = locked(doing, claim_id)
    if before.inside:
        return before
    if before.state not in PERSONS_TURN:
        raise refusals.not_your_turn()
    if left := left_to_do(before):
        raise refusals.incomplete(left)
    assert before.ended_on is not None, "a complete claim has its days"
    insured = enrolment_on(doing.connection, doing.person_id, before.ended_on)
    if insured is None or not insured.holds(before.ended_on):
        raise refusals.not_insured(before.ended_on)
    if before.received_at is None:
        take_invoices(doing, claim_id, before.invoices)
        due_at = calendar.deadline(doing.at, FINISH_WITHIN)
        values: dict[str, object] = {"received_at": doing.at, "due_at": due_at}
    else:
        due_at = due_after(calendar, doing.at, before.hours_left or 0)
        values = {"due_at": due_at, "hours_left": None}
    store.change(
        doing.connection,
        claim_id,
        state=ClaimState.RECEIVED,
        region=insured.region,
        returned=None,
        mended=False,
        return_reason=None,
        return_note="",
        **values,
    )
    noted(doing, claim_id, "submit")
    after = claim_of(doing, claim_id)
    tell_person(doing.connection, after, "received", doing.at)
    return after


def withdraw(doing: Doing, claim_id: int) -> Claim:
    """Take a claim back before it is decided; its invoices can be claimed again. A second time changes nothing.

    Raises:
        Refused: ``claim.not_open`` once it is decided, or is looked at again.
    """
    before = locked(doing, claim_id)
    if before.state is ClaimState.WITHDRAWN:
        return before
    if before.state not in (*PERSONS_TURN, ClaimState.RECEIVED, ClaimState.SECOND) or before.appealed_at is not None:
        raise refusals.not_your_turn()
    store.free_invoices(doing.connection, claim_id, before.invoices)
    store.change(
        doing.connection, claim_id, state=ClaimState.WITHDRAWN, proposal=None, officer=None, officer_since=None
    )
    noted(doing, claim_id, "withdraw")
    return claim_of(doing, claim_id)


def appeal(doing: Doing, calendar: Calendar, claim_id: int, words: str) -> Claim:
    """Have a decision looked at again, once, by another officer; what was paid stays paid meanwhile.

    Raises:
        InvalidInput: ``claim.words``.
        Refused: ``claim.not_waiting``, ``claim.appealed``, ``claim.appeal_late``; ``claim.invoice_claimed`` when another
            claim took an invoice after this one had been refused.
    """
    before = locked(doing, claim_id)
    check_appeal(before, store.decided_at(doing.connection, claim_id), doing.at)
    if not 0 < len(words) <= _MOST_WORDS:
        raise refusals.text_wrong("words", _MOST_WORDS)
    if before.refused is not None:
        take_invoices(doing, claim_id, before.invoices)
    due_at = calendar.deadline(doing.at, FINISH_WITHIN)
    store.change(
        doing.connection,
        claim_id,
        state=ClaimState.APPEALED,
        appealed_at=doing.at,
        appeal_words=words,
        due_at=due_at,
        officer=None,
        officer_since=None,
    )
    noted(doing, claim_id, "appeal")
    after = claim_of(doing, claim_id)
    tell_person(doing.connection, after, "appealed", doing.at)
    return after


def locked(doing: Doing, claim_id: int) -> Claim:
    """The person's claim, with the person and it locked.

    Raises:
        NotFound: ``claim.unknown``.
    """
    lock_patient(doing.connection, doing.person_id)
    found = store.find(doing.connection, doing.vault, claim_id, lock=True)
    if found is None or found.person_id != doing.person_id:
        raise refusals.unknown()
    return found


def take_invoices(doing: Doing, claim_id: int, numbers: Sequence[str]) -> None:
    """Have invoices be this claim's and nobody else's.

    Raises:
        Refused: ``claim.invoice_claimed``; ``claim.invoice_settled`` when an institution has settled with the person over one.
    """
    settled = settled_already(doing.connection, doing.person_id, numbers)
    if settled is not None:
        raise refusals.invoice_settled(settled)
    other = store.claim_invoices(doing.connection, claim_id, numbers)
    if other is not None:
        raise refusals.invoice_claimed(other)


def noted(doing: Doing, claim_id: int, step: str) -> None:
    """Write a step into the audit, and one that is more than filling in into the history."""
    if not step.startswith("set_"):
        store.note(doing.connection, claim_id, step, doing.caller.holder, doing.at, {})
    audit.record(
        doing.connection, doing.caller, f"claim.{step}", at=doing.at, person_id=doing.person_id, claim=str(claim_id)
    )
