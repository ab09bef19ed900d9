"""Proof that transfers, the money set aside for them and what arrived in wallets say the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from gongji.ledger.archive_tables import KEPT_FROM
from gongji.ledger.finding import Check, Finding
from gongji.wallet.quotas import verify as quotas


def transfers_match_their_holds(connection: sa.Connection) -> Iterator[Finding]:
    """What was accepted was taken whole from its hold; what was declined or returned went back whole. (What waits may be a
    moment behind its hold.)"""
    rows = connection.execute(
        sa.text(
            """
            SELECT w.id, w.state
              FROM wallet_transfer w
              LEFT JOIN hold h ON h.bucket = w.bucket AND h.id = w.hold_id
             WHERE w.state <> 'placing'
               AND (h.id IS NULL OR h.purpose <> 'transfer' OR h.amount <> w.amount OR h.person_id <> w.sender_id
                    OR ((h.account >> 18 << 10) | h.bucket) <> w.sender_id
                    OR (w.state = 'accepted' AND (h.state, h.captured) <> ('captured', w.amount))
                    OR (w.state IN ('declined', 'returned') AND h.released <> w.amount))
            """
        )
    )
    for row in rows:
        yield Finding("wallet", f"transfer {row.id} ({row.state}) and its hold differ")


def accepted_money_arrived(connection: sa.Connection) -> Iterator[Finding]:
    """What was accepted stands, in the same journal, in the receiver's wallet (kind 5), to the fen."""
    rows = connection.execute(
        sa.text(
            f"""
            SELECT w.id
              FROM wallet_transfer w
              JOIN hold_step s ON s.bucket = w.bucket AND s.hold_id = w.hold_id AND s.kind = 'capture' AND s.id >= {KEPT_FROM}
              LEFT JOIN transfer t ON t.journal_id = s.id AND t.credit = (w.receiver_id >> 10 << 18) | (5 << 10) | (w.receiver_id & 1023)
             WHERE t.amount IS DISTINCT FROM w.amount
            """
        )
    )
    for row in rows:
        yield Finding("wallet", f"transfer {row.id} was accepted, and its amount is not in the receiver's wallet")


def wallets_were_opened(connection: sa.Connection) -> Iterator[Finding]:
    """A wallet's account belongs to somebody who opened one, and every opened wallet has its account."""
    rows = connection.execute(
        sa.text(
            """
            SELECT coalesce(a.person_id, o.person_id) AS id
              FROM (SELECT (id >> 18 << 10) | (id & 1023) AS person_id FROM account WHERE kind = 5) a
              FULL JOIN wallet_opening o ON o.person_id = a.person_id
             WHERE a.person_id IS NULL OR o.person_id IS NULL
            """
        )
    )
    for row in rows:
        yield Finding("wallet", f"the wallet of person {row.id} and its account do not go together")


CHECKS: Final[dict[str, Check]] = {
    **quotas.CHECKS,
    "transfers to wallets match their holds": transfers_match_their_holds,
    "accepted transfers arrived": accepted_money_arrived,
    "wallets were opened": wallets_were_opened,
}
