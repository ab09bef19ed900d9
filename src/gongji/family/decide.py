"""Whether a binding may be made, and whether one under review may come into force. Pure: facts in, decision out."""

from __future__ import annotations

from dataclasses import dataclass

from gongji.family.binding_checks import AT_APPROVAL, AT_BINDING, COMMITMENT, is_proven, rule_of
from gongji.family.binding_facts import BindingFacts
from gongji.family.evidence import documents_in_words
from gongji.family.kinship import stated_fact
from gongji.family.model import Authorisation, AuthorisationState, KinshipFact
from gongji.family.refusals import Code, refuse
from gongji.family.transitions import OPEN_STATES, transition
from gongji.family.words import Action
from gongji.rules.model import Procedure, Purpose


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
    for check in AT_BINDING:
        check(facts)
    rule, request, enrolment = rule_of(facts), facts.request, facts.sharer.enrolment
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
    for check in AT_APPROVAL:
        check(facts)
    if is_proven(case.relation, case.user_id, case.sharer_id, facts.kinship, facts.on):
        return None
    if not approval.proof:
        zh, en = documents_in_words(case.relation)
        raise refuse(Code.NOT_PROVEN, documents=zh, documents_en=en)
    return stated_fact(
        case.relation, user=case.user_id, sharer=case.sharer_id, since=facts.on, evidence=approval.proof[0]
    )
