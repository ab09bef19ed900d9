"""What the funds pay for one visit, in integers alone: the same amounts as `assess`, without the explanation.

Every function works on plain sequences of integers laid out as `gongji.rules.layout` tells, so that the same source
runs as it stands and compiled by Numba over arrays (`compiled`). They use nothing but integers, indexing and loops.

The names of the steps are those of the reference: `scope`, `deductible`, `caps`, `bands`. Clauses and reasons stand
there.
"""

from __future__ import annotations

from typing import Protocol

from gongji.rules.layout import (
    ACCOUNT,
    ACCOUNT_BORNE,
    ACCOUNT_FIRST,
    ADMISSION_STEP,
    ADMISSIONS,
    AGE,
    AGE_EDGES,
    AMOUNTS,
    AS_TIER,
    BAND_COUNTER,
    BAND_STEP,
    BASE_TIERS,
    BEGINS,
    BORNE,
    CAP_COUNT,
    CAP_COUNTER,
    CAP_DISEASES,
    CAP_LIMITS,
    CAP_SIZE,
    CAPS,
    CASES,
    COMBINE,
    COUNTER,
    COUNTER_PER_TIER,
    COVER_EDGES,
    COVERED,
    CUMULATIVE,
    CYCLE_DAYS,
    DAYS,
    DEDUCTIBLE,
    DEDUCTIBLE_BORNE,
    DISEASE,
    EDGE_COUNT,
    EDGES,
    FACTOR,
    FIRST_SELF_PAY,
    FUND,
    GROSS,
    HIGHER_TOPS_UP,
    IN_SCOPE,
    LAYER_COUNT,
    LAYER_RATIOS,
    LAYER_SIZE,
    LAYERS,
    LENGTH,
    LESS_POINTS,
    MEASURE,
    MODIFIER_COUNT,
    MODIFIER_SIZE,
    MODIFIERS,
    MONTH,
    MOST_AGE_EDGES,
    MOST_COVER_EDGES,
    MOST_LAYERS,
    MOST_TIMES,
    NO_DEDUCTIBLE,
    OFFSITE_BORNE,
    ONCE,
    OWN_RATIO,
    PAID,
    PARTS,
    PER_VISIT,
    PLACES,
    POINTS,
    RATIO,
    RATIOS,
    SELECTED_BIT,
    SHARE,
    STATUS,
    TARGET,
    TIER,
    TIMES,
    TIMES_SIZE,
    WAIVER_COUNT,
    WAIVER_SIZE,
    WAIVERS,
)


class Integers(Protocol):
    """A list of integers, or an array of them."""

    def __getitem__(self, place: int, /) -> int: ...
    def __setitem__(self, place: int, value: int, /) -> None: ...


class Row(Protocol):
    """A rule's row: read only."""

    def __getitem__(self, place: int, /) -> int: ...


def assess_row(row: Row, claim: Row, state: Integers, work: Integers, result: Integers) -> None:
    """Assess one visit: write what comes out to `result` and move the person's `state`.

    Args:
        row: the rule.
        claim: the visit.
        state: the person's counters; starts as zeros.
        work: room to work in, `WORK_SIZE` places, of any content.
        result: `RESULT_SIZE` places, of any content.
    """
    find_place(row, claim, work)
    in_scope = narrow(row, claim, work, result)
    borne = bear(row, claim, state, work, in_scope)
    result[DEDUCTIBLE_BORNE] = borne
    base = cut_cost(row, claim, state, work, in_scope, borne)
    parts = share_out(row, claim, state, work, base, borne)
    result[RATIO] = work[PARTS + 1]
    share = 0
    for part in range(parts):
        share += work[PARTS + 3 * part + 2]
    result[SHARE] = share
    pay_in_layers(row, claim, state, work, result, parts, in_scope - borne - base)


def part_of(fen: int, ratio: int) -> int:
    """A ratio of an amount, half-up to the fen."""
    return (fen * ratio + 5_000) // 10_000


def find_place(row: Row, claim: Row, work: Integers) -> None:
    """Where the visit stands in every table: status, tier, age class, cover class, provider, disease."""
    work[0] = claim[STATUS]
    work[1] = claim[TIER] if row[AS_TIER] < 0 else row[AS_TIER]
    ages = 0
    for edge in range(MOST_AGE_EDGES):
        if claim[AGE] >= row[AGE_EDGES + edge]:
            ages += 1
    covers = 0
    for edge in range(MOST_COVER_EDGES):
        if claim[COVERED] >= row[COVER_EDGES + edge]:
            covers += 1
    work[2] = ages
    work[3] = covers
    work[4] = 1 if claim[CASES] & SELECTED_BIT else 0
    work[5] = claim[DISEASE]


def number(row: Row, table: int, work: Row, beyond: int) -> int:
    """The number of a table that holds for the visit; `beyond` leads on to a later band or admission."""
    at = row[table] + beyond
    for dimension in range(PLACES):
        at += row[table + 1 + dimension] * work[dimension]
    return row[at]


def stands(row: Row, counter: int, beyond: int, claim: Row, state: Row) -> int:
    """Where a counter stands in the visit's period; 0 where nothing is kept."""
    slot = row[counter]
    if slot < 0:
        return 0
    slot += beyond
    period = (claim[MONTH] - row[counter + BEGINS]) // row[counter + LENGTH]
    return state[2 * slot] if state[2 * slot + 1] == period else 0


def post(row: Row, counter: int, beyond: int, claim: Row, state: Integers, added: int) -> None:
    """Move a counter."""
    slot = row[counter]
    if slot >= 0 and added != 0:
        before = stands(row, counter, beyond, claim, state)
        slot += beyond
        state[2 * slot] = before + added
        state[2 * slot + 1] = (claim[MONTH] - row[counter + BEGINS]) // row[counter + LENGTH]


def narrow(row: Row, claim: Row, work: Row, result: Integers) -> int:
    """The in-scope cost that reaches the deductible."""
    left = claim[IN_SCOPE]
    result[OFFSITE_BORNE] = 0
    result[ACCOUNT_BORNE] = 0
    for index in range(row[MODIFIER_COUNT]):
        modifier = MODIFIERS + index * MODIFIER_SIZE
        if row[modifier] & claim[CASES] and row[modifier + 1] == FIRST_SELF_PAY:
            borne = part_of(left, number(row, modifier + 2, work, 0))
            result[OFFSITE_BORNE] += borne
            left -= borne
    if row[ACCOUNT_FIRST]:
        borne = min(left, claim[ACCOUNT])
        result[ACCOUNT_BORNE] = borne
        left -= borne
    return left


def threshold(row: Row, claim: Row, work: Row, admission: int) -> int:
    """What the deductible asks for, waivers taken off; `admission` counts from 0."""
    asked = number(row, AMOUNTS, work, admission * row[ADMISSION_STEP])
    for index in range(row[WAIVER_COUNT]):
        waiver = WAIVERS + index * WAIVER_SIZE
        if row[waiver] & claim[CASES]:
            asked = max(0, asked - number(row, waiver + 1, work, 0))
    return asked


def bear(row: Row, claim: Row, state: Integers, work: Row, in_scope: int) -> int:
    """What the patient bears under the deductible."""
    kind = row[DEDUCTIBLE]
    if kind == NO_DEDUCTIBLE:
        return 0
    if kind == CUMULATIVE:
        return bear_cumulative(row, claim, state, work, in_scope)
    if kind == PER_VISIT:
        return bear_visit(row, claim, state, work, in_scope)
    return bear_admission(row, claim, state, work, in_scope)


def bear_cumulative(row: Row, claim: Row, state: Integers, work: Row, in_scope: int) -> int:
    """So much in each period, tiers combined as the reading says."""
    target = threshold(row, claim, work, 0)
    combine = row[COMBINE]
    if combine in (HIGHER_TOPS_UP, ONCE):
        met = stands(row, TARGET, 0, claim, state)
        target = max(target, met) if combine == HIGHER_TOPS_UP or met == 0 else met
        post(row, TARGET, 0, claim, state, target - met)
    beyond = BASE_TIERS[work[1]] if combine == COUNTER_PER_TIER else 0
    borne = min(in_scope, max(0, target - stands(row, BORNE, beyond, claim, state)))
    post(row, BORNE, beyond, claim, state, borne)
    return borne


def bear_visit(row: Row, claim: Row, state: Integers, work: Row, in_scope: int) -> int:
    """So much each visit, unless charged as often as may be."""
    for index in range(MOST_TIMES):
        times = TIMES + index * TIMES_SIZE
        if row[times] >= 0 and stands(row, times, 0, claim, state) >= row[times + COUNTER]:
            return 0
    borne = min(in_scope, threshold(row, claim, work, 0))
    if borne > 0:
        for index in range(MOST_TIMES):
            post(row, TIMES + index * TIMES_SIZE, 0, claim, state, 1)
    return borne


def bear_admission(row: Row, claim: Row, state: Integers, work: Row, in_scope: int) -> int:
    """So much each admission of the period, each further cycle of a long stay counting as one."""
    before = stands(row, BORNE, 0, claim, state)
    cycles = 1
    if row[CYCLE_DAYS]:
        cycles = (claim[DAYS] + row[CYCLE_DAYS] - 1) // row[CYCLE_DAYS]
    asked = 0
    for cycle in range(cycles):
        asked += threshold(row, claim, work, min(before + cycle, row[ADMISSIONS] - 1))
    post(row, BORNE, 0, claim, state, cycles)
    return min(in_scope, asked)


def cut_cost(row: Row, claim: Row, state: Integers, work: Row, in_scope: int, borne: int) -> int:
    """The cost after the deductible, within the caps on cost."""
    base = in_scope - borne
    for index in range(row[LAYERS + CAP_COUNT]):
        cap = LAYERS + CAPS + index * CAP_SIZE
        if row[cap] != FUND:
            counts = borne if row[cap] == GROSS else 0
            base = min(base, max(0, room_of(row, cap, claim, state, work) - counts))
    for index in range(row[LAYERS + CAP_COUNT]):
        cap = LAYERS + CAPS + index * CAP_SIZE
        if row[cap] != FUND:
            counts = borne if row[cap] == GROSS else 0
            counted = min(base + counts, room_of(row, cap, claim, state, work))
            post(row, cap + CAP_COUNTER, row[cap + CAP_DISEASES] * work[5], claim, state, counted)
    return base


def room_of(row: Row, cap: int, claim: Row, state: Row, work: Row) -> int:
    """What a cap leaves."""
    limit = number(row, cap + CAP_LIMITS, work, 0)
    return max(0, limit - stands(row, cap + CAP_COUNTER, row[cap + CAP_DISEASES] * work[5], claim, state))


def modified(row: Row, claim: Row, work: Row, written: int) -> int:
    """The ratio as the visit's cases change it."""
    ratio = written
    for index in range(row[MODIFIER_COUNT]):
        modifier = MODIFIERS + index * MODIFIER_SIZE
        if row[modifier] & claim[CASES]:
            effect = row[modifier + 1]
            by = number(row, modifier + 2, work, 0)
            if effect == POINTS:
                ratio += by
            elif effect == LESS_POINTS:
                ratio -= by
            elif effect == FACTOR:
                ratio = part_of(ratio, by)
            elif effect != FIRST_SELF_PAY:
                ratio = 10_000 - part_of(10_000 - ratio, by)
            ratio = min(10_000, max(0, ratio))
    return ratio


def share_out(row: Row, claim: Row, state: Integers, work: Integers, base: int, borne: int) -> int:
    """The funds' share in each band, as cost, ratio and share in `work`; returns how many bands there are."""
    measure = row[MEASURE]
    counts = borne if measure == GROSS else 0
    position = stands(row, BAND_COUNTER, 0, claim, state) + counts
    edges = row[EDGE_COUNT]
    left = base
    parts = 0
    shared = 0
    for band in range(edges + 1):
        last = band == edges
        room = 0 if last else row[EDGES + band] - position
        if (not last and room <= 0) or (left == 0 and (parts > 0 or not last)):
            continue
        ratio = modified(row, claim, work, number(row, RATIOS, work, band * row[BAND_STEP]))
        cost = left
        if not last and measure != FUND:
            cost = min(left, room)
        elif not last and part_of(left, ratio) > room:
            cost = (room * 10_000 - 5_000 + ratio - 1) // ratio
        part = PARTS + 3 * parts
        work[part] = cost
        work[part + 1] = ratio
        work[part + 2] = part_of(cost, ratio)
        shared += work[part + 2]
        position += work[part + 2] if measure == FUND else cost
        left -= cost
        parts += 1
    post(row, BAND_COUNTER, 0, claim, state, shared if measure == FUND else base + counts)
    return parts


def unpaid_cost(work: Row, parts: int, owed: int) -> int:
    """The cost whose share found no room, from the last band back."""
    cost = 0
    left = owed
    for index in range(parts):
        part = PARTS + 3 * (parts - 1 - index)
        share = work[part + 2]
        missing = min(left, share)
        left -= missing
        if missing > 0 and missing == share:
            cost += work[part]
        elif missing > 0:
            at_ratio = (missing * 10_000 + work[part + 1] // 2) // work[part + 1]
            cost += min(at_ratio, work[part] - (share - missing))
    return cost


def pay_in_layers(
    row: Row, claim: Row, state: Integers, work: Integers, result: Integers, bands: int, cut: int
) -> None:
    """What each fund pays of the share, into `result`."""
    owed = result[SHARE]
    parts = bands
    above = cut
    for index in range(MOST_LAYERS):
        result[PAID + index] = 0
    for index in range(row[LAYER_COUNT]):
        layer = LAYERS + index * LAYER_SIZE
        if row[layer + OWN_RATIO]:
            cost = above + unpaid_cost(work, parts, owed)
            ratio = number(row, layer + LAYER_RATIOS, work, 0)
            owed = part_of(cost, ratio)
            above = 0
            work[PARTS] = cost
            work[PARTS + 1] = ratio
            work[PARTS + 2] = owed
            parts = 1
        paid = pay_layer(row, layer, claim, state, work, owed)
        result[PAID + index] = paid
        owed -= paid


def pay_layer(row: Row, layer: int, claim: Row, state: Integers, work: Row, owed: int) -> int:
    """What one fund pays of what it owes."""
    paid = owed
    for index in range(row[layer + CAP_COUNT]):
        cap = layer + CAPS + index * CAP_SIZE
        if row[cap] == FUND:
            paid = min(paid, room_of(row, cap, claim, state, work))
    for index in range(row[layer + CAP_COUNT]):
        cap = layer + CAPS + index * CAP_SIZE
        if row[cap] == FUND:
            post(row, cap + CAP_COUNTER, row[cap + CAP_DISEASES] * work[5], claim, state, paid)
    return paid
