"""Documents in the database: the content sealed, the rest in the clear."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gongji.family.evidence import EvidenceItem, EvidenceState
from gongji.family.model import Authorisation, AuthorisationState
from gongji.family.refusals import Code, refuse
from gongji.family.store import authorisation_from
from gongji.family.tables import authorisation, authorisation_event, evidence
from gongji.family.words import EvidenceKind
from gongji.foundation.personal import Vault


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
    vault: Vault,
    authorisation_id: int,
    *,
    kind: EvidenceKind,
    media_type: str,
    content: bytes,
    sha256: bytes,
    at: datetime,
) -> int:
    """Keep a document, sealed; returned ones of the same kind are replaced by it. Returns its number."""
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
            media_type=media_type,
            content_sealed=vault.seal_bytes(content),
            sha256=sha256,
            state=EvidenceState.HANDED_IN,
            handed_in_at=at,
        )
        .returning(evidence.c.id)
    ).scalar_one()
    return number


def select_evidence(connection: sa.Connection, authorisation_id: int) -> list[EvidenceItem]:
    """The documents of a request without their content, oldest first."""
    wanted = [column for column in evidence.c if column is not evidence.c.content_sealed]
    rows = connection.execute(
        sa.select(*wanted).where(evidence.c.authorisation_id == authorisation_id).order_by(evidence.c.id)
    )
    return [_item(row) for row in rows]


def open_evidence(
    connection: sa.Connection, vault: Vault, authorisation_id: int, evidence_id: int
) -> tuple[str, bytes]:
    """The media type and the content of a document of this request.

    Raises:
        NotFound: ``evidence.unknown``, also when it belongs to another request.
    """
    row = connection.execute(
        sa.select(evidence.c.media_type, evidence.c.content_sealed).where(
            evidence.c.id == evidence_id, evidence.c.authorisation_id == authorisation_id
        )
    ).one_or_none()
    if row is None:
        raise refuse(Code.EVIDENCE_UNKNOWN)
    return row.media_type, vault.open_bytes(row.content_sealed)


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
    event, earlier = authorisation_event, authorisation_event.alias("earlier")
    under_review = AuthorisationState.UNDER_REVIEW
    last_elsewhere = (
        sa.select(sa.func.coalesce(sa.func.max(earlier.c.id), 0))
        .where(earlier.c.authorisation_id == authorisation.c.id, earlier.c.state != under_review)
        .correlate(authorisation)
        .scalar_subquery()
    )
    waiting_since = (
        sa.select(sa.func.min(event.c.at))
        .where(
            event.c.authorisation_id == authorisation.c.id,
            event.c.state == under_review,
            event.c.id > last_elsewhere,
        )
        .correlate(authorisation)
        .scalar_subquery()
    )
    documents = (
        sa.select(sa.func.count())
        .where(evidence.c.authorisation_id == authorisation.c.id, evidence.c.state == EvidenceState.HANDED_IN)
        .scalar_subquery()
    )
    rows = connection.execute(
        sa.select(authorisation, waiting_since.label("waiting_since"), documents.label("documents"))
        .where(authorisation.c.state == under_review, authorisation.c.region.startswith(region_prefix, autoescape=True))
        .order_by(sa.text("waiting_since"), authorisation.c.id)
        .limit(limit)
    )
    return [ReviewCase(authorisation_from(row), row.waiting_since, row.documents) for row in rows]


def _item(row: sa.Row[Any]) -> EvidenceItem:
    return EvidenceItem(
        id=row.id,
        kind=EvidenceKind(row.kind),
        media_type=row.media_type,
        sha256=row.sha256.hex(),
        state=EvidenceState(row.state),
        note=row.note,
        handed_in_at=row.handed_in_at,
    )
