"""From dated values to rules with integer numbers: one rule for each span of dates in which nothing changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain, zip_longest
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from gongji.foundation.errors import InvalidInput
from gongji.rules.assembly import Assembly
from gongji.rules.entries import Dated
from gongji.rules.lineage import Lineage, clause
from gongji.rules.model import BenefitRule, SharingRule
from gongji.rules.pack import SHARING_NAMES, BenefitKey, in_force
from gongji.rules.problems import Problems
from gongji.rules.sources import Clause, Interpretation
from gongji.rules.vocabulary import CareKind

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
    spans: list[Span[BenefitRule]] = []
    for start, following in zip_longest(starts, starts[1:]):
        shape = in_force(benefit.shapes, start)
        rule = None
        if shape is not None:
            until = following - _DAY if following is not None else shape.until
            rule = Assembly(lineage, key, benefit, chosen, problems, shape, start).rule(until)
        spans.append(Span(start, rule))
    return tuple(spans)


def pharmacy_timeline(
    lineage: Lineage, key: BenefitKey, spans: Sequence[Span[BenefitRule]]
) -> tuple[Span[BenefitRule], ...]:
    """What an outpatient rule pays at pharmacies, where its shape says as which tier (``pharmacy: tier_1``).

    Args:
        lineage: the pack and its parents.
        key: the outpatient benefit.
        spans: its rules.

    Returns:
        The same spans, without a rule where pharmacies are not named; empty when they never are.
    """
    shapes = lineage.own.benefits[key].shapes
    if all(shape.value.pharmacy_tier is None for shape in shapes):
        return ()
    made = []
    for span in spans:
        shape = in_force(shapes, span.effective)
        tier = shape.value.pharmacy_tier if shape is not None else None
        rule = replace(span.rule, kind=CareKind.PHARMACY, as_tier=tier) if span.rule and tier else None
        made.append(Span(span.effective, rule))
    return tuple(made)


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
