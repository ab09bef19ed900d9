"""SQL of the pots: what the desk and the other rooms load under the locks of the sharer's accounts, and what they write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import psycopg
import sqlalchemy as sa

from gongji.foundation.arrays import Integers, columns, unnest
from gongji.foundation.distribution import is_spread
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.foundation.prepared import Asked
from gongji.foundation.schema import serial
from gongji.foundation.together import Together
from gongji.ledger import store
from gongji.ledger.model import AccountKind, Journal, JournalKind, Transfer, personal_account
from gongji.ledger.pots import Part, Piece, PotMove, going_home, merged, move_of, pieces_of, spending_order
from gongji.ledger.service import post, register_poster

Where = psycopg.Connection[Any] | psycopg.Cursor[Any]

_PARTS: Final = """
SELECT p.sharer_id, p.part, p.historical, p.current, p.year, p.ends_with_year
  FROM pot_part p JOIN unnest(%(sharers)b::bigint[]) AS k(id) ON p.bucket = (k.id & 1023)::smallint AND p.sharer_id = k.id
"""

_DRAWN: Final = """
SELECT m.journal_id, m.sharer_id, m.part, -m.historical, -m.current
  FROM pot_move m JOIN unnest(%(sharers)b::bigint[]) AS k(id) ON m.bucket = (k.id & 1023)::smallint AND m.sharer_id = k.id
 WHERE m.journal_id = ANY(%(journals)b::bigint[])
"""

_MOVES: Final = (
    ("p_journal", "bigint"),
    ("p_sharer", "bigint"),
    ("p_part", "bigint"),
    ("p_historical", "bigint"),
    ("p_current", "bigint"),
)

#: The parts exist: who allots makes them, and nobody takes them away.
_WRITE: Final = Together(
    {
        "noted": f"""
INSERT INTO pot_move (bucket, journal_id, sharer_id, part, historical, current, at)
SELECT (m.sharer_id & 1023)::smallint, m.*, %(p_at)s
  FROM {unnest(_MOVES)} AS m(journal_id, sharer_id, part, historical, current)
""",
        "moved": f"""
UPDATE pot_part p SET historical = p.historical + m.historical, current = p.current + m.current
  FROM (SELECT sharer_id, part, sum(historical)::bigint AS historical, sum(current)::bigint AS current
          FROM {unnest(_MOVES)} AS m(journal_id, sharer_id, part, historical, current) GROUP BY sharer_id, part) AS m
 WHERE p.bucket = (m.sharer_id & 1023)::smallint AND p.sharer_id = m.sharer_id AND p.part = m.part
""",
    }
)

_LOCK: Final = """
SELECT a.id, a.balance FROM account a
 WHERE a.bucket = %(bucket)s AND a.id = ANY(%(accounts)b::bigint[]) AND a.closed_at IS NULL
 ORDER BY a.id FOR NO KEY UPDATE OF a
"""

_MAKE_PART: Final = """
INSERT INTO pot_part (bucket, sharer_id, part, historical, current, year, ends_with_year)
VALUES (%(bucket)s, %(sharer)s, %(part)s, 0, 0, %(year)s, %(ends)s)
    ON CONFLICT (bucket, sharer_id, part) DO UPDATE SET year = excluded.year, ends_with_year = excluded.ends_with_year
"""


def load_parts(on: Where, sharers: Iterable[int]) -> dict[tuple[int, int], Part]:
    """The parts of people's pots, by (sharer, part)."""
    rows = on.execute(_PARTS, {"sharers": Integers(sorted(set(sharers)))}).fetchall()
    return {(row[0], row[1]): Part(*row[2:]) for row in rows}


def load_drawn(on: Where, sharers: Iterable[int], journals: Iterable[int]) -> dict[tuple[int, int], list[Piece]]:
    """What journals took out of people's pots, by (journal, sharer), in the order in which it was spent."""
    asked = {"sharers": Integers(sorted(set(sharers))), "journals": Integers(sorted(set(journals)))}
    parts: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for journal_id, sharer_id, *part in on.execute(_DRAWN, asked).fetchall():
        parts.setdefault((journal_id, sharer_id), []).append((part[0], part[1], part[2]))
    return {place: spending_order(found) for place, found in parts.items()}


def write_moves(on: Where, moves: Iterable[PotMove], at: datetime, *, spread: bool) -> None:
    """Write moves and what they leave of the parts; the database refuses to let one fall below zero."""
    moved = merged(moves)
    for statement, parameters in moving(moved, at, spread=spread):
        written = on.execute(statement, parameters)
    if moved:
        parts = {(one.sharer_id, one.part) for one in moved}
        assert written.rowcount in (-1, len(parts)), "a part that nobody made"


def moving(moves: Iterable[PotMove], at: datetime, *, spread: bool) -> list[Asked]:
    """What `write_moves` asks of the database, for who asks more at once."""
    rows = merged(moves)
    if not rows:
        return []
    values: list[tuple[Any, ...]] = [
        (one.journal_id, one.sharer_id, one.part, one.historical, one.current) for one in rows
    ]
    return _WRITE.asked({**columns(_MOVES, values), "p_at": at}, spread=spread)


def lock_pot(connection: sa.Connection, sharer_id: int) -> dict[AccountKind, int]:
    """Lock a sharer's personal accounts, which guard the pot, and the pot; fen of each that is open."""
    kinds = (AccountKind.PERSONAL_CURRENT, AccountKind.PERSONAL_HISTORICAL, AccountKind.POT)
    accounts = {personal_account(kind, sharer_id): kind for kind in kinds}
    with store.raw_cursor(connection) as cursor:
        cursor.execute(_LOCK, {"bucket": bucket_of(sharer_id), "accounts": Integers(sorted(accounts))})
        return {accounts[account]: balance for account, balance in cursor.fetchall()}


def make_part(connection: sa.Connection, sharer_id: int, part: int, year: int, *, ends_with_year: bool) -> None:
    """Have a pot and a part of it, empty where they are new; the year and what becomes of it then are those given."""
    account = personal_account(AccountKind.POT, sharer_id)
    values = {
        "bucket": bucket_of(sharer_id),
        "sharer": sharer_id,
        "part": part,
        "year": year,
        "ends": ends_with_year,
    }
    with store.raw_cursor(connection) as cursor:
        cursor.execute(store.OPEN_ACCOUNTS, {"accounts": Integers([account])})
        # A pot that was closed when its holder moved away is theirs again when they come back and allot anew.
        cursor.execute(
            "UPDATE account SET closed_at = NULL WHERE bucket = %s AND id = %s AND closed_at IS NOT NULL",
            [bucket_of(sharer_id), account],
        )
        cursor.execute(_MAKE_PART, values)


def post_pot_journal(
    connection: sa.Connection,
    serials: Serials,
    sharer_id: int,
    kind: str,
    legs: tuple[Transfer, ...],
    pieces: Iterable[Piece],
    sign: int,
    at: datetime,
) -> int:
    """Post one journal between a sharer's pot and personal accounts, with the moves of the parts.

    Args:
        connection: the transaction, in which the sharer's accounts are locked.
        serials: where the journal's id comes from.
        sharer_id: whose pot.
        kind: of the journal.
        legs: its transfers.
        pieces: what comes into the parts (`sign` 1) or leaves them (−1).
        at: now.

    Returns:
        The journal's id.
    """
    journal_id = compose(serials.take(1, at)[0], bucket_of(sharer_id))
    post(connection, register_poster(connection, serials, at), [Journal(journal_id, kind, None, at, legs)])
    with store.raw_cursor(connection) as cursor:
        moves = [move_of(journal_id, sharer_id, piece, sign) for piece in pieces]
        write_moves(cursor, moves, at, spread=is_spread(connection))
    return journal_id


def return_unused(connection: sa.Connection, sharer_id: int, parts: Sequence[int], at: datetime) -> int:
    """Bring what is left of parts back to the sharer's accounts, each fen to the one it came from.

    Args:
        connection: the transaction; the sharer's person is locked.
        sharer_id: whose pot.
        parts: which parts of it.
        at: now.

    Returns:
        How much, in fen.
    """
    with store.raw_cursor(connection) as cursor:
        if not any(left.total for (_, part), left in load_parts(cursor, [sharer_id]).items() if part in parts):
            return 0
        lock_pot(connection, sharer_id)
        left = {part: one for (_, part), one in load_parts(cursor, [sharer_id]).items() if part in parts}
    pieces = [piece for part, one in left.items() for piece in pieces_of(part, one.historical, one.current)]
    if not pieces:
        return 0
    legs = going_home(sharer_id, pieces)
    serials = _serials(connection)
    post_pot_journal(connection, serials, sharer_id, JournalKind.UNUSED_BACK, legs, pieces, -1, at)
    return sum(piece.amount for piece in pieces)


def _serials(connection: sa.Connection) -> Serials:
    """Serials for whoever has only the transaction in hand: the rest of the block is never used."""
    return Serials(lambda: int(connection.execute(sa.select(serial.next_value())).scalar_one()))
