"""Assistance (帮办) at the window: a clerk uses the pages for a person who is there, has shown who they are and agreed.

It is one clerk's, for one person, and ends by itself after half an hour.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from gongji.family.tables import assistance
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import NotAllowed

#: How long a clerk may act before the person has to agree anew.
LASTS: Final = timedelta(minutes=30)


class Way(StrEnum):
    """How the person showed who they are and agreed: ID card and a signed paper, or their own e-credential."""

    CARD = "card"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Assistance:
    """Leave of a clerk to use somebody's pages.

    Attributes:
        id: its number.
        person_id: whose pages.
        holder, region: the clerk.
        way: how the person showed who they are and agreed.
        paper: number of the signed paper; None with a code.
        began_at, until, ended_at: its life; `ended_at` is None where nobody ended it before its time.
    """

    id: int
    person_id: int
    holder: str
    region: str
    way: Way
    paper: str | None
    began_at: datetime
    until: datetime
    ended_at: datetime | None

    @property
    def clerk(self) -> Caller:
        """The clerk as the one who acts, in audit and histories."""
        return Caller(Role.OFFICER, self.holder, None, self.region)

    @property
    def over_at(self) -> datetime:
        """When it ended, or ends by itself."""
        return self.ended_at or self.until


def begin(
    connection: sa.Connection, *, person_id: int, caller: Caller, way: Way, paper: str | None, at: datetime
) -> Assistance:
    """A clerk begins; what they had begun for somebody else ends.

    Whether the person is there and who they are is for the entrance to check.
    """
    assert caller.region is not None, "an officer has a region"
    end(connection, caller.holder, at)
    new = assistance.insert().values(
        person_id=person_id,
        holder=caller.holder,
        region=caller.region,
        way=way,
        paper=paper,
        began_at=at,
        until=at + LASTS,
    )
    return _assistance(connection.execute(new.returning(assistance)).one())


def end(connection: sa.Connection, holder: str, at: datetime) -> None:
    """A clerk is done with whomever they act for; one whose time was over before ended then."""
    mine = (assistance.c.holder == holder) & assistance.c.ended_at.is_(None)
    ended = sa.func.least(assistance.c.until, at)
    connection.execute(assistance.update().where(mine).values(ended_at=ended))


def find(connection: sa.Connection, assistance_id: int) -> Assistance:
    """One assistance; sessions name only those that there are."""
    return _assistance(connection.execute(sa.select(assistance).where(assistance.c.id == assistance_id)).one())


def check(one: Assistance, *, holder: str, at: datetime) -> None:
    """Refuse a clerk whose time is over, or who is another.

    Raises:
        NotAllowed: ``assistance.over``.
    """
    if one.holder != holder or one.ended_at is not None or at >= one.until:
        raise NotAllowed(
            "assistance.over",
            "this assistance is over: to go on, the person agrees anew at the office's pages",
            "本次帮办已经结束。要继续办的，请回到经办页面，由本人重新同意",
        )


def assistances_of(connection: sa.Connection, person_id: int, limit: int = 20) -> list[Assistance]:
    """By whom somebody was assisted, newest first."""
    rows = connection.execute(
        sa.select(assistance).where(assistance.c.person_id == person_id).order_by(assistance.c.id.desc()).limit(limit)
    )
    return [_assistance(row) for row in rows]


def has_assisted(connection: sa.Connection, holder: str, people: Collection[int], since: datetime) -> bool:
    """Whether an officer acted for one of these people since a moment."""
    wanted = assistance.c.holder == holder, assistance.c.person_id.in_(people), assistance.c.until >= since
    return connection.execute(sa.select(assistance.c.id).where(*wanted).limit(1)).one_or_none() is not None


def _assistance(row: sa.Row[Any]) -> Assistance:
    return Assistance(
        id=row.id,
        person_id=row.person_id,
        holder=row.holder,
        region=row.region,
        way=Way(row.way),
        paper=row.paper,
        began_at=row.began_at.astimezone(CHINA),
        until=row.until.astimezone(CHINA),
        ended_at=row.ended_at.astimezone(CHINA) if row.ended_at else None,
    )
