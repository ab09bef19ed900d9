"""A bill and its circumstances, and a region's sharing rule, as the integers that the kernel reads."""

from __future__ import annotations

from gongji.benefit import families
from gongji.benefit.entitlement import withheld
from gongji.benefit.model import Bill, Circumstances
from gongji.foundation.errors import InvalidInput
from gongji.rules import layout
from gongji.rules.model import AccountScope, BalanceSource, BenefitRule, SharingRule


def encode_claim(
    bill: Bill, person: Circumstances, diseases: tuple[str, ...] = (), rule: BenefitRule | None = None
) -> list[int]:
    """The claim of one visit.

    Args:
        bill: the visit's bill.
        person: whose visit, where and when.
        diseases: the diseases of the region, in the order of the rule table.
        rule: the rule, where it may withhold or pays a pharmacy as the prescriber; without one neither is looked at.

    Raises:
        InvalidInput: ``bill.too_large`` when the kernel's products could overflow.
    """
    if bill.total > layout.LARGEST:
        raise InvalidInput(
            "bill.too_large",
            "the bill is larger than a population run reckons with",
            "费用金额超出批量测算的范围",
            field="bill",
            accepted=f"at most {layout.LARGEST} fen",
        )
    claim = [0] * layout.CLAIM_SIZE
    claim[layout.MONTH] = person.on.year * 12 + person.on.month - 1
    claim[layout.IN_SCOPE] = bill.in_scope
    claim[layout.STATUS] = layout.STATUS_PLACES[person.status]
    tier = person.prescriber if rule is not None and rule.by_prescriber else None
    claim[layout.TIER] = layout.TIER_PLACES[tier or person.tier]
    claim[layout.AGE] = min(person.age, layout.OLDEST)
    claim[layout.COVERED] = min(person.months_covered, layout.LONGEST_COVER)
    claim[layout.CASES] = sum(bit for word, bit in layout.CASE_BITS.items() if word in person.cases)
    if rule is not None and withheld(rule, person) is not None:
        claim[layout.CASES] |= layout.WITHHELD_BIT
    claim[layout.ACCOUNT] = person.current_account
    claim[layout.DAYS] = person.days
    claim[layout.DISEASE] = diseases.index(person.disease) if person.disease in diseases else -1
    return claim


def encode_sharing(rule: SharingRule | None) -> list[int]:
    """The terms on which accounts pay; without a rule the patient's own pay everything and nobody shares."""
    terms = [0] * families.SHARING_SIZE
    if rule is not None:
        # No file of claims tells what was allotted: where money has to be, nobody's account is known to help.
        terms[families.SHARES] = int(not rule.allotment_required)
        terms[families.POLICY_ONLY] = int(rule.account_scope is AccountScope.POLICY_ONLY)
        terms[families.FIRST_SELF_PAY_PAYABLE] = int(rule.first_self_pay_payable)
        terms[families.HISTORICAL_ONLY] = int(rule.balance_source is BalanceSource.HISTORICAL_ONLY)
        terms[families.RETAINED_FLOOR] = rule.retained_floor
    return terms
