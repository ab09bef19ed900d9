"""What a sharer can know before naming anybody, and what can be answered before they have committed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from gongji.family import binding_checks
from gongji.family.binding_facts import BindingFacts, BindingRequest, Party
from gongji.foundation.errors import GongjiError
from gongji.rules.model import Procedure, Relation, SharingRule


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of sharing: its name, and why it does not hold (None when it does)."""

    name: str
    refusal: GongjiError | None


_CHECKS: Final[Mapping[str, Callable[[BindingFacts], None]]] = {
    "insured": binding_checks.sharer_has_an_account,
    "not_frozen": binding_checks.account_is_free,
    "region": binding_checks.procedure_is_known,
    "number": binding_checks.below_the_number_of_relatives,
    "one_role": binding_checks.sharer_is_no_user,
}

#: Names of the conditions, in the order in which a page lists them.
NAMES: Final = tuple(_CHECKS)


def sharer_checks(sharer: Party, rule: SharingRule | None, on: date) -> tuple[Check, ...]:
    """Every condition that the sharer alone has to meet, in the order in which a page lists them.

    Args:
        sharer: the person.
        rule: of the sharer's region on the day; None where there is none.
        on: the day.
    """
    nobody = Party(0, date.max, None, None, None, (), ())
    request = BindingRequest(Relation.SPOUSE, None, None, None, committed=True)
    facts = BindingFacts(on, rule, sharer, nobody, (), request)
    return tuple(Check(name, _refusal(check, facts)) for name, check in _CHECKS.items())


def _refusal(check: Callable[[BindingFacts], None], facts: BindingFacts) -> GongjiError | None:
    try:
        check(facts)
    except GongjiError as refusal:
        return refusal
    return None


def check_in_advance(facts: BindingFacts) -> bool:
    """Refuse as `decide_binding` would, as far as that may be told to somebody who has not committed to the relation.

    Where a region goes by commitment and no register shows the relation, nothing is told of the other person's insurance
    and of others who share with them: that comes with the commitment.

    Returns:
        Whether the relation is proven, so that no document is needed.

    Raises:
        Refused, InvalidInput: as `decide_binding`.
    """
    request, user, sharer = facts.request, facts.user.person_id, facts.sharer.person_id
    proven = binding_checks.is_proven(request.relation, user, sharer, facts.kinship, facts.on)
    by_commitment = facts.rule is not None and facts.rule.procedure is Procedure.COMMITMENT
    for check in binding_checks.OWN_CHECKS if by_commitment and not proven else binding_checks.AT_BINDING:
        check(facts)
    return proven
