"""What must hold for any rule, any bill and any history: laws of the kernel, not examples."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from forms import (
    Claim,
    annual,
    capped,
    cumulative,
    fair,
    live,
    paid,
    present,
    random_bill,
    random_circumstances,
    random_rule,
    random_year,
    steady,
)
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as altered

from gongji.benefit.assess import assess
from gongji.benefit.lookup import find
from gongji.benefit.model import Bill, Circumstances
from gongji.rules.model import Basis, BenefitRule, Combine, Counter, DeductibleKind, Status, Tier

seeds = st.integers(0, 2**32 - 1)
rules = seeds.map(random_rule)
years = seeds.map(random_year)
bills = seeds.map(lambda seed: random_bill(Random(seed)))
people = seeds.map(lambda seed: random_circumstances(Random(seed)))

#: A share is rounded once in each of at most three bands, of the pooled fund and of three further ones.
ROUNDINGS = 12


@given(rules, years)
def test_funds_pay_between_nothing_and_what_is_in_scope_above_the_deductible(
    rule: BenefitRule, claims: list[Claim]
) -> None:
    _, outcomes = live(rule, claims)
    for claim, outcome in zip(claims, outcomes, strict=True):
        first = sum(step.amount for step in outcome.steps if step.code in ("offsite_first", "account_first"))
        all_unpaid = any(layer.basis is Basis.UNPAID for layer in rule.layers)
        assert outcome.deductible >= 0
        assert all(payment.amount > 0 for payment in outcome.funds)
        assert 0 <= outcome.fund_total <= claim.bill.in_scope - first - (0 if all_unpaid else outcome.deductible)


@given(rules, years)
def test_the_lines_of_the_explanation_add_up(rule: BenefitRule, claims: list[Claim]) -> None:
    for outcome in live(rule, claims)[1]:
        amounts: dict[str, int] = {}
        for step in outcome.steps:
            assert step.amount >= 0
            amounts[step.code] = amounts.get(step.code, 0) + step.amount
        if {"waiting", "no_prescription"} & set(amounts):
            assert (outcome.fund_total, outcome.moves, len(outcome.steps)) == (0, (), 2)
            continue
        paid_by_lines = sum(amounts.get(code, 0) for code in ("cap", "no_cap", "overflow"))
        assert paid_by_lines == outcome.fund_total
        assert amounts.get("band", amounts["ratio"]) == amounts["ratio"]
        assert amounts["deductible"] == outcome.deductible
        (ratio,) = [step for step in outcome.steps if step.code == "ratio"]
        before = sum(amounts.get(code, 0) for code in ("offsite_first", "account_first", "deductible", "cost_cap"))
        assert ratio.inputs["base"] == amounts["split"] - before


def limit_of(rule: BenefitRule, counter: str, claims: list[Claim]) -> int | None:
    """The highest limit that any of these visits sets a counter; None where none does."""
    people = [
        altered(person, tier=rule.as_tier or (rule.by_prescriber and person.prescriber) or person.tier)
        for person in (claim.person for claim in claims)
    ]
    found = [
        find(cap.limits, person)[0]
        for person in people
        for layer in rule.layers
        for cap in layer.caps
        if cap.counter and cap.counter_of(person.disease) == counter
    ]
    found += [rule.deductible.at_most[counter] for _ in claims if counter in rule.deductible.at_most]
    if rule.deductible.kind is DeductibleKind.CUMULATIVE and counter.startswith("borne"):
        found += [find(rule.deductible.amounts, person)[0] for person in people]
    return max(found, default=None)


@given(rules, years)
def test_no_counter_ever_passes_its_limit(rule: BenefitRule, claims: list[Claim]) -> None:
    counters, outcomes = live(rule, claims)
    for (name, _), value in counters.items():
        limit = limit_of(rule, name, claims)
        assert limit is None or value <= limit
    for move in (move for outcome in outcomes for move in outcome.moves):
        assert move.added > 0
        assert move.cap is None or move.added <= move.cap


@given(rules, years)
def test_counters_hold_exactly_what_was_borne_and_paid(rule: BenefitRule, claims: list[Claim]) -> None:
    counters, outcomes = live(rule, claims)
    by_name: dict[str, int] = {}
    for (name, _), value in counters.items():
        by_name[name] = by_name.get(name, 0) + value
    if rule.deductible.kind is DeductibleKind.CUMULATIVE:
        names = {rule.deductible.counter_of(tier) for tier in Tier}
        assert sum(by_name.get(name, 0) for name in names) == sum(outcome.deductible for outcome in outcomes)
    if any(cap.counter == "fund_paid" for cap in rule.layers[0].caps):
        pooled = [pay.amount for outcome in outcomes for pay in outcome.funds if pay.fund == "fund.pool"]
        assert by_name.get("fund_paid", 0) == sum(pooled)
    if all(any(cap.counter == "total_paid" for cap in layer.caps) for layer in rule.layers):
        assert by_name.get("total_paid", 0) == paid(outcomes)


@given(rules, years, st.integers(1, 500_000))
def test_more_in_scope_never_lowers_what_the_funds_pay_for_a_visit(
    rule: BenefitRule, claims: list[Claim], more: int
) -> None:
    """Whatever came before it; and they never pay more than what is more, but for rounding."""
    counters, _ = live(rule, claims[:-1])
    bill, person = claims[-1].bill, claims[-1].person
    before = present(rule, counters, person.on)
    smaller = assess(rule, bill, person, before).fund_total
    larger = assess(rule, grown(bill, more), person, before).fund_total
    assert smaller - ROUNDINGS <= larger <= smaller + more + ROUNDINGS


@given(rules, years, st.integers(1, 500_000), st.integers(0, 7))
def test_more_in_scope_never_lowers_what_the_funds_pay_in_a_year(
    rule: BenefitRule, claims: list[Claim], more: int, place: int
) -> None:
    """Where nothing begins anew at a visit and the person's circumstances stay the same, but for rounding."""
    rule, year = annual(rule), steady(claims)
    place %= len(year)
    larger = [*year[:place], replace(year[place], bill=grown(year[place].bill, more)), *year[place + 1 :]]
    assert paid(live(rule, larger)[1]) >= paid(live(rule, year)[1]) - ROUNDINGS * len(year)


def grown(bill: Bill, more: int) -> Bill:
    """The bill with more in scope."""
    return altered(bill, total=bill.total + more, in_scope=bill.in_scope + more)


@given(rules, years)
def test_a_retired_person_never_gets_less_in_a_year_than_an_active_one(rule: BenefitRule, claims: list[Claim]) -> None:
    """Where no number of the rule is worse for the retired and nothing begins anew at a visit, but for rounding."""
    just = annual(fair(rule))
    active = paid(live(just, steady(claims, status=Status.ACTIVE))[1])
    retired = paid(live(just, steady(claims, status=Status.RETIRED))[1])
    assert retired >= active - ROUNDINGS * len(claims)


@given(rules, bills, people)
def test_a_retired_person_never_gets_less_for_a_first_visit_than_an_active_one(
    rule: BenefitRule, bill: Bill, person: Circumstances
) -> None:
    """Where no number of the rule is worse for the retired, whatever its form, but for rounding."""
    just = fair(rule)
    active = assess(just, bill, altered(person, status=Status.ACTIVE), {}).fund_total
    assert assess(just, bill, altered(person, status=Status.RETIRED), {}).fund_total >= active - ROUNDINGS


@given(rules, years, bills, people)
def test_taking_a_visit_back_restores_the_counters_and_the_same_answer(
    rule: BenefitRule, claims: list[Claim], bill: Bill, person: Circumstances
) -> None:
    counters, _ = live(rule, claims)
    before = present(rule, counters, person.on)
    outcome = assess(rule, bill, person, before)
    after = dict(before)
    for move in outcome.moves:
        after[move.counter] += move.added
    for move in outcome.moves:
        after[move.counter] -= move.added
    assert after == before
    assert assess(rule, bill, person, after) == outcome


@given(rules, years, st.integers(1, 99))
def test_splitting_a_visit_changes_nothing_where_the_rule_is_annual(
    rule: BenefitRule, claims: list[Claim], percent: int
) -> None:
    """But for rounding, which happens once more for the second part."""
    rule = annual(rule)
    year = steady(claims)
    parts: list[Claim] = []
    for claim in year:
        first = claim.bill.in_scope * percent // 100
        rest = claim.bill.in_scope - first
        parts += [replace(claim, bill=Bill(amount, 0, 0, 0, amount)) for amount in (first, rest)]
    whole, split = live(rule, year)[1], live(rule, parts)[1]
    assert abs(paid(whole) - paid(split)) <= ROUNDINGS * len(year)
    if not any(modifier.effect == "first_self_pay" for modifier in rule.share.modifiers):
        assert sum(one.deductible for one in whole) == sum(one.deductible for one in split)


@given(seeds.map(capped), years)
def test_one_pool_pays_as_much_as_two_layers_of_the_same_total(rule: BenefitRule, claims: list[Claim]) -> None:
    """The two readings of Jining's large-amount layer differ in who pays, not in how much."""
    pool = next(cap for cap in rule.layers[0].caps if cap.counter == "fund_paid")
    large = replace(pool, counter="large_paid")
    names = {*rule.counters, "large_paid"}
    counters = {name: rule.counters.get(name, Counter(name, rule.counters["fund_paid"].reset, 1)) for name in names}
    counters["large_paid"] = replace(rule.counters["fund_paid"], name="large_paid")
    doubled = replace(pool, limits=replace(pool.limits, numbers={k: 2 * n for k, n in pool.limits.numbers.items()}))
    layered = replace(
        rule, layers=(replace(rule.layers[0], caps=(pool,)), replace(rule.layers[0], caps=(large,))), counters=counters
    )
    single = replace(rule, layers=(replace(rule.layers[0], caps=(doubled,)),), counters=counters)
    year = steady(claims)
    assert paid(live(layered, year)[1]) == paid(live(single, year)[1])


@given(seeds.map(cumulative), years)
def test_at_one_tier_all_readings_of_the_deductible_agree(rule: BenefitRule, claims: list[Claim]) -> None:
    totals = set()
    for combine in Combine:
        totals.add(tuple(one.fund_total for one in live(reading_of(rule, combine), steady(claims))[1]))
    assert len(totals) == 1


@given(seeds.map(cumulative), years)
def test_a_counter_per_tier_never_asks_for_less_than_one_counter(rule: BenefitRule, claims: list[Claim]) -> None:
    """For one person who goes to several institutions, each with a threshold of its own."""
    first = steady(claims)[0].person
    tiers = [Tier.TIER_1, Tier.TIER_3, Tier.TIER_2]
    year = [Claim(one.bill, altered(first, tier=tiers[index % 3])) for index, one in enumerate(claims)]
    borne = {
        combine: sum(one.deductible for one in live(reading_of(rule, combine), year)[1])
        for combine in (Combine.ONE_COUNTER, Combine.COUNTER_PER_TIER)
    }
    assert borne[Combine.COUNTER_PER_TIER] >= borne[Combine.ONE_COUNTER]


def reading_of(rule: BenefitRule, combine: Combine) -> BenefitRule:
    """The rule under another reading of ``mixed_tiers``."""
    deductible = replace(rule.deductible, combine=combine)
    model = next(counter for name, counter in rule.counters.items() if name.startswith("borne"))
    names = {*(deductible.counter_of(tier) for tier in Tier), deductible.target_counter}
    counters = {**rule.counters, **{name: replace(model, name=name) for name in names}}
    return replace(rule, deductible=deductible, counters=counters)
