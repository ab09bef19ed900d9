"""A rule's terms for one kind of visit: every number looked up, waived and modified, in integers alone.

What a rule says depends on who is treated where, on few kinds of visit; what a visit costs and when it was does not
change it. So the terms are worked out once for each kind of visit and serve all visits of that kind (`kernel`).

Terms are one list of integers, laid out below; the names begin with ``T_``. What is the same whatever the numbers are
(kinds, counts, places of counters) is the *form* of the terms. What all terms of some rules share of their form can be
known before any visit (`form`); every place of the form is read by `shape`.
"""

from __future__ import annotations

from typing import Final, Protocol

from gongji.rules.cells import PARTS_OF_STEPS
from gongji.rules.layout import (
    ACCOUNT_FIRST,
    ADMISSION_STEP,
    ADMISSIONS,
    AGE,
    AGE_EDGES,
    AMOUNTS,
    AS_TIER,
    BASE_TIERS,
    BASIS,
    BORNE,
    CAP_COUNT,
    CAP_COUNTER,
    CAP_DISEASES,
    CAP_LIMITS,
    CAP_SIZE,
    CAPS,
    CASES,
    CLOCK_COUNT,
    CLOCK_SIZE,
    CLOCKS,
    COMBINE,
    COUNTER_PER_TIER,
    COVER_EDGES,
    COVERED,
    CUMULATIVE,
    CYCLE_DAYS,
    DEDUCTIBLE,
    DISEASE,
    FACTOR,
    FIRST_SELF_PAY,
    FUND,
    GRADE_2_BIT,
    GROSS,
    LAYER_COUNT,
    LAYER_SIZE,
    LAYERS,
    LESS_POINTS,
    MODIFIER_COUNT,
    MODIFIER_SIZE,
    MODIFIERS,
    MOST_ADMISSIONS,
    MOST_AGE_EDGES,
    MOST_CAPS,
    MOST_CLOCKS,
    MOST_COVER_EDGES,
    MOST_EDGES,
    MOST_LAYERS,
    MOST_MODIFIERS,
    MOST_TIMES,
    NET,
    NO_DEDUCTIBLE,
    NOT_KEPT,
    OWN_SHARE,
    PLACES,
    POINTS,
    RATIOS,
    RESULT_SIZE,
    SELECTED_BIT,
    SET,
    SHARE_COUNTER,
    SHARE_EDGE_COUNT,
    SHARE_EDGES,
    SHARE_MEASURE,
    SHARE_STEP,
    STAGE_AMOUNTS,
    STAGE_BORNE,
    STAGE_SHARE,
    STATUS,
    TARGET,
    TIER,
    TIMES,
    TIMES_SIZE,
    WAIVER_COUNT,
    WAIVER_SIZE,
    WAIVERS,
    WITHHELD_BIT,
)

# What the patient bears before the deductible.
T_SELF_FIRST: Final = 0  # how many parts of the cost, then their ratios
T_ACCOUNT_FIRST: Final = T_SELF_FIRST + 1 + MOST_MODIFIERS

# The clocks of the rule's counters, as in its row.
T_CLOCK_COUNT: Final = T_ACCOUNT_FIRST + 1
T_CLOCKS: Final = T_CLOCK_COUNT + 1

# The deductible.
T_DEDUCTIBLE: Final = T_CLOCKS + MOST_CLOCKS * CLOCK_SIZE
T_COMBINE: Final = T_DEDUCTIBLE + 1
T_BORNE: Final = T_COMBINE + 1  # counter of what was borne, or of admissions
T_TARGET: Final = T_BORNE + 1
T_CYCLE_DAYS: Final = T_TARGET + 1
T_TIMES: Final = T_CYCLE_DAYS + 1  # as in the row
T_ADMISSIONS: Final = T_TIMES + MOST_TIMES * TIMES_SIZE  # how many thresholds there are; one where admissions are alike
T_THRESHOLDS: Final = T_ADMISSIONS + 1  # waivers taken off

# The caps on cost.
T_COST_CAPS: Final = T_THRESHOLDS + MOST_ADMISSIONS  # how many, then of each: whether gross, its counter, its limit
T_COST_CAP_SIZE: Final = 3

# A share: what its bands are measured on, their counter, how many edges, the edges, the ratios as modified.
T_MEASURE: Final = 0
T_BAND_COUNTER: Final = 1
T_EDGE_COUNT: Final = 2
T_EDGES: Final = 3
T_RATIOS: Final = T_EDGES + MOST_EDGES
T_SHARE_SIZE: Final = T_RATIOS + MOST_EDGES + 1

# The share of the pooled fund, then the funds.
T_SHARE: Final = T_COST_CAPS + 1 + MOST_CAPS * T_COST_CAP_SIZE
T_LAYERS: Final = T_SHARE + T_SHARE_SIZE  # how many, then each
T_FIRST_LAYER: Final = T_LAYERS + 1
T_OWN_SHARE: Final = 0  # whether it has a share of its own
T_BASIS: Final = 1  # whether it takes all cost that is still unpaid
T_CAPS: Final = 2  # how many, then of each: its counter, its limit
T_CAP_SIZE: Final = 2
T_STAGE_BORNE: Final = T_CAPS + 1 + MOST_CAPS * T_CAP_SIZE  # counter and threshold of its own deductible
T_STAGE_SHARE: Final = T_STAGE_BORNE + 2
T_LAYER_SIZE: Final = T_STAGE_SHARE + T_SHARE_SIZE

TERMS_SIZE: Final = T_FIRST_LAYER + MOST_LAYERS * T_LAYER_SIZE

#: Stands in a form for what is not known beforehand: terms differ in it, or it is a number.
VARIES: Final = -(1 << 40)

# A form, behind what is known of the terms, 1 or 0 each: whether terms are found by a cell's place in an index, or the cell
# itself is their place; whether there are more rules than one; which steps tell cells apart; which results are wanted.
F_CELLS: Final = TERMS_SIZE
F_RULES: Final = F_CELLS + 1
F_STEPS: Final = F_RULES + 1
F_WANTED: Final = F_STEPS + PARTS_OF_STEPS
FORM_SIZE: Final = F_WANTED + RESULT_SIZE

#: The form of which nothing is known; all results are wanted.
OPEN: Final = (VARIES,) * TERMS_SIZE + (1,) * (FORM_SIZE - TERMS_SIZE)

# Room to work in: the visit's place in each dimension of the tables, then its cases.
PLACED_CASES: Final = PLACES
PLACED_SIZE: Final = PLACES + 1


class Integers(Protocol):
    """A list of integers, or an array of them."""

    def __getitem__(self, place: int, /) -> int: ...
    def __setitem__(self, place: int, value: int, /) -> None: ...


class Row(Protocol):
    """Integers that are only read."""

    def __getitem__(self, place: int, /) -> int: ...


def shape(form: Row, terms: Row, place: int) -> int:
    """What stands at a place of the terms' form.

    A form that is known when the kernel is compiled is a constant there, and so is what this returns: the steps that no
    terms ask for are not even in the machine code (`compiled`).
    """
    return terms[place] if form[place] == VARIES else form[place]


def part_of(fen: int, ratio: int) -> int:
    """A ratio of an amount, half-up to the fen."""
    return (fen * ratio + 5_000) // 10_000


def resolve(row: Row, visit: Row, placed: Integers, terms: Integers) -> None:
    """Work out a rule's terms for a visit.

    Args:
        row: the rule.
        visit: the visit; its month and its days are not looked at.
        placed: room to work in, `PLACED_SIZE` places, of any content.
        terms: `TERMS_SIZE` places, of any content.
    """
    find_place(row, visit, placed)
    terms[T_CLOCK_COUNT] = row[CLOCK_COUNT]
    for place in range(MOST_CLOCKS * CLOCK_SIZE):
        terms[T_CLOCKS + place] = row[CLOCKS + place]
    if visit[CASES] & WITHHELD_BIT:
        withhold(terms)
    else:
        resolve_scope(row, placed, terms)
        resolve_deductible(row, placed, terms)
        resolve_share(row, RATIOS, placed, terms, T_SHARE)
        modify(row, placed, terms)
        resolve_cost_caps(row, placed, terms)
        resolve_layers(row, placed, terms)


def withhold(terms: Integers) -> None:
    """The terms of a visit for which the rule pays nothing and counts nothing."""
    terms[T_SELF_FIRST] = 0
    terms[T_ACCOUNT_FIRST] = 0
    terms[T_DEDUCTIBLE] = NO_DEDUCTIBLE
    terms[T_COST_CAPS] = 0
    terms[T_SHARE + T_MEASURE] = NET
    terms[T_SHARE + T_BAND_COUNTER] = NOT_KEPT
    terms[T_SHARE + T_EDGE_COUNT] = 0
    terms[T_SHARE + T_RATIOS] = 0
    terms[T_LAYERS] = 0


def find_place(row: Row, visit: Row, placed: Integers) -> None:
    """Where the visit stands in every table: status, tier, age class, cover class, provider, disease, grade."""
    ages = 0
    for edge in range(MOST_AGE_EDGES):
        if visit[AGE] >= row[AGE_EDGES + edge]:
            ages += 1
    covers = 0
    for edge in range(MOST_COVER_EDGES):
        if visit[COVERED] >= row[COVER_EDGES + edge]:
            covers += 1
    placed[0] = visit[STATUS]
    placed[1] = visit[TIER] if row[AS_TIER] < 0 else row[AS_TIER]
    placed[2] = ages
    placed[3] = covers
    placed[4] = 1 if visit[CASES] & SELECTED_BIT else 0
    placed[5] = visit[DISEASE]
    placed[6] = 1 if visit[CASES] & GRADE_2_BIT else 0
    placed[PLACED_CASES] = visit[CASES]


def number(row: Row, table: int, placed: Row, beyond: int) -> int:
    """The number of a table that holds for the visit; `beyond` leads on to a later band or admission."""
    at = row[table] + beyond
    for dimension in range(PLACES):
        at += row[table + 1 + dimension] * placed[dimension]
    return row[at]


def resolve_scope(row: Row, placed: Row, terms: Integers) -> None:
    """What leaves the in-scope cost before the deductible."""
    terms[T_ACCOUNT_FIRST] = row[ACCOUNT_FIRST]
    count = 0
    for index in range(row[MODIFIER_COUNT]):
        modifier = MODIFIERS + index * MODIFIER_SIZE
        if row[modifier] & placed[PLACED_CASES] and row[modifier + 1] == FIRST_SELF_PAY:
            count += 1
            terms[T_SELF_FIRST + count] = number(row, modifier + 2, placed, 0)
    terms[T_SELF_FIRST] = count


def resolve_deductible(row: Row, placed: Row, terms: Integers) -> None:
    """The deductible and what it asks for, waivers taken off."""
    terms[T_DEDUCTIBLE] = row[DEDUCTIBLE]
    terms[T_COMBINE] = row[COMBINE]
    terms[T_BORNE] = row[BORNE]
    if row[DEDUCTIBLE] == CUMULATIVE and row[COMBINE] == COUNTER_PER_TIER:
        terms[T_BORNE] += BASE_TIERS[placed[1]]
    terms[T_TARGET] = row[TARGET]
    terms[T_CYCLE_DAYS] = row[CYCLE_DAYS]
    for place in range(MOST_TIMES * TIMES_SIZE):
        terms[T_TIMES + place] = row[TIMES + place]
    admissions = max(1, row[ADMISSIONS])
    terms[T_ADMISSIONS] = admissions
    for admission in range(admissions):
        asked = number(row, AMOUNTS, placed, admission * row[ADMISSION_STEP])
        for index in range(row[WAIVER_COUNT]):
            waiver = WAIVERS + index * WAIVER_SIZE
            if row[waiver] & placed[PLACED_CASES]:
                asked = max(0, asked - number(row, waiver + 1, placed, 0))
        terms[T_THRESHOLDS + admission] = asked


def resolve_share(row: Row, share: int, placed: Row, terms: Integers, to: int) -> None:
    """The bands of a fund and the ratio of each."""
    terms[to + T_MEASURE] = row[share + SHARE_MEASURE]
    terms[to + T_BAND_COUNTER] = row[share + SHARE_COUNTER]
    edges = row[share + SHARE_EDGE_COUNT]
    terms[to + T_EDGE_COUNT] = edges
    for edge in range(edges):
        terms[to + T_EDGES + edge] = row[share + SHARE_EDGES + edge]
    for band in range(edges + 1):
        terms[to + T_RATIOS + band] = number(row, share, placed, band * row[share + SHARE_STEP])


def modify(row: Row, placed: Row, terms: Integers) -> None:
    """The pooled fund's ratios as the visit's cases change them."""
    for band in range(terms[T_SHARE + T_EDGE_COUNT] + 1):
        ratio = T_SHARE + T_RATIOS + band
        terms[ratio] = modified(row, placed, terms[ratio])


def modified(row: Row, placed: Row, written: int) -> int:
    """The ratio as the visit's cases change it."""
    ratio = written
    for index in range(row[MODIFIER_COUNT]):
        modifier = MODIFIERS + index * MODIFIER_SIZE
        if row[modifier] & placed[PLACED_CASES]:
            effect = row[modifier + 1]
            by = number(row, modifier + 2, placed, 0)
            if effect == POINTS:
                ratio += by
            elif effect == LESS_POINTS:
                ratio -= by
            elif effect == FACTOR:
                ratio = part_of(ratio, by)
            elif effect == SET:
                ratio = by
            elif effect != FIRST_SELF_PAY:
                ratio = 10_000 - part_of(10_000 - ratio, by)
            ratio = min(10_000, max(0, ratio))
    return ratio


def cap_place(row: Row, cap: int, placed: Row) -> int:
    """The place of the counter of a cap, for the visit's disease where each has its own."""
    place = row[cap + CAP_COUNTER]
    if place < 0 or not row[cap + CAP_DISEASES]:
        return place
    return place + placed[5] if placed[5] >= 0 else NOT_KEPT


def resolve_cost_caps(row: Row, placed: Row, terms: Integers) -> None:
    """The caps on cost: those of the first fund that are not on what it pays."""
    count = 0
    for index in range(row[LAYERS + CAP_COUNT]):
        cap = LAYERS + CAPS + index * CAP_SIZE
        if row[cap] != FUND:
            to = T_COST_CAPS + 1 + count * T_COST_CAP_SIZE
            terms[to] = 1 if row[cap] == GROSS else 0
            terms[to + 1] = cap_place(row, cap, placed)
            terms[to + 2] = number(row, cap + CAP_LIMITS, placed, 0)
            count += 1
    terms[T_COST_CAPS] = count


def resolve_layers(row: Row, placed: Row, terms: Integers) -> None:
    """The funds, with their own shares and their caps on what they pay."""
    terms[T_LAYERS] = row[LAYER_COUNT]
    for index in range(row[LAYER_COUNT]):
        layer = LAYERS + index * LAYER_SIZE
        to = T_FIRST_LAYER + index * T_LAYER_SIZE
        terms[to + T_OWN_SHARE] = row[layer + OWN_SHARE]
        terms[to + T_BASIS] = row[layer + BASIS]
        terms[to + T_STAGE_BORNE] = row[layer + STAGE_BORNE]
        if row[layer + OWN_SHARE]:
            terms[to + T_STAGE_BORNE + 1] = number(row, layer + STAGE_AMOUNTS, placed, 0)
            resolve_share(row, layer + STAGE_SHARE, placed, terms, to + T_STAGE_SHARE)
        count = 0
        for place in range(row[layer + CAP_COUNT]):
            cap = layer + CAPS + place * CAP_SIZE
            if row[cap] == FUND:
                at = to + T_CAPS + 1 + count * T_CAP_SIZE
                terms[at] = cap_place(row, cap, placed)
                terms[at + 1] = number(row, cap + CAP_LIMITS, placed, 0)
                count += 1
        terms[to + T_CAPS] = count
