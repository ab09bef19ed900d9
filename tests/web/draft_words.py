"""Message ids of the report on drafts whose last part is a value, with the values that a report may meet."""

from __future__ import annotations

from gongji.entrances.draft_command.weighed import OF_CLAIMS, OF_PEOPLE
from gongji.entrances.web.rules.drafting import REFUSED
from gongji.simulation.appraisal import CLAIM_DIMENSIONS, PAYERS
from gongji.simulation.results import NOTES

FAMILIES = {
    "office.draft": ["people", "number", "from", "below", "between", "untold"],
    "rules.draft.error": list(REFUSED),
    "office.draft.note": [note for note in NOTES if note],
    "office.draft.sum": [*PAYERS, "funds", "borne"],
    "office.draft.people": ["all", "less", "less_fen", "more", "more_fen", "each"],
    "office.draft.column": ["claims", "total", "funds"],
    "office.draft.along": sorted({*OF_CLAIMS, *OF_PEOPLE}),
    "office.draft.away": [word for one in CLAIM_DIMENSIONS if one.name == "away" for word in one.words],
}
