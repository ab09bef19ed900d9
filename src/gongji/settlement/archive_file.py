"""The file of an archived month: a zip of one CSV a table and a manifest, readable without this program."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from gongji.ledger import store
from gongji.ledger.walk import Mark
from gongji.settlement import archive_refusals

_MANIFEST: Final = "manifest.json"
_FORMAT: Final = "gongji archived month 1"
_PIECE: Final = 1 << 20

#: By what rows are ordered, so that the same month gives the same file; what is not here by its whole key.
_ORDER: Final = {"block": "poster_id, number", "journal": "id", "transfer": "journal_id, leg"}


@dataclass(frozen=True, slots=True)
class ArchivedMonth:
    """What a file says of itself.

    Attributes:
        month: ``2024-06``.
        columns, rows: by table.
        before: where the chains stood before the month, by poster.
        posters: those that have blocks in it.
    """

    month: str
    columns: Mapping[str, Sequence[str]]
    rows: Mapping[str, int]
    before: Mapping[int, Mark]
    posters: Sequence[int]


def write(
    connection: sa.Connection, month: str, tables: Sequence[str], before: Mapping[int, Mark], file: Path
) -> dict[str, int]:
    """Write the tables of a month to a new file and have it on disk; how many rows of each.

    Args:
        connection: a transaction in which the month's tables are locked.
        month: ``2024-06``.
        tables: the growing tables.
        before: where the chains stood before.
        file: where to; it appears whole or not at all.
    """
    ending = month.replace("-", "_")
    columns = {table: _columns(connection, table) for table in tables}
    posters = connection.exec_driver_sql(f"SELECT DISTINCT poster_id FROM months.block_{ending} ORDER BY 1").scalars()
    rows: dict[str, int] = {}
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with unfinished.open("xb") as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as made:
                for table in tables:
                    query = (
                        f"COPY (SELECT {', '.join(columns[table])} FROM months.{table}_{ending}"
                        f" ORDER BY {_ORDER.get(table, ', '.join(columns[table][:2]))}) TO STDOUT (FORMAT csv, HEADER)"
                    )
                    with made.open(f"{table}.csv", "w", force_zip64=True) as member:
                        cursor = store.raw_cursor(connection)
                        with cursor.copy(query) as copied:
                            for piece in copied:
                                member.write(piece)
                        rows[table] = cursor.rowcount
                manifest = {
                    "format": _FORMAT,
                    "month": month,
                    "columns": columns,
                    "rows": rows,
                    "before": {str(poster): [mark.number, mark.hash.hex()] for poster, mark in before.items()},
                    "posters": list(posters),
                }
                made.writestr(_MANIFEST, json.dumps(manifest, indent=1))
            raw.flush()
            os.fsync(raw.fileno())
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return rows


def _columns(connection: sa.Connection, table: str) -> list[str]:
    return [one["name"] for one in sa.inspect(connection).get_columns(table) if "computed" not in one]


def digest_of(file: Path) -> bytes:
    """SHA-256 of a file, as ``sha256sum`` tells it."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()


def read_manifest(file: Path) -> ArchivedMonth:
    """What a file says of itself.

    Raises:
        InvalidInput: ``archive.unreadable``.
    """
    try:
        with zipfile.ZipFile(file) as opened:
            told = json.loads(opened.read(_MANIFEST))
        if told["format"] != _FORMAT:
            raise archive_refusals.unreadable(file)
        before = {
            int(poster): Mark(number, bytes.fromhex(stored)) for poster, (number, stored) in told["before"].items()
        }
        return ArchivedMonth(told["month"], told["columns"], told["rows"], before, told["posters"])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        raise archive_refusals.unreadable(file) from None


def load(connection: sa.Connection, told: ArchivedMonth, table: str, file: Path) -> None:
    """Bring a table's rows back into the month's table, which is there and empty."""
    name = f"months.{table}_{told.month.replace('-', '_')}"
    statement = f"COPY {name} ({', '.join(told.columns[table])}) FROM STDIN (FORMAT csv, HEADER)"
    with (
        zipfile.ZipFile(file) as opened,
        opened.open(f"{table}.csv") as member,
        store.raw_cursor(connection).copy(statement) as copied,
    ):
        while piece := member.read(_PIECE):
            copied.write(piece)
