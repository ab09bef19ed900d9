"""What is worth a look in packs that load: gaps between dates, rules that ended, values that come from above the city."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, pairwise, zip_longest
from typing import Any

from gongji.entrances.rules_command.shelf import Shelf
from gongji.entrances.rules_command.words import chinese_of
from gongji.rules.entries import Dated
from gongji.rules.lineage import RECORD, Lineage
from gongji.rules.model import BenefitRule, Cap, DeductibleKind, Measure, Reset
from gongji.rules.pack import BenefitEntries, benefit_word, in_force, scheme_word
from gongji.rules.problems import At
from gongji.rules.structure import TableShape

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that loads and may be meant: a stable code, where it is, a sentence in both languages, and of what."""

    code: str
    at: At
    en: str
    zh: str
    names: tuple[str, ...] = ()


def findings(shelf: Shelf, lineages: Sequence[Lineage], on: date) -> Iterator[Finding]:
    """Everything worth a look.

    Args:
        shelf: the packs.
        lineages: those to look at.
        on: the day on which inherited values are looked at.
    """
    parents = {parent.id for lineage in shelf.lineages.values() for parent in lineage.parents}
    for lineage in lineages:
        yield from _benefit_dates(shelf, lineage)
        yield from _unreachable_bands(shelf, lineage)
        yield from _value_dates(lineage)
    # Last, since nearly every city has some: what needs a look first is not lost among them.
    for lineage in lineages:
        if lineage.own.id not in parents:
            yield from _inherited(lineage, on)


def _benefit_dates(shelf: Shelf, lineage: Lineage) -> Iterator[Finding]:
    """Days without a rule between two rules of a benefit, and benefits whose last rule has ended."""
    for key, benefit in lineage.own.benefits.items():
        word = benefit_word(key)
        held = shelf.book.timeline(lineage.own.region, *key)
        for before, after in pairwise(held):
            if before.until is not None and after.begins - before.until > _DAY:
                first, last = before.until + _DAY, after.begins - _DAY
                en, zh = f"no rule of {word} from {first} to {last}", f"{word} 自 {first} 至 {last} 没有规则"
                yield Finding("gap_in_dates", _ended_at(benefit, before.until), en, zh)
        if held and held[-1].until is not None:
            recorded = shelf.book.gap(lineage.own.region, *key) is not None
            en = f"no rule of {word} after {held[-1].until}, {'recorded' if recorded else 'not recorded'} as a gap"
            zh = f"{word} 自 {held[-1].until} 后没有规则, {'已' if recorded else '未'}登记为空白"
            yield Finding("rule_ended", _ended_at(benefit, held[-1].until), en, zh)


def _ended_at(benefit: BenefitEntries, last: date) -> At:
    """Where the entry stands that ends on a day: the structure's, else a value's."""
    entries: list[Dated[Any]] = [*benefit.shapes, *chain.from_iterable(benefit.values.values())]
    return next((entry.at for entry in entries if entry.until == last), benefit.at)


def _unreachable_bands(shelf: Shelf, lineage: Lineage) -> Iterator[Finding]:
    """Bands that no visit can reach: wholly under the deductible, or beyond the cap on what they are measured on."""
    for key, benefit in lineage.own.benefits.items():
        word = benefit_word(key)
        told: set[str] = set()
        for span in shelf.book.timeline(lineage.own.region, *key):
            for band in unreachable(span.rule):
                if band not in told:
                    told.add(band)
                    place = next((shape.value.share.edges for shape in benefit.shapes if shape.value.share.edges), None)
                    en = f"no visit reaches {band} of {word} from {span.begins}"
                    zh = f"{word} 自 {span.begins} 起, 没有费用能到达{chinese_of(band)} ({band})"
                    yield Finding("unreachable_band", _edges_at(benefit, place, span.begins), en, zh)


def _edges_at(benefit: BenefitEntries, edges: TableShape | None, on: date) -> At:
    """Where the edges that hold on a day stand."""
    entry = in_force(benefit.values.get(edges.value, ()), on) if edges is not None else None
    return entry.at if entry is not None else benefit.at


def unreachable(rule: BenefitRule) -> list[str]:
    """The bands of a rule that no visit can reach, by their words.

    With the deductible counted in, the first bands may end before it does; and a cap on the very measure of the bands,
    over the same period, may end before the last ones begin.
    """
    share = rule.share
    if not share.edges:
        return []
    found = []
    begins = (0, *share.edges)
    period = rule.counters[share.counter].reset if share.counter else None
    deductible = rule.deductible
    lasts = rule.counters[deductible.counter].reset if deductible.kind is DeductibleKind.CUMULATIVE else None
    least = min(deductible.amounts.numbers.values()) if share.measure is Measure.GROSS and lasts == period else 0
    least = 0 if deductible.waivers else least
    caps = [cap for cap in rule.layers[0].caps if cap.measure is share.measure and _period(rule, cap) == period]
    most = min((max(cap.limits.numbers.values()) for cap in caps), default=None)
    for number, (lower, upper) in enumerate(zip_longest(begins, share.edges), 1):
        if (upper is not None and upper <= least) or (most is not None and lower >= most):
            found.append(f"band_{number}")
    return found


def _period(rule: BenefitRule, cap: Cap) -> Reset | None:
    return rule.counters[cap.counters[0]].reset if cap.counters else None


def _value_dates(lineage: Lineage) -> Iterator[Finding]:
    """Days without a number between two entries of a plain value or a sharing rule."""
    pack = lineage.own
    held: dict[str, Sequence[Dated[object]]] = {
        **{f"sharing.{name}": entries for name, entries in pack.sharing.items()},
        **{f"accrual.{name}": entries for name, entries in pack.accrual.items()},
        **{f"waiting.{scheme_word(scheme)}": entries for scheme, entries in pack.waiting.items()},
        **{f"enrolment.{name}": entries for name, entries in pack.enrolment.items()},
        **{f"wallet.{name}": entries for name, entries in pack.wallet.items()},
        **{f"values.{name}": entries for name, entries in pack.values.items()},
    }
    for name, entries in held.items():
        for before, after in pairwise(entries):
            if before.until is not None and after.effective - before.until > _DAY:
                first, last = before.until + _DAY, after.effective - _DAY
                en, zh = f"no value of {name} from {first} to {last}", f"{name} 自 {first} 至 {last} 没有数值"
                yield Finding("gap_in_dates", after.at, en, zh)


def _inherited(lineage: Lineage, on: date) -> Iterator[Finding]:
    """What a region does not say itself and takes from above, one finding for each pack above it."""
    said = {name for name, entries in _all(lineage, 0) if in_force(entries, on) is not None}
    for level, parent in enumerate(lineage.parents, 1):
        taken = [
            name for name, entries in _all(lineage, level) if name not in said and in_force(entries, on) is not None
        ]
        said |= set(taken)
        if taken:
            en = f"{len(taken)} values of {lineage.own.id} come from {parent.id} on {on}"
            zh = f"{lineage.own.name}在 {on} 有 {len(taken)} 项沿用{parent.name}"
            yield Finding("inherited", lineage.own.at, en, zh, tuple(taken))


def _all(lineage: Lineage, level: int) -> list[tuple[str, Sequence[Dated[object]]]]:
    pack = lineage.packs[level]
    return [
        *((f"sharing.{name}", entries) for name, entries in pack.sharing.items()),
        *((f"accrual.{name}", entries) for name, entries in pack.accrual.items()),
        *((f"waiting.{scheme_word(scheme)}", entries) for scheme, entries in pack.waiting.items()),
        *((f"enrolment.{name}", entries) for name, entries in pack.enrolment.items()),
        *((f"wallet.{name}", entries) for name, entries in pack.wallet.items()),
        *(
            (f"values.{name}", entries)
            for name, entries in pack.values.items()
            if not (level and name.startswith(RECORD))
        ),
    ]
