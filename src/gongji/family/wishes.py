"""What sharers and users set beside limits: purposes, the amount kept back, the order of several sharers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from gongji.family import store
from gongji.family.changes import Side, check_side, lock_with_partners
from gongji.family.model import Authorisation
from gongji.family.refusals import Code, refuse
from gongji.family.tables import authorisation
from gongji.family.transitions import IN_FORCE_STATES, transition
from gongji.family.words import Action
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import bucket_of
from gongji.rules.book import RuleBook
from gongji.rules.model import Purpose


def change_purposes(
    connection: sa.Connection,
    book: RuleBook,
    authorisation_id: int,
    *,
    purposes: Collection[Purpose],
    person_id: int,
    actor: str,
    at: datetime,
) -> Authorisation:
    """The sharer sets what the money may be spent on, within what the region allows.

    Args:
        connection: the transaction.
        book: the rules.
        authorisation_id: which.
        purposes: at least one.
        person_id: the citizen for whom it is done; has to be the sharer.
        actor: who presses the button, for the history.
        at: now.

    Raises:
        NotFound: ``authorisation.unknown``.
        Refused: ``authorisation.not_yours``, ``authorisation.transition``, ``authorisation.purpose_not_allowed``,
            ``authorisation.region_unknown``.
    """
    before, _ = store.lock_authorisation(connection, authorisation_id)
    check_side(before, Side.SHARER, person_id)
    state = transition(before.state, Action.CHANGE_LIMITS)
    rule = book.sharing(before.region, at.astimezone(CHINA).date())
    if rule is None:
        raise refuse(Code.REGION_UNKNOWN, region=before.region)
    if not purposes or not set(purposes) <= rule.purposes:
        raise refuse(Code.PURPOSE_NOT_ALLOWED, accepted=", ".join(sorted(rule.purposes)))
    _write(connection, [before], purposes=sorted(purposes))
    details = {"purposes": sorted(purposes), "purposes_before": sorted(before.purposes)}
    store.insert_event(connection, authorisation_id, state, actor=actor, at=at, reason="purposes", details=details)
    return store.select_authorisation(connection, authorisation_id)


def kept_by(connection: sa.Connection, sharer_id: int) -> int:
    """Fen that a sharer keeps back for themself."""
    open_ones = store.open_authorisations_around(connection, [sharer_id])
    return max((one.kept for one in open_ones if one.sharer_id == sharer_id), default=0)


def keep(connection: sa.Connection, book: RuleBook, *, sharer_id: int, amount: int, actor: str, at: datetime) -> None:
    """A sharer keeps an amount in the account that no user's bill touches, on top of nothing: the larger of it and what
    the region keeps counts.

    Args:
        connection: the transaction.
        book: the rules.
        sharer_id: whose account.
        amount: fen; 0 takes it back.
        actor, at: as `change_purposes`.

    Raises:
        InvalidInput: ``authorisation.limit_negative``.
        Refused: ``authorisation.limit_not_allowed`` where the region lets sharers set nothing.
    """
    if amount < 0:
        raise refuse(Code.LIMIT_NEGATIVE, accepted="0 fen or more")
    lock_with_partners(connection, sharer_id)
    on = at.astimezone(CHINA).date()
    mine = [one for one in store.open_authorisations_around(connection, [sharer_id]) if one.sharer_id == sharer_id]
    for one in mine:
        rule = book.sharing(one.region, on)
        if rule is None or not rule.sharer_limit_allowed:
            raise refuse(Code.LIMIT_NOT_ALLOWED, accepted="no amount")
    changed = [one for one in mine if one.kept != amount]
    _write(connection, changed, kept=amount)
    for one in changed:
        details = {"kept": amount, "kept_before": one.kept}
        store.insert_event(connection, one.id, one.state, actor=actor, at=at, reason="kept", details=details)


def put_in_order(connection: sa.Connection, *, user_id: int, order: Sequence[int], actor: str, at: datetime) -> None:
    """A user says whose account pays first.

    Args:
        connection: the transaction.
        user_id: who is treated.
        order: ids of all authorisations that are in force for the user, the first to pay first.
        actor, at: as `change_purposes`.

    Raises:
        NotFound: ``authorisation.unknown`` when the list names others than these, or not all.
    """
    lock_with_partners(connection, user_id)
    mine = [one for one in store.open_authorisations_around(connection, [user_id]) if one.user_id == user_id]
    in_force = {one.id: one for one in mine if one.state in IN_FORCE_STATES}
    if sorted(order) != sorted(in_force):
        raise refuse(Code.UNKNOWN)
    for rank, authorisation_id in enumerate(order, start=1):
        one = in_force[authorisation_id]
        if one.rank != rank:
            _write(connection, [one], rank=rank)
            details = {"rank": rank, "rank_before": one.rank}
            store.insert_event(connection, one.id, one.state, actor=actor, at=at, reason="order", details=details)


def _write(connection: sa.Connection, ones: Collection[Authorisation], **values: object) -> None:
    for one in ones:
        connection.execute(
            authorisation.update()
            .where(authorisation.c.bucket == bucket_of(one.id), authorisation.c.id == one.id)
            .values(values)
        )
