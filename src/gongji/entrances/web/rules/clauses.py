"""The page of one value: what it was and is, and the document behind each number, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gongji.entrances import wording
from gongji.entrances.open_rules.figures import Term, shown
from gongji.entrances.open_rules.provenance import Held, Provenance
from gongji.entrances.web.rules.telling import benefit_title, label_of_part, row_of_term, told_part, word_of
from gongji.entrances.wording import Language
from gongji.foundation.money import percent
from gongji.rules.model import Clause
from gongji.rules.node import Leaf
from gongji.rules.structure import Shape


@dataclass(frozen=True, slots=True)
class ToldHeld:
    """What a value was for a while: its numbers as label and value, its source, and what is to be known of that."""

    rows: tuple[tuple[str, str], ...]
    clause: Clause
    until: date | None
    reference: str
    caution: str | None


def title_of(found: Provenance, language: Language) -> str:
    """What a value is, in words: the benefit, or the number's name."""
    if found.benefit is not None:
        return benefit_title(*found.benefit, language)
    words = wording.catalogue(language)
    return (
        words.get(f"rules.known.{found.value}")
        or words.get(f"rules.term.{found.value}")
        or words.get(f"rules.known.{found.value.partition('.')[0]}")
        or found.value
    )


def tell(found: Provenance, language: Language) -> tuple[ToldHeld, ...]:
    """Every number that the value had, newest first."""
    return tuple(
        ToldHeld(
            _rows(found, one, language), one.clause, one.until, one.reference, wording.caution(one.clause, language)
        )
        for one in found.held
    )


def _rows(found: Provenance, held: Held, language: Language) -> tuple[tuple[str, str], ...]:
    if held.words is not None:
        if isinstance(held.words, Shape):
            return ()
        row = row_of_term(Term(found.value, shown(held.words), held.clause), language)
        return ((row.label, row.value),)
    rows = []
    for case, number in held.numbers:
        if isinstance(number, Leaf):
            label = " · ".join(word_of(word, language) for word in case) or wording.text("rules.clause.value", language)
            rows.append((label, percent(number.amount) if number.is_ratio else wording.money(number.amount)))
        else:
            rows.append((label_of_part(found.value, case, language), told_part(number, language)))
    return tuple(rows)
