"""The decision alone, without a database: what two regions' rules do when they meet, and what approval counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gongji.family.binding_facts import BindingFacts, BindingRequest, Party
from gongji.family.decide import Approval, decide_approval, decide_binding
from gongji.family.model import Authorisation, AuthorisationState, FactKind, KinshipFact
from gongji.foundation.errors import Refused
from gongji.registry.model import Enrolment
from gongji.rules.book import RuleBook
from gongji.rules.model import Procedure, Purpose, Relation, Scheme, SharingRule, Status

S = AuthorisationState
TODAY = date(2025, 3, 3)
NOW = datetime(2025, 3, 3, 2, tzinfo=UTC)
SON, MOTHER, SISTER = 1024, 2048, 3072


def rule_of(region: str) -> SharingRule:
    rule = RuleBook.shipped().sharing(region, TODAY)
    assert rule is not None
    return rule


def party(person_id: int, born: date, region: str = "211200", **authorisations: tuple[Authorisation, ...]) -> Party:
    insured = Enrolment(Scheme.EMPLOYEE, region, Status.ACTIVE, "11", "1", "", False, date(2020, 1, 1), None)
    return Party(
        person_id,
        born,
        None,
        insured,
        None,
        as_sharer=authorisations.get("as_sharer", ()),
        as_user=authorisations.get("as_user", ()),
    )


def between(
    sharer: int, user: int, state: AuthorisationState, *, exclusive: bool = False, rank: int = 1
) -> Authorisation:
    return Authorisation(
        id=user + 1024 * 1024,
        user_id=user,
        sharer_id=sharer,
        region="211200",
        relation=Relation.PARENT,
        procedure=Procedure.REVIEW,
        state=state,
        exclusive=exclusive,
        purposes=frozenset({Purpose.CARE}),
        limit_total=None,
        limit_month=None,
        rank=rank,
        active_since=NOW if state in (S.ACTIVE, S.PAUSED) else None,
        ended_at=None,
        end_reason=None,
        made_at=NOW,
    )


def facts(rule: SharingRule | None = None, **changed: object) -> BindingFacts:
    made = BindingFacts(
        on=TODAY,
        rule=rule or rule_of("211200"),
        sharer=party(SON, date(1980, 2, 2)),
        user=party(MOTHER, date(1955, 8, 13)),
        kinship=(),
        request=BindingRequest(Relation.PARENT, None, None, None, committed=True),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(("theirs", "ours"), [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("state", [S.ACTIVE, S.PAUSED])
def test_one_exclusive_authorisation_of_the_two_is_enough_to_refuse(
    theirs: bool, ours: bool, state: AuthorisationState
) -> None:
    """The database only sees two exclusive ones meet; a city with another reading is for the decision to see."""
    bound = party(MOTHER, date(1955, 8, 13), as_user=(between(SISTER, MOTHER, state, exclusive=theirs),))
    with pytest.raises(Refused, match=r"authorisation\.already_bound"):
        decide_binding(facts(replace(rule_of("211200"), exclusive_user=ours), user=bound))


def test_a_request_that_only_waits_holds_nobody_and_the_next_sharer_ranks_behind_it() -> None:
    waiting = between(SISTER, MOTHER, S.UNDER_REVIEW, exclusive=True, rank=4)
    decided = decide_binding(facts(user=party(MOTHER, date(1955, 8, 13), as_user=(waiting,))))
    assert (decided.states, decided.rank) == ((S.SUBMITTED,), 5)


def test_who_was_born_on_the_same_day_is_no_parent() -> None:
    twin = party(MOTHER, date(1980, 2, 2))
    with pytest.raises(Refused, match=r"authorisation\.relation_impossible"):
        decide_binding(facts(user=twin))
    sibling = BindingRequest(Relation.SIBLING, None, None, None, committed=True)
    assert decide_binding(facts(user=twin, request=sibling)).states == (S.SUBMITTED,)


def test_approval_counts_what_is_in_force_and_not_what_still_waits() -> None:
    case = between(SON, MOTHER, S.UNDER_REVIEW)
    waiting = tuple(between(SON, 1024 * n, S.SUBMITTED) for n in range(10, 20))
    in_force = tuple(between(SON, 1024 * n, S.ACTIVE if n % 2 else S.PAUSED) for n in range(10, 20))
    proof = ("household_book",)
    sharer = party(SON, date(1980, 2, 2), as_sharer=(case, *waiting))
    fact = decide_approval(Approval(case, facts(sharer=sharer), proof))
    assert fact == KinshipFact(FactKind.PARENT, MOTHER, SON, TODAY, None, "household_book")
    sharer = party(SON, date(1980, 2, 2), as_sharer=(case, *in_force))
    with pytest.raises(Refused) as refusal:
        decide_approval(Approval(case, facts(sharer=sharer), proof))
    assert (refusal.value.code, refusal.value.details["bound"]) == ("authorisation.sharer_at_limit", 10)


def test_approval_in_between_does_not_overlook_another_sharer() -> None:
    case = between(SON, MOTHER, S.UNDER_REVIEW, exclusive=True)
    user = party(MOTHER, date(1955, 8, 13), as_user=(case, between(SISTER, MOTHER, S.ACTIVE)))
    with pytest.raises(Refused, match=r"authorisation\.already_bound"):
        decide_approval(
            Approval(case, facts(replace(rule_of("211200"), exclusive_user=True), user=user), ("household_book",))
        )


def test_no_number_of_relatives_where_no_text_names_one() -> None:
    crowd = tuple(between(SON, 1024 * n, S.ACTIVE) for n in range(10, 60))
    sharer = party(SON, date(1980, 2, 2), as_sharer=crowd)
    decided = decide_binding(facts(replace(rule_of("211200"), max_relatives=None), sharer=sharer))
    assert decided.states == (S.SUBMITTED,)


def test_a_commitment_keeps_a_fact_only_when_nothing_better_is_known() -> None:
    jining = {
        "rule": rule_of("370800"),
        "sharer": party(SON, date(1980, 2, 2), "370800"),
        "user": party(MOTHER, date(1955, 8, 13), "370800"),
    }
    word = decide_binding(facts(**jining))  # type: ignore[arg-type]
    assert word.fact == KinshipFact(FactKind.PARENT, MOTHER, SON, TODAY, None, "commitment")
    known = KinshipFact(FactKind.PARENT, MOTHER, SON, date(1980, 2, 2), None, "register")
    register = decide_binding(facts(**jining, kinship=(known,)))  # type: ignore[arg-type]
    assert (register.fact, register.proven, register.states) == (None, True, (S.SUBMITTED, S.ACTIVE))
