"""What is worth a look in packs that load: gaps between dates, rules that ended, values that come from above the city."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from gongji.entrances.rules_command.shelf import Shelf
from gongji.entrances.rules_command.words import benefit_word
from gongji.rules.entries import Dated
from gongji.rules.lineage import Lineage
from gongji.rules.pack import in_force
from gongji.rules.problems import At

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
        yield from _value_dates(lineage)
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
                yield Finding("gap_in_dates", benefit.at, en, zh)
        if held and held[-1].until is not None:
            recorded = shelf.book.gap(lineage.own.region, *key) is not None
            en = f"no rule of {word} after {held[-1].until}, {'recorded' if recorded else 'not recorded'} as a gap"
            zh = f"{word} 自 {held[-1].until} 后没有规则, {'已' if recorded else '未'}登记为空白"
            yield Finding("rule_ended", benefit.at, en, zh)


def _value_dates(lineage: Lineage) -> Iterator[Finding]:
    """Days without a number between two entries of a plain value or a sharing rule."""
    pack = lineage.own
    held: dict[str, Sequence[Dated[object]]] = {
        **{f"sharing.{name}": entries for name, entries in pack.sharing.items()},
        **{f"accrual.{name}": entries for name, entries in pack.accrual.items()},
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
        *((f"values.{name}", entries) for name, entries in pack.values.items()),
    ]
