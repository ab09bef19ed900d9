"""What the two sides of an authorisation are told of its life."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gongji.family.model import Authorisation, AuthorisationState
from gongji.foundation.inbox import Message

_SHARER, _USER = "sharer", "user"
_BOTH: Final = (_SHARER, _USER)

#: Whom a new state is told. What somebody has only begun is nobody else's yet, and they know it themselves.
_STATES: Final[Mapping[AuthorisationState, tuple[str, ...]]] = {
    AuthorisationState.UNDER_REVIEW: _BOTH,
    AuthorisationState.RETURNED: _BOTH,
    AuthorisationState.REFUSED: _BOTH,
    AuthorisationState.ACTIVE: _BOTH,
    AuthorisationState.PAUSED: _BOTH,
    AuthorisationState.ENDED: _BOTH,
}

#: Whom a change is told that leaves the state: what the sharer keeps back is not the user's to know, nor is the order in
#: which a user's sharers pay theirs.
_CHANGES: Final[Mapping[str, tuple[str, ...]]] = {
    "limits": _BOTH,
    "purposes": _BOTH,
    "kept": (_SHARER,),
    "order": (_USER,),
}


def messages_of_event(
    authorisation_id: int,
    sharer_id: int,
    user_id: int,
    state: AuthorisationState,
    reason: str | None,
    before: str | None = None,
) -> list[Message]:
    """The messages of one event of an authorisation's history.

    Args:
        authorisation_id: whose history.
        sharer_id, user_id: its sides.
        state: what it is in now.
        reason: as the history has it.
        before: the state of the event before, if there was one; what stays as it was (another page of evidence) is no news.
    """
    changed = _CHANGES.get(reason or "")
    what = state.value if changed is None else reason
    sides = changed if changed is not None else () if state == before else _STATES.get(state, ())
    people = {_SHARER: sharer_id, _USER: user_id}
    return [
        Message(
            people[side], f"family.{what}.{side}", {"authorisation": authorisation_id}, f"sharings/{authorisation_id}"
        )
        for side in sides
    ]


def messages_of_unused(ended: Authorisation, amount: int) -> list[Message]:
    """What both are told when allotted money (fen) goes back to the sharer because the authorisation ended."""
    facts = {"authorisation": ended.id, "amount": amount}
    about = f"sharings/{ended.id}"
    return [
        Message(ended.sharer_id, f"family.unused.{_SHARER}", facts, about),
        Message(ended.user_id, f"family.unused.{_USER}", facts, about),
    ]
