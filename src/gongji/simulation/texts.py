"""Files of claims that are text, CSV and JSON lines: blocks of whole lines made into columns, every cell text."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from gongji.foundation.errors import InvalidInput
from gongji.simulation.batches import NO_LINES, BadLine, Batch, check_names, no_rows
from gongji.simulation.formats import Format

#: Bytes of a file read at once.
BLOCK_BYTES: Final = 8 << 20

#: A line without an end that is longer than this is no line of a table.
_LONGEST_LINE: Final = 4 << 20


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
        raise no_rows(path)

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
        check_names(self.names)

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
            for row in _objects(block):
                names.update(dict.fromkeys(row))
            break
        self.names = list(names)
        fields = {f"c{place}": name for place, name in enumerate(names)}
        shape = msgspec.defstruct(
            "Row", [(field, Any, None) for field in fields], rename=fields, forbid_unknown_fields=True, gc=False
        )
        self._row: msgspec.json.Decoder[Any] = msgspec.json.Decoder(shape)
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
        yield Batch(pa.RecordBatch.from_arrays([pa.array([], pa.string())] * len(self.names), self.names), NO_LINES)
        known = set(self.names)
        for block, done in self._blocks():
            bad: list[BadLine] = []
            count = block.count(b"\n")
            columns = self._at_once(block, count)
            if columns is not None:
                lines = np.arange(number, number + count, dtype=np.int64)
            else:
                columns, lines, bad = self._one_by_one(block, number, known)
            arrays = [_text_column(column) for column in columns]
            number += count
            yield Batch(pa.RecordBatch.from_arrays(arrays, self.names), lines, bad, done)

    def _at_once(self, block: bytes, count: int) -> list[list[Any]] | None:
        """The columns of a block in which every line is an object of the known columns, decoded together; None where one
        is not, or is blank."""
        try:
            rows = self._row.decode_lines(block)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if len(rows) != count:
            return None
        return [list(map(attrgetter(f"c{place}"), rows)) for place in range(len(self.names))]

    def _one_by_one(
        self, block: bytes, number: int, known: set[str]
    ) -> tuple[list[list[Any]], NDArray[np.int64], list[BadLine]]:
        """The columns of a block's rows, the rows' lines, and the lines that hold none."""
        rows: list[dict[str, Any]] = []
        lines: list[int] = []
        bad: list[BadLine] = []
        for place, line in enumerate(block.split(b"\n")[:-1]):
            if not line.strip():
                continue
            row = _object(line)
            if row is None or not known.issuperset(row):
                bad.append(_bad_object(number + place, line, row, known))
                continue
            rows.append(row)
            lines.append(number + place)
        return [[row.get(name) for row in rows] for name in self.names], np.array(lines, np.int64), bad


def _objects(block: bytes) -> Iterator[dict[str, Any]]:
    """The objects of a block; what is none is passed over."""
    try:
        yield from msgspec.json.Decoder(dict[str, Any]).decode_lines(block)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield from filter(None, map(_object, block.split(b"\n")))


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


def _text_column(values: Sequence[object]) -> pa.Array:
    """A column's JSON values as the texts of cells."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {str}:
        return _trimmed(pa.array(values, pa.string()))
    if kinds == {float}:
        return pa.array(values, pa.float64()).cast(pa.string())
    if kinds == {int}:
        with suppress(OverflowError):
            return pa.array(values, pa.int64()).cast(pa.string())
    return pa.array([_as_text(value) for value in values], pa.string())


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
