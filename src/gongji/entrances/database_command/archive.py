"""``gongji db archive``, ``check-archive`` and ``unarchive``: closed months out of the database, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gongji.foundation.clock import SystemClock
from gongji.foundation.database import open_database
from gongji.foundation.settings import load_settings
from gongji.migrations import upgrade
from gongji.settlement.archive import Archived, archive_month, check_archive, restore_month

DataFolder = Annotated[Path | None, typer.Option("--data", help="The installation's data folder.")]
ArchiveFile = Annotated[Path, typer.Argument(help="A file that `gongji db archive` wrote.")]


def archive(
    month: Annotated[str, typer.Argument(help="The oldest month, as 2024-06.")],
    file: Annotated[Path, typer.Argument(help="Where to: a new file.")],
    data: DataFolder = None,
) -> None:
    """Take a closed month out of the database into a file, as its owner; balances and proof stay as they are.

    The file is the only place of the month's rows from then on: keep it as long as accounting records are kept, twice.
    """
    owner = open_database(load_settings(data=data), as_owner=True)
    try:
        upgrade(owner)
        with Console(stderr=True).status(f"archiving {month} to {file}"):
            done = archive_month(owner, SystemClock(), month, file)
    finally:
        owner.close()
    _tell(done, "archived")


def unarchive(file: ArchiveFile, data: DataFolder = None) -> None:
    """Bring the month that was archived last back into the database, as its owner."""
    owner = open_database(load_settings(data=data), as_owner=True)
    try:
        with Console(stderr=True).status(f"bringing back {file}"):
            done = restore_month(owner, SystemClock(), file)
    finally:
        owner.close()
    _tell(done, "back")


def check(file: ArchiveFile) -> None:
    """Prove an archived month by its file alone: every block has the hash of its rows and follows the one before."""
    with Console(stderr=True).status(f"checking {file}"):
        told = check_archive(file)
    rows = ", ".join(f"{rows:,} {table}" for table, rows in told.rows.items())
    Console(highlight=False, soft_wrap=True).print(f"{told.month}: everything holds over {rows}")


def _tell(done: Archived, what: str) -> None:
    console = Console(highlight=False, soft_wrap=True)
    rows = ", ".join(f"{rows:,} {table}" for table, rows in done.rows.items())
    console.print(f"{done.month} {what}: {rows}")
    console.print(f"{done.sha256.hex()}  {done.file}")
