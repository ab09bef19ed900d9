"""Files that people hand in, CSV or JSON, decoded and cut into rows; what they hold, `gongji.foundation.tabular` reads."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gongji.foundation.errors import GongjiError, InvalidInput

#: Problems of a file as a whole (its header, its encoding) stand at its first line.
FIRST_LINE = 1


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one field of one row.

    Attributes:
        file: path of the file as it was given.
        line: line in the file on which the row begins, counted from 1.
        field: the column, "" when the row as a whole is at fault.
        what: what is wrong, in English. zh: the same in Chinese.
        accepted: what is accepted there.
    """

    file: str
    line: int
    field: str
    what: str
    zh: str
    accepted: str = ""

    @classmethod
    def of(cls, file: str, line: int, error: GongjiError, accepted: str = "") -> RowProblem:
        """The problem that an error tells of."""
        return cls(file, line, error.field or "", error.en, error.zh, error.accepted or accepted)


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row before it is understood: the line on which it begins and its filled cells by column."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A file that has been cut into rows.

    Attributes:
        file: its path as it was given.
        header: the columns it has, in order, as the file spells them but for case and space around.
        rows: its rows; blank ones are left out.
        problems: what could not be cut into rows.
        warning: something the reader of a report should know (an encoding that had to be guessed), "" when nothing.
        sha256: digest of the file's bytes, hexadecimal.
    """

    file: str
    header: tuple[str, ...]
    rows: tuple[RawRow, ...]
    problems: tuple[RowProblem, ...] = ()
    warning: str = ""
    sha256: str = ""


@dataclass(slots=True)
class _Cut:
    """Rows and problems of a file while it is being cut."""

    file: str
    header: dict[str, None] = field(default_factory=dict)
    rows: list[RawRow] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)

    def problem(self, line: int, name: str, what: str, zh: str, accepted: str = "") -> None:
        self.problems.append(RowProblem(self.file, line, name, what, zh, accepted))

    def table(self, warning: str, sha256: str) -> Table:
        return Table(self.file, tuple(self.header), tuple(self.rows), tuple(self.problems), warning, sha256)


def read_table(path: Path) -> Table:
    """Read a CSV file (comma, semicolon or tab; the first line names the columns) or a JSON file (a list of objects,
    or one object a line); which of the two it is, its first character tells.

    Raises:
        InvalidInput: ``file.missing``, ``file.not_text`` or ``file.encoding``.
    """
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise cannot_be_read(path, problem) from problem
    text, warning = _decoded(content, str(path))
    cut = _Cut(str(path))
    start = text.lstrip()[:1]
    if start == "[":
        _cut_json_list(text, cut)
    elif start == "{":
        _cut_json_lines(text, cut)
    else:
        _cut_csv(text, cut)
    return cut.table(warning, hashlib.sha256(content).hexdigest())


def cannot_be_read(path: Path, problem: OSError) -> InvalidInput:
    """``file.missing``, with what the system says."""
    return InvalidInput(
        "file.missing",
        f"{path} cannot be read: {problem.strerror}",
        f"文件打不开：{path}",
        field="file",
        accepted="a file that exists and may be read",
    )


def _decoded(content: bytes, name: str) -> tuple[str, str]:
    if content.startswith(b"PK\x03\x04") or b"\x00" in content:
        raise InvalidInput(
            "file.not_text",
            f"{name} is no text file; from a spreadsheet, save as CSV (UTF-8)",
            f"{name} 不是文本文件；如果是电子表格，请另存为 CSV（UTF-8）",
            field="file",
            accepted="CSV or JSON, UTF-8 or GB18030",
        )
    try:
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030"), "read as GB18030, because it is not UTF-8 / 文件不是 UTF-8，已按 GB18030 读取"
    except UnicodeDecodeError as problem:
        raise InvalidInput(
            "file.encoding",
            f"{name} is neither UTF-8 nor GB18030 (byte {problem.start + 1})",
            f"{name} 的编码既不是 UTF-8 也不是 GB18030",
            field="file",
            accepted="UTF-8 or GB18030",
        ) from problem


def _column_name(text: str) -> str:
    name = unicodedata.normalize("NFKC", text).strip().lower()
    return "".join(c if c.isprintable() else "?" for c in name)  # it is shown on a terminal when it is unknown


def _cut_csv(text: str, cut: _Cut) -> None:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = next((mark for mark in (",", "\t", ";") if mark in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    for line, cells in _records(reader, cut):
        if not any(cell.strip() for cell in cells):
            continue
        if not names:
            names = [_column_name(cell) for cell in cells]
            cut.header.update(dict.fromkeys(name for name in names if name))
            for name in sorted({name for name in names if name and names.count(name) > 1}):
                cut.problem(line, name, "the header has this column twice", "表头中有重复的列", "each column once")
            continue
        if any(cell.strip() for cell in cells[len(names) :]):
            cut.problem(
                line,
                "",
                f"the row has {len(cells)} cells, the header {len(names)}: is there a comma too many?",
                f"这一行有 {len(cells)} 列，表头只有 {len(names)} 列，可能多了一个逗号",
                "as many cells as the header; a cell with a comma in it in double quotes",
            )
            continue
        filled = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
        if "" in filled:
            cut.problem(line, "", "a cell stands under a column without a name", "有数据的列没有列名", "a named column")
            continue
        cut.rows.append(RawRow(line, filled))


def _records(reader: Any, cut: _Cut) -> Iterator[tuple[int, list[str]]]:
    """The records of a CSV file, each with the line on which it begins; broken quoting ends the file."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            cut.problem(
                line,
                "",
                f"the row cannot be read ({problem})",
                "这一行无法读取，请检查双引号是否成对",
                "double quotes in pairs",
            )
            return
        yield line, cells


def _cut_json_list(text: str, cut: _Cut) -> None:
    decoder = _decoder()
    at = text.index("[") + 1
    line, counted = FIRST_LINE, 0
    while True:
        at = _skip(text, at, " \t\r\n,")
        line, counted = line + text.count("\n", counted, at), at
        if at == len(text):
            cut.problem(line, "", "the list does not end", "列表没有结束，文件可能不完整", "a closing ]")
            return
        if text[at] == "]":
            if text[at + 1 :].strip():
                cut.problem(line, "", "something stands after the list", "列表之后还有其他内容", "one list of objects")
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            _not_json(cut, line)
            return
        _take_object(value, line, cut)


def _cut_json_lines(text: str, cut: _Cut) -> None:
    decoder = _decoder()
    for line, content in enumerate(text.split("\n"), FIRST_LINE):
        if not content.strip():
            continue
        try:
            value = decoder.decode(content)
        except (ValueError, RecursionError):
            _not_json(cut, line)
            continue
        _take_object(value, line, cut)


def _not_json(cut: _Cut, line: int) -> None:
    cut.problem(line, "", "this is not JSON", "这里不是有效的 JSON", 'an object such as {"name": "王秀兰"}')


def _skip(text: str, at: int, what: str) -> int:
    while at < len(text) and text[at] in what:
        at += 1
    return at


@dataclass(frozen=True, slots=True)
class _Object:
    """A JSON object with its fields in order, also those that stand twice."""

    pairs: list[tuple[str, object]]


def _decoder() -> json.JSONDecoder:
    # Numbers stay the text that stood in the file: no certificate number and no amount goes through a float.
    return json.JSONDecoder(object_pairs_hook=_Object, parse_int=str, parse_float=str, parse_constant=str)


def _take_object(value: object, line: int, cut: _Cut) -> None:
    if not isinstance(value, _Object):
        cut.problem(line, "", "this is no object", "这里应为一个对象", 'an object such as {"name": "王秀兰"}')
        return
    cells: dict[str, str] = {}
    seen: set[str] = set()
    sound = True
    for key, content in value.pairs:
        name = _column_name(key)
        cut.header.setdefault(name)
        if name in seen:
            cut.problem(line, name, "the field stands twice", "该字段重复出现", "each field once")
            sound = False
        seen.add(name)
        if isinstance(content, bool):
            cells[name] = "true" if content else "false"
        elif isinstance(content, str):
            if content.strip():
                cells[name] = content.strip()
        elif content is not None:
            cut.problem(line, name, "the value is a list or an object", "该字段应为文本或数字", "text or a number")
            sound = False
    if sound:
        cut.rows.append(RawRow(line, cells))
