"""Where each number stands in a rule's row of integers, in a claim, in a person's state and in a result.

A row is one list of 64-bit integers: the fixed places below, then the numbers of its tables one after another. All
amounts are fen, all ratios per ten thousand.

A *counter* is three places: its slot in the person's state (-1 where there is none), the length of its period in
months, and how many months after January of year 0 the first period begins. A *table* is seven places: where its
numbers begin in the row, and how far apart they lie by status, tier, age class, cover class, provider and disease (0
where the table is not keyed by it).

A state has two places a slot: the counter's value, and the period it was last moved in.
"""

from __future__ import annotations

from typing import Final

from gongji.rules.vocabulary import (
    Attribute,
    Combine,
    DeductibleKind,
    Effect,
    Measure,
    OffSite,
    Status,
    Tier,
)

#: How many places a counter and a table take, and the parts of a counter.
COUNTER: Final = 3
TABLE: Final = 7
LENGTH: Final = 1
BEGINS: Final = 2

#: No slot: the number is not kept across visits.
NO_SLOT: Final = -1

#: How many of each a row has room for.
MOST_AGE_EDGES: Final = 4
MOST_COVER_EDGES: Final = 2
MOST_TIMES: Final = 2
MOST_WAIVERS: Final = 2
MOST_EDGES: Final = 5
MOST_MODIFIERS: Final = 6
MOST_CAPS: Final = 4
MOST_LAYERS: Final = 3

# Who and where.
AS_TIER: Final = 0  # the tier every visit counts as, or -1
ACCOUNT_FIRST: Final = 1
AGE_EDGES: Final = 2  # ages at which a class begins, ascending, filled up with an age nobody reaches
COVER_EDGES: Final = AGE_EDGES + MOST_AGE_EDGES

# The deductible.
DEDUCTIBLE: Final = COVER_EDGES + MOST_COVER_EDGES  # kind
COMBINE: Final = DEDUCTIBLE + 1
BORNE: Final = COMBINE + 1  # counter of what was borne, or of admissions
TARGET: Final = BORNE + COUNTER  # counter of the threshold met
AMOUNTS: Final = TARGET + COUNTER  # table of thresholds
ADMISSION_STEP: Final = AMOUNTS + TABLE  # how far apart the table's admissions lie
ADMISSIONS: Final = ADMISSION_STEP + 1  # how many admissions have an amount of their own
CYCLE_DAYS: Final = ADMISSIONS + 1
TIMES: Final = CYCLE_DAYS + 1  # counters of charges, each followed by how many there may be
TIMES_SIZE: Final = COUNTER + 1
WAIVER_COUNT: Final = TIMES + MOST_TIMES * TIMES_SIZE
WAIVERS: Final = WAIVER_COUNT + 1  # the attribute's bit, then the table of what is taken off
WAIVER_SIZE: Final = 1 + TABLE

# The share.
RATIOS: Final = WAIVERS + MOST_WAIVERS * WAIVER_SIZE  # table of ratios
BAND_STEP: Final = RATIOS + TABLE  # how far apart the table's bands lie
EDGE_COUNT: Final = BAND_STEP + 1
EDGES: Final = EDGE_COUNT + 1
MEASURE: Final = EDGES + MOST_EDGES
BAND_COUNTER: Final = MEASURE + 1
MODIFIER_COUNT: Final = BAND_COUNTER + COUNTER
MODIFIERS: Final = MODIFIER_COUNT + 1  # the bits of its cases, its effect, its table
MODIFIER_SIZE: Final = 2 + TABLE

# The funds.
LAYER_COUNT: Final = MODIFIERS + MOST_MODIFIERS * MODIFIER_SIZE
LAYERS: Final = LAYER_COUNT + 1  # whether it has a ratio of its own, the table, how many caps, the caps
CAP_SIZE: Final = 1 + COUNTER + 1 + TABLE  # measure, counter, slots between diseases, table of limits
CAP_COUNTER: Final = 1
CAP_DISEASES: Final = CAP_COUNTER + COUNTER
CAP_LIMITS: Final = CAP_DISEASES + 1
OWN_RATIO: Final = 0
LAYER_RATIOS: Final = 1
CAP_COUNT: Final = LAYER_RATIOS + TABLE
CAPS: Final = CAP_COUNT + 1
LAYER_SIZE: Final = CAPS + MOST_CAPS * CAP_SIZE

#: The first number of the tables.
NUMBERS: Final = LAYERS + MOST_LAYERS * LAYER_SIZE

# A claim.
MONTH: Final = 0  # months since January of year 0
IN_SCOPE: Final = 1
STATUS: Final = 2
TIER: Final = 3
AGE: Final = 4
COVERED: Final = 5  # months of unbroken cover
CASES: Final = 6  # bits of `CASE_BITS`
ACCOUNT: Final = 7  # fen in the current-year account
DAYS: Final = 8
DISEASE: Final = 9  # place in the region's list, or -1
CLAIM_SIZE: Final = 10

# What comes out for a visit.
OFFSITE_BORNE: Final = 0
ACCOUNT_BORNE: Final = 1
DEDUCTIBLE_BORNE: Final = 2
RATIO: Final = 3
SHARE: Final = 4
PAID: Final = 5  # by each fund
RESULT_SIZE: Final = PAID + MOST_LAYERS

# Room to work in: the visit's place in the tables, then cost, ratio and share in each band.
PLACE: Final = 0
PLACES: Final = TABLE - 1
PARTS: Final = PLACES
WORK_SIZE: Final = PARTS + 3 * (MOST_EDGES + 1)

STATUS_PLACES: Final = {Status.ACTIVE: 0, Status.RETIRED: 1, Status.RESIDENT: 2}
TIER_PLACES: Final = {tier: place for place, tier in enumerate(Tier)}

#: A case's bit, for modifiers, waivers and the provider.
CASE_BITS: Final[dict[str, int]] = {
    str(word): 1 << place
    for place, word in enumerate([*Status, *Attribute, *(way for way in OffSite if way is not OffSite.LOCAL)])
}
SELECTED_BIT: Final = CASE_BITS[Attribute.SELECTED_PROVIDER]

# Words as numbers.
NO_DEDUCTIBLE, CUMULATIVE, PER_VISIT, BY_ADMISSION = range(len(DeductibleKind))
ONE_COUNTER, COUNTER_PER_TIER, HIGHER_TOPS_UP, ONCE = range(len(Combine))
GROSS, NET, FUND = range(len(Measure))
POINTS, LESS_POINTS, FACTOR, SELF_PAY_FACTOR, FIRST_SELF_PAY = range(len(Effect))
DEDUCTIBLE_NUMBERS: Final = {kind: number for number, kind in enumerate(DeductibleKind)}
COMBINE_NUMBERS: Final = {combine: number for number, combine in enumerate(Combine)}
MEASURE_NUMBERS: Final = {measure: number for number, measure in enumerate(Measure)}
EFFECT_NUMBERS: Final = {effect: number for number, effect in enumerate(Effect)}

#: The general tier behind each tier, by place.
BASE_TIERS: Final = tuple(TIER_PLACES[tier.base] for tier in Tier)

#: The largest amount a row or a claim may hold, fen: times a ratio it still fits a 64-bit integer with room to spare.
LARGEST: Final = 10**13
