"""What the funds pay for one visit under many variants of a rule at once: the kernel with a lane for each variant.

The variants of a rule are of one form (`terms`): the same steps, other numbers. So every step is decided once for all
variants and then done for every lane in a loop without branches, which the compiler turns into vector instructions. The
steps and their names are those of `kernel`.

Amounts in lanes are whole fen in floating point, exact up to `LARGEST_IN_LANES`: vector units have no division of
integers. Numbers by lane are matrices with one row for each place; the form is the terms of the first variant, integers.
"""

from __future__ import annotations

from typing import Final

from numpy import floor

from gongji.benefit.population import PLACED_ROW, VISIT_ROW, Matrix, Vector, cell_of, copy_visit, take_place
from gongji.benefit.terms import (
    T_ACCOUNT_FIRST,
    T_ADMISSIONS,
    T_BAND_COUNTER,
    T_BASIS,
    T_BORNE,
    T_CAP_SIZE,
    T_CAPS,
    T_CLOCK_COUNT,
    T_CLOCKS,
    T_COMBINE,
    T_COST_CAP_SIZE,
    T_COST_CAPS,
    T_CYCLE_DAYS,
    T_DEDUCTIBLE,
    T_EDGE_COUNT,
    T_EDGES,
    T_FIRST_LAYER,
    T_LAYER_SIZE,
    T_LAYERS,
    T_MEASURE,
    T_OWN_SHARE,
    T_RATIOS,
    T_SELF_FIRST,
    T_SHARE,
    T_STAGE_BORNE,
    T_STAGE_SHARE,
    T_TARGET,
    T_THRESHOLDS,
    T_TIMES,
    TERMS_SIZE,
    Row,
    resolve,
)
from gongji.rules.layout import (
    BEGINS,
    CLOCK_SIZE,
    COUNTERS_END,
    CUMULATIVE,
    DAYS,
    FUND,
    GROSS,
    HIGHER_TOPS_UP,
    LENGTH,
    MONTH,
    MOST_LAYERS,
    MOST_TIMES,
    NO_DEDUCTIBLE,
    ONCE,
    PER_VISIT,
    TIMES_SIZE,
)

#: How many variants go through in one pass: four vectors of eight.
LANES: Final = 32

#: Up to this many fen, times a ratio, half-up to the fen is exact in floating point.
LARGEST_IN_LANES: Final = 10**11

# Where each number of the first lane stands in the room to work in; the other lanes follow.
L_COST: Final = 0  # what reaches the deductible
L_BORNE: Final = 1 * LANES
L_BASE: Final = 2 * LANES  # what the bands begin with
L_ABOVE: Final = 3 * LANES  # what the caps on cost cut
L_LEFT: Final = 4 * LANES
L_POSITION: Final = 5 * LANES
L_OWED: Final = 6 * LANES
L_PAID: Final = 7 * LANES
L_MISSING: Final = 8 * LANES
L_UNPAID: Final = 9 * LANES  # cost that no fund has paid yet
L_PERSON: Final = 10 * LANES  # paid by all funds for the person so far
L_BORNE_IN_ALL: Final = L_PERSON + LANES  # by everybody under the deductible
L_PAID_IN_ALL: Final = L_BORNE_IN_ALL + LANES  # for everybody by each fund
L_SIZE: Final = L_PAID_IN_ALL + MOST_LAYERS * LANES


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


def part_in_lane(fen: float, ratio: float) -> float:
    """A ratio of an amount, half-up to the fen: the half fen more keeps the product of the inverse from falling short."""
    part: float = floor((fen * ratio + 5_000.5) * 0.0001)
    return part


def turn_lanes(form: Row, month: int, turns: Vector, state: Matrix) -> None:
    """Set to zero the counters whose period has ended."""
    for index in range(form[T_CLOCK_COUNT]):
        clock = T_CLOCKS + index * CLOCK_SIZE
        place = form[clock]
        if month >= turns[place]:
            length, begins = form[clock + LENGTH], form[clock + BEGINS]
            turns[place] = ((month - begins) // length + 1) * length + begins
            for other in range(place + 1, form[clock + COUNTERS_END]):
                counter = state[other]
                for lane in range(LANES):
                    counter[lane] = 0.0


def narrow_lanes(form: Row, terms: Matrix, in_scope: int, account: int, room: Vector) -> None:
    """The in-scope cost that reaches the deductible."""
    whole = float(in_scope)
    for lane in range(LANES):
        room[L_COST + lane] = whole
    for index in range(form[T_SELF_FIRST]):
        ratio = terms[T_SELF_FIRST + 1 + index]
        for lane in range(LANES):
            room[L_COST + lane] -= part_in_lane(room[L_COST + lane], ratio[lane])
    if form[T_ACCOUNT_FIRST]:
        balance = float(account)
        for lane in range(LANES):
            room[L_COST + lane] -= min(room[L_COST + lane], balance)


def bear_lanes(form: Row, terms: Matrix, days: int, state: Matrix, room: Vector) -> None:
    """What the patient bears under the deductible, and what is left."""
    kind = form[T_DEDUCTIBLE]
    if kind == CUMULATIVE:
        bear_cumulative_lanes(form, terms, state, room)
    elif kind == NO_DEDUCTIBLE:
        for lane in range(LANES):
            room[L_BORNE + lane] = 0.0
    elif kind == PER_VISIT:
        bear_visit_lanes(form, terms, state, room)
    else:
        bear_admission_lanes(form, terms, days, state, room)
    for lane in range(LANES):
        room[L_BASE + lane] = room[L_COST + lane] - room[L_BORNE + lane]
        room[L_BORNE_IN_ALL + lane] += room[L_BORNE + lane]


def bear_cumulative_lanes(form: Row, terms: Matrix, state: Matrix, room: Vector) -> None:
    """So much in each period, tiers combined as the reading says."""
    before, threshold = state[form[T_BORNE]], terms[T_THRESHOLDS]
    if form[T_COMBINE] == HIGHER_TOPS_UP:
        met = state[form[T_TARGET]]
        for lane in range(LANES):
            target = max(met[lane], threshold[lane])
            met[lane] = target
            room[L_BORNE + lane] = min(room[L_COST + lane], max(0.0, target - before[lane]))
    elif form[T_COMBINE] == ONCE:
        met = state[form[T_TARGET]]
        for lane in range(LANES):
            target = met[lane] if met[lane] > 0.0 else threshold[lane]
            met[lane] = target
            room[L_BORNE + lane] = min(room[L_COST + lane], max(0.0, target - before[lane]))
    else:
        for lane in range(LANES):
            target = threshold[lane]
            room[L_BORNE + lane] = min(room[L_COST + lane], max(0.0, target - before[lane]))
    for lane in range(LANES):
        before[lane] += room[L_BORNE + lane]


def bear_visit_lanes(form: Row, terms: Matrix, state: Matrix, room: Vector) -> None:
    """So much each visit, unless charged as often as may be."""
    threshold = terms[T_THRESHOLDS]
    for lane in range(LANES):
        room[L_BORNE + lane] = min(room[L_COST + lane], threshold[lane])
    for index in range(MOST_TIMES):
        times = T_TIMES + index * TIMES_SIZE
        if form[times] >= 0:
            charged, most = state[form[times]], terms[times + 1]
            for lane in range(LANES):
                room[L_BORNE + lane] = room[L_BORNE + lane] if charged[lane] < most[lane] else 0.0
    for index in range(MOST_TIMES):
        if form[T_TIMES + index * TIMES_SIZE] >= 0:
            charged = state[form[T_TIMES + index * TIMES_SIZE]]
            for lane in range(LANES):
                charged[lane] += 1.0 if room[L_BORNE + lane] > 0.0 else 0.0


def bear_admission_lanes(form: Row, terms: Matrix, days: int, state: Matrix, room: Vector) -> None:
    """So much each admission of the period, each further cycle of a long stay counting as one."""
    kept = form[T_BORNE] >= 0
    # Admissions are counted alike under every variant.
    before = int(state[form[T_BORNE]][0]) if kept else 0
    cycles = 1
    if form[T_CYCLE_DAYS]:
        cycles = (days + form[T_CYCLE_DAYS] - 1) // form[T_CYCLE_DAYS]
    for lane in range(LANES):
        room[L_BORNE + lane] = 0.0
    for cycle in range(cycles):
        asked = terms[T_THRESHOLDS + min(before + cycle, form[T_ADMISSIONS] - 1)]
        for lane in range(LANES):
            room[L_BORNE + lane] += asked[lane]
    for lane in range(LANES):
        room[L_BORNE + lane] = min(room[L_COST + lane], room[L_BORNE + lane])
    if kept:
        admissions = state[form[T_BORNE]]
        for lane in range(LANES):
            admissions[lane] += float(cycles)


def cut_lanes(form: Row, terms: Matrix, state: Matrix, room: Vector) -> None:
    """The cost above the deductible, within the caps on cost."""
    for index in range(form[T_COST_CAPS]):
        cap = T_COST_CAPS + 1 + index * T_COST_CAP_SIZE
        counts, limit = (1.0 if form[cap] else 0.0), terms[cap + 2]
        if form[cap + 1] >= 0:
            before = state[form[cap + 1]]
            for lane in range(LANES):
                left = limit[lane] - before[lane] - counts * room[L_BORNE + lane]
                room[L_BASE + lane] = min(room[L_BASE + lane], max(0.0, left))
        else:
            for lane in range(LANES):
                left = limit[lane] - counts * room[L_BORNE + lane]
                room[L_BASE + lane] = min(room[L_BASE + lane], max(0.0, left))
    for index in range(form[T_COST_CAPS]):
        cap = T_COST_CAPS + 1 + index * T_COST_CAP_SIZE
        counts, limit = (1.0 if form[cap] else 0.0), terms[cap + 2]
        if form[cap + 1] >= 0:
            before = state[form[cap + 1]]
            for lane in range(LANES):
                counted = room[L_BASE + lane] + counts * room[L_BORNE + lane]
                before[lane] += min(counted, max(0.0, limit[lane] - before[lane]))
    if form[T_LAYERS] > 1:
        for lane in range(LANES):
            room[L_ABOVE + lane] = room[L_COST + lane] - room[L_BORNE + lane] - room[L_BASE + lane]
            room[L_UNPAID + lane] = room[L_COST + lane]


def share_lanes(form: Row, terms: Matrix, share: int, state: Matrix, room: Vector, costs: Matrix) -> None:
    """A fund's share in each band: its sum is what it owes; the cost in each band is kept."""
    edges, by_payment = form[share + T_EDGE_COUNT], form[share + T_MEASURE] == FUND
    cost, ratio = costs[edges], terms[share + T_RATIOS + edges]
    if edges == 0:
        for lane in range(LANES):
            cost[lane] = room[L_BASE + lane]
            room[L_OWED + lane] = part_in_lane(room[L_BASE + lane], ratio[lane])
    else:
        start_bands(form, share, state, room)
        for band in range(edges):
            edge, in_band = terms[share + T_EDGES + band], terms[share + T_RATIOS + band]
            if by_payment:
                fill_paid_band(edge, in_band, room, costs[band])
            else:
                fill_band(edge, in_band, room, costs[band])
        for lane in range(LANES):
            cost[lane] = room[L_LEFT + lane]
            room[L_OWED + lane] += part_in_lane(room[L_LEFT + lane], ratio[lane])
    if form[share + T_BAND_COUNTER] >= 0:
        counter = state[form[share + T_BAND_COUNTER]]
        counts = 1.0 if form[share + T_MEASURE] == GROSS else 0.0
        if by_payment:
            for lane in range(LANES):
                counter[lane] += room[L_OWED + lane]
        else:
            for lane in range(LANES):
                counter[lane] += room[L_BASE + lane] + counts * room[L_BORNE + lane]


def start_bands(form: Row, share: int, state: Matrix, room: Vector) -> None:
    """Where the bands of a fund begin for the visit."""
    counts = 1.0 if form[share + T_MEASURE] == GROSS else 0.0
    if form[share + T_BAND_COUNTER] >= 0:
        counter = state[form[share + T_BAND_COUNTER]]
        for lane in range(LANES):
            room[L_POSITION + lane] = counter[lane] + counts * room[L_BORNE + lane]
    else:
        for lane in range(LANES):
            room[L_POSITION + lane] = counts * room[L_BORNE + lane]
    for lane in range(LANES):
        room[L_LEFT + lane] = room[L_BASE + lane]
        room[L_OWED + lane] = 0.0


def fill_band(edge: Vector, ratio: Vector, room: Vector, costs: Vector) -> None:
    """The cost that lies in one band, measured on cost, and the funds' share of it."""
    for lane in range(LANES):
        cost = min(room[L_LEFT + lane], max(0.0, edge[lane] - room[L_POSITION + lane]))
        costs[lane] = cost
        room[L_POSITION + lane] += cost
        room[L_LEFT + lane] -= cost
        room[L_OWED + lane] += part_in_lane(cost, ratio[lane])


def fill_paid_band(edge: Vector, ratio: Vector, room: Vector, costs: Vector) -> None:
    """The same for a band measured on what the funds pay: the cost that it takes to fill its room."""
    for lane in range(LANES):
        left, by = room[L_LEFT + lane], ratio[lane]
        space = max(0.0, edge[lane] - room[L_POSITION + lane])
        filling = floor((space * 10_000.0 - 5_001.0 + by) / max(1.0, by))
        cost = left if part_in_lane(left, by) <= space else filling
        cost = cost if space > 0.0 else 0.0
        share = part_in_lane(cost, by)
        costs[lane] = cost
        room[L_POSITION + lane] += share
        room[L_LEFT + lane] -= cost
        room[L_OWED + lane] += share


def pay_lanes(form: Row, terms: Matrix, state: Matrix, room: Vector, costs: Matrix) -> None:
    """What each fund pays of what is owed, added to the sums."""
    share = T_SHARE
    for index in range(form[T_LAYERS]):
        layer = T_FIRST_LAYER + index * T_LAYER_SIZE
        if form[layer + T_OWN_SHARE]:
            take_unpaid(form, terms, layer, share, room, costs)
            bear_stage(form, terms, layer, state, room)
            share = layer + T_STAGE_SHARE
            share_lanes(form, terms, share, state, room, costs)
        for lane in range(LANES):
            room[L_PAID + lane] = room[L_OWED + lane]
        for place in range(form[layer + T_CAPS]):
            cap = layer + T_CAPS + 1 + place * T_CAP_SIZE
            limit = terms[cap + 1]
            if form[cap] >= 0:
                before = state[form[cap]]
                for lane in range(LANES):
                    room[L_PAID + lane] = min(room[L_PAID + lane], max(0.0, limit[lane] - before[lane]))
            else:
                for lane in range(LANES):
                    room[L_PAID + lane] = min(room[L_PAID + lane], max(0.0, limit[lane]))
        for place in range(form[layer + T_CAPS]):
            cap = layer + T_CAPS + 1 + place * T_CAP_SIZE
            if form[cap] >= 0:
                counter = state[form[cap]]
                for lane in range(LANES):
                    counter[lane] += room[L_PAID + lane]
        add_paid(index, room)


def add_paid(index: int, room: Vector) -> None:
    """Add what a fund pays to the sums; the rest is still owed."""
    # The place of a sum is a constant in each branch: a computed one would keep the loop from becoming vectors.
    if index == 0:
        for lane in range(LANES):
            room[L_PAID_IN_ALL + lane] += room[L_PAID + lane]
    elif index == 1:
        for lane in range(LANES):
            room[L_PAID_IN_ALL + LANES + lane] += room[L_PAID + lane]
    elif index == 2:
        for lane in range(LANES):
            room[L_PAID_IN_ALL + 2 * LANES + lane] += room[L_PAID + lane]
    else:
        for lane in range(LANES):
            room[L_PAID_IN_ALL + 3 * LANES + lane] += room[L_PAID + lane]
    for lane in range(LANES):
        room[L_PERSON + lane] += room[L_PAID + lane]
        room[L_OWED + lane] -= room[L_PAID + lane]
        room[L_UNPAID + lane] -= room[L_PAID + lane]


def take_unpaid(form: Row, terms: Matrix, layer: int, share: int, room: Vector, costs: Matrix) -> None:
    """The cost that a further fund takes: all that is still unpaid, or that whose share found no room before.

    Args:
        form: the first variant's terms.
        terms: every variant's terms.
        layer: the further fund's place in them.
        share: the place of the last share that was worked out.
        room: room to work in.
        costs: the cost in each band of that share.
    """
    if form[layer + T_BASIS]:
        for lane in range(LANES):
            room[L_BASE + lane] = room[L_UNPAID + lane]
            room[L_ABOVE + lane] = 0.0
        return
    edges = form[share + T_EDGE_COUNT]
    for lane in range(LANES):
        room[L_MISSING + lane] = room[L_OWED + lane]
    for index in range(edges + 1):
        cost, ratio = costs[edges - index], terms[share + T_RATIOS + edges - index]
        for lane in range(LANES):
            part = part_in_lane(cost[lane], ratio[lane])
            lacks = min(room[L_MISSING + lane], part)
            some = floor((lacks * 10_000.0 + floor(ratio[lane] * 0.5)) / max(1.0, ratio[lane]))
            unpaid = cost[lane] if lacks == part else min(some, cost[lane] - (part - lacks))
            room[L_ABOVE + lane] += unpaid if lacks > 0.0 else 0.0
            room[L_MISSING + lane] -= lacks
    for lane in range(LANES):
        room[L_BASE + lane] = room[L_ABOVE + lane]
        room[L_ABOVE + lane] = 0.0


def bear_stage(form: Row, terms: Matrix, layer: int, state: Matrix, room: Vector) -> None:
    """What the patient bears under a further fund's own deductible."""
    if form[layer + T_STAGE_BORNE] < 0:
        for lane in range(LANES):
            room[L_BORNE + lane] = 0.0
        return
    before, threshold = state[form[layer + T_STAGE_BORNE]], terms[layer + T_STAGE_BORNE + 1]
    for lane in range(LANES):
        room[L_BORNE + lane] = min(room[L_BASE + lane], max(0.0, threshold[lane] - before[lane]))
    for lane in range(LANES):
        before[lane] += room[L_BORNE + lane]
        room[L_BASE + lane] -= room[L_BORNE + lane]


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
    if where[cell] < 0:
        used = take_place(where, len(forms), work)
        copy_visit(visits, claim, work)
        for lane in range(LANES - 1, -1, -1):
            resolve(rows[lane * rules + rule], work[VISIT_ROW], work[PLACED_ROW], forms[used])
            for place in range(TERMS_SIZE):
                pool[used][place][lane] = forms[used][place]
        where[cell] = used
    return int(where[cell])
