"""Where each number stands in a rule's row of integers, in a claim, in a person's state and in a result.

A row is one list of 64-bit integers: the fixed places below, then the numbers of its tables one after another. All
amounts are fen, all ratios per ten thousand.

A *counter* is one place: where it stands in the person's state, or `NOT_KEPT`. A *table* is eight places: where its
numbers begin in the row, and how far apart they lie by status, tier, age class, cover class, provider, disease and grade
(0 where the table is not keyed by it). A *share* is the ratios and bands of one fund.

Counters that go back to zero together share a *clock*. In a person's state a clock is the month in which it next
turns (months since January of year 0), then the counters that it sets to zero; a state begins as zeros. In a row a
clock is four places: where it stands in the state, where its counters end, the length of its period in months, and how
many months after January of year 0 the first period begins.
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

#: How many places a table and a clock take, and the parts of a clock.
TABLE: Final = 8
CLOCK_SIZE: Final = 4
COUNTERS_END: Final = 1
LENGTH: Final = 2
BEGINS: Final = 3

#: The place of a counter that is not kept across visits.
NOT_KEPT: Final = -1

#: How many of each a row has room for.
MOST_AGE_EDGES: Final = 4
MOST_COVER_EDGES: Final = 2
MOST_CLOCKS: Final = 4
MOST_ADMISSIONS: Final = 10
MOST_TIMES: Final = 2
MOST_WAIVERS: Final = 2
MOST_EDGES: Final = 5
MOST_MODIFIERS: Final = 6
MOST_CAPS: Final = 4
MOST_LAYERS: Final = 4

# Who and where.
AS_TIER: Final = 0  # the tier every visit counts as, or -1
ACCOUNT_FIRST: Final = 1
WITHHOLDS: Final = 2  # whether the rule pays nothing for some visits, those with `WITHHELD_BIT`
AGE_EDGES: Final = 3  # ages at which a class begins, ascending, filled up with an age nobody reaches
COVER_EDGES: Final = AGE_EDGES + MOST_AGE_EDGES

# When its counters go back to zero.
CLOCK_COUNT: Final = COVER_EDGES + MOST_COVER_EDGES
CLOCKS: Final = CLOCK_COUNT + 1

# The deductible.
DEDUCTIBLE: Final = CLOCKS + MOST_CLOCKS * CLOCK_SIZE  # kind
COMBINE: Final = DEDUCTIBLE + 1
BORNE: Final = COMBINE + 1  # counter of what was borne (by tier: the first of them), or of admissions
TARGET: Final = BORNE + 1  # counter of the threshold met
AMOUNTS: Final = TARGET + 1  # table of thresholds
ADMISSION_STEP: Final = AMOUNTS + TABLE  # how far apart the table's admissions lie
ADMISSIONS: Final = ADMISSION_STEP + 1  # how many admissions have an amount of their own
CYCLE_DAYS: Final = ADMISSIONS + 1
TIMES: Final = CYCLE_DAYS + 1  # counters of charges, each followed by how many there may be
TIMES_SIZE: Final = 2
WAIVER_COUNT: Final = TIMES + MOST_TIMES * TIMES_SIZE
WAIVERS: Final = WAIVER_COUNT + 1  # the attribute's bit, then the table of what is taken off
WAIVER_SIZE: Final = 1 + TABLE

# A share.
SHARE_STEP: Final = TABLE  # after the table of ratios: how far apart its bands lie
SHARE_EDGE_COUNT: Final = SHARE_STEP + 1
SHARE_EDGES: Final = SHARE_EDGE_COUNT + 1
SHARE_MEASURE: Final = SHARE_EDGES + MOST_EDGES
SHARE_COUNTER: Final = SHARE_MEASURE + 1
SHARE_SIZE: Final = SHARE_COUNTER + 1

# The share of the pooled fund, and what changes it.
RATIOS: Final = WAIVERS + MOST_WAIVERS * WAIVER_SIZE
MODIFIER_COUNT: Final = RATIOS + SHARE_SIZE
MODIFIERS: Final = MODIFIER_COUNT + 1  # the bits of its cases, its effect, its table
MODIFIER_SIZE: Final = 2 + TABLE

# The funds.
LAYER_COUNT: Final = MODIFIERS + MOST_MODIFIERS * MODIFIER_SIZE
LAYERS: Final = LAYER_COUNT + 1
CAP_SIZE: Final = 3 + TABLE  # measure, counter, places between the counters of diseases, table of limits
CAP_COUNTER: Final = 1
CAP_DISEASES: Final = 2
CAP_LIMITS: Final = CAP_DISEASES + 1
OWN_SHARE: Final = 0  # whether it has a share of its own
BASIS: Final = 1  # whether it takes all cost that is still unpaid
STAGE_BORNE: Final = 2  # counter of its own deductible, then the table of thresholds
STAGE_AMOUNTS: Final = STAGE_BORNE + 1
STAGE_SHARE: Final = STAGE_AMOUNTS + TABLE
CAP_COUNT: Final = STAGE_SHARE + SHARE_SIZE  # the caps follow
CAPS: Final = CAP_COUNT + 1
LAYER_SIZE: Final = CAPS + MOST_CAPS * CAP_SIZE

#: The first number of the tables.
NUMBERS: Final = LAYERS + MOST_LAYERS * LAYER_SIZE

# A claim: the visit, then its money.
MONTH: Final = 0  # months since January of year 0
STATUS: Final = 1
TIER: Final = 2
AGE: Final = 3  # `OLDEST` for more
COVERED: Final = 4  # months of unbroken cover; `LONGEST_COVER` for more
CASES: Final = 5  # bits of `CASE_BITS`, and `WITHHELD_BIT`
DAYS: Final = 6
DISEASE: Final = 7  # place in the region's list, or -1
VISIT_SIZE: Final = 8
IN_SCOPE: Final = 8
ACCOUNT: Final = 9  # fen in the current-year account
CLAIM_SIZE: Final = 10

#: No class of a table begins later than these (`grid.CLASS` for cover; nobody grows older).
OLDEST: Final = 127
LONGEST_COVER: Final = 1023

# What comes out for a visit.
OFFSITE_BORNE: Final = 0
ACCOUNT_BORNE: Final = 1
DEDUCTIBLE_BORNE: Final = 2
RATIO: Final = 3
SHARE: Final = 4
PAID: Final = 5  # by each fund
RESULT_SIZE: Final = PAID + MOST_LAYERS

#: How many dimensions a visit has a place in.
PLACES: Final = TABLE - 1

STATUS_PLACES: Final = {Status.ACTIVE: 0, Status.RETIRED: 1, Status.RESIDENT: 2}
TIER_PLACES: Final = {tier: place for place, tier in enumerate(Tier)}

#: A case's bit, for modifiers, waivers and the provider.
CASE_BITS: Final[dict[str, int]] = {
    str(word): 1 << place
    for place, word in enumerate([*Status, *Attribute, *(way for way in OffSite if way is not OffSite.LOCAL)])
}
SELECTED_BIT: Final = CASE_BITS[Attribute.SELECTED_PROVIDER]
GRADE_2_BIT: Final = CASE_BITS[Attribute.GRADE_2]

#: Set where the rule pays nothing for the visit: somebody insured late still waits, a pharmacy has no prescription.
WITHHELD_BIT: Final = 1 << len(CASE_BITS)
CASE_SETS: Final = WITHHELD_BIT << 1

# Words as numbers.
NO_DEDUCTIBLE, CUMULATIVE, PER_VISIT, BY_ADMISSION = range(len(DeductibleKind))
ONE_COUNTER, COUNTER_PER_TIER, HIGHER_TOPS_UP, ONCE = range(len(Combine))
GROSS, NET, FUND = range(len(Measure))
POINTS, LESS_POINTS, FACTOR, SELF_PAY_FACTOR, SET, FIRST_SELF_PAY = range(len(Effect))
DEDUCTIBLE_NUMBERS: Final = {kind: number for number, kind in enumerate(DeductibleKind)}
COMBINE_NUMBERS: Final = {combine: number for number, combine in enumerate(Combine)}
MEASURE_NUMBERS: Final = {measure: number for number, measure in enumerate(Measure)}
EFFECT_NUMBERS: Final = {effect: number for number, effect in enumerate(Effect)}

#: The general tier behind each tier, by place.
BASE_TIERS: Final = tuple(TIER_PLACES[tier.base] for tier in Tier)

#: The largest amount a row or a claim may hold, fen: times a ratio it still fits a 64-bit integer with room to spare.
LARGEST: Final = 10**13
