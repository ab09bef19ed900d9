"""Proof that settlements and ledger say the same: checks in the shape of `gongji.ledger.verify`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import sqlalchemy as sa

from gongji.accrual import verify as accrual
from gongji.allotment import verify as allotment
from gongji.clearing.monthly import verify as clearing
from gongji.foundation.distribution import see_whole
from gongji.foundation.money import yuan
from gongji.ledger import verify as ledger
from gongji.ledger.archive_tables import KEPT_FROM
from gongji.ledger.finding import Check, Finding
from gongji.ledger.tables import STANDS
from gongji.premium import verify as premium
from gongji.reimbursement import verify as reimbursement
from gongji.settlement import freeze_checks as freezes
from gongji.settlement import visit_checks as visits
from gongji.settlement.model import UNDO
from gongji.settlement.second import verify as second
from gongji.wallet import verify as wallet

_PARTS: Final = ("total", "self_paid", "over_limit", "first_self_pay", "in_scope", "deductible")
_PAYERS: Final = ("fund_pool", "fund_large", "fund_civil", "fund_aid", "own", "shared", "wallet", "cash")


def _of_transfers(journals: Sequence[int] | None) -> str:
    """The condition that narrows ``transfer t`` to journals; `:journals` binds their ids."""
    return "true" if journals is None else "t.journal_id IN (SELECT unnest(CAST(:journals AS bigint[])))"


def _of_settlements(journals: Sequence[int] | None) -> str:
    """The same for ``settlement s``."""
    wanted = "SELECT (id & 1023)::smallint, id FROM unnest(CAST(:journals AS bigint[])) AS k(id)"
    return "true" if journals is None else f"(s.bucket, s.id) IN ({wanted})"


def _of_steps(journals: Sequence[int] | None) -> str:
    """The same for ``hold_step e`` of settlements."""
    wanted = "IS NOT NULL" if journals is None else "IN (SELECT unnest(CAST(:journals AS bigint[])))"
    return f"e.settlement_id {wanted}"


def _scope(journals: Sequence[int] | None) -> dict[str, object]:
    return {} if journals is None else {"journals": list(journals)}


def transfers_match(connection: sa.Connection, journals: Sequence[int] | None = None) -> Iterator[Finding]:
    """Invariant 4: fund + own + shared + wallet + cash = total, and the settlement's transfers say the same.

    Args:
        connection: a connection.
        journals: only settlements with these ids; all without.
    """
    rows = connection.execute(
        sa.text(
            f"""
            WITH moved AS (
                SELECT t.journal_id,
                       sum(t.amount) FILTER (WHERE 7 IN ((t.debit >> 10) & 255, (t.credit >> 10) & 255)) AS fund_pool,
                       sum(t.amount) FILTER (WHERE 8 IN ((t.debit >> 10) & 255, (t.credit >> 10) & 255)) AS fund_large,
                       sum(t.amount) FILTER (WHERE 9 IN ((t.debit >> 10) & 255, (t.credit >> 10) & 255)) AS fund_civil,
                       sum(t.amount) FILTER (WHERE 10 IN ((t.debit >> 10) & 255, (t.credit >> 10) & 255)) AS fund_aid,
                       sum(t.amount) FILTER (WHERE least((t.debit >> 10) & 255, (t.credit >> 10) & 255) <= 6
                                               AND t.authorisation_id IS NULL) AS own,
                       sum(t.amount) FILTER (WHERE 5 IN ((t.debit >> 10) & 255, (t.credit >> 10) & 255)) AS wallet,
                       sum(t.amount) FILTER (WHERE t.authorisation_id IS NOT NULL) AS shared
                  FROM transfer t WHERE {_of_transfers(journals)} GROUP BY t.journal_id
            )
            SELECT s.id, s.total, j.id IS NULL AS lost
              FROM settlement s
              LEFT JOIN journal j ON j.bucket = s.bucket AND j.id = s.id AND j.posted_at = s.settled_at
                   AND j.kind = CASE WHEN s.kind = 'settle' THEN 'settlement'
                                     WHEN s.infno = '{UNDO}' THEN 'undo' ELSE 'reversal' END
                   AND j.reverses IS NOT DISTINCT FROM s.reverses
              LEFT JOIN moved m ON m.journal_id = s.id
              LEFT JOIN (SELECT e.settlement_id, sum(e.captured) AS taken
                           FROM hold_step e
                           JOIN hold h ON h.bucket = e.bucket AND h.id = e.hold_id AND h.purpose = 'wallet'
                          WHERE {_of_steps(journals)} GROUP BY e.settlement_id) q ON q.settlement_id = s.id
             WHERE {_of_settlements(journals)} AND (j.id IS NULL
                OR s.total <> s.fund_pool + s.fund_large + s.fund_civil + s.fund_aid + s.own + s.shared + s.wallet + s.cash
                OR (abs(s.fund_pool), abs(s.fund_large), abs(s.fund_civil), abs(s.fund_aid), abs(s.own + s.wallet),
                    abs(s.shared))
                   <> (coalesce(m.fund_pool, 0), coalesce(m.fund_large, 0), coalesce(m.fund_civil, 0),
                       coalesce(m.fund_aid, 0), coalesce(m.own, 0), coalesce(m.shared, 0))
                OR (s.kind = 'settle' AND s.wallet <> coalesce(m.wallet, 0) + coalesce(q.taken, 0)))
            """
        ),
        _scope(journals),
    )
    for row in rows:
        wrong = "has no journal of its own" if row.lost else f"({yuan(row.total)}) and its transfers differ"
        yield Finding("settlement", f"settlement {row.id} {wrong}")


_SUMS: Final = ", ".join(
    f"coalesce(sum({name}), 0)::bigint AS {name}"
    for name in ("total", "self_paid", "over_limit", "first_self_pay", "in_scope")
)
_DIFFER: Final = (
    "(s.total, s.self_paid, s.over_limit, s.first_self_pay, s.in_scope)"
    " IS DISTINCT FROM (l.total, l.self_paid, l.over_limit, l.first_self_pay, l.in_scope)"
)


def lines_match(connection: sa.Connection) -> Iterator[Finding]:
    """Invariant 4, the other side: a purchase has the total and the parts of the lines in its row, and a visit's
    settlement that stands those of the fee lines that are marked with it."""
    of_purchases = f"""
        SELECT s.id, s.total, l.total AS lines, false AS lost
          FROM settlement s
          CROSS JOIN LATERAL (
               SELECT {_SUMS}
                 FROM (SELECT (line ->> 'total')::bigint AS total, self_paid, over_limit, first_self_pay, in_scope
                         FROM json_to_recordset(s.lines) AS bought(line json, self_paid bigint, over_limit bigint,
                                                                   first_self_pay bigint, in_scope bigint)) AS part
               ) AS l
         WHERE s.kind = 'settle' AND s.lines IS NOT NULL AND {_DIFFER}
    """
    of_visits = f"""
        WITH lines AS (
            SELECT settlement_id AS id, {_SUMS} FROM fee_line WHERE settlement_id IS NOT NULL GROUP BY settlement_id
        )
        SELECT coalesce(s.id, l.id) AS id, s.total, l.total AS lines, s.id IS NULL AS lost
          FROM (SELECT * FROM settlement s
                 WHERE s.kind = 'settle' AND s.lines IS NULL AND s.visit_id >= {KEPT_FROM} AND NOT EXISTS
                   (SELECT FROM reversal r WHERE r.bucket = s.bucket AND r.journal_id = s.id AND {STANDS})) AS s
          FULL JOIN lines l ON l.id = s.id
         WHERE {_DIFFER}
    """
    for statement in (of_purchases, of_visits):
        for row in connection.execute(sa.text(statement)):
            if row.lost:
                yield Finding("lines", f"fee lines are marked as settled by {row.id}, which does not stand")
            else:
                told = f"has fee lines of {yuan(row.lines)}, split otherwise" if row.lines else "has no fee lines"
                yield Finding("lines", f"settlement {row.id} ({yuan(row.total)}) {told}")


def keys_are_unique(connection: sa.Connection) -> Iterator[Finding]:
    """Invariant 5: one settlement to a key (institution, infno, msgid), and the key knows it: a key that leads to one of
    two settlements does not lead to the other."""
    rows = connection.execute(
        sa.text(
            "SELECT s.id, s.infno, s.msgid FROM settlement s"
            " LEFT JOIN message m ON m.outcome_id = s.id AND m.institution_id = s.institution_id AND m.infno = s.infno"
            " AND m.msgid = s.msgid WHERE m.outcome_id IS NULL"
        )
    )
    for row in rows:
        yield Finding("key", f"msgid {row.msgid} ({row.infno}) does not lead to its settlement {row.id}")


def reversals_are_opposite(connection: sa.Connection) -> Iterator[Finding]:
    """Invariant 6: a reversal is its original with the opposite sign, and there is one at most."""
    opposite = " OR ".join(f"r.{name} <> -s.{name}" for name in (*_PARTS, *_PAYERS))
    rows = connection.execute(
        sa.text(
            f"""
            SELECT r.id, r.reverses, s.id IS NULL AS lost
              FROM settlement r
              LEFT JOIN settlement s ON s.bucket = r.bucket AND s.id = r.reverses
                   AND s.kind = CASE r.kind WHEN 'reverse' THEN 'settle' ELSE 'reverse' END
             WHERE r.kind <> 'settle' AND r.reverses >= {KEPT_FROM} AND (s.id IS NULL OR r.person_id <> s.person_id OR {opposite})
            """
        )
    )
    for row in rows:
        wrong = "which does not exist" if row.lost else "but is not its opposite"
        yield Finding("reversal", f"settlement {row.id} takes back {row.reverses}, {wrong}")


def counters_match(connection: sa.Connection) -> Iterator[Finding]:
    """Invariants 6 and 7: a counter is what settlements and claims added less what was taken back, and within its cap."""
    rows = connection.execute(
        sa.text(
            """
            WITH moved AS (
                SELECT person_id, counter, period, sum(added)::bigint AS value
                  FROM (SELECT s.person_id, m.counter, m.period, m.added
                          FROM settlement s, json_to_recordset(s.counters) AS m(counter text, period text, added bigint)
                         UNION ALL
                        SELECT d.person_id, m.counter, m.period, m.added
                          FROM claim_decision d,
                               json_to_recordset(d.counters) AS m(counter text, period text, added bigint)
                         UNION ALL
                        SELECT subject, split_part(part, ' ', 1), split_part(part, ' ', 2), value
                          FROM carried_forward WHERE what = 'counter') AS added
                 GROUP BY person_id, counter, period
            )
            SELECT coalesce(c.person_id, m.person_id) AS person_id, coalesce(c.counter, m.counter) AS counter,
                   coalesce(c.period, m.period) AS period, coalesce(c.value, 0) AS stored,
                   coalesce(m.value, 0) AS moved, c.cap
              FROM benefit_counter c FULL JOIN moved m
                ON m.person_id = c.person_id AND m.counter = c.counter AND m.period = c.period
             WHERE coalesce(c.value, 0) <> coalesce(m.value, 0) OR c.value > c.cap
            """
        )
    )
    for row in rows:
        name = f"counter {row.counter} {row.period} of person {row.person_id}"
        if row.stored != row.moved:
            yield Finding("counter", f"{name} stands at {yuan(row.stored)}, settlements moved it to {yuan(row.moved)}")
        else:
            yield Finding("counter", f"{name} stands at {yuan(row.stored)}, above its cap {yuan(row.cap)}")


def sharing_was_authorised(connection: sa.Connection, journals: Sequence[int] | None = None) -> Iterator[Finding]:
    """Invariant 8: money left a sharer's account only under an authorisation in force then, for that user.

    Args:
        connection: a connection.
        journals: only the transfers of these; all without.
    """
    # Few are found by their key, which begins with the bucket; of all, joined at once, it tells nothing beside the id and
    # takes five times as long.
    few = "AND s.bucket = (t.journal_id & 1023)" if journals is not None else ""
    rows = connection.execute(
        sa.text(
            f"""
            SELECT t.journal_id, t.leg
              FROM transfer t
              JOIN settlement s ON s.id = t.journal_id AND s.kind <> 'reverse' {few}
              LEFT JOIN authorisation a ON a.bucket = (t.authorisation_id & 1023) AND a.id = t.authorisation_id
             WHERE {_of_transfers(journals)} AND (t.debit >> 10) & 255 IN (1, 2, 4, 5) -- what was held has its own check
               AND CASE WHEN (((t.debit >> 18) << 10) | (t.debit & 1023)) = s.person_id
                        THEN t.authorisation_id IS NOT NULL
                        ELSE a.id IS NULL OR a.user_id <> s.person_id OR NOT a.in_force @> t.posted_at
                             OR a.sharer_id <> (((t.debit >> 18) << 10) | (t.debit & 1023)) END
            """
        ),
        _scope(journals),
    )
    for row in rows:
        yield Finding("authorisation", f"transfer {row.journal_id}/{row.leg} was not authorised when it was made")


def usage_matches(connection: sa.Connection) -> Iterator[Finding]:
    """What authorisations count as used is what was shared or held (kind 3) under them less what came back."""
    rows = connection.execute(
        sa.text(
            """
            WITH moved AS (
                SELECT authorisation_id, sum(used)::bigint AS used FROM (
                SELECT authorisation_id,
                       sum(CASE WHEN (debit >> 10) & 255 = 3 AND (debit >> 18, debit & 1023) <> (credit >> 18, credit & 1023)
                                THEN 0 -- taken from a hold: it was used when it was held
                                WHEN (credit >> 10) & 255 IN (3, 11) THEN amount ELSE -amount END)::bigint AS used
                  FROM transfer WHERE authorisation_id IS NOT NULL GROUP BY authorisation_id
                 UNION ALL SELECT subject, value FROM carried_forward WHERE what = 'usage') AS t GROUP BY authorisation_id
            )
            SELECT coalesce(u.authorisation_id, m.authorisation_id) AS id, coalesce(u.used, 0) AS stored,
                   coalesce(m.used, 0) AS moved
              FROM (SELECT authorisation_id, used FROM authorisation_usage WHERE period = 'total') u
              FULL JOIN moved m ON m.authorisation_id = u.authorisation_id
             WHERE coalesce(u.used, 0) <> coalesce(m.used, 0)
            """
        )
    )
    for row in rows:
        yield Finding("usage", f"authorisation {row.id} counts {yuan(row.stored)}, its transfers {yuan(row.moved)}")


def limits_were_kept(connection: sa.Connection) -> Iterator[Finding]:
    """Invariant 8, the limits: never more was shared than the highest limit that the sharer ever set allowed.

    A limit may be lowered below what was used before; an authorisation that once had none is not bound by a later one.
    """
    for limit, periods in (("limit_total", "u.period = 'total'"), ("limit_month", "u.period <> 'total'")):
        rows = connection.execute(
            sa.text(
                f"""
                SELECT u.authorisation_id AS id, u.period, u.used, l.highest
                  FROM authorisation_usage u
                  JOIN authorisation a ON a.bucket = u.bucket AND a.id = u.authorisation_id
                  CROSS JOIN LATERAL (
                       SELECT max(v.amount) AS highest, bool_or(v.amount IS NULL) AS once_without
                         FROM (SELECT a.{limit} AS amount
                                UNION ALL
                               SELECT (e.details ->> '{limit}_before')::bigint FROM authorisation_event e
                                WHERE e.authorisation_id = a.id AND e.reason = 'limits') AS v
                       ) AS l
                 WHERE a.{limit} IS NOT NULL AND {periods} AND u.used > l.highest AND NOT l.once_without
                """
            )
        )
        for row in rows:
            yield Finding(
                "limit",
                f"authorisation {row.id} was used for {yuan(row.used)} ({row.period}), its limit was {yuan(row.highest)}",
            )


def holds_were_authorised(connection: sa.Connection) -> Iterator[Finding]:
    """Invariant 8 for what is set aside: a sharer's money was held only under an authorisation in force then, for that
    person; one's own money in one's own favour, or for a wallet quota that one gave that person."""
    rows = connection.execute(
        sa.text(
            """
            SELECT h.id
              FROM hold h
              LEFT JOIN authorisation a ON a.bucket = (h.authorisation_id & 1023) AND a.id = h.authorisation_id
             WHERE CASE WHEN h.authorisation_id IS NULL
                        THEN ((h.account >> 18 << 10) | h.bucket) <> h.person_id
                             AND NOT EXISTS (SELECT FROM wallet_quota q
                                              WHERE h.purpose = 'wallet' AND q.bucket = h.bucket
                                                AND q.id::text = h.reference AND q.user_id = h.person_id
                                                AND q.giver_id = ((h.account >> 18 << 10) | h.bucket))
                        ELSE a.id IS NULL OR a.user_id <> h.person_id OR NOT a.in_force @> h.placed_at
                             OR a.sharer_id <> ((h.account >> 18 << 10) | h.bucket) END
            """
        )
    )
    for row in rows:
        yield Finding("authorisation", f"hold {row.id} was not authorised when it was made")


CHECKS: Final[dict[str, Check]] = {
    "settlements match their transfers": transfers_match,
    "settlements match their fee lines": lines_match,
    "one settlement to a message": keys_are_unique,
    "reversals are opposite": reversals_are_opposite,
    "counters match and keep their caps": counters_match,
    "sharing was authorised": sharing_was_authorised,
    "usage of authorisations matches": usage_matches,
    "limits of authorisations were kept": limits_were_kept,
    "holds were authorised": holds_were_authorised,
    **visits.CHECKS,
    **freezes.CHECKS,
    **premium.CHECKS,
    **second.CHECKS,
    **wallet.CHECKS,
    **accrual.CHECKS,
    **allotment.CHECKS,
    **clearing.CHECKS,
    **reimbursement.CHECKS,
}


def prepare(connection: sa.Connection) -> None:
    """Settings for reading everything once, for this transaction: joins of whole tables in memory, no compilation."""
    connection.exec_driver_sql("SET LOCAL work_mem = '128MB'")
    connection.exec_driver_sql("SET LOCAL jit = off")


def verify_everything(
    connection: sa.Connection, progress: Callable[[str], None] = lambda check: None
) -> Iterator[Finding]:
    """All checks of the ledger and of the settlements, in one snapshot of the database.

    Args:
        connection: a connection of its own; it is put into a read-only, repeatable-read transaction.
        progress: told the name of each check before it begins.
    """
    snapshot = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    see_whole(snapshot)
    for name, check in (ledger.CHECKS | CHECKS).items():
        progress(name)
        yield from check(snapshot)
