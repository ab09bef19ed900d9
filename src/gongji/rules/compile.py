"""From dated values to rules with integer numbers: one rule for each span of dates in which nothing changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from gongji.foundation.errors import InvalidInput
from gongji.rules.checks import STATUSES
from gongji.rules.entries import Dated, LayerShape, Shape
from gongji.rules.lineage import Lineage, clause
from gongji.rules.model import (
    BenefitRule,
    Clause,
    Counter,
    Deductible,
    Interpretation,
    Layer,
    Share,
    SharingRule,
)
from gongji.rules.pack import SHARING_NAMES, BenefitEntries, BenefitKey, Table, in_force
from gongji.rules.problems import Problems
from gongji.rules.vocabulary import Combine, Status, Tier

Rule = TypeVar("Rule")

#: A restriction holds only where a text states it; the other names of a sharing rule have to be stated.
_UNRESTRICTED: Final[Mapping[str, object]] = {
    "max_relatives": None,
    "exclusive_user": False,
    "dual_role_forbidden": False,
    "retained_floor": 0,
    "sharer_limit_allowed": False,
    "review_working_days": None,
    "forbidden_uses": frozenset(),
}
_DAY: Final = timedelta(days=1)
_effective: Final = attrgetter("effective")


@dataclass(frozen=True, slots=True)
class Span(Generic[Rule]):
    """One stretch of a timeline; `rule` is None where the packs are silent."""

    effective: date
    rule: Rule | None


def choose(interpretations: Mapping[str, Interpretation], readings: Mapping[str, str]) -> dict[str, str]:
    """The reading in use of every interpretation: the one asked for, else its default.

    Raises:
        InvalidInput: ``reading.unknown`` when a switch or a reading asked for does not exist.
    """
    for name, option in readings.items():
        known = interpretations[name].options if name in interpretations else ()
        if option not in known:
            raise InvalidInput(
                "reading.unknown",
                f"there is no reading '{option}' of '{name}' here",
                f"此处没有“{name}”的读法“{option}”",
                field=name,
                accepted=", ".join(known) or ", ".join(interpretations) or "no reading at all",
            )
    return {name: readings.get(name, one.default) for name, one in interpretations.items()}


def rule_at(spans: Sequence[Span[Rule]], on: date) -> Rule | None:
    """The rule of a timeline that holds on a day, None where there is none."""
    index = bisect_right(spans, on, key=_effective) - 1
    return spans[index].rule if index >= 0 else None


def _starts(entries: Iterable[Dated[object]]) -> list[date]:
    """Every day on which something begins or has just ended, in order."""
    dated = list(entries)
    return sorted({one.effective for one in dated} | {one.until + _DAY for one in dated if one.until is not None})


def benefit_timeline(
    lineage: Lineage, key: BenefitKey, readings: Mapping[str, str], problems: Problems
) -> tuple[Span[BenefitRule], ...]:
    """All rules of one benefit, in order of date.

    Args:
        lineage: the pack and its parents.
        key: which benefit.
        readings: readings asked for in place of the defaults.
        problems: collects spans for which a value is missing.

    Raises:
        InvalidInput: ``reading.unknown``, see `choose`.
    """
    benefit = lineage.own.benefits[key]
    chosen = choose(benefit.interpretations, readings)
    starts = _starts([*benefit.shapes, *chain.from_iterable(benefit.values.values())])
    spans = []
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        shape = in_force(benefit.shapes, start)
        rule = None
        if shape is not None:
            until = following - _DAY if following is not None else shape.until
            rule = _Compiler(lineage, key, benefit, chosen, problems).rule(shape, start, until)
        spans.append(Span(start, rule))
    return tuple(spans)


@dataclass(frozen=True, slots=True)
class _Compiler:
    lineage: Lineage
    key: BenefitKey
    benefit: BenefitEntries
    chosen: Mapping[str, str]
    problems: Problems

    def rule(self, shape: Dated[Shape], start: date, until: date | None) -> BenefitRule | None:
        """The rule of one span; None (and a problem) when the shape names a value that does not hold then."""
        layers = [layer for layer in shape.value.layers if all(self.chosen[n] == v for n, v in layer.when.items())]
        tables = {name: self._table(name, start, shape) for name in ("deductible", "share", *(o.limit for o in layers))}
        found = {name: table for name, table in tables.items() if table is not None}
        if len(found) < len(tables):
            return None
        clauses = {
            ".".join((name, *path)): self._clause(f"{name}.{'.'.join(path)}", table)
            for name, table in found.items()
            for path in table.value
        }
        clauses["formula"] = self._clause("rules", shape)
        deductible = self._deductible(shape.value.deductible_counter, found["deductible"].value, clauses)
        made = tuple(self._layer(layer, found[layer.limit].value, clauses) for layer in layers)
        pack = self.lineage.own
        return BenefitRule(
            pack=pack.id,
            region=pack.region,
            scheme=self.key[0],
            kind=self.key[1],
            effective=start,
            until=until,
            deductible=deductible,
            share=self._share(found["share"].value, clauses),
            layers=made,
            counters=_counters(deductible, made),
            clauses=clauses,
            interpretations=self.chosen,
            digest=self.lineage.digest,
        )

    def _table(self, name: str, on: date, shape: Dated[Shape]) -> Dated[Table] | None:
        table = in_force(self.benefit.values[name], on)
        if table is None:
            self.problems.report(
                "pack.missing_value", shape.at, f"no value of '{name}' holds on {on}", f"{on} 没有生效的“{name}”数值"
            )
        return table

    def _clause(self, name: str, dated: Dated[object]) -> Clause:
        rule_id = f"{self.lineage.own.id}#{self.benefit.section}.{name}"
        return clause(rule_id, dated, self.lineage.documents())

    def _deductible(self, counter: str, table: Table, clauses: Mapping[str, Clause]) -> Deductible:
        interpretation = self.benefit.counters[counter].interpretation
        return Deductible(
            combine=Combine(self.chosen[interpretation]) if interpretation else Combine.ONE_COUNTER,
            counter=counter,
            amounts={tier: table[(tier,)].amount for tier in Tier},
            clauses={tier: clauses[f"deductible.{tier}"] for tier in Tier},
        )

    def _share(self, table: Table, clauses: Mapping[str, Clause]) -> Share:
        keys = [(status, tier) for status in self._statuses() for tier in Tier]
        return Share(
            ratios={key: table[key].amount for key in keys},
            clauses={(status, tier): clauses[f"share.{status}.{tier}"] for status, tier in keys},
        )

    def _layer(self, layer: LayerShape, table: Table, clauses: Mapping[str, Clause]) -> Layer:
        return Layer(
            name=layer.limit,
            fund=layer.fund,
            counter=layer.counter,
            limits={status: table[(status,)].amount for status in self._statuses()},
            clauses={status: clauses[f"{layer.limit}.{status}"] for status in self._statuses()},
        )

    def _statuses(self) -> tuple[Status, ...]:
        return STATUSES[self.key[0]]


def _counters(deductible: Deductible, layers: tuple[Layer, ...]) -> dict[str, Counter]:
    names = [deductible.counter_of(tier) for tier in Tier]
    if deductible.combine is Combine.HIGHER_TOPS_UP:
        names.append(deductible.target_counter)
    names += [layer.counter for layer in layers]
    return {name: Counter(name) for name in names}


def sharing_timeline(lineage: Lineage, readings: Mapping[str, str]) -> tuple[Span[SharingRule], ...]:
    """All sharing rules of a pack, in order of date; each name from the nearest pack that has a value then.

    Args:
        lineage: the pack and its parents.
        readings: readings asked for in place of the defaults.

    Raises:
        InvalidInput: ``reading.unknown``, see `choose`.
    """
    starts = _starts(chain.from_iterable(entries for pack in lineage.packs for entries in pack.sharing.values()))
    return tuple(Span(start, _sharing_rule(lineage, start, readings)) for start in starts)


def _sharing_rule(lineage: Lineage, on: date, readings: Mapping[str, str]) -> SharingRule | None:
    """The rule of one span; None when a name other than a restriction has no value then."""
    # Each value was read by its own reader in SHARING_NAMES, whose names are the fields of SharingRule.
    values: dict[str, Any] = dict(_UNRESTRICTED)
    clauses: dict[str, Clause] = {}
    interpretations: dict[str, Interpretation] = {}
    documents = lineage.documents()
    for pack in reversed(lineage.packs):
        interpretations |= pack.interpretations
        for name, entries in pack.sharing.items():
            entry = in_force(entries, on)
            if entry is not None:
                values[name] = entry.value
                clauses[name] = clause(f"{pack.id}#sharing.{name}", entry, documents)
    chosen = choose(interpretations, readings)
    if set(values) != set(SHARING_NAMES):
        return None
    region = lineage.own.region
    return SharingRule(region=region, clauses=clauses, interpretations=chosen, digest=lineage.digest, **values)
