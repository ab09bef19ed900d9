"""Proof that settlements and ledger say the same: checks in the shape of `gongji.ledger.verify`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import sqlalchemy as sa

from gongji.foundation.money import yuan
from gongji.ledger import verify as ledger
from gongji.ledger.finding import Check, Finding

_PARTS: Final = ("total", "self_paid", "over_limit", "first_self_pay", "in_scope", "deductible")
_PAYERS: Final = ("fund_pool", "fund_large", "own", "shared", "wallet", "cash")


def transfers_match(connection: sa.Connection) -> Iterator[Finding]:
    """Invariant 4: fund + own + shared + wallet + cash = total, and the settlement's transfers say the same."""
    rows = connection.execute(
        sa.text(
            """
            WITH moved AS (
                SELECT t.journal_id,
                       sum(t.amount) FILTER (WHERE 7 IN ((t.debit >> 10) & 255, (t.credit >> 10) & 255)) AS fund_pool,
                       sum(t.amount) FILTER (WHERE 8 IN ((t.debit >> 10) & 255, (t.credit >> 10) & 255)) AS fund_large,
                       sum(t.amount) FILTER (WHERE least((t.debit >> 10) & 255, (t.credit >> 10) & 255) <= 6
                                               AND t.authorisation_id IS NULL) AS own,
                       sum(t.amount) FILTER (WHERE t.authorisation_id IS NOT NULL) AS shared
                  FROM transfer t GROUP BY t.journal_id
            )
            SELECT s.id, s.total, j.id IS NULL AS lost
              FROM settlement s
              LEFT JOIN journal j ON j.bucket = s.bucket AND j.id = s.id AND j.posted_at = s.settled_at
                   AND j.kind = CASE s.kind WHEN 'settle' THEN 'settlement' ELSE 'reversal' END
                   AND j.reverses IS NOT DISTINCT FROM s.reverses
              LEFT JOIN moved m ON m.journal_id = s.id
             WHERE j.id IS NULL
                OR s.total <> s.fund_pool + s.fund_large + s.own + s.shared + s.wallet + s.cash
                OR (abs(s.fund_pool), abs(s.fund_large), abs(s.own), abs(s.shared))
                   <> (coalesce(m.fund_pool, 0), coalesce(m.fund_large, 0), coalesce(m.own, 0), coalesce(m.shared, 0))
            """
        )
    )
    for row in rows:
        wrong = "has no journal of its own" if row.lost else f"({yuan(row.total)}) and its transfers differ"
        yield Finding("settlement", f"settlement {row.id} {wrong}")


def keys_are_unique(connection: sa.Connection) -> Iterator[Finding]:
    """Invariant 5: one settlement to a key (institution, infno, msgid)."""
    rows = connection.execute(
        sa.text(
            "SELECT institution_id, infno, msgid, count(*) AS times FROM settlement"
            " GROUP BY institution_id, infno, msgid HAVING count(*) > 1"
        )
    )
    for row in rows:
        yield Finding("key", f"msgid {row.msgid} ({row.infno}) has {row.times} settlements")


def reversals_are_opposite(connection: sa.Connection) -> Iterator[Finding]:
    """Invariant 6: a reversal is its original with the opposite sign, and there is one at most."""
    opposite = " OR ".join(f"r.{name} <> -s.{name}" for name in (*_PARTS, *_PAYERS))
    rows = connection.execute(
        sa.text(
            f"""
            SELECT r.id, r.reverses, s.id IS NULL AS lost
              FROM settlement r LEFT JOIN settlement s ON s.bucket = r.bucket AND s.id = r.reverses AND s.kind = 'settle'
             WHERE r.kind = 'reverse' AND (s.id IS NULL OR r.person_id <> s.person_id OR {opposite})
            """
        )
    )
    for row in rows:
        wrong = "which does not exist" if row.lost else "but is not its opposite"
        yield Finding("reversal", f"settlement {row.id} takes back {row.reverses}, {wrong}")


def counters_match(connection: sa.Connection) -> Iterator[Finding]:
    """Invariants 6 and 7: a counter is what settlements added less what reversals took back, and within its cap."""
    rows = connection.execute(
        sa.text(
            """
            WITH moved AS (
                SELECT s.person_id, m.counter, m.period, sum(m.added)::bigint AS value
                  FROM settlement s, json_to_recordset(s.counters) AS m(counter text, period text, added bigint)
                 GROUP BY s.person_id, m.counter, m.period
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


def sharing_was_authorised(connection: sa.Connection) -> Iterator[Finding]:
    """Invariant 8: money left a sharer's account only under an authorisation in force then, for that user."""
    rows = connection.execute(
        sa.text(
            """
            SELECT t.journal_id, t.leg
              FROM transfer t
              JOIN settlement s ON s.bucket = (t.journal_id & 1023) AND s.id = t.journal_id AND s.kind = 'settle'
              LEFT JOIN authorisation a ON a.bucket = (t.authorisation_id & 1023) AND a.id = t.authorisation_id
             WHERE (t.debit >> 10) & 255 <= 5
               AND CASE WHEN (((t.debit >> 18) << 10) | (t.debit & 1023)) = s.person_id
                        THEN t.authorisation_id IS NOT NULL
                        ELSE a.id IS NULL OR a.user_id <> s.person_id OR NOT a.in_force @> t.posted_at
                             OR a.sharer_id <> (((t.debit >> 18) << 10) | (t.debit & 1023)) END
            """
        )
    )
    for row in rows:
        yield Finding("authorisation", f"transfer {row.journal_id}/{row.leg} was not authorised when it was made")


def usage_matches(connection: sa.Connection) -> Iterator[Finding]:
    """What authorisations count as used is what was shared under them less what came back."""
    rows = connection.execute(
        sa.text(
            """
            WITH moved AS (
                SELECT authorisation_id, sum(CASE WHEN (credit >> 10) & 255 = 11 THEN amount ELSE -amount END)::bigint AS used
                  FROM transfer WHERE authorisation_id IS NOT NULL GROUP BY authorisation_id
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


CHECKS: Final[dict[str, Check]] = {
    "settlements match their transfers": transfers_match,
    "one settlement to a message": keys_are_unique,
    "reversals are opposite": reversals_are_opposite,
    "counters match and keep their caps": counters_match,
    "sharing was authorised": sharing_was_authorised,
    "usage of authorisations matches": usage_matches,
}


def verify_everything(
    connection: sa.Connection, progress: Callable[[str], None] = lambda check: None
) -> Iterator[Finding]:
    """All checks of the ledger and of the settlements, in one snapshot of the database.

    Args:
        connection: a connection of its own; it is put into a read-only, repeatable-read transaction.
        progress: told the name of each check before it begins.
    """
    snapshot = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    for name, check in (ledger.CHECKS | CHECKS).items():
        progress(name)
        yield from check(snapshot)
