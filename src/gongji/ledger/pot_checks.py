"""Proof that pots and ledger say the same: checks in the shape of `gongji.ledger.verify`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from gongji.foundation.money import yuan
from gongji.ledger.archive_tables import KEPT_FROM
from gongji.ledger.finding import Check, Finding


def pots_are_their_parts(connection: sa.Connection) -> Iterator[Finding]:
    """What stands in a pot (kind 4) is what is left of its parts, to the fen."""
    rows = connection.execute(
        sa.text(
            """
            SELECT coalesce(a.person_id, p.sharer_id) AS id, coalesce(a.balance, 0) AS balance, coalesce(p.left, 0) AS left
              FROM (SELECT (id >> 18 << 10) | (id & 1023) AS person_id, balance FROM account WHERE kind = 4) a
              FULL JOIN (SELECT sharer_id, sum(historical + current)::bigint AS left FROM pot_part GROUP BY sharer_id) p
                ON p.sharer_id = a.person_id
             WHERE coalesce(a.balance, 0) <> coalesce(p.left, 0)
            """
        )
    )
    for row in rows:
        yield Finding(
            "pot", f"the pot of person {row.id} holds {yuan(row.balance)}, its parts have {yuan(row.left)} left"
        )


def parts_are_their_moves(connection: sa.Connection) -> Iterator[Finding]:
    """What is left of a part, by origin, is the sum of its moves."""
    rows = connection.execute(
        sa.text(
            """
            SELECT coalesce(p.sharer_id, m.sharer_id) AS sharer_id, coalesce(p.part, m.part) AS part
              FROM pot_part p
              FULL JOIN (SELECT sharer_id, part, sum(historical)::bigint AS historical, sum(current)::bigint AS current
                           FROM pot_move GROUP BY sharer_id, part) m ON m.sharer_id = p.sharer_id AND m.part = p.part
             WHERE (coalesce(p.historical, 0), coalesce(p.current, 0))
                   <> (coalesce(m.historical, 0), coalesce(m.current, 0))
            """
        )
    )
    for row in rows:
        yield Finding("pot", f"part {row.part} of the pot of person {row.sharer_id} is not the sum of its moves")


def moves_match_their_journals(connection: sa.Connection) -> Iterator[Finding]:
    """A journal moves the parts of a pot by what its transfers bring into the pot (kind 4) or take out of it; a part that
    is for one authorisation by no other's. (Of archived months the transfers are not here.)"""
    rows = connection.execute(
        sa.text(
            f"""
            WITH moved AS (
                SELECT journal_id, (account >> 18 << 10) | (account & 1023) AS sharer_id, sum(amount)::bigint AS amount,
                       array_agg(DISTINCT authorisation_id) AS under
                  FROM (SELECT journal_id, credit AS account, amount, authorisation_id FROM transfer
                         WHERE (credit >> 10) & 255 = 4
                         UNION ALL
                        SELECT journal_id, debit, -amount, authorisation_id FROM transfer WHERE (debit >> 10) & 255 = 4) t
                 GROUP BY 1, 2
            ), told AS (
                SELECT journal_id, sharer_id, sum(historical + current)::bigint AS amount,
                       array_agg(part) FILTER (WHERE part <> 0) AS parts
                  FROM pot_move WHERE journal_id >= {KEPT_FROM} GROUP BY 1, 2
            )
            SELECT coalesce(m.journal_id, t.journal_id) AS id
              FROM moved m FULL JOIN told t ON t.journal_id = m.journal_id AND t.sharer_id = m.sharer_id
             WHERE coalesce(m.amount, 0) <> coalesce(t.amount, 0)
                OR (m.under[1] IS NOT NULL AND NOT coalesce(t.parts <@ m.under, true))
            """
        )
    )
    for row in rows:
        yield Finding("pot", f"journal {row.id} moved a pot by another amount, or another part, than its transfers")


CHECKS: Final[dict[str, Check]] = {
    "pots are the sum of their parts": pots_are_their_parts,
    "parts of pots are the sum of their moves": parts_are_their_moves,
    "moves of pots match their journals": moves_match_their_journals,
}
