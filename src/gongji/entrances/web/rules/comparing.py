"""Two regions, or one on two days, side by side: what differs, and what is the same, of benefits, sharing and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gongji.entrances.open_rules.atlas import Atlas
from gongji.entrances.web.rules.telling import Row, blocks, known_blocks
from gongji.entrances.wording import Language


@dataclass(frozen=True, slots=True)
class Pair:
    """One row of both sides; "" where a side knows nothing of it."""

    label: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A benefit, or sharing, of both sides: the rows that differ, those that are the same, and for each side a sentence on
    the weakest of its sources; None where all can be trusted."""

    title: str
    different: tuple[Pair, ...]
    same: tuple[Pair, ...]
    cautions: tuple[str | None, str | None]


def compare(atlas: Atlas, a: tuple[str, date], b: tuple[str, date], language: Language) -> tuple[Comparison, ...]:
    """Both sides' blocks, matched by benefit and row.

    Args:
        atlas: the rules.
        a, b: each side's region code and day.
        language: the reader's.

    Raises:
        InvalidInput: ``region.invalid``.
        NotFound: ``region.unknown``.
    """
    left, right = (
        {one.key: one for one in (*blocks(atlas, *side, language), *known_blocks(atlas, *side, language))}
        for side in (a, b)
    )
    found = []
    for key in dict.fromkeys((*left, *right)):
        pairs = pair(left[key].rows if key in left else (), right[key].rows if key in right else ())
        found.append(
            Comparison(
                (left.get(key) or right[key]).title,
                tuple(one for one in pairs if one.a != one.b),
                tuple(one for one in pairs if one.a == one.b),
                (left[key].caution if key in left else None, right[key].caution if key in right else None),
            )
        )
    return tuple(found)


def pair(a: Sequence[Row], b: Sequence[Row]) -> tuple[Pair, ...]:
    """The rows of two sides matched by what they are and the case they hold for.

    Where one side tells cases apart that the other does not, the other's one value stands beside each of them; where
    they tell apart in different ways, all that the other side says on it.
    """
    labels = {row.label: row for row in (*a, *b) if not (_told_apart(row, a) or _told_apart(row, b))}
    return tuple(Pair(label, _value(row, a), _value(row, b)) for label, row in labels.items())


def _told_apart(row: Row, rows: Sequence[Row]) -> bool:
    """Whether a side says more closely what a row says for all its cases."""
    return any(other.what == row.what and set(other.case) > set(row.case) for other in rows)


def _value(row: Row, rows: Sequence[Row]) -> str:
    same = [other for other in rows if other.what == row.what]
    holding = [other for other in same if set(other.case) <= set(row.case)]
    # Beyond the last admission that a side tells, that one goes on.
    holding = holding or [other for other in same if other.onwards and _goes_on_to(other, row)]
    if holding:
        return max(holding, key=lambda other: len(other.case)).value
    return " / ".join(" ".join((*other.case, other.value)) for other in same)


def _goes_on_to(other: Row, row: Row) -> bool:
    """Whether a number that goes on from an admission is the one of a later admission, for the same visits."""
    return other.admission < row.admission and set(other.case[:-1]) <= set(row.case)
