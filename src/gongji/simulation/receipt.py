"""What came of a file: counts, sums, reasons; and the rows that were not assessed, in a file of their own."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final

from gongji.foundation.errors import InvalidInput
from gongji.simulation.targets import unwritable

#: The columns of the file of rejects.
REJECT_COLUMNS: Final = ("line", "column", "value", "code", "reason", "原因", "accepted")

_LONGEST_VALUE: Final = 80


@dataclass(frozen=True, slots=True)
class Reject:
    """What is wrong with one cell of one row; `line` is the row's number in a Parquet file."""

    line: int
    column: str
    value: str
    code: str
    en: str
    zh: str
    accepted: str


@dataclass(slots=True)
class Tally:
    """Counts of a chunk, or of a file; sums are fen.

    Attributes:
        read: rows, and lines that are none.
        assessed: those with a result.
        rejected: those without.
        reasons: of the rejected, by column and code; a row may have several.
        notes: of the assessed, those for which no rule is known, by note.
        sums: by result: ``total``, ``fund_pool`` … and with accounts ``own``, ``shared``, ``cash``.
        regions: the plan's numbers of the regions of the assessed.
    """

    read: int = 0
    assessed: int = 0
    rejected: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    regions: set[int] = field(default_factory=set)

    def add(self, other: Tally) -> None:
        """Count another in."""
        self.read += other.read
        self.assessed += other.assessed
        self.rejected += other.rejected
        self.reasons.update(other.reasons)
        self.notes.update(other.notes)
        self.sums.update(other.sums)
        self.regions |= other.regions


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of a file.

    Attributes:
        tally: counts and sums.
        in_order: whether the rows came back in the order of the file; else their column ``row`` tells the line.
        families_apart: whether the claims of families stood apart in the file.
        digests: of the packs behind each region that came up.
        engine: version of the arithmetic.
    """

    tally: Tally
    in_order: bool
    families_apart: bool
    digests: Mapping[str, str]
    engine: str


class RejectsFile:
    """The rejected rows as CSV; a context manager that keeps the file only when all went well. Without a path nothing."""

    def __init__(self, path: Path | None) -> None:
        """
        Raises:
            InvalidInput: ``out.unwritable``.
        """
        self._path = path
        if path is None:
            return
        self._part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            self._file = self._part.open("w", newline="", encoding="utf-8-sig")
        except OSError as problem:
            raise unwritable(path, problem) from problem
        self._writer = csv.writer(self._file)
        self._writer.writerow(REJECT_COLUMNS)

    def __enter__(self) -> RejectsFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._path is None:
            return
        self._file.close()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)

    def write(self, rejects: Iterable[Reject]) -> None:
        """Write rows.

        Raises:
            InvalidInput: ``out.unwritable`` when the disk is full.
        """
        if self._path is None:
            return
        try:
            for one in rejects:
                value = one.value[:_LONGEST_VALUE]
                self._writer.writerow((one.line, one.column, value, one.code, one.en, one.zh, one.accepted))
        except OSError as problem:
            raise unwritable(self._path, problem) from problem


def check_paths(paths: Mapping[str, Path | None]) -> None:
    """Refuse a run that would write over its own input or write two things to one file.

    Args:
        paths: by the option that names each.

    Raises:
        InvalidInput: ``out.same_file``.
    """
    seen: dict[Path, str] = {}
    for option, path in paths.items():
        if path is None:
            continue
        other = seen.setdefault(path.resolve(), option)
        if other != option:
            raise InvalidInput(
                "out.same_file",
                f"{option} and {other} are one file: {path}",
                f"{option} 与 {other} 是同一个文件：{path}",
                field=option,
                accepted="files that differ",
            )
