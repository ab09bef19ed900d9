"""People, enrolments, institutions and catalogue items as the rooms above see them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import msgspec

from gongji.foundation.personal import mask_name, mask_number
from gongji.rules.model import Scheme, Status, Tier
from gongji.rules.vocabulary import Late


def full_years(born_on: date, on: date) -> int:
    """Full years of age on a day of somebody born on another."""
    before_birthday = (on.month, on.day) < (born_on.month, born_on.day)
    return on.year - born_on.year - before_birthday


class Person(msgspec.Struct, frozen=True):
    """A person, with name and certificate in the clear: only for whoever may see them.

    Attributes:
        id: see `gongji.foundation.ids`.
        psn_no: 人员编号, the number that the national interface knows the person by.
        certificate_type: code of psn_cert_type (01 citizen ID, 08 passport, 990201 birth certificate …).
        certificate: its number.
        name: full name.
        gender: 1 male, 2 female, 9 not told.
        born_on: date of birth.
        nationality: two-digit code of naty (01 Han).
        died_on: date of death, None while alive.
    """

    id: int
    psn_no: str
    certificate_type: str
    certificate: str
    name: str
    gender: str
    born_on: date
    nationality: str
    died_on: date | None

    @property
    def masked_name(self) -> str:
        """The name as others may see it."""
        return mask_name(self.name)

    @property
    def masked_certificate(self) -> str:
        """The certificate number as others may see it."""
        return mask_number(self.certificate)

    def age(self, on: date) -> int:
        """Full years of age on a day."""
        return full_years(self.born_on, on)


class Enrolment(msgspec.Struct, frozen=True):
    """A person's insurance over a span of days.

    Attributes:
        scheme: 310 employee, 390 resident.
        region: six-digit code of the pooling region.
        status: active, retired or resident.
        psn_type: the person category as the region codes it (11, 1101, 12, 1560 …).
        standing: 1 in order, 2 paused (psn_insu_stas).
        employer: name of the employer, or "".
        civil_servant: whether civil-servant aid applies.
        since: first day.
        until: last day, None while open.
        aided: whether medical aid (医疗救助) applies.
        second_grade: whether the person pays for the scheme's second grade (二档), where a region has one.
        covered_since: first day of unbroken cover, where it lies before `since`; None where it is `since`.
        late: what makes the person wait before the funds pay; None for whoever was insured in time.
        missed_years: years without insurance before coming back to it, for `Late.INTERRUPTED`.
        repaid_years: how many of those were paid afterwards.
    """

    scheme: Scheme
    region: str
    status: Status
    psn_type: str
    standing: str
    employer: str
    civil_servant: bool
    since: date
    until: date | None
    aided: bool = False
    second_grade: bool = False
    covered_since: date | None = None
    late: Late | None = None
    missed_years: int = 0
    repaid_years: int = 0

    def holds(self, on: date) -> bool:
        """Whether the enrolment is there and not paused on a day."""
        return self.standing == "1" and self.since <= on and (self.until is None or on <= self.until)

    def months_covered(self, on: date) -> int:
        """Full months of unbroken cover on a day."""
        begun = self.covered_since or self.since
        months = (on.year - begun.year) * 12 + on.month - begun.month
        return max(0, months - (on.day < begun.day))


class InstitutionKind(StrEnum):
    """定点医疗机构 or 定点零售药店."""

    HOSPITAL = "hospital"
    PHARMACY = "pharmacy"


class Institution(msgspec.Struct, frozen=True):
    """A designated institution.

    Attributes:
        id: our number, part of its payable account's id.
        code: fixmedins_code, 12 characters, H… hospital, P… pharmacy.
        name: its name.
        kind: hospital or pharmacy.
        tier: 1 to 3; None where it has none (pharmacies).
        region: six-digit code of where it lies.
        designated_since, designated_until: first and last day on which it may settle.
    """

    id: int
    code: str
    name: str
    kind: InstitutionKind
    tier: Tier | None
    region: str
    designated_since: date
    designated_until: date | None

    def designated(self, on: date) -> bool:
        """Whether it may settle on a day."""
        return self.designated_since <= on and (self.designated_until is None or on <= self.designated_until)


class ItemClass(StrEnum):
    """甲, 乙, 丙: wholly in scope, with a first-self-pay part, wholly self-paid."""

    A = "A"
    B = "B"
    C = "C"


class CatalogueItem(msgspec.Struct, frozen=True):
    """What the catalogue says of an item in an area on a day.

    Attributes:
        code: national code (med_list_codg).
        name: its name.
        item_class: A, B or C.
        first_self_pay: part that the patient pays before anything else, per ten thousand.
        ceiling: highest unit price that counts, in millionths of a yuan; None without one.
        charge_type: med_chrgitm_type (09 western drugs, 03 examinations …).
        restricted: use is restricted; counts only when the hospital approved it (hosp_appr_flag 1).
        essential_drug, negotiated_drug: flags that the answer to 2204 repeats.
    """

    code: str
    name: str
    item_class: ItemClass
    first_self_pay: int
    ceiling: int | None
    charge_type: str
    restricted: bool
    essential_drug: bool
    negotiated_drug: bool
