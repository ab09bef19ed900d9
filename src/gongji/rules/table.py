"""Rules as rows of integers: what a compiled kernel reads. The layout is told in `layout`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from gongji.foundation.errors import Misconfigured
from gongji.rules import layout
from gongji.rules.grid import OTHER_PROVIDER, SELECTED_PROVIDER, Grid, lower_bound
from gongji.rules.model import (
    BenefitRule,
    Cap,
    Combine,
    Counter,
    Deductible,
    DeductibleKind,
    Dimension,
    Layer,
    Reset,
    Scheme,
    Share,
    Tier,
)

_NEVER: Final = 10**6

#: Length in months of each period.
_MONTHS: Final = {Reset.CALENDAR_YEAR: 12, Reset.INSURANCE_YEAR: 12, Reset.QUARTER: 3, Reset.MONTH: 1}


@dataclass(frozen=True, slots=True)
class RuleTable:
    """Rules as integers.

    Attributes:
        rows: one row a rule, all of one length.
        slots: for each rule, where in a person's state each of its counters stands.
        diseases: for each rule, the diseases of its region in the order of their places in a claim.
        width: how many slots a person's state has.
    """

    rows: tuple[tuple[int, ...], ...]
    slots: tuple[Mapping[str, int], ...]
    diseases: tuple[tuple[str, ...], ...]
    width: int


@dataclass(slots=True)
class _Region:
    """What the rules of one region and scheme share: slots of counters by name, and the list of diseases."""

    diseases: tuple[str, ...]
    slots: dict[str, int] = field(default_factory=dict)

    def slot(self, *names: str) -> int:
        """The first slot of some counters that stand side by side.

        Raises:
            Misconfigured: ``table.counters`` when one of them was given a slot elsewhere.
        """
        for name in names:
            self.slots.setdefault(name, len(self.slots))
        first = self.slots[names[0]]
        if [self.slots[name] for name in names] != list(range(first, first + len(names))):
            listed = ", ".join(names)
            raise Misconfigured(
                "table.counters", f"counters cannot stand side by side: {listed}", f"计数器无法相邻:{listed}"
            )
        return first


def compile_table(rules: Sequence[BenefitRule]) -> RuleTable:
    """Compile rules into rows of integers.

    Counters of the same name in rules of one region and scheme share a slot.

    Args:
        rules: any rules, of any regions.

    Raises:
        Misconfigured: ``table.too_large`` when a rule has more bands, caps, modifiers … than a row has room for, or
            an amount so large that the kernel's products could overflow.
    """
    regions: dict[tuple[str, Scheme], _Region] = {}
    for key in dict.fromkeys((rule.region, rule.scheme) for rule in rules):
        regions[key] = _Region(_diseases(rule for rule in rules if (rule.region, rule.scheme) == key))
    rows = [_Row(rule, regions[rule.region, rule.scheme]).integers() for rule in rules]
    longest = max((len(row) for row in rows), default=layout.NUMBERS)
    found = [regions[rule.region, rule.scheme] for rule in rules]
    return RuleTable(
        rows=tuple((*row, *[0] * (longest - len(row))) for row in rows),
        slots=tuple(
            {name: region.slots[name] for name in rule.counters} for rule, region in zip(rules, found, strict=True)
        ),
        diseases=tuple(region.diseases for region in found),
        width=max((len(region.slots) for region in regions.values()), default=0),
    )


def _grids(rule: BenefitRule) -> list[Grid]:
    share = rule.share
    found = [rule.deductible.amounts, share.ratios]
    found += [waiver.less for waiver in rule.deductible.waivers]
    found += [modifier.numbers for modifier in share.modifiers]
    found += [cap.limits for layer in rule.layers for cap in layer.caps]
    return [*found, *(layer.ratios for layer in rule.layers if layer.ratios is not None)]


def _diseases(rules: Iterable[BenefitRule]) -> tuple[str, ...]:
    return tuple(sorted({word for rule in rules for grid in _grids(rule) for word in grid.words(Dimension.DISEASE)}))


def _edges(grids: Sequence[Grid], dimension: Dimension, most: int) -> tuple[int, ...]:
    """Where the classes of a dimension begin in any of the tables, filled up."""
    found = sorted({lower_bound(word) for grid in grids for word in grid.words(dimension)} - {0})
    _fits(dimension, len(found), most)
    return (*found, *[_NEVER] * (most - len(found)))


def _fits(what: str, count: int, most: int) -> None:
    if count > most:
        raise Misconfigured(
            "table.too_large",
            f"{count} of {what} are more than the {most} of a row",
            f"{what} 有 {count} 项, 超过上限 {most}",
        )


class _Row:
    """One rule on its way into a row."""

    def __init__(self, rule: BenefitRule, region: _Region) -> None:
        grids = _grids(rule)
        self._rule = rule
        self._region = region
        self._ages = _edges(grids, Dimension.AGE, layout.MOST_AGE_EDGES)
        self._covers = _edges(grids, Dimension.COVER, layout.MOST_COVER_EDGES)
        self._numbers: list[int] = []

    def integers(self) -> list[int]:
        """The row."""
        rule = self._rule
        row = [-1 if rule.as_tier is None else layout.TIER_PLACES[rule.as_tier], int(rule.account_first)]
        row += [*self._ages, *self._covers, *self._deductible(rule.deductible), *self._share(rule.share)]
        _fits("funds", len(rule.layers), layout.MOST_LAYERS)
        row.append(len(rule.layers))
        for layer in rule.layers:
            row += self._layer(layer)
        row += [0] * (layout.NUMBERS - len(row))
        largest = max((abs(number) for number in [*row, *self._numbers]), default=0)
        _fits("fen", largest, layout.LARGEST)
        return [*row, *self._numbers]

    def _counter(self, *names: str) -> list[int]:
        """The places of a counter, or of the first of several that stand side by side and have one period."""
        if not names or not names[0]:
            return [layout.NO_SLOT, 12, 0]
        counter: Counter = next(self._rule.counters[name] for name in names if name in self._rule.counters)
        return [self._region.slot(*names), _MONTHS[counter.reset], counter.starts - 1]

    def _table(self, grid: Grid) -> tuple[list[int], int]:
        """The places of a table, and how far apart its bands or admissions lie; its numbers join the row's."""
        words: dict[Dimension, Sequence[str]] = {
            Dimension.STATUS: [str(status) for status in layout.STATUS_PLACES],
            Dimension.TIER: list(Tier),
            Dimension.AGE: _classes(grid, Dimension.AGE, self._ages),
            Dimension.COVER: _classes(grid, Dimension.COVER, self._covers),
            Dimension.PROVIDER: (OTHER_PROVIDER, SELECTED_PROVIDER),
            Dimension.DISEASE: self._region.diseases,
        }
        steps = dict.fromkeys(Dimension, 0)
        step = 1
        for dimension in reversed(grid.by):
            steps[dimension] = step
            step *= len(words.get(dimension) or grid.words(dimension))
        begins = layout.NUMBERS + len(self._numbers)
        for key in product(*(words.get(dimension) or grid.words(dimension) for dimension in grid.by)):
            # A case that the scheme or the rule does not have never comes up: it is refused before.
            self._numbers.append(grid.numbers.get(key, 0))
        by_place = [steps[dimension] for dimension in words]
        return [begins, *by_place], steps[Dimension.ADMISSION] or steps[Dimension.BAND]

    def _deductible(self, deductible: Deductible) -> list[int]:
        _fits("counters of charges", len(deductible.at_most), layout.MOST_TIMES)
        _fits("waivers", len(deductible.waivers), layout.MOST_WAIVERS)
        cumulative = deductible.kind is DeductibleKind.CUMULATIVE
        names = [deductible.counter]
        if cumulative and deductible.combine is Combine.COUNTER_PER_TIER:
            names = list(dict.fromkeys(deductible.counter_of(tier) for tier in Tier))
        target = deductible.target_counter if cumulative and deductible.keeps_target else ""
        table, step = self._table(deductible.amounts)
        times = [place for name, most in deductible.at_most.items() for place in (*self._counter(name), most)]
        times += [layout.NO_SLOT, 12, 0, 0] * (layout.MOST_TIMES - len(deductible.at_most))
        waivers: list[int] = []
        for waiver in deductible.waivers:
            waivers += [layout.CASE_BITS[waiver.attribute], *self._table(waiver.less)[0]]
        waivers += [0] * (layout.MOST_WAIVERS * layout.WAIVER_SIZE - len(waivers))
        return [
            *(layout.DEDUCTIBLE_NUMBERS[deductible.kind], layout.COMBINE_NUMBERS[deductible.combine]),
            *(*self._counter(*names), *self._counter(target), *table),
            *(step, len(deductible.amounts.words(Dimension.ADMISSION)), deductible.cycle_days),
            *(*times, len(deductible.waivers), *waivers),
        ]

    def _share(self, share: Share) -> list[int]:
        _fits("edges of bands", len(share.edges), layout.MOST_EDGES)
        _fits("modifiers", len(share.modifiers), layout.MOST_MODIFIERS)
        table, step = self._table(share.ratios)
        modifiers: list[int] = []
        for modifier in share.modifiers:
            bits = sum(layout.CASE_BITS[case] for case in modifier.cases)
            modifiers += [bits, layout.EFFECT_NUMBERS[modifier.effect], *self._table(modifier.numbers)[0]]
        modifiers += [0] * (layout.MOST_MODIFIERS * layout.MODIFIER_SIZE - len(modifiers))
        edges = [*share.edges, *[0] * (layout.MOST_EDGES - len(share.edges))]
        measure = layout.MEASURE_NUMBERS[share.measure]
        count = len(share.modifiers)
        return [*table, step, len(share.edges), *edges, measure, *self._counter(share.counter), count, *modifiers]

    def _layer(self, layer: Layer) -> list[int]:
        _fits("caps", len(layer.caps), layout.MOST_CAPS)
        table = self._table(layer.ratios)[0] if layer.ratios is not None else [0] * layout.TABLE
        caps = [place for cap in layer.caps for place in self._cap(cap)]
        caps += [0] * (layout.MOST_CAPS * layout.CAP_SIZE - len(caps))
        return [int(layer.ratios is not None), *table, len(layer.caps), *caps]

    def _cap(self, cap: Cap) -> list[int]:
        names = [cap.counter_of(disease) for disease in self._region.diseases] if cap.each_disease else [cap.counter]
        table, _ = self._table(cap.limits)
        return [layout.MEASURE_NUMBERS[cap.measure], *self._counter(*names), int(cap.each_disease), *table]


def _classes(grid: Grid, dimension: Dimension, edges: tuple[int, ...]) -> list[str]:
    """For each class of the row, the word of this table that holds in it."""
    words = grid.words(dimension)
    starts = (0, *(edge for edge in edges if edge != _NEVER))
    return [[word for word in words if lower_bound(word) <= start][-1] for start in starts] if words else []
