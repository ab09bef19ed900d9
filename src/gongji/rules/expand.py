"""From a table as a pack writes it, levels left out, to one number for every case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, TypeAlias

from gongji.foundation.money import PER_TEN_THOUSAND, percent
from gongji.rules.entries import Dated
from gongji.rules.grid import (
    CLASS,
    GRADES,
    NUMBERED,
    OTHER_PROVIDER,
    SELECTED_PROVIDER,
    Grid,
    Key,
    lower_bound,
    ordinal,
)
from gongji.rules.node import Leaf
from gongji.rules.problems import Problems
from gongji.rules.sources import Clause
from gongji.rules.structure import TableShape
from gongji.rules.vocabulary import Dimension, Status, Tier

Table: TypeAlias = Mapping[Key, Leaf]

_PROVIDERS: Final = (OTHER_PROVIDER, SELECTED_PROVIDER)


def dimension_of(word: str) -> Dimension:
    """The dimension a word belongs to: no two share a word, and what is on no list is a disease."""
    if word in list(Tier):
        return Dimension.TIER
    if word in list(Status):
        return Dimension.STATUS
    if word in _PROVIDERS:
        return Dimension.PROVIDER
    if word in GRADES:
        return Dimension.GRADE
    match = CLASS.fullmatch(word)
    if match is not None:
        return Dimension.COVER if match[3] else Dimension.AGE
    match = NUMBERED.fullmatch(word)
    return Dimension(match[1]) if match is not None else Dimension.DISEASE


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the tables of one benefit.

    Attributes:
        statuses: the statuses that the scheme insures.
        problems: collects what is wrong with a table.
    """

    statuses: tuple[Status, ...]
    problems: Problems

    def paths(self, shape: TableShape, table: Dated[Table], *, ratio: bool) -> dict[Key, Key] | None:
        """The path of the table that answers each case; None (and problems) when some case has none or two.

        Args:
            shape: what the table is keyed by.
            table: the table as written.
            ratio: whether it holds percentages; a table that is part of another value (`of`) always does.
        """
        levels = [self._level(path, leaf, shape, ratio) for path, leaf in table.value.items()]
        known = [level for level in levels if level is not None]
        if len(known) < len(levels):
            return None
        words = [self._words(dimension, shape, table, known) for dimension in shape.by]
        found: dict[Key, Key] = {}
        for case in product(*words):
            path = self._answer(case, shape, table, known)
            if path is None:
                return None
            found[case] = path
        return found

    def _level(self, path: Key, leaf: Leaf, shape: TableShape, ratio: bool) -> dict[Dimension, str] | None:
        """The words of a path by their dimension; None (and a problem) for a word that cannot stand here."""
        level = {dimension_of(word): word for word in path}
        for word in path:
            if dimension_of(word) not in shape.by or (word in list(Status) and word not in self.statuses):
                self.problems.unknown("key", leaf.at, word, self._known(shape))
                return None
        if len(level) < len(path):
            en, zh = f"{'.'.join(path)} names a level twice", f"{'.'.join(path)} 中同一层级重复"
            self.problems.report("pack.duplicate_key", leaf.at, en, zh)
            return None
        if leaf.is_ratio != (ratio or shape.of is not None):
            unit_en, unit_zh = ("yuan", "金额") if leaf.is_ratio else ("a percentage", "百分比")
            self.problems.report(
                "pack.bad_value", leaf.at, f"{shape.value} takes {unit_en}", f"{shape.value} 应为{unit_zh}"
            )
            return None
        check_percentage(leaf, self.problems, most=None if shape.of else PER_TEN_THOUSAND)
        return level

    def _known(self, shape: TableShape) -> list[str]:
        lists: dict[Dimension, Sequence[str]] = {
            Dimension.STATUS: self.statuses,
            Dimension.TIER: list(Tier),
            Dimension.AGE: ("under_70", "from_70"),
            Dimension.COVER: ("under_72_months", "from_72_months"),
            Dimension.PROVIDER: _PROVIDERS,
            Dimension.GRADE: GRADES,
            Dimension.DISEASE: ("(a word of your own)",),
            Dimension.ADMISSION: ("admission_1", "admission_2"),
            Dimension.BAND: ("band_1", "band_2"),
        }
        return [str(word) for dimension in shape.by for word in lists[dimension]] or ["(a single number)"]

    def _words(
        self, dimension: Dimension, shape: TableShape, table: Dated[Table], levels: Sequence[Mapping[Dimension, str]]
    ) -> tuple[str, ...]:
        """All words of a dimension here: the closed lists whole, of the others what the table names."""
        if dimension is Dimension.STATUS:
            return self.statuses
        if dimension is Dimension.TIER:
            return tuple(Tier)
        if dimension is Dimension.PROVIDER:
            return _PROVIDERS
        if dimension is Dimension.GRADE:
            return GRADES
        found = {level[dimension] for level in levels if dimension in level}
        if dimension in (Dimension.AGE, Dimension.COVER):
            ordered = sorted(found, key=lambda word: (lower_bound(word), word))
            first = {word for word in found if lower_bound(word) == 0}
            expected = {ordered[1].replace("from", "under")} if len(ordered) > 1 else set()
            if first != expected or len(ordered) == 1:
                self._missing(shape, table, f"under/from ({', '.join(ordered)})")
            return tuple(ordered)
        if dimension in (Dimension.ADMISSION, Dimension.BAND):
            numbers = sorted(ordinal(word) for word in found)
            if numbers != list(range(1, len(numbers) + 1)):
                self._missing(shape, table, f"{dimension}_1 …")
            return tuple(sorted(found, key=ordinal))
        return tuple(sorted(found))

    def _missing(self, shape: TableShape, table: Dated[Table], what: str) -> None:
        en, zh = f"{shape.value} has no {what}", f"{shape.value} 缺少 {what}"
        self.problems.report("pack.missing_key", table.at, en, zh)

    def _answer(
        self, case: Key, shape: TableShape, table: Dated[Table], levels: Sequence[Mapping[Dimension, str]]
    ) -> Key | None:
        """The one path that answers a case; a tier that is set apart nowhere in it reads as its base tier."""
        asked = dict(zip(shape.by, case, strict=True))
        found = _matching(asked, table, levels)
        if not found and Dimension.TIER in asked:
            asked[Dimension.TIER] = Tier(asked[Dimension.TIER]).base
            found = _matching(asked, table, levels)
        if len(found) == 1:
            return found[0]
        name = ".".join(case) or "number"
        if found:
            en, zh = f"{shape.value} has two numbers for {name}", f"{shape.value} 的 {name} 有两个数值"
            self.problems.report("pack.duplicate_key", table.at, en, zh)
        else:
            self._missing(shape, table, name)
        return None


def _matching(
    asked: Mapping[Dimension, str], table: Dated[Table], levels: Sequence[Mapping[Dimension, str]]
) -> list[Key]:
    return [
        path
        for path, level in zip(table.value, levels, strict=True)
        if all(asked[dimension] == word for dimension, word in level.items())
    ]


def check_percentage(leaf: Leaf, problems: Problems, most: int | None = PER_TEN_THOUSAND) -> None:
    """A percentage is at most 100 %, unless it says how many times another value."""
    if leaf.is_ratio and most is not None and leaf.amount > most:
        written = percent(leaf.amount)
        problems.report("pack.ratio_over_100", leaf.at, f"{written} is more than 100 %", f"比例 {written} 超过 100 %")


def make_grid(
    shape: TableShape,
    table: Dated[Table],
    paths: Mapping[Key, Key],
    clause_of: Callable[[Key], Clause],
    whole: int | None,
) -> Grid:
    """The grid of a table.

    Args:
        shape: what it is keyed by.
        table: the table.
        paths: the path that answers each case.
        clause_of: the clause of a path.
        whole: what percentages are of, in fen; None when the numbers stand for themselves.
    """
    amounts = {path: leaf.amount for path, leaf in table.value.items()}
    if whole is not None:
        amounts = {path: (whole * share + PER_TEN_THOUSAND // 2) // PER_TEN_THOUSAND for path, share in amounts.items()}
    return Grid(
        by=shape.by,
        numbers={case: amounts[path] for case, path in paths.items()},
        clauses={case: clause_of(path) for case, path in paths.items()},
    )
