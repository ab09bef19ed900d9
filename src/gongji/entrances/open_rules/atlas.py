"""What holds where and when: every region of the rule book with its benefits, their spans and how far they can be trusted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from gongji.foundation.errors import InvalidInput, NotFound
from gongji.rules.book import RuleBook
from gongji.rules.compile import Span
from gongji.rules.model import BenefitRule, CareKind, Clause, Gap, Grade, Scheme, SharingRule


@dataclass(frozen=True, slots=True)
class Benefit:
    """One benefit of a region with all its rules, in order of date; days without a rule are left out."""

    scheme: Scheme
    kind: CareKind
    spans: tuple[Span[BenefitRule], ...]


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

    def sharing(self, code: str) -> tuple[Span[SharingRule], ...]:
        """The sharing rules of a region in order of date; days for which the packs leave something open are left out."""
        return self.book.sharing_timeline(self.nearest(code))

    def _read(self, code: str) -> Region:
        book = self.book
        benefits = []
        for scheme, kind in product(Scheme, CareKind):
            spans = book.timeline(code, scheme, kind)
            if spans:
                benefits.append(Benefit(scheme, kind, spans))
        return Region(
            code=code,
            name=book.name(code),
            benefits=tuple(benefits),
            grade=weakest(clause for one in benefits for clause in one.spans[-1].rule.clauses.values()),
            gaps=book.gaps(code),
            conflicts=len(book.conflicts(code)),
            digest=book.digest(code),
        )


def weakest(clauses: Iterable[Clause]) -> Grade | None:
    """The weakest grade among sources: the letter that sorts last; None without a source."""
    return max((clause.grade for clause in clauses), default=None)
