"""What the funds pay for one visit, in integers alone: the same amounts as `assess`, without the explanation.

Every function works on plain sequences of integers, so that the same source runs as it stands and compiled by Numba
over arrays (`compiled`). They use nothing but integers, indexing and loops. What a rule says to a kind of visit is
worked out once (`terms`); what is left for each visit is the arithmetic on its cost and the person's counters.

The names of the steps are those of the reference: `scope`, `deductible`, `caps`, `bands`. Clauses and reasons stand
there.
"""

from __future__ import annotations

from typing import Final

from gongji.benefit.terms import (
    OPEN,
    PLACED_SIZE,
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
    Integers,
    Row,
    part_of,
    resolve,
    shape,
)
from gongji.rules.layout import (
    ACCOUNT,
    ACCOUNT_BORNE,
    BEGINS,
    CLOCK_SIZE,
    COUNTERS_END,
    CUMULATIVE,
    DAYS,
    DEDUCTIBLE_BORNE,
    FUND,
    GROSS,
    HIGHER_TOPS_UP,
    IN_SCOPE,
    LENGTH,
    MONTH,
    MOST_EDGES,
    MOST_LAYERS,
    MOST_TIMES,
    NO_DEDUCTIBLE,
    OFFSITE_BORNE,
    ONCE,
    PAID,
    PER_VISIT,
    RATIO,
    SHARE,
    TIMES_SIZE,
)

# Room to work in for one visit: the cost, ratio and share of each band.
PARTS: Final = 0
PART_SIZE: Final = 3
PARTS_SIZE: Final = PART_SIZE * (MOST_EDGES + 1)


def assess_row(row: Row, claim: Row, state: Integers, result: Integers) -> None:
    """Assess one visit: write what comes out to `result` and move the person's `state`.

    Args:
        row: the rule.
        claim: the visit; a person's visits come in the order of their months.
        state: the person's counters; starts as zeros.
        result: `RESULT_SIZE` places, of any content.
    """
    terms = room_for(TERMS_SIZE)
    resolve(row, claim, room_for(PLACED_SIZE), terms)
    parts = room_for(PARTS_SIZE)
    settle_visit(OPEN, terms, claim[MONTH], claim[DAYS], claim[IN_SCOPE], claim[ACCOUNT], state, parts, result)


def room_for(places: int) -> Integers:
    """Room to work in; compiled, it is on the stack, and in registers where every place of it is a constant."""
    return [0] * places


def settle_visit(
    form: Row,
    terms: Row,
    month: int,
    days: int,
    in_scope: int,
    account: int,
    state: Integers,
    parts: Integers,
    result: Integers,
) -> None:
    """Settle one visit on its terms.

    Args:
        form: what is known of the terms beforehand (`form`); `OPEN` where nothing is.
        terms: the rule's terms for such a visit.
        month: months since January of year 0.
        days: length of an admission.
        in_scope: the in-scope cost, fen.
        account: the balance of the current-year account, fen.
        state: the person's counters.
        parts: room to work in, three places for each band, of any content.
        result: `RESULT_SIZE` places, of any content.
    """
    turn_clocks(form, terms, month, state)
    cost = narrow(form, terms, in_scope, account, result)
    borne = bear(form, terms, days, state, cost)
    result[DEDUCTIBLE_BORNE] = borne
    base = cut_cost(form, terms, state, cost - borne, borne)
    result[SHARE] = share_out(form, terms, T_SHARE, state, parts, base, borne)
    result[RATIO] = first_ratio(parts, shape(form, terms, T_SHARE + T_EDGE_COUNT))
    pay_in_layers(form, terms, state, parts, result, cost, cost - borne - base)


def turn_clocks(form: Row, terms: Row, month: int, state: Integers) -> None:
    """Set to zero the counters whose period has ended."""
    for index in range(shape(form, terms, T_CLOCK_COUNT)):
        clock = T_CLOCKS + index * CLOCK_SIZE
        place = shape(form, terms, clock)
        if month >= state[place]:
            length, begins = shape(form, terms, clock + LENGTH), shape(form, terms, clock + BEGINS)
            state[place] = ((month - begins) // length + 1) * length + begins
            for counter in range(place + 1, shape(form, terms, clock + COUNTERS_END)):
                state[counter] = 0


def stands(state: Row, place: int) -> int:
    """Where a counter stands; 0 where nothing is kept."""
    return state[place] if place >= 0 else 0


def post(state: Integers, place: int, added: int) -> None:
    """Move a counter."""
    if place >= 0:
        state[place] += added


def narrow(form: Row, terms: Row, in_scope: int, account: int, result: Integers) -> int:
    """The in-scope cost that reaches the deductible."""
    left = in_scope
    for index in range(shape(form, terms, T_SELF_FIRST)):
        left -= part_of(left, terms[T_SELF_FIRST + 1 + index])
    result[OFFSITE_BORNE] = in_scope - left
    borne = min(left, account) if shape(form, terms, T_ACCOUNT_FIRST) else 0
    result[ACCOUNT_BORNE] = borne
    return left - borne


def bear(form: Row, terms: Row, days: int, state: Integers, cost: int) -> int:
    """What the patient bears under the deductible."""
    kind = shape(form, terms, T_DEDUCTIBLE)
    if kind == CUMULATIVE:
        return bear_cumulative(form, terms, state, cost)
    if kind == NO_DEDUCTIBLE:
        return 0
    if kind == PER_VISIT:
        return bear_visit(form, terms, state, cost)
    return bear_admission(form, terms, days, state, cost)


def bear_cumulative(form: Row, terms: Row, state: Integers, cost: int) -> int:
    """So much in each period, tiers combined as the reading says."""
    target = terms[T_THRESHOLDS]
    combine = shape(form, terms, T_COMBINE)
    if combine in (HIGHER_TOPS_UP, ONCE):
        kept = shape(form, terms, T_TARGET)
        met = stands(state, kept)
        target = max(target, met) if combine == HIGHER_TOPS_UP or met == 0 else met
        post(state, kept, target - met)
    counter = shape(form, terms, T_BORNE)
    borne = min(cost, max(0, target - stands(state, counter)))
    post(state, counter, borne)
    return borne


def bear_visit(form: Row, terms: Row, state: Integers, cost: int) -> int:
    """So much each visit, unless charged as often as may be."""
    asked = terms[T_THRESHOLDS]
    for index in range(MOST_TIMES):
        times = T_TIMES + index * TIMES_SIZE
        counter = shape(form, terms, times)
        if counter >= 0 and state[counter] >= terms[times + 1]:
            asked = 0
    borne = min(cost, asked)
    for index in range(MOST_TIMES):
        post(state, shape(form, terms, T_TIMES + index * TIMES_SIZE), 1 if borne > 0 else 0)
    return borne


def bear_admission(form: Row, terms: Row, days: int, state: Integers, cost: int) -> int:
    """So much each admission of the period, each further cycle of a long stay counting as one."""
    counter, cycle_days = shape(form, terms, T_BORNE), shape(form, terms, T_CYCLE_DAYS)
    before = stands(state, counter)
    cycles = (days + cycle_days - 1) // cycle_days if cycle_days else 1
    asked = 0
    for cycle in range(cycles):
        asked += terms[T_THRESHOLDS + min(before + cycle, shape(form, terms, T_ADMISSIONS) - 1)]
    post(state, counter, cycles)
    return min(cost, asked)


def cut_cost(form: Row, terms: Row, state: Integers, above: int, borne: int) -> int:
    """The cost `above` the deductible, within the caps on cost."""
    base = above
    for index in range(shape(form, terms, T_COST_CAPS)):
        cap = T_COST_CAPS + 1 + index * T_COST_CAP_SIZE
        counts = borne if shape(form, terms, cap) else 0
        room = max(0, terms[cap + 2] - stands(state, shape(form, terms, cap + 1)))
        base = min(base, max(0, room - counts))
    for index in range(shape(form, terms, T_COST_CAPS)):
        cap = T_COST_CAPS + 1 + index * T_COST_CAP_SIZE
        counts = borne if shape(form, terms, cap) else 0
        counter = shape(form, terms, cap + 1)
        room = max(0, terms[cap + 2] - stands(state, counter))
        post(state, counter, min(base + counts, room))
    return base


def share_out(form: Row, terms: Row, share: int, state: Integers, parts: Integers, base: int, borne: int) -> int:
    """A fund's share in each band, as cost, ratio and share in `parts`; returns all of it."""
    measure = shape(form, terms, share + T_MEASURE)
    counter = shape(form, terms, share + T_BAND_COUNTER)
    counts = borne if measure == GROSS else 0
    position = stands(state, counter) + counts
    edges = shape(form, terms, share + T_EDGE_COUNT)
    left = base
    shared = 0
    for band in range(edges):
        ratio = terms[share + T_RATIOS + band]
        room = max(0, terms[share + T_EDGES + band] - position)
        cost = min(left, room) if measure != FUND else cost_within(room, left, ratio)
        in_band = part_of(cost, ratio)
        parts[PARTS + PART_SIZE * band] = cost
        parts[PARTS + PART_SIZE * band + 1] = ratio
        parts[PARTS + PART_SIZE * band + 2] = in_band
        position += in_band if measure == FUND else cost
        shared += in_band
        left -= cost
    ratio = terms[share + T_RATIOS + edges]
    in_band = part_of(left, ratio)
    parts[PARTS + PART_SIZE * edges] = left
    parts[PARTS + PART_SIZE * edges + 1] = ratio
    parts[PARTS + PART_SIZE * edges + 2] = in_band
    shared += in_band
    post(state, counter, shared if measure == FUND else base + counts)
    return shared


def first_ratio(parts: Row, edges: int) -> int:
    """The ratio of the first band that the visit reached; that of the last one when there was nothing to share."""
    for band in range(edges):
        if parts[PARTS + PART_SIZE * band] > 0:
            return parts[PARTS + PART_SIZE * band + 1]
    return parts[PARTS + PART_SIZE * edges + 1]


def cost_within(room: int, left: int, ratio: int) -> int:
    """How much of the cost it takes until the funds' share fills the room of a band measured on what they pay."""
    if room == 0:
        return 0
    if part_of(left, ratio) <= room:
        return left
    return (room * 10_000 - 5_000 + ratio - 1) // ratio


def unpaid_cost(parts: Row, bands: int, owed: int) -> int:
    """The cost whose share found no room, from the last band back."""
    cost = 0
    left = owed
    for index in range(bands):
        part = PARTS + PART_SIZE * (bands - 1 - index)
        share = parts[part + 2]
        missing = min(left, share)
        left -= missing
        if missing > 0 and missing == share:
            cost += parts[part]
        elif missing > 0:
            at_ratio = (missing * 10_000 + parts[part + 1] // 2) // parts[part + 1]
            cost += min(at_ratio, parts[part] - (share - missing))
    return cost


def pay_in_layers(
    form: Row, terms: Row, state: Integers, parts: Integers, result: Integers, in_scope: int, cut: int
) -> None:
    """What each fund pays of the share, into `result`."""
    owed = result[SHARE]
    bands = shape(form, terms, T_SHARE + T_EDGE_COUNT) + 1
    unpaid, above = in_scope, cut
    for index in range(MOST_LAYERS):
        result[PAID + index] = 0
    for index in range(shape(form, terms, T_LAYERS)):
        layer = T_FIRST_LAYER + index * T_LAYER_SIZE
        if shape(form, terms, layer + T_OWN_SHARE):
            cost = unpaid if shape(form, terms, layer + T_BASIS) else above + unpaid_cost(parts, bands, owed)
            owed = share_of_stage(form, terms, layer, state, parts, cost)
            bands = shape(form, terms, layer + T_STAGE_SHARE + T_EDGE_COUNT) + 1
            above = 0
        paid = pay_layer(form, terms, layer, state, owed)
        result[PAID + index] = paid
        owed -= paid
        unpaid -= paid


def share_of_stage(form: Row, terms: Row, layer: int, state: Integers, parts: Integers, cost: int) -> int:
    """What a further fund's own share comes to of the cost that it takes, after its own deductible."""
    counter = shape(form, terms, layer + T_STAGE_BORNE)
    borne = 0
    if counter >= 0:
        borne = min(cost, max(0, terms[layer + T_STAGE_BORNE + 1] - state[counter]))
        state[counter] += borne
    return share_out(form, terms, layer + T_STAGE_SHARE, state, parts, cost - borne, borne)


def pay_layer(form: Row, terms: Row, layer: int, state: Integers, owed: int) -> int:
    """What one fund pays of what it owes."""
    paid = owed
    for index in range(shape(form, terms, layer + T_CAPS)):
        cap = layer + T_CAPS + 1 + index * T_CAP_SIZE
        paid = min(paid, max(0, terms[cap + 1] - stands(state, shape(form, terms, cap))))
    for index in range(shape(form, terms, layer + T_CAPS)):
        post(state, shape(form, terms, layer + T_CAPS + 1 + index * T_CAP_SIZE), paid)
    return paid
