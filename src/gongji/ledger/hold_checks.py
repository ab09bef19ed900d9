"""Proof that holds and ledger say the same: checks in the shape of `gongji.ledger.verify`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from gongji.foundation.money import yuan
from gongji.ledger.archive_tables import KEPT_FROM
from gongji.ledger.finding import Check, Finding


def held_balance_is_open_holds(connection: sa.Connection) -> Iterator[Finding]:
    """What stands in a `personal.held` is what the open holds on it have left, to the fen."""
    rows = connection.execute(
        sa.text(
            """
            SELECT coalesce(a.id, h.account) AS id, coalesce(a.balance, 0) AS balance, coalesce(h.remaining, 0) AS remaining
              FROM (SELECT id, balance FROM account WHERE kind = 3) a
              FULL JOIN (SELECT account, sum(amount - captured - released)::bigint AS remaining
                           FROM hold GROUP BY account) h ON h.account = a.id
             WHERE coalesce(a.balance, 0) <> coalesce(h.remaining, 0)
            """
        )
    )
    for row in rows:
        held, open_holds = yuan(row.balance), yuan(row.remaining)
        yield Finding("hold", f"account {row.id} holds {held}, its open holds have {open_holds} left")


def holds_match_their_steps(connection: sa.Connection) -> Iterator[Finding]:
    """A hold's sums are those of its steps; it was placed once, and after its end nothing moved."""
    rows = connection.execute(
        sa.text(
            """
            SELECT h.id FROM hold h
              LEFT JOIN (SELECT hold_id, sum(captured)::bigint AS captured, sum(released)::bigint AS released,
                                count(*) FILTER (WHERE kind = 'hold') AS placed,
                                count(*) FILTER (WHERE remaining = 0) AS ends
                           FROM hold_step GROUP BY hold_id) s ON s.hold_id = h.id
             WHERE s.placed IS DISTINCT FROM 1 OR s.captured <> h.captured OR s.released <> h.released
                OR s.ends <> CASE h.state WHEN 'open' THEN 0 ELSE 1 END
            """
        )
    )
    for row in rows:
        yield Finding("hold", f"hold {row.id} is not the sum of its steps")


def steps_match_their_journals(connection: sa.Connection) -> Iterator[Finding]:
    """Each step stands in a journal, of its own id or a settlement's, whose transfers move what its steps say, out of or
    into the holds' accounts."""
    rows = connection.execute(
        sa.text(
            f"""
            WITH steps AS (
                SELECT coalesce(s.settlement_id, s.id) AS journal_id, h.account, min(s.id) AS id, min(s.at) AS at,
                       CASE WHEN s.settlement_id IS NOT NULL THEN 'settlement'
                            WHEN s.kind = 'expire' THEN 'release' ELSE s.kind END AS kind,
                       sum(CASE s.kind WHEN 'hold' THEN h.amount ELSE 0 END) AS coming,
                       sum(s.captured + s.released) AS leaving
                  FROM hold_step s JOIN hold h ON h.bucket = s.bucket AND h.id = s.hold_id
                 WHERE coalesce(s.settlement_id, s.id) >= {KEPT_FROM}
                 GROUP BY 1, 2, 5
            ), moved AS (
                SELECT journal_id, account, sum(coming) AS coming, sum(leaving) AS leaving
                  FROM (SELECT journal_id, debit AS account, 0 AS coming, amount AS leaving FROM transfer
                         WHERE (debit >> 10) & 255 = 3
                         UNION ALL
                        SELECT journal_id, credit, amount, 0 FROM transfer WHERE (credit >> 10) & 255 = 3) AS t
                 WHERE t.journal_id IN (SELECT journal_id FROM steps)
                 GROUP BY 1, 2
            )
            SELECT coalesce(s.id, m.journal_id) AS id
              FROM steps s
              FULL JOIN moved m ON m.journal_id = s.journal_id AND m.account = s.account
              LEFT JOIN journal j ON j.bucket = (s.journal_id & 1023) AND j.id = s.journal_id AND j.posted_at = s.at
                   AND j.kind = s.kind
             WHERE j.id IS NULL OR (s.coming, s.leaving) IS DISTINCT FROM (m.coming, m.leaving)
            """
        )
    )
    for row in rows:
        yield Finding("hold", f"step {row.id} of a hold and its transfers differ")


CHECKS: Final[dict[str, Check]] = {
    "what is held is what open holds have left": held_balance_is_open_holds,
    "holds match their steps": holds_match_their_steps,
    "steps of holds match their journals": steps_match_their_journals,
}
