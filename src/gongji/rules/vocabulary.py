"""The closed lists of words that rules, packs and settlements share."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Scheme(StrEnum):
    """险种 (insutype of the national interface)."""

    EMPLOYEE = "310"
    RESIDENT = "390"


class CareKind(StrEnum):
    """Which benefit a bill falls under."""

    OUTPATIENT = "outpatient"
    PHARMACY = "pharmacy"
    INPATIENT = "inpatient"
    EMERGENCY = "emergency"
    SPECIAL_DISEASE = "special_disease"
    TWO_DISEASES = "two_diseases"
    SPECIAL_DRUG = "special_drug"


class Tier(StrEnum):
    """医疗机构级别: 一级及以下, 二级, 三级; 社区, 三级特等, 三级专科 and 省级 only where a text sets them apart."""

    TIER_1 = "tier_1"
    TIER_2 = "tier_2"
    TIER_3 = "tier_3"
    COMMUNITY = "community"
    TIER_3_SPECIAL = "tier_3_special"
    PROVINCIAL = "provincial"
    TIER_3_SPECIALIST = "tier_3_specialist"

    @property
    def base(self) -> Tier:
        """The one of the three general tiers that holds where a table does not set this one apart."""
        return _BASE_TIERS.get(self, self)


_BASE_TIERS: Final = {
    Tier.COMMUNITY: Tier.TIER_1,
    Tier.TIER_3_SPECIAL: Tier.TIER_3,
    Tier.TIER_3_SPECIALIST: Tier.TIER_3,
    Tier.PROVINCIAL: Tier.TIER_3,
}


class Status(StrEnum):
    """参保身份: 在职, 退休, 居民."""

    ACTIVE = "active"
    RETIRED = "retired"
    RESIDENT = "resident"


#: Which statuses a scheme insures: a table by status has exactly these.
STATUSES: Final = {Scheme.EMPLOYEE: (Status.ACTIVE, Status.RETIRED), Scheme.RESIDENT: (Status.RESIDENT,)}


class Grade(StrEnum):
    """How far a source can be trusted."""

    OFFICIAL = "A"
    LOCAL_MEDIA = "B"
    SECONDARY = "C"
    FORUM = "D"
    BACKGROUND = "K"


#: Sources of these grades need no warning.
TRUSTED: Final = (Grade.OFFICIAL, Grade.LOCAL_MEDIA)


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


class AllotmentParts(StrEnum):
    """Whom allotted money is for: all relatives of the sharer together, or each their own part."""

    ONE_POT = "one_pot"
    PER_RELATIVE = "per_relative"


class TakeBack(StrEnum):
    """When the sharer gets back what relatives have not used: whenever asked for, or only with the end of the sharing."""

    ANY_TIME = "any_time"
    AT_END = "at_end"


class AllotmentYearEnd(StrEnum):
    """What becomes of allotted money at the turn of the year."""

    RETURNS = "returns"
    STAYS = "stays"


class Combine(StrEnum):
    """How a yearly deductible adds up over institutions of several tiers (interpretation ``mixed_tiers``)."""

    ONE_COUNTER = "one_counter"
    COUNTER_PER_TIER = "counter_per_tier"
    HIGHER_TOPS_UP = "higher_tops_up"
    ONCE = "once"


class Dimension(StrEnum):
    """What a table of a benefit can be keyed by."""

    STATUS = "status"
    TIER = "tier"
    AGE = "age"
    COVER = "cover"
    PROVIDER = "provider"
    GRADE = "grade"
    DISEASE = "disease"
    ADMISSION = "admission"
    BAND = "band"


class Reset(StrEnum):
    """When a counter goes back to zero."""

    CALENDAR_YEAR = "calendar_year"
    INSURANCE_YEAR = "insurance_year"
    QUARTER = "quarter"
    MONTH = "month"


class DeductibleKind(StrEnum):
    """What a deductible is charged on."""

    NONE = "none"
    CUMULATIVE = "cumulative"
    PER_VISIT = "per_visit"
    BY_ADMISSION = "by_admission"


class Measure(StrEnum):
    """What a band's edge or a cap is measured on: cost with the deductible, cost without it, the funds' payment."""

    GROSS = "gross"
    NET = "net"
    FUND = "fund"


class Effect(StrEnum):
    """What a modifier does."""

    POINTS = "points"
    LESS_POINTS = "less_points"
    FACTOR = "factor"
    SELF_PAY_FACTOR = "self_pay_factor"
    SET = "set"
    FIRST_SELF_PAY = "first_self_pay"


class Basis(StrEnum):
    """The cost that a further fund takes: what found no room before it, or all in-scope cost that is still unpaid."""

    NO_ROOM = "no_room"
    UNPAID = "unpaid"


class Late(StrEnum):
    """What makes somebody wait before the funds pay: 集中参保期外参保, 断保后参保, 灵活就业参保."""

    OUTSIDE_WINDOW = "outside_window"
    INTERRUPTED = "interrupted"
    FLEXIBLE = "flexible"


class Attribute(StrEnum):
    """What a rule may ask about a visit: 二档, 签约家庭医生, 全部使用基本药物, 选定或绑定的机构, 建国前老工人."""

    GRADE_2 = "grade_2"
    FAMILY_DOCTOR = "family_doctor"
    ESSENTIAL_DRUGS = "essential_drugs"
    SELECTED_PROVIDER = "selected_provider"
    PRE_1949 = "pre_1949"


class OffSite(StrEnum):
    """Where the patient is treated, and how it came to that: 参保地, 异地备案长住, 转诊, 异地急诊, 未备案."""

    LOCAL = "local"
    FILED = "filed"
    REFERRAL = "referral"
    EMERGENCY = "emergency"
    UNFILED = "unfiled"


class Contributor(StrEnum):
    """To whom a personal account is credited: 在职, 退休, 只参加统筹 (灵活就业人员按低费率缴费)."""

    ACTIVE = "active"
    RETIRED = "retired"
    POOLED_ONLY = "pooled_only"


class AccrualBase(StrEnum):
    """What a monthly credit is a part of: 本人参保缴费基数, 统筹地区基本养老金平均水平."""

    CONTRIBUTION = "contribution_base"
    AVERAGE_PENSION = "average_pension"


class BackPayment(StrEnum):
    """What paying for a gap afterwards counts for: 只计缴费年限, 或并补享待遇."""

    YEARS_ONLY = "years_only"
    BENEFITS_TOO = "benefits_too"


class StatusChange(StrEnum):
    """From which month a new status counts for the monthly credit."""

    SAME_MONTH = "same_month"
    FOLLOWING_MONTH = "following_month"
