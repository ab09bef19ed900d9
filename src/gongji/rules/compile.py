"""From dated values to rules with integer numbers: one rule for each span of dates in which nothing changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain, zip_longest
from operator import attrgetter
from typing import Any, Final, Generic, Protocol, TypeVar

from gongji.foundation.errors import InvalidInput
from gongji.rules.accrual import AccrualRule, accrual_rule
from gongji.rules.assembly import Assembly
from gongji.rules.entries import Dated
from gongji.rules.grid import Key
from gongji.rules.lineage import Lineage, clause
from gongji.rules.model import BenefitRule, SharingRule
from gongji.rules.pack import ALLOTMENT_NAMES, SHARING_NAMES, BenefitKey, in_force
from gongji.rules.problems import Problems
from gongji.rules.sources import Clause, DatedAmount, Interpretation
from gongji.rules.vocabulary import CareKind, Contributor

Rule = TypeVar("Rule", bound="Sourced")

#: A restriction holds only where a text states it, and how somebody is bound matters to new authorisations alone; the
#: other names of a sharing rule have to be stated.
_UNRESTRICTED: Final[Mapping[str, object]] = {
    "procedure": None,
    "max_relatives": None,
    "exclusive_user": False,
    "dual_role_forbidden": False,
    "retained_floor": 0,
    "sharer_limit_allowed": False,
    "review_working_days": None,
    "user_consent": False,
    "unbind_after_days": None,
    "forbidden_uses": frozenset(),
    "allotment_required": False,
    **dict.fromkeys(ALLOTMENT_NAMES),
}
_DAY: Final = timedelta(days=1)
_begins: Final = attrgetter("begins")


class Sourced(Protocol):
    """Anything whose parts rest on clauses."""

    @property
    def clauses(self) -> Mapping[str, Clause]: ...


@dataclass(frozen=True, slots=True)
class Span(Generic[Rule]):
    """The days on which one text holds; days on which the packs are silent belong to no span.

    Attributes:
        begins: the first day.
        until: the last day, None while open.
        rule: what holds.
    """

    begins: date
    until: date | None
    rule: Rule

    @property
    def entries(self) -> Mapping[str, Clause]:
        """The sources of what begins to hold on the first day, by name: what makes the span another than the one before."""
        return {name: one for name, one in self.rule.clauses.items() if one.effective == self.begins}


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
    """What a timeline holds on a day, None where it is silent."""
    index = bisect_right(spans, on, key=_begins) - 1
    if index < 0:
        return None
    span = spans[index]
    return span.rule if span.until is None or on <= span.until else None


def _stretches(entries: Sequence[Dated[object]]) -> Iterator[tuple[date, date | None]]:
    """First and last day of every stretch in which nothing begins and nothing ends, in order; the last one is open."""
    ends = {one.until + _DAY for one in entries if one.until is not None}
    starts = sorted({one.effective for one in entries} | ends)
    for start, following in zip_longest(starts, starts[1:]):
        yield start, following - _DAY if following is not None else None


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
    spans: list[Span[BenefitRule]] = []
    waiting = chain.from_iterable(pack.waiting.get(key[0], ()) for pack in lineage.packs)
    for start, until in _stretches([*benefit.shapes, *chain.from_iterable(benefit.values.values()), *waiting]):
        shape = in_force(benefit.shapes, start)
        rule = None
        if shape is not None:
            rule = Assembly(lineage, key, benefit, chosen, problems, shape, start).rule(until)
        if rule is not None:
            spans.append(Span(start, until, rule))
    return tuple(spans)


def pharmacy_timeline(
    lineage: Lineage, key: BenefitKey, spans: Sequence[Span[BenefitRule]]
) -> tuple[Span[BenefitRule], ...]:
    """What an outpatient rule pays at pharmacies, where its shape says as what (``pharmacy: tier_1``, ``prescriber``).

    Args:
        lineage: the pack and its parents.
        key: the outpatient benefit.
        spans: its rules.

    Returns:
        The same spans but for those in which pharmacies are not named.
    """
    shapes = lineage.own.benefits[key].shapes
    made = []
    for span in spans:
        shape = in_force(shapes, span.begins)
        if shape is None or not (shape.value.pharmacy_tier or shape.value.by_prescriber):
            continue
        how = shape.value
        rule = replace(span.rule, kind=CareKind.PHARMACY, as_tier=how.pharmacy_tier, by_prescriber=how.by_prescriber)
        made.append(replace(span, rule=rule))
    return tuple(made)


def emergency_timeline(
    lineage: Lineage, key: BenefitKey, spans: Sequence[Span[BenefitRule]]
) -> tuple[Span[BenefitRule], ...]:
    """What an outpatient rule pays in an emergency, where its text speaks of both (``emergency: true``, 门急诊); the
    spans as for `pharmacy_timeline`."""
    shapes = lineage.own.benefits[key].shapes
    found = ((span, in_force(shapes, span.begins)) for span in spans)
    return tuple(
        replace(span, rule=replace(span.rule, kind=CareKind.EMERGENCY))
        for span, shape in found
        if shape is not None and shape.value.emergency
    )


def sharing_timeline(lineage: Lineage, readings: Mapping[str, str]) -> tuple[Span[SharingRule], ...]:
    """All sharing rules of a pack, in order of date; each name from the nearest pack that has a value then.

    Args:
        lineage: the pack and its parents.
        readings: readings asked for in place of the defaults.

    Raises:
        InvalidInput: ``reading.unknown``, see `choose`.
    """
    entries = [*chain.from_iterable(entries for pack in lineage.packs for entries in pack.sharing.values())]
    spans: list[Span[SharingRule]] = []
    for start, until in _stretches(entries):
        rule = _sharing_rule(lineage, start, readings)
        if rule is not None:
            _append(spans, Span(start, until, rule))
    return tuple(spans)


def value_timeline(lineage: Lineage, name: str, key: Key) -> tuple[Span[DatedAmount], ...]:
    """Every amount of a plain value, in order of date; each from the nearest pack that has one then.

    Args:
        lineage: the pack and its parents.
        name: the value's name.
        key: the path inside a table; empty for a single number.
    """
    entries = [*chain.from_iterable(entries for _, entries in lineage.plain(name))]
    spans: list[Span[DatedAmount]] = []
    for start, until in _stretches(entries):
        amount = value_on(lineage, name, key, start)
        if amount is not None:
            _append(spans, Span(start, until, amount))
    return tuple(spans)


def value_on(lineage: Lineage, name: str, key: Key, on: date) -> DatedAmount | None:
    """A plain value on a day, from the nearest pack that has one then."""
    for pack, entries in lineage.plain(name):
        entry = in_force(entries, on)
        if entry is not None and key in entry.value:
            rule = ".".join((f"{pack.id}#values.{name}", *key))
            return DatedAmount(entry.value[key].amount, clause(rule, entry, lineage.documents()))
    return None


def accrual_timeline(lineage: Lineage, contributor: Contributor) -> tuple[Span[AccrualRule], ...]:
    """What is credited each month to one kind of contributor, in order of date; each from the nearest pack.

    Args:
        lineage: the pack and its parents.
        contributor: to whom.
    """
    documents = lineage.documents()
    held = [(pack, pack.accrual.get(contributor, [])) for pack in lineage.packs]
    spans: list[Span[AccrualRule]] = []
    for start, until in _stretches([*chain.from_iterable(entries for _, entries in held)]):
        for pack, entries in held:
            entry = in_force(entries, start)
            if entry is None:
                continue
            rule_id = f"{pack.id}#accrual.{contributor}"
            clauses = {path: clause(".".join((rule_id, *path)), entry, documents) for path in entry.value.table}
            rule = accrual_rule(lineage.own.region, contributor, entry, clauses, lineage.digest)
            if rule is not None:
                _append(spans, Span(start, until, rule))
            break
    return tuple(spans)


def _append(spans: list[Span[Rule]], span: Span[Rule]) -> None:
    """Add a span, or lengthen the last one where the same goes on without a break."""
    if spans and spans[-1].until is not None and spans[-1].until + _DAY == span.begins and spans[-1].rule == span.rule:
        span = replace(span, begins=spans.pop().begins)
    spans.append(span)


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
    if values["allotment_required"] and any(values[name] is None and name not in chosen for name in ALLOTMENT_NAMES):
        return None
    region = lineage.own.region
    return SharingRule(region=region, clauses=clauses, interpretations=chosen, digest=lineage.digest, **values)
