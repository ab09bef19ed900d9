"""A file of claims on its way through: read in a stream, cut at families, worked on by threads, taken in order.

Families that stand together and ascend are worked on as they come. Whether they do is seen while reading: at the first
family that breaks the order everything made so far is thrown away and the file is dealt out by family first (`spill`).
"""

from __future__ import annotations

import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

from gongji.simulation.batches import BadLine, Batch, Source
from gongji.simulation.chunk import Defaults
from gongji.simulation.columns import read_header
from gongji.simulation.cutting import Apart, Cutter, Whole
from gongji.simulation.formats import Format
from gongji.simulation.spill import Spill, parts_for, read_part
from gongji.simulation.turns import in_turn

#: So many rows at most are held in memory to give them back in the order of a file whose families stand apart.
IN_ORDER_ROWS: Final = 500_000

Progress = Callable[[int, int], None]


class Piece(Protocol):
    """What is made of a chunk.

    Attributes:
        done: how far in the file the chunk is, in the source's own measure.
    """

    done: int

    @property
    def read(self) -> int:
        """How many rows, and lines that are none, it was made of."""


Made = TypeVar("Made", bound=Piece)
Taken = TypeVar("Taken")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read.

    Attributes:
        source_format: how the file is written; found out when None.
        defaults: what stands for columns and cells that are missing.
        threads: how many; as many as there are processors when 0.
        folder: for what does not fit memory; the system's folder for temporary files when None.
        in_order_rows: so many rows at most are held in memory to give them back in the order of a file whose families
            stand apart.
    """

    source_format: Format | None = None
    defaults: Defaults = field(default_factory=Defaults)
    threads: int = 0
    folder: Path | None = None
    in_order_rows: int = IN_ORDER_ROWS


@dataclass(frozen=True, slots=True)
class Passed(Generic[Taken]):
    """What was taken of a whole file.

    Attributes:
        taken: by whoever made it.
        in_order: whether rows came in the order of the file.
        apart: whether the claims of families stood apart in the file.
    """

    taken: Taken
    in_order: bool
    apart: bool


class Passage(ABC, Generic[Made, Taken]):
    """One file on its way through; what is made of its chunks is for the kinds of passage to say."""

    def __init__(self, source: Source, reading: Reading, progress: Progress) -> None:
        """
        Args:
            source: the file.
            reading: how it is read.
            progress: told how much of the file is done, and its size, in one measure.

        Raises:
            InvalidInput: the file's columns cannot be those of claims (``columns.…``).
        """
        self.source = source
        self.progress = progress
        self.threads = reading.threads or len(os.sched_getaffinity(0))
        self.header = read_header(source.names, reading.defaults.given())
        self._reading = reading
        self._family = self.header.found.get("family", self.header.found["person"])

    @abstractmethod
    def make(self, whole: Whole, *, row: bool) -> Made:
        """What is made of some whole families, in a worker's thread; `row` where rows have lost the file's order."""

    @abstractmethod
    def take(self, made: Iterable[Made], bad: list[BadLine]) -> Taken:
        """Take what is made as it comes, then the lines that were in no chunk; called anew where the file turned out
        to be in no order."""

    def run(self) -> Passed[Taken]:
        """Take the whole file through.

        Raises:
            InvalidInput: ``family.too_large``, or what `make` and `take` raise.
        """
        if not self.source.surely_apart(self.source.names[self._family]):
            try:
                return Passed(self._straight(), in_order=True, apart=False)
            except Apart:
                pass  # seen only while reading; nothing of it is kept
        return self._dealt()

    def _straight(self) -> Taken:
        """Families as they come.

        Raises:
            Apart: when they do not ascend.
        """
        with ThreadPoolExecutor(self.threads) as workers:
            cut = Cutter(self._family).cut(self.source.batches())
            return self.take(in_turn(partial(self.make, row=False), cut, workers, self.threads), [])

    def _dealt(self) -> Passed[Taken]:
        """Families brought together first; in memory when the file is small, so that its order can be kept."""
        batches, size = self.source.batches(), self.source.size
        held: list[Batch] = []
        while sum(batch.rows.num_rows for batch in held) <= self._reading.in_order_rows:
            batch = next(batches, None)
            if batch is None:
                taken = self.take([self.make(Whole(held), row=False)] if held else [], [])
                return Passed(taken, in_order=True, apart=True)
            held.append(batch)
        with (
            tempfile.TemporaryDirectory(prefix="gongji-", dir=self._reading.folder) as folder,
            ThreadPoolExecutor(self.threads) as workers,
        ):
            spill = Spill(Path(folder), self._family, parts_for(self.source.rows))
            spill.deal(_chain(held, batches), workers, self.threads, lambda done: self.progress(done // 2, size))
            made = in_turn(partial(self._made_of_part, spill), spill.parts(), workers, self.threads)
            return Passed(self.take(made, spill.bad), in_order=False, apart=True)

    def _made_of_part(self, spill: Spill, path: Path) -> Made:
        """What comes of a part of a file that was dealt out."""
        made = self.make(read_part(path), row=True)
        made.done = int(self.source.size * (1 + spill.share(made.read)) / 2)
        return made


def _chain(held: list[Batch], batches: Iterator[Batch]) -> Iterator[Batch]:
    """What is held, let go piece by piece, then the others."""
    held.reverse()
    while held:
        yield held.pop()
    yield from batches
