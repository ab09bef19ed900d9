"""A population under many variants of a rule at once: its claims through the lanes, one after another."""

from __future__ import annotations

from gongji.benefit.lane_funds import pay_lanes, share_lanes
from gongji.benefit.lanes import (
    BANDS,
    L_FUNDS,
    L_PAID_IN_ALL,
    L_SIZE,
    L_SUMS,
    LANES,
    bear_lanes,
    cut_lanes,
    lane_rows_for,
    lanes_for,
    narrow_lanes,
    turn_lanes,
)
from gongji.benefit.population import (
    NOWHERE,
    PLACED_ROW,
    VISIT_ROW,
    Matrix,
    Vector,
    cell_of,
    copy_visit,
    following,
    rule_of,
    take_place,
)
from gongji.benefit.terms import T_SHARE, TERMS_SIZE, Row, resolve
from gongji.rules.layout import DAYS, MONTH, MOST_LAYERS


def settle_scenarios(
    rows: Matrix,
    rules: int,
    steps: Matrix,
    rule: Vector,
    person: Vector,
    visits: Matrix,
    in_scope: Vector,
    account: Vector,
    where: Vector,
    forms: Matrix,
    pool: Matrix,
    work: Matrix,
    turns: Vector,
    state: Matrix,
    sums: Vector,
    paid: Matrix,
    begin: int,
    end: int,
) -> None:
    """Settle the claims from `begin` up to `end` under every variant.

    The arguments are those of `population.settle_claims`, and

    Args:
        rows: the rows of the first variant's rules, then the second's …, `LANES` times.
        rules: how many rules a variant has.
        forms: the first variant's terms for each place of the pool, integers.
        pool: the terms of all variants for each place of the pool, floating point, `LANES` for each place.
        turns: as many places as a state has.
        state: as many rows as a state has places.
        sums: `L_SIZE - L_SUMS` places: everybody's sums are added to them.
        paid: for each person, what all funds pay in all under each variant, fen; written for the people of these claims.
    """
    balances = len(account) > 0
    room, costs = lanes_for(L_SIZE), lane_rows_for(BANDS, LANES)
    for place in range(L_SUMS, L_SIZE):
        room[place] = 0.0
    claim = begin
    while claim < end:
        who = person[claim]
        for place in range(len(turns)):
            turns[place] = 0
        for place in range(L_FUNDS, L_SUMS):
            room[place] = 0.0
        while claim < end and person[claim] == who:
            at = rule_of(rule, claim)
            place = recall_lanes(rows, rules, steps, visits, at, claim, where, forms, pool, work)
            month, days = visits[MONTH][claim], visits[DAYS][claim]
            balance = account[claim] if balances else 0
            settle_lanes(forms[place], pool[place], month, days, in_scope[claim], balance, turns, state, room, costs)
            claim = following(claim)
        add_person(room, paid[who])
    for place in range(L_SIZE - L_SUMS):
        sums[place] += room[L_SUMS + place]


def settle_lanes(
    form: Row,
    terms: Matrix,
    month: int,
    days: int,
    in_scope: int,
    account: int,
    turns: Vector,
    state: Matrix,
    room: Vector,
    costs: Matrix,
) -> None:
    """Settle one visit under every variant and add what is paid to the person's and everybody's sums in `room`.

    Args:
        form: the first variant's terms for such a visit, integers.
        terms: every variant's terms, `LANES` numbers for each place.
        month: months since January of year 0.
        days: length of an admission.
        in_scope: the in-scope cost, fen.
        account: the balance of the current-year account, fen.
        turns: for each place of the state that is a clock, the month in which it next turns.
        state: the person's counters, a row of `LANES` for each place.
        room: room to work in, `L_SIZE` places.
    """
    turn_lanes(form, month, turns, state)
    narrow_lanes(form, terms, in_scope, account, room)
    bear_lanes(form, terms, days, state, room)
    cut_lanes(form, terms, state, room)
    share_lanes(form, terms, T_SHARE, state, room, costs)
    pay_lanes(form, terms, state, room, costs)


def add_person(room: Vector, paid: Vector) -> None:
    """Write what all funds paid for a person under each variant, and add it to everybody's sums."""
    for lane in range(LANES):
        of_all = 0.0
        for fund in range(MOST_LAYERS):
            of_all += room[L_FUNDS + fund * LANES + lane]
        paid[lane] = int(of_all)
    for place in range(MOST_LAYERS * LANES):
        room[L_PAID_IN_ALL + place] += room[L_FUNDS + place]


def recall_lanes(
    rows: Matrix,
    rules: int,
    steps: Matrix,
    visits: Matrix,
    rule: int,
    claim: int,
    where: Vector,
    forms: Matrix,
    pool: Matrix,
    work: Matrix,
) -> int:
    """Where the pool has the terms of a claim under every variant; worked out if they are not there yet."""
    cell = cell_of(steps[rule], visits, claim)
    if where[cell] == NOWHERE:
        work_out_lanes(rows, rules, visits, rule, claim, cell, where, forms, pool, work)
    place: int = where[cell]
    return place


def work_out_lanes(
    rows: Matrix,
    rules: int,
    visits: Matrix,
    rule: int,
    claim: int,
    cell: int,
    where: Vector,
    forms: Matrix,
    pool: Matrix,
    work: Matrix,
) -> None:
    """Work out the terms of a claim under every variant for the pool."""
    used = take_place(where, len(forms), work)
    copy_visit(visits, claim, work)
    for lane in range(LANES - 1, -1, -1):
        resolve(rows[lane * rules + rule], work[VISIT_ROW], work[PLACED_ROW], forms[used])
        for place in range(TERMS_SIZE):
            pool[used][place][lane] = forms[used][place]
    where[cell] = used
