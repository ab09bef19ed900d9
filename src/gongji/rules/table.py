"""Rules as rows of integers: what a compiled kernel reads. The layout is told in `layout`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product
from typing import Final, TypeAlias

from gongji.foundation.errors import Misconfigured
from gongji.rules import layout
from gongji.rules.grid import GRADES, OTHER_PROVIDER, SELECTED_PROVIDER, Grid, lower_bound
from gongji.rules.model import (
    Basis,
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
        slots: for each rule, where in a person's state each of its counters stands, by name.
        clocks: for each rule, where in a person's state the clock of each of its counters stands, by the same name.
        diseases: for each rule, the diseases of its region in the order of their places in a claim.
        width: how many places a person's state has.
    """

    rows: tuple[tuple[int, ...], ...]
    slots: tuple[Mapping[str, int], ...]
    clocks: tuple[Mapping[str, int], ...]
    diseases: tuple[tuple[str, ...], ...]
    width: int


#: When counters go back to zero: the length of the period in months, and months after January that the first begins.
_Clock: TypeAlias = tuple[int, int]


class _Region:
    """What the rules of one region and scheme share: places of counters in a state, and the list of diseases."""

    def __init__(self, rules: Sequence[BenefitRule]) -> None:
        self.diseases = _diseases(rules)
        self.places: dict[tuple[str, _Clock], int] = {}
        #: Where each clock stands and where its counters end.
        self.clocks: dict[_Clock, tuple[int, int]] = {}
        kept: dict[_Clock, list[tuple[str, ...]]] = {}
        for rule in rules:
            for names in _kept_together(rule, self.diseases):
                kept.setdefault(_clock(rule, names), []).append(names)
        self.width = 0
        for clock, together in kept.items():
            turns = self._next()
            together.sort(key=len, reverse=True)
            for name in chain.from_iterable(together):
                if (name, clock) not in self.places:
                    self.places[name, clock] = self._next()
            self.clocks[clock] = turns, self.width

    def _next(self) -> int:
        self.width += 1
        return self.width - 1

    def place(self, rule: BenefitRule, *names: str) -> int:
        """The first place of some counters that stand side by side; `NOT_KEPT` for a counter without a name.

        Raises:
            Misconfigured: ``table.counters`` when one of them was given a place elsewhere.
        """
        if not names or not names[0]:
            return layout.NOT_KEPT
        clock = _clock(rule, names)
        first = self.places[names[0], clock]
        if [self.places[name, clock] for name in names] != list(range(first, first + len(names))):
            listed = ", ".join(names)
            raise Misconfigured(
                "table.counters", f"counters cannot stand side by side: {listed}", f"计数器无法相邻:{listed}"
            )
        return first


def compile_table(rules: Sequence[BenefitRule]) -> RuleTable:
    """Compile rules into rows of integers.

    Counters of the same name and period in rules of one region and scheme share a place in the state.

    Args:
        rules: any rules, of any regions.

    Raises:
        Misconfigured: ``table.too_large`` when a rule has more bands, caps, modifiers … than a row has room for, or
            an amount so large that the kernel's products could overflow.
    """
    regions: dict[tuple[str, Scheme], _Region] = {}
    for key in dict.fromkeys((rule.region, rule.scheme) for rule in rules):
        regions[key] = _Region([rule for rule in rules if (rule.region, rule.scheme) == key])
    found = [regions[rule.region, rule.scheme] for rule in rules]
    rows = [_Row(rule, region).integers() for rule, region in zip(rules, found, strict=True)]
    longest = max((len(row) for row in rows), default=layout.NUMBERS)
    kept = [
        {name: (name, _clock(rule, (name,))) for name in rule.counters if (name, _clock(rule, (name,))) in one.places}
        for rule, one in zip(rules, found, strict=True)
    ]
    return RuleTable(
        rows=tuple((*row, *[0] * (longest - len(row))) for row in rows),
        slots=tuple({name: one.places[key] for name, key in of.items()} for of, one in zip(kept, found, strict=True)),
        clocks=tuple(
            {name: one.clocks[key[1]][0] for name, key in of.items()} for of, one in zip(kept, found, strict=True)
        ),
        diseases=tuple(region.diseases for region in found),
        width=max((region.width for region in regions.values()), default=0),
    )


def _clock(rule: BenefitRule, names: Sequence[str]) -> _Clock:
    """The clock of some counters that stand side by side."""
    counter: Counter = next(rule.counters[name] for name in names if name in rule.counters)
    return _MONTHS[counter.reset], counter.starts - 1


def _kept_together(rule: BenefitRule, diseases: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The counters of a rule: those that have to stand side by side together, every other alone."""
    yield from filter(any, (_borne_counters(rule.deductible), (_target_counter(rule.deductible),)))
    yield from ((name,) for name in rule.deductible.at_most)
    if rule.share.counter:
        yield (rule.share.counter,)
    for layer in rule.layers:
        own = (layer.deductible.counter if layer.deductible else "", layer.share.counter if layer.share else "")
        yield from ((name,) for name in own if name)
    caps = (cap for layer in rule.layers for cap in layer.caps if cap.counter)
    yield from filter(None, (_cap_counters(cap, diseases) for cap in caps))


def _borne_counters(deductible: Deductible) -> tuple[str, ...]:
    """The counter of what was borne or of admissions; by tier, one for each of the general tiers."""
    if deductible.kind is DeductibleKind.CUMULATIVE and deductible.combine is Combine.COUNTER_PER_TIER:
        return tuple(dict.fromkeys(deductible.counter_of(tier) for tier in Tier))
    return (deductible.counter,)


def _target_counter(deductible: Deductible) -> str:
    """The counter of the threshold met; empty where none is kept."""
    keeps = deductible.kind is DeductibleKind.CUMULATIVE and deductible.keeps_target
    return deductible.target_counter if keeps else ""


def _cap_counters(cap: Cap, diseases: Sequence[str]) -> tuple[str, ...]:
    """The counter of a cap; one for each disease where each has its own."""
    return tuple(cap.counter_of(disease) for disease in diseases) if cap.each_disease else (cap.counter,)


def _diseases(rules: Iterable[BenefitRule]) -> tuple[str, ...]:
    return tuple(sorted({word for rule in rules for grid in rule.grids() for word in grid.words(Dimension.DISEASE)}))


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
        grids = tuple(rule.grids())
        self._rule = rule
        self._region = region
        self._ages = _edges(grids, Dimension.AGE, layout.MOST_AGE_EDGES)
        self._covers = _edges(grids, Dimension.COVER, layout.MOST_COVER_EDGES)
        self._numbers: list[int] = []

    def integers(self) -> list[int]:
        """The row."""
        rule = self._rule
        row = [-1 if rule.as_tier is None else layout.TIER_PLACES[rule.as_tier], int(rule.account_first)]
        row.append(int(rule.by_prescriber or rule.waiting is not None))
        row += [*self._ages, *self._covers, *self._clocks()]
        row += [*self._deductible(rule.deductible), *self._share(rule.share), *self._modifiers(rule.share)]
        _fits("funds", len(rule.layers), layout.MOST_LAYERS)
        row.append(len(rule.layers))
        for layer in rule.layers:
            row += self._layer(layer)
        row += [0] * (layout.NUMBERS - len(row))
        largest = max((abs(number) for number in [*row, *self._numbers]), default=0)
        _fits("fen", largest, layout.LARGEST)
        return [*row, *self._numbers]

    def _place(self, *names: str) -> int:
        return self._region.place(self._rule, *names)

    def _clocks(self) -> list[int]:
        """The clocks of the rule's counters."""
        used = dict.fromkeys(_clock(self._rule, names) for names in _kept_together(self._rule, self._region.diseases))
        _fits("clocks", len(used), layout.MOST_CLOCKS)
        clocks = [place for clock in used for place in (*self._region.clocks[clock], *clock)]
        return [len(used), *clocks, *[0] * ((layout.MOST_CLOCKS - len(used)) * layout.CLOCK_SIZE)]

    def _table(self, grid: Grid) -> tuple[list[int], int]:
        """The places of a table, and how far apart its bands or admissions lie; its numbers join the row's."""
        words: dict[Dimension, Sequence[str]] = {
            Dimension.STATUS: [str(status) for status in layout.STATUS_PLACES],
            Dimension.TIER: list(Tier),
            Dimension.AGE: _classes(grid, Dimension.AGE, self._ages),
            Dimension.COVER: _classes(grid, Dimension.COVER, self._covers),
            Dimension.PROVIDER: (OTHER_PROVIDER, SELECTED_PROVIDER),
            Dimension.DISEASE: self._region.diseases,
            Dimension.GRADE: GRADES,
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
        table, step = self._table(deductible.amounts)
        admissions = len(deductible.amounts.words(Dimension.ADMISSION))
        _fits("admissions", admissions, layout.MOST_ADMISSIONS)
        times = [place for name, most in deductible.at_most.items() for place in (self._place(name), most)]
        times += [layout.NOT_KEPT, 0] * (layout.MOST_TIMES - len(deductible.at_most))
        waivers: list[int] = []
        for waiver in deductible.waivers:
            waivers += [layout.CASE_BITS[waiver.attribute], *self._table(waiver.less)[0]]
        waivers += [0] * (layout.MOST_WAIVERS * layout.WAIVER_SIZE - len(waivers))
        return [
            *(layout.DEDUCTIBLE_NUMBERS[deductible.kind], layout.COMBINE_NUMBERS[deductible.combine]),
            *(self._place(*_borne_counters(deductible)), self._place(_target_counter(deductible)), *table),
            *(step, admissions, deductible.cycle_days, *times, len(deductible.waivers), *waivers),
        ]

    def _share(self, share: Share) -> list[int]:
        _fits("edges of bands", len(share.edges), layout.MOST_EDGES)
        table, step = self._table(share.ratios)
        edges = [*share.edges, *[0] * (layout.MOST_EDGES - len(share.edges))]
        measure = layout.MEASURE_NUMBERS[share.measure]
        return [*table, step, len(share.edges), *edges, measure, self._place(share.counter)]

    def _modifiers(self, share: Share) -> list[int]:
        _fits("modifiers", len(share.modifiers), layout.MOST_MODIFIERS)
        modifiers: list[int] = []
        for modifier in share.modifiers:
            bits = sum(layout.CASE_BITS[case] for case in modifier.cases)
            modifiers += [bits, layout.EFFECT_NUMBERS[modifier.effect], *self._table(modifier.numbers)[0]]
        modifiers += [0] * (layout.MOST_MODIFIERS * layout.MODIFIER_SIZE - len(modifiers))
        return [len(share.modifiers), *modifiers]

    def _layer(self, layer: Layer) -> list[int]:
        _fits("caps", len(layer.caps), layout.MOST_CAPS)
        own = [int(layer.share is not None), int(layer.basis is Basis.UNPAID)]
        first = [layout.NOT_KEPT, *[0] * layout.TABLE]
        if layer.deductible is not None:
            first = [self._place(layer.deductible.counter), *self._table(layer.deductible.amounts)[0]]
        share = self._share(layer.share) if layer.share is not None else [0] * layout.SHARE_SIZE
        caps = [place for cap in layer.caps for place in self._cap(cap)]
        caps += [0] * (layout.MOST_CAPS * layout.CAP_SIZE - len(caps))
        return [*own, *first, *share, len(layer.caps), *caps]

    def _cap(self, cap: Cap) -> list[int]:
        place = self._place(*_cap_counters(cap, self._region.diseases))
        table, _ = self._table(cap.limits)
        return [layout.MEASURE_NUMBERS[cap.measure], place, int(cap.each_disease), *table]


def _classes(grid: Grid, dimension: Dimension, edges: tuple[int, ...]) -> list[str]:
    """For each class of the row, the word of this table that holds in it."""
    words = grid.words(dimension)
    starts = (0, *(edge for edge in edges if edge != _NEVER))
    return [[word for word in words if lower_bound(word) <= start][-1] for start in starts] if words else []
