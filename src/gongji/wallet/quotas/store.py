"""The SQL of quotas. How much is left of one stands in its holds, and is read from there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.foundation.ids import bucket_of
from gongji.ledger.hold_tables import hold, hold_step
from gongji.registry.tables import person
from gongji.rules.model import Relation
from gongji.wallet.quotas import refusals
from gongji.wallet.quotas.model import Moved, Movement, Quota, QuotaEnd, QuotaState
from gongji.wallet.quotas.tables import wallet_quota

_Q: Final = wallet_quota.c

_OF_QUOTA: Final = sa.and_(
    hold.c.bucket == _Q.bucket,
    hold.c.purpose == sa.literal_column("'wallet'"),
    hold.c.reference == sa.cast(_Q.id, sa.Text),
)

_LEFT: Final = sa.cast(
    sa.select(sa.func.coalesce(sa.func.sum(hold.c.amount - hold.c.captured - hold.c.released), 0))
    .where(_OF_QUOTA, hold.c.state == sa.literal_column("'open'"))
    .correlate(wallet_quota)
    .scalar_subquery(),
    sa.BigInteger,
).label("left")

#: Quotas whose people or insurances are not what they were when it was set: a death, an enrolment that has ended, or is in
#: another city (the first four digits), or for the giver in a scheme without an account.
_CHANGED: Final = """
SELECT q.id, q.giver_region, coalesce(g.died_on, u.died_on) IS NOT NULL AS death
  FROM wallet_quota q
  JOIN person g ON g.bucket = q.bucket AND g.id = q.giver_id
  JOIN person u ON u.bucket = (q.user_id & 1023)::smallint AND u.id = q.user_id
 WHERE q.state <> 'ended' AND q.id > :after
   AND (g.died_on <= :today OR u.died_on <= :today
        OR NOT EXISTS (SELECT FROM enrolment e
                        WHERE e.bucket = q.bucket AND e.person_id = q.giver_id AND e.during @> CAST(:today AS date)
                          AND e.scheme = '310' AND left(e.region, 4) = left(q.giver_region, 4))
        OR NOT EXISTS (SELECT FROM enrolment e
                        WHERE e.bucket = (q.user_id & 1023)::smallint AND e.person_id = q.user_id
                          AND e.during @> CAST(:today AS date) AND left(e.region, 4) = left(q.user_region, 4)))
 ORDER BY q.id LIMIT :limit
"""


def insert_quota(connection: sa.Connection, one: Quota, *, key: str, giver_region: str, user_region: str) -> None:
    """Keep a new quota; both people are locked."""
    connection.execute(
        wallet_quota.insert().values(
            bucket=bucket_of(one.id),
            id=one.id,
            giver_id=one.giver_id,
            user_id=one.user_id,
            amount=one.amount,
            asked=one.asked,
            relation=one.relation,
            stated=one.stated,
            giver_region=giver_region,
            user_region=user_region,
            state=one.state,
            key=key,
            made_at=one.made_at,
        )
    )


def select_quota(connection: sa.Connection, quota_id: int) -> Quota:
    """One quota.

    Raises:
        NotFound: ``quota.unknown``.
    """
    rows = _read(connection, _is(quota_id))
    if not rows:
        raise refusals.unknown()
    return rows[0]


def quota_by_key(connection: sa.Connection, giver_id: int, key: str) -> Quota | None:
    """The quota that a person set under a key before."""
    rows = _read(connection, _of_giver(giver_id), _Q.key == key)
    return rows[0] if rows else None


def standing_between(connection: sa.Connection, giver_id: int, user_id: int) -> Quota | None:
    """The quota from one person to another that has not ended."""
    rows = _read(connection, _of_giver(giver_id), _Q.user_id == user_id, _Q.state != QuotaState.ENDED)
    return rows[0] if rows else None


def quotas_of(connection: sa.Connection, person_id: int, limit: int) -> list[Quota]:
    """What a person gave and was given, what stands first, then the newest."""
    mine = sa.or_(_of_giver(person_id), _Q.user_id == person_id)
    return _read(connection, mine, order=((_Q.state == QuotaState.ENDED), _Q.id.desc()), limit=limit)


def given_by(connection: sa.Connection, person_id: int) -> list[Quota]:
    """What a person gave and has not ended."""
    return _read(connection, _of_giver(person_id), _Q.state != QuotaState.ENDED)


def count_given(connection: sa.Connection, person_id: int) -> int:
    """To how many relatives a person gives a quota that has not ended."""
    return _counted(connection, _of_giver(person_id))


def count_received(connection: sa.Connection, person_id: int) -> int:
    """From how many people a person has a quota that has not ended."""
    return _counted(connection, _Q.user_id == person_id)


def _counted(connection: sa.Connection, whose: sa.ColumnElement[bool]) -> int:
    standing = sa.select(sa.func.count()).select_from(wallet_quota).where(whose, _Q.state != QuotaState.ENDED)
    return int(connection.execute(standing).scalar_one())


def accept(connection: sa.Connection, one: Quota, at: datetime) -> None:
    """A quota comes into force, and its user's row says that there is one more."""
    connection.execute(wallet_quota.update().where(_is(one.id)).values(state=QuotaState.ACTIVE, accepted_at=at))
    _count(connection, one.user_id, 1)


def change_amount(connection: sa.Connection, quota_id: int, amount: int) -> None:
    """Keep the new amount (fen) of a quota."""
    connection.execute(wallet_quota.update().where(_is(quota_id)).values(amount=amount))


def end(connection: sa.Connection, one: Quota, ending: QuotaEnd, used: int, at: datetime) -> None:
    """A quota is over: what was used (fen) is what it came to."""
    values = {"state": QuotaState.ENDED, "ending": ending, "ended_at": at, "amount": used}
    connection.execute(wallet_quota.update().where(_is(one.id)).values(values))
    if one.state is QuotaState.ACTIVE:
        _count(connection, one.user_id, -1)


def _count(connection: sa.Connection, user_id: int, more: int) -> None:
    connection.execute(
        person.update()
        .where(person.c.bucket == bucket_of(user_id), person.c.id == user_id)
        .values(quotas=person.c.quotas + more)
    )


def changed(connection: sa.Connection, today: date, limit: int, after: int) -> Sequence[tuple[int, str, bool]]:
    """Quotas of people who died or whose insurance changed (`_CHANGED`), with ids above `after`: the id, where its giver was
    insured, and whether it is a death."""
    rows = connection.execute(sa.text(_CHANGED), {"today": today, "limit": limit, "after": after})
    return [(row.id, row.giver_region, row.death) for row in rows]


def regions_of(connection: sa.Connection, quota_id: int) -> tuple[str, str]:
    """Where giver and user were insured when it was set."""
    row = connection.execute(sa.select(_Q.giver_region, _Q.user_region).where(_is(quota_id))).one()
    return row.giver_region, row.user_region


def movements(connection: sa.Connection, quota_id: int) -> list[Movement]:
    """What happened to a quota's money, newest first."""
    step = hold_step.c
    rows: sa.CursorResult[Any] = connection.execute(
        sa.select(step.at, step.kind, step.captured, step.released, step.settlement_id, step.key, hold.c.amount)
        .select_from(wallet_quota)
        .join(hold, _OF_QUOTA)
        .join(hold_step, sa.and_(step.bucket == hold.c.bucket, step.hold_id == hold.c.id))
        .where(_is(quota_id))
        .order_by(step.at.desc(), step.id.desc())
    )
    return [_movement(row) for row in rows]


def _movement(row: sa.Row[Any]) -> Movement:
    at = row.at.astimezone(CHINA)
    if row.kind == "capture":
        return Movement(at, Moved.USED, row.captured, row.settlement_id)
    if row.kind == "release":
        return Movement(at, Moved.RELEASED, row.released, None)
    # What a reversal brings back is set aside again under a key of its own (`gongji.settlement.quotas`).
    if row.key.startswith("settlement:"):
        return Movement(at, Moved.RETURNED, row.amount, int(row.key.split(":")[1]))
    return Movement(at, Moved.SET, row.amount, None)


def _read(
    connection: sa.Connection,
    *conditions: sa.ColumnElement[bool],
    order: Sequence[sa.ColumnElement[Any]] = (_Q.id,),
    limit: int | None = None,
) -> list[Quota]:
    rows = connection.execute(sa.select(wallet_quota, _LEFT).where(*conditions).order_by(*order).limit(limit))
    return [_quota(row) for row in rows]


def _quota(row: sa.Row[Any]) -> Quota:
    return Quota(
        id=row.id,
        giver_id=row.giver_id,
        user_id=row.user_id,
        amount=row.amount,
        left=row.left,
        asked=row.asked,
        relation=Relation(row.relation),
        stated=row.stated,
        state=QuotaState(row.state),
        end=QuotaEnd(row.ending) if row.ending is not None else None,
        made_at=row.made_at.astimezone(CHINA),
        accepted_at=row.accepted_at.astimezone(CHINA) if row.accepted_at else None,
        ended_at=row.ended_at.astimezone(CHINA) if row.ended_at else None,
    )


def _is(quota_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(_Q.bucket == bucket_of(quota_id), _Q.id == quota_id)


def _of_giver(person_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(_Q.bucket == bucket_of(person_id), _Q.giver_id == person_id)
