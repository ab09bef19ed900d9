"""Where a number comes from, what its text leaves open, what sources disagree about and what nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import msgspec

from gongji.rules.vocabulary import Grade


class Clause(msgspec.Struct, frozen=True, cache_hash=True):
    """Where a number comes from.

    Attributes:
        rule: the rule's id, ``<pack>#<section>.<value>.<key>``.
        doc: id of the document in the pack's register.
        title: the document's title.
        publisher: who issued or printed it.
        grade: how far it can be trusted, A best.
        quote: the words the number rests on; our own summary when `verbatim` is false.
        verbatim: whether `quote` is the document's own wording.
        effective: first day the value holds.
        checked: day somebody last compared the value with its source.
        published: when it became known, if that differs from `effective`.
        note: what a reader should know about the value (an assumption, a date only known by its month).
    """

    rule: str
    doc: str
    title: str
    publisher: str
    grade: Grade
    quote: str
    verbatim: bool
    effective: date
    checked: date
    published: date | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Interpretation:
    """A named switch for what a text leaves open.

    Attributes:
        name: the switch (``mixed_tiers``).
        pack: id of the pack that declares it.
        default: the reading taken when nobody chooses.
        options: all readings that can be computed.
        why: what the text leaves open.
        docs: documents that bear on it.
    """

    name: str
    pack: str
    default: str
    options: tuple[str, ...]
    why: str
    docs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two sources that disagree: `says` is what the pack holds, `against` what it was held against.

    `benefit` is the benefit in whose file it stands (``employee.inpatient``), empty for one of the whole pack.
    """

    pack: str
    about: str
    says: str
    against: str
    docs: tuple[str, ...]
    handling: str
    benefit: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the packs deliberately leave silent, so that an explanation can say so.

    Attributes:
        rule: the gap's id, ``<pack>#gap.<about>``.
        about: ``<scheme>.<kind>`` for a missing benefit (``resident.outpatient``), else a free name.
        says: one Chinese sentence: what is not known.
        digest: digest of the pack that records it.
        benefit: the benefit in whose file it stands, empty for one of the whole pack.
    """

    rule: str
    about: str
    says: str
    digest: str
    benefit: str = ""


@dataclass(frozen=True, slots=True)
class DatedAmount:
    """A plain value of a pack (a premium, an account credit) on a date: fen or per ten thousand, with its clause."""

    amount: int
    clause: Clause

    @property
    def clauses(self) -> Mapping[str, Clause]:
        """Its one clause, under an empty name."""
        return {"": self.clause}
