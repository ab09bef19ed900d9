"""Telling sharers, and givers of wallet quotas, what their accounts paid for relatives, from the books and after the fact:
the desk pays nothing for it.

A loop follows the ledger's blocks with marks of its own (`gongji.ledger.frontier`). Messages and marks are written in one
transaction, so that a kill leaves both or neither: no use is lost and none is told twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from gongji.foundation.database import Database
from gongji.foundation.inbox import Message, tell
from gongji.foundation.schema import metadata
from gongji.ledger.frontier import FRESH_TRANSFERS, advance, frontier
from gongji.settlement.model import wire_id

#: Up to which of a poster's blocks sharers were told.
told_through = sa.Table(
    "told_through",
    metadata,
    sa.Column("poster_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("block", sa.BigInteger, nullable=False),
    sa.CheckConstraint("block > 0", name="block_positive"),
)

#: Blocks of a poster that one transaction tells of: settlements that run beside it hardly notice.
_BLOCKS_AT_ONCE: Final = 200

#: "told" as a number: whoever holds this advisory lock is the one process that tells.
_LOCK: Final = 0x746F6C64


def _holder(account: str) -> str:
    """The person whose account a leg names (`gongji.ledger.model.personal_account`), null for open accounts."""
    return f"CASE WHEN ({account} >> 10) & 255 <= 6 THEN ({account} >> 18 << 10) | ({account} & 1023) END"


#: What moved under authorisations, by journal: `spent` left the sharer (below zero: came back), `aside` was set aside within
#: the sharer's own accounts (below zero: is free again).
_MOVED: Final = f"""
WITH moved AS (
    SELECT t.journal_id, t.authorisation_id, t.amount, {_holder("t.debit")} AS giver, {_holder("t.credit")} AS taker,
           (t.debit >> 10) & 255 AS giving, (t.credit >> 10) & 255 AS taking
      FROM {FRESH_TRANSFERS} WHERE t.authorisation_id IS NOT NULL
), told AS (
    SELECT m.journal_id, m.authorisation_id, a.sharer_id, a.region,
           sum(CASE WHEN m.giver IS NOT DISTINCT FROM m.taker THEN 0 WHEN m.giver = a.sharer_id THEN m.amount
                    WHEN m.taker = a.sharer_id THEN -m.amount ELSE 0 END)::bigint AS spent,
           sum(CASE WHEN m.giver IS DISTINCT FROM m.taker THEN 0 WHEN m.taking = 3 THEN m.amount
                    WHEN m.giving = 3 THEN -m.amount ELSE 0 END)::bigint AS aside
      FROM moved m JOIN authorisation a ON a.bucket = m.authorisation_id & 1023 AND a.id = m.authorisation_id
     GROUP BY 1, 2, 3, 4
)
SELECT told.journal_id, told.authorisation_id, told.sharer_id, told.spent, told.aside,
       s.id AS settlement_id, s.region AS settlement_region, s.institution_id,
       p.settlement_id AS second_of, p.institution_id AS second_at, told.region, h.purpose
  FROM told
  LEFT JOIN settlement s ON s.bucket = told.journal_id & 1023 AND s.id = told.journal_id
  LEFT JOIN second_payment p ON p.bucket = told.journal_id & 1023 AND p.id = told.journal_id
  LEFT JOIN hold_step e ON e.bucket = told.journal_id & 1023 AND e.id = told.journal_id
  LEFT JOIN hold h ON h.bucket = e.bucket AND h.id = e.hold_id
 ORDER BY told.journal_id, told.authorisation_id
"""


#: What settlements took of wallet quotas and reversals gave back, by journal and giver: personal money of somebody else than
#: the patient that moved under no authorisation. The quota is the last that the giver has given the patient.
_QUOTAS_USED: Final = f"""
WITH moved AS (
    SELECT t.journal_id, t.amount, {_holder("t.debit")} AS giver, {_holder("t.credit")} AS taker
      FROM {FRESH_TRANSFERS} WHERE t.authorisation_id IS NULL AND least((t.debit >> 10) & 255, (t.credit >> 10) & 255) <= 6
), told AS (
    SELECT s.id, s.person_id, s.institution_id, coalesce(m.giver, m.taker) AS giver_id,
           sum(CASE WHEN m.giver IS NULL THEN -m.amount ELSE m.amount END)::bigint AS used
      FROM moved m JOIN settlement s ON s.bucket = m.journal_id & 1023 AND s.id = m.journal_id
     WHERE coalesce(m.giver, m.taker) <> s.person_id
     GROUP BY 1, 2, 3, 4
)
SELECT told.*, q.id AS quota_id, q.relation
  FROM told
  JOIN LATERAL (SELECT q.id, q.relation FROM wallet_quota q
                 WHERE q.bucket = (told.giver_id & 1023)::smallint AND q.giver_id = told.giver_id
                   AND q.user_id = told.person_id
                 ORDER BY q.id DESC LIMIT 1) AS q ON true
 ORDER BY told.id, told.giver_id
"""


def tell_sharers(database: Database, at: datetime) -> int:
    """Tell of all blocks that are committed by now, in short transactions; nothing while another process is at it.

    Returns:
        How many messages.
    """
    told = 0
    while True:
        with database.transaction() as connection:
            free = connection.execute(sa.text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            if not free.scalar_one():
                return told
            fresh = frontier(connection, told_through, at_most=_BLOCKS_AT_ONCE)
            if not fresh:
                return told
            rows = connection.execute(sa.text(_MOVED), fresh.parameters).all()
            told += tell(connection, [_message(row) for row in rows if _is_told_here(row)], at=at)
            used = connection.execute(sa.text(_QUOTAS_USED), fresh.parameters).all()
            told += tell(connection, [_of_quota(row) for row in used], at=at)
            advance(connection, told_through, fresh)


def _is_told_here(row: sa.Row[Any]) -> bool:
    """Premiums are told by their orders, each step in words of its own."""
    return bool(row.spent or row.aside) and row.purpose != "premium"


def _of_quota(row: sa.Row[Any]) -> Message:
    what = "used" if row.used > 0 else "returned"
    facts = {
        "amount": abs(row.used),
        "person": row.person_id,
        "relation": row.relation,
        "institution": row.institution_id,
    }
    return Message(row.giver_id, f"wallet.quota.{what}.sender", facts, f"wallet/quotas/{row.quota_id}", str(row.id))


def _message(row: sa.Row[Any]) -> Message:
    if row.spent:
        amount, what = row.spent, "used" if row.spent > 0 else "returned"
    else:
        amount, what = row.aside, "held" if row.aside > 0 else "released"
    facts: dict[str, object] = {"amount": abs(amount), "authorisation": row.authorisation_id}
    place = row.institution_id or row.second_at
    if place:
        facts["institution"] = place
    settled = row.settlement_id or row.second_of
    about = f"settlements/{wire_id(row.settlement_region or row.region, settled)}" if settled else ""
    return Message(
        row.sharer_id, f"money.{what}", facts, about or f"sharings/{row.authorisation_id}", str(row.journal_id)
    )
