"""SQL of wallet quotas at the desk, set-based. Nothing of it is asked where no patient of a batch has one: a patient's row,
which is read anyway, says whether there are any (`person.quotas`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gongji.settlement import stay_store
from gongji.settlement.holds import store

_OF_PATIENTS: Final = "q.user_id = ANY(%(patients)b::bigint[]) AND q.state = 'active'"

#: The accounts of those who gave patients quotas: in `personal.held` (kind 3) the money stands, the others say whether they
#: are frozen.
ACCOUNTS: Final = f"""
SELECT (q.giver_id >> 10 << 18) | (kind << 10) | (q.giver_id & 1023)
  FROM wallet_quota q, unnest(ARRAY[1, 2, 3]) AS kind WHERE {_OF_PATIENTS}
"""

#: The quotas of patients in the order in which they are taken, each with the holds that still have something of it; one that
#: is used up stands there once, without.
QUOTAS: Final = f"""
SELECT q.id, q.user_id, {store.HOLD_COLUMNS}
  FROM wallet_quota q
  LEFT JOIN hold h ON h.bucket = q.bucket AND h.reference = q.id::text AND h.purpose = 'wallet' AND h.state = 'open'
 WHERE {_OF_PATIENTS}
 ORDER BY q.accepted_at, q.id, h.id
"""

#: The holds that settlements which are to be taken back took from.
TAKEN: Final = f"""
SELECT {store.HOLD_COLUMNS} FROM hold_step s JOIN hold h ON h.bucket = s.bucket AND h.id = s.hold_id
 WHERE s.settlement_id = ANY(%(returning)b::bigint[])
"""

#: The journals whose money a batch with quotas may give back: where the money of those holds came from, too.
JOURNALS: Final = f"""
{stay_store.JOURNALS}
 UNION SELECT s.hold_id FROM hold_step s WHERE s.settlement_id = ANY(%(returning)b::bigint[])
"""


def split(rows: Sequence[Sequence[Any]]) -> tuple[dict[int, int], list[Sequence[Any]]]:
    """The rows of `QUOTAS` as the person of each quota by its number, in their order, and the rows of the holds."""
    return {row[0]: row[1] for row in rows}, [row[2:] for row in rows if row[2] is not None]
