"""What kind of care a settlement is for, and what a patient needs to have it: pure.

med_type (医疗类别) says which benefit a bill falls under. Special diseases and the two diseases ask for a filing that is
granted and in force; without it the settlement is refused, because the same bill can be settled as ordinary care. A
category that no rule of any region is kept for pays nothing from the funds and says so (docs/decisions/0004).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from gongji.registry.filings import Filed, Filing, FilingKind, FilingState
from gongji.registry.model import InstitutionKind
from gongji.rules.model import BenefitRule, CareKind, Dimension, Gap, Purpose
from gongji.settlement import refusals

#: med_type at a hospital or, where a pharmacy may have it too, at a pharmacy.
KINDS: Final = {
    "11": CareKind.OUTPATIENT,
    "12": CareKind.OUTPATIENT,
    "13": CareKind.EMERGENCY,
    "1301": CareKind.EMERGENCY,
    "14": CareKind.SPECIAL_DISEASE,
    "18": CareKind.SPECIAL_DRUG,
    "41": CareKind.PHARMACY,
    "9901": CareKind.TWO_DISEASES,
}

#: The filing that a kind of care asks for.
FILINGS: Final = {
    CareKind.SPECIAL_DISEASE: FilingKind.SPECIAL_DISEASE,
    CareKind.TWO_DISEASES: FilingKind.TWO_DISEASES,
}

#: The two diseases by their national codes, and the word of packs for who has both.
TWO_DISEASES: Final = {"M03900": "hypertension", "M01600": "diabetes"}
BOTH: Final = "both"


def kind_of_care(place: InstitutionKind, med_type: str) -> CareKind | None:
    """Which benefit a bill falls under; None for a category that no benefit is kept for.

    Args:
        place: 11 and 41 are told apart by where it is: ordinary care at a hospital, a sale at a pharmacy.
        med_type: the category as it was told.
    """
    kind = KINDS.get(med_type)
    if kind in (CareKind.OUTPATIENT, CareKind.PHARMACY):
        return CareKind.PHARMACY if place is InstitutionKind.PHARMACY else CareKind.OUTPATIENT
    return kind


def purpose_of(place: InstitutionKind) -> Purpose:
    """What a sharer has to allow for outpatient care of any kind: a pharmacy sells, a hospital treats."""
    return Purpose.PHARMACY if place is InstitutionKind.PHARMACY else Purpose.CARE


def no_rule_kept(med_type: str) -> Gap:
    """Why nothing is paid for a category that no benefit is kept for."""
    return Gap(f"med_type.{med_type}", f"med_type.{med_type}", f"医疗类别 {med_type} 的统筹支付规则没有收录", "")


def entitled_disease(kind: CareKind | None, code: str, filings: Sequence[Filed | Filing], on: date) -> str:
    """The disease that a patient is entitled to have treated, in the words of packs; empty where no filing is asked for.

    Args:
        kind: the kind of care; None for a category that no benefit is kept for.
        code: the disease's code as it was told (dise_codg).
        filings: what is filed for the patient.
        on: the day of the visit.

    Raises:
        InvalidInput: ``settlement.disease`` when no disease was told.
        Refused: ``settlement.not_entitled``, or ``settlement.under_review`` when it is filed and not yet granted.
    """
    wanted = FILINGS.get(kind) if kind is not None else None
    if kind is None or wanted is None:
        return ""
    known = [one for one in filings if one.kind is wanted]
    granted = [one for one in known if one.holds(on)]
    if kind is CareKind.SPECIAL_DISEASE and not code:
        raise refusals.disease_not_told()
    fitting = [one for one in granted if one.subject == code or not code]
    if not fitting:
        if any(one.state is FilingState.FILED and one.subject == code for one in known):
            raise refusals.filing_under_review(code)
        raise refusals.not_entitled(kind, code, on)
    if kind is CareKind.TWO_DISEASES:
        words = {_word(one) for one in granted}
        return BOTH if len(words) > 1 else words.pop()
    return _word(fitting[0])


def _word(filed: Filed | Filing) -> str:
    return filed.word or TWO_DISEASES.get(filed.subject, "")


def disease_without_rule(rule: BenefitRule, disease: str) -> Gap | None:
    """Why a rule that sets diseases apart says nothing of this one; None where it names it, or sets none apart."""
    named = set(_diseases(rule))
    if not named or disease in named:
        return None
    says = (
        f"参保地规则没有写明“{disease}”怎么支付"
        if disease
        else "备案里没有写明参保地规则中的病种名称，请医保经办机构补充"
    )
    return Gap(f"{rule.pack}#gap.disease", "disease", says, rule.digest)


def _diseases(rule: BenefitRule) -> Iterable[str]:
    return (word for grid in rule.grids() for word in grid.words(Dimension.DISEASE))
