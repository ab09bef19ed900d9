"""One rule with integer numbers, put together from a shape and the values that hold on its first day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from gongji.rules.admissions import MOST_ADMISSIONS, by_admission
from gongji.rules.entries import Dated
from gongji.rules.expand import Reader, Table, make_grid
from gongji.rules.grid import Grid, Key
from gongji.rules.lineage import Lineage, clause
from gongji.rules.model import BenefitRule, Cap, Counter, Deductible, Layer, Modifier, Share, Waiver
from gongji.rules.pack import SCHEME_WORDS, BenefitEntries, BenefitKey, in_force
from gongji.rules.problems import Problems, Unreadable
from gongji.rules.sources import Clause
from gongji.rules.structure import (
    POOL,
    REPEAT,
    CapShape,
    DeductibleShape,
    LayerShape,
    Shape,
    ShareShape,
    TableShape,
)
from gongji.rules.vocabulary import STATUSES, Combine, DeductibleKind, Dimension, Measure, Tier
from gongji.rules.waiting import WaitingRule


@dataclass(frozen=True, slots=True)
class Assembly:
    """One span of one benefit: its shape, the readings chosen, the day it begins.

    `problems` collects values that are missing on that day and tables that do not fit their shape; `read` the values
    that were read.
    """

    lineage: Lineage
    key: BenefitKey
    benefit: BenefitEntries
    chosen: Mapping[str, str]
    problems: Problems
    shape: Dated[Shape]
    start: date
    read: dict[str, Dated[Table]] = field(default_factory=dict)

    def rule(self, until: date | None) -> BenefitRule | None:
        """The rule of the span; None (and a problem) when it names a value that does not hold then."""
        try:
            return self._rule(until)
        except Unreadable:
            return None

    def _rule(self, until: date | None) -> BenefitRule:
        shape, pack = self.shape.value, self.lineage.own
        deductible, share, layers = self._deductible(), self._share(), self._layers()
        return BenefitRule(
            pack=pack.id,
            region=pack.region,
            scheme=self.key[0],
            kind=self.key[1],
            effective=self.start,
            until=until,
            deductible=deductible,
            share=share,
            layers=layers,
            counters=self._counters(deductible, share, layers),
            clauses=self._clauses(),
            interpretations=self.chosen,
            digest=self.lineage.digest,
            account_first=shape.account_first,
            waiting=self._waiting(),
        )

    def _applies(self, when: Mapping[str, str]) -> bool:
        return all(self.chosen[name] == option for name, option in when.items())

    def _active(self, layers: Iterable[LayerShape]) -> list[LayerShape]:
        return [layer for layer in layers if self._applies(layer.when)]

    def _entry(self, name: str) -> Dated[Table]:
        entry = in_force(self.benefit.values[name], self.start)
        if entry is None:
            en, zh = f"no value of '{name}' holds on {self.start}", f"{self.start} 没有生效的“{name}”数值"
            raise self.problems.refuse("pack.missing_value", self.shape.at, en, zh)
        self.read[name] = entry
        return entry

    def _clause(self, name: str, path: Key, entry: Dated[object]) -> Clause:
        rule_id = f"{self.lineage.own.id}#{self.benefit.section}.{'.'.join((name, *path))}"
        return clause(rule_id, entry, self.lineage.documents())

    def _grid(self, shape: TableShape, *, ratio: bool) -> Grid:
        entry = self._entry(shape.value)
        paths = Reader(STATUSES[self.key[0]], self.problems).paths(shape, entry, ratio=ratio)
        if paths is None:
            raise Unreadable(shape.value)
        whole = self._entry(shape.of).value[()].amount if shape.of is not None else None
        return make_grid(shape, entry, paths, lambda path: self._clause(shape.value, path, entry), whole)

    def _deductible(self) -> Deductible:
        shape = self.shape.value.deductible
        if shape.table is None:
            return Deductible(DeductibleKind.NONE, Grid((), {(): 0}, {(): self._formula()}))
        amounts = self._grid(shape.table, ratio=False)
        if shape.repeat is not None:
            amounts = self._by_admission(amounts)
        interpretation = self.benefit.counters[shape.counter].interpretation if shape.counter else None
        return Deductible(
            kind=shape.kind,
            amounts=amounts,
            combine=Combine(self.chosen[interpretation]) if interpretation else Combine.ONE_COUNTER,
            counter=shape.counter,
            at_most=dict(shape.at_most),
            cycle_days=shape.cycle_days,
            waivers=tuple(Waiver(one.attribute, self._grid(one.less, ratio=False)) for one in shape.waivers),
        )

    def _by_admission(self, first: Grid) -> Grid:
        """The grid by admission too: a later admission's number rests on the value ``repeat``."""
        table = self._entry(REPEAT)
        numbers: dict[Key, int] = {}
        clauses: dict[Key, Clause] = {}
        shape = self.shape.value.deductible
        ladders = {key: by_admission(amount, shape, table) for key, amount in first.numbers.items()}
        longest = max(len(ladder) for ladder in ladders.values())
        if longest > MOST_ADMISSIONS:
            en, zh = f"more than {MOST_ADMISSIONS} different admissions", f"逐次递减超过 {MOST_ADMISSIONS} 次"
            raise self.problems.refuse("pack.bad_value", table.at, en, zh)
        for key, ladder in ladders.items():
            for index in range(longest):
                case = (*key, f"admission_{index + 1}")
                numbers[case] = ladder[min(index, len(ladder) - 1)]
                clauses[case] = self._clause(REPEAT, (), table) if index else first.clauses[key]
        return Grid((*first.by, Dimension.ADMISSION), numbers, clauses)

    def _share(self) -> Share:
        modifiers = tuple(
            Modifier(one.table.value, frozenset(one.cases), one.effect, self._grid(one.table, ratio=True))
            for one in self.shape.value.modifiers
            if self._applies(one.when)
        )
        return self._shared_out(self.shape.value.share, modifiers)

    def _shared_out(self, shape: ShareShape, modifiers: tuple[Modifier, ...] = ()) -> Share:
        """The share of the pooled fund, or of a further one."""
        ratios = self._grid(shape.table, ratio=True)
        if shape.edges is None:
            return Share(ratios, modifiers=modifiers)
        edges = self._grid(shape.edges, ratio=False)
        words = edges.words(Dimension.BAND)
        amounts = tuple(edges[(word,)] for word in words)
        self._check_bands(amounts, ratios, shape.edges)
        return Share(
            ratios=ratios,
            edges=amounts,
            edge_clauses=tuple(edges.clauses[(word,)] for word in words),
            measure=Measure(self.chosen[shape.interpretation]) if shape.interpretation else shape.measure,
            counter=shape.counter,
            modifiers=modifiers,
        )

    def _check_bands(self, edges: tuple[int, ...], ratios: Grid, shape: TableShape) -> None:
        if any(lower >= upper for lower, upper in pairwise((0, *edges))):
            en, zh = f"the edges of {shape.value} do not rise", f"{shape.value} 的分段界限未逐段递增"
            raise self.problems.refuse("pack.bad_value", shape.at, en, zh)
        if len(ratios.words(Dimension.BAND)) != len(edges) + 1:
            en = f"{len(edges)} edges of {shape.value} make {len(edges) + 1} bands; the ratios have another number of them"
            zh = f"{shape.value} 有 {len(edges)} 个界限, 比例应有 {len(edges) + 1} 段"
            raise self.problems.refuse("pack.missing_key", shape.at, en, zh)

    def _layers(self) -> tuple[Layer, ...]:
        caps = [one.cap for one in self._active(self.shape.value.caps) if one.cap is not None]
        self._check_counters(caps)
        pool = Layer(POOL, tuple(self._cap(one) for one in caps))
        stages = [
            Layer(
                fund=one.fund,
                caps=(self._cap(one.cap),) if one.cap is not None else (),
                share=self._shared_out(one.share) if one.share is not None else None,
                basis=one.basis,
                deductible=self._stage_deductible(one.deductible) if one.deductible is not None else None,
            )
            for one in self._active(self.shape.value.overflow)
        ]
        return (pool, *stages)

    def _stage_deductible(self, shape: DeductibleShape) -> Deductible | None:
        if shape.table is None:
            return None
        return Deductible(shape.kind, self._grid(shape.table, ratio=False), counter=shape.counter)

    def _check_counters(self, caps: list[CapShape]) -> None:
        """Two caps of one fund that bind at once count on their own counters, or every payment would count twice."""
        named = [cap.counter for cap in caps if cap.counter]
        for cap in caps:
            if named.count(cap.counter) > 1:
                en, zh = f"two caps count on '{cap.counter}' at once", f"两项限额同时使用计数器“{cap.counter}”"
                raise self.problems.refuse("pack.contradiction", cap.table.at, en, zh)

    def _cap(self, shape: CapShape) -> Cap:
        limits = self._grid(shape.table, ratio=False)
        return Cap(shape.table.value, shape.measure, shape.counter, shape.each_disease, limits)

    def _counters(self, deductible: Deductible, share: Share, layers: tuple[Layer, ...]) -> dict[str, Counter]:
        """Every counter by name, with the period of the entry it was declared in."""
        made: dict[str, Counter] = {}

        def add(declared: str, *names: str) -> None:
            if declared:
                entry = self.benefit.counters[declared]
                made.update({name: Counter(name, entry.reset, entry.starts) for name in names or (declared,)})

        if deductible.kind is DeductibleKind.CUMULATIVE:
            add(deductible.counter, *(deductible.counter_of(tier) for tier in Tier))
            if deductible.keeps_target:
                add(deductible.counter, deductible.target_counter)
        else:
            add(deductible.counter)
        for name in deductible.at_most:
            add(name)
        add(share.counter)
        for layer in layers:
            if layer.deductible is not None:
                add(layer.deductible.counter)
            if layer.share is not None:
                add(layer.share.counter)
            for cap in layer.caps:
                diseases = cap.limits.words(Dimension.DISEASE) if cap.each_disease else ()
                add(cap.counter, *(cap.counter_of(disease) for disease in diseases))
        return made

    def _waiting(self) -> WaitingRule | None:
        """The waiting terms of the nearest pack that has any then."""
        for pack in self.lineage.packs:
            entry = in_force(pack.waiting.get(self.key[0], ()), self.start)
            if entry is not None:
                word = next(word for word, scheme in SCHEME_WORDS.items() if scheme is self.key[0])
                return WaitingRule(entry.value, clause(f"{pack.id}#waiting.{word}", entry, self.lineage.documents()))
        return None

    def _formula(self) -> Clause:
        return self._clause("rules", (), self.shape)

    def _clauses(self) -> dict[str, Clause]:
        """Every source by name: one for each leaf of each table read, and the structure's own (``formula``)."""
        found = {
            ".".join((name, *path)): self._clause(name, path, entry)
            for name, entry in self.read.items()
            for path in entry.value
        }
        found["formula"] = self._formula()
        return found
