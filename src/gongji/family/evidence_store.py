"""Documents: their facts in the database, their pages sealed among the installation's files."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from gongji.family.evidence import EvidenceItem, EvidenceState
from gongji.family.model import Authorisation, AuthorisationState
from gongji.family.refusals import Code, refuse
from gongji.family.store import authorisation_from
from gongji.family.tables import authorisation, authorisation_event, evidence
from gongji.family.words import EvidenceKind
from gongji.foundation.documents import Document
from gongji.foundation.files import FileStore

#: The kind of our files (see `gongji.foundation.files`); their owner is the request's number.
FILES: Final = "family.evidence"


@dataclass(frozen=True, slots=True)
class ReviewCase:
    """A case that waits for an officer.

    Attributes:
        authorisation: the case.
        waiting_since: when it came under review, the last time if it was returned meanwhile.
        documents: how many documents were handed in and are not returned.
    """

    authorisation: Authorisation
    waiting_since: datetime
    documents: int


def insert_evidence(
    connection: sa.Connection,
    files: FileStore,
    authorisation_id: int,
    *,
    kind: EvidenceKind,
    document: Document,
    at: datetime,
) -> int:
    """Keep a document, sealed; returned ones of the same kind are replaced by it. Returns its number."""
    owner = str(authorisation_id)
    pages = [
        files.put(connection, [page], kind=FILES, owner=owner, at=at, limit=len(page)).id for page in document.pages
    ]
    connection.execute(
        evidence.update()
        .where(
            evidence.c.authorisation_id == authorisation_id,
            evidence.c.kind == kind,
            evidence.c.state == EvidenceState.RETURNED,
        )
        .values(state=EvidenceState.REPLACED)
    )
    number: int = connection.execute(
        evidence.insert()
        .values(
            authorisation_id=authorisation_id,
            kind=kind,
            pages=pages,
            sha256=document.sha256,
            state=EvidenceState.HANDED_IN,
            handed_in_at=at,
        )
        .returning(evidence.c.id)
    ).scalar_one()
    return number


def select_evidence(connection: sa.Connection, authorisation_id: int) -> list[EvidenceItem]:
    """The documents of a request without their content, oldest first."""
    rows = connection.execute(
        sa.select(evidence).where(evidence.c.authorisation_id == authorisation_id).order_by(evidence.c.id)
    )
    return [_item(row) for row in rows]


def open_evidence(
    connection: sa.Connection, files: FileStore, authorisation_id: int, evidence_id: int, page: int, at: datetime
) -> bytes:
    """One page of a document of this request, counted from 1.

    Raises:
        NotFound: ``evidence.unknown``, also when it belongs to another request or has no such page.
    """
    pages = connection.execute(
        sa.select(evidence.c.pages).where(evidence.c.id == evidence_id, evidence.c.authorisation_id == authorisation_id)
    ).scalar_one_or_none()
    if pages is None or not 1 <= page <= len(pages):
        raise refuse(Code.EVIDENCE_UNKNOWN)
    stored = files.find(connection, pages[page - 1], kind=FILES, owner=str(authorisation_id), at=at)
    return b"".join(files.open(stored))


def accept_evidence(connection: sa.Connection, ids: Collection[int]) -> None:
    """Mark the documents that an approval rests on."""
    connection.execute(evidence.update().where(evidence.c.id.in_(ids)).values(state=EvidenceState.ACCEPTED))


def return_evidence(connection: sa.Connection, authorisation_id: int, kind: EvidenceKind, note: str) -> None:
    """Mark every document of a kind as returned, with the reason's code."""
    connection.execute(
        evidence.update()
        .where(
            evidence.c.authorisation_id == authorisation_id,
            evidence.c.kind == kind,
            evidence.c.state == EvidenceState.HANDED_IN,
        )
        .values(state=EvidenceState.RETURNED, note=note)
    )


def select_review_cases(connection: sa.Connection, region_prefix: str, limit: int) -> list[ReviewCase]:
    """The cases under review in regions whose code begins so, the longest waiting first."""
    under_review = AuthorisationState.UNDER_REVIEW
    # Materialised: where authorisations lie on other nodes they come here before their events and evidence are asked for.
    case = (
        sa.select(authorisation)
        .where(authorisation.c.state == under_review, authorisation.c.region.startswith(region_prefix, autoescape=True))
        .cte("case_under_review")
        .prefix_with("MATERIALIZED")
    )
    event, earlier = authorisation_event, authorisation_event.alias("earlier")
    last_elsewhere = (
        sa.select(sa.func.coalesce(sa.func.max(earlier.c.id), 0))
        .where(earlier.c.authorisation_id == case.c.id, earlier.c.state != under_review)
        .correlate(case)
        .scalar_subquery()
    )
    waiting_since = (
        sa.select(sa.func.min(event.c.at))
        .where(event.c.authorisation_id == case.c.id, event.c.state == under_review, event.c.id > last_elsewhere)
        .correlate(case)
        .scalar_subquery()
    )
    documents = (
        sa.select(sa.func.count())
        .where(evidence.c.authorisation_id == case.c.id, evidence.c.state == EvidenceState.HANDED_IN)
        .scalar_subquery()
    )
    rows = connection.execute(
        sa.select(case, waiting_since.label("waiting_since"), documents.label("documents"))
        .order_by(sa.text("waiting_since"), case.c.id)
        .limit(limit)
    )
    return [ReviewCase(authorisation_from(row), row.waiting_since, row.documents) for row in rows]


def _item(row: sa.Row[Any]) -> EvidenceItem:
    return EvidenceItem(
        id=row.id,
        kind=EvidenceKind(row.kind),
        pages=len(row.pages),
        sha256=row.sha256.hex(),
        state=EvidenceState(row.state),
        note=row.note,
        handed_in_at=row.handed_in_at,
    )
