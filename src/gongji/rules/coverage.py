"""The coverage registry: which benefits of which regions and years the packs hold, and how far they can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import groupby

from gongji.rules.book import SHORT_DIGEST, RuleBook
from gongji.rules.lineage import Lineage
from gongji.rules.model import BenefitRule, Clause, Conflict, Grade
from gongji.rules.pack import benefit_word, every_benefit
from gongji.rules.vocabulary import TRUSTED

#: The word of the sharing rule among the benefits.
SHARING = "employee.sharing"


class State(StrEnum):
    """What the packs hold for one year; the first that is true, in this order, is told."""

    GAP = "gap"
    PARTIAL = "partial"
    SECONDARY = "secondary sources only"
    CONFLICTING = "conflicting"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Coverage:
    """One benefit of one region in one year, or in several that are alike.

    Attributes:
        region, name: the pooling region's code and Chinese name.
        benefit: ``employee.outpatient``; ``employee.sharing`` for the sharing rule.
        first, last: the years.
        state: what the packs hold.
        days: days of each year on which a rule holds.
        best, worst: the best and the worst grade among the sources of its numbers; None without a rule.
        conflicts: how many recorded disagreements of sources are about it.
        checked: the day since which every number has been compared with its source; None without a rule.
        digest: the pack's digest, shortened.
        gap: what is not known, in the pack's words; empty where nothing is recorded.
    """

    region: str
    name: str
    benefit: str
    first: int
    last: int
    state: State
    days: int
    best: Grade | None
    worst: Grade | None
    conflicts: int
    checked: date | None
    digest: str
    gap: str


def coverage(book: RuleBook, lineages: Iterable[Lineage], since: int, until: int) -> Iterator[Coverage]:
    """Every benefit that a pack sets or records as a gap, and the sharing rule, for each year.

    Args:
        book: the compiled rules.
        lineages: of which regions.
        since, until: the first and the last year.
    """
    for lineage in lineages:
        for word, held in _timelines(book, lineage):
            for year in range(since, until + 1):
                yield _one(book, lineage, word, held, year)


def in_spans(rows: Iterable[Coverage]) -> Iterator[Coverage]:
    """The same with years that are alike in one row, but for days of leap years."""

    def alike(row: Coverage) -> Coverage:
        return replace(row, first=0, last=0, days=row.days if row.state is State.PARTIAL else 0)

    for _, group in groupby(rows, alike):
        years = list(group)
        yield replace(years[0], last=years[-1].last)


def unplaced_conflicts(lineage: Lineage) -> tuple[Conflict, ...]:
    """Conflicts of a pack that are about none of its benefits nor of sharing, so that no row counts them."""
    words = [benefit_word(key) for key in every_benefit()]
    return tuple(
        conflict
        for conflict in lineage.own.conflicts
        if not any(is_about(conflict, word, lineage) for word in (*words, SHARING))
    )


_Held = tuple[date, date, tuple[Clause, ...]]


def _timelines(book: RuleBook, lineage: Lineage) -> Iterator[tuple[str, list[_Held]]]:
    region = lineage.own.region
    for key in every_benefit():
        spans = book.timeline(region, *key)
        if spans or book.gap(region, *key) is not None:
            yield benefit_word(key), [(one.begins, one.until or date.max, _numbers(one.rule)) for one in spans]
    shared = book.sharing_timeline(region)
    yield SHARING, [(one.begins, one.until or date.max, tuple(one.rule.clauses.values())) for one in shared]


def _numbers(rule: BenefitRule) -> tuple[Clause, ...]:
    """The sources of the numbers: what the structure rests on does not make them any better."""
    return tuple(clause for name, clause in rule.clauses.items() if name != "formula")


def _one(book: RuleBook, lineage: Lineage, word: str, held: list[_Held], year: int) -> Coverage:
    start, end = date(year, 1, 1), date(year, 12, 31)
    pieces = [(max(first, start), min(last, end), found) for first, last, found in held if first <= end]
    pieces = [piece for piece in pieces if piece[0] <= piece[1]]
    days = sum((last - first).days + 1 for first, last, _ in pieces)
    clauses = [clause for *_, found in pieces for clause in found]
    grades = sorted({clause.grade for clause in clauses})
    conflicts = _counted(lineage, word, year, covered=bool(days))
    complete = days == (end - start).days + 1
    return Coverage(
        region=lineage.own.region,
        name=lineage.own.name,
        benefit=word,
        first=year,
        last=year,
        state=_state(days, complete, grades, conflicts),
        days=days,
        best=grades[0] if grades else None,
        worst=grades[-1] if grades else None,
        conflicts=conflicts,
        checked=min((clause.checked for clause in clauses), default=None),
        digest=lineage.digest[:SHORT_DIGEST],
        gap="" if complete else _gap(book, lineage, word),
    )


def _state(days: int, complete: bool, grades: Sequence[Grade], conflicts: int) -> State:
    if not days:
        return State.GAP
    if not complete:
        return State.PARTIAL
    if not any(grade in TRUSTED for grade in grades):
        return State.SECONDARY
    return State.CONFLICTING if conflicts else State.COMPLETE


def _gap(book: RuleBook, lineage: Lineage, word: str) -> str:
    about = "sharing" if word == SHARING else word
    return next((gap.says for gap in book.gaps(lineage.own.region) if gap.about == about), "")


def _counted(lineage: Lineage, word: str, year: int, *, covered: bool) -> int:
    """Conflicts about a benefit in a year; one that names a year is about that year, others about all covered ones."""
    packs = lineage.packs if word == SHARING else (lineage.own,)
    count = 0
    for conflict in (one for pack in packs for one in pack.conflicts):
        if is_about(conflict, word, lineage):
            years = [part for part in conflict.about.split(".") if len(part) == 4 and part.isdigit()]
            count += str(year) in years if years else covered
    return count


def is_about(conflict: Conflict, word: str, lineage: Lineage) -> bool:
    """Whether a conflict names the benefit, its kind of care, or one of its values (``share.active.tier_1``).

    One that stands in a benefit's file is about that benefit; one in the pack's own file that only names a share or a
    deductible counts for every benefit.
    """
    if conflict.benefit:
        return word == conflict.benefit
    first = conflict.about.split(".")[0]
    if word == SHARING:
        return first == "sharing"
    if conflict.about == word or conflict.about.startswith(f"{word}."):
        return True
    key = next(key for key in every_benefit() if benefit_word(key) == word)
    benefit = lineage.own.benefits.get(key)
    return benefit is not None and (first in (key[1], "deductible", "share") or first in benefit.values)
