"""Populations in columns: threads, the pool of terms, refusals, and what online work must not load."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from forms import TIELING, live, random_rule, random_year

from gongji.benefit import compiled
from gongji.benefit.claims import encode_claim
from gongji.rules import cells, layout
from gongji.rules.model import BenefitRule

numpy = pytest.importorskip("numpy")
engine = pytest.importorskip("gongji.benefit.engine")

PEOPLE = 120


def rules(seed: int) -> list[BenefitRule]:
    """Six rules of any form, each in a region of its own."""
    return [replace(random_rule(seed + place), region=f"{place:06d}") for place in range(6)]


def file_of(
    given: list[BenefitRule], made: engine.Engine, random: Random
) -> tuple[engine.Claims, list[tuple[int, int, int]]]:
    """A file of claims under rules taken at random, and for each person: the rule, the seed of the year, how many."""
    rule, person, visits, years = [], [], [], []
    for who in range(PEOPLE):
        on, seed = random.randrange(len(made.rows)), random.randrange(2**32)
        year = random_year(seed)
        years.append((on, seed, len(year)))
        for claim in year:
            rule.append(on)
            person.append(who)
            visits.append(encode_claim(claim.bill, claim.person, made.table.diseases[on], given[on]))
    columns = numpy.array(visits, numpy.int64).T
    claims = engine.Claims(
        numpy.array(rule, numpy.int32),
        numpy.array(person, numpy.int32),
        numpy.ascontiguousarray(columns[: layout.VISIT_SIZE].astype(numpy.int16)),
        numpy.ascontiguousarray(columns[layout.IN_SCOPE]),
        numpy.ascontiguousarray(columns[layout.ACCOUNT]),
    )
    return claims, years


def test_two_threads_pay_what_one_pays_and_what_the_reference_pays() -> None:
    given = rules(7)
    made = engine.Engine(given)
    claims, years = file_of(given, made, Random(1))
    alone, together = made.state(PEOPLE), made.state(PEOPLE)
    out = made.settle(claims, alone)
    assert (made.settle(claims, together, desks=[made.desk(), made.desk()]) == out).all()
    assert (alone == together).all()
    paid = out[layout.PAID :].sum(axis=0)
    at = 0
    for on, seed, visits in years:
        _, outcomes = live(given[on], random_year(seed))
        assert paid[at : at + visits].tolist() == [outcome.fund_total for outcome in outcomes]
        at += visits
    assert at == len(claims) > 200


def test_a_pool_that_is_full_begins_anew() -> None:
    given = rules(11)
    made = engine.Engine(given)
    claims, _ = file_of(given, made, Random(2))
    roomy, cramped = made.desk(), made.desk()
    cramped.work[-1][0] = engine.population.POOL_ROWS - 3
    expected = made.settle(claims, made.state(PEOPLE), desks=[roomy])
    assert (made.settle(claims, made.state(PEOPLE), desks=[cramped]) == expected).all()
    assert cramped.work[-1][0] < engine.population.POOL_ROWS - 3


def test_a_cut_never_goes_through_a_person() -> None:
    together = numpy.array([0, 0, 0, 0, 0, 0, 1, 1], numpy.int32)
    assert engine.cuts_between(together, 2) == [0, 6, 8]
    assert engine.cuts_between(together, 4) == [0, 6, 6, 6, 8]
    assert engine.cuts_between(together[:0], 2) == [0, 0, 0]


def test_columns_that_do_not_fit_together_are_refused() -> None:
    given = rules(3)
    made = engine.Engine(given)
    claims, _ = file_of(given, made, Random(3))
    with pytest.raises(ValueError, match="no contiguous column of int32"):
        engine.Claims(claims.rule.astype(numpy.int64), claims.person, claims.visits, claims.in_scope)
    with pytest.raises(ValueError, match="differ in length"):
        engine.Claims(claims.rule[1:], claims.person, claims.visits, claims.in_scope)
    with pytest.raises(ValueError, match="below zero"):
        engine.Claims(claims.rule, claims.person, claims.visits, claims.in_scope - 10**9)
    with pytest.raises(ValueError, match="that there is not"):
        made.settle(claims, made.state(PEOPLE - 1))


def test_a_visit_tells_apart_only_what_its_rule_asks_for() -> None:
    """Tieling: status and tier decide, age and disease do not."""
    made = engine.Engine([TIELING])
    steps = made.steps[0]
    begins = cells.AGE_STEPS
    assert not steps[begins : begins + layout.OLDEST + 1].any()
    active, retired = (layout.CASE_BITS[status] for status in ("active", "retired"))
    assert steps[active] != steps[retired]


def test_the_cache_is_another_one_when_the_layout_changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GONGJI_CACHE", str(tmp_path))
    before = compiled.cache_folder()
    assert before.parent == tmp_path
    changed = tmp_path / "layout.py"
    changed.write_bytes(Path(str(layout.__file__)).read_bytes() + b"\n")
    monkeypatch.setattr(layout, "__file__", str(changed))
    assert compiled.cache_folder() != before


ONLINE = """
import sys
from datetime import date
from gongji.benefit.assess import assess
from gongji.benefit.model import Bill, Circumstances
from gongji.rules.book import RuleBook
from gongji.rules.model import CareKind, Scheme, Status, Tier
import gongji.settlement.decide, gongji.entrances.open_rules.question
on = date(2024, 6, 3)
rule = RuleBook.shipped().benefit("211200", Scheme.EMPLOYEE, CareKind.OUTPATIENT, on)
paid = assess(rule, Bill(100_000, 0, 0, 0, 100_000), Circumstances(Status.ACTIVE, Tier.TIER_2, on, 40), {})
assert paid.fund_total > 0
assert not {"numba", "numpy", "llvmlite"} & set(sys.modules), "loaded online"
"""


def test_one_visit_online_loads_neither_numba_nor_numpy() -> None:
    """So that the first visit after an installation never waits for a compiler."""
    subprocess.run([sys.executable, "-c", ONLINE], check=True)
