"""Families that stand apart in a file brought together on disk: rows dealt out by family into files that fit memory."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from gongji.simulation.batches import BadLine, Batch
from gongji.simulation.cutting import Whole
from gongji.simulation.plan import Integers
from gongji.simulation.turns import in_turn

#: About how many rows a part holds, and how many parts there are at most.
PART_ROWS: Final = 131_072
MOST_PARTS: Final = 1_024

#: The column that carries each row's line through the files.
_LINE: Final = "gongji line"
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)


def parts_for(rows: int) -> int:
    """How many parts a file of so many rows is dealt into: a power of two."""
    return min(MOST_PARTS, 1 << max(0, (rows // PART_ROWS - 1).bit_length() if rows > PART_ROWS else 0))


class Spill:
    """Rows on disk, all of a family in one part, in the order of the file.

    Attributes:
        bad: the lines in between that are no rows.
    """

    def __init__(self, folder: Path, family: int, parts: int) -> None:
        """
        Args:
            folder: an empty folder; the caller removes it.
            family: the place of the column that tells families.
            parts: how many, a power of two.
        """
        self._folder = folder
        self._family = family
        self._parts = parts
        self.bad: list[BadLine] = []
        self._rows = self._done = 0

    def share(self, rows: int) -> float:
        """Which share of all rows is done with so many more."""
        self._done += rows
        return self._done / max(1, self._rows)

    def deal(self, batches: Iterator[Batch], workers: Executor, threads: int, progress: Callable[[int], None]) -> None:
        """Deal all rows out.

        Args:
            batches: the file.
            workers: sort the rows.
            threads: how many workers there are.
            progress: told how far in the file it is.
        """
        writers: dict[int, pa.ipc.RecordBatchFileWriter] = {}
        try:
            for batch, cuts, done in in_turn(self._dealt, batches, workers, threads):
                for part in range(self._parts):
                    begin, end = int(cuts[part]), int(cuts[part + 1])
                    if begin == end:
                        continue
                    if part not in writers:
                        writers[part] = pa.ipc.new_file(str(self._path(part)), batch.schema)
                    writers[part].write_batch(batch.slice(begin, end - begin))
                self._rows += batch.num_rows
                progress(done)
        finally:
            for writer in writers.values():
                writer.close()

    def _dealt(self, batch: Batch) -> tuple[pa.RecordBatch, Integers, int]:
        """A batch's rows part by part, where each part begins, and how far in the file it is."""
        self.bad += batch.bad
        rows = batch.rows.append_column(_LINE, pa.array(batch.lines))
        rows = pa.RecordBatch.from_arrays(
            [column.dictionary_decode() if pa.types.is_dictionary(column.type) else column for column in rows.columns],
            rows.schema.names,
        )
        part = self._part_of(batch.rows.column(self._family))
        order = np.argsort(part, kind="stable")
        cuts = np.concatenate([[0], np.cumsum(np.bincount(part, minlength=self._parts))])
        return rows.take(pa.array(order)), cuts, batch.done

    def _part_of(self, family: pa.Array) -> Integers:
        """The part of each row, the same for all rows of a family."""
        if pa.types.is_integer(family.type) and family.type != pa.uint64():
            values = family.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64).view(np.uint64)
            with np.errstate(over="ignore"):
                mixed = (values ^ (values >> np.uint64(32))) * _FACTOR
            dealt: Integers = (mixed >> np.uint64(48)).astype(np.uint16) & np.uint16(self._parts - 1)
            return dealt
        texts = family.cast(pa.string()).dictionary_encode()
        parts = [zlib.crc32((word or "").encode()) & (self._parts - 1) for word in texts.dictionary.to_pylist()]
        codes = texts.indices.fill_null(0).to_numpy(zero_copy_only=False)
        by_word: Integers = np.array(parts or [0], np.uint16)[codes]
        return by_word

    def parts(self) -> Iterator[Path]:
        """The files that were written."""
        return (path for part in range(self._parts) if (path := self._path(part)).exists())

    def _path(self, part: int) -> Path:
        return self._folder / f"{part}.arrow"


def read_part(path: Path) -> Whole:
    """The rows of a part; its file is removed."""
    with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as reader:
        rows = reader.read_all().combine_chunks().to_batches()[0]
    path.unlink()
    lines = rows.column(rows.num_columns - 1).to_numpy()
    kept = pa.RecordBatch.from_arrays(rows.columns[:-1], schema=pa.schema(list(rows.schema)[:-1]))
    return Whole([Batch(kept, lines)])
