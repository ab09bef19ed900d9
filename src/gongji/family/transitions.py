"""The life of an authorisation as one table: which action leads from which state to which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gongji.family.model import AuthorisationState
from gongji.family.refusals import Code, refuse
from gongji.family.words import ACTION_WORDS, STATE_WORDS, Action

_DRAFT, _SUBMITTED = AuthorisationState.DRAFT, AuthorisationState.SUBMITTED
_UNDER_REVIEW, _RETURNED = AuthorisationState.UNDER_REVIEW, AuthorisationState.RETURNED
_ACTIVE, _PAUSED, _ENDED = AuthorisationState.ACTIVE, AuthorisationState.PAUSED, AuthorisationState.ENDED

TRANSITIONS: Final[Mapping[tuple[AuthorisationState, Action], AuthorisationState]] = {
    (_DRAFT, Action.SUBMIT): _SUBMITTED,
    (_SUBMITTED, Action.COMMIT): _ACTIVE,
    (_SUBMITTED, Action.HAND_IN): _UNDER_REVIEW,
    (_SUBMITTED, Action.CHANGE_LIMITS): _SUBMITTED,
    (_SUBMITTED, Action.END): _ENDED,
    (_UNDER_REVIEW, Action.HAND_IN): _UNDER_REVIEW,
    (_UNDER_REVIEW, Action.APPROVE): _ACTIVE,
    (_UNDER_REVIEW, Action.RETURN): _RETURNED,
    (_UNDER_REVIEW, Action.REFUSE): AuthorisationState.REFUSED,
    (_UNDER_REVIEW, Action.CHANGE_LIMITS): _UNDER_REVIEW,
    (_UNDER_REVIEW, Action.END): _ENDED,
    (_RETURNED, Action.HAND_IN): _UNDER_REVIEW,
    (_RETURNED, Action.CHANGE_LIMITS): _RETURNED,
    (_RETURNED, Action.END): _ENDED,
    (_ACTIVE, Action.PAUSE): _PAUSED,
    (_ACTIVE, Action.CHANGE_LIMITS): _ACTIVE,
    (_ACTIVE, Action.END): _ENDED,
    (_PAUSED, Action.RESUME): _ACTIVE,
    (_PAUSED, Action.CHANGE_LIMITS): _PAUSED,
    (_PAUSED, Action.END): _ENDED,
}

#: What only an officer can do; the binding itself submits and commits; all else is the family's.
_OFFICERS: Final = frozenset({Action.APPROVE, Action.RETURN, Action.REFUSE})
_BINDINGS: Final = frozenset({Action.SUBMIT, Action.COMMIT})
_FAMILYS: Final = frozenset(Action) - _OFFICERS - _BINDINGS

#: Not over: it counts towards the sharer's number of relatives.
OPEN_STATES: Final = frozenset(state for state, _ in TRANSITIONS) - {_DRAFT}

#: In force: it keeps an exclusive user from having another sharer, also while it is paused.
IN_FORCE_STATES: Final = frozenset({_ACTIVE, _PAUSED})


def possible_actions(state: AuthorisationState) -> tuple[Action, ...]:
    """What can be done in a state, in the order of the table; nothing once it is over."""
    return tuple(action for before, action in TRANSITIONS if before is state)


def transition(state: AuthorisationState, action: Action) -> AuthorisationState:
    """The state that an action leads to.

    Args:
        state: where the authorisation stands.
        action: what somebody wants to do.

    Raises:
        Refused: ``authorisation.transition`` with the state, and what the same person (officer or family) can do in it.
    """
    after = TRANSITIONS.get((state, action))
    if after is not None:
        return after
    hands, nothing_zh, nothing_en = (
        (_OFFICERS, "等申请人补交证明或重新申请", "wait for the family")
        if action in _OFFICERS
        else (_FAMILYS, "重新申请", "apply anew")
    )
    possible = [one for one in possible_actions(state) if one in hands]
    raise refuse(
        Code.TRANSITION,
        accepted=", ".join(possible) or "none",
        state=state.value,
        state_zh=STATE_WORDS[state][0],
        state_en=STATE_WORDS[state][1],
        action_zh=ACTION_WORDS[action][0],
        action_en=ACTION_WORDS[action][1],
        possible_zh="、".join(ACTION_WORDS[one][0] for one in possible) or nothing_zh,
        possible_en=", ".join(ACTION_WORDS[one][1] for one in possible) or nothing_en,
    )
