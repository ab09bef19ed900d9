"""``gongji db backup`` and ``restore``, by PostgreSQL's own programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Annotated, Final

import sqlalchemy as sa
import typer
from rich.console import Console

from gongji.entrances.platform import check_secret
from gongji.foundation.database import Database, open_database
from gongji.foundation.embedded import embedded_programs
from gongji.foundation.errors import GongjiError, InvalidInput, Misconfigured, Refused
from gongji.foundation.personal import open_vault
from gongji.foundation.settings import load_settings
from gongji.ledger import verify as ledger
from gongji.migrations import open_migrated
from gongji.settlement.verify import verify_everything

DataFolder = Annotated[Path | None, typer.Option("--data", help="The installation's data folder.")]


#: Of the extensions the one that the schema needs; what else an administrator has put there (Citus, statistics) the owner of a
#: new database could not bring, and the rows are the same without.
_OURS: Final = ("--extension=btree_gist",)


def backup(
    file: Annotated[Path, typer.Argument(help="Where to: a new file.")],
    data: DataFolder = None,
) -> None:
    """Write the whole database to one file, consistent as of now, while it goes on working.

    The file holds personal data only sealed; it is worthless without the installation's secret, so keep that elsewhere.
    """
    if file.exists():
        raise Refused("backup.exists", f"{file} exists already", f"{file} 已存在", field="file", accepted="a new file")
    database = open_database(load_settings(data=data), as_owner=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with Console(stderr=True).status(f"backing up to {file}"):
            _run(database, "pg_dump", "--format=custom", *_OURS, f"--file={unfinished}", f"--dbname={database.url}")
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
        database.close()
    Console().print(f"{file}: {file.stat().st_size:,} bytes", highlight=False)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `gongji db backup` wrote.")],
    data: DataFolder = None,
) -> None:
    """Bring a backup into an empty database, whole or not at all, and prove its books."""
    if not file.is_file():
        raise InvalidInput("backup.missing", f"{file} is no file", f"找不到文件 {file}", field="file")
    settings = load_settings(data=data)
    owner = open_database(settings, as_owner=True)
    try:
        _refuse_unless_empty(owner)
        with Console(stderr=True).status(f"restoring {file}"):
            # One transaction: what fails leaves the database as empty as it was. Rights are given afresh below, to the
            # role that serves here, which need not have the name of the one that was backed up.
            whole = ("--single-transaction", "--no-owner", "--no-privileges")
            _run(owner, "pg_restore", *whole, f"--dbname={owner.url}", str(file))
        database = open_migrated(settings)
        check_secret(database, open_vault(settings))
        database.close()
        _prove(owner)
    finally:
        owner.close()


def _refuse_unless_empty(database: Database) -> None:
    with database.engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
    if tables:
        raise Refused(
            "database.not_empty",
            "the database holds something already: restore into an empty one (another --data or GONGJI_DATABASE_URL)",
            "数据库不是空的：请恢复到空数据库（换一个 --data 或 GONGJI_DATABASE_URL）",
            field="GONGJI_DATABASE_URL",
        )


def _prove(database: Database) -> None:
    console = Console()
    with database.engine.connect() as connection:
        findings = [str(finding) for finding in verify_everything(connection)]
        counts = ", ".join(f"{count:,} {name}s" for name, count in ledger.counts(connection).items())
    if findings:
        raise GongjiError(
            "backup.books",
            f"restored, but the books do not hold: {findings[0]}",
            f"已恢复，但账目校验未通过：{findings[0]}",
        )
    console.print(f"restored; everything holds over {counts}", highlight=False)


def _run(database: Database, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs, of the version that fits the server best.

    Raises:
        Misconfigured: ``postgresql.program`` with what the program said.
    """
    with database.engine.connect() as connection:
        server = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
    path = _fitting(program, server)
    if path is None:
        raise Misconfigured(
            "postgresql.program",
            f"no {program} for PostgreSQL {server} is installed",
            f"没有适用于 PostgreSQL {server} 的 {program}",
            accepted=f"the client programs of PostgreSQL {server}",
        )
    run = subprocess.run([path, *arguments], check=False, capture_output=True, text=True)
    if run.returncode:
        said = run.stderr.strip().splitlines()[0] if run.stderr.strip() else f"exit code {run.returncode}"
        raise Misconfigured("postgresql.program", f"{program}: {said}", f"{program} 失败：{said}")


def _fitting(program: str, server: int) -> str | None:
    """The program of the server's own version, else the next newer one: an older pg_dump refuses a newer server, and
    what a newer one writes an older server may not read. On the path, and among those of the embedded server."""
    found: dict[int, str] = {}
    for candidate in (str(embedded_programs() / program), shutil.which(program)):
        if candidate and Path(candidate).exists():
            told = subprocess.run([candidate, "--version"], check=False, capture_output=True, text=True).stdout
            version = re.search(r"(\d+)", told)
            if version and int(version[1]) >= server:
                found[int(version[1])] = candidate
    return found[min(found)] if found else None
