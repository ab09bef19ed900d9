"""What the funds pay of a visit: what a settlement at the desk and a bill that was paid in cash have in common. Pure."""

from __future__ import annotations

from datetime import date
from typing import Final

from gongji.benefit.assess import assess
from gongji.benefit.entitlement import with_funds_for
from gongji.benefit.model import Assessment, Bill
from gongji.ledger.model import AccountKind, personal_account
from gongji.registry.model import Enrolment
from gongji.rules.book import RuleBook
from gongji.rules.model import BenefitRule, CareKind, Gap, OffSite
from gongji.settlement.books import Books
from gongji.settlement.kinds import (
    FILINGS,
    disease_without_rule,
    entitled_disease,
    kind_of_care,
    no_rule_kept,
)
from gongji.settlement.standing import Visited, circumstances_of, offsite_of
from gongji.settlement.stays import counted, what_is_left, whole_bill

__all__ = ["OFFSITE_UNKNOWN", "Visited", "assess_visit"]

#: What a pack's silence on care elsewhere means: nothing is known, so nothing is paid, and the answer says why.
OFFSITE_UNKNOWN: Final = {
    OffSite.UNFILED: "在参保地以外就医，没有异地备案，规则里没有写明怎么报销",
    OffSite.FILED: "异地长期居住备案后就医，规则里没有写明怎么报销",
    OffSite.REFERRAL: "转诊到参保地以外就医，规则里没有写明怎么报销",
    OffSite.EMERGENCY: "在参保地以外急诊，规则里没有写明怎么报销",
}


def assess_visit(
    visited: Visited, enrolment: Enrolment, bill: Bill, books: Books, rules: RuleBook, on: date
) -> Assessment:
    """What the funds pay of a bill, and why.

    Args:
        visited: whose visit, and where.
        enrolment: the insurance that the benefits follow.
        bill: in fen.
        books: the patient's counters and account.
        rules: the rule book.
        on: the day whose rules hold.

    Raises:
        InvalidInput: ``settlement.disease``. Refused: ``settlement.not_entitled``, ``settlement.under_review``.
    """
    patient, institution, stay = visited.patient, visited.institution, visited.visit.stay
    kind = CareKind.INPATIENT if stay is not None else kind_of_care(institution.kind, visited.med_type)
    disease = entitled_disease(kind, visited.visit.disease, patient.filings, on)
    offsite = offsite_of(patient, enrolment.region, institution, kind, on)
    rule, gap = _rule(visited.med_type, enrolment, kind, disease, offsite, rules, on)
    before = stay.before_in(on.year) if stay is not None else []
    counted_before = counted(before)
    values = {}
    if rule is not None:
        for name, counter in rule.counters.items():
            place = f"{enrolment.scheme}.{name}", counter.period(on)
            stored = books.counters.get((patient.id, *place))
            values[name] = (stored.value if stored else 0) - counted_before.get(place, 0)
    account = books.balances.get(personal_account(AccountKind.PERSONAL_CURRENT, patient.id), 0)
    days = 1 if stay is None else stay.length(on)
    circumstances = circumstances_of(visited, enrolment, offsite, on, disease=disease, account=account, days=days)
    whole = assess(rule, whole_bill(bill, before), circumstances, values, gap)
    return what_is_left(whole, bill, before, enrolment.scheme)


def _rule(
    med_type: str,
    enrolment: Enrolment,
    kind: CareKind | None,
    disease: str,
    offsite: OffSite,
    rules: RuleBook,
    on: date,
) -> tuple[BenefitRule | None, Gap | None]:
    """The rule that a settlement follows, else why there is none (docs/decisions/0004)."""
    if kind is None:
        return None, no_rule_kept(med_type)
    rule = rules.benefit(enrolment.region, enrolment.scheme, kind, on)
    if rule is None:
        return None, rules.gap(enrolment.region, enrolment.scheme, kind)
    if offsite is not OffSite.LOCAL and not _speaks_of(rule, offsite):
        return None, Gap(f"{rule.pack}#gap.offsite", "offsite", OFFSITE_UNKNOWN[offsite], rule.digest)
    unnamed = disease_without_rule(rule, disease) if kind in FILINGS else None
    if unnamed is not None:
        return None, unnamed
    return with_funds_for(rule, civil_servant=enrolment.civil_servant, aided=enrolment.aided), None


def _speaks_of(rule: BenefitRule, offsite: OffSite) -> bool:
    return any(offsite in modifier.cases for modifier in rule.share.modifiers)
