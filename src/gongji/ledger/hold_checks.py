"""Proof that holds and ledger say the same: checks in the shape of `gongji.ledger.verify`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from gongji.foundation.money import yuan
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
    """Each step has a journal of its id, whose transfers move what the step says, out of or into the hold's account."""
    rows = connection.execute(
        sa.text(
            """
            SELECT s.id
              FROM hold_step s
              JOIN hold h ON h.bucket = s.bucket AND h.id = s.hold_id
              LEFT JOIN journal j ON j.bucket = s.bucket AND j.id = s.id AND j.posted_at = s.at
                   AND j.kind = CASE s.kind WHEN 'expire' THEN 'release' ELSE s.kind END
              LEFT JOIN (SELECT t.journal_id,
                                sum(t.amount) FILTER (WHERE (t.debit >> 10) & 255 = 3) AS leaving,
                                sum(t.amount) FILTER (WHERE (t.credit >> 10) & 255 = 3) AS coming,
                                min(CASE WHEN (t.debit >> 10) & 255 = 3 THEN t.debit ELSE t.credit END) AS one,
                                max(CASE WHEN (t.debit >> 10) & 255 = 3 THEN t.debit ELSE t.credit END) AS other
                           FROM transfer t WHERE 3 IN ((t.debit >> 10) & 255, (t.credit >> 10) & 255)
                          GROUP BY t.journal_id) m ON m.journal_id = s.id
             WHERE j.id IS NULL OR m.one IS DISTINCT FROM h.account OR m.other IS DISTINCT FROM h.account
                OR (coalesce(m.coming, 0), coalesce(m.leaving, 0))
                   <> (CASE s.kind WHEN 'hold' THEN h.amount ELSE 0 END, s.captured + s.released)
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
