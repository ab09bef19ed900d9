"""Proof that the ledger holds: small checks, each of which names what is wrong; nothing is ever repaired here.

Each check is a generator of findings over the whole ledger. The numbers in the docstrings are those of the invariants
that the platform promises.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from gongji.foundation.money import yuan
from gongji.ledger import archived, hold_checks, pot_checks, store
from gongji.ledger.finding import Check, Finding
from gongji.ledger.model import LAST_BOUNDED
from gongji.ledger.rollup import rollups_match
from gongji.ledger.walk import check_slice, walk

__all__ = ["CHECKS", "Check", "Finding", "counts"]

_BOUNDED_SUMS = f"""
SELECT side.account, sum(side.amount)::bigint AS amount
  FROM (SELECT debit AS account, -amount AS amount FROM transfer UNION ALL SELECT credit, amount FROM transfer
         UNION ALL SELECT subject, value FROM carried_forward WHERE what = 'balance') AS side
 WHERE (side.account >> 10) & 255 <= {LAST_BOUNDED}
 GROUP BY side.account
"""


def balances_equal_transfers(connection: sa.Connection) -> Iterator[Finding]:
    """Invariant 3: a stored balance equals the sum of its transfers; an account that money moved in has a row."""
    rows = connection.execute(
        sa.text(
            f"""
            SELECT coalesce(a.id, t.account) AS id, a.balance, coalesce(t.amount, 0) AS amount
              FROM account a FULL JOIN ({_BOUNDED_SUMS}) AS t ON t.account = a.id
             WHERE a.balance IS DISTINCT FROM coalesce(t.amount, 0)
            """
        )
    )
    for row in rows:
        stored = "has no row" if row.balance is None else f"stores {yuan(row.balance)}"
        yield Finding("balance", f"account {row.id} {stored}, its transfers add up to {yuan(row.amount)}")


def bounded_not_negative(connection: sa.Connection) -> Iterator[Finding]:
    """Invariant 2: no bounded account is negative."""
    for row in connection.execute(sa.text("SELECT id, balance FROM account WHERE balance < 0")):
        yield Finding("negative", f"account {row.id} stands at {yuan(row.balance)}")


def balances_sum_to_zero(connection: sa.Connection) -> Iterator[Finding]:
    """Invariant 1: what bounded accounts hold is what open accounts gave less what they took."""
    held = connection.execute(sa.text("SELECT coalesce(sum(balance), 0)::bigint FROM account")).scalar_one()
    given = connection.execute(
        sa.text(
            f"""
            SELECT coalesce(sum(CASE WHEN (debit >> 10) & 255 > {LAST_BOUNDED} THEN amount ELSE 0 END
                              - CASE WHEN (credit >> 10) & 255 > {LAST_BOUNDED} THEN amount ELSE 0 END), 0)::bigint
                 + (SELECT coalesce(sum(value), 0) FROM carried_forward
                     WHERE what = 'balance' AND (subject >> 10) & 255 <= {LAST_BOUNDED})::bigint
              FROM transfer
            """
        )
    ).scalar_one()
    if held != given:
        yield Finding("sum", f"bounded accounts hold {yuan(held)}, open accounts gave {yuan(given)}")


def rows_stand_in_blocks(connection: sa.Connection) -> Iterator[Finding]:
    """Every transfer belongs to a journal, every journal to a block, every block to a poster; the chain is walked from
    posters to transfers and does not see what hangs loose."""
    loose = {
        "transfer": "SELECT t.journal_id || '/' || t.leg AS what, 'no journal' AS lacks FROM transfer t"
        " WHERE NOT EXISTS (SELECT FROM journal j WHERE j.id = t.journal_id AND j.bucket = t.journal_id & 1023)",
        "journal": "SELECT coalesce(j.id, p.id)::text AS what, CASE WHEN bool_or(j.id IS NULL) THEN 'only a block'"
        " ELSE count(p.id) || ' blocks' END AS lacks FROM journal j"
        " FULL JOIN (SELECT unnest(journals) AS id FROM block) AS p ON p.id = j.id"
        " GROUP BY coalesce(j.id, p.id) HAVING bool_or(j.id IS NULL) OR count(p.id) <> 1",
        "block": "SELECT b.number || ' of poster ' || b.poster_id AS what, 'no such poster' AS lacks FROM block b"
        " WHERE NOT EXISTS (SELECT FROM poster p WHERE p.id = b.poster_id)",
    }
    for table, statement in loose.items():
        for row in connection.execute(sa.text(statement)):
            yield Finding("journal", f"{table} {row.what} has {row.lacks}")


def chain_is_whole(connection: sa.Connection) -> Iterator[Finding]:
    """The hash chain of every poster: blocks numbered without a gap, each hash that of what the rows say today.

    An altered amount, a removed or inserted row and a swapped pair all end here, with the block they lie in.
    """
    driver = store.raw_cursor(connection).connection
    for piece in walk(driver):
        yield from check_slice(driver, piece)


CHECKS: Final[dict[str, Check]] = {
    "bounded accounts are not negative": bounded_not_negative,
    "balances equal their transfers": balances_equal_transfers,
    "all balances sum to zero": balances_sum_to_zero,
    "transfers, journals and blocks hang together": rows_stand_in_blocks,
    "sums of open accounts match": rollups_match,
    **archived.CHECKS,
    **hold_checks.CHECKS,
    **pot_checks.CHECKS,
    "the hash chain is whole": chain_is_whole,
}


def counts(connection: sa.Connection) -> dict[str, int]:
    """How much there is in the ledger: accounts, journals, transfers, blocks."""
    return {
        table: connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
        for table in ("account", "journal", "transfer", "block")
    }
