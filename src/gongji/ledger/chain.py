"""The hash chain: each commit of a poster makes one block, whose hash covers the block before and all it posted.

Whoever alters an amount, removes or inserts a row, or swaps two, changes the hash of that block and of all after it.

What is hashed, all numbers as eight bytes in network order:

- the hash of the block before (`genesis` for the first);
- how many journals and how many transfers the block has;
- each journal in the order of ids: id, the journal it reverses (0 for none), microseconds since 2000-01-01 UTC, its
  kind in UTF-8 with a zero byte behind it;
- each transfer in the order of journals and legs: journal, leg, debit, credit, amount, authorisation (0 for none).

PostgreSQL has functions for each of these, so a block is hashed where its rows lie (`HASHED_ROWS`).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gongji.foundation.arrays import Moments
from gongji.ledger.model import LAST_BOUNDED, Journal

_COUNTS: Final = struct.Struct("!qq")
_EVENT: Final = struct.Struct("!qqq")

#: The same bytes in SQL, as columns of one row: how many journals and transfers, the first and last journal, the bytes
#: of both in order. Beside them what is not hashed because it follows from what is: how many transfers do not have
#: their journal's moment or lie in another bucket than `Transfer.bucket` says. `{block}`: which block ``b``.
HASHED_ROWS: Final = f"""
SELECT count(*) AS journals, coalesce(sum(legs.many), 0)::bigint AS transfers, min(j.id) AS first, max(j.id) AS last,
       coalesce(sum(legs.strays), 0)::bigint AS strays,
       string_agg(int8send(j.id) || int8send(coalesce(j.reverses, 0)) || timestamptz_send(j.posted_at)
                  || convert_to(j.kind, 'UTF8') || '\\x00'::bytea, '' ORDER BY j.id) AS events,
       coalesce(string_agg(legs.bytes, '' ORDER BY j.id), '') AS legs
  FROM block b
  CROSS JOIN unnest(b.journals) AS posted(id)
  JOIN journal j ON j.bucket = (posted.id & 1023)::smallint AND j.id = posted.id
  LEFT JOIN LATERAL (
       SELECT count(*) AS many,
              count(*) FILTER (WHERE t.posted_at <> j.posted_at OR t.bucket <> (CASE
                    WHEN (t.debit >> 10) & 255 > {LAST_BOUNDED} AND (t.credit >> 10) & 255 <= {LAST_BOUNDED}
                    THEN t.credit ELSE t.debit END) & 1023) AS strays,
              string_agg(int8send(t.journal_id) || int8send(t.leg) || int8send(t.debit) || int8send(t.credit)
                         || int8send(t.amount) || int8send(coalesce(t.authorisation_id, 0)), '' ORDER BY t.leg) AS bytes
         FROM transfer t WHERE t.journal_id = j.id
       ) AS legs ON true
 WHERE {{block}}
"""

#: The hash of a block whose rows were gathered by `HASHED_ROWS` as ``h``; `{before}` is the hash of the one before.
HASH: Final = "sha256({before} || int8send(h.journals) || int8send(h.transfers) || h.events || h.legs)"


def genesis(poster_id: int) -> bytes:
    """The hash that a poster's first block builds on."""
    return hashlib.sha256(f"gongji poster {poster_id}".encode()).digest()


def block_hash(before: bytes, journals: Sequence[Journal]) -> bytes:
    """The hash of a block.

    Args:
        before: hash of the poster's previous block, or `genesis`.
        journals: what the block posts; they are taken in the order of their ids, so that the rows in the database,
            which have no other order, give the same hash.
    """
    events: list[bytes] = []
    legs: list[int] = []
    moment: datetime | None = None
    posted = 0
    for journal in sorted(journals, key=lambda journal: journal.id):
        if journal.posted_at is not moment:
            moment, posted = journal.posted_at, Moments.encode(journal.posted_at)
        events += _EVENT.pack(journal.id, journal.reverses or 0, posted), journal.kind.encode(), b"\0"
        for leg, one in enumerate(journal.transfers, start=1):
            legs += journal.id, leg, one.debit, one.credit, one.amount, one.authorisation_id or 0
    counts = _COUNTS.pack(len(journals), len(legs) // 6)
    return hashlib.sha256(b"".join((before, counts, *events, struct.pack(f"!{len(legs)}q", *legs)))).digest()
