"""How officers work on cases: one has a case in charge, decides, and may take the decision back for a while; some
decisions need a second officer; nobody decides for themself or a relative.

A decision is kept first and carried out when the time to take it back is over (`carry_out`). Until then nothing changes for
the family, and nobody is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from gongji.family import assistances, casework_store, store
from gongji.family.casework_store import Decided, Desk, Step, in_charge, know_officer, queue, steps
from gongji.family.kinship import relations_between
from gongji.family.kinship_store import kinship_around
from gongji.family.model import Authorisation, AuthorisationState
from gongji.family.refusals import coded
from gongji.family.reviewing import review
from gongji.family.words import EvidenceKind, RefuseReason, ReturnReason, ReviewDecision
from gongji.foundation.access import Caller, Duty
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError, Refused
from gongji.rules.book import RuleBook

__all__ = [
    "Decided",
    "Desk",
    "Step",
    "carry_out",
    "check_not_assisted",
    "check_not_own",
    "check_reader",
    "claim",
    "decide",
    "done",
    "in_charge",
    "know_officer",
    "needs_second",
    "own_among",
    "queue",
    "release",
    "second_opinion",
    "steps",
    "take_back",
]

#: How long a decision can be taken back.
TAKE_BACK_WITHIN: Final = timedelta(minutes=10)

#: A case that somebody has and does nothing with may be taken by another after this long.
CLAIM_LASTS: Final = timedelta(hours=8)


def claim(connection: sa.Connection, authorisation_id: int, caller: Caller, at: datetime) -> None:
    """An officer takes a case in charge; the same officer again has it already.

    Raises:
        NotFound: ``authorisation.unknown``.
        Refused: ``case.own``; ``case.assisted``; ``case.taken`` by another; ``case.decided``; ``case.not_waiting``.
    """
    before, _ = store.lock_authorisation(connection, authorisation_id)
    holder, decided = in_charge(connection, authorisation_id)
    _check_open(before, decided)
    if holder == caller.holder:
        return
    _check_not_of_own(connection, before, caller, at)
    check_not_assisted(connection, (before.sharer_id, before.user_id), caller, before.made_at)
    if holder is not None and at - casework_store.claimed_at(connection, authorisation_id) < CLAIM_LASTS:
        raise _taken(holder)
    casework_store.take_charge(connection, authorisation_id, caller.holder, at)
    casework_store.note_step(connection, authorisation_id, caller.holder, "claim", at)


def release(connection: sa.Connection, authorisation_id: int, caller: Caller, at: datetime) -> None:
    """Whoever has a case gives it back to the queue.

    Raises:
        Refused: ``case.not_in_charge``.
    """
    store.lock_authorisation(connection, authorisation_id)
    _check_in_charge(connection, authorisation_id, caller)
    casework_store.give_up(connection, authorisation_id)
    casework_store.note_step(connection, authorisation_id, caller.holder, "release", at)


def decide(
    connection: sa.Connection,
    authorisation_id: int,
    decision: str,
    *,
    item: str | None,
    reason: str | None,
    note: str | None,
    to_second: bool,
    caller: Caller,
    at: datetime,
) -> Decided:
    """Whoever has a case in charge decides on it. It is carried out later, unless it is taken back.

    Args:
        connection: the transaction.
        authorisation_id: the case.
        decision, item, reason, note: as `gongji.family.reviewing.review`.
        to_second: whether a second officer shall look at it; some decisions need one anyway (`needs_second`).
        caller: the officer.
        at: now.

    Raises:
        InvalidInput: ``authorisation.word_unknown``. NotFound: ``authorisation.unknown``.
        Refused: ``case.not_in_charge``, ``case.not_waiting``, ``case.decided``, ``evidence.kind``.
    """
    chosen = coded(ReviewDecision, decision, "decision")
    wanted = coded(EvidenceKind, item, "item") if chosen is ReviewDecision.RETURN else None
    why: ReturnReason | RefuseReason | None = None
    if chosen is ReviewDecision.RETURN:
        why = coded(ReturnReason, reason, "reason")
    elif chosen is ReviewDecision.REFUSE:
        why = coded(RefuseReason, reason, "reason")
    before, _ = store.lock_authorisation(connection, authorisation_id)
    _, former = in_charge(connection, authorisation_id)
    _check_open(before, former)
    _check_in_charge(connection, authorisation_id, caller)
    second = to_second or needs_second(before, chosen, why)
    casework_store.keep_decision(
        connection,
        authorisation_id,
        decision=chosen,
        item=wanted,
        reason=why,
        note=note or None,
        holder=caller.holder,
        decided_at=at,
        second=None,
        due_at=None if second else at + TAKE_BACK_WITHIN,
        failed=None,
        failed_zh=None,
        failed_en=None,
    )
    casework_store.give_up(connection, authorisation_id)
    casework_store.note_step(connection, authorisation_id, caller.holder, "decide", at, chosen)
    _, decided = in_charge(connection, authorisation_id)
    assert decided is not None, "it was just kept"
    return decided


def done(connection: sa.Connection, authorisation_id: int) -> None:
    """A case was decided on the spot: nobody has it in charge, and a decision that failed before is forgotten."""
    casework_store.give_up(connection, authorisation_id)
    casework_store.forget_decision(connection, authorisation_id)


def needs_second(case: Authorisation, decision: ReviewDecision, reason: ReturnReason | RefuseReason | None) -> bool:
    """Whether a decision needs a second officer: one that says somebody lied, and the approval of a sharer who is not the
    user's only one (the purse of several people depends on who comes first)."""
    return reason is RefuseReason.DOCUMENT_FALSE or (decision is ReviewDecision.APPROVE and case.rank > 1)


def take_back(connection: sa.Connection, authorisation_id: int, caller: Caller, at: datetime) -> None:
    """Whoever decided takes the decision back before it is carried out, and has the case in charge again.

    Raises:
        Refused: ``case.not_in_charge`` for anybody else; ``case.carried_out``.
    """
    store.lock_authorisation(connection, authorisation_id)
    _, decided = in_charge(connection, authorisation_id)
    if decided is None or (decided.due_at is not None and decided.due_at <= at):
        raise Refused(
            "case.carried_out", "the decision has been carried out already", "决定已经执行，不能撤回了", field="case"
        )
    if decided.holder != caller.holder:
        raise _not_in_charge()
    casework_store.forget_decision(connection, authorisation_id)
    casework_store.take_charge(connection, authorisation_id, caller.holder, at)
    casework_store.note_step(connection, authorisation_id, caller.holder, "take_back", at)


def second_opinion(
    connection: sa.Connection, authorisation_id: int, *, agree: bool, note: str | None, caller: Caller, at: datetime
) -> None:
    """A second officer agrees, and the decision is carried out when the time to take it back is over; or does not, and
    the case goes back into the queue.

    Raises:
        NotAllowed: ``access.duty``.
        Refused: ``case.same_officer``, ``case.own``, ``case.not_waiting``.
    """
    caller.require_duty(Duty.SECOND_REVIEWER)
    before, _ = store.lock_authorisation(connection, authorisation_id)
    _, decided = in_charge(connection, authorisation_id)
    if decided is None or not decided.waits_for_second:
        raise _not_waiting()
    if decided.holder == caller.holder:
        raise Refused(
            "case.same_officer",
            "the second opinion is another officer's",
            "复审要由另一位同事来做",
            field="case",
        )
    _check_not_of_own(connection, before, caller, at)
    if agree:
        due_at = at + TAKE_BACK_WITHIN
        casework_store.change_decision(connection, authorisation_id, second=caller.holder, due_at=due_at)
    else:
        casework_store.forget_decision(connection, authorisation_id)
    casework_store.note_step(connection, authorisation_id, caller.holder, "agree" if agree else "disagree", at, note)


def carry_out(
    connection: sa.Connection, book: RuleBook, at: datetime, tell: Callable[[Authorisation], None] = lambda after: None
) -> int:
    """Carry out every decision whose time to be taken back is over. What cannot be carried out any more (somebody died,
    the insurance ended) goes back into the queue, with the reason for the officers.

    Args:
        connection: the transaction.
        book: the rules.
        at: now.
        tell: told each case that was decided.

    Returns:
        How many were carried out.
    """
    done = 0
    for authorisation_id, decided in casework_store.lock_due(connection, at).items():
        actor = decided.holder if decided.second is None else f"{decided.holder}+{decided.second}"
        try:
            with connection.begin_nested():
                after = review(
                    connection,
                    book,
                    authorisation_id,
                    decided.decision,
                    item=decided.item,
                    reason=decided.reason,
                    note=decided.note,
                    actor=actor,
                    at=at,
                )
        except GongjiError as problem:
            casework_store.change_decision(
                connection,
                authorisation_id,
                failed=problem.code,
                failed_zh=problem.zh,
                failed_en=problem.en,
                due_at=None,
            )
            casework_store.note_step(connection, authorisation_id, actor, "failed", at, problem.code)
            continue
        casework_store.forget_decision(connection, authorisation_id)
        tell(after)
        done += 1
    return done


def check_reader(connection: sa.Connection, authorisation_id: int, caller: Caller) -> None:
    """Refuse to show documents to anybody but the officer in charge and, while one is waited for, a second officer.

    Raises:
        Refused: ``case.not_in_charge``.
    """
    holder, decided = in_charge(connection, authorisation_id)
    if holder == caller.holder:
        return
    second = decided is not None and decided.waits_for_second and Duty.SECOND_REVIEWER in caller.duties
    if decided is None or (decided.holder != caller.holder and not second):
        raise _not_in_charge()


def _check_open(case: Authorisation, decided: Decided | None) -> None:
    if case.state is not AuthorisationState.UNDER_REVIEW:
        raise _not_waiting()
    if decided is not None and decided.failed is None:
        raise Refused(
            "case.decided",
            "a decision on this case is being carried out, or waits for a second officer",
            "这件已有决定，正等待执行或复审",
            field="case",
        )


def _check_not_of_own(connection: sa.Connection, case: Authorisation, caller: Caller, at: datetime) -> None:
    check_not_own(connection, (case.sharer_id, case.user_id), caller, at)


def check_not_own(connection: sa.Connection, people: Collection[int], caller: Caller, at: datetime) -> None:
    """Refuse an officer who is one of these people, a relative of one, or shares an account with one.

    Raises:
        Refused: ``case.own``.
    """
    if own_among(connection, people, caller, at):
        raise Refused(
            "case.own",
            "this is your own case or a relative's: a colleague has to take it",
            "这是您本人或亲属的申请，请由其他同事办理",
            field="case",
        )


def own_among(connection: sa.Connection, people: Collection[int], caller: Caller, at: datetime) -> set[int]:
    """Who of some people is the officer, a relative, or somebody they share an account with; nobody for an officer of whom
    it is not known who they are."""
    person_id = casework_store.officer_person(connection, caller.holder)
    if person_id is None:
        return set()
    on = at.astimezone(CHINA).date()
    facts = kinship_around(connection, [person_id, *people])
    shared = {
        side
        for one in store.open_authorisations_around(connection, [person_id])
        for side in (one.sharer_id, one.user_id)
    }
    return {
        one
        for one in people
        if one == person_id
        or one in shared
        or relations_between(person_id, one, facts, on)
        or relations_between(one, person_id, facts, on)
    }


def check_not_assisted(connection: sa.Connection, people: Collection[int], caller: Caller, since: datetime) -> None:
    """Refuse an officer who acted for one of these people at the window since a moment.

    Raises:
        Refused: ``case.assisted``.
    """
    if assistances.has_assisted(connection, caller.holder, people, since):
        raise Refused(
            "case.assisted",
            "you acted for one of them at the window: a colleague has to take this case",
            "这是您在窗口替当事人办的，请由其他同事办理",
            field="case",
        )


def _check_in_charge(connection: sa.Connection, authorisation_id: int, caller: Caller) -> None:
    holder, _ = in_charge(connection, authorisation_id)
    if holder != caller.holder:
        raise _not_in_charge()


def _not_in_charge() -> GongjiError:
    return Refused(
        "case.not_in_charge",
        "you do not have this case in charge: take it first",
        "这件不在您手上，请先点“我来办”",
        field="case",
    )


def _not_waiting() -> GongjiError:
    return Refused("case.not_waiting", "this case does not wait for you", "这件现在不需要您办理", field="case")


def _taken(holder: str) -> GongjiError:
    return Refused(
        "case.taken",
        f"officer {holder} has this case in charge",
        f"这件由工号 {holder} 的同事在办",
        field="case",
        details={"holder": holder},
    )
