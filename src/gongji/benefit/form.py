"""Rules known before any visit: the terms of all their cells, and what those agree on, so that the kernel can be compiled for it.

The general kernel works the terms of a cell out when its first visit comes, and looks at each visit what form they have.
Where the rules are few, all terms can be worked out beforehand. What they agree on of their form is then a constant of the
machine code (`compiled`), and the steps that none of them asks for are not in it. Amounts and ratios stay data: rules that
differ in numbers alone share machine code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from gongji.benefit.terms import (
    F_CELLS,
    F_RULES,
    F_STEPS,
    F_WANTED,
    FORM_SIZE,
    PLACED_SIZE,
    T_ACCOUNT_FIRST,
    T_CAP_SIZE,
    T_CAPS,
    T_COST_CAP_SIZE,
    T_COST_CAPS,
    T_EDGES,
    T_FIRST_LAYER,
    T_LAYER_SIZE,
    T_SELF_FIRST,
    T_SHARE,
    T_SHARE_SIZE,
    T_STAGE_BORNE,
    T_STAGE_SHARE,
    T_THRESHOLDS,
    T_TIMES,
    TERMS_SIZE,
    VARIES,
    Row,
    resolve,
)
from gongji.rules import layout
from gongji.rules.cells import STEPS, STEPS_SIZE, Cells

#: Stands where terms say nothing because nothing reads them there.
_UNSAID: Final = VARIES - 1


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of rules before any visit.

    Attributes:
        form: what their terms agree on; `FORM_SIZE` places.
        terms: the terms of each cell.
    """

    form: tuple[int, ...]
    terms: list[list[int]]


def work_out(rows: Sequence[Row], cells: Cells, wanted: Iterable[int], *, indexed: bool = False) -> Known:
    """Work out what is known of rules.

    Args:
        rows: the rules.
        cells: their cells.
        wanted: the places of a result that are wanted.
    """
    terms = [[_UNSAID] * TERMS_SIZE for _ in range(cells.count)]
    for row, steps in zip(rows, cells.steps, strict=True):
        for cell, visit in _kinds(steps):
            resolve(row, visit, [0] * PLACED_SIZE, terms[cell])
    form = [VARIES] * FORM_SIZE
    for place in set(range(TERMS_SIZE)).difference(_numbers()):
        said = {of[place] for of in terms} - {_UNSAID}
        # Where no terms say anything a constant is as good as any, and shorter.
        form[place] = said.pop() if len(said) == 1 else VARIES if said else 0
    form[F_CELLS] = int(indexed)
    form[F_RULES] = int(len(rows) > 1)
    for part, (begin, end) in enumerate(_parts()):
        form[F_STEPS + part] = int(part == 0 or any(any(steps[begin:end]) for steps in cells.steps))
    for place in range(layout.RESULT_SIZE):
        form[F_WANTED + place] = int(place in set(wanted))
    return Known(tuple(form), [[0 if said == _UNSAID else said for said in of] for of in terms])


def _parts() -> Iterator[tuple[int, int]]:
    """Where each of the parts of a rule's steps begins and ends."""
    return zip(STEPS, (*STEPS[1:], STEPS_SIZE), strict=True)


def _kinds(steps: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Each cell of a rule, and a visit that falls into it."""
    classes: list[dict[int, int]] = [{} for _ in STEPS]
    for found, (begin, end) in zip(classes, _parts(), strict=True):
        for place, step in enumerate(steps[begin:end]):
            found.setdefault(step, place)
    for cases, tier, age, cover, disease in product(*(found.items() for found in classes)):
        visit = [0] * layout.VISIT_SIZE
        visit[layout.CASES], visit[layout.TIER], visit[layout.AGE] = cases[1], tier[1], age[1]
        statuses = [place for status, place in layout.STATUS_PLACES.items() if cases[1] & layout.CASE_BITS[status]]
        visit[layout.STATUS] = statuses[0] if statuses else 0
        visit[layout.COVERED], visit[layout.DISEASE] = cover[1], disease[1] - 1
        yield cases[0] + tier[0] + age[0] + cover[0] + disease[0], visit


def _numbers() -> Iterator[int]:
    """The places of terms that are amounts, ratios or how often: no part of the form."""
    yield from range(T_SELF_FIRST + 1, T_ACCOUNT_FIRST)
    yield from range(T_THRESHOLDS, T_COST_CAPS)
    yield from (T_TIMES + index * layout.TIMES_SIZE + 1 for index in range(layout.MOST_TIMES))
    yield from (T_COST_CAPS + 1 + index * T_COST_CAP_SIZE + 2 for index in range(layout.MOST_CAPS))
    yield from range(T_SHARE + T_EDGES, T_SHARE + T_SHARE_SIZE)
    for index in range(layout.MOST_LAYERS):
        layer = T_FIRST_LAYER + index * T_LAYER_SIZE
        yield from (layer + T_CAPS + 1 + cap * T_CAP_SIZE + 1 for cap in range(layout.MOST_CAPS))
        yield layer + T_STAGE_BORNE + 1
        yield from range(layer + T_STAGE_SHARE + T_EDGES, layer + T_STAGE_SHARE + T_SHARE_SIZE)
