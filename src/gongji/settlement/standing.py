"""What a rule asks about a patient's visit, from what is known at the desk: pure.

Benefits follow the patient: insurance and filings are theirs, whoever's account helps to pay.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from gongji.benefit.model import Circumstances
from gongji.registry.filings import FilingKind
from gongji.registry.model import Enrolment, Institution, full_years
from gongji.rules.model import Attribute, CareKind, OffSite, Tier
from gongji.settlement.books import PatientFacts, VisitFacts

#: psn_type 建国前老工人.
_PRE_1949: Final = "34"


class Visited(msgspec.Struct, frozen=True):
    """A visit that is to be paid: whose, which, where, and of what category (med_type) as it was told last."""

    patient: PatientFacts
    visit: VisitFacts
    institution: Institution
    med_type: str


def circumstances_of(
    visited: Visited,
    enrolment: Enrolment,
    offsite: OffSite,
    on: date,
    *,
    disease: str = "",
    account: int = 0,
    days: int = 1,
) -> Circumstances:
    """Whose visit, where and when, as the rule asks.

    Args:
        visited: whose visit, and where.
        enrolment: the insurance that the benefits follow.
        offsite: see `offsite_of`.
        on: the day whose rules hold.
        disease: the disease that the patient is entitled to have treated, in the pack's word.
        account: fen in the patient's current-year account.
        days: length of a stay in hospital.
    """
    patient, institution = visited.patient, visited.institution
    return Circumstances(
        status=enrolment.status,
        # An institution without a tier is paid as the lowest one: 一级及以下.
        tier=institution.tier or Tier.TIER_1,
        on=on,
        age=full_years(patient.born_on, on),
        offsite=offsite,
        attributes=_attributes(visited, enrolment, on),
        months_covered=enrolment.months_covered(on),
        current_account=account,
        days=days,
        disease=disease,
        prescriber=visited.visit.prescriber,
        late=enrolment.late,
        missed_years=enrolment.missed_years,
        repaid_years=enrolment.repaid_years,
    )


def _attributes(visited: Visited, enrolment: Enrolment, on: date) -> frozenset[Attribute]:
    patient, institution = visited.patient, visited.institution
    found = set()
    if enrolment.second_grade:
        found.add(Attribute.GRADE_2)
    if enrolment.psn_type.startswith(_PRE_1949):
        found.add(Attribute.PRE_1949)
    if visited.visit.essential_drugs:
        found.add(Attribute.ESSENTIAL_DRUGS)
    for one in patient.filings:
        here = one.institution_id == institution.id and one.holds(on)
        if here and one.kind is FilingKind.PROVIDER:
            found.add(Attribute.SELECTED_PROVIDER)
        if here and one.kind is FilingKind.FAMILY_DOCTOR:
            found.add(Attribute.FAMILY_DOCTOR)
    return frozenset(found)


def offsite_of(
    patient: PatientFacts, region: str, institution: Institution, kind: CareKind | None, on: date
) -> OffSite:
    """Where a patient is treated, and how it came to that.

    Args:
        patient: with what is filed for them.
        region: the pooling region that insures them.
        institution: where they are treated.
        kind: the kind of care; an emergency needs no filing.
        on: the day of the visit.
    """
    if takes_in(region, institution.region):
        return OffSite.LOCAL
    held = [one for one in patient.filings if one.holds(on)]
    if any(one.kind is FilingKind.ELSEWHERE and takes_in(one.subject, institution.region) for one in held):
        return OffSite.FILED
    if any(one.kind is FilingKind.REFERRAL and one.subject == institution.code for one in held):
        return OffSite.REFERRAL
    return OffSite.EMERGENCY if kind is CareKind.EMERGENCY else OffSite.UNFILED


def takes_in(region: str, place: str) -> bool:
    """Whether a place lies in a region: a city takes in its counties, a municipality or province its districts."""
    return place.startswith(region[:2] if region.endswith("0000") else region[:4])
