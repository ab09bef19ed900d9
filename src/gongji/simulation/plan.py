"""A rule book made ready for files: every rule in one table, and what to look up for a claim, as arrays.

A *place* is a region, a scheme and a kind of care as one number. Regions join the plan as files name them; a plan may
be shared by threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import zip_longest
from threading import Lock
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np

from gongji.benefit import families
from gongji.benefit.claims import encode_sharing
from gongji.benefit.engine import Engine
from gongji.foundation.errors import InvalidInput, NotFound
from gongji.rules import layout
from gongji.rules.book import SHORT_DIGEST, RuleBook
from gongji.rules.compile import Sourced, Span
from gongji.rules.model import (
    BenefitRule,
    CareKind,
    Combine,
    DeductibleKind,
    Dimension,
    Measure,
    Purpose,
    Reset,
    SharingRule,
)
from gongji.rules.table import RuleTable
from gongji.simulation import flow
from gongji.simulation.columns import INSURES, KINDS, SCHEMES

Rule = TypeVar("Rule", bound=Sourced)

Integers: TypeAlias = np.ndarray[Any, np.dtype[Any]]

#: How many places a region has.
PLACES: Final = len(SCHEMES) * len(KINDS)

#: One more than the largest number of six digits.
REGION_CODES: Final = 1_000_000

_MONTHS: Final = {Reset.MONTH: 1, Reset.QUARTER: 3}
_ONE_DAY: Final = timedelta(days=1)
_EPOCH: Final = date(1970, 1, 1)
_PURPOSES: Final = {CareKind.PHARMACY: Purpose.PHARMACY, CareKind.INPATIENT: Purpose.INPATIENT}


class Plan:
    """What a file of claims is assessed by.

    Attributes:
        engine: the rules as the kernel reads them; makes states and desks.
        diseases: every disease that a rule names, in the order of their numbers.
        counters: the name of every counter, in the order of the columns of `rules.counter_places`.
        regions: the code of each region, by its number.
        rules: the tables for `flow`, as far as regions are known; replaced as a whole when one joins.
    """

    def __init__(self, book: RuleBook) -> None:
        self._book = book
        self._lock = Lock()
        self._rules: list[BenefitRule] = []
        self._spans: dict[tuple[str, int], tuple[int, int]] = {}
        self._benefit_days: list[int] = []
        self._benefit_rules: list[int] = []
        self._sharing: list[list[int]] = [encode_sharing(None)]
        self._sharing_days: list[int] = []
        self._sharing_rows: list[int] = []
        self._pooling: dict[str, int] = {}
        self._digests: list[str] = []
        self.regions: list[str] = []
        self._region_codes = np.full(REGION_CODES, flow.NONE, np.int32)
        for region in book.regions():
            for place in range(PLACES):
                self._add_benefit(region, place)
        self.engine = Engine(self._rules)
        table = self.engine.table
        self.diseases = tuple(sorted({word for words in table.diseases for word in words}))
        self.counters = tuple(sorted({name for rule in self._rules for name in rule.counters}))
        self.rules = self._tables(table)
        for region in book.regions():
            self.join(region)

    @property
    def digests(self) -> Sequence[str]:
        """The digest, cut for people, of the packs behind each region, by the region's number."""
        return self._digests

    def region_numbers(self, codes: Integers) -> Integers:
        """The numbers of regions by their six-digit codes; regions that are new join the plan.

        Args:
            codes: integers from 0 to 999999; below 100000 there is no region.

        Returns:
            For each its number, `flow.NONE` where it is no region.
        """
        numbers: Integers = self._region_codes[codes]
        if (numbers < 0).any():
            for code in np.unique(codes[numbers < 0]):
                if code >= REGION_CODES // 10:
                    self.join(f"{code:06d}")
            numbers = self._region_codes[codes]
        return numbers

    def join(self, region: str) -> None:
        """Take a region in; a county gets the rules of its pooling region."""
        with self._lock:
            if self._region_codes[int(region)] >= 0:
                return
            pooling = self._book.pooling(region)
            kept = self._pooling.setdefault(pooling, len(self._pooling))
            benefit = [list(self._spans.get((pooling, place), (0, 0))) for place in range(PLACES)]
            terms = [self._add_sharing(region, kind) for kind in KINDS] * len(SCHEMES)
            states = [kept * len(SCHEMES) + place // len(KINDS) for place in range(PLACES)]
            old = self.rules
            self.rules = old._replace(
                benefit=np.concatenate([old.benefit, np.array(benefit, np.int32)]),
                terms=np.concatenate([old.terms, np.array(terms, np.int32)]),
                sharing=np.array(self._sharing, np.int64),
                sharing_days=np.array(self._sharing_days, np.int32),
                sharing_rows=np.array(self._sharing_rows, np.int32),
                states=np.concatenate([old.states, np.array(states, np.int32)]),
            )
            self._digests.append(self._digest(region))
            self.regions.append(region)
            # Last, so that nobody finds a number before its tables are there.
            self._region_codes[int(region)] = len(self._digests) - 1

    def _add_benefit(self, region: str, place: int) -> None:
        spans = self._book.timeline(region, SCHEMES[place // len(KINDS)], KINDS[place % len(KINDS)])
        begin = len(self._benefit_days)
        for day, rule in _changes(spans):
            self._benefit_days.append(day)
            self._benefit_rules.append(flow.NONE if rule is None else len(self._rules))
            self._rules += [rule] if rule is not None else []
        if spans:
            self._spans[region, place] = begin, len(self._benefit_days)

    def _add_sharing(self, region: str, kind: CareKind) -> list[int]:
        """The stretches of a region's sharing rules for one kind of care: where they begin and end."""
        begin = len(self._sharing_days)
        for day, rule in _changes(self._sharing_timeline(region)):
            self._sharing_days.append(day)
            self._sharing_rows.append(len(self._sharing))
            self._sharing.append(_terms(rule, _PURPOSES.get(kind, Purpose.CARE)))
        return [begin, len(self._sharing_days)]

    def _sharing_timeline(self, region: str) -> tuple[Span[SharingRule], ...]:
        """A region's sharing rules; none where not even a nation's pack covers it."""
        try:
            return self._book.sharing_timeline(region)
        except NotFound:
            return ()

    def _digest(self, region: str) -> str:
        try:
            return self._book.digest(region)[:SHORT_DIGEST]
        except NotFound:
            return ""

    def _tables(self, table: RuleTable) -> flow.Rules:
        rules = self._rules
        months = np.arange(flow.FIRST_DAY, flow.END_DAY, dtype="datetime64[D]").astype("datetime64[M]")
        return flow.Rules(
            rows=self.engine.rows,
            steps=self.engine.steps,
            sharing=np.array(self._sharing, np.int64),
            benefit=np.zeros((0, 2), np.int32),
            benefit_days=np.array(self._benefit_days, np.int32),
            benefit_rules=np.array(self._benefit_rules, np.int32),
            terms=np.zeros((0, 2), np.int32),
            sharing_days=np.zeros(0, np.int32),
            sharing_rows=np.zeros(0, np.int32),
            states=np.zeros(0, np.int32),
            insures=np.array(INSURES, np.int8),
            needs=np.array([_needs(rule) for rule in rules], np.int32),
            speaks_of=np.array([_speaks_of(rule) for rule in rules], np.int32),
            waiting=_matrix([_waiting(rule) for rule in rules], np.int32, flow.WAITING_SIZE),
            diseases=_matrix([self._named(rule) for rule in rules], np.int8, len(self.diseases) + 1),
            disease_places=_matrix([self._places(words) for words in table.diseases], np.int16, len(self.diseases) + 1),
            funds=_matrix([_funds(rule) for rule in rules], np.int8, layout.MOST_LAYERS),
            cap_places=_matrix(
                [self._cap_places(rule, at) for rule, at in zip(rules, table.slots, strict=True)],
                np.int32,
                len(self.diseases) + 1,
            ),
            counter_places=_matrix(
                [[at.get(name, flow.NONE) for name in self.counters] for at in table.slots],
                np.int32,
                len(self.counters),
            ),
            months=months.astype(np.int32) + 1970 * 12,
        )

    def _named(self, rule: BenefitRule) -> list[bool]:
        """Which diseases a rule knows, with the answer for no disease behind."""
        lists = [grid.words(Dimension.DISEASE) for grid in rule.grids() if Dimension.DISEASE in grid.by]
        return [all(word in words for words in lists) for word in self.diseases] + [not lists]

    def _places(self, words: Sequence[str]) -> list[int]:
        return [words.index(word) if word in words else flow.NONE for word in self.diseases] + [flow.NONE]

    def _cap_places(self, rule: BenefitRule, at: Mapping[str, int]) -> list[int]:
        """Where the cap that is shown stands, by disease: the pooled fund's own limit over the longest period."""
        caps = [cap for layer in rule.layers[:1] for cap in layer.caps if cap.counter and cap.measure is Measure.FUND]
        if not caps:
            return [flow.NONE] * (len(self.diseases) + 1)
        shown = max(caps, key=lambda cap: _length(rule, cap.counter_of(next(iter(self._words(rule)), ""))))
        return [at.get(shown.counter_of(word), flow.NONE) for word in (*self.diseases, "")]

    @staticmethod
    def _words(rule: BenefitRule) -> list[str]:
        return sorted({word for grid in rule.grids() for word in grid.words(Dimension.DISEASE)})


def _changes(spans: Sequence[Span[Rule]]) -> Iterator[tuple[int, Rule | None]]:
    """The days, counted from 1970, from which on something holds, and what: None where a silence begins."""
    for span, following in zip_longest(spans, spans[1:]):
        yield _day(span.begins), span.rule
        if span.until is not None and (following is None or following.begins > span.until + _ONE_DAY):
            yield _day(span.until + _ONE_DAY), None


def _day(on: date) -> int:
    return (on - _EPOCH) // _ONE_DAY


def _matrix(rows: Sequence[Sequence[int]], kind: type[np.generic], width: int) -> Integers:
    """Rows as an array; of the right width also when there are none."""
    return np.array(rows, kind) if rows else np.zeros((0, width), kind)


def _terms(rule: SharingRule | None, purpose: Purpose) -> list[int]:
    """A sharing rule's row for one purpose; shared money that may not be spent on it stays where it is."""
    terms = encode_sharing(rule)
    if rule is not None and purpose not in rule.purposes:
        terms[families.SHARES] = 0
    return terms


def _needs(rule: BenefitRule) -> int:
    asked = {dimension for grid in rule.grids() for dimension in grid.by}
    per_tier = rule.deductible.kind is DeductibleKind.CUMULATIVE and rule.deductible.combine is Combine.COUNTER_PER_TIER
    each_disease = any(cap.each_disease for layer in rule.layers for cap in layer.caps)
    own_tier = rule.as_tier is None and not rule.by_prescriber
    needs = flow.NEEDS_TIER if own_tier and (Dimension.TIER in asked or per_tier) else 0
    needs |= flow.NEEDS_PRESCRIPTION if rule.by_prescriber else 0
    needs |= flow.NEEDS_AGE if Dimension.AGE in asked else 0
    needs |= flow.NEEDS_MONTHS if Dimension.COVER in asked else 0
    return needs | (flow.NEEDS_DISEASE if Dimension.DISEASE in asked or each_disease else 0)


def _speaks_of(rule: BenefitRule) -> int:
    """The ways of being treated elsewhere for which the rule has a modifier: where it has none nothing is paid."""
    cases = {case for modifier in rule.share.modifiers for case in modifier.cases}
    return sum(bit for word, bit in layout.CASE_BITS.items() if word in cases)


def _waiting(rule: BenefitRule) -> list[int]:
    """Who waits how long; nobody where no text says so."""
    if rule.waiting is None:
        return [0] * flow.WAITING_SIZE
    terms = rule.waiting.terms
    more = (terms.each_further_year, terms.less_each_repaid_year, terms.long_gap_years, terms.long_gap_least)
    return [*(terms.fixed.get(late, 0) for late in flow.LATE_PLACES), *more]


def _funds(rule: BenefitRule) -> list[int]:
    funds = [int(layer.fund != "fund.pool") for layer in rule.layers]
    return funds + [0] * (layout.MOST_LAYERS - len(funds))


def _length(rule: BenefitRule, counter: str) -> int:
    """The length of a counter's period in months."""
    return _MONTHS.get(rule.counters[counter].reset, 12) if counter in rule.counters else 0


def region_code(text: str) -> int:
    """A region's code as a number.

    Raises:
        InvalidInput: ``region.invalid``.
    """
    if len(text) != 6 or not (text.isascii() and text.isdigit()) or text[0] == "0":
        raise InvalidInput(
            "region.invalid",
            "this is not a region code",
            "这不是统筹区划代码",
            field="region",
            accepted="six digits such as 211200",
        )
    return int(text)
