"""A draft of a change to the rules, as an agency weighs it before it is signed: some values, new from a day on.

A draft says only what would be otherwise. What it changes is checked as any pack is: against what parents allow their
cities, and that nobody retired gets less than somebody at work (国办发〔2021〕14号).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from gongji.rules.book import RuleBook
from gongji.rules.checks import check_pack
from gongji.rules.entries import Dated, Document, Source
from gongji.rules.grid import Key
from gongji.rules.lineage import Lineage
from gongji.rules.node import Leaf, Node, read_yaml, scalar
from gongji.rules.pack import SHARING_NAMES, BenefitEntries, BenefitKey, Pack, benefit_word, every_benefit, in_force
from gongji.rules.problems import At, PackError, Problems, Unreadable
from gongji.rules.vocabulary import Grade

Value = TypeVar("Value")

#: Stands for every word of a level: ``share.*.tier_2`` is the ratio of both statuses.
ANY: Final = "*"

#: The section of a draft that changes who shares with whom and how; the others are benefits.
SHARING: Final = "sharing"

#: The document that changed values rest on.
_DOCUMENT: Final = "draft"


@dataclass(frozen=True, slots=True)
class NewNumber:
    """A number of a benefit: a new one, or a step up (`sign` 1) or down (-1) from what holds.

    `path` begins with the value's name: ``("share", "retired", "tier_2")``; `ANY` is any word of a level.
    """

    key: BenefitKey
    path: Key
    sign: int
    number: Leaf

    def after(self, before: int) -> int:
        """The number that comes of one, fen or per ten thousand; never below zero."""
        return max(0, before + self.sign * self.number.amount) if self.sign else self.number.amount


@dataclass(frozen=True, slots=True)
class NewTerm:
    """A term of sharing: a new value of one of `SHARING_NAMES`."""

    name: str
    value: object


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be otherwise, and from when.

    Attributes:
        title: what it is called in a report.
        pack: id of the pack that it changes.
        effective: the first day on which it would hold.
        numbers: of benefits.
        terms: of sharing.
    """

    title: str
    pack: str
    effective: date
    numbers: tuple[NewNumber, ...]
    terms: tuple[NewTerm, ...] = ()


@dataclass(frozen=True, slots=True)
class Moved:
    """A number that a draft changes: `before` and `after` are fen, or per ten thousand when `is_ratio`."""

    key: BenefitKey
    path: Key
    before: int
    after: int
    is_ratio: bool


@dataclass(frozen=True, slots=True)
class Enacted:
    """The rules as they would be, and each number of a benefit that is another then."""

    book: RuleBook
    moved: tuple[Moved, ...]


def read_draft(path: Path) -> Draft:
    """Read a draft: ``draft`` (its title), ``pack``, ``effective``, ``values`` by benefit, ``sharing``.

    Raises:
        PackError: listing every problem of the file.
    """
    problems = Problems()
    draft = None
    with suppress(Unreadable):
        draft = _read(read_yaml(path, problems))
    problems.raise_if_any()
    assert draft is not None, "what could not be read was reported"
    return draft


def draft_of_settings(title: str, pack: str, effective: date, settings: Sequence[str]) -> Draft:
    """A draft of single settings: ``employee.outpatient.share.retired.tier_2=75 %``.

    Raises:
        PackError: listing every setting that is none.
    """
    problems = Problems()
    numbers: list[NewNumber] = []
    terms: list[NewTerm] = []
    for setting in settings:
        name, sign, value = setting.partition("=")
        node = scalar(value.strip() if sign else setting, setting, problems)
        with suppress(Unreadable):
            if not sign:
                en, zh = "a setting is a name, '=' and a value", "应写作“名称=取值”"
                raise problems.refuse("pack.bad_value", node.at, en, zh)
            _add(name.strip(), node, numbers, terms)
    problems.raise_if_any()
    return Draft(title, pack, effective, tuple(numbers), tuple(terms))


def enact(book: RuleBook, draft: Draft) -> Enacted:
    """The rules as they would be if the draft held; everything else stays.

    A value that changes on a later day anyway is changed on that day too: a new number stands from the draft's first day
    on, a step is taken from whatever holds.

    Raises:
        PackError: the draft names a pack or a value that there is not, or breaks what holds for every pack: bounds of
            parents, ratios of retired people, percentages above 100.
    """
    problems = Problems()
    at = At(draft.title, 1)
    lineages = book.lineages()
    found = next((one.own for one in lineages if one.own.id == draft.pack), None)
    if found is None:
        problems.unknown("pack", at, draft.pack, [one.own.id for one in lineages])
        raise PackError(problems.found)
    moved: list[Moved] = []
    changed = _Enacting(draft, found, at, problems, moved).pack()
    problems.raise_if_any()
    made = [_with(one, changed, draft) for one in lineages if found in one.packs]
    for one in made:
        check_pack(one, problems)
    problems.raise_if_any()
    enacted = book.with_lineages(made, problems)
    problems.raise_if_any()
    return Enacted(enacted, tuple(moved))


def _read(root: Node) -> Draft:
    found = root.fields(("draft", "pack", "effective"), ("values", SHARING))
    numbers: list[NewNumber] = []
    terms: list[NewTerm] = []
    if "values" in found:
        for word, table in found["values"].table().items():
            for name, node in table.table().items():
                with suppress(Unreadable):
                    _add(f"{word}.{name}", node, numbers, terms)
    if SHARING in found:
        for name, node in found[SHARING].table().items():
            with suppress(Unreadable):
                _add(f"{SHARING}.{name}", node, numbers, terms)
    if not numbers and not terms:
        root.problems.report("pack.missing_key", root.at, "the draft changes nothing", "方案没有改动任何数值")
    return Draft(found["draft"].text(), found["pack"].text(), found["effective"].day(), tuple(numbers), tuple(terms))


def _add(name: str, node: Node, numbers: list[NewNumber], terms: list[NewTerm]) -> None:
    """Read one change by its full name: a section, a value, and the words of a case."""
    words = name.split(".")
    if words[0] == SHARING:
        if len(words) != 2 or words[1] not in SHARING_NAMES:
            raise node.problems.unknown("name", node.at, name, [f"{SHARING}.{one}" for one in SHARING_NAMES])
        terms.append(NewTerm(words[1], SHARING_NAMES[words[1]](node)))
        return
    benefits = {benefit_word(key): key for key in every_benefit()}
    key = benefits.get(".".join(words[:2]))
    if key is None or len(words) < 3:
        raise node.problems.unknown("benefit", node.at, ".".join(words[:2]), [*benefits, SHARING])
    sign, number = node.step()
    numbers.append(NewNumber(key, tuple(words[2:]), sign, number))


@dataclass(frozen=True, slots=True)
class _Enacting:
    """A draft on its way into a pack."""

    draft: Draft
    found: Pack
    at: At
    problems: Problems
    moved: list[Moved]

    def pack(self) -> Pack:
        """The pack with everything changed."""
        draft = self.draft
        document = Document(draft.title, draft.title, draft.effective.isoformat(), Grade.BACKGROUND)
        pack = replace(
            self.found,
            documents=self.found.documents | {_DOCUMENT: document},
            benefits=dict(self.found.benefits),
            sharing=dict(self.found.sharing),
        )
        for number in draft.numbers:
            with suppress(Unreadable):
                pack.benefits[number.key] = self._benefit(pack, number)
        for term in draft.terms:
            entries = pack.sharing.get(term.name, [])
            there = [replace(one, value=term.value) if one.effective >= draft.effective else one for one in entries]
            pack.sharing[term.name] = self._begun(there, self._dated(in_force(entries, draft.effective), term.value))
        return pack

    def _benefit(self, pack: Pack, number: NewNumber) -> BenefitEntries:
        benefit = pack.benefits.get(number.key)
        name, words = number.path[0], number.path[1:]
        if benefit is None or name not in benefit.values:
            known = [f"{benefit_word(key)}.{one}" for key, held in pack.benefits.items() for one in held.values]
            raise self.problems.unknown("value", number.number.at, f"{benefit_word(number.key)}.{name}", known)
        entries = benefit.values[name]
        before = in_force(entries, self.draft.effective)
        if before is None:
            day = self.draft.effective
            en, zh = f"no value of '{name}' holds on {day}", f"{day} 没有生效的“{name}”数值"
            raise self.problems.refuse("pack.missing_value", number.number.at, en, zh)
        table = self._table(before.value, number, words)
        for path, leaf in table.items():
            if leaf.amount != before.value[path].amount:
                old = before.value[path].amount
                self.moved.append(Moved(number.key, (name, *path), old, leaf.amount, leaf.is_ratio))
        later = [
            replace(one, value=self._table(one.value, number, words), note=self.draft.title)
            if one.effective > self.draft.effective
            else one
            for one in entries
        ]
        values = benefit.values | {name: self._begun(later, self._dated(before, table))}
        return replace(benefit, values=values)

    def _table(self, table: Mapping[Key, Leaf], number: NewNumber, words: Key) -> dict[Key, Leaf]:
        """A table with the numbers of the cases that the words name."""
        matched = [path for path in table if _names(words, path)]
        if not matched:
            known = [".".join(path) for path in table]
            raise self.problems.unknown("case", number.number.at, ".".join(words) or "(no case)", known)
        if any(table[path].is_ratio != number.number.is_ratio for path in matched):
            en, zh = f"{number.path[0]} is of another unit", f"“{number.path[0]}”的单位不同"
            raise self.problems.refuse("pack.bad_value", number.number.at, en, zh)
        new = {
            path: replace(table[path], amount=number.after(table[path].amount), at=number.number.at) for path in matched
        }
        return {**table, **new}

    def _dated(self, before: Dated[Value] | None, value: Value) -> Dated[Value]:
        """A value that rests on the draft, for as long as the one it takes the place of."""
        draft = self.draft
        source = Source(_DOCUMENT, Grade.BACKGROUND, draft.title, False, draft.effective, self.at)
        until = before.until if before is not None else None
        return Dated(value, draft.effective, until, None, draft.title, source, self.at)

    def _begun(self, entries: Sequence[Dated[Value]], begun: Dated[Value]) -> list[Dated[Value]]:
        """Entries with one that begins on the draft's first day, in place of any that begins then."""
        kept = [one for one in entries if one.effective != begun.effective]
        return sorted([*kept, begun], key=lambda one: one.effective)


def _names(words: Key, path: Key) -> bool:
    return len(words) == len(path) and all(word in (ANY, one) for word, one in zip(words, path, strict=True))


def _with(lineage: Lineage, changed: Pack, draft: Draft) -> Lineage:
    """A lineage with the changed pack in its place; its digest is of what it was and of the draft."""
    packs = tuple(changed if pack.id == changed.id else pack for pack in lineage.packs)
    told = "\n".join((lineage.digest, *_told(draft)))
    return Lineage(packs, hashlib.sha256(told.encode()).hexdigest())


def _told(draft: Draft) -> Iterator[str]:
    """A draft line by line: what its digest is over."""
    yield f"{draft.pack} {draft.effective}"
    for one in draft.numbers:
        yield f"{benefit_word(one.key)} {'.'.join(one.path)} {one.sign} {one.number.amount}"
    for term in draft.terms:
        yield f"{term.name} {sorted(term.value) if isinstance(term.value, frozenset) else term.value}"
