"""What the packs know of a region beside its benefits: plain values, monthly credits, and the terms of a sharing rule
that is not known as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from gongji.entrances.open_rules.figures import TERMS
from gongji.rules.entries import Dated
from gongji.rules.lineage import Lineage, clause
from gongji.rules.model import Clause
from gongji.rules.node import Leaf
from gongji.rules.pack import Pack, in_force
from gongji.rules.vocabulary import Contributor

Held = TypeVar("Held")


@dataclass(frozen=True, slots=True)
class Known:
    """One number or word that a pack holds.

    Attributes:
        section: ``values``, ``accrual`` (a monthly credit) or ``sharing`` (a term).
        name: its name in the pack; of a credit the contributor, with what it is a part of behind a dot.
        path: the case of a table; empty for a single number.
        value: fen or per ten thousand with its unit, or the term's value.
        clause: its source.
    """

    section: Literal["values", "accrual", "sharing"]
    name: str
    path: tuple[str, ...]
    value: Leaf | object
    clause: Clause


def known(lineage: Lineage, on: date, *, with_terms: bool) -> tuple[Known, ...]:
    """Everything beside the benefits that is in force on a day, each from the nearest pack that says it.

    Args:
        lineage: the region's pack and its parents.
        on: the day.
        with_terms: whether single terms of sharing are wanted: where the whole rule is known they stand there.
    """
    found = [*_values(lineage, on), *_credits(lineage, on)]
    return tuple([*found, *_terms(lineage, on)] if with_terms else found)


def _values(lineage: Lineage, on: date) -> Iterator[Known]:
    for name in dict.fromkeys(name for pack in lineage.packs for name in pack.values):
        for pack, entry in _nearest(lineage, {pack.id: pack.values.get(name, ()) for pack in lineage.packs}, on):
            for path, leaf in entry.value.items():
                rule = ".".join((f"{pack.id}#values.{name}", *path))
                yield Known("values", name, path, leaf, clause(rule, entry, lineage.documents()))


def _credits(lineage: Lineage, on: date) -> Iterator[Known]:
    for contributor in Contributor:
        held = {pack.id: pack.accrual.get(contributor, ()) for pack in lineage.packs}
        for pack, entry in _nearest(lineage, held, on):
            name = f"{contributor}.{entry.value.base or 'monthly'}"
            for path, leaf in entry.value.table.items():
                rule = ".".join((f"{pack.id}#accrual.{contributor}", *path))
                yield Known("accrual", name, path, leaf, clause(rule, entry, lineage.documents()))


def _terms(lineage: Lineage, on: date) -> Iterator[Known]:
    for name in TERMS:
        for pack, entry in _nearest(lineage, {pack.id: pack.sharing.get(name, ()) for pack in lineage.packs}, on):
            source = clause(f"{pack.id}#sharing.{name}", entry, lineage.documents())
            yield Known("sharing", name, (), entry.value, source)


def _nearest(
    lineage: Lineage, held: Mapping[str, Sequence[Dated[Held]]], on: date
) -> Iterator[tuple[Pack, Dated[Held]]]:
    """The entry of the nearest pack that has one in force, if any."""
    for pack in lineage.packs:
        entry = in_force(held[pack.id], on)
        if entry is not None:
            yield pack, entry
            return
