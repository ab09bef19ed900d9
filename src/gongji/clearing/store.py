"""SQL of reconciliation, set-based: a month of a large hospital is one statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

import psycopg
import sqlalchemy as sa

from gongji.clearing.model import Compared, Difference, Scope, Told, Totals
from gongji.clearing.tables import statement
from gongji.foundation.arrays import columns
from gongji.foundation.clock import CHINA
from gongji.foundation.distribution import is_spread
from gongji.foundation.ids import first_id, month_number
from gongji.ledger.store import raw_cursor
from gongji.ledger.tables import STANDS
from gongji.settlement.model import UNDO

#: Settlements of an institution and a span that count: nothing that was undone, nor what undid it. The months in their ids
#: leave out the tables of other months.
_CHOSEN: Final = f"""
SELECT s.id, s.kind, s.reverses, s.visit_id, s.person_id, s.bucket, s.region, s.msgid, s.infno, s.med_type, s.settled_at,
       s.total, s.fund_pool + s.fund_large + s.fund_civil + s.fund_aid AS funds, s.own + s.shared + s.wallet AS accounts,
       s.cash
  FROM settlement s
 WHERE s.institution_id = %(institution)s AND s.settled_at >= %(begin)s AND s.settled_at < %(end)s
   AND s.id >= %(first)s AND s.id < %(after)s
   AND (%(scheme)s = '' OR s.scheme = %(scheme)s)
   AND s.infno <> '{UNDO}'
   AND NOT EXISTS (SELECT FROM reversal u WHERE u.bucket = s.bucket AND u.journal_id = s.id AND u.undo)
"""

_GROUPS: Final = f"""
SELECT infno, med_type, region, kind <> 'settle', count(*), sum(total)::bigint, sum(funds)::bigint, sum(accounts)::bigint,
       sum(cash)::bigint
  FROM ({_CHOSEN}) AS chosen GROUP BY 1, 2, 3, 4
"""

_TOLD: Final = (
    ("t_place", "integer"),
    ("t_id", "bigint"),
    ("t_person", "bigint"),
    ("t_total", "bigint"),
    ("t_funds", "bigint"),
    ("t_accounts", "bigint"),
    ("t_refund", "boolean"),
)

_TOLD_ROWS: Final = """unnest(%(t_place)b::integer[], %(t_id)b::bigint[], %(t_person)b::bigint[], %(t_total)b::bigint[],
                  %(t_funds)b::bigint[], %(t_accounts)b::bigint[], %(t_refund)b::boolean[])
           AS t(place, id, person, total, funds, accounts, refund)"""

_OURS: Final = f"""
    SELECT * FROM ({_CHOSEN}) AS chosen
     WHERE (infno, med_type, region, kind <> 'settle') IN (
           SELECT * FROM unnest(%(g_infno)b::text[], %(g_med)b::text[], %(g_region)b::text[], %(g_refund)b::boolean[]))
"""


def _comparison(before: str, *, settlement: str, reversal: str, stands: str, undone: str, person: str) -> str:
    """The statement that compares, over tables or what steps before it have found of them."""
    # A refund that is told under the number of what it took back is held against our reversal of that.
    return f"""
WITH {before}, named AS (
    SELECT t.*, x.settled_at, x.infno,
           CASE WHEN t.refund AND x.kind = 'settle' THEN coalesce(r.reversed_by, t.id) ELSE t.id END AS key
      FROM {_TOLD_ROWS}
      LEFT JOIN {settlement} x ON x.bucket = (t.id & 1023)::smallint AND x.id = t.id AND x.institution_id = %(institution)s
      LEFT JOIN {reversal} r ON r.bucket = x.bucket AND r.journal_id = x.id AND {stands}
), told AS (
    SELECT n.*, n.key IS NOT NULL AND row_number() OVER (PARTITION BY n.key ORDER BY n.place) > 1 AS twice FROM named n
), compared AS (
    SELECT CASE WHEN t.place IS NULL THEN 'missing_there' WHEN t.twice THEN 'twice' WHEN o.id IS NULL THEN 'missing_here'
                WHEN t.total = -o.total AND o.total <> 0 THEN 'sign'
                WHEN (t.total, t.funds, t.accounts) <> (o.total, o.funds, o.accounts) THEN 'amounts'
                WHEN t.person NOT IN (0, o.person_id) THEN 'person' ELSE 'agrees' END AS difference,
           t.place, t.key, o.*, coalesce(o.settled_at, t.settled_at) AS at, t.infno AS other_infno
      FROM (SELECT *, CASE WHEN NOT twice THEN key END AS partner FROM told) AS t
      FULL JOIN ours o ON o.id = t.partner
)
SELECT c.difference, c.place, coalesce(p.psn_no, ''), c.id, c.visit_id, c.person_id, coalesce(c.region, ''),
       coalesce(c.msgid, ''), c.reverses, c.total, c.funds, c.accounts,
       CASE WHEN c.difference <> 'missing_here' OR c.at IS NULL THEN ''
            WHEN c.other_infno = '{UNDO}'
                 OR EXISTS (SELECT FROM {undone} u WHERE u.bucket = (c.key & 1023)::smallint AND u.journal_id = c.key AND u.undo)
            THEN 'undone' ELSE 'outside' END,
       c.at
  FROM compared c
  LEFT JOIN {person} p ON p.bucket = c.bucket AND p.id = c.person_id
 ORDER BY c.difference = 'agrees', c.place, c.at, c.id
"""


_COMPARE: Final = _comparison(
    f"ours AS ({_OURS})",
    settlement="settlement",
    reversal="reversal",
    stands=f"NOT r.undo AND {STANDS}",
    undone="reversal",
    person="person",
)

#: What was told, once each, beside the rows of a node.
_ASKED_FOR: Final = "(SELECT DISTINCT t.id FROM unnest(%(t_id)b::bigint[]) AS t(id)) AS t"

#: Each step asks all nodes for the rows of one kind, and what compares them then reads no table. In one statement over the
#: tables Citus (13.2.2) answered with columns in each other's places.
_COMPARE_ON_NODES: Final = _comparison(
    f"""ours AS MATERIALIZED ({_OURS}
), known AS MATERIALIZED (
    SELECT x.bucket, x.id, x.kind, x.settled_at, x.infno, x.institution_id
      FROM settlement x JOIN {_ASKED_FOR} ON x.bucket = (t.id & 1023)::smallint AND x.id = t.id
     WHERE x.institution_id = %(institution)s
), taken_back AS MATERIALIZED (
    SELECT r.bucket, r.journal_id, r.reversed_by
      FROM reversal r JOIN {_ASKED_FOR} ON r.bucket = (t.id & 1023)::smallint AND r.journal_id = t.id
     WHERE NOT r.undo AND {STANDS}
), undone AS MATERIALIZED (
    SELECT u.bucket, u.journal_id, u.undo
      FROM reversal u
      JOIN (SELECT id FROM {_ASKED_FOR} UNION SELECT reversed_by FROM taken_back) AS k(id)
           ON u.bucket = (k.id & 1023)::smallint AND u.journal_id = k.id
     WHERE u.undo
), patient AS MATERIALIZED (
    SELECT p.bucket, p.id, p.psn_no
      FROM person p JOIN (SELECT DISTINCT bucket, person_id FROM ours) AS o ON p.bucket = o.bucket AND p.id = o.person_id
)""",
    settlement="known",
    reversal="taken_back",
    stands="true",
    undone="undone",
    person="patient",
)

_KEPT: Final = (
    ("d_difference", "text"),
    ("d_setl", "text"),
    ("d_settlement", "bigint"),
    ("d_person", "bigint"),
    ("d_at", "timestamptz"),
    ("d_told_total", "bigint"),
    ("d_told_funds", "bigint"),
    ("d_told_accounts", "bigint"),
    ("d_our_total", "bigint"),
    ("d_our_funds", "bigint"),
    ("d_our_accounts", "bigint"),
    ("d_memo", "text"),
    ("d_owner", "text"),
)

#: A difference that was found before keeps the day it was found first, and so its age.
_KEEP: Final = f"""
INSERT INTO statement_difference (institution_id, since, until, found_at, first_statement_id, last_statement_id, difference,
       setl_id, settlement_id, person_id, settled_at, told_total, told_funds, told_accounts, our_total, our_funds,
       our_accounts, memo, owner)
SELECT %(institution)s, %(since)s, %(until)s, %(at)s, %(statement)s, %(statement)s, d.*
  FROM unnest({", ".join(f"%({name})b::{kind}[]" for name, kind in _KEPT)}) AS d
    ON CONFLICT (institution_id, difference, setl_id) WHERE cleared_at IS NULL DO UPDATE
   SET last_statement_id = excluded.last_statement_id, since = excluded.since, until = excluded.until, memo = excluded.memo,
       told_total = excluded.told_total, told_funds = excluded.told_funds, told_accounts = excluded.told_accounts,
       our_total = excluded.our_total, our_funds = excluded.our_funds, our_accounts = excluded.our_accounts
"""

#: What a comparison of at least the same settlements did not find again is cleared.
_CLEAR: Final = """
UPDATE statement_difference d SET cleared_at = %(at)s, cleared_by = 'comparison'
  FROM statement s
 WHERE s.id = d.last_statement_id AND d.institution_id = %(institution)s AND d.cleared_at IS NULL
   AND d.last_statement_id <> %(statement)s AND d.since >= %(since)s AND d.until <= %(until)s
   AND %(scheme)s IN ('', s.scheme) AND %(clearing_type)s IN ('', s.clearing_type) AND %(agency)s IN ('', s.agency)
"""


#: "clea" as a number: with an institution's, the advisory lock under which its differences are kept.
_KEEPING: Final = 0x636C6561


@dataclass(frozen=True, slots=True)
class Group:
    """Settlements of a span that are alike in what a scope can ask for, with their sums."""

    infno: str
    med_type: str
    region: str
    refund: bool
    rows: int
    total: int
    funds: int
    accounts: int
    cash: int


@dataclass(frozen=True, slots=True)
class KeptDifference:
    """A difference as it is kept; attributes as in the table."""

    difference: Difference
    setl_id: str
    found: Compared
    told: Told | None
    memo: str
    owner: str


def groups(connection: sa.Connection, scope: Scope) -> list[Group]:
    """The institution's settlements of the span and scheme, grouped."""
    with raw_cursor(connection) as cursor:
        cursor.execute(_GROUPS, _parameters(scope))
        return [Group(*row) for row in cursor.fetchall()]


def compare(
    connection: sa.Connection, scope: Scope, chosen: Sequence[Group], told: Sequence[Told]
) -> Iterator[Compared]:
    """Every settlement that either side has, what differs first; read from the server as it is asked for."""
    lines = [
        (place, one.settlement_id, _person(one), one.total, one.funds, one.accounts, one.refund)
        for place, one in enumerate(told)
    ]
    alike = [(group.infno, group.med_type, group.region, group.refund) for group in chosen]
    kinds = (("g_infno", "text"), ("g_med", "text"), ("g_region", "text"), ("g_refund", "boolean"))
    parameters = _parameters(scope) | columns(_TOLD, lines) | columns(kinds, alike)
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor(name="compared") as cursor:
        cursor.itersize = 5000
        cursor.execute(_COMPARE_ON_NODES if is_spread(connection) else _COMPARE, parameters)
        for row in cursor:
            yield Compared(Difference(row[0]), *row[1:])


def record(
    connection: sa.Connection,
    scope: Scope,
    kind: str,
    told: Totals,
    ours: Totals,
    at: datetime,
    *,
    agrees: bool,
    differences: int = 0,
    result: str | None = None,
) -> int:
    """Keep a comparison; gives its number."""
    number: int = connection.execute(
        statement.insert()
        .values(
            institution_id=scope.institution_id,
            kind=kind,
            since=scope.since,
            until=scope.until,
            scheme=scope.scheme,
            clearing_type=scope.clearing_type,
            agency=scope.agency,
            told_total=told.total,
            told_funds=told.funds,
            told_accounts=told.accounts,
            told_cash=told.cash,
            told_count=told.count,
            our_total=ours.total,
            our_funds=ours.funds,
            our_accounts=ours.accounts,
            our_cash=ours.cash,
            our_count=ours.count,
            agrees=agrees,
            differences=differences,
            result=result,
            made_at=at,
        )
        .returning(statement.c.id)
    ).scalar_one()
    return number


def keep_differences(
    connection: sa.Connection, scope: Scope, statement_id: int, found: Sequence[KeptDifference], at: datetime
) -> None:
    """Keep what differs, and clear what does not any more."""
    rows = [_kept(one) for one in found]
    parameters: dict[str, object] = {
        "institution": scope.institution_id,
        "since": scope.since,
        "until": scope.until,
        "scheme": scope.scheme,
        "clearing_type": scope.clearing_type,
        "agency": scope.agency,
        "statement": statement_id,
        "at": at,
    }
    with raw_cursor(connection) as cursor:
        # Two comparisons of one institution at once would lock the same rows in different orders.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_KEEPING, scope.institution_id))
        if rows:
            cursor.execute(_KEEP, parameters | columns(_KEPT, rows))
        cursor.execute(_CLEAR, parameters)


def _kept(one: KeptDifference) -> tuple[Any, ...]:
    found, told = one.found, one.told
    theirs = (told.total, told.funds, told.accounts) if told else (None, None, None)
    place = (str(one.difference), one.setl_id, found.settlement_id, found.person_id, found.settled_at)
    return (*place, *theirs, found.total, found.funds, found.accounts, one.memo, one.owner)


def _person(one: Told) -> int:
    """Our number of the person told; 0 when none was, -1 when it is none of ours."""
    if one.person_id is not None:
        return one.person_id
    return -1 if one.psn_no else 0


def _parameters(scope: Scope) -> dict[str, object]:
    return {
        "institution": scope.institution_id,
        "begin": datetime.combine(scope.since, time(), CHINA),
        "end": datetime.combine(scope.until + timedelta(days=1), time(), CHINA),
        "first": first_id(month_number(scope.since)),
        "after": first_id(month_number(scope.until) + 1),
        "scheme": scope.scheme,
    }
