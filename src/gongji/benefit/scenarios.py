"""Many variants of the rules over one population in one pass: what a change of amounts and ratios would cost, and whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from typing import Any, Final

import numpy as np

from gongji.benefit import compiled, lane_funds, lane_population, lanes, population
from gongji.benefit.compiled import Form
from gongji.benefit.engine import Amounts, Claims, cuts_between
from gongji.benefit.form import work_out
from gongji.benefit.terms import OPEN
from gongji.rules import layout
from gongji.rules.cells import number_cells
from gongji.rules.model import BenefitRule
from gongji.rules.table import RuleTable, compile_table

#: How many terms a pool of lanes has room for.
_POOL_ROWS: Final = 512

#: Bytes of a line of the cache.
_LINE: Final = 64


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


class Scenarios:
    """Variants of the rules ready for populations.

    Variants of one form (the same steps and counters, other amounts, ratios, edges and limits) go through in one pass of
    `lanes.LANES`; variants of other forms in passes of their own.
    """

    def __init__(self, variants: Sequence[Sequence[BenefitRule]], *, known: bool = False) -> None:
        """
        Args:
            variants: each the rules in the same order: the rule at a place stands in for the first variant's rule there.
            known: whether to compile for the form of the variants, as `Engine` does for results that are given: some seconds
                for each form the first time on a machine.

        Raises:
            ValueError: no variants, variants of other lengths, or other diseases than the first's.
            Misconfigured: ``table.too_large``, ``table.counters``; see `compile_table`.
        """
        self._rules = len(variants[0]) if variants else 0
        self._variants = len(variants)
        if not variants or any(len(variant) != self._rules for variant in variants):
            raise ValueError("there are no variants, or they have other numbers of rules")
        table = compile_table([rule for variant in variants for rule in variant])
        if any(table.diseases[place] != table.diseases[place % self._rules] for place in range(len(table.rows))):
            raise ValueError("a variant names other diseases than the first")
        self._largest = max(max(row) for row in table.rows)
        groups = _groups(table, self._variants, self._rules)
        self._passes = [_Pass(table, group, self._rules, known=known) for group in groups]

    def assess(self, claims: Claims, people: int, *, threads: int = 1, paid: Amounts | None = None) -> Outcome:
        """What the funds pay under each variant, equal to the fen to running each alone.

        Args:
            claims: the claims; `claims.rule` is a place in a variant, `claims.visits` counts diseases as the first variant does.
            people: how many people there are: one more than the largest of `claims.person`.
            threads: how many threads share the people.
            paid: zeros for `Outcome.paid`, to use the same memory again; made where it is None.

        Raises:
            ValueError: a claim that names a rule or person that there is not, an amount above `lanes.LARGEST_IN_LANES` fen,
                or `paid` of another shape.
        """
        if claims.rules > self._rules or claims.people > people:
            raise ValueError("a claim names a rule or a person that there is not")
        if max(claims.largest, self._largest) > lanes.LARGEST_IN_LANES:
            raise ValueError("an amount is too large for lanes")
        paid = np.zeros((people, self._variants), np.int64) if paid is None else paid
        if paid.shape != (people, self._variants) or paid.dtype != np.int64 or not paid.flags.c_contiguous:
            raise ValueError("there is no room for each person under each variant")
        funds = np.zeros((layout.MOST_LAYERS, self._variants), np.int64)
        deductible = np.zeros(self._variants, np.int64)
        for one in self._passes:
            one.run(claims, paid, funds, deductible, threads)
        return Outcome(paid, funds, deductible)


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


def _settle(form: Form) -> Callable[..., None]:
    """`lane_population.settle_scenarios`, compiled for terms of one form where Numba is installed."""
    if not compiled.available():
        return lane_population.settle_scenarios
    modules = (lanes, lane_funds, lane_population)
    return compiled.with_kernel(modules, frozenset({"settle_scenarios"}), form)["settle_scenarios"]


def _in_line(*shape: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Zeros that begin where a line of the cache does: a vector that lies across two lines is read twice."""
    size, line = prod(shape), _LINE // 8
    room = np.zeros(size + line)
    begin = -(room.ctypes.data // 8) % line
    return room[begin : begin + size].reshape(shape)


class _Pass:
    """One pass over the claims for variants of one form."""

    def __init__(self, table: RuleTable, group: Sequence[int], count: int, *, known: bool) -> None:
        self._group = list(group)
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
        self._form = OPEN
        if known and cells.count <= population.POOL_ROWS:
            self._form = work_out(rows[:count], cells, range(layout.RESULT_SIZE), indexed=True).form

    def run(self, claims: Claims, paid: Amounts, funds: Amounts, deductible: Amounts, threads: int) -> None:
        """Add this pass to what comes out."""
        cuts = cuts_between(claims.person, threads)
        every = self._group == list(range(lanes.LANES)) and paid.shape[1] == lanes.LANES
        whole = paid if every else np.zeros((len(paid), lanes.LANES), np.int64)
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(lambda place: self._part(claims, whole, *cuts[place : place + 2]), range(threads)))
        if not every:
            paid[:, self._group] = whole[:, : len(self._group)]
        for lane, variant in enumerate(self._group):
            for sums in parts:
                deductible[variant] += int(sums[lanes.L_BORNE_IN_ALL - lanes.L_SUMS + lane])
                for fund in range(layout.MOST_LAYERS):
                    place = lanes.L_PAID_IN_ALL - lanes.L_SUMS + fund * lanes.LANES
                    funds[fund, variant] += int(sums[place + lane])

    def _part(
        self, claims: Claims, whole: Amounts, begin: int, end: int
    ) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The claims of one thread; returns its sums."""
        sums = np.zeros(lanes.L_SIZE - lanes.L_SUMS)
        _settle(self._form)(
            *(self._rows, self._count, self._steps, *claims.unsigned(), claims.visits),
            *(claims.in_scope, claims.account, np.full(self._cells, population.NOWHERE, np.uint32)),
            np.zeros((_POOL_ROWS, population.POOL_SIZE), np.int64),
            _in_line(_POOL_ROWS, population.POOL_SIZE, lanes.LANES),
            np.zeros((population.WORK_ROWS, population.WORK_SIZE), np.int64),
            np.zeros(self._width, np.int64),
            _in_line(self._width, lanes.LANES),
            *(sums, whole, np.uint64(begin), np.uint64(end)),
        )
        return sums
