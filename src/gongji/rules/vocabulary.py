"""The closed lists of words that rules, packs and settlements share."""

from __future__ import annotations

from enum import StrEnum


class Scheme(StrEnum):
    """险种 (insutype of the national interface)."""

    EMPLOYEE = "310"
    RESIDENT = "390"


class CareKind(StrEnum):
    """Which benefit a bill falls under."""

    OUTPATIENT = "outpatient"
    PHARMACY = "pharmacy"


class Tier(StrEnum):
    """医疗机构级别."""

    TIER_1 = "tier_1"
    TIER_2 = "tier_2"
    TIER_3 = "tier_3"


class Status(StrEnum):
    """参保身份: 在职, 退休, 居民."""

    ACTIVE = "active"
    RETIRED = "retired"
    RESIDENT = "resident"


class Grade(StrEnum):
    """How far a source can be trusted."""

    OFFICIAL = "A"
    LOCAL_MEDIA = "B"
    SECONDARY = "C"
    FORUM = "D"
    BACKGROUND = "K"


class Relation(StrEnum):
    """What the user (被共济人) is to the sharer (共济人)."""

    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    SIBLING = "sibling"
    GRANDPARENT = "grandparent"
    GRANDCHILD = "grandchild"
    PARENT_IN_LAW = "parent_in_law"


class Purpose(StrEnum):
    """What a shared account may be spent on."""

    CARE = "care"
    INPATIENT = "inpatient"
    DEPOSIT = "deposit"
    PHARMACY = "pharmacy"
    RESIDENT_PREMIUM = "resident_premium"
    LTC_PREMIUM = "ltc_premium"


class ForbiddenUse(StrEnum):
    """What no personal account may ever be spent on."""

    PUBLIC_HEALTH = "public_health"
    FITNESS = "fitness"
    WELLNESS = "wellness"
    OUTSIDE_BASIC_INSURANCE = "outside_basic_insurance"


class Procedure(StrEnum):
    """How an authorisation comes into force: after the agency's review, or at once on the sharer's commitment."""

    REVIEW = "review"
    COMMITMENT = "commitment"


class Area(StrEnum):
    """How far apart the sharer's and the user's insurance may be."""

    CITY = "city"
    PROVINCE = "province"


class Trigger(StrEnum):
    """What makes a shared account pay: the user's own account being short, or somebody asking for it."""

    AUTOMATIC = "automatic"
    ON_REQUEST = "on_request"


class AccountScope(StrEnum):
    """Which part of the bill accounts may pay: in-scope cost only, or all that the patient bears."""

    POLICY_ONLY = "policy_only"
    SELF_BORNE = "self_borne"


class FlagTwo(StrEnum):
    """What acct_used_flag 2 of the national interface asks for."""

    OWN_FIRST = "own_first"
    SHARERS_ONLY = "sharers_only"


class BalanceSource(StrEnum):
    """Which balance of the sharer may be shared."""

    TOTAL = "total"
    HISTORICAL_ONLY = "historical_only"


class Combine(StrEnum):
    """How a yearly deductible adds up over institutions of several tiers (interpretation ``mixed_tiers``)."""

    ONE_COUNTER = "one_counter"
    COUNTER_PER_TIER = "counter_per_tier"
    HIGHER_TOPS_UP = "higher_tops_up"
