"""Differences that comparisons found, for the people who clear them: listed, handed over, cleared with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from gongji.clearing.model import Difference
from gongji.clearing.tables import statement_difference
from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused
from gongji.registry.tables import institution

#: Most characters of a note.
MOST_WORDS: Final = 200


class Owner(StrEnum):
    """Who has to clear a difference."""

    INSTITUTION = "institution"
    AGENCY = "agency"


class ClearReason(StrEnum):
    """Why a difference is no matter any more: the institution corrected its books; it was taken back and settled anew;
    both sides agree on ours; it lies outside what is compared."""

    CORRECTED_THERE = "corrected_there"
    SETTLED_ANEW = "settled_anew"
    AGREED = "agreed"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Found:
    """A difference with its institution. Amounts are fen, None on the side that has no such settlement.

    Attributes:
        id, institution, code, region: its number, and the institution's name, code and region.
        difference, setl_id, settled_at, memo: what differs.
        told, ours: total, funds and accounts as the institution told them, and as our books have them.
        owner: who has to clear it.
        since, until: the span that was compared last.
        found_at: from when its age runs.
        cleared_at, cleared_by, cleared_reason, cleared_note: how it was cleared, None while it is open.
    """

    id: int
    institution: str
    code: str
    region: str
    difference: Difference
    setl_id: str
    person_id: int | None
    settled_at: datetime | None
    told: tuple[int | None, int | None, int | None]
    ours: tuple[int | None, int | None, int | None]
    memo: str
    owner: Owner
    since: date
    until: date
    found_at: datetime
    cleared_at: datetime | None
    cleared_by: str | None
    cleared_reason: ClearReason | None
    cleared_note: str | None

    def age(self, on: date) -> int:
        """For how many days it has been known."""
        return (on - self.found_at.astimezone(CHINA).date()).days


_FOUND: Final = sa.select(statement_difference, institution.c.name, institution.c.code, institution.c.region).join(
    institution, institution.c.id == statement_difference.c.institution_id
)


def listed(
    connection: sa.Connection,
    region_prefix: str,
    *,
    cleared: bool = False,
    owner: Owner | None = None,
    kind: Difference | None = None,
    words: str = "",
    found_before: datetime | None = None,
    limit: int = 200,
) -> list[Found]:
    """Differences of an area's institutions, the oldest first; those that were cleared, the newest first.

    Args:
        connection: a connection.
        region_prefix: the first digits of the institutions' regions.
        cleared: those that were cleared, in place of the open ones.
        owner, kind: only these.
        words: a part of the institution's name, or its code.
        found_before: only those known since before a moment.
        limit: most rows.
    """
    one = statement_difference.c
    conditions = [
        institution.c.region.startswith(region_prefix, autoescape=True),
        one.cleared_at.is_not(None) if cleared else one.cleared_at.is_(None),
    ]
    if owner is not None:
        conditions.append(one.owner == owner)
    if kind is not None:
        conditions.append(one.difference == kind)
    if words:
        conditions.append(sa.or_(institution.c.name.contains(words, autoescape=True), institution.c.code == words))
    if found_before is not None:
        conditions.append(one.found_at <= found_before)
    order = (one.cleared_at.desc(), one.id.desc()) if cleared else (one.found_at, one.id)
    return [_found(row) for row in connection.execute(_FOUND.where(*conditions).order_by(*order).limit(limit))]


def difference_of_region(connection: sa.Connection, number: int, caller: Caller, *, lock: bool = False) -> Found:
    """One difference of an institution in the officer's region.

    Raises:
        NotFound: ``difference.unknown``, also when it is another region's.
    """
    query = _FOUND.where(statement_difference.c.id == number)
    row = connection.execute(query.with_for_update(of=statement_difference) if lock else query).one_or_none()
    if row is None or not caller.covers(row.region):
        raise NotFound(
            "difference.unknown", "there is no such difference in your region", "没有找到这一条差异，请从名单里选"
        )
    return _found(row)


def clear(connection: sa.Connection, number: int, *, reason: str, note: str, caller: Caller, at: datetime) -> Found:
    """Somebody says why a difference is no matter any more. Should a comparison find it again, it stands there anew.

    Raises:
        InvalidInput: ``difference.reason``, ``difference.note``. NotFound: ``difference.unknown``.
        Refused: ``difference.cleared``.
    """
    chosen = next((one for one in ClearReason if one == reason), None)
    if chosen is None:
        raise _wrong("reason", "choose why it is cleared", "请选核销的原因", ClearReason)
    if not 4 <= len(note) <= MOST_WORDS:
        raise _wrong(
            "note",
            f"write what was found: 4 to {MOST_WORDS} characters",
            f"请写明核对的结果：4 到 {MOST_WORDS} 个字",
            [f"4 to {MOST_WORDS} characters"],
        )
    _open(connection, number, caller)
    values = {"cleared_at": at, "cleared_by": caller.holder, "cleared_reason": chosen, "cleared_note": note}
    _write(connection, number, **values)
    audit.record(connection, caller, "difference.clear", at=at, difference=number, reason=str(chosen))
    return difference_of_region(connection, number, caller)


def hand_over(connection: sa.Connection, number: int, *, owner: str, caller: Caller, at: datetime) -> Found:
    """Say who has to clear a difference; its age runs on.

    Raises:
        InvalidInput: ``difference.owner``. NotFound: ``difference.unknown``. Refused: ``difference.cleared``.
    """
    chosen = next((one for one in Owner if one == owner), None)
    if chosen is None:
        raise _wrong("owner", "choose who has to clear it", "请选由谁处理", Owner)
    _open(connection, number, caller)
    _write(connection, number, owner=chosen)
    audit.record(connection, caller, "difference.hand_over", at=at, difference=number, owner=str(chosen))
    return difference_of_region(connection, number, caller)


def _open(connection: sa.Connection, number: int, caller: Caller) -> None:
    if difference_of_region(connection, number, caller, lock=True).cleared_at is not None:
        raise Refused("difference.cleared", "this was cleared before", "这一条已经核销，不用再办", field="reason")


def _wrong(field: str, en: str, zh: str, accepted: Iterable[str]) -> GongjiError:
    return InvalidInput(f"difference.{field}", en, zh, field=field, accepted=", ".join(accepted))


def _write(connection: sa.Connection, number: int, **values: object) -> None:
    connection.execute(statement_difference.update().where(statement_difference.c.id == number).values(values))


def _found(row: sa.Row[Any]) -> Found:
    return Found(
        id=row.id,
        institution=row.name,
        code=row.code,
        region=row.region,
        difference=Difference(row.difference),
        setl_id=row.setl_id,
        person_id=row.person_id,
        settled_at=row.settled_at,
        told=(row.told_total, row.told_funds, row.told_accounts),
        ours=(row.our_total, row.our_funds, row.our_accounts),
        memo=row.memo,
        owner=Owner(row.owner),
        since=row.since,
        until=row.until,
        found_at=row.found_at,
        cleared_at=row.cleared_at,
        cleared_by=row.cleared_by,
        cleared_reason=ClearReason(row.cleared_reason) if row.cleared_reason else None,
        cleared_note=row.cleared_note,
    )
