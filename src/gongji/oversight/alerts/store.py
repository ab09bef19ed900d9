"""Alerts in the database: kept once a group, joined into the open case of their subject, and taken off when what they rest
on does not hold any more."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.oversight.alerts.model import (
    Alert,
    Case,
    Found,
    Outcome,
    Reason,
    RowBehind,
    RowKind,
    RuleCode,
    Step,
    Subject,
)
from gongji.oversight.alerts.rule import News
from gongji.oversight.alerts.tables import alert, alert_case, alert_case_step, alert_row

#: So long after it was opened a case is to be concluded. Ours: no text at hand says.
DUE: Final = timedelta(days=30)

#: The cases are locked: what is found and an officer who concludes wait for each other, so nothing changes behind a conclusion.
_KNOWN: Final = """
SELECT a.id, a.key, a.case_id, a.lapsed_at, c.outcome IS NOT NULL AS concluded
  FROM alert a JOIN alert_case c ON c.id = a.case_id WHERE a.rule = :rule AND a.key = ANY(CAST(:keys AS text[]))
   FOR UPDATE OF c
"""

#: Alerts of a rule that rest on one of the rows and whose case is open.
_RESTING: Final = """
SELECT a.id, a.key, a.region, a.case_id FROM alert a JOIN alert_case c ON c.id = a.case_id AND c.outcome IS NULL
 WHERE a.rule = :rule AND a.lapsed_at IS NULL
   AND a.id IN (SELECT alert_id FROM alert_row WHERE kind = :kind AND row_id = ANY(CAST(:rows AS bigint[])))
   FOR UPDATE OF c
"""

_ROWS: Final = """
INSERT INTO alert_row (alert_id, kind, row_id, facts)
SELECT r.alert, r.kind, r.id, r.facts
  FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(alert bigint, kind text, id bigint, facts jsonb)
    ON CONFLICT (alert_id, kind, row_id) DO NOTHING
"""


def keep(connection: sa.Connection, rule: RuleCode, found: Sequence[Found], at: datetime) -> int:
    """Keep what a rule found: what is new becomes an alert of its subject's open case, what is known gets its newest rows
    and figures; a concluded case is left as it was concluded.

    Returns:
        How many alerts are new.
    """
    if not found:
        return 0
    keys = [one.key for one in found]
    known = {row.key: row for row in connection.execute(sa.text(_KNOWN), {"rule": rule, "keys": keys})}
    rows: list[dict[str, Any]] = []
    new = 0
    for one in found:
        there = known.get(one.key)
        if there is None:
            number, new = _add(connection, rule, one, at), new + 1
        elif there.concluded:
            continue
        else:
            number = there.id
            _renew(connection, number, there, one, at)
        rows += [{"alert": number, "kind": row.kind, "id": row.id, "facts": row.facts} for row in one.rows]
    connection.execute(sa.text(_ROWS), {"rows": json.dumps(rows)})
    return new


def _add(connection: sa.Connection, rule: RuleCode, one: Found, at: datetime) -> int:
    case_id = _open_case(connection, one, at)
    number: int = connection.execute(
        alert.insert()
        .values(rule=rule, key=one.key, region=one.region, measured=one.measured, case_id=case_id, found_at=at)
        .returning(alert.c.id)
    ).scalar_one()
    note_step(connection, case_id, Step.ALERT, None, at, alert=number, rule=str(rule))
    return number


def _renew(connection: sa.Connection, number: int, there: sa.Row[Any], one: Found, at: datetime) -> None:
    connection.execute(alert.update().where(alert.c.id == number).values(measured=one.measured, lapsed_at=None))
    connection.execute(alert_row.delete().where(alert_row.c.alert_id == number))
    if there.lapsed_at is not None:
        note_step(connection, there.case_id, Step.ALERT, None, at, alert=number)


def _open_case(connection: sa.Connection, one: Found, at: datetime) -> int:
    """The open case of a subject with the agency that the alert is for, locked; made when there is none."""
    own = alert_case.c
    whose = own.subject_kind == one.subject_kind, own.subject_id == one.subject_id, own.region == one.region
    query = sa.select(own.id).where(*whose, own.outcome.is_(None)).with_for_update()
    case_id: int | None = connection.execute(query).scalar_one_or_none()
    if case_id is None:
        case_id = connection.execute(
            alert_case.insert()
            .values(
                subject_kind=one.subject_kind,
                subject_id=one.subject_id,
                region=one.region,
                opened_at=at,
                due_on=(at + DUE).astimezone(CHINA).date(),
            )
            .returning(alert_case.c.id)
        ).scalar_one()
        note_step(connection, case_id, Step.OPEN, None, at)
    return case_id


def lapse(
    connection: sa.Connection,
    rule: RuleCode,
    news: News,
    found: Collection[str],
    looked_for: Callable[[str], bool],
    at: datetime,
) -> int:
    """Take off the alerts that rest on something of the news and were not found again: what they rested on was taken back,
    or is no more than a threshold that was changed since. `looked_for` tells whether the rule is, in a region.

    Returns:
        How many.
    """
    gone: dict[int, int] = {}
    for kind, ids in _touched(news).items():
        if ids:
            resting = connection.execute(sa.text(_RESTING), {"rule": rule, "kind": kind, "rows": list(ids)})
            gone |= {row.id: row.case_id for row in resting if row.key not in found and looked_for(row.region)}
    for number, case_id in gone.items():
        connection.execute(alert.update().where(alert.c.id == number).values(lapsed_at=at))
        note_step(connection, case_id, Step.LAPSE, None, at, alert=number)
    return len(gone)


def _touched(news: News) -> Mapping[RowKind, Sequence[int]]:
    return {
        RowKind.SETTLEMENT: news.settlements,
        RowKind.AUTHORISATION: news.authorisations,
        RowKind.WALLET_TRANSFER: news.transfers,
        RowKind.CLAIM: news.claims,
    }


def note_step(
    connection: sa.Connection,
    case_id: int,
    step: Step,
    holder: str | None,
    at: datetime,
    note: str | None = None,
    **details: object,
) -> None:
    """Write a line of a case's history."""
    connection.execute(
        alert_case_step.insert().values(case_id=case_id, step=step, holder=holder, details=details, note=note, at=at)
    )


def alerts_of(connection: sa.Connection, case_ids: Collection[int]) -> dict[int, list[Alert]]:
    """The alerts of cases with the rows behind them, by case, oldest first."""
    behind: dict[int, list[RowBehind]] = {}
    mine = sa.select(alert_row).join(alert, alert.c.id == alert_row.c.alert_id).where(alert.c.case_id.in_(case_ids))
    for row in connection.execute(
        mine.order_by(alert_row.c.alert_id, alert_row.c.facts["at"].astext, alert_row.c.row_id)
    ):
        behind.setdefault(row.alert_id, []).append(RowBehind(RowKind(row.kind), row.row_id, row.facts))
    found: dict[int, list[Alert]] = {}
    for row in connection.execute(sa.select(alert).where(alert.c.case_id.in_(case_ids)).order_by(alert.c.id)):
        one = Alert(
            id=row.id,
            rule=RuleCode(row.rule),
            key=row.key,
            measured=row.measured,
            case_id=row.case_id,
            found_at=row.found_at,
            lapsed_at=row.lapsed_at,
            founded=row.founded,
            rows=tuple(behind.get(row.id, ())),
        )
        found.setdefault(row.case_id, []).append(one)
    return found


def case_from(row: sa.Row[Any]) -> Case:
    """A case as its row says."""
    return Case(
        id=row.id,
        subject_kind=Subject(row.subject_kind),
        subject_id=row.subject_id,
        region=row.region,
        opened_at=row.opened_at,
        due_on=row.due_on,
        holder=row.holder,
        outcome=Outcome(row.outcome) if row.outcome else None,
        reason=Reason(row.reason) if row.reason else None,
        note=row.note,
        concluded_at=row.concluded_at,
        concluded_by=row.concluded_by,
    )
