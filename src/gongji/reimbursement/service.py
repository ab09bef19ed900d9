"""What a person does with a claim, or a clerk at the window with the person beside them: begin, fill in, hand in, appeal.

Each step is one transaction in which the person's row is locked, as every settlement of theirs locks it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa

from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.clock import CHINA
from gongji.foundation.documents import Document
from gongji.foundation.files import FileStore
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.foundation.personal import Vault
from gongji.foundation.workdays import Calendar
from gongji.registry.model import InstitutionKind
from gongji.registry.service import enrolment_on, institution_by_code
from gongji.reimbursement import documents, refusals, store
from gongji.reimbursement.casework import word
from gongji.reimbursement.decide import (
    FINISH_WITHIN,
    MOST_INVOICES,
    MOST_LINES,
    check_appeal,
    check_open,
    due_after,
    is_done,
    left_to_do,
)
from gongji.reimbursement.messages import tell_person
from gongji.reimbursement.model import (
    PERSONS_TURN,
    Claim,
    ClaimState,
    DocumentKind,
    Line,
    Place,
    Task,
    WhyNotDirect,
)
from gongji.reimbursement.words import AT
from gongji.rules.model import Tier
from gongji.settlement.visits import lock_patient

_KEY: Final = re.compile(r"[!-~]{8,128}")
_INVOICE: Final = re.compile(r"[0-9A-Z]{8,30}")
_ACCOUNT: Final = re.compile(r"[0-9]{8,30}")
_REGION: Final = re.compile(r"[0-9]{6}")

_MOST_NAME: Final = 100
_MOST_FEN: Final = 10**10
_MOST_COUNT: Final = 9999
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
        InvalidInput: ``claim.key``, ``claim.word``.
    """
    if not _KEY.fullmatch(key):
        raise refusals.key_missing()
    chosen = word(WhyNotDirect, why, "why")
    lock_patient(doing.connection, doing.person_id)
    known = store.id_by_key(doing.connection, doing.person_id, key)
    if known is None:
        known = compose(serials.take(1, doing.at)[0], bucket_of(doing.person_id))
        store.insert_claim(doing.connection, known, doing.person_id, key, chosen, doing.at)
        _note(doing, known, "begin")
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


def set_why(doing: Doing, claim_id: int, why: str) -> None:
    """Why the bill was not settled directly.

    Raises:
        InvalidInput: ``claim.word``; and those of `open_for`.
    """
    open_for(doing, claim_id, Task.WHY)
    _save(doing, claim_id, Task.WHY, why=word(WhyNotDirect, why, "why"))


def set_institution(doing: Doing, claim_id: int, code: str) -> None:
    """Where it was: an institution of the register.

    Raises:
        InvalidInput: ``claim.institution``; and those of `open_for`.
    """
    open_for(doing, claim_id, Task.PLACE)
    found = institution_by_code(doing.connection, code)
    if found is None:
        raise refusals.institution_unknown()
    _save_place(doing, claim_id, Place(found.id, found.name, found.region, found.kind, found.tier))


def set_place(doing: Doing, claim_id: int, *, name: str, region: str, kind: str, tier: str) -> None:
    """Where it was: a place that is not in the register.

    Raises:
        InvalidInput: ``claim.name``, ``claim.region``, ``claim.word``; and those of `open_for`.
    """
    open_for(doing, claim_id, Task.PLACE)
    if not 0 < len(name) <= _MOST_NAME:
        raise refusals.text_wrong("name", _MOST_NAME)
    if not _REGION.fullmatch(region):
        raise refusals.region_wrong()
    chosen = word(InstitutionKind, kind, "kind")
    level = None if chosen is InstitutionKind.PHARMACY else word(Tier, tier, "tier")
    _save_place(doing, claim_id, Place(None, name, region, chosen, level))


def _save_place(doing: Doing, claim_id: int, place: Place) -> None:
    _save(
        doing,
        claim_id,
        Task.PLACE,
        institution_id=place.institution_id,
        place_name=place.name,
        place_region=place.region,
        place_kind=place.kind,
        place_tier=place.tier,
    )


def set_visit(
    doing: Doing, claim_id: int, *, med_type: str, disease: str, began_on: date, ended_on: date | None
) -> None:
    """When it was, and what kind of visit.

    Args:
        med_type: one that goes with the place, if that is known (`AT`).
        disease: code of the special disease, as it was filed; "" for other kinds.
        began_on: the day, or the first of a stay.
        ended_on: the last day of a stay; None for the same day.

    Raises:
        InvalidInput: ``claim.med_type``, ``claim.disease``, ``claim.dates``; and those of `open_for`.
    """
    before = open_for(doing, claim_id, Task.VISIT)
    accepted = AT[before.place.kind] if before.place is not None else tuple(dict.fromkeys(sum(AT.values(), ())))
    if med_type not in accepted:
        raise refusals.med_type_wrong(accepted)
    if med_type == "14" and not disease:
        raise refusals.disease_missing()
    last = ended_on if ended_on is not None and med_type == "21" else began_on
    if last > doing.today or last < began_on:
        raise refusals.dates_wrong(doing.today)
    told = disease[:20] if med_type == "14" else ""
    _save(doing, claim_id, Task.VISIT, med_type=med_type, disease=told, began_on=began_on, ended_on=last)


def set_invoices(doing: Doing, claim_id: int, numbers: Sequence[str]) -> None:
    """The invoices' numbers; blanks and small letters are put right.

    Raises:
        InvalidInput: ``claim.invoices``; and those of `open_for`.
        Refused: ``claim.invoice_claimed`` when the claim came in before and another has one of them.
    """
    before = open_for(doing, claim_id, Task.INVOICES)
    written = [re.sub(r"[\s-]", "", one).upper() for one in numbers]
    wrong = any(not _INVOICE.fullmatch(one) for one in written) or len(set(written)) < len(written)
    if wrong or not 0 < len(written) <= MOST_INVOICES:
        raise refusals.invoices_wrong(MOST_INVOICES)
    if before.received_at is not None:
        store.free_invoices(doing.connection, claim_id, before.invoices)
        _claim_invoices(doing, claim_id, written)
    store.replace_invoices(doing.connection, claim_id, written)
    _save(doing, claim_id, Task.INVOICES)


def set_lines(doing: Doing, claim_id: int, lines: Sequence[tuple[str, str, int, int]]) -> None:
    """The lines of the bill.

    Args:
        lines: (name, med_list_codg or "", pieces, fen) each; of a line with a code the name may be left out.

    Raises:
        InvalidInput: ``claim.lines``, ``claim.line``; and those of `open_for`.
    """
    open_for(doing, claim_id, Task.LINES)
    if not 0 < len(lines) <= MOST_LINES:
        raise refusals.lines_wrong(MOST_LINES)
    made = []
    for n, (name, code, count, total) in enumerate(lines, start=1):
        told = (name or code).strip()
        figures = 1 <= count <= _MOST_COUNT and 0 < total <= _MOST_FEN
        if not (0 < len(told) <= _MOST_NAME and len(code) <= _MOST_NAME and figures):
            raise refusals.line_wrong(n)
        made.append(Line(n, told, code.strip(), count, total))
    store.replace_lines(doing.connection, claim_id, made)
    _save(doing, claim_id, Task.LINES)


def hand_in_document(doing: Doing, files: FileStore, claim_id: int, kind: str, document: Document) -> None:
    """Hand in one document, as `gongji.foundation.documents.read_document` made it.

    Raises:
        InvalidInput: ``claim.word``. Refused: ``claim.too_many_documents``; and those of `open_for`.
    """
    open_for(doing, claim_id, Task.DOCUMENTS)
    documents.keep(doing.connection, files, claim_id, word(DocumentKind, kind, "kind"), document, doing.at)
    _save(doing, claim_id, Task.DOCUMENTS)


def set_bank(doing: Doing, claim_id: int, *, bank: str, account: str, holder: str, own: bool) -> None:
    """Where the money goes.

    Args:
        bank: the bank's name.
        account: its number, blanks allowed; kept sealed.
        holder: whose account it is, as on the card; kept sealed.
        own: whether it is the patient's own; else a relative's, who is told of nothing.

    Raises:
        InvalidInput: ``claim.bank``, ``claim.account``, ``claim.holder``; and those of `open_for`.
    """
    open_for(doing, claim_id, Task.BANK, also=(ClaimState.TO_PAY, ClaimState.BOUNCED))
    number = re.sub(r"[\s-]", "", account)
    if not 0 < len(bank) <= _MOST_NAME:
        raise refusals.bank_wrong("bank", f"1 to {_MOST_NAME} characters")
    if not _ACCOUNT.fullmatch(number):
        raise refusals.bank_wrong("account", "8 to 30 digits")
    if not 0 < len(holder) <= _MOST_NAME:
        raise refusals.bank_wrong("holder", f"1 to {_MOST_NAME} characters")
    sealed = {"account_sealed": doing.vault.seal(number), "holder_sealed": doing.vault.seal(holder)}
    before = claim_of(doing, claim_id)
    # After a transfer came back, a new account makes it payable again.
    state = ClaimState.TO_PAY if before.state is ClaimState.BOUNCED else before.state
    _save(doing, claim_id, Task.BANK, bank=bank, own_account=own, state=state, **sealed)


def submit(doing: Doing, calendar: Calendar, claim_id: int) -> Claim:
    """Hand a claim in, for the first time or after a task came back; one that is with the agency stays there.

    Raises:
        Refused: ``claim.incomplete``, ``claim.not_insured``, ``claim.invoice_claimed``, ``claim.not_open``.
    """
    before = _locked(doing, claim_id)
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
        _claim_invoices(doing, claim_id, before.invoices)
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
    _note(doing, claim_id, "submit")
    after = claim_of(doing, claim_id)
    tell_person(doing.connection, after, "received", doing.at)
    return after


def withdraw(doing: Doing, claim_id: int) -> Claim:
    """Take a claim back before it is decided; its invoices can be claimed again. A second time changes nothing.

    Raises:
        Refused: ``claim.not_open`` once it is decided, or is looked at again.
    """
    before = _locked(doing, claim_id)
    if before.state is ClaimState.WITHDRAWN:
        return before
    if before.state not in (*PERSONS_TURN, ClaimState.RECEIVED, ClaimState.SECOND) or before.appealed_at is not None:
        raise refusals.not_your_turn()
    store.free_invoices(doing.connection, claim_id, before.invoices)
    store.change(
        doing.connection, claim_id, state=ClaimState.WITHDRAWN, proposal=None, officer=None, officer_since=None
    )
    _note(doing, claim_id, "withdraw")
    return claim_of(doing, claim_id)


def appeal(doing: Doing, calendar: Calendar, claim_id: int, words: str) -> Claim:
    """Have a decision looked at again, once, by another officer; what was paid stays paid meanwhile.

    Raises:
        InvalidInput: ``claim.words``.
        Refused: ``claim.not_waiting``, ``claim.appealed``, ``claim.appeal_late``; ``claim.invoice_claimed`` when another
            claim took an invoice after this one had been refused.
    """
    before = _locked(doing, claim_id)
    check_appeal(before, store.decided_at(doing.connection, claim_id), doing.at)
    if not 0 < len(words) <= _MOST_WORDS:
        raise refusals.text_wrong("words", _MOST_WORDS)
    if before.refused is not None:
        _claim_invoices(doing, claim_id, before.invoices)
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
    _note(doing, claim_id, "appeal")
    after = claim_of(doing, claim_id)
    tell_person(doing.connection, after, "appealed", doing.at)
    return after


def open_for(doing: Doing, claim_id: int, task: Task, also: tuple[ClaimState, ...] = ()) -> Claim:
    """The claim, locked, if a task of it may be changed now.

    Args:
        also: states beside draft and returned in which this task may be changed.

    Raises:
        NotFound: ``claim.unknown``. Refused: ``claim.not_open``, ``claim.other_task``.
    """
    found = _locked(doing, claim_id)
    if found.state not in also:
        check_open(found, task)
    return found


def _locked(doing: Doing, claim_id: int) -> Claim:
    lock_patient(doing.connection, doing.person_id)
    found = store.find(doing.connection, doing.vault, claim_id, lock=True)
    if found is None or found.person_id != doing.person_id:
        raise refusals.unknown()
    return found


def _save(doing: Doing, claim_id: int, task: Task, **values: object) -> None:
    before = claim_of(doing, claim_id)
    if before.returned is task:
        values["mended"] = True
    if values:
        store.change(doing.connection, claim_id, **values)
    _note(doing, claim_id, f"set_{task}")


def _claim_invoices(doing: Doing, claim_id: int, numbers: Sequence[str]) -> None:
    other = store.claim_invoices(doing.connection, claim_id, numbers)
    if other is not None:
        raise refusals.invoice_claimed(other)


def _note(doing: Doing, claim_id: int, step: str) -> None:
    if not step.startswith("set_"):
        store.note(doing.connection, claim_id, step, doing.caller.holder, doing.at, {})
    audit.record(
        doing.connection, doing.caller, f"claim.{step}", at=doing.at, person_id=doing.person_id, claim=str(claim_id)
    )


def is_ready(claim: Claim) -> bool:
    """Whether a claim could be handed in."""
    return all(is_done(claim, task) for task in Task)
