"""SQL of stays at the desk, set-based: what is loaded under the patients' locks, and the states that are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from gongji.benefit.model import Bill, CounterMove
from gongji.foundation.clock import CHINA
from gongji.ledger.holds import Hold
from gongji.ledger.tables import STANDS
from gongji.registry.model import Enrolment
from gongji.settlement.deposits import Captured
from gongji.settlement.stay_case import FUND_FIELDS
from gongji.settlement.stays import AdmissionState, Before, Stay

_K: Final = "unnest(%(stays)b::bigint[]) AS k(id)"

#: Stays, and the patient's insurance on the day whose rules hold.
STAYS: Final = f"""
SELECT a.visit_id, a.state, a.admitted_at, a.discharged_at, {{enrolment}}
  FROM {_K}
  JOIN admission a ON a.bucket = (k.id & 1023)::smallint AND a.visit_id = k.id
  LEFT JOIN enrolment e ON e.bucket = a.bucket AND e.person_id = a.person_id
       AND e.during @> coalesce((a.discharged_at AT TIME ZONE 'Asia/Shanghai')::date, %(today)s::date)
"""

#: The settlements of stays that stand, oldest first. A stay's are never of an earlier month than its visit.
BEFORE: Final = f"""
SELECT s.visit_id, s.id, s.settled_at, s.total, s.self_paid, s.over_limit, s.first_self_pay, s.in_scope, s.deductible,
       s.counters::text, {", ".join(f"s.{field}" for field in FUND_FIELDS.values())}
  FROM {_K}
  JOIN admission a ON a.bucket = (k.id & 1023)::smallint AND a.visit_id = k.id
  JOIN settlement s ON s.bucket = a.bucket AND s.person_id = a.person_id AND s.visit_id = a.visit_id
       AND s.id >= (a.visit_id >> 44) << 44
 WHERE s.kind = 'settle' AND NOT EXISTS (SELECT FROM reversal r WHERE r.bucket = s.bucket AND r.journal_id = s.id AND {STANDS})
 ORDER BY s.settled_at, s.id
"""

#: What settlements that are to be taken back took out of holds, and what was taken out of these before.
CAPTURED: Final = """
SELECT s.settlement_id, s.hold_id, s.captured,
       (SELECT coalesce(sum(b.captured), 0)::bigint FROM hold_step b
         WHERE b.bucket = s.bucket AND b.hold_id = s.hold_id AND (b.at, b.id) < (s.at, s.id))
  FROM hold_step s WHERE s.settlement_id = ANY(%(returning)b::bigint[]) ORDER BY s.settlement_id, s.id
"""

#: Holds of stays: `references` are their numbers on the wire.
_DEPOSITS: Final = "h.purpose = 'deposit' AND h.reference = ANY(%(references)b::text[])"

#: The journals whose money a batch with stays may give back: those of settlements and of the deposits.
JOURNALS: Final = f"""
SELECT id FROM unnest(%(returning)b::bigint[]) AS r(id)
 UNION SELECT h.id FROM hold h WHERE {_DEPOSITS}
"""


def deposits(columns: str) -> str:
    """The statement for the deposits of stays, with these columns of hold `h`."""
    return f"SELECT {columns} FROM hold h WHERE {_DEPOSITS}"


_moves = msgspec.json.Decoder(tuple[CounterMove, ...])


def stays_from(rows: Iterable[Sequence[Any]], before: Iterable[Sequence[Any]], enrolment_of: Any) -> dict[int, Stay]:
    """Stays by their visit's id.

    Args:
        rows: of `STAYS`.
        before: of `BEFORE`.
        enrolment_of: makes an enrolment of its columns.
    """
    stays: dict[int, Stay] = {}
    for visit_id, state, admitted_at, discharged_at, *enrolment in rows:
        insured: Enrolment | None = enrolment_of(enrolment) if enrolment[0] is not None else None
        out = discharged_at.astimezone(CHINA) if discharged_at else None
        stays[visit_id] = Stay(AdmissionState(state), admitted_at.astimezone(CHINA), out, insured, [])
    for visit_id, settlement_id, settled_at, *figures in before:
        bill, deductible, moves = Bill(*figures[:5]), figures[5], _moves.decode(figures[6])
        funds = dict(zip(FUND_FIELDS, figures[7:], strict=True))
        made = Before(settlement_id, settled_at.astimezone(CHINA).date(), bill, deductible, funds, moves)
        stays[visit_id].before.append(made)
    return stays


def captured_from(rows: Iterable[Sequence[Any]], holds: dict[int, Hold]) -> dict[int, list[Captured]]:
    """What settlements took out of holds, by settlement, from the rows of `CAPTURED`."""
    taken: dict[int, list[Captured]] = {}
    for settlement_id, hold_id, amount, before in rows:
        taken.setdefault(settlement_id, []).append(Captured(holds[hold_id], before, amount))
    return taken


#: States that stays go into.
WRITE_STATES: Final = """
UPDATE admission a SET state = m.state, changed_at = m.at
  FROM unnest(%(a_visit)b::bigint[], %(a_state)b::text[], %(a_at)b::timestamptz[]) AS m(visit_id, state, at)
 WHERE a.bucket = (m.visit_id & 1023)::smallint AND a.visit_id = m.visit_id
"""

STATE_COLUMNS: Final = (("a_visit", "bigint"), ("a_state", "text"), ("a_at", "timestamptz"))


def state_row(visit_id: int, state: AdmissionState, at: datetime) -> tuple[int, str, datetime]:
    """A row of `WRITE_STATES`."""
    return visit_id, str(state), at
