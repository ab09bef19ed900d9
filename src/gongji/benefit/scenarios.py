"""Many variants of the rules over one population in one pass: what a change of amounts and ratios would cost, and whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from gongji.benefit import compiled, lane_funds, lane_population, lanes, population
from gongji.benefit.engine import Amounts, Claims, cuts_between
from gongji.rules import layout
from gongji.rules.cells import number_cells
from gongji.rules.model import BenefitRule
from gongji.rules.table import RuleTable, compile_table

#: How many terms a pool of lanes has room for.
_POOL_ROWS: Final = 512


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes out for a population under each variant, in fen.

    Attributes:
        paid: what all funds pay for each person in all; one row a person, one column a variant.
        funds: what each fund pays for everybody; one row a fund (`layout.MOST_LAYERS`), one column a variant.
        deductible: what everybody bears under the deductible; one number a variant.
    """

    paid: Amounts
    funds: Amounts
    deductible: Amounts


def assess_scenarios(
    variants: Sequence[Sequence[BenefitRule]], claims: Claims, people: int, *, threads: int = 1
) -> Outcome:
    """What the funds pay under each of many variants of the rules, equal to the fen to running each alone.

    Variants of one form (the same steps and counters, other amounts, ratios, edges and limits) go through in one pass of
    `lanes.LANES`; variants of other forms in passes of their own.

    Args:
        variants: each the rules in the same order: the rule at a place stands in for the first variant's rule there.
        claims: the claims; `claims.rule` is a place in a variant, `claims.visits` counts diseases as the first variant does.
        people: how many people there are: one more than the largest of `claims.person`.
        threads: how many threads share the people.

    Raises:
        ValueError: no variants, variants of other lengths, other diseases than the first's, a claim that names a rule or
            person that there is not, or an amount above `lanes.LARGEST_IN_LANES` fen.
        Misconfigured: ``table.too_large``, ``table.counters``; see `compile_table`.
    """
    count = len(variants[0]) if variants else 0
    if not variants or any(len(variant) != count for variant in variants):
        raise ValueError("there are no variants, or they have other numbers of rules")
    table = compile_table([rule for variant in variants for rule in variant])
    _check(table, count, claims, people)
    paid = np.zeros((people, len(variants)), np.int64)
    funds = np.zeros((layout.MOST_LAYERS, len(variants)), np.int64)
    deductible = np.zeros(len(variants), np.int64)
    for group in _groups(table, len(variants), count):
        _Pass(table, group, count).run(claims, paid, funds, deductible, threads)
    return Outcome(paid, funds, deductible)


def _check(table: RuleTable, count: int, claims: Claims, people: int) -> None:
    """Whether claims and rules fit together and into lanes."""
    if any(table.diseases[place] != table.diseases[place % count] for place in range(len(table.rows))):
        raise ValueError("a variant names other diseases than the first")
    if claims.rules > count or claims.people > people:
        raise ValueError("a claim names a rule or a person that there is not")
    largest = max(int(claims.in_scope.max(initial=0)), *(max(row) for row in table.rows))
    if largest > lanes.LARGEST_IN_LANES:
        raise ValueError("an amount is too large for lanes")


def _groups(table: RuleTable, variants: int, count: int) -> list[list[int]]:
    """The variants of one form together, at most as many as there are lanes."""
    forms: dict[tuple[tuple[int, ...], ...], list[int]] = {}
    for variant in range(variants):
        form = tuple(_form(row) for row in table.rows[variant * count : (variant + 1) * count])
        forms.setdefault(form, []).append(variant)
    return [
        alike[start : start + lanes.LANES] for alike in forms.values() for start in range(0, len(alike), lanes.LANES)
    ]


def _form(row: Sequence[int]) -> tuple[int, ...]:
    """A row without its numbers: edges of classes and bands, how often a deductible may be charged, and its tables."""
    form = list(row[: layout.NUMBERS])
    tables, shares = [layout.AMOUNTS], [layout.RATIOS]
    tables += [layout.WAIVERS + index * layout.WAIVER_SIZE + 1 for index in range(layout.MOST_WAIVERS)]
    tables += [layout.MODIFIERS + index * layout.MODIFIER_SIZE + 2 for index in range(layout.MOST_MODIFIERS)]
    for index in range(layout.MOST_LAYERS):
        layer = layout.LAYERS + index * layout.LAYER_SIZE
        tables.append(layer + layout.STAGE_AMOUNTS)
        shares.append(layer + layout.STAGE_SHARE)
        caps = layer + layout.CAPS
        tables += [caps + cap * layout.CAP_SIZE + layout.CAP_LIMITS for cap in range(layout.MOST_CAPS)]
    numbers = [place for table in (*tables, *shares) for place in range(table, table + layout.TABLE)]
    numbers += range(layout.AGE_EDGES, layout.CLOCK_COUNT)
    for share in shares:
        edges = share + layout.SHARE_EDGES
        numbers += [share + layout.SHARE_STEP, *range(edges, edges + layout.MOST_EDGES)]
    numbers += [layout.ADMISSION_STEP]
    numbers += [layout.TIMES + index * layout.TIMES_SIZE + 1 for index in range(layout.MOST_TIMES)]
    for place in numbers:
        form[place] = 0
    return tuple(form)


def _settle() -> Callable[..., None]:
    """`lane_population.settle_scenarios`, compiled where Numba is installed."""
    if not compiled.available():
        return lane_population.settle_scenarios
    modules = (lanes, lane_funds, lane_population)
    return compiled.with_kernel(modules, frozenset({"settle_scenarios"}))["settle_scenarios"]


class _Pass:
    """One pass over the claims for variants of one form."""

    def __init__(self, table: RuleTable, group: Sequence[int], count: int) -> None:
        self._group = group
        self._count = count
        self._width = max(1, table.width)
        # Lanes that no variant needs do the work of the first again.
        filled = [*group, *[group[0]] * (lanes.LANES - len(group))]
        rows = [table.rows[variant * count + rule] for variant in filled for rule in range(count)]
        self._rows = np.array(rows, np.int64)
        alike = [[table.rows[variant * count + rule] for variant in group] for rule in range(count)]
        cells = number_cells(alike, table.diseases[:count])
        self._steps = np.array(cells.steps, np.uint32)
        self._cells = cells.count

    def run(self, claims: Claims, paid: Amounts, funds: Amounts, deductible: Amounts, threads: int) -> None:
        """Add this pass to what comes out."""
        cuts = cuts_between(claims.person, threads)
        whole = np.zeros((len(paid), lanes.LANES), np.int64)
        with ThreadPoolExecutor(threads) as pool:
            rooms = list(pool.map(lambda place: self._part(claims, whole, *cuts[place : place + 2]), range(threads)))
        for lane, variant in enumerate(self._group):
            paid[:, variant] = whole[:, lane]
            for room in rooms:
                deductible[variant] += int(room[lanes.L_BORNE_IN_ALL + lane])
                for fund in range(layout.MOST_LAYERS):
                    funds[fund, variant] += int(room[lanes.L_PAID_IN_ALL + fund * lanes.LANES + lane])

    def _part(
        self, claims: Claims, whole: Amounts, begin: int, end: int
    ) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The claims of one thread; returns its sums."""
        room = np.zeros(lanes.L_SIZE)
        _settle()(
            *(self._rows, self._count, self._steps, claims.rule, claims.person, claims.visits),
            *(claims.in_scope, claims.account, np.full(self._cells, population.NOWHERE, np.uint32)),
            np.zeros((_POOL_ROWS, population.POOL_SIZE), np.int64),
            np.zeros((_POOL_ROWS, population.POOL_SIZE, lanes.LANES)),
            np.zeros((population.WORK_ROWS, population.WORK_SIZE), np.int64),
            np.zeros(self._width, np.int64),
            np.zeros((self._width, lanes.LANES)),
            room,
            np.zeros((layout.MOST_EDGES + 1, lanes.LANES)),
            *(whole, begin, end),
        )
        return room
