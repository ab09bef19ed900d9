"""What is filed for the reader: what holds, what is under review, what was decided and why."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gongji.entrances.filing_words import closed, standing, subject_of
from gongji.entrances.web.visits import Visit
from gongji.registry.filings import filings_of

#: How much each standing matters to the reader, most first.
_ORDER: Final = ("holds", "filed", "granted", "refused", "over", "withdrawn")


def filings(visit: Visit) -> Response:
    """``GET /filings``: what holds first, then what waits, then what is over."""
    on, language = visit.now.date(), visit.reader.language
    found = filings_of(visit.connection, visit.person_id, undone=True)
    shown = [
        (
            one,
            subject_of(visit.connection, visit.platform.rules, one, language),
            standing(one, on),
            closed(one, language),
        )
        for one in found
    ]
    return visit.render("citizen/filings.html", filings=sorted(shown, key=lambda one: _ORDER.index(one[2])))
