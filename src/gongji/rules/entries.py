"""The entries of a pack file but shapes: documents, sources, dated values, counters, interpretations, conflicts, gaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Generic, TypeVar

from gongji.rules.node import Leaf, Node
from gongji.rules.problems import At
from gongji.rules.sources import Conflict, Interpretation
from gongji.rules.vocabulary import Grade, Reset

Value = TypeVar("Value")

#: An insurance year begins with a month.
_FIRST_DAYS: Final = tuple(f"{month:02d}-01" for month in range(1, 13))

Held = TypeVar("Held", covariant=True)


@dataclass(frozen=True, slots=True)
class Document:
    """A registered document; `reference` tells how to find it without an address (number, page, date)."""

    title: str
    publisher: str
    reference: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class Source:
    """What a value rests on; the words are the document's own when `verbatim`."""

    doc: str
    grade: Grade
    quote: str
    verbatim: bool
    checked: date
    at: At


@dataclass(frozen=True, slots=True)
class Dated(Generic[Held]):
    """A value with the span it holds in and its source; open-ended until the next one unless `until` ends it."""

    value: Held
    effective: date
    until: date | None
    published: date | None
    note: str | None
    source: Source
    at: At

    def holds(self, on: date) -> bool:
        """Whether the span covers the day, later entries left aside."""
        return self.effective <= on and (self.until is None or on <= self.until)

    def holding(self, value: Value) -> Dated[Value]:
        """The same span and source with another value."""
        return Dated(value, self.effective, self.until, self.published, self.note, self.source, self.at)

    def known_by(self, day: date) -> bool:
        """Whether it was public on a day; without a date of publication, from the day it takes effect."""
        return (self.published or self.effective) <= day


@dataclass(frozen=True, slots=True)
class CounterEntry:
    """A declared counter: its period, and the interpretation that says how it adds up, if the text leaves that open."""

    reset: Reset
    starts: int
    interpretation: str | None
    at: At


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit that a pack sets on its children's numbers.

    `on` is what it binds: ``deductible``, ``share`` or ``caps``, with keys behind a dot (``share.active``).
    """

    on: tuple[str, ...]
    at_least: int | None
    at_most: int | None


def read_document(node: Node) -> Document:
    """Read ``{title, publisher, reference, grade}``."""
    found = node.fields(("title", "publisher", "reference", "grade"))
    return Document(
        found["title"].text(), found["publisher"].text(), found["reference"].text(), found["grade"].choice(Grade)
    )


def read_source(node: Node) -> Source:
    """Read ``{doc, grade, quote | summary, checked}``: `quote` is verbatim, `summary` in our own words."""
    found = node.fields(("doc", "grade", "checked"), ("quote", "summary"))
    if ("quote" in found) == ("summary" in found):
        raise node.problems.refuse(
            "pack.missing_source",
            node.at,
            "a source needs the words it rests on: either 'quote' (verbatim) or 'summary'",
            "来源须写明依据的文字:quote(原文)或 summary(概述)二选一",
        )
    verbatim = "quote" in found
    return Source(
        doc=found["doc"].text(),
        grade=found["grade"].choice(Grade),
        quote=found["quote" if verbatim else "summary"].text(),
        verbatim=verbatim,
        checked=found["checked"].day(),
        at=node.at,
    )


def dated(node: Node, found: dict[str, Node], value: Value) -> Dated[Value]:
    """Put a value together with the span, note and source found beside it."""
    effective = found["effective"].day()
    until = found["until"].day() if "until" in found else None
    if until is not None and until < effective:
        raise node.problems.refuse(
            "pack.overlap", found["until"].at, "'until' lies before 'effective'", "until 早于 effective"
        )
    return Dated(
        value=value,
        effective=effective,
        until=until,
        published=found["published"].day() if "published" in found else None,
        note=found["note"].text() if "note" in found else None,
        source=read_source(found["source"]),
        at=node.at,
    )


def read_dated(node: Node, read_value: Callable[[Node], Value]) -> Dated[Value]:
    """Read ``{effective, until?, published?, value, source, note?}``."""
    found = node.fields(("effective", "value", "source"), ("until", "published", "note"))
    return dated(node, found, read_value(found["value"]))


def read_table(node: Node) -> Dated[Mapping[tuple[str, ...], Leaf]]:
    """Read a dated table of numbers."""
    return read_dated(node, Node.leaves)


def read_counter(node: Node) -> CounterEntry:
    """Read ``{scope: person, reset: calendar_year, interpretation?}``; an insurance year says its first day too."""
    found = node.fields(("scope", "reset"), ("starts", "interpretation"))
    found["scope"].word("person")
    reset = found["reset"].choice(Reset)
    if ("starts" in found) != (reset is Reset.INSURANCE_YEAR):
        raise node.problems.refuse(
            "pack.missing_key",
            node.at,
            "'starts' (a first day such as 07-01) goes with 'reset: insurance_year', and only with it",
            "starts (起始日, 如 07-01) 只与 insurance_year 同用, 且必须写明",
        )
    starts = int(found["starts"].word(*_FIRST_DAYS)[:2]) if "starts" in found else 1
    interpretation = found["interpretation"].text() if "interpretation" in found else None
    return CounterEntry(reset, starts, interpretation, node.at)


def read_interpretation(name: str, node: Node, pack: str) -> Interpretation:
    """Read ``{default, options, why, docs?}``; the default has to be one of the options."""
    found = node.fields(("default", "options", "why"), ("docs",))
    options = tuple(item.text() for item in found["options"].items())
    return Interpretation(
        name=name,
        pack=pack,
        default=found["default"].word(*options),
        options=options,
        why=found["why"].text(),
        docs=tuple(item.text() for item in found["docs"].items()) if "docs" in found else (),
    )


def read_conflict(node: Node, pack: str, benefit: str) -> Conflict:
    """Read ``{about, says, against, docs, handling}`` of the file of a benefit, or of none."""
    found = node.fields(("about", "says", "against", "docs", "handling"))
    docs = tuple(item.text() for item in found["docs"].items())
    about, says, against = found["about"].text(), found["says"].text(), found["against"].text()
    return Conflict(pack, about, says, against, docs, found["handling"].text(), benefit)


def read_gap(node: Node, benefit: str) -> tuple[str, str, str]:
    """Read ``{about, says}`` of the file of a benefit, or of none."""
    found = node.fields(("about", "says"))
    return found["about"].text(), found["says"].text(), benefit


def read_bound(node: Node) -> Dated[Bound]:
    """Read ``{on, at_least | at_most, effective, source}``."""
    found = node.fields(("on", "effective", "source"), ("at_least", "at_most", "until", "published", "note"))
    on = tuple(found["on"].text().split("."))
    if on[0] not in ("deductible", "share", "caps"):
        raise node.problems.unknown("value", found["on"].at, on[0], ("deductible", "share", "caps"))
    least, most = (found[name].leaf().amount if name in found else None for name in ("at_least", "at_most"))
    return dated(node, found, Bound(on, least, most))
