"""A population under many variants of a rule at once: its claims through the lanes, one after another."""

from __future__ import annotations

from gongji.benefit.lane_funds import pay_lanes, share_lanes
from gongji.benefit.lanes import L_PERSON, LANES, bear_lanes, cut_lanes, narrow_lanes, turn_lanes
from gongji.benefit.population import NOWHERE, PLACED_ROW, VISIT_ROW, Matrix, Vector, cell_of, copy_visit, take_place
from gongji.benefit.terms import T_SHARE, TERMS_SIZE, Row, resolve
from gongji.rules.layout import DAYS, MONTH


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
    room: Vector,
    costs: Matrix,
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
        room: `L_SIZE` places; everybody's sums are added up in it.
        paid: for each person, what all funds pay in all under each variant, fen; written for the people of these claims.
    """
    balances = len(account) > 0
    for claim in range(begin, end):
        if claim == begin or person[claim] != person[claim - 1]:
            for place in range(len(turns)):
                turns[place] = 0
            for lane in range(LANES):
                room[L_PERSON + lane] = 0.0
        place = recall_lanes(rows, rules, steps, visits, rule[claim], claim, where, forms, pool, work)
        month, days = visits[MONTH][claim], visits[DAYS][claim]
        balance = account[claim] if balances else 0
        settle_lanes(forms[place], pool[place], month, days, in_scope[claim], balance, turns, state, room, costs)
        if claim + 1 == end or person[claim + 1] != person[claim]:
            whole = paid[person[claim]]
            for lane in range(LANES):
                whole[lane] = int(room[L_PERSON + lane])


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
        used = take_place(where, len(forms), work)
        copy_visit(visits, claim, work)
        for lane in range(LANES - 1, -1, -1):
            resolve(rows[lane * rules + rule], work[VISIT_ROW], work[PLACED_ROW], forms[used])
            for place in range(TERMS_SIZE):
                pool[used][place][lane] = forms[used][place]
        where[cell] = used
    return int(where[cell])
