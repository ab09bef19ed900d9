"""Proof that what was taken back of credits and deaths stands in the ledger as it is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from gongji.ledger.archive_tables import KEPT_FROM
from gongji.ledger.finding import Check, Finding
from gongji.ledger.model import LAST_BOUNDED

#: What left a person's own accounts, and what region's income (kind 14) got, in a journal.
_MOVED: Final = f"""
SELECT coalesce(sum(t.amount) FILTER (WHERE (t.debit >> 10) & 255 <= {LAST_BOUNDED}), 0)::bigint AS out_of_accounts,
       coalesce(sum(t.amount) FILTER (WHERE (t.credit >> 10) & 255 <= {LAST_BOUNDED}), 0)::bigint AS into_accounts,
       coalesce(sum(t.amount) FILTER (WHERE (t.credit >> 10) & 255 = 14), 0)::bigint AS into_income
  FROM transfer t
"""


def takings_stand_in_their_journals(connection: sa.Connection) -> Iterator[Finding]:
    """Each step took from the accounts what its row says, and the first one gave the whole credit back to the income."""
    rows = connection.execute(
        sa.text(
            f"""
            SELECT k.person_id, k.month, k.step
              FROM credit_taking k
              JOIN account_credit c USING (bucket, person_id, month, kind, round)
              CROSS JOIN LATERAL ({_MOVED} WHERE t.journal_id = k.journal_id) AS m
             WHERE k.journal_id >= {KEPT_FROM}
               AND (m.out_of_accounts <> k.amount OR m.into_income <> CASE k.step WHEN 0 THEN c.amount ELSE 0 END)
            """
        )
    )
    for row in rows:
        yield Finding(
            "accrual", f"step {row.step} of taking back {row.month:%Y-%m} of {row.person_id} is not its journal"
        )


def takings_add_up(connection: sa.Connection) -> Iterator[Finding]:
    """After each step, what was taken so far and what is owed make the credit; no step is missing."""
    rows = connection.execute(
        sa.text(
            """
            SELECT k.person_id, k.month
              FROM (SELECT *, sum(amount) OVER steps AS so_far, row_number() OVER steps - 1 AS expected
                      FROM credit_taking WINDOW steps AS (PARTITION BY bucket, person_id, month, kind, round ORDER BY step)
                   ) AS k
              JOIN account_credit c USING (bucket, person_id, month, kind, round)
             WHERE k.so_far + k.owed <> c.amount OR k.step <> k.expected
            """
        )
    )
    for row in rows:
        yield Finding("accrual", f"what was taken back of {row.month:%Y-%m} of {row.person_id} does not add up")


def undone_deaths_gave_all_back(connection: sa.Connection) -> Iterator[Finding]:
    """A death that was taken back brought into the accounts what had left them, and what came back meanwhile."""
    rows = connection.execute(
        sa.text(
            f"""
            SELECT u.person_id
              FROM closing_undo u
              JOIN account_closing c ON c.bucket = u.bucket AND c.id = u.closing_id
              CROSS JOIN LATERAL ({_MOVED} WHERE t.journal_id = u.journal_id) AS m
             WHERE u.amount <> c.amount OR c.kind <> 'death'
                OR (u.journal_id >= {KEPT_FROM} AND m.into_accounts <> u.amount + u.returned)
            """
        )
    )
    for row in rows:
        yield Finding(
            "accrual", f"the death of {row.person_id} that was taken back did not bring back what was paid out"
        )


CHECKS: Final[dict[str, Check]] = {
    "credits taken back stand in their journals": takings_stand_in_their_journals,
    "credits taken back add up": takings_add_up,
    "deaths taken back gave all back": undone_deaths_gave_all_back,
}
