"""Random years of people under the rules of a shipped benefit, as columns: what the compiled kernel makes of them all at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cache
from itertools import product
from typing import Any, TypeAlias
from zlib import crc32

import numpy as np

from gongji.benefit import families
from gongji.benefit.claims import encode_sharing
from gongji.benefit.engine import Claims, Engine, Purses
from gongji.rules import layout
from gongji.rules.book import RuleBook
from gongji.rules.grid import OTHER_PROVIDER, SELECTED_PROVIDER, Grid, lower_bound
from gongji.rules.model import STATUSES, Attribute, BenefitRule, CareKind, Dimension, OffSite, Scheme, Status, Tier
from gongji.rules.table import RuleTable, compile_table

Column: TypeAlias = Any

#: Years for each benefit; ``make properties`` asks for more.
YEARS = int(os.environ.get("GONGJI_YEARS", "10000"))
MOST_VISITS = 12
#: Nothing that a person of these packs can be charged is rounded more often in one visit: bands, further funds, first self-pay.
ROUNDINGS = 4


@dataclass(frozen=True)
class PackBenefit:
    """One benefit of one region with all its rules in order of date, and the same as the kernel reads them."""

    region: str
    name: str
    scheme: Scheme
    kind: CareKind
    rules: tuple[BenefitRule, ...]
    begins: tuple[date, ...]
    ends: tuple[date, ...]
    table: RuleTable

    @property
    def key(self) -> str:
        """``611000 employee outpatient``: names it in lists and stories."""
        return f"{self.region} {'employee' if self.scheme is Scheme.EMPLOYEE else 'resident'} {self.kind}"


@cache
def pack_benefits() -> tuple[PackBenefit, ...]:
    """Every benefit that a shipped pack sets; an emergency that is paid as an outpatient visit is one with it."""
    book, found = RuleBook.shipped(), []
    for region, scheme, kind in product(book.regions(), Scheme, CareKind):
        spans = book.timeline(region, scheme, kind)
        alike = kind is CareKind.EMERGENCY and len(spans) == len(book.timeline(region, scheme, CareKind.OUTPATIENT))
        if spans and not alike:
            rules = tuple(span.rule for span in spans)
            begins = tuple(span.begins for span in spans)
            ends = tuple(span.until or date(span.begins.year + 2, 12, 31) for span in spans)
            found.append(
                PackBenefit(region, book.name(region), scheme, kind, rules, begins, ends, compile_table(rules))
            )
    return tuple(found)


@dataclass(frozen=True)
class Years:
    """Visits as columns, sorted by person and day; money in fen.

    Attributes:
        person: whose year, from 0.
        day: ordinal day of the visit.
        rule: which of the benefit's rules holds on it.
        status, tier, age, covered, cases, days, disease: as `gongji.rules.layout` has them.
        in_scope, first_self_pay, self_paid: parts of the bill; nothing is over the limit.
        more: in-scope cost to add where a property asks for more of it.
        cut: the part of the visit that comes first where a property splits it, per cent.
        current, historical: the accounts of the year's owner, and of a relative who shares (`shared`), repeated on every visit.
    """

    person: Column
    day: Column
    rule: Column
    status: Column
    tier: Column
    age: Column
    covered: Column
    cases: Column
    days: Column
    disease: Column
    in_scope: Column
    first_self_pay: Column
    self_paid: Column
    more: Column
    cut: Column
    current: Column
    historical: Column
    shared: Column

    def __len__(self) -> int:
        return len(self.person)

    def where(self, kept: Column) -> Years:
        """Some of the visits, by a mask or by their places."""
        return Years(**{one.name: getattr(self, one.name)[kept] for one in fields(self)})

    @property
    def people(self) -> int:
        """How many years there are."""
        return int(self.person[-1]) + 1 if len(self) else 0


@dataclass(frozen=True)
class Paid:
    """What the kernel makes of each visit, in fen; `funds` by visit and fund."""

    first: Column
    deductible: Column
    funds: Column
    own: Column
    shared: Column
    cash: Column

    @property
    def fund(self) -> Column:
        """What all funds pay for each visit."""
        return self.funds.sum(axis=1)


def by_person(years: Years, amounts: Column) -> Column:
    """The sum of a column for each person."""
    return np.bincount(years.person, weights=amounts, minlength=years.people).astype(np.int64)


def running(years: Years, group: Column, amounts: Column) -> tuple[Column, Column]:
    """An order in which a person's visits of one group stand together in time, and the running sum in that order."""
    order = np.lexsort((np.arange(len(years)), group, years.person))
    begins = np.ones(len(years), dtype=bool)
    begins[1:] = (np.diff(years.person[order]) != 0) | (np.diff(group[order]) != 0)
    sums = np.cumsum(amounts[order])
    before = (sums - amounts[order])[begins]
    return order, sums - before[np.cumsum(begins) - 1]


def random_years(benefit: PackBenefit, count: int) -> Years:
    """So many years of one person each, the same for every run; days on which no rule holds have no visit."""
    random = np.random.default_rng(crc32(benefit.key.encode()))
    wanted, count = count, 2 * count  # where a rule begins in October, many have no visit under it
    visits = random.integers(1, MOST_VISITS + 1, count)
    person = np.repeat(np.arange(count), visits)
    size = len(person)
    starts = _ordinals([one.replace(month=1, day=1) for one in (*benefit.begins, *benefit.ends)])
    year = np.repeat(random.choice(np.unique(starts), count), visits)
    day = year + random.integers(0, 365, size)
    rule = np.searchsorted(_ordinals(benefit.begins), day, side="right") - 1
    statuses = [layout.STATUS_PLACES[status] for status in STATUSES[benefit.scheme]]
    status = random.choice(statuses, count)
    age = np.where(status == layout.STATUS_PLACES[Status.ACTIVE], random.integers(16, 65, count), 0)
    age = np.where(status == layout.STATUS_PLACES[Status.RETIRED], random.integers(45, 101, count), age)
    age = np.where(status == layout.STATUS_PLACES[Status.RESIDENT], random.integers(0, 101, count), age)
    diseases = np.array([len(words) for words in benefit.table.diseases])[rule]
    accounts = random.integers(0, 400_000, (3, count)) * random.integers(0, 2, (3, count))
    in_scope = _amounts(random, benefit, size)
    years = Years(
        person=person,
        day=day,
        rule=rule,
        status=status[person],
        tier=random.integers(0, len(Tier), size),
        age=age[person],
        covered=random.integers(0, 240, count)[person],
        cases=_cases(random, size),
        days=random.choice(np.array([1, 5, 12, 95, 200]), size),
        disease=np.where(diseases > 0, random.integers(0, 1 << 20, size) % np.maximum(diseases, 1), -1),
        in_scope=in_scope,
        first_self_pay=random.integers(0, 50_000, size) * random.integers(0, 2, size),
        self_paid=random.integers(0, 90_000, size) * random.integers(0, 2, size),
        more=random.integers(1, 500_000, size) * (random.integers(0, 3, size) == 0),
        cut=random.integers(1, 100, size),
        current=accounts[0][person],
        historical=accounts[1][person],
        shared=accounts[2][person],
    )
    held = (rule >= 0) & (day <= _ordinals(benefit.ends)[rule])
    order = np.lexsort((day, person))
    found = renumbered(years.where(order[held[order]]))
    return found.where(found.person < wanted)


def _ordinals(days: Any) -> Column:
    return np.array([day.toordinal() for day in days])


def _amounts(random: Any, benefit: PackBenefit, size: int) -> Column:
    """In-scope cost: small and large alike, and often the rule's own thresholds and limits, or a fen beside them."""
    spread = np.exp(random.uniform(np.log(100), np.log(60_000_000), size)).astype(np.int64)
    marks = np.array(sorted({abs(number) for row in benefit.table.rows for number in row if abs(number) > 5_000}))
    marks = marks[marks < 10**8] if len(marks) else np.array([30_000])
    beside = np.maximum(0, random.choice(marks, size) + random.integers(-1, 2, size))
    return np.where(random.random(size) < 0.15, beside, np.where(random.random(size) < 0.02, 0, spread))


def _cases(random: Any, size: int) -> Column:
    """Bits of attributes, and for one visit in four a way of being treated elsewhere; statuses are added when paid."""
    cases = np.zeros(size, dtype=np.int64)
    for one in Attribute:
        cases |= layout.CASE_BITS[one] * (random.random(size) < 0.3)
    away = np.array([layout.CASE_BITS[one] for one in OffSite if one is not OffSite.LOCAL])
    return cases | random.choice(away, size) * (random.random(size) < 0.25)


def renumbered(years: Years) -> Years:
    """The same with people counted from 0 without a hole."""
    return replace(years, person=np.unique(years.person, return_inverse=True)[1])


def steady(years: Years) -> Years:
    """The same with every person always treated as at their first visit."""
    first = np.searchsorted(years.person, years.person)
    same = ("tier", "cases", "days", "disease")
    return replace(years, **{name: getattr(years, name)[first] for name in same})


def grown(years: Years) -> Years:
    """The same with more in-scope cost at some visits."""
    return replace(years, in_scope=years.in_scope + years.more)


def as_status(years: Years, status: Status) -> Years:
    """The same as people of another status."""
    return replace(years, status=np.full(len(years), layout.STATUS_PLACES[status]))


def split(years: Years) -> Years:
    """The same with the in-scope cost of every visit as two visits of the same day; the rest of the bill is in the second."""
    twice = years.where(np.repeat(np.arange(len(years)), 2))
    second = np.arange(len(twice)) % 2 == 1
    first = twice.in_scope * twice.cut // 100
    return replace(
        twice,
        in_scope=np.where(second, twice.in_scope - first, first),
        first_self_pay=twice.first_self_pay * second,
        self_paid=twice.self_paid * second,
    )


def claims_of(benefit: PackBenefit, years: Years) -> Claims:
    """The visits as the engine takes them."""
    visits = np.zeros((layout.VISIT_SIZE, len(years)), dtype=np.int16)
    months = [
        date.fromordinal(int(day)).year * 12 + date.fromordinal(int(day)).month - 1 for day in np.unique(years.day)
    ]
    visits[layout.MONTH] = np.array(months)[np.searchsorted(np.unique(years.day), years.day)]
    for place, name in (
        (layout.STATUS, "status"),
        (layout.TIER, "tier"),
        (layout.AGE, "age"),
        (layout.COVERED, "covered"),
        (layout.DAYS, "days"),
        (layout.DISEASE, "disease"),
    ):
        visits[place] = getattr(years, name)
    bits = np.array([layout.CASE_BITS[status] for status in layout.STATUS_PLACES])
    visits[layout.CASES] = years.cases | bits[years.status]
    columns = (years.person.astype(np.int32), visits, years.in_scope.astype(np.int64), years.current.astype(np.int64))
    return Claims(years.rule.astype(np.int32), *columns)


def pay(benefit: PackBenefit, years: Years) -> Paid:
    """What the compiled kernel pays of every visit, each person with a relative whose savings are shared."""
    people = years.people
    total = years.in_scope + years.first_self_pay + years.self_paid
    accounts = np.zeros((2 * people, 2), dtype=np.int64)
    accounts[years.person, families.CURRENT] = years.current
    accounts[years.person, families.HISTORICAL] = years.historical
    accounts[people + years.person, families.HISTORICAL] = years.shared
    sharing = encode_sharing(RuleBook.shipped().sharing("211200", date(2024, 6, 1)))
    claims = claims_of(benefit, years)
    purses = Purses(
        sharing=np.array([sharing] * len(benefit.rules), dtype=np.int64),
        bills=np.stack((total, years.first_self_pay)),
        sharer=np.concatenate((np.arange(people) + people, np.full(people, -1))).astype(np.int32),
        accounts=accounts,
        family=claims.person,
    )
    made = Engine(benefit.rules)
    out = made.settle_families(claims, purses, made.state(2 * people)).T
    return Paid(
        first=out[:, layout.OFFSITE_BORNE] + out[:, layout.ACCOUNT_BORNE],
        deductible=out[:, layout.DEDUCTIBLE_BORNE],
        funds=out[:, layout.PAID : layout.PAID + layout.MOST_LAYERS],
        own=out[:, families.OWN],
        shared=out[:, families.SHARED],
        cash=out[:, families.CASH],
    )


def numbers(grid: Grid, rule: BenefitRule, diseases: tuple[str, ...], years: Years) -> Column:
    """The number of a table that holds for each visit, looked up without the kernel; of the first band or admission."""
    words: list[Column] = []
    for dimension in grid.by:
        known = list(grid.words(dimension))
        match dimension:
            case Dimension.STATUS:
                column = _places([str(one) for one in layout.STATUS_PLACES], known)[years.status]
            case Dimension.TIER:
                own = _places([str(one) for one in Tier], known)
                column = own[years.tier] if rule.as_tier is None else np.full(len(years), known.index(rule.as_tier))
            case Dimension.AGE | Dimension.COVER:
                measure = years.age if dimension is Dimension.AGE else years.covered
                column = np.searchsorted([lower_bound(word) for word in known], measure, side="right") - 1
            case Dimension.PROVIDER:
                selected = (years.cases & layout.SELECTED_BIT) > 0
                column = np.where(selected, known.index(SELECTED_PROVIDER), known.index(OTHER_PROVIDER))
            case Dimension.DISEASE:
                column = _places(list(diseases), known)[years.disease]
            case _:
                column = np.zeros(len(years), dtype=np.int64)
        words.append(column)
    shape = [len(grid.words(dimension)) for dimension in grid.by]
    table = np.zeros(shape, dtype=np.int64)
    for key, number in grid.numbers.items():
        table[tuple(grid.words(dimension).index(word) for dimension, word in zip(grid.by, key, strict=True))] = number
    return table[tuple(words)] if words else np.full(len(years), int(table))


def _places(of: list[str], known: list[str]) -> Column:
    """Where each word of a list stands in the words of a table; -1 where it does not."""
    return np.array([known.index(word) if word in known else -1 for word in of])


#: For each person, whether a law is broken.
Law: TypeAlias = Callable[[PackBenefit, Years], Column]


def broken(benefit: PackBenefit, years: Years, law: Law) -> str:
    """The shortest story that could be found of somebody for whom a law does not hold; "" where it holds for all."""
    failing = np.flatnonzero(law(benefit, years))
    if not len(failing):
        return ""
    visits = np.bincount(years.person)[failing]
    shortest = int(failing[np.argmin(visits)])
    return story(benefit, _shrunk(benefit, years.where(years.person == shortest), law))


def _shrunk(benefit: PackBenefit, year: Years, law: Law) -> Years:
    """One person's year with visits left out and amounts made round as long as the law stays broken."""
    year = renumbered(year)
    while True:
        size = len(year)
        tries = [year.where(np.arange(size) != left_out) for left_out in range(size)] if size > 1 else []
        for name in ("in_scope", "more", "first_self_pay", "self_paid"):
            for unit in (1_000_000, 100_000, 10_000, 100):
                tries.append(replace(year, **{name: getattr(year, name) // unit * unit}))
        tries += [
            replace(year, **{name: np.zeros(size, dtype=np.int64)}) for name in ("cases", "current", "historical")
        ]
        smaller = next((one for one in tries if _differs(one, year) and law(benefit, one).any()), None)
        if smaller is None:
            return year
        year = smaller


def _differs(one: Years, other: Years) -> bool:
    return len(one) != len(other) or any(
        not np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one)
    )


def story(benefit: PackBenefit, year: Years) -> str:
    """One person's year in words, with what the funds pay of every visit."""
    status, paid = list(layout.STATUS_PLACES)[int(year.status[0])], pay(benefit, year)
    lines = [
        f"{benefit.name} {benefit.key}: {status}, {year.age[0]} years, {year.covered[0]} months covered, "
        f"current account {year.current[0]} fen"
    ]
    for visit in range(len(year)):
        cases = [word for word, bit in layout.CASE_BITS.items() if int(year.cases[visit]) & bit]
        words = benefit.table.diseases[int(year.rule[visit])]
        disease = words[int(year.disease[visit])] if words else ""
        lines.append(
            f"  {date.fromordinal(int(year.day[visit]))} {list(Tier)[int(year.tier[visit])]}"
            f" {' '.join(cases)} {disease} in scope {year.in_scope[visit]}"
            f" (+{year.more[visit]}, split at {year.cut[visit]} %), {year.days[visit]} days: deductible "
            f"{paid.deductible[visit]}, funds {paid.funds[visit].tolist()}"
        )
    return "\n".join(lines)
