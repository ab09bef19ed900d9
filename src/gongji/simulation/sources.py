"""Files of claims as batches of columns, each row with its line: Parquet, CSV and JSON lines, from a file or a pipe.

A source is opened anew for each pass; what comes from a pipe is kept in a file of its own first. Nothing is read that
was not asked for, and no more than one batch at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gongji.foundation.errors import InvalidInput
from gongji.foundation.sheet import cannot_be_read
from gongji.simulation.batches import NO_LINES, Batch, Source, check_names, no_rows
from gongji.simulation.formats import Format, format_of
from gongji.simulation.texts import CsvSource, JsonSource

#: Rows of a batch of a Parquet file.
BATCH_ROWS: Final = 131_072

#: What pyarrow raises over a Parquet file that is damaged.
_BROKEN: Final = (pa.ArrowException, OSError, UnicodeDecodeError)


def open_source(path: Path, told: Format | None = None) -> Source:
    """Open a file of claims.

    Args:
        path: the file.
        told: its format, when it is not to be found out.

    Raises:
        InvalidInput: ``file.missing``, ``file.empty``, ``file.parquet``, ``file.encoding``, ``columns.twice``.
    """
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as problem:
        raise cannot_be_read(path, problem) from problem
    if empty:
        raise no_rows(path)
    match format_of(path, told):
        case Format.PARQUET:
            return ParquetSource(path)
        case Format.JSONL:
            return JsonSource(path)
    return CsvSource(path)


class ParquetSource:
    """A Parquet file; a row's line is its number in the file."""

    form = Format.PARQUET

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with self._open() as file:
                self.names: list[str] = list(file.schema_arrow.names)
                self._metadata = file.metadata
        except _BROKEN as problem:
            raise self._unreadable(problem) from problem
        check_names(self.names)
        self.rows = self.size = self._metadata.num_rows

    def batches(self) -> Iterator[Batch]:
        """All rows; a page that cannot be read ends the run with a refusal."""
        done = 0
        try:
            with self._open() as file:
                yield Batch(pa.RecordBatch.from_pylist([], file.schema_arrow), NO_LINES)
                for rows in file.iter_batches(BATCH_ROWS, use_threads=False):
                    lines = np.arange(done + 1, done + rows.num_rows + 1, dtype=np.int64)
                    done += rows.num_rows
                    rows.validate(full=True)  # bytes that are no text would only be noticed when they are shown
                    yield Batch(rows, lines, done=done)
        except _BROKEN as problem:
            raise self._unreadable(problem) from problem

    def surely_apart(self, column: str) -> bool:
        """Whether the row groups' ranges of a column overlap in a way that no ascending column has."""
        last = None
        place = self.names.index(column)
        try:
            for group in range(self._metadata.num_row_groups):
                statistics = self._metadata.row_group(group).column(place).statistics
                if statistics is None or not statistics.has_min_max:
                    return False
                if last is not None and statistics.min < last:
                    return True
                last = statistics.max
        except _BROKEN:
            return False  # what cannot be read is told when the rows are
        return False

    def _open(self) -> pq.ParquetFile:
        return pq.ParquetFile(self._path, memory_map=False, pre_buffer=False)

    def _unreadable(self, problem: Exception) -> InvalidInput:
        told = str(problem).splitlines()[0][:200] if str(problem) else type(problem).__name__
        return InvalidInput(
            "file.parquet",
            f"{self._path} is no Parquet file that can be read: {told}",
            f"{self._path} 不是可以读取的 Parquet 文件",
            field="file",
            accepted="a whole Parquet file",
        )
