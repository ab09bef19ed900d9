"""What if: some numbers of a region's rules changed, and what the funds would pay then for standard visits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from gongji.benefit.sensitivity import cases_of, paid_for, standard_visits
from gongji.entrances.open_rules.atlas import Atlas, Region
from gongji.entrances.web.rules.telling import benefit_block, benefit_title, told_visit
from gongji.entrances.wording import Language, text
from gongji.rules.book import RuleBook
from gongji.rules.draft import draft_of_settings, enact
from gongji.rules.lineage import Lineage
from gongji.rules.model import CareKind
from gongji.rules.pack import benefit_word, in_force
from gongji.rules.problems import PackError

#: How many of the standard visits that change are shown of each benefit.
_EXAMPLES: Final = 8

#: What a number may break that people are told in their own words; the rest is told as to who writes packs.
REFUSED: Final = ("retired_below_active", "out_of_bounds", "ratio_over_100", "bad_value")

#: Most characters of a new number.
_LONGEST: Final = 20


@dataclass(frozen=True, slots=True)
class Number:
    """A number that can be changed: its name as a draft writes it, what it is in words, what it is today, what was typed."""

    name: str
    label: str
    today: str
    typed: str
    is_ratio: bool

    @property
    def written(self) -> str:
        """What was typed as a draft writes it: people leave the unit out, and the decimals of a round sum."""
        told = (
            self.typed.replace("％", "%").replace("＋", "+").replace("－", "-").replace("−", "-").lstrip("¥￥").strip()
        )
        if self.is_ratio:
            return told if told.endswith("%") else f"{told} %"
        whole, point, decimals = told.replace(",", "").partition(".")
        return f"{whole}.{decimals.ljust(2, '0')}" if not point or decimals.isdigit() else told


@dataclass(frozen=True, slots=True)
class Part:
    """The numbers of one benefit, with a sentence on the weakest of their sources; None where all can be trusted."""

    title: str
    numbers: tuple[Number, ...]
    caution: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A standard visit for which the funds would pay something else, fen."""

    visit: str
    today: int
    then: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What a draft changes for the standard visits of one benefit: how many were tried, how many change, the largest changes."""

    title: str
    visits: int
    changed: int
    examples: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class Drafted:
    """What came of the form.

    Attributes:
        parts: what can be changed.
        errors: sentences by the number that is wrong; what is wrong with the draft as a whole under ``on``.
        effects: of each benefit that the draft touches; None while nothing is changed or something is wrong.
        file: the draft as a file for ``gongji draft``; empty with `effects` None.
    """

    parts: tuple[Part, ...]
    errors: Mapping[str, str]
    effects: tuple[Effect, ...] | None
    file: str


def draft_page(atlas: Atlas, region: Region, on: date, typed: Mapping[str, str], language: Language) -> Drafted:
    """A region's numbers to change, and what the changes typed would do.

    Args:
        atlas: the rules.
        region: whose.
        on: from when on.
        typed: new numbers by name, as typed.
        language: the reader's.
    """
    lineage = atlas.book.lineage(region.code)
    asked = {name: new.strip()[:_LONGEST] for name, new in typed.items() if new.strip()}
    parts = tuple(_parts(atlas, region, lineage, on, asked, language))
    changed = {one.name: one.written for part in parts for one in part.numbers if one.typed}
    if not changed:
        return Drafted(parts, {}, None, "")
    settings = [f"{name}={written}" for name, written in changed.items()]
    try:
        book = enact(atlas.book, draft_of_settings(region.name, lineage.own.id, on, settings)).book
    except PackError as refused:
        return Drafted(parts, _errors(refused, changed, language), None, "")
    effects = tuple(_effects(atlas.book, book, region, lineage, on, changed, language))
    return Drafted(parts, {}, effects, _file(region, lineage, on, changed))


def _parts(
    atlas: Atlas, region: Region, lineage: Lineage, on: date, asked: Mapping[str, str], language: Language
) -> Iterator[Part]:
    """The numbers of each benefit that the region's own pack sets, as they hold on the day."""
    for key, benefit in lineage.own.benefits.items():
        rule = atlas.book.benefit(region.code, *key, on)
        if rule is None:
            continue
        begin = f"{lineage.own.id}#{benefit.section}."
        held = {name: in_force(entries, on) for name, entries in benefit.values.items()}
        found: dict[str, Number] = {}
        block = benefit_block(rule, language)
        for row in block.rows:
            value, *path = row.clause.rule.removeprefix(begin).split(".") if row.clause is not None else [""]
            entry = held.get(value)
            name = ".".join((benefit_word(key), value, *path))
            if entry is not None and tuple(path) in entry.value and name not in found:
                ratio = entry.value[tuple(path)].is_ratio
                found[name] = Number(name, row.label, row.value, asked.get(name, ""), is_ratio=ratio)
        if found:
            yield Part(block.title, tuple(found.values()), block.caution)


def _errors(refused: PackError, changed: Mapping[str, str], language: Language) -> dict[str, str]:
    """What is wrong at each number; what no number is named for stands at the day."""
    found: dict[str, str] = {}
    for problem in refused.problems:
        name = problem.at.file.partition("=")[0]
        own = problem.zh if language is Language.CHINESE else problem.en
        code = problem.code.removeprefix("pack.")
        sentence = text(f"rules.draft.error.{code}", language) if code in REFUSED else own
        found.setdefault(name if name in changed else "on", sentence)
    return found


def _effects(
    today: RuleBook,
    then: RuleBook,
    region: Region,
    lineage: Lineage,
    on: date,
    changed: Mapping[str, str],
    language: Language,
) -> Iterator[Effect]:
    """What changes for standard visits: of the benefits that the draft names, and those that are paid by their rules."""
    for one in region.benefits:
        key = one.scheme, one.kind
        source = key if key in lineage.own.benefits else (one.scheme, CareKind.OUTPATIENT)
        if not any(name.startswith(f"{benefit_word(source)}.") for name in changed):
            continue
        before, after = (book.benefit(region.code, *key, on) for book in (today, then))
        if before is None or after is None:
            continue
        moved = [
            Changed(told_visit(visit, language), *(sum(paid_for(rule, visit, on).values()) for rule in (before, after)))
            for visit in standard_visits(key, cases_of(lineage.own.benefits[source]))
        ]
        tried = len(moved)
        moved = [visit for visit in moved if visit.today != visit.then]
        moved.sort(key=lambda visit: abs(visit.then - visit.today), reverse=True)
        yield Effect(benefit_title(*key, language), tried, len(moved), tuple(moved[:_EXAMPLES]))


def _file(region: Region, lineage: Lineage, on: date, changed: Mapping[str, str]) -> str:
    """The draft as a file for ``gongji draft``."""
    lines = [f"draft: {region.name}", f"pack: {lineage.own.id}", f"effective: {on.isoformat()}", "values:"]
    by_benefit: dict[str, list[str]] = {}
    for name, written in changed.items():
        scheme, kind, rest = name.split(".", 2)
        by_benefit.setdefault(f"{scheme}.{kind}", []).append(f"    {rest}: {written}")
    for word, numbers in by_benefit.items():
        lines += [f"  {word}:", *numbers]
    return "\n".join(lines)
