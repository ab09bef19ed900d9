"""Batches cut so that no family stands in two chunks, as long as families stand together in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gongji.foundation.errors import InvalidInput
from gongji.simulation.batches import BadLine, Batch

#: A family with more claims than this is none.
MOST_CLAIMS: Final = 2_000_000

_NUMBER: Final = r"^(0|[1-9]\d{0,17})$"


class Apart(Exception):
    """Families do not ascend in the file, so that one may come again later."""


@dataclass(slots=True)
class Whole:
    """Rows of whole families, in pieces that follow each other."""

    pieces: list[Batch] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(piece.rows.num_rows for piece in self.pieces)

    @property
    def bad(self) -> list[BadLine]:
        """The lines that are no rows."""
        return [line for piece in self.pieces for line in piece.bad]

    def joined(self) -> pa.RecordBatch:
        """The rows in one piece."""
        if len(self.pieces) == 1:
            return self.pieces[0].rows
        table = pa.Table.from_batches([piece.rows for piece in self.pieces]).unify_dictionaries().combine_chunks()
        batches = table.to_batches()
        return batches[0] if batches else self.pieces[0].rows.slice(0, 0)

    def lines(self) -> np.ndarray[Any, np.dtype[Any]]:
        """The line of each row."""
        return np.concatenate([piece.lines for piece in self.pieces])


class Cutter:
    """Cuts a file's batches at families; the column that tells them has to ascend, as numbers or as text."""

    def __init__(self, column: int) -> None:
        self._column = column
        self._held = Whole()
        self._last: Any = None
        self._numbers: bool | None = None

    def cut(self, batches: Iterator[Batch]) -> Iterator[Whole]:
        """Whole families, in order.

        Raises:
            Apart: when the column descends somewhere.
            InvalidInput: ``family.too_large``.
        """
        for batch in batches:
            if not batch.rows.num_rows:
                self._held.pieces.append(batch)
                continue
            begin = self._last_family(batch.rows.column(self._column))
            head, tail = _cut(batch, begin)
            if begin:
                whole, self._held = self._held, Whole([tail])
                whole.pieces.append(head)
                yield whole
            else:
                self._held.pieces.append(batch)
            if self._held.rows > MOST_CLAIMS:
                raise _too_large(self._held)
        if self._held.pieces:
            yield self._held

    def _last_family(self, column: pa.Array) -> int:
        """Where the last family of a batch begins; 0 when it may have begun before."""
        if not column.null_count:
            return self._ascending(column)
        # A row without a family is rejected later; here it stays with those before it.
        filled = pc.fill_null_forward(column)
        if filled.null_count == len(filled):
            return 0
        begin = self._ascending(filled.slice(filled.null_count))
        return begin and begin + filled.null_count

    def _ascending(self, column: pa.Array) -> int:
        values = self._comparable(column)
        if isinstance(values, np.ndarray):
            descends = bool((values[1:] < values[:-1]).any())
            begin = int(np.searchsorted(values, values[-1], "left")) if not descends else 0
            first, last = int(values[0]), int(values[-1])
        else:
            falls = pc.less(values.slice(1), values.slice(0, len(values) - 1))
            descends = bool(pc.any(falls).as_py())
            first, last = values[0].as_py(), values[-1].as_py()
            begin = len(values) - int(pc.sum(pc.equal(values, last)).as_py())
        if descends or (self._last is not None and first < self._last):
            raise Apart
        self._last = last
        return begin

    def _comparable(self, column: pa.Array) -> Any:
        """The column as numbers, or as text; text that is nothing but numbers counts as numbers."""
        if pa.types.is_integer(column.type):
            return column.to_numpy(zero_copy_only=False)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        column = column.cast(pa.string())
        numbers = bool(pc.all(pc.match_substring_regex(column, _NUMBER)).as_py())
        if self._numbers is None:
            self._numbers = numbers
        if self._numbers != numbers:
            raise Apart
        return column.cast(pa.int64()).to_numpy(zero_copy_only=False) if numbers else column


def _cut(batch: Batch, begin: int) -> tuple[Batch, Batch]:
    """A batch in two, each with the bad lines that stand in it."""
    rows, lines, done = batch.rows, batch.lines, batch.done
    first = int(lines[begin])
    before = [bad for bad in batch.bad if bad.line < first]
    after = [bad for bad in batch.bad if bad.line > first]
    return Batch(rows.slice(0, begin), lines[:begin], before, done), Batch(
        rows.slice(begin), lines[begin:], after, done
    )


def _too_large(whole: Whole) -> InvalidInput:
    line = int(whole.pieces[0].lines[0])
    return InvalidInput(
        "family.too_large",
        f"the family that begins at line {line} has more than {MOST_CLAIMS} claims",
        f"第 {line} 行开始的家庭超过 {MOST_CLAIMS} 条费用",
        field="family",
        accepted="the number of a family; without the column every person is one",
    )
