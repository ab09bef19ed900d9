"""Whether a binding may be made, and whether one under review may come into force. Pure: facts in, decision out.

The checks stand in one order, the same at binding and at approval: first what concerns the sharer alone, then the
relation, then what the sharer asks for, and only then the user, so that nobody learns about another person's insurance
who has not named a relation that counts here and, where the region asks for it, committed to its truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from gongji.family.evidence import documents_in_words
from gongji.family.freezes import Freeze
from gongji.family.kinship import holds, relations_between, stated_fact
from gongji.family.model import Authorisation, AuthorisationState, FactKind, KinshipFact
from gongji.family.refusals import Code, account_frozen, refuse
from gongji.family.transitions import IN_FORCE_STATES, OPEN_STATES, transition
from gongji.family.words import Action, who_in_words
from gongji.registry.model import Enrolment
from gongji.rules.model import Area, Procedure, Purpose, Relation, Scheme, SharingRule

__all__ = [
    "COMMITMENT",
    "Approval",
    "BindingDecision",
    "BindingFacts",
    "BindingRequest",
    "Party",
    "check_limits",
    "decide_approval",
    "decide_binding",
    "is_proven",
    "transition",
]

#: The evidence of a fact that rests on nothing but somebody's word.
COMMITMENT: Final = "commitment"

_ORDERED_BY_AGE: Final = {
    Relation.PARENT: "user_older",
    Relation.GRANDPARENT: "user_older",
    Relation.CHILD: "sharer_older",
    Relation.GRANDCHILD: "sharer_older",
}


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


@dataclass(frozen=True, slots=True)
class BindingDecision:
    """The authorisation to be made.

    Attributes:
        states: the states it goes through now, in order; the last is where it stands.
        region: the sharer's pooling region.
        procedure, exclusive, pack_digest: of the rule it is made under.
        purposes: what the money may be spent on.
        rank: its place among the user's sharers.
        proven: whether registers or approved documents already show the relation.
        fact: the kinship fact to be kept, when a commitment states one that is not proven.
    """

    states: tuple[AuthorisationState, ...]
    region: str
    procedure: Procedure
    exclusive: bool
    pack_digest: str
    purposes: frozenset[Purpose]
    rank: int
    proven: bool
    fact: KinshipFact | None


def is_proven(relation: Relation, user: int, sharer: int, facts: Sequence[KinshipFact], on: date) -> bool:
    """Whether facts that rest on more than a commitment show the relation on a day."""
    return relation in _proven_relations(user, sharer, facts, on)


def decide_binding(facts: BindingFacts) -> BindingDecision:
    """Decide on a request to share.

    Checks, in this order: two people; the sharer is alive, insured, not paused, in the employee scheme; the region has a
    rule, and says how it is done; the commitment is given where the rule asks for it; the relation counts here on this day; it can be true; limits
    and purposes are allowed; the user is alive, insured, not paused; near enough; not bound to this sharer already; the
    sharer is below the number of relatives; neither plays both roles where that is forbidden; the user has no other
    sharer where one is the rule, and agrees where the rule asks for it.

    Returns:
        Where the rule asks for a commitment: active at once. Where it asks for review: submitted, and under review as
        well when the relation is already proven, so that nothing has to be uploaded.

    Raises:
        Refused, InvalidInput: a code of `gongji.family.refusals` from ``same_person`` to ``already_bound``.
    """
    for check in _AT_BINDING:
        check(facts)
    rule, request, enrolment = _rule(facts), facts.request, facts.sharer.enrolment
    assert enrolment is not None
    assert rule.procedure is not None
    user, sharer = facts.user.person_id, facts.sharer.person_id
    proven = is_proven(request.relation, user, sharer, facts.kinship, facts.on)
    states = [transition(AuthorisationState.DRAFT, Action.SUBMIT)]
    fact = None
    if rule.procedure is Procedure.COMMITMENT:
        states.append(transition(states[-1], Action.COMMIT))
        if not proven:
            fact = stated_fact(request.relation, user=user, sharer=sharer, since=facts.on, evidence=COMMITMENT)
    elif proven:
        states.append(transition(states[-1], Action.HAND_IN))
    return BindingDecision(
        states=tuple(states),
        region=enrolment.region,
        procedure=rule.procedure,
        exclusive=rule.exclusive_user,
        pack_digest=rule.digest,
        purposes=rule.purposes if request.purposes is None else request.purposes,
        rank=1 + max((one.rank for one in facts.user.as_user if one.state in OPEN_STATES), default=0),
        proven=proven,
        fact=fact,
    )


@dataclass(frozen=True, slots=True)
class Approval:
    """An officer's wish to approve.

    Attributes:
        authorisation: the case.
        facts: the facts of the day of approval; `facts.request` repeats the case's relation and limits.
        proof: kinds of the documents that together prove the relation; empty when there are none.
    """

    authorisation: Authorisation
    facts: BindingFacts
    proof: tuple[str, ...]


def decide_approval(approval: Approval) -> KinshipFact | None:
    """Decide whether a case under review may come into force: all that held at binding has to hold still.

    The checks are those of `decide_binding`, except that other cases still under way don't count, then that a
    document or a register proves the relation.

    Returns:
        The kinship fact to be kept with the kind of document as its evidence; None when the registers had it already
        or when the relation follows from two facts.

    Raises:
        Refused: ``authorisation.transition``; those of `decide_binding`; ``authorisation.not_proven``.
    """
    case, facts = approval.authorisation, approval.facts
    transition(case.state, Action.APPROVE)
    for check in _AT_APPROVAL:
        check(facts)
    if is_proven(case.relation, case.user_id, case.sharer_id, facts.kinship, facts.on):
        return None
    if not approval.proof:
        zh, en = documents_in_words(case.relation)
        raise refuse(Code.NOT_PROVEN, documents=zh, documents_en=en)
    return stated_fact(
        case.relation, user=case.user_id, sharer=case.sharer_id, since=facts.on, evidence=approval.proof[0]
    )


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


def _rule(facts: BindingFacts) -> SharingRule:
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
    if _rule(facts).procedure is None:
        enrolment = facts.sharer.enrolment
        raise refuse(Code.PROCEDURE_UNKNOWN, region=enrolment.region if enrolment else "")


def _committed(facts: BindingFacts) -> None:
    if _rule(facts).procedure is Procedure.COMMITMENT and not facts.request.committed:
        raise refuse(Code.COMMITMENT_MISSING)


def _relation_counts_here(facts: BindingFacts) -> None:
    admitted = _rule(facts).relations
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
    if _rule(facts).procedure is Procedure.COMMITMENT:
        known = _proven_relations(user.person_id, sharer.person_id, facts.kinship, facts.on)
        if (known and relation not in known) or (relation is Relation.SPOUSE and _married_to_another(facts)):
            raise refuse(Code.RELATION_DIFFERS)


def _wishes_are_allowed(facts: BindingFacts) -> None:
    rule, request = _rule(facts), facts.request
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
    if _rule(facts).area is Area.CITY and here[:4] != there[:4]:
        raise refuse(Code.OTHER_CITY)


def _not_open_already(facts: BindingFacts) -> None:
    if any(one.user_id == facts.user.person_id and one.state in OPEN_STATES for one in facts.sharer.as_sharer):
        raise refuse(Code.ALREADY_OPEN)


def _fewer_than_most(counted: frozenset[AuthorisationState]) -> Callable[[BindingFacts], None]:
    def check(facts: BindingFacts) -> None:
        most = _rule(facts).max_relatives
        bound = sum(one.state in counted for one in facts.sharer.as_sharer)
        if most is not None and bound >= most:
            raise refuse(Code.SHARER_AT_LIMIT, bound=bound, most=most)

    return check


#: Refuses a sharer who has as many relatives as the region allows, requests under way included: ``sharer_at_limit``.
below_the_number_of_relatives: Final = _fewer_than_most(OPEN_STATES)


def sharer_is_no_user(facts: BindingFacts) -> None:
    """Refuse a sharer who uses another's account where nobody may do both: ``sharer_is_user``."""
    if _rule(facts).dual_role_forbidden and _in_force(facts.sharer.as_user):
        raise refuse(Code.SHARER_IS_USER)


def _one_role_each(facts: BindingFacts) -> None:
    sharer_is_no_user(facts)
    if _rule(facts).dual_role_forbidden and _in_force(facts.user.as_sharer):
        raise refuse(Code.USER_IS_SHARER)


def _user_is_free(facts: BindingFacts) -> None:
    others = _in_force(facts.user.as_user)
    if (others and _rule(facts).exclusive_user) or any(one.exclusive for one in others):
        raise refuse(Code.ALREADY_BOUND)


def _user_agrees(facts: BindingFacts) -> None:
    if _rule(facts).user_consent and not facts.request.consented:
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
_AT_BINDING: Final = (
    *_BEFORE_COUNTING,
    _not_open_already,
    below_the_number_of_relatives,
    _one_role_each,
    _user_is_free,
    _user_agrees,
)
ALL_CHECKS: Final = _AT_BINDING

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
_AT_APPROVAL: Final = (
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
