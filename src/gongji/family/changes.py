"""What the family or the agency does to an authorisation that stands: pause, resume, new limits, the end."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum
from typing import Final

import sqlalchemy as sa

from gongji.family import freezes_store, store
from gongji.family.binding_checks import check_limits
from gongji.family.kinship_store import end_stated, forget_stated
from gongji.family.messages import messages_of_unused
from gongji.family.model import Authorisation
from gongji.family.refusals import Code, account_frozen, coded, refuse
from gongji.family.transitions import IN_FORCE_STATES, transition
from gongji.family.words import AGENCY_END_REASONS, Action, EndReason
from gongji.foundation.clock import CHINA
from gongji.foundation.inbox import tell
from gongji.ledger.pot_store import return_unused
from gongji.ledger.pots import FOR_ALL
from gongji.rules.book import RuleBook


class Side(Enum):
    """Whose step it is, in the words of the refusal: who, in Chinese and English, and what the other one can do."""

    SHARER = (
        "账户所有人（共济人）",
        "sharer",
        "您可以退出这项共济，或请账户所有人办理",
        "you can leave, or ask the sharer",
    )
    USER = ("使用共济的家人", "user", "您可以解绑，或请家人自己退出", "you can unbind, or ask the user to leave")


def pause(
    connection: sa.Connection, authorisation_id: int, *, person_id: int, actor: str, at: datetime
) -> Authorisation:
    """The sharer stops spending without ending the authorisation.

    Args:
        connection: the transaction.
        authorisation_id: which.
        person_id: the citizen for whom it is done; has to be the sharer.
        actor: who presses the button, for the history: never a name.
        at: now.

    Raises:
        NotFound: ``authorisation.unknown``, also for people who have no part in it.
        Refused: ``authorisation.not_yours`` for the user; ``authorisation.transition``.
    """
    return _move(connection, authorisation_id, Action.PAUSE, Side.SHARER, person_id=person_id, actor=actor, at=at)


def resume(
    connection: sa.Connection, authorisation_id: int, *, person_id: int, actor: str, at: datetime
) -> Authorisation:
    """The sharer lets a paused authorisation be used again; as `pause`.

    Raises:
        Refused: ``authorisation.account_frozen`` too.
    """
    before, _ = store.lock_authorisation(connection, authorisation_id)
    check_side(before, Side.SHARER, person_id)
    frozen = freezes_store.standing(connection, [person_id], at.astimezone(CHINA).date()).get(person_id)
    if frozen is not None:
        raise account_frozen(frozen.until)
    return _move(connection, authorisation_id, Action.RESUME, Side.SHARER, person_id=person_id, actor=actor, at=at)


def may_unbind_from(one: Authorisation, on: date) -> date | None:
    """The first day on which the sharer may unbind, by the rule it was bound under; None when that is today or past."""
    if one.unbind_after_days is None or one.active_since is None or one.state not in IN_FORCE_STATES:
        return None
    free = one.active_since.astimezone(CHINA).date() + timedelta(days=one.unbind_after_days)
    return free if free > on else None


def unbind(
    connection: sa.Connection, authorisation_id: int, *, person_id: int, actor: str, at: datetime
) -> Authorisation:
    """The sharer ends the authorisation, or withdraws the request before it is in force; as `pause`.

    Raises:
        Refused: ``authorisation.unbind_too_early`` too, where the region's rule names a time.
    """
    before, _ = store.lock_authorisation(connection, authorisation_id)
    check_side(before, Side.SHARER, person_id)
    free = may_unbind_from(before, at.astimezone(CHINA).date())
    if free is not None:
        raise refuse(Code.UNBIND_TOO_EARLY, possible_from=free, day=free.isoformat())
    return _move(connection, authorisation_id, Action.END, Side.SHARER, person_id=person_id, actor=actor, at=at)


def leave(
    connection: sa.Connection, authorisation_id: int, *, person_id: int, actor: str, at: datetime
) -> Authorisation:
    """The user ends the authorisation at any time, without the sharer; as `pause`, for the user."""
    return _move(connection, authorisation_id, Action.END, Side.USER, person_id=person_id, actor=actor, at=at)


def end_by_agency(
    connection: sa.Connection, authorisation_id: int, *, reason: str, actor: str, at: datetime
) -> Authorisation:
    """An officer or an agency's event ends the authorisation.

    A relation that has ended takes the kinship that this binding stated with it from today; one that was never true is
    forgotten, so that no other relation follows from it.

    Args:
        connection: the transaction.
        authorisation_id: which.
        reason: an `EndReason` of the agency.
        actor: who, for the history.
        at: now.

    Raises:
        InvalidInput: ``authorisation.word_unknown`` for another reason.
        NotFound: ``authorisation.unknown``.
        Refused: ``authorisation.transition`` when it is over already.
    """
    why = coded(EndReason, reason, "reason", among=AGENCY_END_REASONS)
    before, _ = store.lock_authorisation(connection, authorisation_id)
    after = _write(connection, before, Action.END, actor=actor, at=at, reason=why)
    if why is EndReason.RELATION_FALSE:
        forget_stated(connection, authorisation_id)
    elif why is EndReason.RELATION_ENDED:
        end_stated(connection, authorisation_id, at)
    return after


def lock_with_partners(connection: sa.Connection, person_id: int) -> None:
    """Lock a person's row and those of everybody they share with, in the order of their ids.

    Raises:
        NotFound: ``authorisation.person_unknown``.
    """
    partners = {
        other
        for one in store.open_authorisations_around(connection, [person_id])
        for other in (one.user_id, one.sharer_id)
    }
    store.lock_people(connection, {person_id, *partners})


def end_everything_of(connection: sa.Connection, person_id: int, *, reason: EndReason, actor: str, at: datetime) -> int:
    """End every open authorisation of a person, as sharer and as user; the person is locked by `lock_with_partners`.

    Args:
        connection: the transaction.
        person_id: whose.
        reason: an `EndReason` of the agency, such as death.
        actor: who, for the history.
        at: now.

    Returns:
        How many ended.
    """
    ending = store.open_authorisations_around(connection, [person_id])
    for one in ending:
        end_by_agency(connection, one.id, reason=reason, actor=actor, at=at)
    return len(ending)


def change_limits(
    connection: sa.Connection,
    book: RuleBook,
    authorisation_id: int,
    *,
    limit_total: int | None,
    limit_month: int | None,
    person_id: int,
    actor: str,
    at: datetime,
) -> Authorisation:
    """The sharer sets how much may be spent, where the region allows a limit; what was spent stays spent.

    Args:
        connection: the transaction.
        book: the rules.
        authorisation_id: which.
        limit_total, limit_month: fen in all and in a calendar month; None takes the limit away.
        person_id, actor, at: as `pause`.

    Raises:
        InvalidInput: ``authorisation.limit_negative``.
        NotFound: ``authorisation.unknown``.
        Refused: ``authorisation.not_yours``, ``authorisation.transition``, ``authorisation.region_unknown``,
            ``authorisation.limit_not_allowed``.
    """
    before, _ = store.lock_authorisation(connection, authorisation_id)
    check_side(before, Side.SHARER, person_id)
    state = transition(before.state, Action.CHANGE_LIMITS)
    rule = book.sharing(before.region, at.astimezone(CHINA).date())
    if rule is None:
        raise refuse(Code.REGION_UNKNOWN, region=before.region)
    check_limits(rule, limit_total, limit_month)
    store.change_limits(connection, authorisation_id, limit_total, limit_month)
    details = {
        "limit_total": limit_total,
        "limit_month": limit_month,
        "limit_total_before": before.limit_total,
        "limit_month_before": before.limit_month,
    }
    store.insert_event(connection, authorisation_id, state, actor=actor, at=at, reason="limits", details=details)
    return store.select_authorisation(connection, authorisation_id)


def check_side(authorisation: Authorisation, side: Side, person_id: int) -> None:
    """Refuse a step that belongs to the other of the two, and hide the authorisation from everybody else.

    Raises:
        NotFound: ``authorisation.unknown``.
        Refused: ``authorisation.not_yours``.
    """
    if person_id not in (authorisation.sharer_id, authorisation.user_id):
        raise refuse(Code.UNKNOWN)
    if person_id != (authorisation.sharer_id if side is Side.SHARER else authorisation.user_id):
        whose_zh, whose_en, step_zh, step_en = side.value
        raise refuse(Code.NOT_YOURS, whose_zh=whose_zh, whose_en=whose_en, step_zh=step_zh, step_en=step_en)


_ENDS: Final = {Side.SHARER: EndReason.UNBOUND, Side.USER: EndReason.LEFT}


def _move(
    connection: sa.Connection,
    authorisation_id: int,
    action: Action,
    side: Side,
    *,
    person_id: int,
    actor: str,
    at: datetime,
) -> Authorisation:
    before, _ = store.lock_authorisation(connection, authorisation_id)
    check_side(before, side, person_id)
    reason = None
    if action is Action.END:
        withdrawn = side is Side.SHARER and before.state not in IN_FORCE_STATES
        reason = EndReason.WITHDRAWN if withdrawn else _ENDS[side]
    return _write(connection, before, action, actor=actor, at=at, reason=reason)


def _write(
    connection: sa.Connection,
    before: Authorisation,
    action: Action,
    *,
    actor: str,
    at: datetime,
    reason: EndReason | None,
) -> Authorisation:
    after = transition(before.state, action)
    store.change_state(connection, before, after, at=at, end_reason=reason)
    store.insert_event(connection, before.id, after, actor=actor, at=at, reason=reason)
    if action is Action.END:
        _return_allotted(connection, before, at)
    return store.select_authorisation(connection, before.id)


def _return_allotted(connection: sa.Connection, ended: Authorisation, at: datetime) -> None:
    """What was allotted under an authorisation goes back to the sharer when it ends, whoever ends it; what is for all
    relatives, with the last of the sharer's authorisations."""
    others = [
        one
        for one in store.open_authorisations_around(connection, [ended.sharer_id])
        if one.sharer_id == ended.sharer_id and one.id != ended.id and one.state in IN_FORCE_STATES
    ]
    parts = [ended.id] if others else [ended.id, FOR_ALL]
    amount = return_unused(connection, ended.sharer_id, parts, at)
    if amount:
        tell(connection, messages_of_unused(ended, amount), at=at)
