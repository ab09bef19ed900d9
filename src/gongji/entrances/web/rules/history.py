"""What changed when: the rules of a region one after the other, each with what became other than before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from gongji.entrances import wording
from gongji.entrances.open_rules.atlas import Atlas, Region
from gongji.entrances.web.rules.comparing import pair
from gongji.entrances.web.rules.telling import Block, benefit_block, sharing_block
from gongji.entrances.wording import Language


class Span(NamedTuple):
    """The first and the last day of a rule; no last day while open."""

    begins: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Change:
    """A day on which something became other than it was.

    Attributes:
        on: the day.
        title: of what: a benefit, or sharing.
        what: how: it began, changed or ended, in words.
        details: each row that changed: label, before, after; before is "" for a row that is new.
    """

    on: date
    title: str
    what: str
    details: tuple[tuple[str, str, str], ...]


def history(atlas: Atlas, region: Region, language: Language) -> tuple[Change, ...]:
    """Every change in a region, newest first."""
    lines: list[list[tuple[Span, Block]]] = [
        [(Span(one.begins, one.until), benefit_block(one.rule, language)) for one in benefit.spans]
        for benefit in region.benefits
    ]
    sharing = atlas.sharing(region.code)
    lines.append(
        [(Span(one.begins, one.until), sharing_block(one.rule, one.begins, one.until, language)) for one in sharing]
    )
    changes: list[Change] = []
    for line in lines:
        before: Block | None = None
        following: date | None = None
        for span, block in line:
            if following is not None and span.begins != following:
                changes.append(_end(following, block.title, language))
                before = None
            changes.append(_change(span.begins, before, block, language))
            before, following = block, span.until + timedelta(days=1) if span.until else None
        if before is not None and following is not None:
            changes.append(_end(following, before.title, language))
    return tuple(sorted(changes, key=lambda change: change.on, reverse=True))


def _end(on: date, title: str, language: Language) -> Change:
    return Change(on, title, wording.text("rules.history.ended", language), ())


def _change(on: date, before: Block | None, block: Block, language: Language) -> Change:
    if before is None:
        return Change(on, block.title, wording.text("rules.history.began", language), ())
    details = [(one.label, one.a, one.b) for one in pair(before.rows, block.rows) if one.a != one.b]
    what = "rules.history.changed" if details else "rules.history.source"
    return Change(on, block.title, wording.text(what, language), tuple(details))
