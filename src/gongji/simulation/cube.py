"""Sums by the cells of a few dimensions at once, to be read along any of them afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np

from gongji.simulation.plan import Integers

#: Sums of fen stay exact in the floating point that `numpy.bincount` adds up in: a chunk's are below it by far.
EXACT: Final = 2**53


@dataclass(frozen=True, slots=True)
class Dimension:
    """A way in which claims or people differ; the classes are counted from 0 in the order of `words`."""

    name: str
    words: tuple[str, ...]


class Cube:
    """Sums by cell. A cell that nothing fell into takes no room."""

    def __init__(self, dimensions: Sequence[Dimension], columns: Sequence[str]) -> None:
        """
        Args:
            dimensions: what tells cells apart.
            columns: what is summed in each.
        """
        self.dimensions = tuple(dimensions)
        self.columns = tuple(columns)
        self._cells = np.zeros(0, np.int64)
        self._sums = np.zeros((0, len(self.columns)), np.int64)

    def count(self, classes: Sequence[Integers], values: Sequence[Integers]) -> None:
        """Add rows up.

        Args:
            classes: for each dimension the class of each row.
            values: for each column the number of each row.

        Raises:
            OverflowError: a column's numbers add up to `EXACT` or more.
        """
        rows = len(classes[0])
        code = np.zeros(rows, np.int64)
        for dimension, of_rows in zip(self.dimensions, classes, strict=True):
            code *= len(dimension.words)
            code += of_rows
        cells, inverse = np.unique(code, return_inverse=True)
        sums = np.zeros((len(cells), len(self.columns)), np.int64)
        for place, numbers in enumerate(values):
            added = np.bincount(inverse, weights=numbers, minlength=len(cells))
            if len(added) and np.abs(added).max() >= EXACT:
                raise OverflowError(f"the sums of {self.columns[place]} are too large to be exact")
            sums[:, place] = added
        self._merge(cells, sums)

    def add(self, other: Cube) -> None:
        """Add another cube of the same dimensions and columns."""
        self._merge(other._cells, other._sums)

    def _merge(self, cells: Integers, sums: Integers) -> None:
        merged, inverse = np.unique(np.concatenate([self._cells, cells]), return_inverse=True)
        both = np.zeros((len(merged), len(self.columns)), np.int64)
        np.add.at(both, inverse, np.concatenate([self._sums, sums]))
        self._cells, self._sums = merged, both

    def whole(self) -> dict[str, int]:
        """The sum of each column over all cells."""
        return dict(zip(self.columns, self._sums.sum(axis=0).tolist(), strict=True))

    def along(self, name: str) -> dict[str, dict[str, int]]:
        """The sum of each column by the words of one dimension, in their order; words that nothing fell under are left out."""
        place = next(place for place, one in enumerate(self.dimensions) if one.name == name)
        behind = prod(len(one.words) for one in self.dimensions[place + 1 :])
        words = self.dimensions[place].words
        classes = self._cells // behind % len(words)
        return {
            words[one]: dict(zip(self.columns, self._sums[classes == one].sum(axis=0).tolist(), strict=True))
            for one in np.unique(classes).tolist()
        }
