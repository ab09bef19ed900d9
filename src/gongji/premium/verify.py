"""Proof that orders for premiums, the money set aside for them and the years they hold say the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from gongji.ledger.archive_tables import KEPT_FROM
from gongji.ledger.finding import Check, Finding


def orders_match_their_holds(connection: sa.Connection) -> Iterator[Finding]:
    """A booked order's whole amount was taken from its hold, a rejected or expired one's went back, and what was sent
    back has a journal of the whole amount. (An order at the tax office may be a moment behind its hold.)"""
    rows = connection.execute(
        sa.text(
            f"""
            SELECT o.id, o.state
              FROM premium_order o
              LEFT JOIN hold h ON h.bucket = o.bucket AND h.id = o.hold_id
              LEFT JOIN (SELECT t.journal_id, sum(t.amount)::bigint AS amount FROM transfer t
                          WHERE t.journal_id IN (SELECT refund_journal_id FROM premium_order) GROUP BY t.journal_id) r
                ON r.journal_id = o.refund_journal_id
             WHERE o.state <> 'placing'
               AND (h.id IS NULL OR h.purpose <> 'premium' OR h.amount <> o.amount OR h.person_id <> o.person_id
                    OR h.authorisation_id <> o.authorisation_id
                    OR (o.state IN ('booked', 'sent_back') AND (h.state, h.captured) <> ('captured', o.amount))
                    OR (o.state IN ('rejected', 'expired') AND h.released <> o.amount)
                    OR (o.state = 'sent_back' AND o.refund_journal_id >= {KEPT_FROM} AND r.amount IS DISTINCT FROM o.amount))
            """
        )
    )
    for row in rows:
        yield Finding("premium", f"order {row.id} ({row.state}) and its hold differ")


def years_match_their_orders(connection: sa.Connection) -> Iterator[Finding]:
    """A coverage year is held by exactly the order that is under way or booked."""
    rows = connection.execute(
        sa.text(
            """
            SELECT coalesce(o.id, y.order_id) AS id
              FROM (SELECT * FROM premium_order WHERE state IN ('placing', 'booking', 'booked')) o
              FULL JOIN (SELECT * FROM premium_year WHERE order_id IS NOT NULL) y
                ON y.order_id = o.id AND y.person_id = o.person_id AND y.year = o.year
             WHERE o.id IS NULL OR y.order_id IS NULL OR y.paid <> (o.state = 'booked')
            """
        )
    )
    for row in rows:
        yield Finding("premium", f"order {row.id} and the year it is for differ")


CHECKS: Final[dict[str, Check]] = {
    "premiums match their holds": orders_match_their_holds,
    "premiums hold their years": years_match_their_orders,
}
