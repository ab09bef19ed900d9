"""Making an authorisation: facts loaded under the lock of both people, decided, written."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

import sqlalchemy as sa

from gongji.family import freezes_store, store
from gongji.family.binding_facts import BindingFacts, BindingRequest, Party
from gongji.family.decide import BindingDecision, decide_binding
from gongji.family.kinship_store import kinship_around, record_kinship
from gongji.family.model import Authorisation, AuthorisationState
from gongji.family.refusals import Code, refuse
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.rules.book import RuleBook
from gongji.rules.model import Purpose, Relation


def bind(
    connection: sa.Connection,
    book: RuleBook,
    *,
    sharer_id: int,
    user_id: int,
    relation: Relation,
    limit_total: int | None = None,
    limit_month: int | None = None,
    purposes: Collection[Purpose] | None = None,
    commitment: bool,
    consented: bool = False,
    actor: str,
    at: datetime,
    serials: Serials,
) -> Authorisation:
    """A sharer gives a relative leave to spend from the sharer's account.

    Where the region goes by commitment the authorisation is active at once, and the commitment is kept as the evidence
    of the kinship that it states. Where it goes by review the authorisation waits for a document, or is under review at
    once when the registers already show the relation.

    Args:
        connection: the transaction.
        book: the rules.
        sharer_id: whose account will pay.
        user_id: who will be treated.
        relation: what the user is to the sharer, as the sharer says.
        limit_total, limit_month: fen; None without a limit.
        purposes: what the money may be spent on; None for all that the region allows.
        commitment: whether the sharer has confirmed the commitment (承诺书).
        consented: whether the user has agreed (see `gongji.family.applications`).
        actor: who presses the button, for the history: never a name.
        at: now.
        serials: where the new id comes from.

    Raises:
        NotFound: ``authorisation.person_unknown``.
        Refused, InvalidInput: as `gongji.family.decide.decide_binding`.
    """
    if sharer_id == user_id:
        raise refuse(Code.SAME_PERSON)
    request = BindingRequest(
        relation, limit_total, limit_month, frozenset(purposes) if purposes is not None else None, commitment, consented
    )
    lives = store.lock_people(connection, (sharer_id, user_id))
    facts = binding_facts(connection, book, lives, sharer_id=sharer_id, user_id=user_id, request=request, at=at)
    decision = decide_binding(facts)
    made = _made(decision, facts, serials, at)
    store.insert_authorisation(connection, made, decision.pack_digest)
    for state in decision.states:
        details = {"relation": relation.value, "commitment": commitment, "proven": decision.proven}
        store.insert_event(connection, made.id, state, actor=actor, at=at, details=details)
    if decision.fact is not None:
        record_kinship(connection, [decision.fact], at, authorisation_id=made.id)
    return made


def _made(decision: BindingDecision, facts: BindingFacts, serials: Serials, at: datetime) -> Authorisation:
    (serial,) = serials.take(1)
    state, request = decision.states[-1], facts.request
    return Authorisation(
        id=compose(serial, bucket_of(facts.user.person_id)),
        user_id=facts.user.person_id,
        sharer_id=facts.sharer.person_id,
        region=decision.region,
        relation=request.relation,
        procedure=decision.procedure,
        state=state,
        exclusive=decision.exclusive,
        purposes=decision.purposes,
        limit_total=request.limit_total,
        limit_month=request.limit_month,
        rank=decision.rank,
        active_since=at if state is AuthorisationState.ACTIVE else None,
        ended_at=None,
        end_reason=None,
        made_at=at,
        kept=max((one.kept for one in facts.sharer.as_sharer), default=0),
        unbind_after_days=facts.rule.unbind_after_days if facts.rule is not None else None,
    )


def binding_facts(
    connection: sa.Connection,
    book: RuleBook,
    lives: dict[int, store.Life],
    *,
    sharer_id: int,
    user_id: int,
    request: BindingRequest,
    at: datetime,
) -> BindingFacts:
    """All that a binding is decided on, read while the two people are locked; arguments as `bind`."""
    on = at.astimezone(CHINA).date()
    ids = (sharer_id, user_id)
    sharer, user = parties(connection, lives, ids, on)
    enrolment = sharer.enrolment
    return BindingFacts(
        on=on,
        rule=book.sharing(enrolment.region, on) if enrolment is not None else None,
        sharer=sharer,
        user=user,
        kinship=tuple(kinship_around(connection, ids)),
        request=request,
    )


def parties(
    connection: sa.Connection, lives: dict[int, store.Life], ids: tuple[int, int], on: date
) -> tuple[Party, Party]:
    """Two people as the registers know them on a day, read while both are locked; see `Party`."""
    enrolments = store.enrolments_of(connection, ids)
    frozen = freezes_store.standing(connection, ids, on)
    around = store.open_authorisations_around(connection, ids)

    def party(person_id: int) -> Party:
        return Party(
            person_id=person_id,
            born_on=lives[person_id].born_on,
            died_on=lives[person_id].died_on,
            enrolment=store.enrolment_covering(enrolments[person_id], on),
            enrols_on=store.next_enrolment(enrolments[person_id], on),
            as_sharer=tuple(one for one in around if one.sharer_id == person_id),
            as_user=tuple(one for one in around if one.user_id == person_id),
            frozen=frozen.get(person_id),
        )

    return party(ids[0]), party(ids[1])
