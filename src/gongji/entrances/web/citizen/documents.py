"""The documents that the reader handed in, shown to them alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from gongji.entrances.web.visits import PLACE, Visit
from gongji.entrances.wording import Language
from gongji.family import service as family
from gongji.family.model import Authorisation
from gongji.family.refusals import Code, refuse
from gongji.family.words import EVIDENCE_WORDS
from gongji.foundation import audit
from gongji.foundation.documents import PAGE_TYPE


@dataclass(frozen=True, slots=True)
class Handed:
    """A document that was handed in: its kind in words, when, and the addresses of its pages."""

    kind: str
    at: datetime
    pages: tuple[str, ...]


def handed_in(visit: Visit, made: Authorisation | None) -> list[Handed]:
    """What the reader handed in with a request, for ``citizen/handed.html``."""
    if made is None or made.sharer_id != visit.person_id:
        return []
    return [
        Handed(
            EVIDENCE_WORDS[one.kind][0 if visit.reader.language is Language.CHINESE else 1],
            one.handed_in_at,
            tuple(f"/c/documents/{made.id}/{one.id}/{page}" for page in range(1, one.pages + 1)),
        )
        for one in family.evidence_list(visit.connection, made.id)
    ]


def document(visit: Visit) -> Response:
    """``GET /documents/{number}/{document}/{page}``: one page of a document of the reader's own request, as a picture."""
    number, item, page = visit.number(), visit.number("document"), visit.number("page", PLACE)
    found = family.authorisation(visit.connection, number)
    if found.sharer_id != visit.person_id:
        raise refuse(Code.UNKNOWN)
    content = family.evidence_content(visit.connection, visit.platform.files, number, item, page=page, at=visit.now)
    details = {"authorisation": str(number), "document": item, "page": page}
    audit.record(visit.connection, visit.caller, "evidence.read", at=visit.now, person_id=found.user_id, **details)
    return Response(content, media_type=PAGE_TYPE)
