"""From a row's cells to its record: defaults, and what only several cells together can get wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from gongji.entrances.loading.cells import refused
from gongji.entrances.loading.records import (
    BalanceRecord,
    EnrolmentRecord,
    FilingRecord,
    InstitutionRecord,
    KinshipRecord,
    PersonRecord,
)
from gongji.foundation.errors import InvalidInput
from gongji.foundation.money import PER_TEN_THOUSAND
from gongji.registry.certificate import CITIZEN_ID, Certificate, check_certificate
from gongji.registry.entries import NewCatalogueItem, NewInstitution, NewPerson
from gongji.registry.filings import FilingKind, FilingState, NewFiling
from gongji.registry.model import CatalogueItem, Enrolment, InstitutionKind, ItemClass
from gongji.rules.model import Scheme, Status
from gongji.rules.vocabulary import Late

Cells = Mapping[str, Any]

#: psn_type of the national dictionary: 11 在职, 12 退休, 15 居民（成年）.
_USUAL_TYPE: Final = {Status.ACTIVE: "11", Status.RETIRED: "12", Status.RESIDENT: "15"}

_ENROLMENT_ONLY: Final = (
    *("status", "psn_type", "standing", "employer", "civil_servant", "aided", "second_grade"),
    *("covered_since", "late", "missed_years", "repaid_years", "since", "until"),
)

#: The kinds of filing that name an institution.
_WITH_INSTITUTION: Final = (FilingKind.PROVIDER, FilingKind.FAMILY_DOCTOR)


def person(cells: Cells, today: date) -> PersonRecord:
    """A row of a people file; with a scheme, also the enrolment."""
    certificate = _certificate(cells)
    newcomer = NewPerson(
        certificate=certificate,
        name=cells["name"],
        gender=_as_certificate_tells("gender", cells.get("gender"), certificate.gender) or "9",
        born_on=_born_on(cells, certificate, today),
        region=cells["region"],
        nationality=cells.get("nationality", "01"),
        card=cells.get("card"),
        household=cells.get("household"),
        died_on=cells.get("died_on"),
    )
    if newcomer.died_on is not None and not newcomer.born_on <= newcomer.died_on <= today:
        raise refused(
            "died_on", "is before the birth or after today", "早于出生日期或晚于今天", "a day of the person's life"
        )
    if "scheme" in cells:
        return PersonRecord(newcomer, _enrolment(cells))
    lonely = next((name for name in _ENROLMENT_ONLY if name in cells), None)
    if lonely is not None:
        raise refused("scheme", f"is empty, though {lonely} is filled", f"未填写，但填写了 {lonely}", "310 or 390")
    return PersonRecord(newcomer, None)


def enrolment(cells: Cells, today: date) -> EnrolmentRecord:
    """A row of an enrolments file."""
    return EnrolmentRecord(_certificate(cells).key, _enrolment(cells))


def filing(cells: Cells, today: date) -> FilingRecord:
    """A row of a filings file."""
    kind, code = cells["filing"], cells.get("institution", "")
    if kind in _WITH_INSTITUTION and not code:
        raise refused("institution", "is empty", "未填写", "the code of the institution that was chosen")
    since, until = _span(cells, "since", "until")
    told = NewFiling(
        person_id=0,
        kind=kind,
        subject=cells["subject"],
        since=since,
        until=until,
        name=cells.get("name", ""),
        word=cells.get("word", ""),
        state=cells.get("state", FilingState.GRANTED),
    )
    return FilingRecord(_certificate(cells).key, told, code)


def institution(cells: Cells, today: date) -> InstitutionRecord:
    """A row of an institutions file."""
    kind, code = cells["kind"], cells["code"]
    if code[0] != ("H" if kind is InstitutionKind.HOSPITAL else "P"):
        raise refused("code", "does not fit the kind", "与机构类型不符", "H… for a hospital, P… for a pharmacy")
    tier = cells.get("tier")
    if kind is InstitutionKind.HOSPITAL and "tier" not in cells:
        raise refused("tier", "is empty", "未填写", "1, 2 or 3 for a hospital; none when it has no tier")
    if kind is InstitutionKind.PHARMACY and tier is not None:
        raise refused("tier", "is filled, but a pharmacy has none", "已填写，但药店没有等级", "none, or nothing")
    paasid, secret = cells.get("paasid"), cells.get("secret")
    if (paasid is None) != (secret is None):
        missing = "paasid" if paasid is None else "secret"
        raise refused(
            missing, "is empty: a key has both", "未填写：密钥需要同时填写 paasid 和 secret", "both or neither"
        )
    since, until = _span(cells, "designated_since", "designated_until")
    new = NewInstitution(code, cells["name"], kind, tier, cells["region"], since, until)
    return InstitutionRecord(new, paasid, secret)


def catalogue_item(cells: Cells, today: date) -> NewCatalogueItem:
    """A row of a catalogue file."""
    since, until = _span(cells, "since", "until")
    item = CatalogueItem(
        code=cells["code"],
        name=cells["name"],
        item_class=cells["class"],
        first_self_pay=_first_self_pay(cells["class"], cells.get("first_self_pay")),
        ceiling=cells.get("ceiling"),
        charge_type=cells["charge_type"],
        restricted=cells.get("restricted", False),
        essential_drug=cells.get("essential_drug", False),
        negotiated_drug=cells.get("negotiated_drug", False),
    )
    return NewCatalogueItem(cells["area"], item, since, until)


def kinship(cells: Cells, today: date) -> KinshipRecord:
    """A row of a kinship file."""
    one, other = _certificate(cells, "one_").key, _certificate(cells, "other_").key
    if one == other:
        raise refused(
            "other_certificate", "is the same person", "与前一人是同一人", "the certificate of another person"
        )
    since, until = _span(cells, "since", "until")
    if since > today:
        raise refused("since", "lies in the future", "晚于今天", "the day of birth or marriage")
    return KinshipRecord(cells["kind"], one, other, since, until, cells.get("evidence", "register"))


def balance(cells: Cells, today: date) -> BalanceRecord:
    """A row of a balances file."""
    return BalanceRecord(_certificate(cells).key, cells["account"], cells["balance"])


def _certificate(cells: Cells, prefix: str = "") -> Certificate:
    return check_certificate(
        cells.get(f"{prefix}certificate_type", CITIZEN_ID),
        cells[f"{prefix}certificate"],
        type_field=f"{prefix}certificate_type",
        field=f"{prefix}certificate",
    )


def _as_certificate_tells(field: str, told: str | None, in_number: str | None) -> str | None:
    """What a cell and the certificate's number both tell, when they do not contradict each other."""
    if told is not None and told != "9" and in_number is not None and told != in_number:
        raise _contradiction(field)
    return in_number or told


def _born_on(cells: Cells, certificate: Certificate, today: date) -> date:
    told: date | None = cells.get("born_on")
    born = certificate.born_on or told
    if born is None:
        raise refused(
            "born_on", "is empty, and this certificate does not tell it", "未填写，证件号码中也没有", "a day of birth"
        )
    if told is not None and told != born:
        raise _contradiction("born_on")
    if born > today:
        where = "born_on" if certificate.born_on is None else "certificate"
        raise refused(where, "tells a birth in the future", "中的出生日期晚于今天", "a day of birth up to today")
    return born


def _contradiction(field: str) -> InvalidInput:
    return refused(
        field, "contradicts the certificate's number", "与证件号码不一致", "what the certificate tells, or nothing"
    )


def _enrolment(cells: Cells) -> Enrolment:
    if "since" not in cells:
        raise refused("since", "is empty", "未填写", "the first day of the enrolment")
    since, until = _span(cells, "since", "until")
    scheme = cells["scheme"]
    status = _status(scheme, cells.get("status"), cells.get("psn_type"))
    return Enrolment(
        scheme=scheme,
        region=cells["region"],
        status=status,
        psn_type=cells.get("psn_type", _USUAL_TYPE[status]),
        standing=cells.get("standing", "1"),
        employer=cells.get("employer", ""),
        civil_servant=cells.get("civil_servant", False),
        since=since,
        until=until,
        aided=cells.get("aided", False),
        second_grade=cells.get("second_grade", False),
        covered_since=_covered_since(cells, since),
        late=cells.get("late"),
        **_missed(cells),
    )


def _covered_since(cells: Cells, since: date) -> date | None:
    covered: date | None = cells.get("covered_since")
    if covered is not None and covered > since:
        raise refused("covered_since", "is after since", "晚于参保日期", "the first day of unbroken cover")
    return covered


def _missed(cells: Cells) -> dict[str, int]:
    """Years without insurance, and how many of them were paid afterwards: for whoever came back to it only."""
    missed, repaid = cells.get("missed_years", 0), cells.get("repaid_years", 0)
    if missed and cells.get("late") is not Late.INTERRUPTED:
        raise refused(
            "missed_years", "is filled, but late is not interrupted", "已填写，但等待情形不是断保", "0, or nothing"
        )
    if repaid > missed:
        raise refused("repaid_years", "is more than missed_years", "多于断保年数", "at most missed_years")
    return {"missed_years": missed, "repaid_years": repaid}


def _status(scheme: Scheme, told: Status | None, psn_type: str | None) -> Status:
    """The status that was told, or that follows from the scheme and the first two digits of the person's type."""
    by_type = {"11": Status.ACTIVE, "12": Status.RETIRED}.get((psn_type or "")[:2])
    status = told or (Status.RESIDENT if scheme is Scheme.RESIDENT else by_type)
    if status is None:
        raise refused(
            "status", "is empty, and psn_type does not tell it", "未填写，人员类别也无法判断", "active or retired"
        )
    if (status is Status.RESIDENT) != (scheme is Scheme.RESIDENT):
        raise refused(
            "status", "does not fit the scheme", "与险种不符", "resident with 390; active or retired with 310"
        )
    return status


def _first_self_pay(item_class: ItemClass, told: int | None) -> int:
    """Class A has no first-self-pay part and class C is wholly self-paid; class B must tell."""
    if item_class is ItemClass.B and told is None:
        raise refused("first_self_pay", "is empty", "未填写", "a percentage such as 10% for class B")
    if item_class is ItemClass.C and told not in (None, PER_TEN_THOUSAND):
        raise refused(
            "first_self_pay", "is not 100%, but class C is wholly self-paid", "应为 100%：丙类全部自费", "100%"
        )
    if told is not None:
        return told
    return PER_TEN_THOUSAND if item_class is ItemClass.C else 0


def _span(cells: Cells, first: str, last: str) -> tuple[date, date | None]:
    since: date = cells[first]
    until: date | None = cells.get(last)
    if until is not None and until < since:
        raise refused(
            last, f"is before {first}", f"早于 {first}", f"the last day, not before {first}; nothing while open"
        )
    return since, until
