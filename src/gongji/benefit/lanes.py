"""What the funds pay for one visit under many variants of a rule at once: the kernel with a lane for each variant.

The variants of a rule are of one form (`terms`): the same steps, other numbers. So every step is decided once for all
variants and then done for every lane in a loop without branches, which the compiler turns into vector instructions. The
steps and their names are those of `kernel`. Here are the room to work in and a visit's way up to the funds; `lane_funds`
has what they pay, `lane_population` takes claims through.

Amounts in lanes are whole fen in floating point, exact up to `LARGEST_IN_LANES`: vector units have no division of
integers. Numbers by lane are matrices with one row for each place; the form is the terms of the first variant, integers.
"""

from __future__ import annotations

from typing import Final

from numpy import floor

from gongji.benefit.population import FORM, Matrix, Vector
from gongji.benefit.terms import (
    T_ACCOUNT_FIRST,
    T_ADMISSIONS,
    T_BORNE,
    T_CLOCK_COUNT,
    T_CLOCKS,
    T_COMBINE,
    T_COST_CAP_SIZE,
    T_COST_CAPS,
    T_CYCLE_DAYS,
    T_DEDUCTIBLE,
    T_LAYERS,
    T_SELF_FIRST,
    T_TARGET,
    T_THRESHOLDS,
    T_TIMES,
    Row,
    shape,
)
from gongji.rules.layout import (
    BEGINS,
    CLOCK_SIZE,
    COUNTERS_END,
    CUMULATIVE,
    HIGHER_TOPS_UP,
    LENGTH,
    MOST_EDGES,
    MOST_LAYERS,
    MOST_TIMES,
    NO_DEDUCTIBLE,
    ONCE,
    PER_VISIT,
    TIMES_SIZE,
)

#: How many variants go through in one pass: four vectors of eight.
LANES: Final = 32

#: How many bands a share has at most.
BANDS: Final = MOST_EDGES + 1

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
L_FUNDS: Final = 10 * LANES  # paid by each fund for the person so far
L_SUMS: Final = L_FUNDS + MOST_LAYERS * LANES
L_BORNE_IN_ALL: Final = L_SUMS  # by everybody under the deductible
L_PAID_IN_ALL: Final = L_BORNE_IN_ALL + LANES  # for everybody by each fund
L_SIZE: Final = L_PAID_IN_ALL + MOST_LAYERS * LANES


def lanes_for(places: int) -> Vector:
    """Room to work in, floating point; compiled, it is on the stack, and in registers where it can be."""
    return [0.0] * places


def lane_rows_for(rows: int, lanes: int) -> Matrix:
    """The same as rows of lanes."""
    return [[0.0] * lanes for _ in range(rows)]


def part_in_lane(fen: float, ratio: float) -> float:
    """A ratio of an amount, half-up to the fen: the half fen more keeps the product of the inverse from falling short."""
    part: float = floor((fen * ratio + 5_000.5) * 0.0001)
    return part


def turn_lanes(form: Row, month: int, turns: Vector, state: Matrix) -> None:
    """Set to zero the counters whose period has ended."""
    for index in range(shape(FORM, form, T_CLOCK_COUNT)):
        clock = T_CLOCKS + index * CLOCK_SIZE
        place = shape(FORM, form, clock)
        if month >= turns[place]:
            length, begins = shape(FORM, form, clock + LENGTH), shape(FORM, form, clock + BEGINS)
            turns[place] = ((month - begins) // length + 1) * length + begins
            for other in range(place + 1, shape(FORM, form, clock + COUNTERS_END)):
                counter = state[other]
                for lane in range(LANES):
                    counter[lane] = 0.0


def narrow_lanes(form: Row, terms: Matrix, in_scope: int, account: int, room: Vector) -> None:
    """The in-scope cost that reaches the deductible."""
    whole = float(in_scope)
    for lane in range(LANES):
        room[L_COST + lane] = whole
    for index in range(shape(FORM, form, T_SELF_FIRST)):
        ratio = terms[T_SELF_FIRST + 1 + index]
        for lane in range(LANES):
            room[L_COST + lane] -= part_in_lane(room[L_COST + lane], ratio[lane])
    if shape(FORM, form, T_ACCOUNT_FIRST):
        balance = float(account)
        for lane in range(LANES):
            room[L_COST + lane] -= min(room[L_COST + lane], balance)


def bear_lanes(form: Row, terms: Matrix, days: int, state: Matrix, room: Vector) -> None:
    """What the patient bears under the deductible, and what is left."""
    kind = shape(FORM, form, T_DEDUCTIBLE)
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
    before, threshold = state[shape(FORM, form, T_BORNE)], terms[T_THRESHOLDS]
    if shape(FORM, form, T_COMBINE) == HIGHER_TOPS_UP:
        met = state[shape(FORM, form, T_TARGET)]
        for lane in range(LANES):
            target = max(met[lane], threshold[lane])
            met[lane] = target
            room[L_BORNE + lane] = min(room[L_COST + lane], max(0.0, target - before[lane]))
    elif shape(FORM, form, T_COMBINE) == ONCE:
        met = state[shape(FORM, form, T_TARGET)]
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
        if shape(FORM, form, times) >= 0:
            charged, most = state[shape(FORM, form, times)], terms[times + 1]
            for lane in range(LANES):
                room[L_BORNE + lane] = room[L_BORNE + lane] if charged[lane] < most[lane] else 0.0
    for index in range(MOST_TIMES):
        if shape(FORM, form, T_TIMES + index * TIMES_SIZE) >= 0:
            charged = state[shape(FORM, form, T_TIMES + index * TIMES_SIZE)]
            for lane in range(LANES):
                charged[lane] += 1.0 if room[L_BORNE + lane] > 0.0 else 0.0


def bear_admission_lanes(form: Row, terms: Matrix, days: int, state: Matrix, room: Vector) -> None:
    """So much each admission of the period, each further cycle of a long stay counting as one."""
    kept = shape(FORM, form, T_BORNE) >= 0
    # Admissions are counted alike under every variant.
    before = int(state[shape(FORM, form, T_BORNE)][0]) if kept else 0
    cycles = 1
    if shape(FORM, form, T_CYCLE_DAYS):
        cycles = (days + shape(FORM, form, T_CYCLE_DAYS) - 1) // shape(FORM, form, T_CYCLE_DAYS)
    for lane in range(LANES):
        room[L_BORNE + lane] = 0.0
    for cycle in range(cycles):
        asked = terms[T_THRESHOLDS + min(before + cycle, shape(FORM, form, T_ADMISSIONS) - 1)]
        for lane in range(LANES):
            room[L_BORNE + lane] += asked[lane]
    for lane in range(LANES):
        room[L_BORNE + lane] = min(room[L_COST + lane], room[L_BORNE + lane])
    if kept:
        admissions = state[shape(FORM, form, T_BORNE)]
        for lane in range(LANES):
            admissions[lane] += float(cycles)


def cut_lanes(form: Row, terms: Matrix, state: Matrix, room: Vector) -> None:
    """The cost above the deductible, within the caps on cost."""
    for index in range(shape(FORM, form, T_COST_CAPS)):
        cap = T_COST_CAPS + 1 + index * T_COST_CAP_SIZE
        counts, limit = (1.0 if shape(FORM, form, cap) else 0.0), terms[cap + 2]
        if shape(FORM, form, cap + 1) >= 0:
            before = state[shape(FORM, form, cap + 1)]
            for lane in range(LANES):
                left = limit[lane] - before[lane] - counts * room[L_BORNE + lane]
                room[L_BASE + lane] = min(room[L_BASE + lane], max(0.0, left))
        else:
            for lane in range(LANES):
                left = limit[lane] - counts * room[L_BORNE + lane]
                room[L_BASE + lane] = min(room[L_BASE + lane], max(0.0, left))
    for index in range(shape(FORM, form, T_COST_CAPS)):
        cap = T_COST_CAPS + 1 + index * T_COST_CAP_SIZE
        counts, limit = (1.0 if shape(FORM, form, cap) else 0.0), terms[cap + 2]
        if shape(FORM, form, cap + 1) >= 0:
            before = state[shape(FORM, form, cap + 1)]
            for lane in range(LANES):
                counted = room[L_BASE + lane] + counts * room[L_BORNE + lane]
                before[lane] += min(counted, max(0.0, limit[lane] - before[lane]))
    if shape(FORM, form, T_LAYERS) > 1:
        for lane in range(LANES):
            room[L_ABOVE + lane] = room[L_COST + lane] - room[L_BORNE + lane] - room[L_BASE + lane]
            room[L_UNPAID + lane] = room[L_COST + lane]
