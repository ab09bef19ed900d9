"""Closing a month: everything that is in it by now is drawn up, once, and nothing joins it afterwards.

What is committed later of the month goes into the next one. Closing a month again changes nothing and gives the same answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa

from gongji.clearing.monthly import refusals
from gongji.clearing.monthly.decide import next_month, pooling_region
from gongji.clearing.monthly.gather import gather, gather_some, hold_still
from gongji.clearing.monthly.tables import clearing_month
from gongji.clearing.monthly.terms import TermBook
from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.arrays import Numbers, Texts
from gongji.foundation.clock import CHINA
from gongji.foundation.database import Database
from gongji.foundation.ids import first_id, month_number
from gongji.foundation.questions import run_prepared
from gongji.ledger.archived import kept_from

_MONTH: Final = re.compile(r"(20[2-9][0-9])-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Closed:
    """A month that is closed.

    Attributes:
        statements, bills: how many were drawn up.
        again: whether it had been closed before.
    """

    month: date
    at: datetime
    statements: int
    bills: int
    again: bool


#: The first month that has something in it and is open.
_EARLIEST: Final = """
SELECT least((SELECT min(month) FROM clearing_line WHERE month > :closed),
             (SELECT min(month) FROM clearing_part WHERE month > :closed))
"""

#: Statements of which more was taken back than owed hand the difference on to the month's.
_STATEMENTS: Final = """
WITH mine AS (
    SELECT debtor, creditor, sum(amount)::bigint AS amount, coalesce(sum(amount) FILTER (WHERE amount < 0), 0)::bigint AS refunds,
           count(*) AS lines, count(*) FILTER (WHERE (at AT TIME ZONE 'Asia/Shanghai')::date < month) AS late
      FROM clearing_line WHERE month = :month GROUP BY debtor, creditor
), below AS (
    SELECT s.id, s.carried + s.amount - s.carried_out - coalesce(d.excluded, 0) AS due
      FROM clearing_statement s
      LEFT JOIN (SELECT statement_id, sum(amount)::bigint AS excluded FROM clearing_dispute
                  WHERE outcome IS DISTINCT FROM 'stands' GROUP BY 1) AS d ON d.statement_id = s.id
), handed AS (
    UPDATE clearing_statement s SET carried_out = s.carried_out + b.due FROM below b WHERE b.id = s.id AND b.due < 0
 RETURNING s.debtor, s.creditor, b.due
), carried AS (
    SELECT debtor, creditor, sum(due)::bigint AS due FROM handed GROUP BY debtor, creditor
)
INSERT INTO clearing_statement (month, debtor, creditor, amount, refunds, lines, late, carried)
SELECT :month, debtor, creditor, coalesce(m.amount, 0), coalesce(m.refunds, 0), coalesce(m.lines, 0), coalesce(m.late, 0),
       coalesce(c.due, 0)
  FROM mine m FULL JOIN carried c USING (debtor, creditor)
 ORDER BY debtor, creditor
"""

#: The same of institutions; what is retained is a share of what is above zero, half a fen up.
_BILLS: Final = """
WITH mine AS (
    SELECT p.institution_id, sum(p.funds + p.accounts + p.wallet)::bigint AS amount, sum(p.refunds)::bigint AS refunds
      FROM clearing_part p WHERE p.month = %(month)s GROUP BY p.institution_id
), handed AS (
    UPDATE clearing_bill b SET carried_out = b.carried + b.amount - b.retained
     WHERE b.carried + b.amount - b.retained - b.carried_out < 0
 RETURNING b.institution_id, b.carried_out AS due
)
INSERT INTO clearing_bill (month, institution_id, amount, refunds, retained, retention, carried)
SELECT %(month)s, i.id, coalesce(m.amount, 0), coalesce(m.refunds, 0),
       (greatest(coalesce(m.amount, 0), 0) * r.share + 5000) / 10000, r.share, coalesce(h.due, 0)
  FROM mine m FULL JOIN handed h USING (institution_id)
  JOIN institution i ON i.id = institution_id
  JOIN unnest(%(regions)b::text[], %(shares)b::integer[]) AS r(region, share) ON r.region = i.region
 ORDER BY i.id
"""


def read_month(text: str) -> date:
    """A month as people write it: ``2026-10``.

    Raises:
        InvalidInput: ``clearing.month``.
    """
    found = _MONTH.fullmatch(text)
    if found is None:
        raise refusals.month_unreadable(text)
    return date(int(found[1]), int(found[2]), 1)


def read_day(text: str) -> date:
    """A day as people write it: ``2026-11-10``.

    Raises:
        InvalidInput: ``clearing.paid_on``.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise refusals.day_unreadable() from None


def close_month(database: Database, terms: TermBook, month: date, caller: Caller, at: datetime) -> Closed:
    """Draw up a month's statements and bills; once closed, it stays as it is.

    Args:
        database: where the books are; settlements go on meanwhile.
        terms: what is retained of institutions.
        month: its first day; over by now.
        caller: who closes, for the audit.
        at: now.

    Raises:
        Refused: ``clearing.not_over``, ``clearing.earlier_first``, ``clearing.later_closed``, ``clearing.archived``.
    """
    if at.astimezone(CHINA).date() < next_month(month):
        raise refusals.month_not_over(month)
    gather(database)
    with database.transaction() as connection:
        hold_still(connection)
        known = _closed(connection, month)
        if known is not None:
            return known
        while gather_some(connection):
            pass
        _check_order(connection, month)
        connection.execute(clearing_month.insert().values(month=month, closed_at=at, closed_by=caller.holder))
        statements = connection.execute(sa.text(_STATEMENTS), {"month": month}).rowcount
        bills = _draw_bills(connection, terms, month)
        audit.record(connection, caller, "clearing.close", at=at, month=f"{month:%Y-%m}", statements=statements)
        return Closed(month, at, statements, bills, again=False)


def last_closed(connection: sa.Connection) -> date | None:
    """The newest month that is closed."""
    found: date | None = connection.execute(sa.select(sa.func.max(clearing_month.c.month))).scalar_one()
    return found


def _closed(connection: sa.Connection, month: date) -> Closed | None:
    row = connection.execute(
        sa.text(
            """
            SELECT closed_at, (SELECT count(*) FROM clearing_statement WHERE month = m.month) AS statements,
                   (SELECT count(*) FROM clearing_bill WHERE month = m.month) AS bills
              FROM clearing_month m WHERE month = :month
            """
        ),
        {"month": month},
    ).one_or_none()
    if row is None:
        return None
    return Closed(month, row.closed_at.astimezone(CHINA), row.statements, row.bills, again=True)


def _check_order(connection: sa.Connection, month: date) -> None:
    closed = last_closed(connection)
    earliest = connection.execute(sa.text(_EARLIEST), {"closed": closed or date.min}).scalar_one()
    if earliest != month and first_id(month_number(next_month(month))) <= kept_from(connection):
        raise refusals.month_archived(month)
    if closed is not None and month < closed:
        raise refusals.later_closed(closed)
    if earliest is not None and earliest < month:
        raise refusals.earlier_first(earliest)


def _draw_bills(connection: sa.Connection, terms: TermBook, month: date) -> int:
    regions = list(connection.execute(sa.text("SELECT DISTINCT region FROM institution ORDER BY 1")).scalars())
    shares = [terms.on(pooling_region(region), month).retention for region in regions]
    return run_prepared(
        connection, _BILLS, {"month": month, "regions": Texts(regions), "shares": Numbers(shares)}
    ).rowcount
