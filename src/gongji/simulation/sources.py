"""Files of claims as batches of columns, each row with its line: Parquet, CSV and JSON lines, from a file or a pipe.

A source is opened anew for each pass; what comes from a pipe is kept in a file of its own first. Nothing is read that
was not asked for, and no more than one batch at a time.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Protocol

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from gongji.foundation.errors import InvalidInput
from gongji.simulation.formats import Format, format_of
from gongji.simulation.plan import Integers

#: Rows of a batch, and bytes of a text file read at once.
BATCH_ROWS: Final = 131_072
BLOCK_BYTES: Final = 8 << 20

#: A line without an end that is longer than this is no line of a table.
_LONGEST_LINE: Final = 4 << 20


#: What pyarrow raises over a Parquet file that is damaged.
_BROKEN: Final = (pa.ArrowException, OSError, UnicodeDecodeError)

_NO_LINES: Final = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be cut into cells, with its text cut short."""

    line: int
    code: str
    en: str
    zh: str
    accepted: str
    text: str


@dataclass(slots=True)
class Batch:
    """Some rows of a file.

    Attributes:
        rows: the columns, as the file has them.
        lines: for each row where it stands: the line of a text file, the row of a Parquet file, from 1.
        bad: the lines in between that are no rows.
        done: how far in the file this is, in the source's own measure.
    """

    rows: pa.RecordBatch
    lines: Integers
    bad: list[BadLine] = field(default_factory=list)
    done: int = 0


class Source(Protocol):
    """A file of claims.

    Attributes:
        form: how it is written.
        names: its columns, as it spells them.
        size: its size in the measure of `Batch.done`.
        rows: how many rows it has at most, for planning.
    """

    form: Format
    names: list[str]
    size: int
    rows: int

    def batches(self) -> Iterator[Batch]:
        """All rows, from the beginning; a batch without rows comes first, so that there is always one."""

    def surely_apart(self, column: str) -> bool:
        """Whether the file's own statistics tell that a column does not ascend."""


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
        raise InvalidInput(
            "file.missing",
            f"{path} cannot be read: {problem.strerror}",
            f"文件打不开：{path}",
            field="file",
            accepted="a file that exists and may be read",
        ) from problem
    if empty:
        raise _empty(path)
    match format_of(path, told):
        case Format.PARQUET:
            return ParquetSource(path)
        case Format.JSONL:
            return JsonSource(path)
    return CsvSource(path)


def _empty(path: Path) -> InvalidInput:
    return InvalidInput(
        "file.empty", f"{path} holds no rows", f"{path} 没有内容", field="file", accepted="a header and rows"
    )


def _check_names(names: Sequence[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InvalidInput(
            "columns.twice",
            f"{twice} is there twice",
            f"{twice} 列出现了两次",
            field=twice,
            accepted="each column once",
        )


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
        _check_names(self.names)
        self.rows = self.size = self._metadata.num_rows

    def batches(self) -> Iterator[Batch]:
        """All rows; a page that cannot be read ends the run with a refusal."""
        done = 0
        try:
            with self._open() as file:
                yield Batch(pa.RecordBatch.from_pylist([], file.schema_arrow), _NO_LINES)
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


class _TextSource:
    """What CSV and JSON lines have in common: blocks of whole lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size = path.stat().st_size
        with path.open("rb") as file:
            sample = file.read(1 << 16)
        self.rows = max(1, self.size * max(1, sample.count(b"\n")) // max(1, len(sample)))

    def surely_apart(self, column: str) -> bool:
        """Text tells nothing about itself."""
        return False

    def _blocks(self, begin: int = 0) -> Iterator[tuple[bytes, int]]:
        """Blocks that end with a line's end, and where in the file each ends."""
        with self._path.open("rb") as file:
            file.seek(begin)
            rest = b""
            while block := file.read(BLOCK_BYTES):
                cut = block.rfind(b"\n") + 1
                if not cut:
                    rest += block
                    self._check_length(rest)
                    continue
                yield rest + block[:cut], file.tell() - len(block) + cut
                rest = block[cut:]
            if rest:
                yield rest + b"\n", self.size

    def _check_length(self, line: bytes) -> None:
        if len(line) > _LONGEST_LINE:
            raise InvalidInput(
                "file.not_text",
                f"{self._path} has a line longer than {_LONGEST_LINE} bytes: it is no table of claims",
                f"{self._path} 有过长的行，不是费用明细表",
                field="file",
                accepted="CSV, JSON lines or Parquet",
            )


class CsvSource(_TextSource):
    """A CSV file, one row a line; the first line that is not blank names the columns."""

    form = Format.CSV

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        for block, _ in self._blocks():
            self._begin = self._first_line = 0
            while self._begin < len(block):
                end = block.find(b"\n", self._begin) + 1
                line = _decoded(block[self._begin : end])[0].strip("\ufeff\r\n")
                self._begin = end
                self._first_line += 1
                if line.strip():
                    self._read_header(line)
                    return
            break
        raise _empty(path)

    def _read_header(self, line: str) -> None:
        self._delimiter = next((mark for mark in (",", "\t", ";") if mark in line), ",")
        try:
            self.names = [cell.strip() for cell in next(csv.reader([line], delimiter=self._delimiter, strict=True))]
        except csv.Error as problem:
            raise InvalidInput(
                "columns.unreadable",
                f"the header cannot be read: {problem}",
                "表头无法读取，请检查双引号是否成对",
                field="file",
                accepted="names between commas, one row a line",
            ) from problem
        self._check_header()

    def _check_header(self) -> None:
        if "" in self.names:
            raise InvalidInput(
                "columns.unnamed",
                "the header has a column without a name",
                "表头有一列没有名称",
                field="file",
                accepted="a name for every column",
            )
        _check_names(self.names)

    def batches(self) -> Iterator[Batch]:
        """All rows, every column as text."""
        line = self._first_line + 1
        yield self._careful(b"", line)
        for block, done in self._blocks(self._begin):
            batch = self._quick(block, line) or self._careful(block, line)
            line += block.count(b"\n")
            batch.done = done
            yield batch

    def _quick(self, block: bytes, line: int) -> Batch | None:
        """A block without quotes, all of whose lines are rows; None when it is not so plain."""
        if b'"' in block or b"\n\n" in block or b"\n\r" in block or block[:1] in b"\r\n" or b"\x00" in block:
            return None
        try:
            table = pacsv.read_csv(
                pa.py_buffer(block),
                read_options=pacsv.ReadOptions(column_names=self.names, use_threads=False, block_size=len(block) + 1),
                parse_options=pacsv.ParseOptions(delimiter=self._delimiter, quote_char=False),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict.fromkeys(self.names, pa.string()), null_values=[""], strings_can_be_null=True
                ),
            )
        except pa.ArrowInvalid:
            return None
        rows = table.combine_chunks().to_batches()
        if len(rows) != 1 or rows[0].num_rows != block.count(b"\n"):
            return None
        trimmed = [_trimmed(column) for column in rows[0].columns]
        lines = np.arange(line, line + rows[0].num_rows, dtype=np.int64)
        return Batch(pa.RecordBatch.from_arrays(trimmed, self.names), lines)

    def _careful(self, block: bytes, first: int) -> Batch:
        """A block line by line, each for itself."""
        text, lost = _decoded(block)
        rows: list[list[str | None]] = []
        lines: list[int] = []
        bad: list[BadLine] = []
        for place, line in enumerate(text.split("\n")[:-1]):
            if not line.strip():
                continue
            problem = None
            cells: list[str] = []
            if place in lost:
                problem = ("line.encoding", "the line is neither UTF-8 nor GB18030", "这一行的编码无法识别", "UTF-8")
            else:
                try:
                    cells = next(csv.reader([line.rstrip("\r")], delimiter=self._delimiter, strict=True))
                except csv.Error:
                    problem = (
                        "line.quotes",
                        "the line cannot be read: quotes are not in pairs",
                        "这一行无法读取，请检查双引号是否成对",
                        "one row a line; double quotes in pairs",
                    )
            if problem is None and len(cells) != len(self.names):
                problem = (
                    "line.cells",
                    f"the line has {len(cells)} cells, the header {len(self.names)}",
                    f"这一行有 {len(cells)} 列，表头有 {len(self.names)} 列",
                    "as many cells as the header",
                )
            if problem is not None:
                bad.append(BadLine(first + place, *problem, line[:80]))
                continue
            rows.append([cell.strip() or None for cell in cells])
            lines.append(first + place)
        columns = list(zip(*rows, strict=True)) or [()] * len(self.names)
        arrays = [pa.array(column, pa.string()) for column in columns]
        return Batch(pa.RecordBatch.from_arrays(arrays, self.names), np.array(lines, np.int64), bad)


def _trimmed(column: pa.Array) -> pa.Array:
    """Text without blanks around; blank cells empty."""
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _decoded(block: bytes) -> tuple[str, set[int]]:
    """A block of lines as text; GB18030 where it is not UTF-8, and the places of lines that are neither."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return block.decode(encoding).replace("\x00", "\N{REPLACEMENT CHARACTER}"), set()
        except UnicodeDecodeError:
            continue
    lost = set()
    lines = block.split(b"\n")
    for place, line in enumerate(lines):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            lost.add(place)
    return b"\n".join(lines).decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}"), lost


class JsonSource(_TextSource):
    """JSON lines: one object a line; its columns are all keys of the first block, and those known in every block."""

    form = Format.JSONL

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        names: dict[str, None] = {}
        for block, _ in self._blocks():
            for line in io.BytesIO(block):
                row = _object(line)
                if row is not None:
                    names.update(dict.fromkeys(row))
            break
        self.names = list(names)
        if not names:
            raise InvalidInput(
                "file.jsonl",
                f"{path} has no line that is a JSON object",
                f"{path} 没有 JSON 对象",
                field="file",
                accepted='one object a line, such as {"person": 1, …}',
            )

    def batches(self) -> Iterator[Batch]:
        """All rows, every column as text."""
        number = 1
        yield Batch(pa.RecordBatch.from_arrays([pa.array([], pa.string())] * len(self.names), self.names), _NO_LINES)
        known = set(self.names)
        for block, done in self._blocks():
            rows, lines, bad = [], [], []
            for place, line in enumerate(block.split(b"\n")[:-1]):
                if not line.strip():
                    continue
                row = _object(line)
                if row is None or not known.issuperset(row):
                    bad.append(_bad_object(number + place, line, row, known))
                    continue
                rows.append(row)
                lines.append(number + place)
            arrays = [pa.array([_as_text(row.get(name)) for row in rows], pa.string()) for name in self.names]
            number += block.count(b"\n")
            batch = Batch(pa.RecordBatch.from_arrays(arrays, self.names), np.array(lines, np.int64), bad, done)
            yield batch


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        row = msgspec.json.decode(line.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _bad_object(line: int, text: bytes, row: dict[str, Any] | None, known: set[str]) -> BadLine:
    shown = text[:80].decode("utf-8", "replace")
    if row is None:
        return BadLine(
            line, "line.json", "the line is no JSON object", "这一行不是 JSON 对象", "one object a line", shown
        )
    name = sorted(set(row) - known)[0]
    return BadLine(
        line,
        "line.columns",
        f"column {name[:40]} comes only now: the first lines did not have it",
        f"{name[:40]} 列在文件开头没有出现",
        "all columns among the first lines",
        shown,
    )


def _as_text(value: object) -> str | None:
    """A JSON value as the text of a cell."""
    match value:
        case None:
            return None
        case bool():
            return "1" if value else "0"
        case str():
            return value.strip() or None
        case int() | float():
            return repr(value)
    return msgspec.json.encode(value).decode()


def keep(stream: IO[bytes], folder: Path) -> Path:
    """Write what comes through a pipe to a file, so that it can be read more than once."""
    path = folder / "input"
    with path.open("wb") as file:
        while block := stream.read(1 << 20):
            file.write(block)
    return path
