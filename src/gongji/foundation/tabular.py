"""Tables that people hand in: their columns declared, their rows read into the caller's type, or all that is wrong told.

`read_table` of `gongji.foundation.sheet` cuts a file into rows; a list of `Column` says what the rows should hold;
`typed_rows` gives the rows together with every problem, each with file, line and field.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from gongji.foundation.errors import GongjiError
from gongji.foundation.sheet import FIRST_LINE, RawRow, RowProblem, Table

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a table may have.

    Attributes:
        name: its name in the header.
        parse: reads a cell: given the text (trimmed, never empty) and the column's name, returns the value.
            Raises a GongjiError when the text is not accepted.
        required: whether every row must fill it.
        accepted: what is accepted, in words, for cells that are missing.
        also: other names that a header may use for it.
        kept: whether the value is taken over; a column that is not is known, but passed by.
    """

    name: str
    parse: Callable[[str, str], object]
    required: bool = False
    accepted: str = ""
    also: tuple[str, ...] = ()
    kept: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Every name the column goes by."""
        return (self.name, *self.also)


@dataclass(frozen=True, slots=True)
class TypedRow(Generic[T]):
    """A row that holds what it should: the line on which it begins and its value."""

    line: int
    value: T


def header_problems(table: Table, columns: Sequence[Column]) -> list[RowProblem]:
    """What is wrong with a table's columns: unknown ones with the nearest known, required ones that are missing."""
    known = {name: column for column in columns for name in column.names}
    problems = []
    for name in table.header:
        if name not in known:
            problems.append(_unknown_column(table.file, name, list(known)))
    for column in columns:
        present = [name for name in column.names if name in table.header]
        if column.required and not present:
            problems.append(
                RowProblem(
                    table.file,
                    FIRST_LINE,
                    column.name,
                    "the column is missing",
                    f"缺少必需的列 {column.name}",
                    column.accepted,
                )
            )
        if len(present) > 1:
            both = ", ".join(present)
            problems.append(
                RowProblem(
                    table.file, FIRST_LINE, column.name, f"{both} are one column", f"{both} 是同一列", "one of them"
                )
            )
    return problems


def _unknown_column(file: str, name: str, known: list[str]) -> RowProblem:
    near = difflib.get_close_matches(name, known, n=1)
    hint, hint_zh = (f": is it {near[0]}?", f"，是否为 {near[0]}？") if near else ("", "")
    return RowProblem(
        file, FIRST_LINE, name, f"there is no such column{hint}", f"没有这一列{hint_zh}", ", ".join(known)
    )


def typed_rows(
    table: Table,
    columns: Sequence[Column],
    build: Callable[[Mapping[str, Any]], T],
    progress: Callable[[int], None] = lambda count: None,
) -> tuple[list[TypedRow[T]], list[RowProblem]]:
    """Read every row of a table.

    Args:
        table: the table.
        columns: what its rows may hold.
        build: makes the caller's value out of a row's parsed cells (those that are filled and kept, by the columns'
            own names); may raise a GongjiError for what only several cells together can get wrong.
        progress: called with 1 after each row.

    Returns:
        The rows that are right, and every problem of the others, the table's own problems included. When the header
        itself is wrong, only that is told: every row would repeat it.
    """
    wrong_header = header_problems(table, columns)
    problems = [*table.problems, *wrong_header]
    rows: list[TypedRow[T]] = []
    if wrong_header:
        return rows, problems
    for raw in table.rows:
        values, wrong = _parsed(table.file, raw, columns)
        if not wrong:
            try:
                rows.append(TypedRow(raw.line, build(values)))
            except GongjiError as error:
                wrong = [RowProblem.of(table.file, raw.line, error)]
        problems.extend(wrong)
        progress(1)
    return rows, problems


def _parsed(file: str, raw: RawRow, columns: Sequence[Column]) -> tuple[dict[str, object], list[RowProblem]]:
    values: dict[str, object] = {}
    wrong: list[RowProblem] = []
    for column in columns:
        text = next((raw.cells[name] for name in column.names if name in raw.cells), None)
        if text is None:
            if column.required:
                wrong.append(RowProblem(file, raw.line, column.name, "is empty", "未填写", column.accepted))
            continue
        if not column.kept:
            continue
        try:
            values[column.name] = column.parse(text, column.name)
        except GongjiError as error:
            wrong.append(RowProblem.of(file, raw.line, error, column.accepted))
    return values, wrong
