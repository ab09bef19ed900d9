"""A table of numbers with one number for every case, keyed by the words of its dimensions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from gongji.rules.sources import Clause
from gongji.rules.vocabulary import Dimension

#: The words of a case, in the order of a grid's dimensions.
Key: TypeAlias = tuple[str, ...]

#: The words of the dimension ``provider``.
OTHER_PROVIDER: Final = "other"
SELECTED_PROVIDER: Final = "selected"

#: The words of the dimension ``grade``.
GRADES: Final = ("grade_1", "grade_2")

CLASS: Final = re.compile(r"(under|from)_(\d{1,3})(_months)?")
NUMBERED: Final = re.compile(r"(admission|band)_([1-9])")


def lower_bound(word: str) -> int:
    """Where an age or cover class begins: 70 for ``from_70``, 0 for ``under_70``."""
    match = CLASS.fullmatch(word)
    return int(match[2]) if match is not None and match[1] == "from" else 0


def ordinal(word: str) -> int:
    """The number in ``admission_2`` or ``band_2``."""
    return int(word.rpartition("_")[2])


@dataclass(frozen=True, slots=True)
class Grid:
    """Numbers (fen or per ten thousand) by the words of some dimensions.

    Attributes:
        by: the dimensions; empty for a single number.
        numbers: one number for every combination of words.
        clauses: the source of each.
    """

    by: tuple[Dimension, ...]
    numbers: Mapping[Key, int]
    clauses: Mapping[Key, Clause]

    def __getitem__(self, key: Key) -> int:
        return self.numbers[key]

    def words(self, dimension: Dimension) -> tuple[str, ...]:
        """The words that a dimension takes here, in order; none when the grid is not keyed by it."""
        if dimension not in self.by:
            return ()
        place = self.by.index(dimension)
        found = {key[place] for key in self.numbers}
        if dimension in (Dimension.AGE, Dimension.COVER):
            return tuple(sorted(found, key=lower_bound))
        if dimension in (Dimension.ADMISSION, Dimension.BAND):
            return tuple(sorted(found, key=ordinal))
        return tuple(sorted(found))
