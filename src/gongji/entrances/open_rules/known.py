"""What the packs know of a region beside its benefits: plain values, monthly credits, who waits, who may join when, the
wallet, and the terms of a sharing rule that is not known as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias, TypeVar

from gongji.entrances.open_rules.figures import TERMS
from gongji.rules.enrolment import ENROLMENT_NAMES
from gongji.rules.entries import Dated
from gongji.rules.lineage import Lineage, clause
from gongji.rules.model import Clause
from gongji.rules.node import Leaf
from gongji.rules.pack import SCHEME_WORDS, Pack, in_force
from gongji.rules.particulars import particulars
from gongji.rules.vocabulary import Contributor
from gongji.rules.wallet import WALLET_NAMES

Held = TypeVar("Held")

Section: TypeAlias = Literal["values", "accrual", "waiting", "enrolment", "wallet", "sharing"]


@dataclass(frozen=True, slots=True)
class Known:
    """One number or word that a pack holds.

    Attributes:
        section: ``values``, ``accrual`` (a monthly credit), ``waiting``, ``enrolment``, ``wallet`` or ``sharing`` (a term).
        name: its name in the pack; of a credit the contributor, with what it is a part of behind a dot.
        path: the case of a table, or the part of a term; empty for a single number.
        value: fen or per ten thousand with its unit, a part of a term (a count, yes or no, a day, a word), or the
            sharing term's value.
        clause: its source.
    """

    section: Section
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
    found = [*_values(lineage, on), *_credits(lineage, on), *_waiting(lineage, on), *_named(lineage, on)]
    return tuple([*found, *_terms(lineage, on)] if with_terms else found)


def _values(lineage: Lineage, on: date) -> Iterator[Known]:
    for name in lineage.plain_names():
        for pack, entry in _nearest(lineage, {pack.id: entries for pack, entries in lineage.plain(name)}, on):
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


def _waiting(lineage: Lineage, on: date) -> Iterator[Known]:
    for word, scheme in SCHEME_WORDS.items():
        for pack, entry in _nearest(lineage, {pack.id: pack.waiting.get(scheme, ()) for pack in lineage.packs}, on):
            yield from _parts("waiting", word, pack, entry, lineage)


def _named(lineage: Lineage, on: date) -> Iterator[Known]:
    """The terms of who may join when and of the wallet."""
    for name in ENROLMENT_NAMES:
        for pack, entry in _nearest(lineage, {pack.id: pack.enrolment.get(name, ()) for pack in lineage.packs}, on):
            yield from _parts("enrolment", name, pack, entry, lineage)
    for name in WALLET_NAMES:
        for pack, entry in _nearest(lineage, {pack.id: pack.wallet.get(name, ()) for pack in lineage.packs}, on):
            yield from _parts("wallet", name, pack, entry, lineage)


def _parts(section: Section, name: str, pack: Pack, entry: Dated[Any], lineage: Lineage) -> Iterator[Known]:
    for path, part in particulars(entry.value).items():
        rule = ".".join((f"{pack.id}#{section}.{name}", *path))
        yield Known(section, name, path, part, clause(rule, entry, lineage.documents()))


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
        entry = in_force(held.get(pack.id, ()), on)
        if entry is not None:
            yield pack, entry
            return
