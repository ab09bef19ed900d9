"""What a file of claims is to those who read it: batches of columns, each row with its line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import pyarrow as pa

from gongji.foundation.errors import InvalidInput
from gongji.simulation.formats import Format
from gongji.simulation.plan import Integers

#: The lines of a batch without rows.
NO_LINES: Final = np.zeros(0, np.int64)


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


def no_rows(path: Path) -> InvalidInput:
    """The refusal of a file that holds nothing."""
    return InvalidInput(
        "file.empty", f"{path} holds no rows", f"{path} 没有内容", field="file", accepted="a header and rows"
    )


def check_names(names: Sequence[str]) -> None:
    """Refuse a file that names a column twice (``columns.twice``)."""
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InvalidInput(
            "columns.twice",
            f"{twice} is there twice",
            f"{twice} 列出现了两次",
            field=twice,
            accepted="each column once",
        )
