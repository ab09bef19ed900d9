"""An authorisation's life: who may do what, when, and what the history keeps."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date, datetime

import pytest
from families import JINING, Families
from hypothesis import given
from hypothesis import strategies as st

from gongji.family import service
from gongji.family.model import Authorisation, AuthorisationState, FactKind, KinshipFact
from gongji.family.transitions import IN_FORCE_STATES, OPEN_STATES, TRANSITIONS, possible_actions, transition
from gongji.family.words import Action
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import InvalidInput, NotFound, Refused
from gongji.rules.model import Relation

S = AuthorisationState


def a_bound_father(families: Families) -> Authorisation:
    """Kong Li shares with her father in Jining since 3 March 2025."""
    daughter = families.insured("孔丽", "1982-05-05", region=JINING)
    father = families.insured("孔祥", "1954-04-04", region=JINING)
    return families.bind(daughter, father, Relation.PARENT)


def test_the_sharer_pauses_and_resumes_and_the_time_in_force_goes_on(families: Families) -> None:
    made = a_bound_father(families)
    families.today(2025, 4, 1)
    paused = families.do(service.pause, made, made.sharer_id)
    assert (paused.state, paused.active_since, paused.ended_at) == (S.PAUSED, made.active_since, None)
    families.today(2025, 5, 1)
    assert families.do(service.resume, made, made.sharer_id) == made
    assert families.states_of(made) == [S.SUBMITTED, S.ACTIVE, S.PAUSED, S.ACTIVE]


@pytest.mark.parametrize("step", [service.pause, service.resume, service.unbind])
def test_the_sharers_steps_are_not_the_users(families: Families, step: Callable[..., Authorisation]) -> None:
    made = a_bound_father(families)
    with pytest.raises(Refused) as refusal:
        families.do(step, made, made.user_id)
    assert refusal.value.code == "authorisation.not_yours"
    assert "您可以退出" in str(refusal.value.details["next"])
    assert families.ask(service.authorisation, made.id) == made


def test_leaving_is_the_users_and_strangers_see_nothing(families: Families) -> None:
    made, stranger = a_bound_father(families), families.insured("路人", "1990-01-01")
    with pytest.raises(Refused, match=r"authorisation\.not_yours"):
        families.do(service.leave, made, made.sharer_id)
    unknown = r"authorisation\.unknown"
    for step in (service.pause, service.unbind, service.leave):
        with pytest.raises(NotFound, match=unknown):
            families.do(step, made, stranger)
    with pytest.raises(NotFound, match=unknown):
        families.ask(service.authorisation, made.id + 1024)


def test_after_the_end_comes_a_new_one_and_the_old_one_stays_readable(families: Families) -> None:
    made = a_bound_father(families)
    families.today(2025, 6, 1)
    ended = families.do(service.unbind, made, made.sharer_id)
    assert (ended.end_reason, ended.ended_at) == ("unbound", datetime(2025, 6, 1, 10, tzinfo=CHINA))
    families.today(2025, 7, 1)
    again = families.bind(made.sharer_id, made.user_id, Relation.PARENT)
    assert families.ask(service.authorisations_of_user, made.user_id) == [ended, again]
    assert families.ask(service.authorisations_of_sharer, made.sharer_id) == [ended, again]
    with pytest.raises(Refused) as refusal:
        families.do(service.resume, ended, made.sharer_id)
    assert refusal.value.zh == "这项共济现在是“已结束”，不能恢复"
    assert refusal.value.details["next"] == "现在可以：重新申请"


def test_ended_in_the_moment_it_began_it_was_never_in_force(families: Families) -> None:
    made = a_bound_father(families)
    ended = families.do(service.unbind, made, made.sharer_id)
    assert (ended.state, ended.active_since, ended.ended_at) == (S.ENDED, None, None)
    assert families.bind(made.sharer_id, made.user_id, Relation.PARENT).state is S.ACTIVE


def test_a_clock_that_was_put_back_does_not_turn_the_time_in_force_round(families: Families) -> None:
    made = a_bound_father(families)
    families.today(2025, 2, 1)
    assert families.do(service.leave, made, made.user_id).ended_at is None


def test_a_request_is_withdrawn_before_it_is_in_force(families: Families) -> None:
    case = families.bind(
        families.insured("赵军", "1980-02-02"), families.insured("王秀兰", "1955-08-13"), Relation.PARENT
    )
    with pytest.raises(Refused) as twice:
        families.bind(case.sharer_id, case.user_id, Relation.PARENT)
    assert twice.value.code == "authorisation.already_open"
    with pytest.raises(Refused) as refusal:
        families.do(service.pause, case, case.sharer_id)
    assert refusal.value.accepted == "hand_in, change_limits, end"
    withdrawn = families.do(service.unbind, case, case.sharer_id)
    assert (withdrawn.state, withdrawn.end_reason, withdrawn.active_since) == (S.ENDED, "withdrawn", None)


def test_limits_are_not_for_liaoning(families: Families) -> None:
    son, mother = families.insured("赵军", "1980-02-02"), families.insured("王秀兰", "1955-08-13")
    with pytest.raises(Refused, match=r"authorisation\.limit_not_allowed"):
        families.bind(son, mother, Relation.PARENT, limit_month=10_000)
    case = families.bind(son, mother, Relation.PARENT)
    with pytest.raises(Refused, match=r"authorisation\.limit_not_allowed"):
        families.limits(case, son, 10_000, None)
    assert families.limits(case, son, None, None) == case


def test_the_agency_ends_it_and_a_divorce_ends_what_the_couple_had_stated(families: Families) -> None:
    husband, wife = (families.insured(name, "1980-05-05", region=JINING) for name in ("丈夫", "妻子"))
    made = families.bind(husband, wife, Relation.SPOUSE)
    families.today(2025, 8, 1)
    ended = families.end(made, "relation_ended")
    assert (ended.state, ended.end_reason) == (S.ENDED, "relation_ended")
    (fact,) = families.ask(service.kinship_around, [husband])
    assert fact == KinshipFact(
        FactKind.SPOUSE, min(husband, wife), max(husband, wife), date(2025, 3, 3), date(2025, 8, 1), "commitment"
    )


def test_a_false_commitment_is_forgotten_as_kinship_and_kept_as_history(families: Families) -> None:
    made = a_bound_father(families)
    ended = families.end(made, "relation_false")
    assert families.ask(service.kinship_around, [made.user_id]) == []
    assert families.ask(service.events, ended.id)[0].details == {
        "relation": "parent",
        "commitment": True,
        "proven": False,
    }
    with pytest.raises(Refused, match=r"authorisation\.transition"):
        families.end(made, "relation_false")


@pytest.mark.parametrize("reason", ["unbound", "left", "because", ""])
def test_the_agency_gives_a_reason_of_its_own(families: Families, reason: str) -> None:
    made = a_bound_father(families)
    with pytest.raises(InvalidInput) as refusal:
        families.end(made, reason)
    assert refusal.value.field == "reason"
    assert "misuse" in (refusal.value.accepted or "")


def test_the_table_knows_no_way_out_of_what_is_over() -> None:
    assert possible_actions(S.ENDED) == possible_actions(S.REFUSED) == ()
    assert {S.SUBMITTED, S.UNDER_REVIEW, S.RETURNED, S.ACTIVE, S.PAUSED} == OPEN_STATES
    # Whatever is open can be ended: nobody is ever locked in.
    assert {state for state, action in TRANSITIONS if action is Action.END} == OPEN_STATES


@given(st.lists(st.sampled_from(list(Action)), max_size=30))
def test_whatever_is_tried_the_life_stays_on_its_way(actions: list[Action]) -> None:
    state, passed = S.DRAFT, [S.DRAFT]
    for action in actions:
        if action in possible_actions(state):
            state = transition(state, action)
            passed.append(state)
        else:
            with pytest.raises(Refused) as refusal:
                transition(state, action)
            assert (refusal.value.code, refusal.value.details["state"]) == ("authorisation.transition", state.value)
    # Money can flow only after an approval or a commitment, and never again once it is over.
    if any(one in IN_FORCE_STATES for one in passed):
        before = passed[passed.index(S.ACTIVE) - 1]
        assert before in (S.SUBMITTED, S.UNDER_REVIEW)
    for over in (S.ENDED, S.REFUSED):
        assert over not in passed[:-1]


STEPS = {
    Action.PAUSE: service.pause,
    Action.RESUME: service.resume,
    Action.END: service.unbind,
}


def test_every_sequence_of_steps_in_the_database_follows_the_table(families: Families) -> None:
    """All 27 ways to press three buttons: the database stands where the table says, and the history has every step."""
    for steps in itertools.product(STEPS, repeat=3):
        made = a_bound_father(families)
        expected, history = S.ACTIVE, [S.SUBMITTED, S.ACTIVE]
        for action in steps:
            if (expected, action) in TRANSITIONS:
                expected = TRANSITIONS[expected, action]
                history.append(expected)
                assert families.do(STEPS[action], made, made.sharer_id).state is expected
            else:
                with pytest.raises(Refused, match=r"authorisation\.transition"):
                    families.do(STEPS[action], made, made.sharer_id)
        assert families.ask(service.authorisation, made.id).state is expected
        assert families.states_of(made) == history
