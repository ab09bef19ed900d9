"""Inheritance: a city's pack rests on its province's, the province's on the nation's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from gongji.rules.entries import Dated, Document, Source
from gongji.rules.expand import Table
from gongji.rules.pack import Pack
from gongji.rules.problems import Problems
from gongji.rules.sources import Clause, Gap

#: How a plain value begins that is a record of what a text says and nobody's rule.
RECORD: Final = "seed_"


@dataclass(frozen=True, slots=True)
class Lineage:
    """A pack with all it inherits from, nearest first; `digest` covers the content of every one of them."""

    packs: tuple[Pack, ...]
    digest: str

    @property
    def own(self) -> Pack:
        """The pack itself."""
        return self.packs[0]

    @property
    def parents(self) -> tuple[Pack, ...]:
        """What it inherits from, nearest first."""
        return self.packs[1:]

    def as_held_on(self, day: date) -> Lineage:
        """The same packs without what was published after a day; the digest is of the packs and the day."""
        digest = hashlib.sha256(f"{self.digest} {day.isoformat()}".encode()).hexdigest()
        return Lineage(tuple(pack.as_held_on(day) for pack in self.packs), digest)

    def gaps(self) -> tuple[Gap, ...]:
        """What these packs leave silent on purpose, nearest first."""
        return tuple(
            Gap(f"{pack.id}#gap.{about}", about, says, self.digest, benefit)
            for pack in self.packs
            for about, says, benefit in pack.gaps
        )

    def plain(self, name: str) -> tuple[tuple[Pack, Sequence[Dated[Table]]], ...]:
        """Who says a plain value, nearest first; a record (``seed_…``) is of the pack that writes it and of none below."""
        packs = self.packs[:1] if name.startswith(RECORD) else self.packs
        return tuple((pack, pack.values.get(name, ())) for pack in packs)

    def plain_names(self) -> tuple[str, ...]:
        """The names of the plain values that it or a parent says, records of parents left out."""
        inherited = (name for pack in self.parents for name in pack.values if not name.startswith(RECORD))
        return tuple(dict.fromkeys((*self.own.values, *inherited)))

    def documents(self) -> dict[str, Document]:
        """The documents that this pack may cite: its own and its parents'."""
        found: dict[str, Document] = {}
        for pack in reversed(self.packs):
            found |= pack.documents
        return found


def trace(packs: Mapping[str, Pack], problems: Problems) -> dict[str, Lineage]:
    """Follow every pack to its root.

    Args:
        packs: all packs by id.
        problems: collects parents that do not exist and packs that inherit from themselves.

    Returns:
        The lineage of every pack whose parents all exist, by pack id.
    """
    traced: dict[str, Lineage] = {}
    for pack in packs.values():
        line = [pack]
        while (parent := line[-1].inherits) is not None:
            if parent not in packs:
                problems.unknown("pack", line[-1].at, parent, packs, code="pack.unknown_parent")
                break
            if packs[parent] in line:
                problems.report(
                    "pack.unknown_parent", pack.at, f"{pack.id} inherits from itself", f"{pack.id} 循环继承"
                )
                break
            line.append(packs[parent])
        else:
            traced[pack.id] = Lineage(tuple(line), _digest(line))
    return traced


def _digest(line: Iterable[Pack]) -> str:
    content = [[pack.id, sorted(_canonical(part) for part in pack.content)] for pack in line]
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


def _canonical(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def clause(rule: str, dated: Dated[object], documents: Mapping[str, Document]) -> Clause:
    """The clause that a dated value rests on.

    Args:
        rule: the value's id.
        dated: the value with its source.
        documents: the register its document is looked up in.
    """
    document = documents[dated.source.doc]
    return Clause(
        rule=rule,
        doc=dated.source.doc,
        title=document.title,
        publisher=document.publisher,
        grade=dated.source.grade,
        quote=dated.source.quote,
        verbatim=dated.source.verbatim,
        effective=dated.effective,
        checked=dated.source.checked,
        published=dated.published,
        note=dated.note,
    )


def check_documents(lineage: Lineage, problems: Problems) -> None:
    """Every document cited is registered, and no value claims a better grade than its document has."""
    documents = lineage.documents()
    for doc, at in lineage.own.cited:
        if doc not in documents:
            problems.unknown("document", at, doc, documents, code="pack.unknown_document")
    for source in _sources(lineage.own):
        document = documents.get(source.doc)
        # Grades are ordered A, B, C, D, K: the letter that sorts first is the better one.
        if document is not None and source.grade < document.grade:
            problems.report(
                "pack.grade_above_document",
                source.at,
                f"grade {source.grade} is better than the document's own {document.grade}",
                f"来源等级 {source.grade} 高于文件登记的等级 {document.grade}",
            )


def _sources(pack: Pack) -> Iterator[Source]:
    tables = [*pack.values.values(), *(values for one in pack.benefits.values() for values in one.values.values())]
    for table in tables:
        yield from (entry.source for entry in table)
    for entries in pack.sharing.values():
        yield from (entry.source for entry in entries)
    for credits in pack.accrual.values():
        yield from (entry.source for entry in credits)
    for terms in pack.waiting.values():
        yield from (entry.source for entry in terms)
    for named in (*pack.enrolment.values(), *pack.wallet.values()):
        yield from (entry.source for entry in named)
    for one in pack.benefits.values():
        yield from (entry.source for entry in one.shapes)
    for bounds in pack.bounds.values():
        yield from (entry.source for entry in bounds)
