"""SQL of undone messages at the desk: what they made, found under the patients' locks, and keys that are closed for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from gongji.foundation.arrays import Numbers, Texts
from gongji.settlement.model import Undo, wire_id

#: What messages that are to be undone made. On a cluster messages lie with their institutions and settlements with their
#: patients: the former are found first.
_MADE: Final = """
WITH undone AS MATERIALIZED (
    SELECT m.outcome_id
      FROM unnest(%(institutions)b::integer[], %(infnos)b::text[], %(msgids)b::text[]) AS k(institution_id, infno, msgid)
      JOIN message m ON m.institution_id = k.institution_id AND m.infno = k.infno AND m.msgid = k.msgid
)
SELECT s.id, s.reverses, s.visit_id, a.visit_id IS NOT NULL, i.region
  FROM undone u
  JOIN settlement s ON s.bucket = (u.outcome_id & 1023)::smallint AND s.id = u.outcome_id
  JOIN institution i ON i.id = s.institution_id
  LEFT JOIN admission a ON a.bucket = s.bucket AND a.visit_id = s.visit_id
"""

#: Messages that were undone before they came: nothing may settle under their keys any more.
CLOSE: Final = """
INSERT INTO message (institution_id, infno, msgid, request_digest, outcome_id)
SELECT k.institution_id, k.infno, k.msgid, '', NULL
  FROM unnest(%(institutions)b::integer[], %(infnos)b::text[], %(msgids)b::text[]) AS k(institution_id, infno, msgid)
"""


@dataclass(slots=True)
class Made:
    """What messages that are to be undone made.

    Attributes:
        originals: settlements; for a reversal also what it took back.
        visits: whose.
        stays: of those that are stays in hospital, what deposits refer to them by.
        places: the keys of the messages.
    """

    originals: set[int] = field(default_factory=set)
    visits: set[int] = field(default_factory=set)
    stays: dict[int, str] = field(default_factory=dict)
    places: list[tuple[int, str, str]] = field(default_factory=list)


def made_by(connection: psycopg.Connection[Any], undos: Sequence[Undo]) -> Made:
    """Find what the undone messages made; their patients are locked already, so that none of them is under way."""
    made = Made(places=[place for command in undos for place in command.undone])
    for settlement_id, reverses, visit_id, is_stay, region in connection.execute(_MADE, key_parameters(made.places)):
        made.originals |= {settlement_id} if reverses is None else {settlement_id, reverses}
        made.visits.add(visit_id)
        if is_stay:
            made.stays[visit_id] = wire_id(region, visit_id)
    return made


def key_parameters(keys: Sequence[tuple[int, str, str]]) -> dict[str, object]:
    """The keys of messages, as parameters."""
    return {
        "institutions": Numbers(institution for institution, _, _ in keys),
        "infnos": Texts(infno for _, infno, _ in keys),
        "msgids": Texts(msgid for _, _, msgid in keys),
    }
