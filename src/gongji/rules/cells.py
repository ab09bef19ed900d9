"""Which visits a rule tells apart: each kind of visit that can have terms of its own is a *cell* with a number.

The number of a visit's cell is a sum of five *steps*, looked up by its cases, tier, age, months of cover and disease. A
rule's steps are one list of integers, laid out below; every part has a power of two of places, so that a mask keeps any
number inside.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from gongji.foundation.errors import Misconfigured
from gongji.rules import layout

CASE_MASK: Final = layout.CASE_SETS - 1
TIER_MASK: Final = 7
AGE_MASK: Final = layout.OLDEST
COVER_MASK: Final = layout.LONGEST_COVER
DISEASE_MASK: Final = 255

CASE_STEPS: Final = 0
TIER_STEPS: Final = CASE_STEPS + CASE_MASK + 1
AGE_STEPS: Final = TIER_STEPS + TIER_MASK + 1
COVER_STEPS: Final = AGE_STEPS + AGE_MASK + 1
DISEASE_STEPS: Final = COVER_STEPS + COVER_MASK + 1  # the place of a disease is one more than its number
STEPS_SIZE: Final = DISEASE_STEPS + DISEASE_MASK + 1

#: Where each of the parts begins, in their order.
STEPS: Final = (CASE_STEPS, TIER_STEPS, AGE_STEPS, COVER_STEPS, DISEASE_STEPS)
PARTS_OF_STEPS: Final = len(STEPS)

#: More cells than this are not numbered: their index alone would take half a gigabyte.
MOST_CELLS: Final = 1 << 27

_STATUS, _TIER, _AGE, _COVER, _PROVIDER, _DISEASE, _GRADE = range(layout.PLACES)
_STATUS_BITS: Final = sum(layout.CASE_BITS[status] for status in layout.STATUS_PLACES)

Row: TypeAlias = Sequence[int]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a rule table.

    Attributes:
        steps: the steps of each rule, `STEPS_SIZE` each.
        count: how many cells there are in all.
    """

    steps: tuple[tuple[int, ...], ...]
    count: int


def number_cells(variants: Sequence[Sequence[Row]], diseases: Sequence[Sequence[str]]) -> Cells:
    """Number the cells of rules.

    Args:
        variants: for each rule, its row; or the rows of several variants, told apart wherever one of them does.
        diseases: for each rule, the diseases of its region.

    Raises:
        Misconfigured: ``table.too_large`` when there are more than `MOST_CELLS`, or more diseases than have a place.
    """
    found = []
    count = 0
    for rows, known in zip(variants, diseases, strict=True):
        steps, cells = _steps(rows, len(known), count)
        found.append(steps)
        count += cells
        if count > MOST_CELLS or len(known) > DISEASE_MASK:
            raise Misconfigured(
                "table.too_large",
                "the rules tell more kinds of visits apart than can be numbered",
                "规则区分的就诊情形过多, 无法编号",
            )
    return Cells(tuple(found), count)


def _steps(rows: Sequence[Row], diseases: int, first: int) -> tuple[tuple[int, ...], int]:
    """The steps of one rule whose cells begin with `first`, and how many cells it has."""
    used = [any(row[table + 1 + place] for row in rows for table in _tables(row)) for place in range(layout.PLACES)]
    by_tier = _by_tier(rows, used)
    by_disease = used[_DISEASE] or _disease_counters(rows)
    parts = (
        _case_classes(rows, used),
        [min(place, len(layout.TIER_PLACES) - 1) * by_tier for place in range(TIER_MASK + 1)],
        _edge_classes(rows, layout.AGE_EDGES, layout.MOST_AGE_EDGES, AGE_MASK, used[_AGE]),
        _edge_classes(rows, layout.COVER_EDGES, layout.MOST_COVER_EDGES, COVER_MASK, used[_COVER]),
        [min(place, diseases) * by_disease for place in range(DISEASE_MASK + 1)],
    )
    steps: list[int] = []
    cells = 1
    for classes in parts:
        steps += [number * cells for number in classes]
        cells *= max(classes) + 1
    return (*(first + step for step in steps[:TIER_STEPS]), *steps[TIER_STEPS:]), cells


def _tables(row: Row) -> Iterator[int]:
    """Where the tables of a row stand."""
    yield from (layout.AMOUNTS, layout.RATIOS)
    yield from (layout.WAIVERS + index * layout.WAIVER_SIZE + 1 for index in range(row[layout.WAIVER_COUNT]))
    yield from (layout.MODIFIERS + index * layout.MODIFIER_SIZE + 2 for index in range(row[layout.MODIFIER_COUNT]))
    for index in range(row[layout.LAYER_COUNT]):
        layer = layout.LAYERS + index * layout.LAYER_SIZE
        yield from (layer + layout.STAGE_AMOUNTS, layer + layout.STAGE_SHARE)
        for cap in _caps(row, layer):
            yield cap + layout.CAP_LIMITS


def _caps(row: Row, layer: int) -> Iterator[int]:
    """Where the caps of a fund stand."""
    yield from (layer + layout.CAPS + index * layout.CAP_SIZE for index in range(row[layer + layout.CAP_COUNT]))


def _case_classes(rows: Sequence[Row], used: Sequence[bool]) -> list[int]:
    """For every set of cases, its class: cases that no table, modifier or waiver asks for make no difference."""
    asked = (_STATUS_BITS if used[_STATUS] else 0) | (layout.SELECTED_BIT if used[_PROVIDER] else 0)
    asked |= layout.GRADE_2_BIT if used[_GRADE] else 0
    for row in rows:
        asked |= layout.WITHHELD_BIT if row[layout.WITHHOLDS] else 0
        for index in range(row[layout.WAIVER_COUNT]):
            asked |= row[layout.WAIVERS + index * layout.WAIVER_SIZE]
        for index in range(row[layout.MODIFIER_COUNT]):
            asked |= row[layout.MODIFIERS + index * layout.MODIFIER_SIZE]
    numbers = {cases: number for number, cases in enumerate(sorted({cases & asked for cases in range(CASE_MASK + 1)}))}
    return [numbers[cases & asked] for cases in range(CASE_MASK + 1)]


def _by_tier(rows: Sequence[Row], used: Sequence[bool]) -> bool:
    """Whether the tier makes a difference, by a number or by a counter of its own."""
    if all(row[layout.AS_TIER] >= 0 for row in rows):
        return False
    return used[_TIER] or any(row[layout.COMBINE] == layout.COUNTER_PER_TIER for row in rows)


def _edge_classes(rows: Sequence[Row], edges: int, most: int, mask: int, used: bool) -> list[int]:
    """For every age or length of cover, its class: it differs where a class of any of the rows begins."""
    begins = sorted({edge for row in rows for edge in row[edges : edges + most]}) if used else []
    return [bisect_right(begins, number) for number in range(mask + 1)]


def _disease_counters(rows: Sequence[Row]) -> bool:
    """Whether a cap has a counter for each disease."""
    return any(
        row[cap + layout.CAP_DISEASES]
        for row in rows
        for index in range(row[layout.LAYER_COUNT])
        for cap in _caps(row, layout.LAYERS + index * layout.LAYER_SIZE)
    )
