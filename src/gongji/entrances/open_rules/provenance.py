"""A value by its rule id: every number it ever had, each with the document, the words and the grade it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from gongji.foundation.errors import NotFound
from gongji.rules.book import RuleBook
from gongji.rules.entries import Dated
from gongji.rules.lineage import Lineage, clause
from gongji.rules.model import Clause
from gongji.rules.node import Leaf
from gongji.rules.pack import BenefitKey, scheme_word
from gongji.rules.particulars import Particular, particulars

#: Sections whose values are terms with parts of their own.
ENROLMENT: Final = "enrolment"
WALLET: Final = "wallet"
_IN_PARTS: Final = ("waiting", ENROLMENT, WALLET)


@dataclass(frozen=True, slots=True)
class Held:
    """What a value was for a while.

    Attributes:
        numbers: by case, or the parts of a term by name; empty for a term of sharing or a structure.
        words: a term of sharing as the pack has it; None for numbers.
        clause: the source.
        until: the last day; None while open or until the next one begins.
        reference: how to find the document.
    """

    numbers: tuple[tuple[tuple[str, ...], Leaf | Particular], ...]
    words: object | None
    clause: Clause
    until: date | None
    reference: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """A value and where it comes from.

    Attributes:
        rule: its id.
        region, name: the region whose pack says it, and its Chinese name.
        benefit: whose value it is; None beside the benefits.
        value: its name in the pack; ``rules`` for the structure.
        held: newest first.
    """

    rule: str
    region: str
    name: str
    benefit: BenefitKey | None
    value: str
    held: tuple[Held, ...]


def provenance(book: RuleBook, rule: str) -> Provenance:
    """Look a value up.

    Args:
        book: the rules.
        rule: an id as clauses carry it (``cn/liaoning/tieling#outpatient.share.retired.tier_3``).

    Raises:
        NotFound: ``clause.unknown``.
    """
    pack, _, tail = rule.partition("#")
    for lineage in book.lineages():
        if lineage.own.id == pack:
            for benefit, value, entries, path in _tables(lineage, tail):
                held = tuple(
                    _held(lineage, rule, entry, value, path) for entry in reversed(entries) if _has(entry, value, path)
                )
                if held:
                    return Provenance(rule, lineage.own.region, lineage.own.name, benefit, value, held)
    raise NotFound(
        "clause.unknown",
        f"no pack has a value '{rule}'",
        f"没有编号为“{rule}”的条文",
        field="rule",
        accepted="a rule id as an answer cites it",
    )


def _tables(
    lineage: Lineage, tail: str
) -> Iterator[tuple[BenefitKey | None, str, Sequence[Dated[object]], tuple[str, ...]]]:
    """Every table that the tail of an id may mean, with the rest of the id as the case."""
    own = lineage.own
    named: list[tuple[BenefitKey | None, str, str, Sequence[Dated[object]]]] = []
    for key, benefit in own.benefits.items():
        named.append((key, f"{benefit.section}.rules", "rules", benefit.shapes))
        named += [(key, f"{benefit.section}.{name}", name, entries) for name, entries in benefit.values.items()]
    named += [(None, f"values.{name}", name, entries) for name, entries in own.values.items()]
    named += [(None, f"accrual.{name}", f"{name}.monthly", entries) for name, entries in own.accrual.items()]
    named += [(None, f"sharing.{name}", name, entries) for name, entries in own.sharing.items()]
    for scheme, waits in own.waiting.items():
        word = f"waiting.{scheme_word(scheme)}"
        named.append((None, word, word, waits))
    for section, terms in ((ENROLMENT, own.enrolment), (WALLET, own.wallet)):
        named += [(None, f"{section}.{name}", f"{section}.{name}", entries) for name, entries in terms.items()]
    for benefit_key, stem, value, entries in named:
        if tail == stem or tail.startswith(f"{stem}."):
            yield benefit_key, value, entries, tuple(tail[len(stem) + 1 :].split(".")) if tail != stem else ()


def _numbers(entry: Dated[object], value: str) -> dict[tuple[str, ...], Leaf | Particular] | None:
    """The table of an entry, or the parts of a term; None for a term of sharing or a structure."""
    if value.partition(".")[0] in _IN_PARTS:
        return dict(particulars(entry.value))
    table = getattr(entry.value, "table", entry.value)
    return dict(table) if isinstance(table, dict) else None


def _has(entry: Dated[object], value: str, path: tuple[str, ...]) -> bool:
    numbers = _numbers(entry, value)
    return not path if numbers is None else any(case[: len(path)] == path for case in numbers)


def _held(lineage: Lineage, rule: str, entry: Dated[object], value: str, path: tuple[str, ...]) -> Held:
    numbers = _numbers(entry, value)
    return Held(
        tuple((case, leaf) for case, leaf in (numbers or {}).items() if case[: len(path)] == path),
        entry.value if numbers is None else None,
        clause(rule, entry, lineage.documents()),
        entry.until,
        lineage.documents()[entry.source.doc].reference,
    )
