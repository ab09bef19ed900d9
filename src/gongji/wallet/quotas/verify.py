"""Proof that quotas, the money that stands aside for them and what was used of them say the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from gongji.foundation.money import yuan
from gongji.ledger.archive_tables import KEPT_FROM
from gongji.ledger.finding import Check, Finding


def quotas_match_their_holds(connection: sa.Connection) -> Iterator[Finding]:
    """A quota's amount is what its giver set aside for it less what went back: what reversals set aside again (their steps'
    keys begin with ``settlement:``) had been set aside before. Nothing stands aside for one that has ended, and what does
    stands with its giver, for its user."""
    rows = connection.execute(
        sa.text(
            """
            WITH held AS (
                SELECT h.bucket, h.reference,
                       sum(CASE WHEN s.key LIKE 'settlement:%' THEN 0 ELSE h.amount END - h.released)::bigint AS set_aside,
                       sum(h.amount - h.captured - h.released)::bigint AS left,
                       sum(CASE WHEN s.key LIKE 'settlement:%' THEN h.amount ELSE 0 END)::bigint AS came_back,
                       sum(h.captured)::bigint AS captured,
                       min(h.account) AS account, max(h.account) AS other_account,
                       min(h.person_id) AS user_id, max(h.person_id) AS other_user
                  FROM hold h JOIN hold_step s ON s.bucket = h.bucket AND s.id = h.id
                 WHERE h.purpose = 'wallet' GROUP BY h.bucket, h.reference
            )
            SELECT q.id, q.amount, coalesce(h.set_aside, 0) AS set_aside, coalesce(h.left, 0) AS left, q.state
              FROM wallet_quota q
              LEFT JOIN held h ON h.bucket = q.bucket AND h.reference = q.id::text
             WHERE h.reference IS NULL OR q.amount <> h.set_aside OR (q.state = 'ended' AND h.left <> 0)
                OR q.amount <> h.captured - h.came_back + h.left
                OR (h.user_id, h.other_user) <> (q.user_id, q.user_id)
                OR ((h.account >> 18 << 10) | (h.account & 1023), (h.other_account >> 18 << 10) | (h.other_account & 1023))
                   <> (q.giver_id, q.giver_id)
            """
        )
    )
    for row in rows:
        told = f"{yuan(row.amount)}, its holds {yuan(row.set_aside)} with {yuan(row.left)} left"
        yield Finding("quota", f"quota {row.id} ({row.state}) says {told}")


def quotas_were_used_in_force(connection: sa.Connection) -> Iterator[Finding]:
    """What was used of a quota was used by its user, between its acceptance and its end."""
    rows = connection.execute(
        sa.text(
            f"""
            SELECT q.id, e.settlement_id
              FROM wallet_quota q
              JOIN hold h ON h.bucket = q.bucket AND h.purpose = 'wallet' AND h.reference = q.id::text
              JOIN hold_step e ON e.bucket = h.bucket AND e.hold_id = h.id AND e.kind = 'capture'
              LEFT JOIN settlement s ON s.bucket = (e.settlement_id & 1023)::smallint AND s.id = e.settlement_id
             WHERE coalesce(e.settlement_id, e.id) >= {KEPT_FROM}
               AND (s.person_id IS DISTINCT FROM q.user_id OR q.accepted_at IS NULL OR e.at < q.accepted_at
                    OR e.at > q.ended_at)
            """
        )
    )
    for row in rows:
        yield Finding("quota", f"quota {row.id} was not in force for settlement {row.settlement_id}")


def people_know_their_quotas(connection: sa.Connection) -> Iterator[Finding]:
    """A person's row counts the quotas in force for them: by it a settlement knows whether to look."""
    rows = connection.execute(
        sa.text(
            """
            SELECT p.id, p.quotas, coalesce(q.times, 0) AS times
              FROM person p
              FULL JOIN (SELECT user_id, count(*) AS times FROM wallet_quota WHERE state = 'active' GROUP BY user_id) q
                ON q.user_id = p.id
             WHERE coalesce(p.quotas, 0) <> coalesce(q.times, 0)
            """
        )
    )
    for row in rows:
        yield Finding("quota", f"person {row.id} counts {row.quotas} quotas, and there are {row.times}")


CHECKS: Final[dict[str, Check]] = {
    "quotas match their holds": quotas_match_their_holds,
    "quotas were used while in force": quotas_were_used_in_force,
    "people know their quotas": people_know_their_quotas,
}
