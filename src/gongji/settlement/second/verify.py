"""Proof that second transactions fit their settlements, their journals and their authorisations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from gongji.ledger.archive_tables import KEPT_FROM
from gongji.ledger.finding import Check, Finding


def chains_fit(connection: sa.Connection) -> Iterator[Finding]:
    """The total of a settlement is what its chain adds up to, and its cash is the settlement's."""
    rows = connection.execute(
        sa.text(
            f"""
            SELECT coalesce(t.settlement_id, p.settlement_id) AS id
              FROM second_total t
              FULL JOIN (SELECT bucket, settlement_id, sum(amount)::bigint AS paid
                           FROM second_payment GROUP BY bucket, settlement_id) AS p
                ON p.bucket = t.bucket AND p.settlement_id = t.settlement_id
              LEFT JOIN settlement s ON s.bucket = t.bucket AND s.id = t.settlement_id AND s.kind = 'settle'
             WHERE coalesce(t.settlement_id, p.settlement_id) >= {KEPT_FROM} AND (t.paid IS DISTINCT FROM p.paid OR s.cash IS DISTINCT FROM t.cash
                OR (t.paid > 0 AND EXISTS (SELECT FROM reversal r WHERE r.bucket = s.bucket AND r.journal_id = s.id)))
            """
        )
    )
    for row in rows:
        yield Finding("second", f"what was paid afterwards of settlement {row.id} does not fit its cash")


def payments_fit(connection: sa.Connection) -> Iterator[Finding]:
    """A second payment is what its journal moved, from its payer, under an authorisation in force then for its patient."""
    rows = connection.execute(
        sa.text(
            f"""
            SELECT p.id
              FROM second_payment p
              LEFT JOIN journal j ON j.bucket = p.bucket AND j.id = p.id AND j.reverses IS NOT DISTINCT FROM p.reverses
                   AND j.kind = CASE p.kind WHEN 'pay' THEN 'second' ELSE 'reversal' END
              LEFT JOIN authorisation a ON a.bucket = (p.authorisation_id & 1023)::smallint AND a.id = p.authorisation_id
             CROSS JOIN LATERAL (
                   SELECT sum(t.amount) AS moved, bool_and(t.authorisation_id = p.authorisation_id) AS under,
                          bool_and((CASE p.kind WHEN 'pay' THEN ((t.debit >> 18) << 10) | (t.debit & 1023)
                                    ELSE ((t.credit >> 18) << 10) | (t.credit & 1023) END) = p.payer_id) AS payers
                     FROM transfer t WHERE t.journal_id = p.id) AS t
             WHERE p.id >= {KEPT_FROM} AND (j.id IS NULL OR t.moved IS DISTINCT FROM abs(p.amount) OR t.under IS NOT TRUE OR t.payers IS NOT TRUE
                OR a.user_id IS DISTINCT FROM p.person_id OR a.sharer_id IS DISTINCT FROM p.payer_id
                OR (p.kind = 'pay' AND NOT a.in_force @> p.at))
            """
        )
    )
    for row in rows:
        yield Finding("second", f"second payment {row.id} is not what its journal moved, or was not authorised")


CHECKS: Final[dict[str, Check]] = {
    "second payments fit their settlements": chains_fit,
    "second payments fit their journals": payments_fit,
}
