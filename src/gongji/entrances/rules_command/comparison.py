"""What differs between two sheets, value by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gongji.entrances.rules_command.sheet import Section, Sheet, Shown
from gongji.rules.grid import Key
from gongji.rules.model import Clause
from gongji.rules.vocabulary import Tier


@dataclass(frozen=True, slots=True)
class Change:
    """One number that differs; a side that does not have it is None."""

    word: str
    name: str
    role: str
    path: Key
    left: str | None
    right: str | None
    left_clause: Clause | None
    right_clause: Clause | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that differs, and how many numbers do not."""

    changes: tuple[Change, ...]
    same: int


def compare(left: Sheet, right: Sheet) -> Comparison:
    """Compare two sheets number by number.

    A table that leaves a level out is compared with one that names it: ``share.tier_1`` answers for both statuses.
    """
    changes: list[Change] = []
    same = 0
    words = dict.fromkeys(section.word for sheet in (left, right) for section in sheet.sections)
    for word in words:
        for change in _pairs(word, left.section(word), right.section(word)):
            if change.left == change.right:
                same += 1
            else:
                changes.append(change)
    return Comparison(tuple(changes), same)


def _pairs(word: str, left: Section | None, right: Section | None) -> Iterator[Change]:
    lefts = {value.name: value for value in left.values} if left is not None else {}
    rights = {value.name: value for value in right.values} if right is not None else {}
    for name in dict.fromkeys((*lefts, *rights)):
        one, other = lefts.get(name), rights.get(name)
        role = lefts[name].role if name in lefts else rights[name].role
        for path in _paths(one, other):
            yield Change(
                word=word,
                name=name,
                role=role,
                path=path,
                left=_answer(one.cells, path) if one is not None else None,
                right=_answer(other.cells, path) if other is not None else None,
                left_clause=one.clause if one is not None else None,
                right_clause=other.clause if other is not None else None,
            )


def _paths(one: Shown | None, other: Shown | None) -> list[Key]:
    """Every path of either side but those that the other side splits further."""
    sides = [side.cells for side in (one, other) if side is not None]
    # The order of levels is the writer's choice: (band_1, tier_1) is (tier_1, band_1).
    paths = {frozenset(path): path for cells in reversed(sides) for path in cells}
    return [path for words, path in paths.items() if not any(words < finer for finer in paths)]


def _answer(cells: Mapping[Key, str], path: Key) -> str | None:
    """The number that holds in a case: of the path itself, of one that leaves levels out, of the general tier."""
    if path in cells:
        return cells[path]
    general = {Tier(word).base if word in list(Tier) else word for word in path}
    for words in (set(path), general):
        for written, told in cells.items():
            if set(written) <= words:
                return told
    return None
