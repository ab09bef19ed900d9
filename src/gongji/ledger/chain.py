"""The hash chain: each commit of a poster makes one block, whose hash covers the block before and all it posted.

Whoever alters an amount, removes or inserts a row, or swaps two, changes the hash of that block and of all after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from gongji.ledger.model import Journal


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
    text = "\n".join(_lines(sorted(journals, key=lambda journal: journal.id)))
    return hashlib.sha256(before + text.encode()).digest()


def _lines(journals: Iterable[Journal]) -> Iterable[str]:
    for journal in journals:
        yield f"{journal.id}|{journal.kind}|{journal.reverses or ''}|{_microseconds(journal.posted_at)}"
        for leg, transfer in enumerate(journal.transfers, start=1):
            under = transfer.authorisation_id or ""
            yield f"{leg}|{transfer.debit}|{transfer.credit}|{transfer.amount}|{under}"


def _microseconds(moment: datetime) -> int:
    """Microseconds since 1970: the same number whatever zone the moment is read back in."""
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
