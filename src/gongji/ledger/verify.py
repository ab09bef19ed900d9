"""Proof that the ledger holds: small checks, each of which names what is wrong; nothing is ever repaired here.

Each check is a generator of findings over the whole ledger. The numbers in the docstrings are those of the invariants
that the platform promises.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

import sqlalchemy as sa

from gongji.foundation.money import yuan
from gongji.ledger import chain
from gongji.ledger.model import AccountKind, Journal, Transfer

#: Kinds up to this one are bounded: their accounts have a row and a balance.
_LAST_BOUNDED: Final = max(kind for kind in AccountKind if kind.bounded)

#: Rows fetched at a time while the chain is walked: the ledger is read, never held.
_ROWS_AT_ONCE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold.

    Attributes:
        check: the check's name.
        what: one sentence: which row, what it is, what it should be.
    """

    check: str
    what: str

    def __str__(self) -> str:
        return f"{self.check}: {self.what}"


Check = Callable[[sa.Connection], Iterator[Finding]]

_BOUNDED_SUMS = f"""
SELECT side.account, sum(side.amount)::bigint AS amount
  FROM (SELECT debit AS account, -amount AS amount FROM transfer UNION ALL SELECT credit, amount FROM transfer) AS side
 WHERE (side.account >> 10) & 255 <= {_LAST_BOUNDED}
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
            SELECT coalesce(sum(CASE WHEN (debit >> 10) & 255 > {_LAST_BOUNDED} THEN amount ELSE 0 END
                              - CASE WHEN (credit >> 10) & 255 > {_LAST_BOUNDED} THEN amount ELSE 0 END), 0)::bigint
              FROM transfer
            """
        )
    ).scalar_one()
    if held != given:
        yield Finding("sum", f"bounded accounts hold {yuan(held)}, open accounts gave {yuan(given)}")


def transfers_have_journals(connection: sa.Connection) -> Iterator[Finding]:
    """Every transfer belongs to a journal, posted at the same moment, with legs numbered without a gap."""
    rows = connection.execute(
        sa.text(
            """
            SELECT t.journal_id, t.leg, j.id IS NULL AS orphan
              FROM transfer t LEFT JOIN journal j ON j.bucket = (t.journal_id & 1023) AND j.id = t.journal_id
             WHERE j.id IS NULL OR j.posted_at <> t.posted_at
            """
        )
    )
    for row in rows:
        wrong = "has no journal" if row.orphan else "was posted at another moment than its journal"
        yield Finding("journal", f"transfer {row.journal_id}/{row.leg} {wrong}")


def chain_is_whole(connection: sa.Connection) -> Iterator[Finding]:
    """The hash chain of every poster: blocks numbered without a gap, each hash that of what the rows say today.

    An altered amount, a removed or inserted row and a swapped pair all end here, with the block they lie in.
    """
    journals = _groups(
        connection,
        """
        SELECT j.poster_id, j.block, j.id, j.kind, j.reverses, j.posted_at,
               t.debit, t.credit, t.amount, t.authorisation_id
          FROM journal j LEFT JOIN transfer t ON t.journal_id = j.id
         ORDER BY j.poster_id, j.block, j.id, t.leg
        """,
    )
    blocks = connection.execution_options(stream_results=True, max_row_buffer=_ROWS_AT_ONCE).execute(
        sa.text("SELECT poster_id, number, hash FROM block ORDER BY poster_id, number")
    )
    waiting = next(journals, None)
    poster_id, number, before = None, 0, b""
    for block in blocks:
        if block.poster_id != poster_id:
            poster_id, number, before = block.poster_id, 0, chain.genesis(block.poster_id)
        place = f"block {block.number} of poster {block.poster_id}"
        if block.number != number + 1:
            yield Finding("chain", f"{place} follows block {number}: blocks are missing")
        while waiting is not None and waiting[0] < (block.poster_id, block.number):
            yield Finding(
                "chain", f"journals stand in block {waiting[0][1]} of poster {waiting[0][0]}, which is missing"
            )
            waiting = next(journals, None)
        posted: list[Journal] = []
        if waiting is not None and waiting[0] == (block.poster_id, block.number):
            posted = waiting[1]
            waiting = next(journals, None)
        if chain.block_hash(before, posted) != bytes(block.hash):
            first, last = (posted[0].id, posted[-1].id) if posted else ("none", "none")
            yield Finding("chain", f"{place} does not have the hash of its rows (journals {first} to {last})")
        number, before = block.number, bytes(block.hash)
    for (missing_poster, missing), _ in itertools.chain([waiting] if waiting else [], journals):
        yield Finding("chain", f"journals stand in block {missing} of poster {missing_poster}, which is missing")


def _groups(connection: sa.Connection, query: str) -> Iterator[tuple[tuple[int, int], list[Journal]]]:
    """Blocks of journals in order, read as a stream: ((poster, number), journals)."""
    rows = connection.execution_options(stream_results=True, max_row_buffer=_ROWS_AT_ONCE).execute(sa.text(query))
    for place, of_block in itertools.groupby(rows, key=itemgetter(0, 1)):
        yield place, [_journal(list(of_journal)) for _, of_journal in itertools.groupby(of_block, key=itemgetter(2))]


def _journal(rows: list[Any]) -> Journal:
    _, _, journal_id, kind, reverses, posted_at, *_ = rows[0]
    legs = tuple(Transfer(row[6], row[7], row[8], row[9]) for row in rows if row[6] is not None)
    return Journal(journal_id, kind, reverses, posted_at, legs)


CHECKS: Final[dict[str, Check]] = {
    "bounded accounts are not negative": bounded_not_negative,
    "balances equal their transfers": balances_equal_transfers,
    "all balances sum to zero": balances_sum_to_zero,
    "transfers have journals": transfers_have_journals,
    "the hash chain is whole": chain_is_whole,
}


def counts(connection: sa.Connection) -> dict[str, int]:
    """How much there is in the ledger: accounts, journals, transfers, blocks."""
    return {
        table: connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
        for table in ("account", "journal", "transfer", "block")
    }
