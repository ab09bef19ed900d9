"""One rule, several executions: the reference, the kernel on one visit, and the compiled kernel over a file of families."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from forms import (
    TIELING,
    Claim,
    annual,
    capped,
    grid_of,
    live,
    present,
    random_bill,
    random_circumstances,
    random_rule,
    random_year,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as altered

from gongji.benefit import compiled, families, population
from gongji.benefit.assess import assess
from gongji.benefit.claims import encode_claim, encode_sharing
from gongji.benefit.kernel import assess_row
from gongji.benefit.model import Assessment, Bill
from gongji.foundation.errors import InvalidInput, Misconfigured
from gongji.ledger.model import AccountKind, personal_account
from gongji.rules import layout
from gongji.rules.book import RuleBook
from gongji.rules.cells import number_cells
from gongji.rules.model import AccountScope, BalanceSource, BenefitRule, Layer, SharingRule
from gongji.rules.table import RuleTable, compile_table
from gongji.settlement.model import AccountUse
from gongji.settlement.waterfall import OWN_ORDER, Offer, offered_kinds, pay, purse_of

seeds = st.integers(0, 2**32 - 1)


def amounts(outcome: Assessment, rule: BenefitRule) -> list[int]:
    """An assessment as the kernel's result: what was borne first, deductible, ratio, share, paid by each fund."""
    lines: dict[str, int] = {}
    for step in outcome.steps:
        lines[step.code] = lines.get(step.code, 0) + step.amount
    stages = [step for step in outcome.steps if step.code in ("cap", "no_cap", "overflow")]
    funds = []
    for place, layer in enumerate(rule.layers):
        # A stage that nothing reaches has no line.
        reached = stages and (place == 0 or stages[0].inputs["fund"] == layer.fund)
        funds.append(stages.pop(0).amount if reached else 0)
    funds += [0] * (layout.MOST_LAYERS - len(funds))
    first = [lines.get("offsite_first", 0), lines.get("account_first", 0)]
    return [*first, outcome.deductible, outcome.ratio, lines.get("ratio", 0), *funds]


def counters_in(
    state: list[int], table: RuleTable, rule: BenefitRule, claims: list[Claim]
) -> dict[tuple[str, str], int]:
    """The counters of a state by name and the period in which their clock last turned."""
    found = {}
    for name, counter in rule.counters.items():
        turns = state[table.clocks[0][name]]
        for claim in claims:
            month = claim.person.on.year * 12 + claim.person.on.month - 1
            if turns - {"month": 1, "quarter": 3}.get(counter.reset, 12) <= month < turns:
                found[name, counter.period(claim.person.on)] = state[table.slots[0][name]]
    return found


@settings(max_examples=300)
@given(seeds, seeds)
def test_the_kernel_pays_what_the_reference_pays_visit_by_visit(rule_seed: int, year_seed: int) -> None:
    rule, claims = random_rule(rule_seed), random_year(year_seed)
    table = compile_table([rule])
    state, result = [0] * table.width, [7] * layout.RESULT_SIZE
    counters, outcomes = live(rule, claims)
    for claim, outcome in zip(claims, outcomes, strict=True):
        assess_row(table.rows[0], encode_claim(claim.bill, claim.person, table.diseases[0], rule), state, result)
        assert result == amounts(outcome, rule)
    for place, value in counters_in(state, table, rule, claims).items():
        assert counters.get(place, 0) == value


class Town:
    """A few families under several rules: the same claims as objects for the reference and as arrays for the kernel."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        self.rules = [replace(random_rule(random.randrange(2**32)), region=f"{place:06d}") for place in range(3)]
        self.sharing = [random_sharing(random) for _ in self.rules]
        self.people: list[int] = []
        self.sharers: list[int] = []
        self.homes: list[int] = []
        self.accounts: list[list[int]] = []
        self.visits: list[tuple[int, Claim]] = []
        for _ in range(random.randint(1, 4)):
            self._family(random)

    def _family(self, random: Random) -> None:
        home, first = random.randrange(len(self.rules)), len(self.accounts)
        members = random.randint(1, 4)
        for member in range(members):
            self.homes.append(home)
            self.sharers.append(first if member and random.random() < 0.7 else -1)
            self.accounts.append([random.choice((0, random.randint(0, 300_000))) for _ in range(2)])
        visits = [
            (first + random.randrange(members), Claim(random_bill(random), random_circumstances(random)))
            for _ in range(random.randint(0, 10))
        ]
        self.visits += sorted(visits, key=lambda visit: visit[1].person.on)


def random_sharing(random: Random) -> SharingRule | None:
    """A region's terms of sharing, or none."""
    known = RuleBook.shipped().sharing("211200", TIELING.effective)
    assert known is not None
    return random.choice(
        (
            None,
            replace(
                known,
                account_scope=random.choice(list(AccountScope)),
                balance_source=random.choice(list(BalanceSource)),
                retained_floor=random.choice((0, 50_000)),
                interpretations={"first_self_pay": random.choice(("payable", "not_payable"))},
            ),
        )
    )


def by_reference(town: Town) -> tuple[list[list[int]], list[list[int]]]:
    """Every claim by the reference and the settlement's own waterfall; and the balances at the end."""
    balances: dict[int, int] = {}
    for person, (current, historical) in enumerate(town.accounts):
        for kind, balance in zip(OWN_ORDER, (current, historical), strict=True):
            balances[personal_account(kind, person)] = balance
    counters: list[dict[tuple[str, str], int]] = [{} for _ in town.accounts]
    results = []
    for person, claim in town.visits:
        rule, sharing = town.rules[town.homes[person]], town.sharing[town.homes[person]]
        here = altered(claim.person, current_account=balances[personal_account(AccountKind.PERSONAL_CURRENT, person)])
        outcome = assess(rule, claim.bill, here, present(rule, counters[person], here.on))
        for move in outcome.moves:
            place = (move.counter, move.period)
            counters[person][place] = counters[person].get(place, 0) + move.added
        offers = []
        if sharing is not None and town.sharers[person] >= 0:
            purse = purse_of(town.sharers[person], offered_kinds(sharing), balances, sharing.retained_floor)
            offers = [Offer(town.sharers[person], 1, purse, None)]
        own = purse_of(person, OWN_ORDER, balances)
        payment = pay(claim.bill, outcome, sharing, AccountUse.SHARERS, own, offers)
        for drawn in payment.draws:
            balances[drawn.account] -= drawn.amount
        results.append([*amounts(outcome, rule), payment.own, payment.shared, payment.cash])
    left = [[balances[personal_account(kind, person)] for kind in OWN_ORDER] for person in range(len(town.accounts))]
    return results, left


def by_kernel(town: Town, as_given: Callable[[list[Any], str], Any], settle: Callable[..., None]) -> tuple[Any, Any]:
    """The same by the kernel over the town's file; `as_given` turns lists into what the kernel is given."""
    table = compile_table(town.rules)
    cells = number_cells([[row] for row in table.rows], table.diseases)
    rule = [town.homes[person] for person, _ in town.visits]
    claims = [
        encode_claim(claim.bill, claim.person, table.diseases[place], town.rules[place])
        for place, (_, claim) in zip(rule, town.visits, strict=True)
    ]
    accounts = as_given(town.accounts, "int64")
    out = as_given([[0] * len(claims) for _ in range(families.OUT_SIZE)], "int64")
    bills = [(claim.bill.total, claim.bill.first_self_pay) for _, claim in town.visits]
    settle(
        as_given([list(row) for row in table.rows], "int64"),
        as_given([list(steps) for steps in cells.steps], "uint32"),
        as_given([encode_sharing(one) for one in town.sharing], "int64"),
        as_given(rule, "uint32"),
        as_given([person for person, _ in town.visits], "uint32"),
        as_given([list(column) for column in zip(*claims, strict=True)][: layout.VISIT_SIZE], "int16"),
        as_given([claim[layout.IN_SCOPE] for claim in claims], "int64"),
        as_given([list(column) for column in zip(*bills, strict=True)], "int64"),
        as_given(town.sharers, "int32"),
        as_given([[0] * table.width for _ in town.accounts], "int64"),
        accounts,
        as_given([population.NOWHERE] * cells.count, "uint32"),
        as_given([[0] * population.POOL_SIZE for _ in range(population.POOL_ROWS)], "int64"),
        as_given([[0] * population.WORK_SIZE for _ in range(population.WORK_ROWS)], "int64"),
        out,
        0,
        len(claims),
    )
    return [list(row) for row in zip(*out, strict=True)], accounts


def agree(out: list[list[int]], left: list[list[int]], town: Town) -> bool:
    """Whether every claim and every balance is the reference's."""
    found = [[*row[: layout.RESULT_SIZE], *row[families.OWN :]] for row in out]
    return (found, left) == by_reference(town)


@given(seeds)
def test_a_file_of_families_comes_out_as_the_reference_settles_it_claim_by_claim(seed: int) -> None:
    town = Town(seed)
    out, left = by_kernel(Town(seed), lambda given, _: given, families.settle_families)
    assert agree(out, left, town)


def test_the_compiled_kernel_comes_out_as_the_reference_too() -> None:
    """Sixty towns of random rules; skipped where Numba is not installed."""
    pytest.importorskip("numba")
    numpy = pytest.importorskip("numpy")
    settled = 0
    for seed in range(60):
        town = Town(seed)
        if town.visits:
            settled += len(town.visits)
            out, left = by_kernel(town, numpy.array, compiled.settle_families())
            assert agree(out, left.tolist(), town), seed
    assert settled > 100


def test_kinds_of_care_that_name_one_counter_share_its_slot() -> None:
    """An outpatient and an inpatient rule of one region with the same pool; another region has slots of its own."""
    outpatient = capped(1)
    inpatient, elsewhere = annual(outpatient), replace(outpatient, region="330100")
    table = compile_table([outpatient, inpatient, elsewhere])
    assert table.slots[0]["fund_paid"] == table.slots[1]["fund_paid"]
    own = [(set(table.slots[place].values()) | set(table.clocks[place].values())) for place in range(3)]
    assert table.width <= max(len(own[0] | own[1]), len(own[2]))
    assert len({len(row) for row in table.rows}) == 1


def test_a_rule_with_more_funds_than_a_row_has_room_for_is_refused() -> None:
    many = replace(TIELING, layers=(*TIELING.layers, *[Layer("fund.large", ())] * 4))
    with pytest.raises(Misconfigured, match=r"table\.too_large"):
        compile_table([many])


def test_an_amount_that_could_overflow_is_refused_at_compiling() -> None:
    cap = TIELING.layers[0].caps[0]
    huge = replace(cap, limits=grid_of((), {(): layout.LARGEST + 1}))
    with pytest.raises(Misconfigured, match=r"table\.too_large"):
        compile_table([replace(TIELING, layers=(Layer("fund.pool", (huge,)),))])


def test_a_bill_that_could_overflow_is_refused() -> None:
    huge = layout.LARGEST + 1
    with pytest.raises(InvalidInput, match=r"bill\.too_large"):
        encode_claim(Bill(huge, 0, 0, 0, huge), random_circumstances(Random(0)))
