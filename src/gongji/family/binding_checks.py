"""What has to hold for a binding, check by check; each refuses with its own code.

The checks stand in one order, the same at binding and at approval: first what concerns the sharer alone, then the
relation, then what the sharer asks for, and only then the user, so that nobody learns about another person's insurance
who has not named a relation that counts here and, where the region asks for it, committed to its truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from gongji.family.binding_facts import BindingFacts
from gongji.family.kinship import holds, relations_between
from gongji.family.model import Authorisation, AuthorisationState, FactKind, KinshipFact
from gongji.family.refusals import Code, account_frozen, refuse
from gongji.family.transitions import IN_FORCE_STATES, OPEN_STATES
from gongji.family.words import who_in_words
from gongji.rules.model import Area, Procedure, Relation, Scheme, SharingRule

#: The evidence of a fact that rests on nothing but somebody's word.
COMMITMENT: Final = "commitment"

_ORDERED_BY_AGE: Final = {
    Relation.PARENT: "user_older",
    Relation.GRANDPARENT: "user_older",
    Relation.CHILD: "sharer_older",
    Relation.GRANDCHILD: "sharer_older",
}


def is_proven(relation: Relation, user: int, sharer: int, facts: Sequence[KinshipFact], on: date) -> bool:
    """Whether facts that rest on more than a commitment show the relation on a day."""
    return relation in _proven_relations(user, sharer, facts, on)


def check_limits(rule: SharingRule, limit_total: int | None, limit_month: int | None) -> None:
    """Refuse limits (fen) where the region sets none, and limits below zero.

    Raises:
        InvalidInput: ``authorisation.limit_negative``.
        Refused: ``authorisation.limit_not_allowed``.
    """
    given = [limit for limit in (limit_total, limit_month) if limit is not None]
    if any(limit < 0 for limit in given):
        raise refuse(Code.LIMIT_NEGATIVE, accepted="0 fen or more, or nothing")
    if given and not rule.sharer_limit_allowed:
        raise refuse(Code.LIMIT_NOT_ALLOWED, accepted="no limit")


def rule_of(facts: BindingFacts) -> SharingRule:
    """The sharing rule that holds, or the refusal ``region_unknown``."""
    if facts.rule is None:
        enrolment = facts.sharer.enrolment
        raise refuse(Code.REGION_UNKNOWN, region=enrolment.region if enrolment else "")
    return facts.rule


def _two_people(facts: BindingFacts) -> None:
    if facts.sharer.person_id == facts.user.person_id:
        raise refuse(Code.SAME_PERSON)


def sharer_has_an_account(facts: BindingFacts) -> None:
    """Refuse a sharer who has died, is not insured or paused, or has no account: ``sharer_died`` and the three after."""
    sharer = facts.sharer
    if sharer.died_by(facts.on):
        raise refuse(Code.SHARER_DIED)
    if sharer.enrolment is None:
        raise refuse(Code.SHARER_NOT_ENROLLED, possible_from=sharer.enrols_on)
    if sharer.enrolment.scheme is not Scheme.EMPLOYEE:
        raise refuse(Code.NO_PERSONAL_ACCOUNT)
    if not sharer.enrolment.holds(facts.on):
        raise refuse(Code.SHARER_PAUSED)


def account_is_free(facts: BindingFacts) -> None:
    """Refuse an account from which nothing may be paid for now: ``account_frozen``."""
    frozen = facts.sharer.frozen
    if frozen is not None and frozen.stands(facts.on):
        raise account_frozen(frozen.until)


def procedure_is_known(facts: BindingFacts) -> None:
    """Refuse where the region has no rule, or none says how it is done: ``region_unknown``, ``procedure_unknown``."""
    if rule_of(facts).procedure is None:
        enrolment = facts.sharer.enrolment
        raise refuse(Code.PROCEDURE_UNKNOWN, region=enrolment.region if enrolment else "")


def _committed(facts: BindingFacts) -> None:
    if rule_of(facts).procedure is Procedure.COMMITMENT and not facts.request.committed:
        raise refuse(Code.COMMITMENT_MISSING)


def _relation_counts_here(facts: BindingFacts) -> None:
    admitted = rule_of(facts).relations
    if facts.request.relation not in admitted:
        zh, en = who_in_words(admitted)
        raise refuse(Code.NOT_NEAR_RELATIVE, accepted=", ".join(sorted(admitted)), who=zh, who_en=en)


def _ages_fit(facts: BindingFacts) -> None:
    user, sharer = facts.user, facts.sharer
    order = _ORDERED_BY_AGE.get(facts.request.relation)
    if (order == "user_older" and user.born_on >= sharer.born_on) or (
        order == "sharer_older" and sharer.born_on >= user.born_on
    ):
        raise refuse(Code.RELATION_IMPOSSIBLE)


def _relation_can_be_true(facts: BindingFacts) -> None:
    _ages_fit(facts)
    relation, user, sharer = facts.request.relation, facts.user, facts.sharer
    # Under review an officer weighs the document against the register; a commitment alone cannot contradict it.
    if rule_of(facts).procedure is Procedure.COMMITMENT:
        known = _proven_relations(user.person_id, sharer.person_id, facts.kinship, facts.on)
        if (known and relation not in known) or (relation is Relation.SPOUSE and _married_to_another(facts)):
            raise refuse(Code.RELATION_DIFFERS)


def _wishes_are_allowed(facts: BindingFacts) -> None:
    rule, request = rule_of(facts), facts.request
    check_limits(rule, request.limit_total, request.limit_month)
    if request.purposes is not None and not (request.purposes and request.purposes <= rule.purposes):
        raise refuse(Code.PURPOSE_NOT_ALLOWED, accepted=", ".join(sorted(rule.purposes)))


def _user_is_insured(facts: BindingFacts) -> None:
    user = facts.user
    if user.died_by(facts.on):
        raise refuse(Code.USER_DIED)
    if user.enrolment is None:
        raise refuse(Code.USER_NOT_ENROLLED, possible_from=user.enrols_on)
    if not user.enrolment.holds(facts.on):
        raise refuse(Code.USER_PAUSED)


def _near_enough(facts: BindingFacts) -> None:
    assert facts.sharer.enrolment is not None
    assert facts.user.enrolment is not None
    here, there = facts.sharer.enrolment.region, facts.user.enrolment.region
    if here[:2] != there[:2]:
        raise refuse(Code.OTHER_PROVINCE)
    if rule_of(facts).area is Area.CITY and here[:4] != there[:4]:
        raise refuse(Code.OTHER_CITY)


def _not_open_already(facts: BindingFacts) -> None:
    if any(one.user_id == facts.user.person_id and one.state in OPEN_STATES for one in facts.sharer.as_sharer):
        raise refuse(Code.ALREADY_OPEN)


def _fewer_than_most(counted: frozenset[AuthorisationState]) -> Callable[[BindingFacts], None]:
    def check(facts: BindingFacts) -> None:
        most = rule_of(facts).max_relatives
        bound = sum(one.state in counted for one in facts.sharer.as_sharer)
        if most is not None and bound >= most:
            raise refuse(Code.SHARER_AT_LIMIT, bound=bound, most=most)

    return check


#: Refuses a sharer who has as many relatives as the region allows, requests under way included: ``sharer_at_limit``.
below_the_number_of_relatives: Final = _fewer_than_most(OPEN_STATES)


def sharer_is_no_user(facts: BindingFacts) -> None:
    """Refuse a sharer who uses another's account where nobody may do both: ``sharer_is_user``."""
    if rule_of(facts).dual_role_forbidden and _in_force(facts.sharer.as_user):
        raise refuse(Code.SHARER_IS_USER)


def _one_role_each(facts: BindingFacts) -> None:
    sharer_is_no_user(facts)
    if rule_of(facts).dual_role_forbidden and _in_force(facts.user.as_sharer):
        raise refuse(Code.USER_IS_SHARER)


def _user_is_free(facts: BindingFacts) -> None:
    others = _in_force(facts.user.as_user)
    if (others and rule_of(facts).exclusive_user) or any(one.exclusive for one in others):
        raise refuse(Code.ALREADY_BOUND)


def _user_agrees(facts: BindingFacts) -> None:
    if rule_of(facts).user_consent and not facts.request.consented:
        raise refuse(Code.CONSENT_MISSING)


_BEFORE_COUNTING: Final[tuple[Callable[[BindingFacts], None], ...]] = (
    _two_people,
    sharer_has_an_account,
    account_is_free,
    procedure_is_known,
    _committed,
    _relation_counts_here,
    _relation_can_be_true,
    _wishes_are_allowed,
    _user_is_insured,
    _near_enough,
)
#: What has to hold for a request, in this order.
AT_BINDING: Final = (
    *_BEFORE_COUNTING,
    _not_open_already,
    below_the_number_of_relatives,
    _one_role_each,
    _user_is_free,
    _user_agrees,
)
#: What may be answered about a request before the sharer has committed to the relation: the sharer's own affairs, and
#: what the two ID numbers say.
OWN_CHECKS: Final = (
    _two_people,
    sharer_has_an_account,
    account_is_free,
    procedure_is_known,
    _relation_counts_here,
    _ages_fit,
    _wishes_are_allowed,
    _not_open_already,
    below_the_number_of_relatives,
    sharer_is_no_user,
)
#: What has to hold still when a case under review comes into force.
AT_APPROVAL: Final = (
    *_BEFORE_COUNTING,
    _fewer_than_most(IN_FORCE_STATES),
    _one_role_each,
    _user_is_free,
)


def _in_force(authorisations: Sequence[Authorisation]) -> tuple[Authorisation, ...]:
    return tuple(one for one in authorisations if one.state in IN_FORCE_STATES)


def _proven_relations(user: int, sharer: int, facts: Sequence[KinshipFact], on: date) -> frozenset[Relation]:
    return relations_between(user, sharer, [fact for fact in facts if fact.evidence != COMMITMENT], on)


def _married_to_another(facts: BindingFacts) -> bool:
    pair = {facts.sharer.person_id, facts.user.person_id}
    return any(
        len(pair & {fact.one, fact.other}) == 1
        for fact in facts.kinship
        if fact.kind is FactKind.SPOUSE and fact.evidence != COMMITMENT and holds(fact, facts.on)
    )
