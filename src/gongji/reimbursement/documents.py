"""A claim's documents: their facts in the database, their pages sealed among the installation's files."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from gongji.foundation.documents import Document
from gongji.foundation.files import FileStore
from gongji.foundation.ids import bucket_of
from gongji.reimbursement import refusals
from gongji.reimbursement.decide import MOST_DOCUMENTS
from gongji.reimbursement.model import DocumentKind
from gongji.reimbursement.tables import claim_document

#: The kind of our files (see `gongji.foundation.files`); their owner is the claim's number.
FILES: Final = "reimbursement.document"


def keep(
    connection: sa.Connection, files: FileStore, claim_id: int, kind: DocumentKind, document: Document, at: datetime
) -> bool:
    """Keep a document, sealed; the same upload again is there already.

    Returns:
        Whether it is new.

    Raises:
        Refused: ``claim.too_many_documents``.
    """
    rows = connection.execute(sa.select(claim_document).where(*_of(claim_id))).all()
    if any(row.kind == kind and bytes(row.sha256) == document.sha256 and not row.returned for row in rows):
        return False
    # What an officer gave back does not count: another has to come in its place.
    if sum(not row.returned for row in rows) >= MOST_DOCUMENTS:
        raise refusals.too_many_documents(MOST_DOCUMENTS)
    owner = str(claim_id)
    pages = [
        files.put(connection, [page], kind=FILES, owner=owner, at=at, limit=len(page)).id for page in document.pages
    ]
    connection.execute(
        claim_document.insert().values(
            bucket=bucket_of(claim_id),
            claim_id=claim_id,
            n=max((row.n for row in rows), default=0) + 1,
            kind=kind,
            pages=pages,
            sha256=document.sha256,
            handed_in_at=at,
        )
    )
    return True


def remove(connection: sa.Connection, files: FileStore, claim_id: int, n: int) -> None:
    """Forget a document and its pages.

    Raises:
        NotFound: ``claim.document_unknown``.
    """
    gone = claim_document.delete().where(*_of(claim_id), claim_document.c.n == n).returning(claim_document.c.pages)
    pages = connection.execute(gone).scalar_one_or_none()
    if pages is None:
        raise refusals.document_unknown()
    for page in pages:
        files.delete(connection, page)


def give_back(connection: sa.Connection, claim_id: int, kind: DocumentKind | None) -> None:
    """Another document of a kind is wanted, of every kind where none is named; what was handed in stays to be looked at."""
    chosen = [*_of(claim_id)]
    if kind is not None:
        chosen.append(claim_document.c.kind == kind)
    connection.execute(claim_document.update().where(*chosen).values(returned=True))


def page_of(connection: sa.Connection, files: FileStore, claim_id: int, n: int, page: int, at: datetime) -> bytes:
    """One page of a document, counted from 1: a JPEG picture.

    Raises:
        NotFound: ``claim.document_unknown``.
    """
    found = sa.select(claim_document.c.pages).where(*_of(claim_id), claim_document.c.n == n)
    pages = connection.execute(found).scalar_one_or_none()
    if pages is None or not 1 <= page <= len(pages):
        raise refusals.document_unknown()
    stored = files.find(connection, pages[page - 1], kind=FILES, owner=str(claim_id), at=at)
    return b"".join(files.open(stored))


def _of(claim_id: int) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return claim_document.c.bucket == bucket_of(claim_id), claim_document.c.claim_id == claim_id
