"""Filling a claim in, task by task: each is saved by itself, and open only while the claim is with the person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec.structs import replace

from gongji.foundation.documents import Document
from gongji.foundation.files import FileStore
from gongji.registry.model import InstitutionKind, Person
from gongji.registry.service import institution_by_code, people_by_id
from gongji.reimbursement import documents, refusals, store
from gongji.reimbursement.casework import word
from gongji.reimbursement.decide import MOST_INVOICES, MOST_LINES, check_open, med_types_at
from gongji.reimbursement.model import (
    ACCOUNT_OPEN,
    PERSONS_TURN,
    Claim,
    ClaimState,
    DocumentKind,
    Line,
    Place,
    Task,
    WhyNotDirect,
)
from gongji.reimbursement.service import Doing, claim_of, locked, noted, take_invoices
from gongji.rules.model import Tier

_INVOICE: Final = re.compile(r"[0-9A-Z]{8,30}")
_ACCOUNT: Final = re.compile(r"[0-9]{8,30}")
_REGION: Final = re.compile(r"[0-9]{6}")

_MOST_NAME: Final = 100
_MOST_FEN: Final = 10**10
_MOST_COUNT: Final = 9999


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
        began_on: the day, or the first of a stay; not before the person was born.
        ended_on: the last day of a stay; None for the same day.

    Raises:
        InvalidInput: ``claim.med_type``, ``claim.disease``, ``claim.dates``; and those of `open_for`.
    """
    before = open_for(doing, claim_id, Task.VISIT)
    accepted = med_types_at(before.place)
    if med_type not in accepted:
        raise refusals.med_type_wrong(accepted)
    if med_type == "14" and not disease:
        raise refusals.disease_missing()
    last = ended_on if ended_on is not None and med_type == "21" else began_on
    if not _patient(doing).born_on <= began_on <= last <= doing.today:
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
        take_invoices(doing, claim_id, written)
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


def remove_line(doing: Doing, claim_id: int, n: int) -> None:
    """Take one line out of the bill; those behind it move up. One that is not there is out already.

    Raises:
        those of `open_for`.
    """
    before = open_for(doing, claim_id, Task.LINES)
    left = [line for line in before.lines if line.n != n]
    store.replace_lines(doing.connection, claim_id, [replace(line, n=place) for place, line in enumerate(left, 1)])
    _save(doing, claim_id, Task.LINES)


def remove_document(doing: Doing, files: FileStore, claim_id: int, n: int) -> None:
    """Take a document out of a draft, with its pages. What the agency has seen stays.

    Raises:
        NotFound: ``claim.document_unknown``. Refused: ``claim.not_open``; and those of `open_for`.
    """
    if open_for(doing, claim_id, Task.DOCUMENTS).received_at is not None:
        raise refusals.not_your_turn()
    documents.remove(doing.connection, files, claim_id, n)
    _save(doing, claim_id, Task.DOCUMENTS)


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
        holder: whose account it is, as on the card; of the patient's own it is the patient, by the registered name. Kept sealed.
        own: whether it is the patient's own; else a relative's, who is told of nothing.

    Raises:
        InvalidInput: ``claim.bank``, ``claim.account``, ``claim.holder``; and those of `open_for`.
    """
    before = open_for(doing, claim_id, Task.BANK, also=ACCOUNT_OPEN)
    number, whose = re.sub(r"[\s-]", "", account), _patient(doing).name if own else holder
    if not 0 < len(bank) <= _MOST_NAME:
        raise refusals.bank_wrong("bank", f"1 to {_MOST_NAME} characters")
    if not _ACCOUNT.fullmatch(number):
        raise refusals.bank_wrong("account", "8 to 30 digits")
    if not 0 < len(whose) <= _MOST_NAME:
        raise refusals.bank_wrong("holder", f"1 to {_MOST_NAME} characters")
    sealed = {"account_sealed": doing.vault.seal(number), "holder_sealed": doing.vault.seal(whose)}
    # After a transfer came back, a new account makes it payable again.
    state = ClaimState.TO_PAY if before.state is ClaimState.BOUNCED else before.state
    _save(doing, claim_id, Task.BANK, bank=bank, own_account=own, state=state, **sealed)
    if before.state not in PERSONS_TURN:
        noted(doing, claim_id, "new_account")


def open_for(doing: Doing, claim_id: int, task: Task, also: tuple[ClaimState, ...] = ()) -> Claim:
    """The claim, locked, if a task of it may be changed now.

    Args:
        also: states beside draft and returned in which this task may be changed.

    Raises:
        NotFound: ``claim.unknown``. Refused: ``claim.not_open``, ``claim.other_task``.
    """
    found = locked(doing, claim_id)
    if found.state not in also:
        check_open(found, task)
    return found


def _patient(doing: Doing) -> Person:
    return people_by_id(doing.connection, doing.vault, [doing.person_id])[doing.person_id]


def _save(doing: Doing, claim_id: int, task: Task, **values: object) -> None:
    before = claim_of(doing, claim_id)
    if before.returned is task:
        values["mended"] = True
    if values:
        store.change(doing.connection, claim_id, **values)
    noted(doing, claim_id, f"set_{task}")
