"""``gongji assess``: claims from a file or a pipe, assessed into a file or a pipe; or one person's claims explained."""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from gongji.entrances.platform import load_rules
from gongji.entrances.wording import Language
from gongji.foundation.errors import InvalidInput, Misconfigured
from gongji.foundation.settings import load_settings
from gongji.simulation.formats import Compression, Format

if TYPE_CHECKING:
    from gongji.rules.book import RuleBook
    from gongji.simulation.chunk import Defaults
    from gongji.simulation.engine import Options
    from gongji.simulation.receipt import Receipt

#: A file's name that stands for standard input or output.
_PIPE = "-"

#: The exit code when there were rows that could not be assessed.
SOME_REJECTED = 1

Claims = Annotated[str, typer.Argument(metavar="FILE|-", help="Claims as CSV, JSON lines or Parquet; - for a pipe.")]
Out = Annotated[str | None, typer.Option(metavar="FILE|-", help="Where the results go; - for a pipe.")]


def register(app: typer.Typer) -> None:
    """Mount ``assess`` on the command line."""
    app.command()(assess)


def assess(
    file: Claims,
    out: Out = None,
    rejects: Annotated[Path | None, typer.Option(help="Where rows that cannot be assessed are listed, as CSV.")] = None,
    explain: Annotated[
        str | None, typer.Option(metavar="ID", help="Print this person's claims step by step and write nothing.")
    ] = None,
    source_format: Annotated[Format | None, typer.Option("--format", help="Of the file; found out otherwise.")] = None,
    out_format: Annotated[Format | None, typer.Option(help="Of the results; by suffix, else as the file.")] = None,
    region: Annotated[str, typer.Option(help="Six digits, for rows that name no region.")] = "",
    scheme: Annotated[str, typer.Option(help="For rows that name no scheme: employee or resident.")] = "employee",
    kind: Annotated[str, typer.Option(help="For rows that name no kind of care.")] = "outpatient",
    status: Annotated[str, typer.Option(help="For rows that name no status: active, retired, resident.")] = "",
    tier: Annotated[str, typer.Option(help="For rows that name no tier: 1, 2, 3, community …")] = "",
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day of rows without a date.")] = None,
    counters: Annotated[bool, typer.Option("--counters", help="Give every counter after each claim.")] = False,
    compression: Annotated[Compression, typer.Option(help="Of Parquet results.")] = Compression.NONE,
    threads: Annotated[int, typer.Option(min=0, help="0 for as many as there are processors.")] = 0,
    pack: Annotated[
        list[Path] | None, typer.Option("--pack", help="A pack beside the shipped ones; may be repeated.")
    ] = None,
    language: Annotated[Language, typer.Option(help="Of --explain.")] = Language.CHINESE,
) -> None:
    """Assess claims: what each fund pays, what the person bears, who pays that. Exit code 1 when rows were rejected."""
    check_installed()
    from gongji.simulation.chunk import Defaults
    from gongji.simulation.engine import Options

    day = on.date().isoformat() if on else ""
    defaults = Defaults(region, scheme, kind, status, tier, day)
    book = load_rules([*load_settings().packs, *(pack or ())])
    with tempfile.TemporaryDirectory(prefix="gongji-") as folder:
        source = _source(file, Path(folder))
        if explain is not None:
            _explain(source, source_format, explain, defaults, book, language)
            return
        if out is None:
            raise InvalidInput(
                "out.missing",
                "say where the results go",
                "请指定结果写到哪里",
                field="out",
                accepted="--out FILE, --out -, or --explain ID",
            )
        options = Options(
            source_format=source_format,
            target_format=out_format,
            defaults=defaults,
            rejects=rejects,
            counters=counters,
            compression=compression,
            threads=threads,
        )
        receipt = _run(source, out, Path(folder), book, options)
    if receipt.tally.rejected:
        raise typer.Exit(SOME_REJECTED)


def check_installed() -> None:
    """Refuse to go on without what files of claims need (``simulate.missing``)."""
    missing = [name for name in ("numpy", "pyarrow") if find_spec(name) is None]
    if missing:
        raise Misconfigured(
            "simulate.missing",
            f"{', '.join(missing)} must be installed for files of claims",
            f"处理费用明细文件需要安装 {', '.join(missing)}",
            accepted="pip install 'gongji[simulate]'",
        )


def _source(file: str, folder: Path) -> Path:
    if file != _PIPE:
        return Path(file)
    path = folder / "claims"
    with path.open("wb") as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept)
    return path


def _explain(
    source: Path, form: Format | None, person: str, defaults: Defaults, book: RuleBook, language: Language
) -> None:
    from gongji.entrances.assess_command.explained import explained

    for line in explained(source, form, person, defaults, book, language):
        print(line)


def _run(source: Path, out: str, folder: Path, book: RuleBook, options: Options) -> Receipt:
    """Assess with a progress bar; the counts go to standard error when the results go to standard output."""
    from gongji.entrances.assess_command.printing import print_receipt
    from gongji.simulation.engine import assess_file

    target = folder / "results" if out == _PIPE else Path(out)
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task: TaskID = bar.add_task("claims 费用", total=None)
        receipt = assess_file(
            source, target, book, options, lambda done, size: bar.update(task, completed=done, total=size)
        )
    if out == _PIPE:
        with target.open("rb") as results:
            shutil.copyfileobj(results, sys.stdout.buffer)
        sys.stdout.flush()
    print_receipt(receipt, book, console if out == _PIPE else Console(emoji=False))
    return receipt
