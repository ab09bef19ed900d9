"""What a bill comes to: the very arithmetic of a settlement, over figures that the asker states and nothing stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gongji.benefit.assess import assess
from gongji.benefit.model import Assessment, Bill, Circumstances
from gongji.entrances.open_rules.atlas import Atlas
from gongji.foundation.errors import InvalidInput
from gongji.ledger.model import AccountKind, personal_account
from gongji.rules.model import (
    STATUSES,
    Attribute,
    BenefitRule,
    CareKind,
    DeductibleKind,
    Dimension,
    Gap,
    Interpretation,
    Measure,
    OffSite,
    Purpose,
    Scheme,
    SharingRule,
    Status,
    Tier,
)
from gongji.rules.vocabulary import Late
from gongji.settlement.assessing import OFFSITE_UNKNOWN
from gongji.settlement.fund_lines import fund_lines
from gongji.settlement.model import AccountUse, Explanation
from gongji.settlement.waterfall import OWN_ORDER, Offer, Payment, Purse, offered_kinds, pay, purse_of

#: The ids under which the accounts of a question stand; nobody in the registry is meant.
_PATIENT: Final = 1
FIRST_SHARER: Final = 2


@dataclass(frozen=True, slots=True)
class Accounts:
    """What somebody has, in fen: this year's money and the savings; `limit` is the most a sharer lets be spent."""

    current: int = 0
    historical: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A bill and everything that decides who pays it.

    Attributes:
        region: six-digit code of where the patient is insured.
        scheme, kind, on, status, tier, bill: as in an assessment.
        age: full years; None when not told.
        months_covered: months of unbroken cover; None when not told.
        offsite, attributes, days, disease: as in an assessment.
        counters: the rule's counters so far, by name.
        prescriber, late, missed_years, repaid_years: as in an assessment.
        own: the patient's accounts; None when the patient has none.
        sharers: relatives' accounts, in the order in which they pay.
        use: what is asked for at the till.
        readings: readings in place of the defaults, of benefit and sharing alike.
    """

    region: str
    scheme: Scheme
    kind: CareKind
    on: date
    status: Status
    tier: Tier
    bill: Bill
    age: int | None = None
    months_covered: int | None = None
    offsite: OffSite = OffSite.LOCAL
    attributes: frozenset[Attribute] = frozenset()
    days: int = 1
    disease: str = ""
    counters: Mapping[str, int] = field(default_factory=dict)
    prescriber: Tier | None = None
    late: Late | None = None
    missed_years: int = 0
    repaid_years: int = 0
    own: Accounts | None = None
    sharers: tuple[Accounts, ...] = ()
    use: AccountUse = AccountUse.SHARERS
    readings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question comes to.

    Attributes:
        region: the region whose packs answered.
        name: its Chinese name.
        rule: the benefit rule applied; None where there is none.
        sharing: the sharing rule applied; None where there is none.
        open_readings: what the benefit's text leaves open, by name.
        assessment: what the funds pay.
        payment: who pays the rest.
        explanation: all of it, line by line.
    """

    region: str
    name: str
    rule: BenefitRule | None
    sharing: SharingRule | None
    open_readings: Mapping[str, Interpretation]
    assessment: Assessment
    payment: Payment
    explanation: Explanation

    @property
    def readings(self) -> Mapping[str, str]:
        """The readings that the numbers rest on."""
        return {**self.assessment.interpretations, **(self.sharing.interpretations if self.sharing else {})}


def answer(atlas: Atlas, question: Question) -> Answer:
    """Work out who pays a bill.

    Raises:
        InvalidInput: ``region.invalid``, ``status.not_insured``, ``age.needed``, ``months_covered.needed``,
            ``counter.unknown``, ``disease.unknown``, ``reading.unknown``.
        NotFound: ``region.unknown``.
    """
    region = atlas.nearest(question.region)
    _check_status(question)
    book = atlas.book
    open_readings = readings_of(atlas, question.region, question.scheme, question.kind)
    of_benefit = {name: one for name, one in question.readings.items() if name in open_readings}
    of_sharing = {name: one for name, one in question.readings.items() if name not in open_readings}
    rule = book.benefit(question.region, question.scheme, question.kind, question.on, of_benefit)
    sharing = book.sharing(question.region, question.on, of_sharing)
    if rule is None:
        gap = book.gap(question.region, question.scheme, question.kind)
    else:
        _check_needs(rule, question)
        gap = _silence_on(rule, question.offsite)
        rule = None if gap else rule
    assessment = assess(rule, question.bill, _circumstances(question), question.counters, gap)
    payment = pay(
        question.bill, assessment, sharing, question.use, _own(question), _offers(question, sharing) if sharing else []
    )
    lines = (*fund_lines(question.bill, assessment), *payment.lines)
    return Answer(
        region=region,
        name=book.name(region),
        rule=rule,
        sharing=sharing,
        open_readings=open_readings,
        assessment=assessment,
        payment=payment,
        explanation=Explanation(lines, assessment.steps),
    )


def bill_of(total: int, self_paid: int, over_limit: int, first_self_pay: int, in_scope: int | None) -> Bill:
    """A bill, in fen; without an in-scope part what the other parts leave of the total is in scope.

    Raises:
        InvalidInput: ``bill.parts`` when the parts come to more than the total, or do not add up to it.
    """
    if in_scope is None:
        in_scope = total - self_paid - over_limit - first_self_pay
        if in_scope < 0:
            raise InvalidInput(
                "bill.parts",
                "the parts come to more than the total",
                "各部分加起来超过了总费用",
                field="total",
                accepted="at least the sum of the parts",
            )
    return Bill(total, self_paid, over_limit, first_self_pay, in_scope)


def readings_of(atlas: Atlas, region: str, scheme: Scheme, kind: CareKind) -> Mapping[str, Interpretation]:
    """What the text of a benefit leaves open; a pharmacy or an emergency without a rule of its own follows the outpatient
    one."""
    found = atlas.book.interpretations(region, scheme, kind)
    if not found and kind in (CareKind.PHARMACY, CareKind.EMERGENCY):
        return atlas.book.interpretations(region, scheme, CareKind.OUTPATIENT)
    return found


def so_far(rule: BenefitRule, tier: Tier, disease: str, borne: int, paid: int, times: int = 0) -> dict[str, int]:
    """The counters of a rule for somebody who knows only what was borne and reimbursed in the period, in fen.

    `times` is how often they were admitted before, which is what a deductible by admission counts; one that is charged
    at each visit counts neither.
    """
    found: dict[str, int] = {}
    if times and rule.deductible.kind is DeductibleKind.BY_ADMISSION:
        found[rule.deductible.counter] = times
    if borne and rule.deductible.kind is DeductibleKind.CUMULATIVE:
        found[rule.deductible.counter_of(rule.as_tier or tier)] = borne
    for cap in rule.layers[0].caps:
        if paid and cap.counter and cap.measure is Measure.FUND:
            found[cap.counter_of(disease)] = paid
    return found


def _silence_on(rule: BenefitRule, offsite: OffSite) -> Gap | None:
    """What a rule leaves silent on patients treated elsewhere in this way; None where it speaks of them."""
    if offsite is OffSite.LOCAL or any(offsite in modifier.cases for modifier in rule.share.modifiers):
        return None
    return Gap(f"{rule.pack}#gap.offsite", "offsite", OFFSITE_UNKNOWN[offsite], rule.digest)


def needs(rule: BenefitRule, dimension: Dimension) -> bool:
    """Whether any number of a rule depends on a dimension."""
    return any(dimension in grid.by for grid in rule.grids())


def _check_status(question: Question) -> None:
    if question.status not in STATUSES[question.scheme]:
        accepted = ", ".join(STATUSES[question.scheme])
        raise InvalidInput(
            "status.not_insured",
            f"scheme {question.scheme} does not insure a person with status {question.status}",
            "这种医保没有这一身份：职工医保是在职或退休，居民医保是居民",
            field="status",
            accepted=accepted,
        )


def _check_needs(rule: BenefitRule, question: Question) -> None:
    if question.age is None and needs(rule, Dimension.AGE):
        raise InvalidInput(
            "age.needed",
            "the numbers here depend on age: state it",
            "这里的报销按年龄分档，请填写年龄",
            field="age",
            accepted="full years, 0 to 150",
        )
    if question.months_covered is None and needs(rule, Dimension.COVER):
        raise InvalidInput(
            "months_covered.needed",
            "the numbers here depend on how long the patient has been insured: state the months",
            "这里的报销按连续参保的时间分档，请填写连续参保几个月",
            field="months_covered",
            accepted="whole months, 0 or more",
        )
    unknown = sorted(set(question.counters) - set(rule.counters))
    if unknown:
        raise InvalidInput(
            "counter.unknown",
            f"this rule has no counter '{unknown[0]}'",
            f"这里的规则没有“{unknown[0]}”这个累计数",
            field=f"counters.{unknown[0]}",
            accepted=", ".join(sorted(rule.counters)) or "no counters",
        )


def _circumstances(question: Question) -> Circumstances:
    return Circumstances(
        status=question.status,
        tier=question.tier,
        on=question.on,
        # Without an age no number of the rule depends on it: `_check_needs` made sure.
        age=question.age or 0,
        offsite=question.offsite,
        attributes=question.attributes,
        months_covered=question.months_covered or 0,
        current_account=question.own.current if question.own else 0,
        days=question.days,
        disease=question.disease,
        prescriber=question.prescriber,
        late=question.late,
        missed_years=question.missed_years,
        repaid_years=question.repaid_years,
    )


def _own(question: Question) -> Purse | None:
    if question.own is None:
        return None
    return purse_of(_PATIENT, OWN_ORDER, _balances(_PATIENT, question.own))


def _offers(question: Question, rule: SharingRule) -> list[Offer]:
    purpose = _PURPOSES.get(question.kind, Purpose.CARE)
    withheld = None if purpose in rule.purposes else "shared.none.purpose"
    # Where money has to be allotted first, the sharer is taken to have allotted all that may be.
    return [
        Offer(
            sharer,
            sharer,
            purse_of(sharer, offered_kinds(rule), _balances(sharer, accounts), rule.retained_floor),
            accounts.limit,
            withheld,
            rule.allotment.clause if rule.allotment is not None else None,
        )
        for sharer, accounts in enumerate(question.sharers, FIRST_SHARER)
    ]


_PURPOSES: Final = {CareKind.PHARMACY: Purpose.PHARMACY, CareKind.INPATIENT: Purpose.INPATIENT}


def _balances(person: int, accounts: Accounts) -> dict[int, int]:
    return {
        personal_account(AccountKind.PERSONAL_CURRENT, person): accounts.current,
        personal_account(AccountKind.PERSONAL_HISTORICAL, person): accounts.historical,
    }
