"""Proof of an archived month's file by itself: every block has the hash of its rows and follows the one before.

Blocks are proven poster by poster, journals and transfers lie in the order of ids: so these are read once and wait, for the block
that names them, in a database of SQLite on disk that vanishes with the proof. Memory does not grow with the month.
"""

from __future__ import annotations

import csv
import io
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from gongji.ledger import chain
from gongji.ledger.model import Journal, Transfer
from gongji.ledger.walk import Mark
from gongji.settlement import archive_refusals
from gongji.settlement.archive_file import ArchivedMonth

#: A transfer of a journal that waits: debit, credit, amount, authorisation (0 for none).
_LEG: Final = struct.Struct("!qqqq")

_WAITING: Final = """
CREATE TABLE waiting (id integer PRIMARY KEY, kind text, reverses integer, posted_at text, legs blob)
"""

#: What reading a file that is not as it was written ends with.
_NOT_AS_WRITTEN: Final = (
    KeyError,
    ValueError,
    TypeError,
    OverflowError,
    EOFError,
    csv.Error,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)


def prove_file(told: ArchivedMonth, file: Path) -> None:
    """Compute every hash of a month's file anew. While it runs, the journals take room in the folder for temporary files.

    Args:
        told: what the file says of itself.
        file: the file.

    Raises:
        InvalidInput: ``archive.unreadable``.
        Refused: ``archive.not_whole`` naming the first block whose hash is not that of its rows or that does not follow the one
            before, or a journal that no block names.
    """
    try:
        with zipfile.ZipFile(file) as opened, closing(sqlite3.connect("")) as disk:
            disk.execute(_WAITING)
            disk.executemany("INSERT INTO waiting VALUES (?, ?, ?, ?, ?)", _journals(opened))
            _prove_blocks(told, opened, disk)
            left = disk.execute("SELECT min(id) FROM waiting").fetchone()[0]
    except sqlite3.IntegrityError:
        raise archive_refusals.not_whole("a journal stands twice") from None
    except _NOT_AS_WRITTEN:
        raise archive_refusals.unreadable(file) from None
    if left is not None:
        raise archive_refusals.not_whole(f"journal {left}")


def _journals(opened: zipfile.ZipFile) -> Iterator[tuple[int, str, int | None, str, bytes]]:
    """The journals as they wait, each with its transfers: both lie in the order of ids."""
    transfers = _rows(opened, "transfer")
    ahead = next(transfers, None)
    for row in _rows(opened, "journal"):
        journal_id = int(row["id"])
        legs = []
        while ahead is not None and int(ahead["journal_id"]) == journal_id:
            figures = (
                int(ahead["debit"]),
                int(ahead["credit"]),
                int(ahead["amount"]),
                int(ahead["authorisation_id"] or 0),
            )
            legs.append(_LEG.pack(*figures))
            ahead = next(transfers, None)
        yield (
            journal_id,
            row["kind"],
            int(row["reverses"]) if row["reverses"] else None,
            row["posted_at"],
            b"".join(legs),
        )
    if ahead is not None:
        raise archive_refusals.not_whole(f"journal {ahead['journal_id']}")


def _prove_blocks(told: ArchivedMonth, opened: zipfile.ZipFile, disk: sqlite3.Connection) -> None:
    """Take the journals of each block away and hash them."""
    poster, stands = 0, Mark(0, b"")
    for row in _rows(opened, "block"):
        owner = int(row["poster_id"])
        if owner != poster:
            poster, stands = owner, told.before.get(owner, Mark(0, chain.genesis(owner)))
        journals = [_taken(disk, int(one)) for one in row["journals"].strip("{}").split(",")]
        known = [one for one in journals if one is not None]
        after = Mark(int(row["number"]), bytes.fromhex(row["hash"].removeprefix("\\x")))
        follows = after.number == stands.number + 1 and len(known) == len(journals)
        if not follows or chain.block_hash(stands.hash, known) != after.hash:
            raise archive_refusals.not_whole(f"block {after.number} of poster {owner}")
        stands = after


def _taken(disk: sqlite3.Connection, journal_id: int) -> Journal | None:
    """Take a journal away; None where none waits: no block names one twice."""
    row = disk.execute("SELECT kind, reverses, posted_at, legs FROM waiting WHERE id = ?", [journal_id]).fetchone()
    if row is None:
        return None
    disk.execute("DELETE FROM waiting WHERE id = ?", [journal_id])
    kind, reverses, posted_at, legs = row
    transfers = tuple(_transfer(figures) for figures in _LEG.iter_unpack(legs))
    return Journal(journal_id, kind, reverses, datetime.fromisoformat(posted_at), transfers)


def _transfer(figures: Sequence[int]) -> Transfer:
    debit, credit, amount, under = figures
    return Transfer(debit, credit, amount, under or None)


def _rows(opened: zipfile.ZipFile, table: str) -> Iterator[dict[str, Any]]:
    with opened.open(f"{table}.csv") as member:
        yield from csv.DictReader(io.TextIOWrapper(member, "utf-8", newline=""))
