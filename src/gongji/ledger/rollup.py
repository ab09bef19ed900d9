"""Balances of open accounts: sums by day, written by maintenance, and whatever came after them.

A fund, an institution's payable, clearing, income and opening keep no balance while money moves, so that thousands of
settlements may touch one hospital at once. Their balance is the sum of their transfers; so that nobody adds up ten
million of them, maintenance adds them up once, by account and day, over all buckets.

Which transfers are in the sums is told by block, not by time (`gongji.ledger.frontier`). A transfer that comes late for
its day is simply added to that day by the next run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any, Final

import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.foundation.database import Database
from gongji.foundation.money import yuan
from gongji.foundation.schema import fen_column, metadata
from gongji.ledger.archive_tables import FIRST_DAY
from gongji.ledger.archived import refuse_archived
from gongji.ledger.finding import Finding
from gongji.ledger.frontier import FRESH_TRANSFERS, advance, frontier, standings
from gongji.ledger.model import LAST_BOUNDED, AccountKind

#: What an open account gave and took on a day (China's), over all its buckets, as far as `rollup_through` tells.
account_rollup = sa.Table(
    "account_rollup",
    metadata,
    sa.Column("holder", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.SmallInteger, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    fen_column("debit"),
    fen_column("credit"),
    sa.Column("transfers", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("holder", "kind", "day"),
    sa.CheckConstraint("debit >= 0 AND credit >= 0 AND transfers > 0", name="sums"),
    comment="holder and kind: as in an account's id, without its bucket",
)

#: Up to which of a poster's blocks the sums go.
rollup_through = sa.Table(
    "rollup_through",
    metadata,
    sa.Column("poster_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("block", sa.BigInteger, nullable=False),
    sa.CheckConstraint("block > 0", name="block_positive"),
)

#: Blocks of a poster that one transaction sums up: a snapshot that lives long keeps dead rows of busy accounts alive.
_BLOCKS_AT_ONCE: Final = 2_000

#: "rollup" as a number: two runs at once would add the same blocks twice.
_LOCK: Final = 0x726F6C6C7570


def _sums(source: str) -> str:
    """What open accounts gave and took by day in `source`, which has transfers as ``t``."""
    day = "(t.posted_at AT TIME ZONE 'Asia/Shanghai')::date AS day"
    sides = " UNION ALL ".join(
        f"SELECT t.{side} >> 10 AS account, {day}, {debit} AS debit, {credit} AS credit, count(*) AS transfers"
        f" FROM {source} WHERE (t.{side} >> 10) & 255 > {LAST_BOUNDED} GROUP BY 1, 2"
        for side, debit, credit in (("debit", "sum(t.amount)", "0"), ("credit", "0", "sum(t.amount)"))
    )
    return f"""
SELECT account >> 8 AS holder, account & 255 AS kind, day, sum(debit)::bigint AS debit, sum(credit)::bigint AS credit,
       sum(transfers)::bigint AS transfers
  FROM ({sides}) AS side
 GROUP BY account, day
"""


_ADD: Final = f"""
INSERT INTO account_rollup AS r (holder, kind, day, debit, credit, transfers)
{_sums(FRESH_TRANSFERS)}
    ON CONFLICT (holder, kind, day) DO UPDATE SET debit = r.debit + excluded.debit, credit = r.credit + excluded.credit,
       transfers = r.transfers + excluded.transfers
"""


def roll_up(database: Database) -> int:
    """Add all blocks that are committed by now to the sums; beside running settlements, in short transactions.

    A run that is killed leaves whole transactions; the next one goes on. Two at once wait for each other.

    Returns:
        How many blocks were added.
    """
    blocks = 0
    while True:
        with database.transaction() as connection:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            fresh = frontier(connection, rollup_through, at_most=_BLOCKS_AT_ONCE)
            if not fresh:
                return blocks
            connection.execute(sa.text(_ADD), fresh.parameters)
            advance(connection, rollup_through, fresh)
            blocks += fresh.blocks


def open_balance(connection: sa.Connection, kind: AccountKind, holder: int, at: datetime | None = None) -> int:
    """The balance of an open account over all buckets, in fen: what it took less what it gave.

    Two statements read it, so that a transfer that is committed between them could be missed or counted twice; the
    connection must therefore be in a transaction with one snapshot (`Database.snapshot`).

    Args:
        connection: a transaction in REPEATABLE READ.
        kind: which open account.
        holder: an institution's number, `fund_holder`, a region's code as a number.
        at: as of this moment (transfers posted before it); None for all there is. A moment inside a day reads that day's
            transfers of all accounts; one at midnight in China needs none.

    Raises:
        Refused: ``ledger.archived`` for a moment inside a day that was archived.
    """
    assert not kind.bounded, "a bounded account has its balance in its row"
    whose = {"holder": holder, "kind": int(kind), "account": holder << 8 | kind}
    day = at.astimezone(CHINA).date() if at is not None else None
    midnight = datetime.combine(day, time.min, CHINA) if day is not None else None
    summed = (
        "SELECT coalesce(sum(credit - debit), 0)::bigint FROM account_rollup WHERE holder = :holder AND kind = :kind"
    )
    tail = f"""
        SELECT coalesce(sum(CASE WHEN t.credit >> 10 = :account THEN t.amount ELSE -t.amount END), 0)::bigint
          FROM {FRESH_TRANSFERS}
         WHERE :account IN (t.debit >> 10, t.credit >> 10)
    """
    fresh = frontier(connection, rollup_through)
    after = whose | fresh.parameters
    if at is None:
        return _fen(connection, summed, whose) + (_fen(connection, tail, after) if fresh else 0)
    balance = _fen(connection, f"{summed} AND day < :day", whose | {"day": day})
    if fresh:
        balance += _fen(connection, f"{tail} AND t.posted_at < :midnight", after | {"midnight": midnight})
    if at != midnight:
        refuse_archived(connection, at)
        balance += _fen(connection, _OF_THE_DAY, whose | {"midnight": midnight, "at": at})
    return balance


_OF_THE_DAY: Final = """
SELECT coalesce(sum(CASE WHEN t.credit >> 10 = :account THEN t.amount ELSE -t.amount END), 0)::bigint
  FROM transfer t
 WHERE t.posted_at >= :midnight AND t.posted_at < :at AND :account IN (t.debit >> 10, t.credit >> 10)
"""


def _fen(connection: sa.Connection, statement: str, parameters: dict[str, Any]) -> int:
    return int(connection.execute(sa.text(statement), parameters).scalar_one())


_COMPARED: Final = f"""
WITH moved AS ({_sums("transfer t")}), later AS ({_sums(FRESH_TRANSFERS)}),
meant AS (
    SELECT m.holder, m.kind, m.day, m.debit - coalesce(l.debit, 0) AS debit, m.credit - coalesce(l.credit, 0) AS credit,
           m.transfers - coalesce(l.transfers, 0) AS transfers
      FROM moved m LEFT JOIN later l USING (holder, kind, day)
)
SELECT holder, kind, day, coalesce(r.credit - r.debit, 0) AS summed, coalesce(m.credit - m.debit, 0) AS moved
  FROM (SELECT * FROM account_rollup WHERE day >= {FIRST_DAY}) AS r FULL JOIN (SELECT * FROM meant WHERE transfers > 0) AS m USING (holder, kind, day)
 WHERE (r.debit, r.credit, r.transfers) IS DISTINCT FROM (m.debit, m.credit, m.transfers)
"""


def rollups_match(connection: sa.Connection) -> Iterator[Finding]:
    """The sums by day are those of all transfers less those that came after the sums; no block is summed that is not."""
    for one in standings(connection, rollup_through):
        if one.done > one.newest:
            yield Finding(
                "rollup", f"poster {one.poster_id} is summed through block {one.done}, its last is {one.newest}"
            )
    for row in connection.execute(sa.text(_COMPARED), frontier(connection, rollup_through).parameters):
        account = f"{AccountKind(row.kind).name.lower()} {row.holder}"
        yield Finding(
            "rollup", f"{account} moved by {yuan(row.moved)} on {row.day}, the sums of that day say {yuan(row.summed)}"
        )
