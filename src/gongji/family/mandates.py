"""Helping: an elder lets a relative or anybody else they trust use the pages for them, for a time, and reads what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from gongji.family.tables import mandate, mandate_act
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import NotAllowed, NotFound, Refused

#: For how many days a mandate may be given.
DAYS: Final = (7, 30, 90, 365)


class Scope(StrEnum):
    """What a helper may do: only look, or everything but give consent and mandates in the elder's name."""

    LOOK = "look"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Mandate:
    """Leave to help somebody.

    Attributes:
        id: its number.
        helper_id, elder_id: who may act for whom.
        scope: what they may do.
        until: the last day.
        given_by: ``elder``, or the officer who took it down.
        given_at, ended_at: its life.
    """

    id: int
    helper_id: int
    elder_id: int
    scope: Scope
    until: date
    given_by: str
    given_at: datetime
    ended_at: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether it holds at a moment."""
        return self.ended_at is None and at.astimezone(CHINA).date() <= self.until


@dataclass(frozen=True, slots=True)
class Act:
    """Something opened (GET) or done (POST) under a mandate; `page` is the address as the pages name it."""

    method: str
    page: str
    at: datetime


def give(
    connection: sa.Connection,
    *,
    elder_id: int,
    helper_id: int,
    scope: Scope,
    until: date,
    given_by: str,
    at: datetime,
) -> Mandate:
    """An elder lets somebody help; a former mandate for the same helper ends.

    Raises:
        Refused: ``mandate.same_person``.
    """
    if elder_id == helper_id:
        raise Refused(
            "mandate.same_person", "nobody helps themself: name another person", "不能让自己帮自己，请填写帮您的人"
        )
    both = (mandate.c.elder_id == elder_id) & (mandate.c.helper_id == helper_id) & mandate.c.ended_at.is_(None)
    connection.execute(mandate.update().where(both).values(ended_at=at))
    new = mandate.insert().values(
        elder_id=elder_id, helper_id=helper_id, scope=scope, until=until, given_by=given_by, given_at=at
    )
    return _mandate(connection.execute(new.returning(mandate)).one())


def end(connection: sa.Connection, mandate_id: int, *, person_id: int, at: datetime) -> None:
    """The elder takes it back, or the helper gives it up.

    Raises:
        NotFound: ``mandate.unknown``, also for everybody else.
    """
    one = find(connection, mandate_id)
    if person_id not in (one.elder_id, one.helper_id):
        raise _unknown()
    mine = (mandate.c.id == mandate_id) & mandate.c.ended_at.is_(None)
    connection.execute(mandate.update().where(mine).values(ended_at=at))


def find(connection: sa.Connection, mandate_id: int) -> Mandate:
    """One mandate.

    Raises:
        NotFound: ``mandate.unknown``.
    """
    row = connection.execute(sa.select(mandate).where(mandate.c.id == mandate_id)).one_or_none()
    if row is None:
        raise _unknown()
    return _mandate(row)


def check(one: Mandate, *, helper_id: int, changing: bool, at: datetime) -> None:
    """Refuse what a mandate does not allow.

    Raises:
        NotAllowed: ``mandate.over``, ``mandate.look_only``.
    """
    if one.helper_id != helper_id or not one.holds(at):
        raise NotAllowed(
            "mandate.over",
            "the time for which you may help is over, or it was taken back",
            "帮办的期限已到，或者老人已经收回",
        )
    if changing and one.scope is Scope.LOOK:
        raise NotAllowed(
            "mandate.look_only",
            "you may look, not change anything: the person you help can allow more",
            "您只能看，不能办。需要办理的，请老人在“请人帮我”里改成可以办",
        )


def given_by_elder(connection: sa.Connection, elder_id: int) -> list[Mandate]:
    """All that an elder ever gave, newest first."""
    rows = connection.execute(sa.select(mandate).where(mandate.c.elder_id == elder_id).order_by(mandate.c.id.desc()))
    return [_mandate(row) for row in rows]


def held_by_helper(connection: sa.Connection, helper_id: int, at: datetime) -> list[Mandate]:
    """Those under which somebody may help now."""
    rows = connection.execute(sa.select(mandate).where(mandate.c.helper_id == helper_id).order_by(mandate.c.id))
    return [one for one in map(_mandate, rows) if one.holds(at)]


def note_act(connection: sa.Connection, one: Mandate, method: str, page: str, at: datetime) -> None:
    """Keep what was opened or done under a mandate."""
    connection.execute(mandate_act.insert().values(mandate_id=one.id, method=method, page=page, at=at))


def acts_under(connection: sa.Connection, mandate_id: int, limit: int = 100) -> list[Act]:
    """What was opened and done under a mandate, newest first."""
    rows = connection.execute(
        sa.select(mandate_act)
        .where(mandate_act.c.mandate_id == mandate_id)
        .order_by(mandate_act.c.id.desc())
        .limit(limit)
    )
    return [Act(row.method, row.page, row.at) for row in rows]


def _mandate(row: sa.Row[Any]) -> Mandate:
    return Mandate(
        row.id, row.helper_id, row.elder_id, Scope(row.scope), row.until, row.given_by, row.given_at, row.ended_at
    )


def _unknown() -> NotFound:
    return NotFound("mandate.unknown", "there is no such mandate of yours", "没有找到这项帮办")
