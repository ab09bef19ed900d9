"""Families of message ids of claims, with the values that a page may meet."""

from __future__ import annotations

from gongji.entrances.web.office.claims import SHOWN
from gongji.registry.model import InstitutionKind
from gongji.reimbursement.model import (
    PERSONS_TURN,
    ClaimState,
    DocumentKind,
    LineWord,
    RefuseReason,
    ReturnReason,
    TakeBackReason,
    Task,
    WhyNotDirect,
)
from gongji.reimbursement.words import MED_TYPES

_STEPS = [
    *("begin", "submit", "withdraw", "appeal", "take", "release", "return", "propose", "decide", "refuse"),
    *("uphold", "disagree", "paid", "bounced", "recovered", "take_back", "new_account"),
]

FAMILIES = {
    "claim": ["counts", "counts_not", "day", "decided_at", "funds", "number", "no_place", "done", "to_do"],
    "claim.why": list(WhyNotDirect),
    "claim.state": list(ClaimState),
    "claim.next": [one for one in ClaimState if one not in (*PERSONS_TURN, ClaimState.SECOND)],
    "claim.task": list(Task),
    "claim.document": list(DocumentKind),
    "claim.return": list(ReturnReason),
    "claim.refuse": list(RefuseReason),
    "claim.take_back": list(TakeBackReason),
    "claim.line": [*LineWord, "class_a", "class_b", "class_c", "not_listed", "restricted"],
    "claim.med_type": list(MED_TYPES),
    "claim.place": [*InstitutionKind, "anywhere"],
    "claim.bank": [f"{whose}{part}" for whose in ("own", "family") for part in ("", ".hint")],
    "claim.paper": ["title", "item", "counts", "why", "amount", "in_scope"],
    "office.claims.show": list(SHOWN),
    "office.claim": ["all_documents", "due", "owed_back"],
    "office.claim.do": ["paid", "bounced", "recovered"],
    "office.claim.carried": ["paid", "bounced", "recovered"],
    "office.claim.step": _STEPS,
}
