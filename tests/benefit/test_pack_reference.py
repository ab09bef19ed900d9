"""The readable reference over random years of every shipped benefit: agrees with the kernel, and a reversal leaves no trace."""

from __future__ import annotations

import os
from datetime import date
from typing import TypeAlias

import pytest

pytest.importorskip("numba")
np = pytest.importorskip("numpy")

from pack_years import PackBenefit, Years, pack_benefits, pay, random_years, running, story  # noqa: E402

from gongji.benefit.assess import assess  # noqa: E402
from gongji.benefit.model import Assessment, Bill, Circumstances  # noqa: E402
from gongji.rules import layout  # noqa: E402
from gongji.rules.model import Attribute, BenefitRule, OffSite, Tier  # noqa: E402

everywhere = pytest.mark.parametrize("benefit", pack_benefits(), ids=lambda benefit: benefit.key.replace(" ", "-"))

#: So many people of each benefit are assessed by the reference too.
REFERENCE = 25

#: Years in which every visit is reversed: some seconds of processor time for each benefit, so that `make properties` asks
#: for all ten thousand.
REVERSED = int(os.environ.get("GONGJI_REVERSED_YEARS", "1000"))


@everywhere
def test_the_reference_pays_the_same_to_the_fen(benefit: PackBenefit) -> None:
    years = random_years(benefit, REFERENCE)
    paid, visits = pay(benefit, years), visits_of(benefit, years)
    for person in range(years.people):
        theirs = np.flatnonzero(years.person == person)
        outcomes = live([visits[place] for place in theirs])[1]
        assert [one.fund_total for one in outcomes] == paid.fund[theirs].tolist(), told(benefit, years, person)
        assert [one.deductible for one in outcomes] == paid.deductible[theirs].tolist(), told(benefit, years, person)


@everywhere
def test_every_visit_of_many_years_reversed_leaves_no_trace_and_no_counter_above_its_limit(
    benefit: PackBenefit,
) -> None:
    """Every visit is settled and reversed before it is settled for good: the counters are as they were, one by one.

    A visit whose counter stands above the visit's own limit already (a lower tier after a higher one) adds nothing.
    """
    years = random_years(benefit, REVERSED)
    visits, counters, whose = visits_of(benefit, years), Counters(), -1
    for place, visit in enumerate(visits):
        if years.person[place] != whose:
            counters, whose = {}, int(years.person[place])
        outcome = settle(visit, counters)
        moved = dict(counters)
        post(moved, outcome)
        for move in outcome.moves:
            if move.cap is not None and move.added:
                assert moved[move.counter, move.period] <= move.cap, told(benefit, years, whose)
        back = dict(moved)
        post(back, outcome, -1)
        assert {name: value for name, value in back.items() if value} == {
            name: value for name, value in counters.items() if value
        }, told(benefit, years, whose)
        counters = moved


@everywhere
def test_settling_and_reversing_a_visit_leaves_no_trace(benefit: PackBenefit) -> None:
    years = random_years(benefit, REFERENCE)
    visits = visits_of(benefit, years)
    for person in range(years.people):
        theirs = [visits[place] for place in np.flatnonzero(years.person == person)]
        regretted = theirs[len(theirs) // 2]
        others = [visit for visit in theirs if visit is not regretted]
        before, after = others[: len(theirs) // 2], others[len(theirs) // 2 :]
        counters, _ = live(before)
        outcome = settle(regretted, dict(counters))
        moved = dict(counters)
        post(moved, outcome)
        post(moved, outcome, -1)
        assert {place: value for place, value in moved.items() if value} == counters, told(benefit, years, person)
        assert live(after, moved)[1] == live(after, counters)[1], told(benefit, years, person)


def told(benefit: PackBenefit, years: Years, person: int) -> str:
    """The story of one person."""
    return story(benefit, years.where(years.person == person))


Counters: TypeAlias = dict[tuple[str, str], int]
Visit = tuple[BenefitRule, Bill, Circumstances]


def visits_of(benefit: PackBenefit, years: Years) -> list[Visit]:
    """Every visit as the reference takes it; what the account was drawn down before is what the kernel drew."""
    own = pay(benefit, years).own
    drawn = running(years, np.zeros(len(years), dtype=np.int64), own)[1] - own
    found = []
    for place in range(len(years)):
        cases, rule = int(years.cases[place]), int(years.rule[place])
        bits = {word: bool(cases & bit) for word, bit in layout.CASE_BITS.items()}
        words, disease = benefit.table.diseases[rule], int(years.disease[place])
        person = Circumstances(
            status=list(layout.STATUS_PLACES)[int(years.status[place])],
            tier=list(Tier)[int(years.tier[place])],
            on=date.fromordinal(int(years.day[place])),
            age=int(years.age[place]),
            offsite=next((one for one in OffSite if bits.get(one)), OffSite.LOCAL),
            attributes=frozenset(one for one in Attribute if bits[one]),
            months_covered=int(years.covered[place]),
            current_account=max(0, int(years.current[place] - drawn[place])),
            days=int(years.days[place]),
            disease=words[disease] if disease >= 0 else "",
            # In the file a pharmacy's claim bears the tier of the hospital that prescribed.
            prescriber=list(Tier)[int(years.tier[place])],
        )
        parts = (int(years.self_paid[place]), 0, int(years.first_self_pay[place]), int(years.in_scope[place]))
        found.append((benefit.rules[rule], Bill(sum(parts), *parts), person))
    return found


def settle(visit: Visit, counters: Counters) -> Assessment:
    """What the reference makes of a visit, given all counters so far."""
    rule, bill, person = visit
    present = {name: counters.get((name, one.period(person.on)), 0) for name, one in rule.counters.items()}
    return assess(rule, bill, person, present)


def post(counters: Counters, outcome: Assessment, sign: int = 1) -> None:
    """Move the counters as a settlement does, or back as its reversal does."""
    for move in outcome.moves:
        place = (move.counter, move.period)
        counters[place] = counters.get(place, 0) + sign * move.added


def live(visits: list[Visit], counters: Counters | None = None) -> tuple[Counters, list[Assessment]]:
    """One visit after another: the counters at the end, and what came out for each."""
    counters, outcomes = dict(counters or {}), []
    for visit in visits:
        outcomes.append(settle(visit, counters))
        post(counters, outcomes[-1])
    return counters, outcomes
