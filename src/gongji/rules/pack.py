"""A pack: what one or more YAML files with the same ``pack:`` id say about one region."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from gongji.rules.accrual import AccrualEntry, read_accrual
from gongji.rules.enrolment import ENROLMENT_NAMES
from gongji.rules.entries import (
    Bound,
    CounterEntry,
    Dated,
    Document,
    read_bound,
    read_conflict,
    read_counter,
    read_dated,
    read_document,
    read_gap,
    read_interpretation,
    read_table,
)
from gongji.rules.expand import Table
from gongji.rules.node import Node, Plain, read_yaml
from gongji.rules.problems import At, Problems, Unreadable
from gongji.rules.sources import Conflict, Interpretation
from gongji.rules.structure import Shape, read_shape
from gongji.rules.vocabulary import (
    AccountScope,
    AllotmentParts,
    AllotmentYearEnd,
    Area,
    BalanceSource,
    CareKind,
    Contributor,
    FlagTwo,
    ForbiddenUse,
    Procedure,
    Purpose,
    Relation,
    Scheme,
    TakeBack,
    Trigger,
)
from gongji.rules.waiting import WaitingTerms, read_waiting
from gongji.rules.wallet import WALLET_NAMES

Entry = TypeVar("Entry")
Read = TypeVar("Read")

BenefitKey: TypeAlias = tuple[Scheme, CareKind]

#: How a scheme is written in a pack file.
SCHEME_WORDS: Final[Mapping[str, Scheme]] = {"employee": Scheme.EMPLOYEE, "resident": Scheme.RESIDENT}

#: The names of a sharing rule and how each is read.
SHARING_NAMES: Final[Mapping[str, Callable[[Node], object]]] = {
    "max_relatives": Node.whole,
    "procedure": lambda node: node.choice(Procedure),
    "exclusive_user": Node.flag,
    "dual_role_forbidden": Node.flag,
    "relations": lambda node: frozenset(item.choice(Relation) for item in node.items()),
    "area": lambda node: node.choice(Area),
    "trigger": lambda node: node.choice(Trigger),
    "account_scope": lambda node: node.choice(AccountScope),
    "own_account_first": Node.flag,
    "flag_2_means": lambda node: node.choice(FlagTwo),
    "balance_source": lambda node: node.choice(BalanceSource),
    "retained_floor": Node.yuan,
    "sharer_limit_allowed": Node.flag,
    "purposes": lambda node: frozenset(item.choice(Purpose) for item in node.items()),
    "review_working_days": Node.whole,
    "user_consent": Node.flag,
    "unbind_after_days": Node.whole,
    "forbidden_uses": lambda node: frozenset(item.choice(ForbiddenUse) for item in node.items()),
    "allotment_required": Node.flag,
    "allotment_parts": lambda node: node.choice(AllotmentParts),
    "allotment_take_back": lambda node: node.choice(TakeBack),
    "allotment_year_end": lambda node: node.choice(AllotmentYearEnd),
}

#: How money is allotted: asked of every rule by which it has to be, from a text or from a reading of its silence.
ALLOTMENT_NAMES: Final = ("allotment_parts", "allotment_take_back", "allotment_year_end")

_HEADER = ("region", "name", "inherits")
_SECTIONS = (
    *("sources", "scheme", "counters", "rules", "values", "sharing", "accrual", "waiting", "enrolment", "wallet"),
    *("interpretations", "bounds", "conflicts", "gaps"),
)


def scheme_word(scheme: Scheme) -> str:
    """How pack files write a scheme: ``employee``."""
    return next(word for word, one in SCHEME_WORDS.items() if one is scheme)


def benefit_word(key: BenefitKey) -> str:
    """How pack files write a benefit: ``employee.outpatient``."""
    return f"{scheme_word(key[0])}.{key[1]}"


def every_benefit() -> list[BenefitKey]:
    """Every scheme with every kind of care, in the order of the lists."""
    return [(scheme, kind) for scheme in SCHEME_WORDS.values() for kind in CareKind]


@dataclass(slots=True)
class BenefitEntries:
    """What a pack says about one benefit; `section` names it in rule ids."""

    section: str
    at: At
    counters: dict[str, CounterEntry] = field(default_factory=dict)
    shapes: list[Dated[Shape]] = field(default_factory=list)
    values: dict[str, list[Dated[Table]]] = field(default_factory=dict)
    interpretations: dict[str, Interpretation] = field(default_factory=dict)


@dataclass(slots=True)
class Pack:
    """Everything the files of one pack say, as read; nothing is checked across files yet.

    `at` is the file that names the region.
    """

    id: str
    at: At
    region: str = ""
    name: str = ""
    inherits: str | None = None
    documents: dict[str, Document] = field(default_factory=dict)
    sharing: dict[str, list[Dated[object]]] = field(default_factory=dict)
    accrual: dict[Contributor, list[Dated[AccrualEntry]]] = field(default_factory=dict)
    waiting: dict[Scheme, list[Dated[WaitingTerms]]] = field(default_factory=dict)
    enrolment: dict[str, list[Dated[object]]] = field(default_factory=dict)
    wallet: dict[str, list[Dated[object]]] = field(default_factory=dict)
    values: dict[str, list[Dated[Table]]] = field(default_factory=dict)
    interpretations: dict[str, Interpretation] = field(default_factory=dict)
    benefits: dict[BenefitKey, BenefitEntries] = field(default_factory=dict)
    bounds: dict[BenefitKey, list[Dated[Bound]]] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    gaps: list[tuple[str, str, str]] = field(default_factory=list)
    cited: list[tuple[str, At]] = field(default_factory=list)
    content: list[Plain] = field(default_factory=list)

    def as_held_on(self, day: date) -> Pack:
        """A copy without the entries that were published after a day."""
        return replace(
            self,
            sharing={name: _known(entries, day) for name, entries in self.sharing.items()},
            accrual={name: _known(entries, day) for name, entries in self.accrual.items()},
            waiting={scheme: _known(entries, day) for scheme, entries in self.waiting.items()},
            enrolment={name: _known(entries, day) for name, entries in self.enrolment.items()},
            wallet={name: _known(entries, day) for name, entries in self.wallet.items()},
            values={name: _known(entries, day) for name, entries in self.values.items()},
            benefits={
                key: replace(
                    benefit,
                    shapes=_known(benefit.shapes, day),
                    values={name: _known(entries, day) for name, entries in benefit.values.items()},
                )
                for key, benefit in self.benefits.items()
            },
        )


def _known(entries: list[Dated[Entry]], day: date) -> list[Dated[Entry]]:
    return [entry for entry in entries if entry.known_by(day)]


def read_packs(files: Iterable[Path], problems: Problems) -> dict[str, Pack]:
    """Read pack files and gather them by pack id.

    Args:
        files: YAML files; several may carry the same id.
        problems: collects what cannot be read.

    Returns:
        The packs by id, as far as they could be read.
    """
    packs: dict[str, Pack] = {}
    for path in files:
        with suppress(Unreadable):
            _read_file(read_yaml(path, problems), packs)
    for pack in packs.values():
        pack.benefits = {key: pack.benefits[key] for key in every_benefit() if key in pack.benefits}
        for name, text in (("region", pack.region), ("name", pack.name)):
            if not text:
                problems.report("pack.missing_key", pack.at, f"'{name}' is missing", f"缺少“{name}”")
    return packs


def _read_file(root: Node, packs: dict[str, Pack]) -> None:
    found = root.fields(("pack",), (*_HEADER, *_SECTIONS))
    pack_id = found["pack"].text()
    pack = packs.setdefault(pack_id, Pack(pack_id, root.at))
    pack.content.append(root.plain())
    pack.cited += [(node.text(), node.at) for node in root.cited()]
    if "region" in found:
        pack.at = root.at
    _read_header(found, pack)
    pack.documents |= _read_named(found.get("sources"), lambda _, node: read_document(node))
    if "scheme" in found:
        _read_benefit(found, pack)
    else:
        pack.values |= _read_values(found.get("values"))
        pack.interpretations |= _read_interpretations(found, pack_id)
    pack.sharing |= _read_named(found.get("sharing"), _read_by(SHARING_NAMES))
    pack.enrolment |= _read_named(found.get("enrolment"), _read_by(ENROLMENT_NAMES))
    pack.wallet |= _read_named(found.get("wallet"), _read_by(WALLET_NAMES))
    pack.accrual |= dict(_read_named(found.get("accrual"), _read_accrual).values())
    pack.waiting |= dict(_read_named(found.get("waiting"), _read_waiting).values())
    for key, bounds in _read_named(found.get("bounds"), _read_bounds).values():
        pack.bounds.setdefault(key, []).extend(bounds)
    benefit = found["scheme"].text() if "scheme" in found else ""
    pack.conflicts += _read_list(found.get("conflicts"), lambda node: read_conflict(node, pack_id, benefit))
    pack.gaps += _read_list(found.get("gaps"), lambda node: read_gap(node, benefit))


def _read_header(found: Mapping[str, Node], pack: Pack) -> None:
    """Take over region, name and parent; files of one pack may repeat them but not contradict each other."""
    for field_name in _HEADER:
        if field_name not in found:
            continue
        node = found[field_name]
        text, before = node.text(), getattr(pack, field_name)
        if before and before != text:
            node.problems.report(
                "pack.contradiction",
                node.at,
                f"{field_name} '{text}' differs from '{before}' in another file of {pack.id}",
                f"{field_name}“{text}”与同一规则包另一文件中的“{before}”不一致",
            )
        setattr(pack, field_name, text)
    if pack.region and not re.fullmatch(r"[0-9]{6}", pack.region):
        at = found["region"].at
        found["region"].problems.report("pack.bad_value", at, "a region is six digits", "统筹区划代码应为六位数字")


def _read_benefit(found: Mapping[str, Node], pack: Pack) -> None:
    node = found["scheme"]
    key = read_benefit_key(node)
    if key in pack.benefits:
        raise node.problems.refuse(
            "pack.duplicate_key", node.at, f"'{node.text()}' is set by two files", f"“{node.text()}”在两个文件中重复"
        )
    pack.benefits[key] = BenefitEntries(
        section=node.text().removeprefix("employee."),
        at=node.at,
        counters=_read_named(found.get("counters"), lambda _, child: read_counter(child)),
        shapes=_in_order(_read_list(found.get("rules"), read_shape), node),
        values=_read_values(found.get("values")),
        interpretations=_read_interpretations(found, pack.id),
    )


def read_benefit_key(node: Node) -> BenefitKey:
    """Read ``employee.outpatient`` and its like."""
    return _benefit_key(node.text(), node)


def _benefit_key(text: str, node: Node) -> BenefitKey:
    known = {f"{word}.{kind}": (scheme, kind) for word, scheme in SCHEME_WORDS.items() for kind in CareKind}
    if text not in known:
        raise node.problems.unknown("scheme", node.at, text, known, code="pack.bad_value")
    return known[text]


def _read_bounds(name: str, node: Node) -> tuple[BenefitKey, list[Dated[Bound]]]:
    return _benefit_key(name, node), _read_list(node, read_bound)


def _read_values(node: Node | None) -> dict[str, list[Dated[Table]]]:
    return _read_named(node, lambda _, child: _in_order(_read_list(child, read_table), child))


def _read_by(names: Mapping[str, Callable[[Node], object]]) -> Callable[[str, Node], list[Dated[object]]]:
    """A section whose names are known, each with how its value is read."""

    def read(name: str, node: Node) -> list[Dated[object]]:
        if name not in names:
            raise node.problems.unknown("key", node.at, name, names)
        return _in_order(_read_list(node, lambda item: read_dated(item, names[name])), node)

    return read


def _read_accrual(name: str, node: Node) -> tuple[Contributor, list[Dated[AccrualEntry]]]:
    if name not in list(Contributor):
        raise node.problems.unknown("key", node.at, name, Contributor)
    return Contributor(name), _in_order(_read_list(node, lambda item: read_dated(item, read_accrual)), node)


def _read_waiting(name: str, node: Node) -> tuple[Scheme, list[Dated[WaitingTerms]]]:
    if name not in SCHEME_WORDS:
        raise node.problems.unknown("key", node.at, name, SCHEME_WORDS)
    entries = _in_order(_read_list(node, lambda item: read_dated(item, read_waiting)), node)
    return SCHEME_WORDS[name], entries


def _read_interpretations(found: Mapping[str, Node], pack_id: str) -> dict[str, Interpretation]:
    return _read_named(found.get("interpretations"), lambda name, node: read_interpretation(name, node, pack_id))


def _read_named(node: Node | None, read: Callable[[str, Node], Read]) -> dict[str, Read]:
    """Read a section entry by entry; an entry with a reported problem is left out."""
    made: dict[str, Read] = {}
    for name, child in node.table().items() if node is not None else ():
        with suppress(Unreadable):
            made[name] = read(name, child)
    return made


def _read_list(node: Node | None, read: Callable[[Node], Read]) -> list[Read]:
    """The same for a section that is a list."""
    made: list[Read] = []
    for item in node.items() if node is not None else ():
        with suppress(Unreadable):
            made.append(read(item))
    return made


def _in_order(entries: list[Dated[Entry]], node: Node) -> list[Dated[Entry]]:
    """The entries by date; two that claim the same day are a problem.

    An entry runs until the next one begins, so `until` may not reach into it. Two entries may begin on the same day
    only when the later `published` corrects the earlier.
    """
    ordered = sorted(entries, key=lambda entry: (entry.effective, entry.published or entry.effective))
    for before, after in pairwise(ordered):
        corrected = before.effective == after.effective and before.published != after.published
        runs_into = before.until is not None and before.until >= after.effective
        if (before.effective == after.effective or runs_into) and not corrected:
            node.problems.report(
                "pack.overlap",
                after.at,
                f"the entry effective {after.effective} overlaps the one at line {before.at.line}",
                f"自 {after.effective} 起的一条与第 {before.at.line} 行的一条时间重叠",
            )
    return ordered


def in_force(entries: Sequence[Dated[Entry]], on: date) -> Dated[Entry] | None:
    """The entry that holds on a day: the last to begin by then, unless it has ended.

    Args:
        entries: in order of date, as a pack keeps them.
        on: the day asked for.
    """
    begun = [entry for entry in entries if entry.effective <= on]
    return begun[-1] if begun and begun[-1].holds(on) else None
