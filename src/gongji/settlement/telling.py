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
#: the sharer's own accounts (below zero: is free again). Each step is kept as it comes: on a cluster the next one's rows lie
#: elsewhere, and what is looked up for rows that are there is joined inward.
_MOVED: Final = f"""
WITH moved AS MATERIALIZED (
    SELECT t.journal_id, t.authorisation_id, t.amount, {_holder("t.debit")} AS giver, {_holder("t.credit")} AS taker,
           (t.debit >> 10) & 255 AS giving, (t.credit >> 10) & 255 AS taking
      FROM {FRESH_TRANSFERS} WHERE t.authorisation_id IS NOT NULL
), told AS MATERIALIZED (
    SELECT m.journal_id, m.authorisation_id, a.sharer_id, a.region,
           sum(CASE WHEN m.giver IS NOT DISTINCT FROM m.taker THEN 0 WHEN m.giver = a.sharer_id THEN m.amount
                    WHEN m.taker = a.sharer_id THEN -m.amount ELSE 0 END)::bigint AS spent,
           sum(CASE WHEN m.giver IS DISTINCT FROM m.taker THEN 0 WHEN m.taking = 3 THEN m.amount
                    WHEN m.giving = 3 THEN -m.amount ELSE 0 END)::bigint AS aside
      FROM moved m JOIN authorisation a ON a.bucket = (m.authorisation_id & 1023)::smallint AND a.id = m.authorisation_id
     GROUP BY 1, 2, 3, 4
), occasion AS (
    SELECT m.journal_id, s.id AS settlement_id, s.region AS settlement_region, s.institution_id, NULL AS purpose
      FROM told m JOIN settlement s ON s.bucket = (m.journal_id & 1023)::smallint AND s.id = m.journal_id
    UNION ALL
    SELECT m.journal_id, p.settlement_id, NULL, p.institution_id, NULL
      FROM told m JOIN second_payment p ON p.bucket = (m.journal_id & 1023)::smallint AND p.id = m.journal_id
    UNION ALL
    SELECT m.journal_id, NULL, NULL, NULL, h.purpose
      FROM told m JOIN hold_step e ON e.bucket = (m.journal_id & 1023)::smallint AND e.id = m.journal_id
           JOIN hold h ON h.bucket = e.bucket AND h.id = e.hold_id
)
SELECT told.journal_id, told.authorisation_id, told.sharer_id, told.spent, told.aside, told.region,
       o.settlement_id, o.settlement_region, o.institution_id, o.purpose
  FROM told LEFT JOIN occasion o ON o.journal_id = told.journal_id
 ORDER BY told.journal_id, told.authorisation_id
"""


#: What settlements took of wallet quotas and reversals gave back, by journal and giver: personal money of somebody else than
#: the patient that moved under no authorisation. The quota is the last that the giver has given the patient.
_QUOTAS_USED: Final = f"""
WITH moved AS MATERIALIZED (
    SELECT t.journal_id, t.amount, {_holder("t.debit")} AS giver, {_holder("t.credit")} AS taker
      FROM {FRESH_TRANSFERS} WHERE t.authorisation_id IS NULL AND least((t.debit >> 10) & 255, (t.credit >> 10) & 255) <= 6
), told AS MATERIALIZED (
    SELECT s.id, s.person_id, s.institution_id, coalesce(m.giver, m.taker) AS giver_id,
           sum(CASE WHEN m.giver IS NULL THEN -m.amount ELSE m.amount END)::bigint AS used
      FROM moved m JOIN settlement s ON s.bucket = (m.journal_id & 1023)::smallint AND s.id = m.journal_id
     WHERE coalesce(m.giver, m.taker) <> s.person_id
     GROUP BY 1, 2, 3, 4
)
SELECT DISTINCT ON (told.id, told.giver_id) told.*, q.id AS quota_id, q.relation
  FROM told
  JOIN wallet_quota q ON q.bucket = (told.giver_id & 1023)::smallint AND q.giver_id = told.giver_id
       AND q.user_id = told.person_id
 ORDER BY told.id, told.giver_id, q.id DESC
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
    if row.institution_id:
        facts["institution"] = row.institution_id
    settled = row.settlement_id
    about = f"settlements/{wire_id(row.settlement_region or row.region, settled)}" if settled else ""
    return Message(
        row.sharer_id, f"money.{what}", facts, about or f"sharings/{row.authorisation_id}", str(row.journal_id)
    )
