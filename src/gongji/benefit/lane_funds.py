"""The funds' part of a visit in lanes: the shares in the bands, what each fund pays within its caps, what a further one takes.

The steps and their names are those of `kernel`; the room to work in is laid out in `lanes`.
"""

from __future__ import annotations

from numpy import floor

from gongji.benefit.lanes import (
    L_ABOVE,
    L_BASE,
    L_BORNE,
    L_FUNDS,
    L_LEFT,
    L_MISSING,
    L_OWED,
    L_PAID,
    L_POSITION,
    L_UNPAID,
    LANES,
    part_in_lane,
)
from gongji.benefit.population import FORM, Matrix, Vector
from gongji.benefit.terms import (
    T_BAND_COUNTER,
    T_BASIS,
    T_CAP_SIZE,
    T_CAPS,
    T_EDGE_COUNT,
    T_EDGES,
    T_FIRST_LAYER,
    T_LAYER_SIZE,
    T_LAYERS,
    T_MEASURE,
    T_OWN_SHARE,
    T_RATIOS,
    T_SHARE,
    T_STAGE_BORNE,
    T_STAGE_SHARE,
    Row,
    shape,
)
from gongji.rules.layout import FUND, GROSS


def share_lanes(form: Row, terms: Matrix, share: int, state: Matrix, room: Vector, costs: Matrix) -> None:
    """A fund's share in each band: its sum is what it owes; the cost in each band is kept."""
    edges, by_payment = shape(FORM, form, share + T_EDGE_COUNT), shape(FORM, form, share + T_MEASURE) == FUND
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
    if shape(FORM, form, share + T_BAND_COUNTER) >= 0:
        counter = state[shape(FORM, form, share + T_BAND_COUNTER)]
        counts = 1.0 if shape(FORM, form, share + T_MEASURE) == GROSS else 0.0
        if by_payment:
            for lane in range(LANES):
                counter[lane] += room[L_OWED + lane]
        else:
            for lane in range(LANES):
                counter[lane] += room[L_BASE + lane] + counts * room[L_BORNE + lane]


def start_bands(form: Row, share: int, state: Matrix, room: Vector) -> None:
    """Where the bands of a fund begin for the visit."""
    counts = 1.0 if shape(FORM, form, share + T_MEASURE) == GROSS else 0.0
    if shape(FORM, form, share + T_BAND_COUNTER) >= 0:
        counter = state[shape(FORM, form, share + T_BAND_COUNTER)]
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
    """What each fund pays of what is owed, added to the person's sums."""
    share = T_SHARE
    for index in range(shape(FORM, form, T_LAYERS)):
        layer = T_FIRST_LAYER + index * T_LAYER_SIZE
        if shape(FORM, form, layer + T_OWN_SHARE):
            take_unpaid(form, terms, layer, share, room, costs)
            bear_stage(form, terms, layer, state, room)
            share = layer + T_STAGE_SHARE
            share_lanes(form, terms, share, state, room, costs)
        for lane in range(LANES):
            room[L_PAID + lane] = room[L_OWED + lane]
        for place in range(shape(FORM, form, layer + T_CAPS)):
            cap = layer + T_CAPS + 1 + place * T_CAP_SIZE
            limit = terms[cap + 1]
            if shape(FORM, form, cap) >= 0:
                before = state[shape(FORM, form, cap)]
                for lane in range(LANES):
                    room[L_PAID + lane] = min(room[L_PAID + lane], max(0.0, limit[lane] - before[lane]))
            else:
                for lane in range(LANES):
                    room[L_PAID + lane] = min(room[L_PAID + lane], max(0.0, limit[lane]))
        for place in range(shape(FORM, form, layer + T_CAPS)):
            cap = layer + T_CAPS + 1 + place * T_CAP_SIZE
            if shape(FORM, form, cap) >= 0:
                counter = state[shape(FORM, form, cap)]
                for lane in range(LANES):
                    counter[lane] += room[L_PAID + lane]
        add_paid(index, room)


def add_paid(index: int, room: Vector) -> None:
    """Add what a fund pays to the person's sum; the rest is still owed."""
    # The place of a sum is a constant in each branch: a computed one would keep the loop from becoming vectors.
    if index == 0:
        for lane in range(LANES):
            room[L_FUNDS + lane] += room[L_PAID + lane]
    elif index == 1:
        for lane in range(LANES):
            room[L_FUNDS + LANES + lane] += room[L_PAID + lane]
    elif index == 2:
        for lane in range(LANES):
            room[L_FUNDS + 2 * LANES + lane] += room[L_PAID + lane]
    else:
        for lane in range(LANES):
            room[L_FUNDS + 3 * LANES + lane] += room[L_PAID + lane]
    for lane in range(LANES):
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
    if shape(FORM, form, layer + T_BASIS):
        for lane in range(LANES):
            room[L_BASE + lane] = room[L_UNPAID + lane]
            room[L_ABOVE + lane] = 0.0
        return
    edges = shape(FORM, form, share + T_EDGE_COUNT)
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
    if shape(FORM, form, layer + T_STAGE_BORNE) < 0:
        for lane in range(LANES):
            room[L_BORNE + lane] = 0.0
        return
    before, threshold = state[shape(FORM, form, layer + T_STAGE_BORNE)], terms[layer + T_STAGE_BORNE + 1]
    for lane in range(LANES):
        room[L_BORNE + lane] = min(room[L_BASE + lane], max(0.0, threshold[lane] - before[lane]))
    for lane in range(LANES):
        before[lane] += room[L_BORNE + lane]
        room[L_BASE + lane] -= room[L_BORNE + lane]
