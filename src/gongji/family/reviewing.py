"""Binding by review: documents handed in by the sharer, decided on by an officer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from gongji.family import evidence_store, store
from gongji.family.binding import binding_facts
from gongji.family.binding_facts import BindingRequest
from gongji.family.changes import Side, check_side
from gongji.family.decide import Approval, decide_approval
from gongji.family.evidence import (
    EvidenceItem,
    EvidenceState,
    check_against_others,
    check_kind,
    proof_among,
)
from gongji.family.evidence_store import ReviewCase
from gongji.family.kinship_store import record_kinship
from gongji.family.model import Authorisation
from gongji.family.refusals import coded
from gongji.family.transitions import transition
from gongji.family.words import Action, EvidenceKind, RefuseReason, ReturnReason, ReviewDecision
from gongji.foundation.documents import Document
from gongji.foundation.files import FileStore
from gongji.rules.book import RuleBook


def hand_in_evidence(
    connection: sa.Connection,
    files: FileStore,
    authorisation_id: int,
    *,
    kind: str,
    document: Document,
    person_id: int,
    actor: str,
    at: datetime,
) -> Authorisation:
    """The sharer hands in one document; once what is there proves the relation, the case goes to the officers.

    Several files of one kind are pages of one document. The same file twice is taken once.

    Args:
        connection: the transaction.
        files: where its pages are kept, sealed.
        authorisation_id: the request.
        kind: an `EvidenceKind`.
        document: the pages, as `gongji.foundation.documents.read_document` made them.
        person_id: the citizen for whom it is done; has to be the sharer.
        actor: who presses the button, for the history.
        at: now.

    Raises:
        InvalidInput: ``authorisation.word_unknown``.
        NotFound: ``authorisation.unknown``.
        Refused: ``authorisation.not_yours``, ``authorisation.transition``, ``evidence.kind``, ``evidence.same_file``,
            ``evidence.too_many``.
    """
    shown = coded(EvidenceKind, kind, "kind")
    before, _ = store.lock_authorisation(connection, authorisation_id)
    check_side(before, Side.SHARER, person_id)
    reviewed = transition(before.state, Action.HAND_IN)
    check_kind(before.relation, shown)
    sha256 = document.sha256.hex()
    items = evidence_store.select_evidence(connection, authorisation_id)
    if _is_there(items, shown, sha256):
        return before
    check_against_others(sha256, items)
    number = evidence_store.insert_evidence(
        connection,
        files,
        authorisation_id,
        kind=shown,
        document=document,
        at=at,
    )
    after = reviewed if _is_complete(connection, before) else before.state
    store.change_state(connection, before, after, at=at)
    details = {"evidence": shown.value, "number": number}
    store.insert_event(connection, authorisation_id, after, actor=actor, at=at, details=details)
    return store.select_authorisation(connection, authorisation_id)


def review(
    connection: sa.Connection,
    book: RuleBook,
    authorisation_id: int,
    decision: str,
    *,
    item: str | None = None,
    reason: str | None = None,
    note: str | None = None,
    actor: str,
    at: datetime,
) -> Authorisation:
    """An officer decides on a case under review. Whether the officer may is for the entrance to check.

    Approval puts it in force from `at`, after the checks of binding have been made again; the kinship that the document
    shows is kept with the document's kind as its evidence. A return names one kind of document and why; handing that in
    again brings the case back. A refusal ends it with a coded reason.

    Args:
        connection: the transaction.
        book: the rules.
        authorisation_id: the case.
        decision: a `ReviewDecision`.
        item: for a return, the `EvidenceKind` that is wanted anew.
        reason: a `ReturnReason` or a `RefuseReason`; what the citizen reads.
        note: a sentence of the officer's own beside the reason; no personal data.
        actor: the officer, for the history.
        at: now.

    Raises:
        InvalidInput: ``authorisation.word_unknown`` when a decision, item or reason is missing or not of its list.
        NotFound: ``authorisation.unknown``.
        Refused: ``authorisation.transition``, ``evidence.kind``, ``authorisation.not_proven``, and at approval those of
            `gongji.family.decide.decide_binding`.
    """
    decided = coded(ReviewDecision, decision, "decision")
    wish = _Wish(authorisation_id, note, actor, at)
    if decided is ReviewDecision.APPROVE:
        return _approve(connection, book, wish)
    if decided is ReviewDecision.RETURN:
        return _return(connection, wish, coded(EvidenceKind, item, "item"), coded(ReturnReason, reason, "reason"))
    before, _ = store.lock_authorisation(connection, authorisation_id)
    return _write(connection, before, Action.REFUSE, wish, reason=coded(RefuseReason, reason, "reason"))


def review_queue(connection: sa.Connection, region_prefix: str, *, limit: int = 100) -> list[ReviewCase]:
    """The cases that wait for an officer of a region, the longest waiting first.

    Args:
        connection: the transaction.
        region_prefix: the first digits of the region's code: ``2112`` a city, ``21`` a province.
        limit: how many at most.
    """
    return evidence_store.select_review_cases(connection, region_prefix, limit)


def evidence_list(connection: sa.Connection, authorisation_id: int) -> list[EvidenceItem]:
    """The documents of a request without their content, oldest first."""
    return evidence_store.select_evidence(connection, authorisation_id)


def evidence_content(
    connection: sa.Connection, files: FileStore, authorisation_id: int, evidence_id: int, *, page: int = 1, at: datetime
) -> bytes:
    """One page of a document of a request, a JPEG picture. Whether the caller may see it is for the entrance to check.

    Raises:
        NotFound: ``evidence.unknown``, also when it belongs to another request or has no such page.
    """
    return evidence_store.open_evidence(connection, files, authorisation_id, evidence_id, page, at)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What every decision of an officer carries."""

    authorisation_id: int
    note: str | None
    actor: str
    at: datetime


def _approve(connection: sa.Connection, book: RuleBook, wish: _Wish) -> Authorisation:
    before, lives = store.lock_authorisation(connection, wish.authorisation_id)
    request = BindingRequest(
        before.relation, before.limit_total, before.limit_month, before.purposes or None, committed=True
    )
    facts = binding_facts(
        connection, book, lives, sharer_id=before.sharer_id, user_id=before.user_id, request=request, at=wish.at
    )
    proof = proof_among(before.relation, evidence_store.select_evidence(connection, before.id))
    fact = decide_approval(Approval(before, facts, tuple(item.kind for item in proof)))
    evidence_store.accept_evidence(connection, [item.id for item in proof])
    if fact is not None:
        record_kinship(connection, [fact], wish.at, authorisation_id=before.id)
    return _write(connection, before, Action.APPROVE, wish, details={"proof": [item.kind.value for item in proof]})


def _return(connection: sa.Connection, wish: _Wish, item: EvidenceKind, reason: ReturnReason) -> Authorisation:
    before, _ = store.lock_authorisation(connection, wish.authorisation_id)
    check_kind(before.relation, item)
    after = _write(connection, before, Action.RETURN, wish, reason=reason, details={"item": item.value})
    evidence_store.return_evidence(connection, before.id, item, reason)
    return after


def _write(
    connection: sa.Connection,
    before: Authorisation,
    action: Action,
    wish: _Wish,
    *,
    reason: str | None = None,
    details: Mapping[str, object] | None = None,
) -> Authorisation:
    after = transition(before.state, action)
    store.change_state(connection, before, after, at=wish.at)
    told = {**(details or {}), **({"note": wish.note} if wish.note else {})}
    store.insert_event(connection, before.id, after, actor=wish.actor, at=wish.at, reason=reason, details=told)
    return store.select_authorisation(connection, before.id)


def _is_complete(connection: sa.Connection, case: Authorisation) -> bool:
    return bool(proof_among(case.relation, evidence_store.select_evidence(connection, case.id)))


def _is_there(items: list[EvidenceItem], kind: EvidenceKind, sha256: str) -> bool:
    return any(
        item.kind is kind and item.sha256 == sha256 and item.state in (EvidenceState.HANDED_IN, EvidenceState.ACCEPTED)
        for item in items
    )
