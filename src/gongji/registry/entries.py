"""What is entered into the registry: people, enrolments, institutions and catalogue items before they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gongji.registry.certificate import Certificate
from gongji.registry.model import CatalogueItem, Enrolment, InstitutionKind
from gongji.rules.model import Tier


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to be entered.

    Attributes:
        certificate: the checked certificate.
        name: the checked name.
        gender: 1 male, 2 female, 9 not told.
        born_on: date of birth.
        region: six-digit code with which the person's number (psn_no) begins.
        nationality: two-digit code of naty (01 Han).
        card: number of the social-security card, if known.
        token: the e-credential's token, if known.
        household: any text that the members of a household share; they come to lie in one bucket.
        died_on: date of death.
    """

    certificate: Certificate
    name: str
    gender: str
    born_on: date
    region: str
    nationality: str = "01"
    card: str | None = None
    token: str | None = None
    household: str | None = None
    died_on: date | None = None


@dataclass(frozen=True, slots=True)
class NewEnrolment:
    """An enrolment to be entered for a person who is known."""

    person_id: int
    enrolment: Enrolment


@dataclass(frozen=True, slots=True)
class NewInstitution:
    """A designated institution to be entered; attributes as in `gongji.registry.model.Institution`."""

    code: str
    name: str
    kind: InstitutionKind
    tier: Tier | None
    region: str
    designated_since: date
    designated_until: date | None = None


@dataclass(frozen=True, slots=True)
class NewCatalogueItem:
    """What the catalogue of an area shall say of an item over a span of days.

    Attributes:
        area: six-digit code of the area whose rule it is, 000000 the nation.
        item: the item.
        since: first day.
        until: last day, None while open.
    """

    area: str
    item: CatalogueItem
    since: date
    until: date | None = None
