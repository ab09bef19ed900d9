"""What a sharer can know before naming anybody, and what can be answered before they have committed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from gongji.family import decide
from gongji.family.decide import BindingFacts, BindingRequest, Party
from gongji.foundation.errors import GongjiError
from gongji.rules.model import Procedure, Relation, SharingRule


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of sharing: its name, and why it does not hold (None when it does)."""

    name: str
    refusal: GongjiError | None


_CHECKS: Final[Mapping[str, Callable[[BindingFacts], None]]] = {
    "insured": decide.sharer_has_an_account,
    "not_frozen": decide.account_is_free,
    "region": decide.procedure_is_known,
    "number": decide.below_the_number_of_relatives,
    "one_role": decide.sharer_is_no_user,
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
    proven = decide.is_proven(request.relation, user, sharer, facts.kinship, facts.on)
    by_commitment = facts.rule is not None and facts.rule.procedure is Procedure.COMMITMENT
    for check in decide.OWN_CHECKS if by_commitment and not proven else decide.ALL_CHECKS:
        check(facts)
    return proven
