"""Loading files: each is read, recognised, checked, and then written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from gongji.entrances.loading.filing import FileRefused, Filing, write
from gongji.entrances.loading.forms import FORMS, Form, recognise
from gongji.entrances.loading.records import FileKind
from gongji.foundation import audit
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA, Clock
from gongji.foundation.database import Database
from gongji.foundation.errors import InvalidInput
from gongji.foundation.personal import Vault
from gongji.foundation.sheet import FIRST_LINE, RowProblem, Table, read_table
from gongji.foundation.tabular import typed_rows

#: Told the file, how far it has come, and how far it has to go (each row counts once checked and once written).
Progress = Callable[[str, int, int], None]

_LOAD_ORDER: Final = list(FileKind)


@dataclass(frozen=True, slots=True)
class FileReport:
    """What came of one file.

    Attributes:
        file: its path as it was given.
        kind: its kind, None when it could not be told.
        rows: how many rows it has.
        loaded: whether it was written, whole.
        problems: everything that is wrong with it.
        warning: something its sender should know although it was loaded, "" when nothing.
    """

    file: str
    kind: FileKind | None
    rows: int
    loaded: bool
    problems: tuple[RowProblem, ...]
    warning: str = ""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What came of all files, in the order in which they were loaded."""

    files: tuple[FileReport, ...]

    @property
    def complete(self) -> bool:
        """Whether every file was loaded."""
        return all(report.loaded for report in self.files)

    @property
    def problems(self) -> tuple[RowProblem, ...]:
        """Everything that is wrong, file by file."""
        return tuple(problem for report in self.files for problem in report.problems)


def load_files(
    database: Database,
    vault: Vault,
    clock: Clock,
    files: Sequence[Path],
    kind: FileKind | None = None,
    progress: Progress = lambda file, done, total: None,
    *,
    holder: str = "command line",
) -> LoadReport:
    """Load files; each one whole, in a transaction of its own, or not at all.

    Files are taken in the order in which they need each other (institutions, catalogue, people, enrolments, kinship,
    balances), whatever order they are given in. A file that is refused does not keep the others from being loaded.

    Args:
        database: where to.
        vault: seals personal data.
        clock: tells today.
        files: CSV or JSON files.
        kind: the kind of all files; told from each file's columns when None.
        progress: told of every step.
        holder: who loads, for the audit.

    Returns:
        What came of each file, with every row that is wrong.
    """
    recognised: list[tuple[Table, Form]] = []
    unreadable: list[FileReport] = []
    for path in files:
        try:
            table = read_table(path)
            recognised.append((table, FORMS[kind] if kind is not None else recognise(table)))
        except InvalidInput as error:
            problem = RowProblem.of(str(path), FIRST_LINE, error)
            unreadable.append(FileReport(str(path), kind, 0, False, (problem,)))
    recognised.sort(key=lambda one: _LOAD_ORDER.index(one[1].kind))
    reports = [_load(database, vault, clock.now(), table, form, progress, holder) for table, form in recognised]
    return LoadReport((*unreadable, *reports))


def _load(
    database: Database, vault: Vault, at: datetime, table: Table, form: Form, progress: Progress, holder: str
) -> FileReport:
    done, total = 0, 2 * len(table.rows)

    def step(count: int) -> None:
        nonlocal done
        done += count
        progress(table.file, done, total)

    today = at.astimezone(CHINA).date()
    rows, problems = typed_rows(table, form.columns, lambda cells: form.build(cells, today), step)
    report = FileReport(table.file, form.kind, len(table.rows), True, (), table.warning)
    try:
        with database.transaction() as connection:
            # Also when rows are wrong already, so that what the registry has against the others is told in one go.
            write(Filing(connection, database.serials, vault, at, table.file, step), form.kind, rows)
            if problems:
                raise FileRefused(())
            caller = Caller(Role.OPERATOR, holder)
            kind, sha256 = form.kind.value, table.sha256
            audit.record(connection, caller, "registry.load", at=at, kind=kind, rows=len(rows), sha256=sha256)
    except FileRefused as refusal:
        every = sorted((*problems, *refusal.problems), key=lambda problem: problem.line)
        return replace(report, loaded=False, problems=tuple(every))
    progress(table.file, total, total)
    return report
