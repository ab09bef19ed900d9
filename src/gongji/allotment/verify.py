"""Proof that deeds stand in the ledger as they are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from gongji.ledger.archive_tables import KEPT_FROM
from gongji.ledger.finding import Check, Finding


def deeds_match_their_journals(connection: sa.Connection) -> Iterator[Finding]:
    """Each deed has its journal, which moves its part, and no other, by its amount; no journal of the kind is without one."""
    rows = connection.execute(
        sa.text(
            f"""
            SELECT coalesce(d.id, j.id) AS id
              FROM (SELECT * FROM allotment_deed WHERE id >= {KEPT_FROM}) d
              FULL JOIN (SELECT id, kind FROM journal WHERE kind IN ('allot', 'take_back')) j
                ON j.id = d.id AND j.kind = d.deed
              LEFT JOIN (SELECT journal_id, sharer_id, sum(historical + current)::bigint AS amount,
                                array_agg(part) AS parts
                           FROM pot_move GROUP BY 1, 2) m ON m.journal_id = d.id AND m.sharer_id = d.sharer_id
             WHERE d.id IS NULL OR j.id IS NULL
                OR m.amount IS DISTINCT FROM CASE d.deed WHEN 'allot' THEN d.amount ELSE -d.amount END
                OR m.parts <> ARRAY[coalesce(d.authorisation_id, 0)]
            """
        )
    )
    for row in rows:
        yield Finding("allotment", f"deed {row.id} and its journal differ")


CHECKS: Final[dict[str, Check]] = {"allotments match their journals": deeds_match_their_journals}
