"""What a row of each kind of file holds once it is understood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gongji.family.model import FactKind
from gongji.ledger.model import AccountKind
from gongji.registry.entries import NewCatalogueItem, NewInstitution, NewPerson
from gongji.registry.filings import NewFiling
from gongji.registry.model import Enrolment


class FileKind(StrEnum):
    """The kinds of files, in the order in which they are loaded: what others refer to comes first."""

    INSTITUTIONS = "institutions"
    CATALOGUE = "catalogue"
    PEOPLE = "people"
    ENROLMENTS = "enrolments"
    FILINGS = "filings"
    KINSHIP = "kinship"
    BALANCES = "balances"


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person, with the enrolment that stands in the same row."""

    person: NewPerson
    enrolment: Enrolment | None


@dataclass(frozen=True, slots=True)
class EnrolmentRecord:
    """An enrolment of the person with this `certificate_key`."""

    key: str
    enrolment: Enrolment


@dataclass(frozen=True, slots=True)
class FilingRecord:
    """What is filed for the person with this `certificate_key`.

    Attributes:
        key: whose.
        filing: the filing; its person and institution are found when it is written.
        institution: code of the institution chosen, bound to or referred to; "" without one.
    """

    key: str
    filing: NewFiling
    institution: str


@dataclass(frozen=True, slots=True)
class InstitutionRecord:
    """An institution, with the key that it signs with: both or neither of paasid and secret."""

    institution: NewInstitution
    paasid: str | None
    secret: str | None


@dataclass(frozen=True, slots=True)
class KinshipRecord:
    """A fact of kinship between two people, named by their `certificate_key`."""

    kind: FactKind
    one: str
    other: str
    since: date
    until: date | None
    evidence: str


@dataclass(frozen=True, slots=True)
class BalanceRecord:
    """What stands in an account (fen) of the person with this `certificate_key`."""

    key: str
    account: AccountKind
    balance: int


Record = (
    PersonRecord | EnrolmentRecord | FilingRecord | InstitutionRecord | NewCatalogueItem | KinshipRecord | BalanceRecord
)
