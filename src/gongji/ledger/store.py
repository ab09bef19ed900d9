"""SQL of the ledger. Posting is one statement for all journals of a commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import psycopg
import sqlalchemy as sa

from gongji.foundation.arrays import columns
from gongji.foundation.together import Together
from gongji.ledger.model import Journal, is_bounded

Cursor = psycopg.Cursor[Any]

_JOURNALS: Final = (("ids", "bigint"), ("kinds", "text"), ("reverses", "bigint"), ("moments", "timestamptz"))
_TRANSFERS: Final = (
    ("t_bucket", "smallint"),
    ("t_journal", "bigint"),
    ("t_leg", "smallint"),
    ("t_debit", "bigint"),
    ("t_credit", "bigint"),
    ("t_amount", "bigint"),
    ("t_under", "bigint"),
    ("t_moment", "timestamptz"),
)
_MOVES: Final = (("a_id", "bigint"), ("a_amount", "bigint"))

POST: Final = Together(
    {
        "posted_journal": """
    INSERT INTO journal (bucket, id, kind, reverses, posted_at)
    SELECT j.id & 1023, j.id, j.kind, j.reverses, j.posted_at
      FROM unnest(%(ids)b::bigint[], %(kinds)b::text[], %(reverses)b::bigint[], %(moments)b::timestamptz[])
           AS j(id, kind, reverses, posted_at)
""",
        # What was taken back, given again by an undo, and is taken back once more, is so in another round.
        "taken_back": """
    INSERT INTO reversal (bucket, journal_id, round, reversed_by, undo)
    SELECT j.id & 1023, j.reverses, 1 + coalesce(b.rounds, 0), j.id, j.kind = 'undo'
      FROM unnest(%(ids)b::bigint[], %(kinds)b::text[], %(reverses)b::bigint[]) AS j(id, kind, reverses)
      LEFT JOIN (SELECT r.bucket, r.journal_id, count(*) AS rounds
                   FROM unnest(%(reverses)b::bigint[]) AS k(id)
                   JOIN reversal r ON r.bucket = (k.id & 1023)::smallint AND r.journal_id = k.id
                   JOIN reversal u ON u.bucket = r.bucket AND u.journal_id = r.reversed_by
                  GROUP BY r.bucket, r.journal_id) AS b ON b.journal_id = j.reverses
     WHERE j.reverses IS NOT NULL
""",
        "posted_transfer": """
    INSERT INTO transfer (bucket, journal_id, leg, debit, credit, amount, authorisation_id, posted_at)
    SELECT t.bucket, t.journal_id, t.leg, t.debit, t.credit, t.amount, t.authorisation_id, t.posted_at
      FROM unnest(%(t_bucket)b::smallint[], %(t_journal)b::bigint[], %(t_leg)b::smallint[], %(t_debit)b::bigint[],
                  %(t_credit)b::bigint[], %(t_amount)b::bigint[], %(t_under)b::bigint[], %(t_moment)b::timestamptz[])
           AS t(bucket, journal_id, leg, debit, credit, amount, authorisation_id, posted_at)
""",
        "posted_block": """
    INSERT INTO block (id, poster_id, number, journals, transfers, hash)
    VALUES (%(b_id)s, %(poster)s, %(number)s, %(ids)b::bigint[], %(b_transfers)s, %(hash)s)
""",
        "moved": """
    UPDATE account a SET balance = a.balance + d.amount
      FROM unnest(%(a_id)b::bigint[], %(a_amount)b::bigint[]) AS d(id, amount)
     WHERE a.bucket = (d.id & 1023) AND a.id = d.id AND a.closed_at IS NULL
""",
    },
    needs={"taken_back": "reverses"},
)

OPEN_ACCOUNTS = """
INSERT INTO account (bucket, id, holder, kind, balance)
SELECT a.id & 1023, a.id, a.id >> 18, (a.id >> 10) & 255, 0 FROM unnest(%(accounts)b::bigint[]) AS a(id)
    ON CONFLICT (bucket, id) DO NOTHING
"""

REMEMBER_OPENINGS = """
INSERT INTO opening (bucket, account_id, journal_id)
SELECT o.account_id & 1023, o.account_id, o.journal_id
  FROM unnest(%(accounts)b::bigint[], %(journals)b::bigint[]) AS o(account_id, journal_id)
"""


def movements(journals: Sequence[Journal]) -> dict[int, int]:
    """By how much each bounded account changes, in fen; accounts that end as they began are left out."""
    change: Counter[int] = Counter()
    for journal in journals:
        for transfer in journal.transfers:
            if is_bounded(transfer.debit):
                change[transfer.debit] -= transfer.amount
            if is_bounded(transfer.credit):
                change[transfer.credit] += transfer.amount
    return {account: amount for account, amount in change.items() if amount}


def post_parameters(
    poster_id: int, number: int, block_hash: bytes, journals: Sequence[Journal], moved: dict[int, int]
) -> dict[str, object]:
    """The parameters of `POST` for a block."""
    legs: list[tuple[Any, ...]] = []
    for journal in journals:
        for leg, one in enumerate(journal.transfers, start=1):
            ends = one.debit, one.credit, one.amount, one.authorisation_id
            legs.append((one.bucket, journal.id, leg, *ends, journal.posted_at))
    events = [(journal.id, journal.kind, journal.reverses, journal.posted_at) for journal in journals]
    block = {
        "poster": poster_id,
        "number": number,
        "hash": block_hash,
        "b_id": journals[0].id,
        "b_transfers": len(legs),
    }
    return block | columns(_JOURNALS, events) | columns(_TRANSFERS, legs) | columns(_MOVES, list(moved.items()))


def raw_cursor(connection: sa.Connection) -> Cursor:
    """A psycopg cursor inside an SQLAlchemy connection's transaction."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver.cursor()
