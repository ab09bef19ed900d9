"""What the readings of what a text leaves open are worth: standard visits, assessed under each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Final, TypeAlias

from gongji.benefit.assess import assess
from gongji.benefit.model import Bill, Circumstances
from gongji.rules.book import RuleBook
from gongji.rules.lineage import Lineage
from gongji.rules.model import (
    STATUSES,
    Attribute,
    BenefitRule,
    CareKind,
    Dimension,
    Interpretation,
    OffSite,
    Status,
    Tier,
)
from gongji.rules.pack import BenefitEntries, BenefitKey, benefit_word

#: In-scope cost of a standard visit, fen: of an admission, and of any other kind of care.
ADMISSIONS: Final = (500_000, 3_000_000, 15_000_000)
VISITS: Final = (30_000, 150_000, 3_000_000)

#: In-scope cost of the visit that may have come before, fen: small, so that part of most deductibles is still to bear.
BEFORE: Final = 15_000

TIERS: Final = (Tier.TIER_1, Tier.TIER_2, Tier.TIER_3)

#: Full years of a standard patient, and months of unbroken cover.
AGES: Final = {Status.ACTIVE: 45, Status.RETIRED: 68, Status.RESIDENT: 45}
COVERED: Final = 120

#: What each fund pays, fen.
Paid: TypeAlias = dict[str, int]


@dataclass(frozen=True, slots=True)
class Visit:
    """A standard visit: all of the cost in scope, the first of its period or after one of `BEFORE` at another tier.

    Attributes:
        status, tier: of the patient and of the institution.
        amount: in-scope cost, fen.
        before: the tier of the visit before; None for the first.
        case: the word of a modifier that the visit falls under (``referral``); empty for a plain one.
    """

    status: Status
    tier: Tier
    amount: int
    before: Tier | None = None
    case: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """What the funds pay for a standard visit and the one before it together, by reading."""

    visit: Visit
    paid: dict[str, Paid]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one open reading changes.

    Attributes:
        word: the benefit.
        interpretation: the open reading.
        visits: how many standard visits were assessed.
        changed: those for which the readings do not all pay the same.
    """

    word: str
    interpretation: Interpretation
    visits: int
    changed: tuple[Payment, ...]


def sensitivity(book: RuleBook, lineage: Lineage, on: date) -> Iterator[Outcome]:
    """What each open reading of each benefit changes, the others left at their defaults.

    Args:
        book: the compiled rules.
        lineage: of which region.
        on: the day of the visits.
    """
    region = lineage.own.region
    for key, benefit in lineage.own.benefits.items():
        default = book.benefit(region, *key, on)
        if default is None:
            continue
        visits = standard_visits(key, cases_of(benefit))
        for name, interpretation in benefit.interpretations.items():
            rules = {option: book.benefit(region, *key, on, {name: option}) for option in interpretation.options}
            payments = [
                Payment(
                    visit, {option: paid_for(rule, visit, on) for option, rule in rules.items() if rule is not None}
                )
                for visit in visits
            ]
            changed = tuple(
                one for one in payments if any(paid != one.paid[interpretation.default] for paid in one.paid.values())
            )
            yield Outcome(benefit_word(key), interpretation, len(visits), changed)


def cases_of(benefit: BenefitEntries) -> frozenset[str]:
    """The words of all modifiers that a benefit ever had."""
    return frozenset(case for shape in benefit.shapes for one in shape.value.modifiers for case in one.cases)


def standard_visits(key: BenefitKey, cases: frozenset[str]) -> list[Visit]:
    """The standard visits of a benefit: every status, tier and amount; first or after another tier; and every case.

    Args:
        key: the benefit.
        cases: words of the modifiers, for a first visit under each of them.
    """
    amounts = ADMISSIONS if key[1] is CareKind.INPATIENT else VISITS
    plain = [Visit(*one) for one in product(STATUSES[key[0]], TIERS, amounts)]
    after = [
        Visit(one.status, one.tier, one.amount, before) for one in plain for before in TIERS if before is not one.tier
    ]
    special = sorted(case for case in cases if case not in list(Status))
    return [*plain, *after, *(Visit(one.status, one.tier, one.amount, None, case) for case in special for one in plain)]


def paid_for(rule: BenefitRule, visit: Visit, on: date) -> Paid:
    """What each fund pays for a standard visit and the one before it.

    Args:
        rule: by which.
        visit: the visit.
        on: its day.
    """
    counters: dict[str, int] = {}
    stays = [(visit.before, BEFORE)] if visit.before is not None else []
    paid: Paid = {}
    for tier, amount in (*stays, (visit.tier, visit.amount)):
        outcome = assess(rule, Bill(amount, 0, 0, 0, amount), _circumstances(rule, visit, tier, on), counters)
        for payment in outcome.funds:
            paid[payment.fund] = paid.get(payment.fund, 0) + payment.amount
        for move in outcome.moves:
            counters[move.counter] = counters.get(move.counter, 0) + move.added
    return paid


def _circumstances(rule: BenefitRule, visit: Visit, tier: Tier, on: date) -> Circumstances:
    offsite = next((way for way in OffSite if way == visit.case), OffSite.LOCAL)
    attributes = frozenset(one for one in Attribute if one == visit.case)
    # A visit has to name one disease of a table by disease: the first is as good as any.
    diseases = sorted({word for grid in rule.grids() for word in grid.words(Dimension.DISEASE)})
    return Circumstances(
        status=visit.status,
        tier=tier,
        on=on,
        age=AGES[visit.status],
        offsite=offsite,
        attributes=attributes,
        months_covered=COVERED,
        disease=diseases[0] if diseases else "",
    )
