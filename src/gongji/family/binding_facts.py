"""All that a binding is decided on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gongji.family.freezes import Freeze
from gongji.family.model import Authorisation, KinshipFact
from gongji.registry.model import Enrolment
from gongji.rules.model import Purpose, Relation, SharingRule


@dataclass(frozen=True, slots=True)
class Party:
    """One of the two people as the registers know them on the day.

    Attributes:
        person_id: who.
        born_on, died_on: dates of birth and death.
        enrolment: the insurance that covers the day, also when it is paused; None without one.
        enrols_on: first day of the next enrolment, when one is registered ahead.
        as_sharer: authorisations by which others use this person's account.
        as_user: authorisations by which this person uses another's.
        frozen: the freeze under which the agency lets nothing be paid from the account; None while it is free.
    """

    person_id: int
    born_on: date
    died_on: date | None
    enrolment: Enrolment | None
    enrols_on: date | None
    as_sharer: tuple[Authorisation, ...]
    as_user: tuple[Authorisation, ...]
    frozen: Freeze | None = None

    def died_by(self, on: date) -> bool:
        """Whether the person was dead on a day."""
        return self.died_on is not None and self.died_on <= on


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """What the sharer asks for.

    Attributes:
        relation: what the user is to the sharer, as the sharer says.
        limit_total, limit_month: fen; None without a limit.
        purposes: None for all that the region allows.
        committed: whether the sharer has confirmed the commitment (承诺书).
        consented: whether the user has agreed; asked only where the region wants it.
    """

    relation: Relation
    limit_total: int | None
    limit_month: int | None
    purposes: frozenset[Purpose] | None
    committed: bool
    consented: bool = False


@dataclass(frozen=True, slots=True)
class BindingFacts:
    """All that a binding is decided on.

    Attributes:
        on: the day.
        rule: the sharing rule of the sharer's region on that day; None where there is none.
        sharer, user: the two people.
        kinship: all facts within two steps of either.
        request: what is asked for.
    """

    on: date
    rule: SharingRule | None
    sharer: Party
    user: Party
    kinship: tuple[KinshipFact, ...]
    request: BindingRequest
