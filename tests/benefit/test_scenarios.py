"""Variants of rules in lanes: each comes out as if it had been run alone."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from forms import TIELING, grid_of, random_rule
from test_engine import PEOPLE, file_of

from gongji.rules import layout
from gongji.rules.grid import Grid
from gongji.rules.model import BenefitRule, Deductible, Share

numpy = pytest.importorskip("numpy")
pytest.importorskip("numba")
engine = pytest.importorskip("gongji.benefit.engine")
scenarios = pytest.importorskip("gongji.benefit.scenarios")


def other_numbers(grid: Grid, random: Random, most: int) -> Grid:
    """The same table with every number moved by up to a fifth."""
    numbers = {key: min(most, number * random.randint(80, 120) // 100) for key, number in grid.numbers.items()}
    return grid_of(grid.by, numbers)


def other_deductible(deductible: Deductible, random: Random) -> Deductible:
    """The same deductible with other amounts."""
    return replace(deductible, amounts=other_numbers(deductible.amounts, random, 10**9))


def other_share(share: Share, random: Random) -> Share:
    """The same share with other ratios and edges."""
    edges = tuple(edge + random.randint(0, 100) for edge in share.edges)
    return replace(share, ratios=other_numbers(share.ratios, random, 10_000), edges=edges)


def variant(rule: BenefitRule, random: Random) -> BenefitRule:
    """The rule with other amounts, ratios, edges and limits."""
    layers = tuple(
        replace(
            layer,
            caps=tuple(replace(cap, limits=other_numbers(cap.limits, random, 10**9)) for cap in layer.caps),
            share=layer.share and other_share(layer.share, random),
            deductible=layer.deductible and other_deductible(layer.deductible, random),
        )
        for layer in rule.layers
    )
    return replace(
        rule,
        deductible=other_deductible(rule.deductible, random),
        share=other_share(rule.share, random),
        layers=layers,
    )


def check(variants: list[list[BenefitRule]], seed: int, threads: int = 1, *, known: bool = False) -> None:
    """Everything that comes out is what each variant gives alone."""
    first = engine.Engine(variants[0])
    claims, _ = file_of(variants[0], first, Random(seed))
    outcome = scenarios.Scenarios(variants, known=known).assess(claims, PEOPLE, threads=threads)
    for place, rules in enumerate(variants):
        alone = engine.Engine(rules)
        out = alone.settle(claims, alone.state(PEOPLE))
        funds = out[layout.PAID :]
        paid = numpy.bincount(claims.person, weights=funds.sum(axis=0), minlength=PEOPLE).astype(numpy.int64)
        assert (outcome.paid[:, place] == paid).all()
        assert outcome.funds[:, place].tolist() == funds.sum(axis=1).tolist()
        assert outcome.deductible[place] == out[layout.DEDUCTIBLE_BORNE].sum()


@pytest.mark.parametrize("seed", range(20))
def test_variants_of_one_form_come_out_as_each_alone(seed: int) -> None:
    """Three rules of any form in thirty-two variants: 120 people's visits under each."""
    random = Random(seed)
    base = [replace(random_rule(1_000 + 3 * seed + place), region=f"{place:06d}") for place in range(3)]
    check([base, *[[variant(rule, random) for rule in base] for _ in range(31)]], seed, threads=1 + seed % 2)


def test_variants_come_out_alike_where_the_lanes_are_compiled_for_their_form() -> None:
    """One rule of which everything is known, and three of several forms."""
    random = Random(6)
    check([[variant(TIELING, random)] for _ in range(scenarios.lanes.LANES)], 6, threads=2, known=True)
    base = [replace(random_rule(1_000 + place), region=f"{place:06d}") for place in range(3)]
    check([base, *[[variant(rule, random) for rule in base] for _ in range(9)]], 6, known=True)


def test_variants_of_different_forms_and_more_than_there_are_lanes_come_out_as_each_alone() -> None:
    random = Random(5)
    forms = [replace(random_rule(seed), region="211200") for seed in range(40, 44)]
    check([[variant(forms[place % 4], random)] for place in range(70)], 5)


def test_variants_that_do_not_fit_together_are_refused() -> None:
    claims, _ = file_of([TIELING], engine.Engine([TIELING]), Random(1))
    with pytest.raises(ValueError, match="no room"):
        scenarios.Scenarios([[TIELING]]).assess(claims, PEOPLE, paid=numpy.zeros((PEOPLE, 2), numpy.int64))
    with pytest.raises(ValueError, match="no variants"):
        scenarios.Scenarios([])
    with pytest.raises(ValueError, match="other numbers of rules"):
        scenarios.Scenarios([[TIELING], [TIELING, TIELING]])
    with pytest.raises(ValueError, match="that there is not"):
        scenarios.Scenarios([[TIELING]]).assess(claims, PEOPLE - 1)
    huge = replace(claims, in_scope=claims.in_scope + 10**12)
    with pytest.raises(ValueError, match="too large"):
        scenarios.Scenarios([[TIELING]]).assess(huge, PEOPLE)
