"""The SQL of freezes. The account itself carries the day until which nothing is paid from it (`gongji.ledger.service`), so
that the settlement desk needs no look-up of its own."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa

from gongji.family.freezes import Ending, Freeze, FreezeReason, LiftReason
from gongji.family.tables import account_freeze
from gongji.foundation.arrays import Integers
from gongji.foundation.clock import CHINA
from gongji.foundation.questions import Question, Rows, ask

_ROWS: Final = Rows(account_freeze)

_STANDING: Final = f"""
SELECT {_ROWS.columns} FROM account_freeze
 WHERE person_id = ANY (%(ids)b::bigint[]) AND ended_at IS NULL AND stands_until >= %(on)s
"""

_ALL_OF: Final = f"SELECT {_ROWS.columns} FROM account_freeze WHERE person_id = %(person)s ORDER BY id DESC"


def find(connection: sa.Connection, freeze_id: int, *, lock: bool = False) -> Freeze | None:
    """One freeze, locked if wanted; None when there is none of this number."""
    query = sa.select(account_freeze).where(account_freeze.c.id == freeze_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _freeze(row) if row is not None else None


def standing(connection: sa.Connection, ids: Collection[int], on: date) -> dict[int, Freeze]:
    """The freezes that stand on a day, by person; free accounts are not in the answer."""
    return ask(connection, standing_question(ids, on))


def standing_question(ids: Collection[int], on: date) -> Question[dict[int, Freeze]]:
    """`standing`."""
    return Question(
        _STANDING,
        {"ids": Integers(ids), "on": on},
        lambda rows: {row.person_id: _freeze(row) for row in _ROWS.named(rows)},
    )


def freezes_of(connection: sa.Connection, person_id: int) -> list[Freeze]:
    """All freezes that a person's account ever had, newest first."""
    return ask(connection, freezes_question(person_id))


def freezes_question(person_id: int) -> Question[list[Freeze]]:
    """`freezes_of`."""
    return Question(_ALL_OF, {"person": person_id}, lambda rows: [_freeze(row) for row in _ROWS.named(rows)])


def freezes_in(connection: sa.Connection, region_prefix: str, on: date, *, limit: int = 200) -> list[Freeze]:
    """The freezes of a region's agency that stand on a day, oldest first."""
    rows = connection.execute(
        sa.select(account_freeze)
        .where(
            account_freeze.c.region.startswith(region_prefix, autoescape=True),
            account_freeze.c.ended_at.is_(None),
            account_freeze.c.stands_until >= on,
        )
        .order_by(account_freeze.c.id)
        .limit(limit)
    )
    return [_freeze(row) for row in rows]


def insert(
    connection: sa.Connection,
    *,
    person_id: int,
    region: str,
    reason: FreezeReason,
    note: str | None,
    until: date | None,
    stands_until: date,
    asked_by: str,
    at: datetime,
) -> Freeze:
    """Keep a new freeze; arguments as `Freeze`. One whose time was over before is kept as ended then.

    Raises:
        sqlalchemy.exc.IntegrityError: when another one stands; callers hold the person's lock and have looked.
    """
    mine = (account_freeze.c.person_id == person_id) & account_freeze.c.ended_at.is_(None)
    over = mine & (account_freeze.c.stands_until < at.astimezone(CHINA).date())
    connection.execute(account_freeze.update().where(over).values(ending=Ending.OVER, ended_at=at))
    new = account_freeze.insert().values(
        person_id=person_id,
        region=region,
        reason=reason,
        note=note,
        until=until,
        stands_until=stands_until,
        asked_by=asked_by,
        asked_at=at,
    )
    return _freeze(connection.execute(new.returning(account_freeze)).one())


def change(connection: sa.Connection, freeze_id: int, **values: object) -> Freeze:
    """Write some columns of a freeze; the caller has it locked."""
    changed = account_freeze.update().where(account_freeze.c.id == freeze_id).values(values)
    return _freeze(connection.execute(changed.returning(account_freeze)).one())


def _freeze(row: Any) -> Freeze:
    return Freeze(
        id=row.id,
        person_id=row.person_id,
        region=row.region,
        reason=FreezeReason(row.reason),
        note=row.note,
        until=row.until,
        stands_until=row.stands_until,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        agreed_by=row.agreed_by,
        agreed_at=row.agreed_at,
        lift_reason=LiftReason(row.lift_reason) if row.lift_reason else None,
        lift_asked_by=row.lift_asked_by,
        lift_asked_at=row.lift_asked_at,
        ending=Ending(row.ending) if row.ending else None,
        ended_by=row.ended_by,
        ended_at=row.ended_at,
    )
