"""Reading what monthly clearing has: positions, statements with their lines, bills with their parts, payments, advances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa

from gongji.clearing.monthly.model import (
    Bill,
    Dispute,
    DisputeOutcome,
    DisputeReason,
    Line,
    LineKind,
    Part,
    Payment,
    Position,
    Purpose,
    Statement,
)
from gongji.foundation.clock import CHINA
from gongji.settlement.model import wire_id

_POSITIONS: Final = """
SELECT l.debtor, l.creditor, l.kind, sum(l.amount)::bigint AS amount,
       coalesce(sum(l.amount) FILTER (WHERE l.amount < 0), 0)::bigint AS refunds, count(*) AS lines,
       count(*) FILTER (WHERE (l.at AT TIME ZONE 'Asia/Shanghai')::date < l.month) AS late, s.id AS statement_id
  FROM clearing_line l
  LEFT JOIN clearing_statement s ON s.month = l.month AND s.debtor = l.debtor AND s.creditor = l.creditor
 WHERE l.month = :month
 GROUP BY l.debtor, l.creditor, l.kind, s.id
 ORDER BY l.debtor, l.creditor, l.kind
"""

_SUMS: Final = """
  LEFT JOIN LATERAL (SELECT coalesce(sum(amount) FILTER (WHERE agreed), 0)::bigint AS paid,
                            coalesce(sum(amount) FILTER (WHERE agreed IS NULL), 0)::bigint AS asked
                       FROM clearing_payment WHERE {column} = {name}.id) AS paid ON true
"""

_STATEMENT: Final = f"""
SELECT s.id, s.month, s.debtor, s.creditor, s.amount, s.refunds, s.lines, s.late, s.carried, s.carried_out, s.checked_at,
       s.checked_by, d.excluded, paid.paid, paid.asked
  FROM clearing_statement s
  LEFT JOIN LATERAL (SELECT coalesce(sum(amount), 0)::bigint AS excluded FROM clearing_dispute
                      WHERE statement_id = s.id AND outcome IS DISTINCT FROM 'stands') AS d ON true
{_SUMS.format(column="statement_id", name="s")}
"""

_BILL: Final = f"""
SELECT b.id, b.month, b.institution_id, i.code, i.name, i.region, b.amount, b.refunds, b.retained, b.retention, b.carried,
       b.carried_out, paid.paid, paid.asked
  FROM clearing_bill b JOIN institution i ON i.id = b.institution_id
{_SUMS.format(column="bill_id", name="b")}
"""

_LINES: Final = """
SELECT l.*, i.code, i.name, coalesce(p.psn_no, '') AS psn_no, o.month AS first_month, d.id AS dispute_id, d.statement_id, d.reason, d.note,
       d.asked_by, d.asked_at, d.outcome, d.answer, d.answered_by, d.answered_at
  FROM clearing_line l
  LEFT JOIN institution i ON i.id = l.institution_id
  LEFT JOIN person p ON p.bucket = (l.person_id & 1023)::smallint AND p.id = l.person_id
  LEFT JOIN LATERAL (SELECT month FROM clearing_line WHERE journal_id = l.reverses ORDER BY month LIMIT 1) AS o ON true
  LEFT JOIN clearing_dispute d ON d.journal_id = l.journal_id AND d.debtor = l.debtor AND d.creditor = l.creditor
                              AND d.kind = l.kind
"""

_PAYMENT: Final = """
SELECT id, purpose, statement_id, bill_id, institution_id, payer, payee, amount, reference, paid_on, asked_by, asked_at, agreed,
       decided_by, decided_at, journal_id
  FROM clearing_payment
"""


def positions(connection: sa.Connection, month: date) -> list[Position]:
    """What regions owe each other for a month, open or closed, pair by pair."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in connection.execute(sa.text(_POSITIONS), {"month": month}):
        pair = found.setdefault(
            (row.debtor, row.creditor),
            {"kinds": {}, "amount": 0, "refunds": 0, "lines": 0, "late": 0, "statement_id": row.statement_id},
        )
        pair["kinds"][LineKind(row.kind)] = row.amount
        for name in ("amount", "refunds", "lines", "late"):
            pair[name] += getattr(row, name)
    return [Position(month, debtor, creditor, **values) for (debtor, creditor), values in found.items()]


def months(connection: sa.Connection) -> list[tuple[date, datetime | None]]:
    """The months that have something in them, newest first, and when they were closed."""
    rows = connection.execute(
        sa.text(
            """
            SELECT month, closed_at FROM (SELECT month FROM clearing_line UNION SELECT month FROM clearing_part
                                          UNION SELECT month FROM clearing_month) AS known
              LEFT JOIN clearing_month USING (month) ORDER BY month DESC
            """
        )
    )
    return [(row.month, _moment(row.closed_at)) for row in rows]


def statements(connection: sa.Connection, month: date) -> list[Statement]:
    """All statements of a month."""
    rows = connection.execute(
        sa.text(f"{_STATEMENT} WHERE s.month = :month ORDER BY s.debtor, s.creditor"), {"month": month}
    )
    return [_statement(row) for row in rows]


def statement(connection: sa.Connection, number: int, *, lock: bool = False) -> Statement | None:
    """One statement."""
    if lock:
        connection.execute(sa.text("SELECT FROM clearing_statement WHERE id = :id FOR UPDATE"), {"id": number})
    row = connection.execute(sa.text(f"{_STATEMENT} WHERE s.id = :id"), {"id": number}).one_or_none()
    return None if row is None else _statement(row)


def statement_of(connection: sa.Connection, month: date, debtor: str, creditor: str) -> Statement | None:
    """The statement of a month and pair."""
    row = connection.execute(
        sa.text(f"{_STATEMENT} WHERE s.month = :month AND s.debtor = :debtor AND s.creditor = :creditor"),
        {"month": month, "debtor": debtor, "creditor": creditor},
    ).one_or_none()
    return None if row is None else _statement(row)


def last_amounts(connection: sa.Connection, debtor: str, creditor: str, most: int) -> list[int]:
    """The amounts of a pair's newest statements, newest first."""
    query = """
        SELECT amount FROM clearing_statement WHERE debtor = :debtor AND creditor = :creditor ORDER BY month DESC LIMIT :most
    """
    values = {"debtor": debtor, "creditor": creditor, "most": most}
    return list(connection.execute(sa.text(query), values).scalars())


def lines(
    connection: sa.Connection, month: date, debtor: str, creditor: str, *, after: int = 0, limit: int | None = None
) -> list[Line]:
    """The lines of a pair and month in the order of their events, disputed ones with their dispute; from `after` on."""
    query = f"""
        {_LINES} WHERE l.month = :month AND l.debtor = :debtor AND l.creditor = :creditor
         ORDER BY l.at, l.journal_id, l.kind OFFSET :after LIMIT :limit
    """
    values = {"month": month, "debtor": debtor, "creditor": creditor, "after": after, "limit": limit}
    return [_line(row) for row in connection.execute(sa.text(query), values)]


def people_in(connection: sa.Connection, one: Statement) -> set[int]:
    """The patients of a statement's lines."""
    query = """
        SELECT DISTINCT person_id FROM clearing_line
         WHERE month = :month AND debtor = :debtor AND creditor = :creditor AND person_id IS NOT NULL
    """
    values = {"month": one.month, "debtor": one.debtor, "creditor": one.creditor}
    return set(connection.execute(sa.text(query), values).scalars())


def lines_named(connection: sa.Connection, debtor: str, creditor: str, events: Iterable[tuple[str, str]]) -> list[Line]:
    """The lines of a pair, of whatever month, whose message an institution numbered so: (institution's code, msgid)."""
    named = list(events)
    query = f"""
        {_LINES} WHERE l.debtor = :debtor AND l.creditor = :creditor AND (i.code, l.reference) IN (
               SELECT * FROM unnest(CAST(:codes AS text[]), CAST(:msgids AS text[])))
    """
    values = {"codes": [code for code, _ in named], "msgids": [msgid for _, msgid in named]}
    rows = connection.execute(sa.text(query), {"debtor": debtor, "creditor": creditor, **values})
    return [_line(row) for row in rows]


def line(connection: sa.Connection, one: Statement, journal_id: int, kind: LineKind) -> Line | None:
    """One line of a statement."""
    query = f"""
        {_LINES} WHERE l.journal_id = :journal AND l.debtor = :debtor AND l.creditor = :creditor AND l.kind = :kind
           AND l.month = :month
    """
    values = {"journal": journal_id, "kind": kind, "debtor": one.debtor, "creditor": one.creditor, "month": one.month}
    row = connection.execute(sa.text(query), values).one_or_none()
    return None if row is None else _line(row)


def dispute(connection: sa.Connection, number: int, *, lock: bool = False) -> Dispute | None:
    """One dispute."""
    query = f"SELECT * FROM clearing_dispute WHERE id = :id{' FOR UPDATE' if lock else ''}"
    row = connection.execute(sa.text(query), {"id": number}).one_or_none()
    return None if row is None else _dispute(row, row.id)


def disputes(connection: sa.Connection, statement_id: int) -> list[Dispute]:
    """A statement's disputes, the oldest first."""
    query = "SELECT * FROM clearing_dispute WHERE statement_id = :id ORDER BY id"
    return [_dispute(row, row.id) for row in connection.execute(sa.text(query), {"id": statement_id})]


def bills(
    connection: sa.Connection,
    month: date,
    region_prefix: str,
    *,
    words: str = "",
    limit: int | None = None,
    after: int | None = None,
) -> list[Bill]:
    """The bills of a month of an area's institutions, by code.

    Args:
        connection: a connection.
        month: its first day.
        region_prefix: the first digits of the institutions' regions.
        words: only of institutions with this code, or with this in their name.
        limit: most rows.
        after: the bill behind which to go on; None from the first.
    """
    query = f"""
        {_BILL} WHERE b.month = :month AND starts_with(i.region, :prefix)
           AND (:words = '' OR i.code = :words OR strpos(i.name, :words) > 0)
           AND (CAST(:after AS bigint) IS NULL OR i.code > (SELECT o.code FROM clearing_bill a JOIN institution o
                                                               ON o.id = a.institution_id WHERE a.id = :after))
         ORDER BY i.code LIMIT :limit
    """
    values = {"month": month, "prefix": region_prefix, "words": words, "limit": limit, "after": after}
    return [Bill(*row) for row in connection.execute(sa.text(query), values)]


def bill(connection: sa.Connection, number: int, *, lock: bool = False) -> Bill | None:
    """One bill."""
    if lock:
        connection.execute(sa.text("SELECT FROM clearing_bill WHERE id = :id FOR UPDATE"), {"id": number})
    row = connection.execute(sa.text(f"{_BILL} WHERE b.id = :id"), {"id": number}).one_or_none()
    return None if row is None else Bill(*row)


def lock_bills(connection: sa.Connection, institution_id: int) -> None:
    """Lock all bills of an institution, in one order."""
    query = "SELECT FROM clearing_bill WHERE institution_id = :id ORDER BY id FOR UPDATE"
    connection.execute(sa.text(query), {"id": institution_id})


def parts(connection: sa.Connection, one: Bill) -> list[Part]:
    """What a bill is made of."""
    query = """
        SELECT region, scheme, clearing_type, funds, accounts, wallet, refunds, late, events FROM clearing_part
         WHERE institution_id = :institution AND month = :month ORDER BY region, scheme, clearing_type
    """
    values = {"institution": one.institution_id, "month": one.month}
    return [Part(*row) for row in connection.execute(sa.text(query), values)]


def retained_left(connection: sa.Connection, institution_id: int) -> int:
    """What was kept back of an institution's bills and not released, asked or paid, in fen."""
    query = """
        SELECT ((SELECT coalesce(sum(retained), 0) FROM clearing_bill WHERE institution_id = :id)
              - (SELECT coalesce(sum(amount), 0) FROM clearing_payment
                  WHERE institution_id = :id AND purpose = 'retention' AND agreed IS NOT FALSE))::bigint
    """
    return int(connection.execute(sa.text(query), {"id": institution_id}).scalar_one())


def payment(connection: sa.Connection, number: int, *, lock: bool = False) -> Payment | None:
    """One payment."""
    query = f"{_PAYMENT} WHERE id = :id{' FOR UPDATE' if lock else ''}"
    row = connection.execute(sa.text(query), {"id": number}).one_or_none()
    return None if row is None else _payment(row)


def payments_of(connection: sa.Connection, column: str, number: int) -> list[Payment]:
    """The payments of a statement, bill or institution (`column`), oldest first."""
    assert column in ("statement_id", "bill_id", "institution_id"), "a column that payments are found by"
    query = f"{_PAYMENT} WHERE {column} = :id ORDER BY id"
    return [_payment(row) for row in connection.execute(sa.text(query), {"id": number})]


def payments_waiting(
    connection: sa.Connection, region_prefix: str, *, limit: int | None = None, after: int | None = None
) -> list[Payment]:
    """The payments of an area that wait for a second officer, oldest first, from behind the one `after` on."""
    query = f"{_PAYMENT} WHERE agreed IS NULL AND starts_with(payer, :prefix) AND id > :after ORDER BY id LIMIT :limit"
    values = {"prefix": region_prefix, "after": after or 0, "limit": limit}
    return [_payment(row) for row in connection.execute(sa.text(query), values)]


def advance_payments(connection: sa.Connection, payer: str, payee: str) -> list[Payment]:
    """What was paid in advance between two regions, given back, and set against statements, oldest first."""
    query = f"{_PAYMENT} WHERE payer = :payer AND payee = :payee AND purpose IN ('advance', 'advance_back', 'set_off') ORDER BY id"
    return [_payment(row) for row in connection.execute(sa.text(query), {"payer": payer, "payee": payee})]


def advance_sums(connection: sa.Connection) -> Mapping[tuple[str, str], tuple[int, int, int]]:
    """By payer and payee: what was given in advance, what came back, what was set against statements."""
    query = """
        SELECT payer, payee, coalesce(sum(amount) FILTER (WHERE purpose = 'advance'), 0)::bigint,
               coalesce(sum(amount) FILTER (WHERE purpose = 'advance_back'), 0)::bigint,
               coalesce(sum(amount) FILTER (WHERE purpose = 'set_off'), 0)::bigint
          FROM clearing_payment WHERE agreed AND purpose IN ('advance', 'advance_back', 'set_off')
         GROUP BY payer, payee ORDER BY payer, payee
    """
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in connection.execute(sa.text(query))}


def _moment(value: datetime | None) -> datetime | None:
    return value.astimezone(CHINA) if value is not None else None


def _statement(row: sa.Row[Any]) -> Statement:
    values = dict(row._mapping)
    return Statement(**{**values, "checked_at": _moment(values["checked_at"])})


def _line(row: sa.Row[Any]) -> Line:
    return Line(
        journal_id=row.journal_id,
        debtor=row.debtor,
        creditor=row.creditor,
        kind=LineKind(row.kind),
        amount=row.amount,
        month=row.month,
        at=row.at.astimezone(CHINA),
        reverses=row.reverses,
        first_month=row.first_month,
        person_id=row.person_id,
        psn_no=row.psn_no,
        settlement_id=row.settlement_id,
        setl_id=wire_id(row.region, row.settlement_id) if row.settlement_id else "",
        msgid=row.reference,
        institution=row.code or "",
        institution_name=row.name or "",
        dispute=_dispute(row, row.dispute_id) if row.dispute_id else None,
    )


def _dispute(row: sa.Row[Any], number: int) -> Dispute:
    return Dispute(
        id=number,
        statement_id=row.statement_id,
        journal_id=row.journal_id,
        kind=LineKind(row.kind),
        amount=row.amount,
        reason=DisputeReason(row.reason),
        note=row.note,
        asked_by=row.asked_by,
        asked_at=row.asked_at.astimezone(CHINA),
        outcome=DisputeOutcome(row.outcome) if row.outcome else None,
        answer=row.answer,
        answered_by=row.answered_by,
        answered_at=_moment(row.answered_at),
    )


def _payment(row: sa.Row[Any]) -> Payment:
    values = dict(row._mapping)
    values["purpose"] = Purpose(values["purpose"])
    values["asked_at"], values["decided_at"] = _moment(values["asked_at"]), _moment(values["decided_at"])
    return Payment(**values)
