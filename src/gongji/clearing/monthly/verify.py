"""Proof that what was gathered, drawn up and paid is what the books say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa

from gongji.clearing.monthly.tables import clearing_through
from gongji.foundation.money import yuan
from gongji.ledger.archive_tables import KEPT_FROM
from gongji.ledger.finding import Check, Finding
from gongji.ledger.frontier import FRESH_TRANSFERS, Frontier, frontier
from gongji.ledger.model import AccountKind
from gongji.ledger.rollup import rollup_through

_PAYABLE: Final = int(AccountKind.PAYABLE_INSTITUTION)
_TREASURY: Final = int(AccountKind.TREASURY)


def _fresh(name: str) -> str:
    """`FRESH_TRANSFERS`, of one of several frontiers of a statement."""
    renamed = FRESH_TRANSFERS
    for parameter in ("posters", "done", "newest"):
        renamed = renamed.replace(f":{parameter} ", f":{name}_{parameter} ")
    return renamed


def _parameters(name: str, past: Frontier) -> dict[str, Any]:
    return {f"{name}_{parameter}": value for parameter, value in past.parameters.items()}


def _moved(source: str, but: str = "true") -> str:
    """What institutions' payables took less what they gave in `source`, by institution."""
    sides = " UNION ALL ".join(
        f"SELECT t.{side} >> 18 AS institution_id, {sign} t.amount AS amount FROM {source}"
        f" WHERE (t.{side} >> 10) & 255 = {_PAYABLE} AND {but.format(other=other)}"
        for side, other, sign in (("credit", "debit", ""), ("debit", "credit", "-"))
    )
    return f"SELECT institution_id, sum(amount)::bigint AS amount FROM ({sides}) AS side GROUP BY 1"


_INSTITUTIONS: Final = f"""
WITH one AS (
    SELECT holder AS institution_id, sum(credit - debit)::bigint AS booked, 0::bigint AS gathered FROM account_rollup
     WHERE kind = {_PAYABLE} GROUP BY 1
    UNION ALL SELECT institution_id, amount, 0 FROM ({_moved(_fresh("rolled"))}) AS after_the_sums
    UNION ALL SELECT institution_id, amount, 0 FROM clearing_payment WHERE agreed AND institution_id IS NOT NULL
    UNION ALL SELECT institution_id, 0, funds + accounts + wallet FROM clearing_part
    UNION ALL SELECT institution_id, 0, amount
                FROM ({_moved(_fresh("followed"), f"(t.{{other}} >> 10) & 255 <> {_TREASURY}")}) AS not_followed_yet
)
SELECT institution_id, sum(booked)::bigint AS booked, sum(gathered)::bigint AS gathered FROM one
 GROUP BY 1 HAVING sum(booked) <> sum(gathered) ORDER BY 1
"""


def institutions_are_owed_what_is_booked(connection: sa.Connection) -> Iterator[Finding]:
    """An institution's parts of all months are what its payable says, with what was paid of it."""
    rolled, followed = frontier(connection, rollup_through), frontier(connection, clearing_through)
    values = _parameters("rolled", rolled) | _parameters("followed", followed)
    for row in connection.execute(sa.text(_INSTITUTIONS), values):
        yield Finding(
            "clearing",
            f"institution {row.institution_id} is owed {yuan(row.booked)} by the books, its months say {yuan(row.gathered)}",
        )


def lines_stand_in_the_books(connection: sa.Connection) -> Iterator[Finding]:
    """What a line says that a region owes was moved by its journal; one that was archived is not looked at."""
    rows = connection.execute(
        sa.text(
            f"""
            SELECT l.journal_id, l.amount, coalesce(t.amount, 0) AS moved
              FROM (SELECT journal_id, sum(abs(amount))::bigint AS amount FROM clearing_line WHERE journal_id >= {KEPT_FROM}
                     GROUP BY 1) AS l
              LEFT JOIN LATERAL (SELECT sum(amount)::bigint AS amount FROM transfer WHERE journal_id = l.journal_id) AS t ON true
             WHERE l.amount > coalesce(t.amount, 0)
            """
        )
    )
    for row in rows:
        yield Finding("clearing", f"journal {row.journal_id} moved {yuan(row.moved)}, its lines say {yuan(row.amount)}")


#: What is wrong, by the sentence that says so; each gives `what` and two sums that should be the same.
_DRAWN: Final = {
    "statement {what} says {one}, its lines {other}": """
        SELECT s.id AS what, s.amount AS one, coalesce(l.amount, 0) AS other FROM clearing_statement s
          LEFT JOIN (SELECT month, debtor, creditor, sum(amount)::bigint AS amount FROM clearing_line GROUP BY 1, 2, 3) AS l
                 ON l.month = s.month AND l.debtor = s.debtor AND l.creditor = s.creditor
    """,
    "lines of {what} stand in no statement": """
        SELECT l.month || ' ' || l.debtor || '>' || l.creditor AS what, count(*)::bigint AS one, 0::bigint AS other
          FROM clearing_line l JOIN clearing_month USING (month)
         WHERE NOT EXISTS (SELECT FROM clearing_statement s
                            WHERE s.month = l.month AND s.debtor = l.debtor AND s.creditor = l.creditor)
         GROUP BY l.month, l.debtor, l.creditor
    """,
    "bill {what} says {one}, its parts {other}": """
        SELECT b.id AS what, b.amount AS one, coalesce(p.amount, 0) AS other FROM clearing_bill b
          LEFT JOIN (SELECT institution_id, month, sum(funds + accounts + wallet)::bigint AS amount FROM clearing_part
                      GROUP BY 1, 2) AS p ON p.institution_id = b.institution_id AND p.month = b.month
    """,
    "statements {what} handed {one} on, {other} arrived": """
        SELECT debtor || '>' || creditor AS what, sum(carried_out)::bigint AS one, sum(carried)::bigint AS other
          FROM clearing_statement GROUP BY debtor, creditor
    """,
    "bills of institution {what} handed {one} on, {other} arrived": """
        SELECT institution_id AS what, sum(carried_out)::bigint AS one, sum(carried)::bigint AS other
          FROM clearing_bill GROUP BY institution_id
    """,
    "payment {what} is of {one}, its journal says {other}": f"""
        SELECT p.id AS what, p.amount AS one, coalesce(t.amount, 0) AS other
          FROM clearing_payment p LEFT JOIN transfer t ON t.journal_id = p.journal_id
         WHERE p.journal_id >= {KEPT_FROM}
    """,
}


def what_was_drawn_up_adds_up(connection: sa.Connection) -> Iterator[Finding]:
    """Statements are their lines, bills their parts; what a month hands on arrives; payments are in the books."""
    for sentence, query in _DRAWN.items():
        for row in connection.execute(sa.text(query)):
            if row.one != row.other:
                told = sentence.format(what=row.what, one=yuan(row.one), other=yuan(row.other))
                yield Finding("clearing", told)


def nothing_is_paid_twice(connection: sa.Connection) -> Iterator[Finding]:
    """No statement and no bill is paid above what is due, no advance is taken from above what was given."""
    rows = connection.execute(
        sa.text(
            """
            SELECT 'statement ' || s.id AS what, p.paid, s.amount + s.carried - s.carried_out - coalesce(d.excluded, 0) AS due
              FROM clearing_statement s
              JOIN (SELECT statement_id, sum(amount)::bigint AS paid FROM clearing_payment WHERE agreed GROUP BY 1) AS p
                ON p.statement_id = s.id
              LEFT JOIN (SELECT statement_id, sum(amount)::bigint AS excluded FROM clearing_dispute
                          WHERE outcome IS DISTINCT FROM 'stands' GROUP BY 1) AS d ON d.statement_id = s.id
             WHERE p.paid > s.amount + s.carried - s.carried_out - coalesce(d.excluded, 0)
            UNION ALL
            SELECT 'bill ' || b.id, sum(p.amount)::bigint, (b.amount + b.carried - b.carried_out - b.retained)::bigint
              FROM clearing_bill b JOIN clearing_payment p ON p.bill_id = b.id AND p.agreed
             GROUP BY b.id HAVING sum(p.amount) > b.amount + b.carried - b.carried_out - b.retained
            UNION ALL
            SELECT 'retention of institution ' || p.institution_id, sum(p.amount)::bigint, b.retained
              FROM clearing_payment p
              JOIN (SELECT institution_id, sum(retained)::bigint AS retained FROM clearing_bill GROUP BY 1) AS b
                USING (institution_id)
             WHERE p.purpose = 'retention' AND p.agreed GROUP BY p.institution_id, b.retained HAVING sum(p.amount) > b.retained
            UNION ALL
            SELECT 'advance ' || payer || '>' || payee, sum(amount) FILTER (WHERE purpose <> 'advance')::bigint,
                   coalesce(sum(amount) FILTER (WHERE purpose = 'advance'), 0)::bigint
              FROM clearing_payment WHERE agreed AND purpose IN ('advance', 'advance_back', 'set_off')
             GROUP BY payer, payee
            HAVING sum(amount) FILTER (WHERE purpose <> 'advance') > coalesce(sum(amount) FILTER (WHERE purpose = 'advance'), 0)
            """
        )
    )
    for row in rows:
        yield Finding("clearing", f"of {row.what}, {yuan(row.paid)} was paid where {yuan(row.due)} was due")


CHECKS: Final[dict[str, Check]] = {
    "institutions are owed what is booked": institutions_are_owed_what_is_booked,
    "lines of clearing stand in the books": lines_stand_in_the_books,
    "what clearing drew up adds up": what_was_drawn_up_adds_up,
    "nothing of clearing is paid twice": nothing_is_paid_twice,
}
