"""The documents that the reader handed in, shown to them alone."""

from __future__ import annotations

from starlette.responses import Response

from gongji.entrances.web.visits import Visit
from gongji.family import service as family
from gongji.family.refusals import Code, refuse
from gongji.foundation import audit
from gongji.foundation.documents import PAGE_TYPE


def document(visit: Visit) -> Response:
    """``GET /documents/{number}/{document}/{page}``: one page of a document of the reader's own request, as a picture."""
    parts = [visit.part(name) for name in ("number", "document", "page")]
    if not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts):
        raise refuse(Code.EVIDENCE_UNKNOWN)
    number, item, page = (int(part) for part in parts)
    found = family.authorisation(visit.connection, number)
    if found.sharer_id != visit.person_id:
        raise refuse(Code.UNKNOWN)
    content = family.evidence_content(visit.connection, visit.platform.files, number, item, page=page, at=visit.now)
    details = {"authorisation": str(number), "document": item, "page": page}
    audit.record(visit.connection, visit.caller, "evidence.read", at=visit.now, person_id=found.user_id, **details)
    return Response(content, media_type=PAGE_TYPE)
