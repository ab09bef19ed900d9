"""A region's rules on a day as a sheet that reads like the notices they encode, every value beside its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from gongji.entrances.rules_command.forms import roles, structure
from gongji.entrances.rules_command.shelf import Shelf
from gongji.entrances.rules_command.words import both, chinese_of
from gongji.foundation.money import percent, yuan
from gongji.rules.coverage import SHARING, is_about
from gongji.rules.enrolment import ENROLMENT_NAMES
from gongji.rules.entries import Dated
from gongji.rules.expand import Table
from gongji.rules.grid import Key
from gongji.rules.lineage import Lineage, clause
from gongji.rules.model import Clause, Conflict, Gap, Interpretation
from gongji.rules.node import Leaf
from gongji.rules.pack import (
    SCHEME_WORDS,
    SHARING_NAMES,
    BenefitEntries,
    BenefitKey,
    Pack,
    benefit_word,
    every_benefit,
    in_force,
)
from gongji.rules.particulars import Fen, Particular, particulars
from gongji.rules.vocabulary import Contributor
from gongji.rules.wallet import WALLET_NAMES

Held = TypeVar("Held")


@dataclass(frozen=True, slots=True)
class Shown:
    """One value in force.

    Attributes:
        name: its name in the pack.
        role: what it is for, in words.
        cells: its numbers as the pack writes them, in words (``300.00``, ``55%``), by their path.
        clause: the source.
        inherited: whether a pack above the region's own says it.
    """

    name: str
    role: str
    cells: Mapping[Key, str]
    clause: Clause
    inherited: bool


@dataclass(frozen=True, slots=True)
class Section:
    """One benefit, the sharing rule, or the plain values: what is in force and which readings are open."""

    word: str
    values: tuple[Shown, ...]
    interpretations: tuple[Interpretation, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that the packs say of a region on a day; `silent` are benefits that have no rule on that day."""

    region: str
    name: str
    pack: str
    on: date
    digest: str
    sections: tuple[Section, ...]
    silent: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    gaps: tuple[Gap, ...]

    def section(self, word: str) -> Section | None:
        """The section of a benefit, where there is one."""
        return next((section for section in self.sections if section.word == word), None)

    def own(self) -> Sheet:
        """The same without what comes from packs above the region's own."""
        sections = (
            replace(one, values=tuple(value for value in one.values if not value.inherited)) for one in self.sections
        )
        return replace(
            self,
            sections=tuple(one for one in sections if one.values),
            conflicts=tuple(one for one in self.conflicts if one.pack == self.pack),
            gaps=tuple(gap for gap in self.gaps if gap.rule.startswith(f"{self.pack}#")),
        )


#: The words of the sections of monthly credits, of who may join when, of the wallet, and of plain values.
ACCRUAL = "employee.accrual"
ENROLMENT = "enrolment"
WALLET = "wallet"
VALUES = "values"


def sheet_of(shelf: Shelf, lineage: Lineage, on: date, wanted: frozenset[str] | None = None) -> Sheet:
    """The sheet of a region.

    Args:
        shelf: the packs.
        lineage: of which region.
        on: the day.
        wanted: words of the sections to show (``employee.outpatient``, ``employee.sharing``, ``values``); None for all.
    """
    sections = [_benefit(lineage, key, benefit, on) for key, benefit in lineage.own.benefits.items()]
    silent = [section.word for section in sections if not section.values]
    if shelf.book.sharing(lineage.own.region, on) is None:
        silent.append(SHARING)
    sections += [_sharing(lineage, on), _accrual(lineage, on), *_waiting(lineage, on)]
    sections += [_named(lineage, ENROLMENT, on), _named(lineage, WALLET, on), _plain(lineage, on)]
    return Sheet(
        region=lineage.own.region,
        name=lineage.own.name,
        pack=lineage.own.id,
        on=on,
        digest=lineage.digest,
        sections=tuple(one for one in sections if one.values and (wanted is None or one.word in wanted)),
        silent=tuple(word for word in silent if wanted is None or word in wanted),
        conflicts=tuple(one for one in shelf.book.conflicts(lineage.own.region) if _is_wanted(one, lineage, wanted)),
        gaps=tuple(gap for gap in shelf.book.gaps(lineage.own.region) if _names_wanted(gap.about, wanted)),
    )


def _is_wanted(conflict: Conflict, lineage: Lineage, wanted: frozenset[str] | None) -> bool:
    """Whether a conflict is about a section that is shown."""
    benefits = {benefit_word(key) for key in every_benefit()} | {SHARING}
    return wanted is None or any(
        is_about(conflict, word, lineage) if word in benefits else conflict.about.partition(".")[0] == word
        for word in wanted
    )


def _names_wanted(about: str, wanted: frozenset[str] | None) -> bool:
    """Whether a gap is about a section that is shown."""
    return wanted is None or any(about == word or about.startswith(f"{word}.") for word in {*wanted, *_short(wanted)})


def _short(wanted: frozenset[str]) -> set[str]:
    """Gaps name sharing and the credits without their scheme."""
    return {word.partition(".")[2] for word in wanted if word in (SHARING, ACCRUAL)}


def _benefit(lineage: Lineage, key: BenefitKey, benefit: BenefitEntries, on: date) -> Section:
    """What one benefit's rule of the day reads; no values where none holds."""
    shape = in_force(benefit.shapes, on)
    values: list[Shown] = []
    if shape is not None:
        source = _clause(lineage, lineage.own, f"{benefit.section}.rules", shape)
        values.append(Shown("rules", "结构 structure", structure(shape.value, benefit), source, False))
        for name, role in roles(shape.value).items():
            entry = in_force(benefit.values[name], on)
            if entry is not None:
                source = _clause(lineage, lineage.own, f"{benefit.section}.{name}", entry)
                values.append(Shown(name, role, _numbers(entry), source, False))
    return Section(benefit_word(key), tuple(values), tuple(benefit.interpretations.values()))


def _sharing(lineage: Lineage, on: date) -> Section:
    interpretations = {name: one for pack in reversed(lineage.packs) for name, one in pack.interpretations.items()}
    values = [
        Shown(
            name,
            both(name),
            {(): _words(name, entry.value)},
            _clause(lineage, pack, f"sharing.{name}", entry),
            inherited,
        )
        for name in SHARING_NAMES
        for pack, entry, inherited in _nearest(
            lineage, [(pack, pack.sharing.get(name, ())) for pack in lineage.packs], on
        )
    ]
    return Section(SHARING, tuple(values), tuple(interpretations.values()))


def _accrual(lineage: Lineage, on: date) -> Section:
    values = [
        Shown(
            str(contributor),
            "、".join(both(word) for word in (contributor, entry.value.base) if word),
            {path: number(leaf) for path, leaf in entry.value.table.items()},
            _clause(lineage, pack, f"accrual.{contributor}", entry),
            inherited,
        )
        for contributor in Contributor
        for pack, entry, inherited in _nearest(
            lineage, [(pack, pack.accrual.get(contributor, ())) for pack in lineage.packs], on
        )
    ]
    return Section(ACCRUAL, tuple(values), ())


def _waiting(lineage: Lineage, on: date) -> Iterator[Section]:
    """Who waits how many months, a section for each scheme in which anybody does."""
    for word, scheme in SCHEME_WORDS.items():
        held = [(pack, pack.waiting.get(scheme, ())) for pack in lineage.packs]
        for pack, entry, inherited in _nearest(lineage, held, on):
            source = _clause(lineage, pack, f"waiting.{word}", entry)
            shown = Shown("waiting", "等待期 (月) months to wait", _parts(entry.value), source, inherited)
            yield Section(f"{word}.waiting", (shown,), ())


def _named(lineage: Lineage, word: str, on: date) -> Section:
    """A section whose names are known: ``enrolment`` or ``wallet``."""
    names = ENROLMENT_NAMES if word == ENROLMENT else WALLET_NAMES
    held = {name: [(pack, getattr(pack, word).get(name, ())) for pack in lineage.packs] for name in names}
    values = [
        Shown(name, both(name), _parts(entry.value), _clause(lineage, pack, f"{word}.{name}", entry), inherited)
        for name in names
        for pack, entry, inherited in _nearest(lineage, held[name], on)
    ]
    return Section(word, tuple(values), ())


def _parts(value: object) -> dict[Key, str]:
    """The parts of a term as a reader says them."""
    return {path: _said(part) for path, part in particulars(value).items()}


def _said(part: Particular) -> str:
    if isinstance(part, bool):
        return both(str(part).lower())
    if isinstance(part, Fen):
        return yuan(part)
    return part.isoformat() if isinstance(part, date) else both(str(part))


def _plain(lineage: Lineage, on: date) -> Section:
    values = [
        Shown(name, name, _numbers(entry), _clause(lineage, pack, f"values.{name}", entry), inherited)
        for name in lineage.plain_names()
        for pack, entry, inherited in _nearest(lineage, lineage.plain(name), on)
    ]
    return Section(VALUES, tuple(values), ())


def _nearest(
    lineage: Lineage, held: Sequence[tuple[Pack, Sequence[Dated[Held]]]], on: date
) -> Iterator[tuple[Pack, Dated[Held], bool]]:
    """The entry of the nearest pack that has one in force, and whether it is inherited."""
    for pack, entries in held:
        entry = in_force(entries, on)
        if entry is not None:
            yield pack, entry, pack is not lineage.own
            return


def _clause(lineage: Lineage, pack: Pack, name: str, entry: Dated[object]) -> Clause:
    return clause(f"{pack.id}#{name}", entry, lineage.documents())


def _numbers(entry: Dated[Table]) -> dict[Key, str]:
    return {path: number(leaf) for path, leaf in entry.value.items()}


def number(leaf: Leaf) -> str:
    """A number of a table: yuan with two decimals, or a percentage."""
    return percent(leaf.amount) if leaf.is_ratio else yuan(leaf.amount)


def _words(name: str, value: object) -> str:
    """A value of a sharing rule in words."""
    if isinstance(value, frozenset):
        return "、".join(both(str(word)) for word in sorted(value)) or "无 none"
    if isinstance(value, bool):
        return both(str(value).lower())
    if name == "retained_floor" and isinstance(value, int):
        return yuan(value)
    return both(str(value)) if chinese_of(str(value)) else str(value)
