"""The queue of cases: those of an area, page by page, none about the officer who looks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

import sqlalchemy as sa

from gongji.family import casework as family_casework
from gongji.foundation.access import Caller
from gongji.oversight.alerts import store
from gongji.oversight.alerts.casework import people_of
from gongji.oversight.alerts.model import Case, RuleCode, Subject
from gongji.oversight.alerts.tables import alert, alert_case


def listed(
    connection: sa.Connection,
    region_prefix: str,
    *,
    concluded: bool = False,
    rule: RuleCode | None = None,
    subject: Subject | None = None,
    holder: str | None = None,
    opened_before: datetime | None = None,
    due_before: date | None = None,
    limit: int = 200,
    after: int | None = None,
) -> list[Case]:
    """Cases of an area, the oldest first; concluded ones the newest first.

    Args:
        connection: a connection.
        region_prefix: the first digits of the regions.
        concluded: those that are concluded, in place of the open ones.
        rule: only those with an alert of this rule.
        subject: only those about this kind of subject.
        holder: only those that this officer has in charge; "" those that nobody has.
        opened_before: only those opened before a moment.
        due_before: only those that were due before a day.
        limit: most rows.
        after: the case behind which to go on, also when it is concluded by now; None from the first.
    """
    one = alert_case.c
    conditions = [
        one.region.startswith(region_prefix, autoescape=True),
        one.outcome.is_not(None) if concluded else one.outcome.is_(None),
    ]
    if rule is not None:
        conditions.append(sa.exists().where(alert.c.case_id == one.id, alert.c.rule == rule))
    if subject is not None:
        conditions.append(one.subject_kind == subject)
    if holder is not None:
        conditions.append(one.holder == holder if holder else one.holder.is_(None))
    if opened_before is not None:
        conditions.append(one.opened_at <= opened_before)
    if due_before is not None:
        conditions.append(one.due_on < due_before)
    moment = one.concluded_at if concluded else one.opened_at
    if after is not None:
        place = connection.execute(sa.select(moment).where(one.id == after, moment.is_not(None))).scalar_one_or_none()
        here, there = sa.tuple_(moment, one.id), sa.tuple_(place, after)
        conditions.append(sa.false() if place is None else here < there if concluded else here > there)
    order = (moment.desc(), one.id.desc()) if concluded else (moment, one.id)
    rows = connection.execute(sa.select(alert_case).where(*conditions).order_by(*order).limit(limit))
    return [store.case_from(row) for row in rows]


def not_own(connection: sa.Connection, cases: Collection[Case], caller: Caller, at: datetime) -> list[Case]:
    """The cases among some that an officer may know of: none about themself or a relative, also not in a row behind it."""
    alerts = store.alerts_of(connection, [one.id for one in cases])
    people = {one.id: people_of(connection, one, alerts.get(one.id, [])) for one in cases}
    own = family_casework.own_among(connection, sorted(set().union(*people.values())), caller, at)
    return [one for one in cases if not people[one.id] & own]
