"""Proof that claims, the ledger and the banks' references say the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from gongji.foundation.money import yuan
from gongji.ledger.archive_tables import KEPT_FROM
from gongji.ledger.finding import Check, Finding
from gongji.ledger.model import AccountKind

#: The journals of a claim, and what each has to move out of the account of what is owed to its patient, in fen.
_WANTED: Final = f"""
    SELECT w.id, w.kind, w.amount,
           ((((w.person_id >> 10) << 8) | {int(AccountKind.PAYABLE_PERSON)}) << 10) | (w.person_id & 1023) AS owed
      FROM (SELECT id, person_id, CASE kind WHEN 'decide' THEN 'reimburse' ELSE 'reimburse_back' END AS kind,
                   -(fund_pool + fund_large + fund_civil + fund_aid) AS amount
              FROM claim_decision WHERE fund_pool + fund_large + fund_civil + fund_aid <> 0
             UNION ALL
            SELECT p.id, c.person_id, CASE p.kind WHEN 'paid' THEN 'paid_out' ELSE p.kind END,
                   CASE p.kind WHEN 'paid' THEN p.amount ELSE -p.amount END
              FROM claim_payment p JOIN claim c ON c.bucket = p.bucket AND c.id = p.claim_id) AS w
"""


def claims_match_their_journals(connection: sa.Connection) -> Iterator[Finding]:
    """Each decision that pays and each payment has its journal, of its kind, its patient and its amount; no such journal is
    without one."""
    rows = connection.execute(
        sa.text(
            f"""
            SELECT coalesce(w.id, j.id) AS id
              FROM (SELECT * FROM ({_WANTED}) AS w WHERE id >= {KEPT_FROM}) AS w
              FULL JOIN (SELECT id, kind FROM journal
                          WHERE kind IN ('reimburse', 'reimburse_back', 'paid_out', 'bounced', 'recovered')) AS j
                ON j.id = w.id AND j.kind = w.kind
              LEFT JOIN (SELECT o.id, sum(CASE o.owed WHEN t.debit THEN t.amount WHEN t.credit THEN -t.amount END) AS amount
                           FROM ({_WANTED}) AS o JOIN transfer t ON t.journal_id = o.id GROUP BY o.id) AS m
                ON m.id = w.id
             WHERE w.id IS NULL OR j.id IS NULL OR m.amount IS DISTINCT FROM w.amount
            """
        )
    )
    for row in rows:
        yield Finding("claim", f"journal {row.id} and the claim that it is of differ")


def claims_stand_by_their_money(connection: sa.Connection) -> Iterator[Finding]:
    """A claim's state says what its decisions and payments say: owed to the person, paid, or owed back; never more was
    carried than was decided, unless that was taken back since."""
    rows = connection.execute(
        sa.text(
            """
            SELECT c.id, c.state, coalesce(d.funds, 0) - coalesce(p.carried, 0) AS due
              FROM claim c
              LEFT JOIN (SELECT bucket, claim_id, sum(fund_pool + fund_large + fund_civil + fund_aid)::bigint AS funds,
                                bool_or(kind = 'take_back') AS taken_back
                           FROM claim_decision GROUP BY bucket, claim_id) AS d
                ON d.bucket = c.bucket AND d.claim_id = c.id
              LEFT JOIN (SELECT bucket, claim_id,
                                sum(CASE kind WHEN 'paid' THEN amount ELSE -amount END)::bigint AS carried
                           FROM claim_payment GROUP BY bucket, claim_id) AS p
                ON p.bucket = c.bucket AND p.claim_id = c.id
             WHERE CASE WHEN c.state IN ('to_pay', 'bounced') THEN coalesce(d.funds, 0) <= coalesce(p.carried, 0)
                        WHEN c.state = 'owed_back' THEN coalesce(d.funds, 0) >= coalesce(p.carried, 0)
                        WHEN c.state IN ('appealed', 'second')
                        THEN coalesce(d.funds, 0) < coalesce(p.carried, 0) AND d.taken_back IS NOT TRUE
                        ELSE coalesce(d.funds, 0) <> coalesce(p.carried, 0) END
            """
        )
    )
    for row in rows:
        yield Finding("claim", f"claim {row.id} is {row.state} with {yuan(row.due)} due")


def lines_add_up(connection: sa.Connection) -> Iterator[Finding]:
    """The lines of a decision add up to its bill."""
    rows = connection.execute(
        sa.text(
            """
            SELECT d.id
              FROM claim_decision d
              CROSS JOIN LATERAL (
                   SELECT sum(total) AS total, sum(self_paid) AS self_paid, sum(over_limit) AS over_limit,
                          sum(first_self_pay) AS first_self_pay, sum(in_scope) AS in_scope
                     FROM json_to_recordset(d.lines) AS l(total bigint, self_paid bigint, over_limit bigint,
                                                          first_self_pay bigint, in_scope bigint)) AS s
             WHERE d.kind = 'decide' AND (s.total, s.self_paid, s.over_limit, s.first_self_pay, s.in_scope)
                   IS DISTINCT FROM (d.total, d.self_paid, d.over_limit, d.first_self_pay, d.in_scope)
            """
        )
    )
    for row in rows:
        yield Finding("claim", f"the lines of decision {row.id} do not add up to its bill")


def invoices_are_claimed_once(connection: sa.Connection) -> Iterator[Finding]:
    """The invoices of a claim that came in, and was neither withdrawn nor refused, are its own."""
    rows = connection.execute(
        sa.text(
            """
            SELECT i.number, c.id
              FROM claim c
              JOIN claim_invoice i ON i.bucket = c.bucket AND i.claim_id = c.id
              LEFT JOIN claimed_invoice k ON k.number = i.number
             WHERE c.received_at IS NOT NULL AND c.state NOT IN ('withdrawn', 'refused')
               AND k.claim_id IS DISTINCT FROM c.id
            """
        )
    )
    for row in rows:
        yield Finding("claim", f"invoice {row.number} of claim {row.id} is not claimed by it")


CHECKS: Final[dict[str, Check]] = {
    "claims match their journals": claims_match_their_journals,
    "claims stand by their money": claims_stand_by_their_money,
    "lines of claims add up": lines_add_up,
    "invoices are claimed once": invoices_are_claimed_once,
}
