"""One region's page: what holds on a day with the doubts beside it, what the readings change, and the years as lanes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from gongji.benefit.sensitivity import Outcome, Payment, sensitivity
from gongji.entrances import wording
from gongji.entrances.open_rules.atlas import Atlas, Region
from gongji.entrances.open_rules.registry import covered
from gongji.entrances.web.rules.telling import (
    Block,
    benefit_block,
    benefit_title,
    known_blocks,
    reading,
    sharing_block,
    told_visit,
)
from gongji.entrances.wording import Language
from gongji.rules.compile import Span
from gongji.rules.coverage import SHARING, Coverage, is_about
from gongji.rules.model import BenefitRule, Conflict, Gap, Interpretation, SharingRule
from gongji.rules.pack import benefit_word

#: How many standard visits are shown for a reading that changes something.
_EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Card:
    """A block with what is to be known of it: how the year is covered, where sources disagree, what nobody knows."""

    block: Block
    covered: Coverage | None
    conflicts: tuple[Conflict, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A standard visit, and what the funds pay for it under each reading, fen."""

    visit: str
    paid: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text leaves open and what it is worth.

    Attributes:
        title: of which benefit.
        why: what is open, in Chinese.
        options: the readings in words, each with whether it is taken.
        examples: standard visits for which the readings pay differently, the largest difference first.
        visits, changed: how many standard visits were tried and for how many of them it makes a difference.
    """

    title: str
    why: str
    options: tuple[tuple[str, bool], ...]
    examples: tuple[Example, ...]
    visits: int
    changed: int


@dataclass(frozen=True, slots=True)
class Piece:
    """The days of one rule on a lane: start and width in per cent of the years shown, as text."""

    start: str
    width: str
    begins: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Lane:
    """The rules of one benefit, or of sharing, over the years."""

    title: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Years:
    """The lanes of a region under one scale of years; `today` in per cent as text."""

    first: int
    last: int
    today: str
    lanes: tuple[Lane, ...]


class RegionPages:
    """What the page of a region shows."""

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas
        self._outcomes = lru_cache(maxsize=256)(self._work_out)

    def cards(self, region: Region, on: date, language: Language) -> tuple[Card, ...]:
        """What holds on a day: each benefit in force, sharing, then what else is known."""
        atlas = self._atlas
        known = {one.benefit: one for one in covered(atlas, region.code, on.year)}
        found = []
        for one in region.benefits:
            rule = atlas.book.benefit(region.code, one.scheme, one.kind, on)
            if rule is not None:
                word = benefit_word((one.scheme, one.kind))
                found.append(self._card(region, benefit_block(rule, language), word, known))
        for span in atlas.sharing(region.code):
            if span.begins <= on and (span.until is None or on <= span.until):
                block = sharing_block(span.rule, span.begins, span.until, language)
                found.append(self._card(region, block, SHARING, known))
        found += [Card(other, None, (), ()) for other in known_blocks(atlas, region.code, on, language)]
        return tuple(found)

    def _card(self, region: Region, block: Block, word: str, known: Mapping[str, Coverage]) -> Card:
        conflicts = self._atlas.book.conflicts(region.code)
        lineage = self._atlas.book.lineage(region.code)
        return Card(
            block,
            known.get(word),
            tuple(one for one in conflicts if is_about(one, word, lineage)),
            tuple(gap for gap in region.gaps if _names(gap, word)),
        )

    def readings(self, region: Region, on: date, language: Language) -> tuple[Reading, ...]:
        """What the texts in force leave open, with what each reading changes for standard visits."""
        titles = {
            benefit_word((one.scheme, one.kind)): benefit_title(one.scheme, one.kind, language)
            for one in region.benefits
        }
        return tuple(
            _reading(titles[outcome.word], outcome, language)
            for outcome in self._outcomes(region.code, on)
            if outcome.word in titles and len(outcome.interpretation.options) > 1
        )

    def _work_out(self, code: str, on: date) -> tuple[Outcome, ...]:
        return tuple(sensitivity(self._atlas.book, self._atlas.book.lineage(code), on))

    def years(self, region: Region, today: date, language: Language) -> Years | None:
        """The rules of every benefit and of sharing over the years; None where there never was one."""
        held: list[tuple[str, Sequence[Span[BenefitRule] | Span[SharingRule]]]] = [
            (benefit_title(one.scheme, one.kind, language), one.spans) for one in region.benefits
        ]
        sharing = self._atlas.sharing(region.code)
        if sharing:
            held.append((wording.text("rules.sharing", language), sharing))
        if not held:
            return None
        first = min(spans[0].begins.year for _, spans in held)
        last = max(today.year, *(spans[-1].begins.year for _, spans in held))
        scale = _Scale(date(first, 1, 1), date(last + 1, 1, 1))
        lanes = tuple(Lane(title, tuple(scale.piece(one.begins, one.until) for one in spans)) for title, spans in held)
        return Years(first, last, scale.at(today), lanes)


def other_doubts(
    region: Region, cards: Sequence[Card], conflicts: Sequence[Conflict]
) -> tuple[tuple[Conflict, ...], tuple[Gap, ...]]:
    """The conflicts and gaps that stand beside no card."""
    told = {id(one) for card in cards for one in (*card.conflicts, *card.gaps)}
    return (
        tuple(one for one in conflicts if id(one) not in told),
        tuple(gap for gap in region.gaps if id(gap) not in told),
    )


def _names(gap: Gap, word: str) -> bool:
    """Whether a gap is about a benefit (``employee.outpatient``) or about sharing."""
    about = gap.about.split(".")[0] if word == SHARING else gap.about
    return about == ("sharing" if word == SHARING else word) or gap.about.startswith(f"{word}.")


def _reading(title: str, outcome: Outcome, language: Language) -> Reading:
    one: Interpretation = outcome.interpretation
    changed = sorted(outcome.changed, key=_difference, reverse=True)
    return Reading(
        title,
        one.why,
        tuple((reading(one.name, option, language), option == one.default) for option in one.options),
        tuple(
            Example(
                told_visit(payment.visit, language),
                tuple(sum(payment.paid.get(option, {}).values()) for option in one.options),
            )
            for payment in changed[:_EXAMPLES]
        ),
        outcome.visits,
        len(changed),
    )


def _difference(payment: Payment) -> int:
    sums = [sum(paid.values()) for paid in payment.paid.values()]
    return max(sums) - min(sums)


class _Scale:
    """Days as per cent of a stretch."""

    def __init__(self, begins: date, ends: date) -> None:
        self._begins, self._ends, self._days = begins, ends, (ends - begins).days

    def at(self, day: date) -> str:
        """Where a day stands."""
        inside = min(max(day, self._begins), self._ends)
        return f"{(inside - self._begins).days * 100 / self._days:.2f}"

    def piece(self, begins: date, until: date | None) -> Piece:
        """The days of one rule; one that is open goes on to the end."""
        end = until + timedelta(days=1) if until is not None else self._ends
        start = self.at(begins)
        return Piece(start, f"{float(self.at(end)) - float(start):.2f}", begins, until)
