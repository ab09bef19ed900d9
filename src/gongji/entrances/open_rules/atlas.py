"""What holds where and when: every region of the rule book with its benefits, their spans and how far they can be trusted.

The rule book answers for one day at a time. The atlas finds the days on which an answer changes by asking for the first
of every month and then for the days between two that differ; what begins and ends within one month without a trace on
either first is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import product
from typing import Final, Generic, TypeVar

from gongji.foundation.errors import InvalidInput, NotFound
from gongji.rules.book import RuleBook
from gongji.rules.model import BenefitRule, CareKind, Clause, Gap, Grade, Scheme, SharingRule

Rule = TypeVar("Rule")

#: The days between which changes are looked for.
FIRST: Final = date(2010, 1, 1)
LAST: Final = date(2035, 1, 1)

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch(Generic[Rule]):
    """A stretch of days on which one answer holds; `until` is None while open."""

    begins: date
    until: date | None
    rule: Rule


@dataclass(frozen=True, slots=True)
class Benefit:
    """One benefit of a region with all its rules, in order of date; days without a rule are left out."""

    scheme: Scheme
    kind: CareKind
    stretches: tuple[Stretch[BenefitRule], ...]


@dataclass(frozen=True, slots=True)
class Region:
    """A region in the atlas.

    Attributes:
        code: six digits.
        name: its Chinese name.
        benefits: what its packs set; empty where they say nothing.
        grade: the weakest source that the newest rule of any benefit rests on; None without a benefit.
        gaps: what is left silent on purpose.
        conflicts: how many disagreements of sources are recorded.
        digest: of its pack and all it inherits.
    """

    code: str
    name: str
    benefits: tuple[Benefit, ...]
    grade: Grade | None
    gaps: tuple[Gap, ...]
    conflicts: int
    digest: str


class Atlas:
    """All regions of a rule book, read when first asked for and kept."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self._regions: dict[str, Region] = {}
        self._sharing: dict[str, tuple[Stretch[SharingRule], ...]] = {}

    def regions(self) -> tuple[Region, ...]:
        """Every region with a pack of its own, in the order of their codes."""
        return tuple(self.region(code) for code in self.book.regions())

    def region(self, code: str) -> Region:
        """One region; a county answers with its pooling region.

        Raises:
            InvalidInput: ``region.invalid``.
            NotFound: ``region.unknown``.
        """
        found = self.nearest(code)
        if found not in self._regions:
            self._regions[found] = self._read(found)
        return self._regions[found]

    def nearest(self, code: str) -> str:
        """The region whose pack speaks for a place: its own, the city's, the province's.

        Raises:
            InvalidInput: ``region.invalid`` when it is no region code.
            NotFound: ``region.unknown`` when not even the province has a pack.
        """
        if len(code) != 6 or not (code.isascii() and code.isdigit()):
            raise InvalidInput(
                "region.invalid",
                "this is not a region code",
                "这不是统筹区（一起算医保的地区）的代码",
                field="region",
                accepted="six digits such as 211200",
            )
        known = set(self.book.regions())
        for candidate in (code, f"{code[:4]}00", f"{code[:2]}0000"):
            if candidate in known:
                return candidate
        raise NotFound(
            "region.unknown",
            f"there is no rule pack for {code} yet",
            f"还没有收录 {code} 这个地区的规则",
            field="region",
            accepted="a code that the list of regions names",
        )

    def sharing(self, code: str) -> tuple[Stretch[SharingRule], ...]:
        """The sharing rules of a region in order of date; days for which the packs leave something open are left out."""
        found = self.nearest(code)
        if found not in self._sharing:
            self._sharing[found] = tuple(stretches(partial(self.book.sharing, found)))
        return self._sharing[found]

    def _read(self, code: str) -> Region:
        book = self.book
        benefits = []
        for scheme, kind in product(Scheme, CareKind):
            history = tuple(stretches(partial(book.benefit, code, scheme, kind)))
            if history:
                benefits.append(Benefit(scheme, kind, history))
        return Region(
            code=code,
            name=book.name(code),
            benefits=tuple(benefits),
            grade=weakest(clause for one in benefits for clause in one.stretches[-1].rule.clauses.values()),
            gaps=book.gaps(code),
            conflicts=len(book.conflicts(code)),
            digest=book.digest(code),
        )


def weakest(clauses: Iterable[Clause]) -> Grade | None:
    """The weakest grade among sources: the letter that sorts last; None without a source."""
    return max((clause.grade for clause in clauses), default=None)


def stretches(ask: Callable[[date], Rule | None]) -> Iterator[Stretch[Rule]]:
    """The stretches of days with one answer each, in order.

    Args:
        ask: the answer for a day; the same object for all days on which the same holds.
    """
    begins = day = FIRST
    current = ask(FIRST)
    while day < LAST:
        following = (day.replace(day=1) + 32 * _DAY).replace(day=1)
        for change in _changes(ask, day, following):
            if current is not None:
                yield Stretch(begins, change - _DAY, current)
            begins, current = change, ask(change)
        day = following
    if current is not None:
        yield Stretch(begins, None, current)


def _changes(ask: Callable[[date], Rule | None], first: date, last: date) -> Iterator[date]:
    """The days after `first`, up to `last`, on which the answer is another than the day before."""
    if ask(first) is ask(last):
        return
    if last - first == _DAY:
        yield last
        return
    middle = first + (last - first) // 2
    yield from _changes(ask, first, middle)
    yield from _changes(ask, middle, last)
