"""``gongji load``: files into the registry, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gongji.entrances.bars import Bars
from gongji.entrances.loading.loader import LoadReport, load_files
from gongji.entrances.loading.records import FileKind
from gongji.foundation.clock import SystemClock
from gongji.foundation.personal import open_vault
from gongji.foundation.settings import load_settings
from gongji.migrations import open_migrated


def register(app: typer.Typer) -> None:
    """Mount ``load`` on the command line."""
    app.command()(load)


def load(
    files: Annotated[list[Path], typer.Argument(help="CSV or JSON files, UTF-8 or GB18030, in any order.")],
    kind: Annotated[FileKind | None, typer.Option(help="Kind of all files; told from the columns otherwise.")] = None,
    data: Annotated[Path | None, typer.Option(help="The installation's data folder.")] = None,
) -> None:
    """Load institutions, catalogues, people, enrolments, kinship and balances; each file whole or not at all."""
    settings = load_settings(data=data)
    database = open_migrated(settings)
    try:
        with Bars() as bars:
            report = load_files(
                database,
                open_vault(settings),
                SystemClock(),
                files,
                kind,
                bars.show,
                holder=psutil.Process().username(),
            )
    finally:
        database.close()
    print_report(report, Console())
    if not report.complete:
        raise typer.Exit(1)


def print_report(report: LoadReport, console: Console) -> None:
    """Print what came of each file, and every row that is wrong."""
    for file in report.files:
        state = "loaded 已导入" if file.loaded else "not loaded 未导入"
        console.print(f"{escape(file.file)}: {file.kind or '?'}, {file.rows} rows, {state}", highlight=False)
        if file.warning:
            console.print(f"  {file.warning}", highlight=False)
    if not report.problems:
        return
    table = Table(show_lines=True)
    for title in ("file 文件", "line 行", "field 列", "what is wrong 问题", "what is accepted 可填写"):
        table.add_column(title, overflow="fold")
    for problem in report.problems:
        cells = (problem.file, str(problem.line), problem.field, f"{problem.what}\n{problem.zh}", problem.accepted)
        table.add_row(*(escape(cell) for cell in cells))
    console.print(table)
