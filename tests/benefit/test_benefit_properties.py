"""What must hold for any rule, any bill and any history: laws of the kernel, not examples."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import assume, given
from hypothesis import strategies as st

from gongji.benefit.assess import assess
from gongji.benefit.model import Assessment, Bill, Circumstances
from gongji.rules.book import RuleBook
from gongji.rules.model import BenefitRule, CareKind, Combine, Counter, Scheme, Status, Tier

ON = date(2024, 6, 1)
STATUSES = (Status.ACTIVE, Status.RETIRED)
FEN = st.integers(0, 2_000_000)

_layered = RuleBook.shipped().benefit("370800", Scheme.EMPLOYEE, CareKind.OUTPATIENT, ON)
assert _layered is not None
LAYERED = _layered


@st.composite
def rules(draw: st.DrawFn) -> BenefitRule:
    """A rule of two layers with random numbers; the retired ratio and limits are never below the active ones."""
    combine = draw(st.sampled_from(Combine))
    deductible = replace(
        LAYERED.deductible, combine=combine, amounts={tier: draw(st.integers(0, 100_000)) for tier in Tier}
    )
    ratios: dict[tuple[Status, Tier], int] = {}
    for tier in Tier:
        ratios[Status.ACTIVE, tier] = active = draw(st.integers(0, 10_000))
        ratios[Status.RETIRED, tier] = draw(st.integers(active, 10_000))
    layers = []
    for layer in LAYERED.layers:
        active = draw(st.integers(0, 600_000))
        layers.append(
            replace(layer, limits={Status.ACTIVE: active, Status.RETIRED: draw(st.integers(active, 700_000))})
        )
    names = [*(deductible.counter_of(tier) for tier in Tier), deductible.target_counter, "fund_paid", "large_paid"]
    return replace(
        LAYERED,
        deductible=deductible,
        share=replace(LAYERED.share, ratios=ratios),
        layers=tuple(layers),
        counters={name: Counter(name) for name in names},
    )


@st.composite
def bills(draw: st.DrawFn) -> Bill:
    """A bill of any four parts."""
    parts = [draw(FEN) for _ in range(4)]
    return Bill(sum(parts), *parts)


visits = st.tuples(bills(), st.sampled_from(Tier))
people = st.builds(Circumstances, st.sampled_from(STATUSES), st.sampled_from(Tier), st.just(ON), st.integers(0, 110))


def live(rule: BenefitRule, status: Status, year: list[tuple[Bill, Tier]]) -> tuple[dict[str, int], list[Assessment]]:
    """A person's visits of one year in order, counters carried along."""
    counters: dict[str, int] = {}
    outcomes = []
    for bill, tier in year:
        outcome = assess(rule, bill, Circumstances(status, tier, ON, 60), counters)
        for move in outcome.moves:
            counters[move.counter] = counters.get(move.counter, 0) + move.added
        outcomes.append(outcome)
    return counters, outcomes


@given(rules(), bills(), people, st.dictionaries(st.sampled_from(["deductible_borne", "fund_paid", "large_paid"]), FEN))
def test_funds_pay_between_nothing_and_what_is_in_scope_above_the_deductible(
    rule: BenefitRule, bill: Bill, person: Circumstances, counters: dict[str, int]
) -> None:
    outcome = assess(rule, bill, person, counters)
    assert 0 <= outcome.deductible <= bill.in_scope
    assert all(payment.amount > 0 for payment in outcome.funds)
    assert 0 <= outcome.fund_total <= bill.in_scope - outcome.deductible
    by_code = {step.code: step for step in outcome.steps}
    paid = sum(step.amount for step in outcome.steps if step.code in ("cap", "overflow"))
    assert paid == outcome.fund_total <= by_code["ratio"].amount


@given(rules(), st.sampled_from(STATUSES), st.lists(visits, max_size=8))
def test_no_counter_ever_passes_its_limit(rule: BenefitRule, status: Status, year: list[tuple[Bill, Tier]]) -> None:
    counters, outcomes = live(rule, status, year)
    for layer in rule.layers:
        assert counters.get(layer.counter, 0) <= layer.limits[status]
    for tier in Tier:
        highest = rule.deductible.amounts[tier]
        if rule.deductible.combine is not Combine.COUNTER_PER_TIER:
            highest = max(rule.deductible.amounts.values())
        assert counters.get(rule.deductible.counter_of(tier), 0) <= highest
    moves = [move for outcome in outcomes for move in outcome.moves]
    assert all(move.added > 0 and move.cap is not None and move.added <= move.cap for move in moves)


@given(rules(), st.sampled_from(STATUSES), st.lists(visits, max_size=8))
def test_counters_hold_exactly_what_was_borne_and_paid(
    rule: BenefitRule, status: Status, year: list[tuple[Bill, Tier]]
) -> None:
    counters, outcomes = live(rule, status, year)
    borne = sum(counters.get(name, 0) for name in {rule.deductible.counter_of(tier) for tier in Tier})
    assert borne == sum(outcome.deductible for outcome in outcomes)
    paid = counters.get("fund_paid", 0) + counters.get("large_paid", 0)
    assert paid == sum(outcome.fund_total for outcome in outcomes)


@given(rules(), bills(), people, st.integers(1, 500_000), st.integers(0, 50_000), st.integers(0, 400_000))
def test_more_in_scope_never_lowers_what_the_funds_pay(
    rule: BenefitRule, bill: Bill, person: Circumstances, more: int, borne: int, paid: int
) -> None:
    counters = {"deductible_borne": borne, "fund_paid": paid}
    larger = replace(bill, total=bill.total + more, in_scope=bill.in_scope + more)
    before, after = assess(rule, bill, person, counters), assess(rule, larger, person, counters)
    assert after.fund_total >= before.fund_total
    assert after.fund_total - before.fund_total <= more


@given(rules(), st.lists(visits, min_size=1, max_size=6))
def test_a_retired_person_never_gets_less_in_a_year_than_an_active_one(
    rule: BenefitRule, year: list[tuple[Bill, Tier]]
) -> None:
    _, active = live(rule, Status.ACTIVE, year)
    _, retired = live(rule, Status.RETIRED, year)
    assert sum(one.fund_total for one in retired) >= sum(one.fund_total for one in active)
    assert [one.deductible for one in retired] == [one.deductible for one in active]


@given(rules(), people, st.lists(visits, max_size=4), bills())
def test_taking_a_visit_back_restores_the_counters_and_the_same_answer(
    rule: BenefitRule, person: Circumstances, year: list[tuple[Bill, Tier]], bill: Bill
) -> None:
    before, _ = live(rule, person.status, year)
    outcome = assess(rule, bill, person, before)
    after = dict(before)
    for move in outcome.moves:
        after[move.counter] = after.get(move.counter, 0) + move.added
    for move in outcome.moves:
        after[move.counter] -= move.added
    assert {name: value for name, value in after.items() if value} == {n: v for n, v in before.items() if v}
    assert assess(rule, bill, person, after) == outcome


@given(rules(), bills(), people)
def test_one_pool_pays_as_much_as_two_layers_of_the_same_total(
    rule: BenefitRule, bill: Bill, person: Circumstances
) -> None:
    """The two readings of Jining's large-amount layer differ in who pays, not in how much."""
    pool, large = rule.layers
    total = {status: pool.limits[status] + large.limits[status] for status in STATUSES}
    single = replace(rule, layers=(replace(pool, limits=total),))
    assert assess(single, bill, person, {}).fund_total == assess(rule, bill, person, {}).fund_total


@given(rules(), st.sampled_from(STATUSES), st.lists(visits, min_size=1, max_size=6), st.sampled_from(Tier))
def test_at_one_tier_all_readings_of_the_deductible_agree(
    rule: BenefitRule, status: Status, year: list[tuple[Bill, Tier]], tier: Tier
) -> None:
    stays = [(bill, tier) for bill, _ in year]
    totals = set()
    for combine in Combine:
        deductible = replace(rule.deductible, combine=combine)
        names = {*(deductible.counter_of(one) for one in Tier), deductible.target_counter, *rule.counters}
        reading = replace(rule, deductible=deductible, counters={name: Counter(name) for name in names})
        totals.add(tuple(one.fund_total for one in live(reading, status, stays)[1]))
    assert len(totals) == 1


@given(rules(), st.sampled_from(STATUSES), st.lists(visits, min_size=2, max_size=6))
def test_a_counter_per_tier_never_asks_for_less_than_one_counter(
    rule: BenefitRule, status: Status, year: list[tuple[Bill, Tier]]
) -> None:
    assume(len({tier for _, tier in year}) > 1)
    borne = {}
    for combine in (Combine.ONE_COUNTER, Combine.COUNTER_PER_TIER):
        deductible = replace(rule.deductible, combine=combine)
        names = {*(deductible.counter_of(one) for one in Tier), *rule.counters}
        reading = replace(rule, deductible=deductible, counters={name: Counter(name) for name in names})
        borne[combine] = sum(one.deductible for one in live(reading, status, year)[1])
    assert borne[Combine.COUNTER_PER_TIER] >= borne[Combine.ONE_COUNTER]
