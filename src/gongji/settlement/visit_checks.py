"""Proof that visits, stays and their fee lines fit together: checks in the shape of `gongji.ledger.verify`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from gongji.ledger.archive_tables import KEPT_FROM
from gongji.ledger.finding import Check, Finding
from gongji.ledger.tables import STANDS


def lines_have_visits(connection: sa.Connection) -> Iterator[Finding]:
    """Every fee line belongs to a visit, and what settled it is that visit's."""
    rows = connection.execute(
        sa.text(
            """
            SELECT DISTINCT f.visit_id, f.sn, v.id IS NULL AS lost
              FROM fee_line f
              LEFT JOIN visit v ON v.bucket = f.bucket AND v.id = f.visit_id
              LEFT JOIN settlement s ON s.bucket = f.bucket AND s.id = f.settlement_id
             WHERE v.id IS NULL OR (f.settlement_id IS NOT NULL AND s.visit_id IS DISTINCT FROM f.visit_id)
            """
        )
    )
    for row in rows:
        wrong = "has no visit" if row.lost else "is settled by another visit's settlement"
        yield Finding("fee line", f"line {row.sn} of visit {row.visit_id} {wrong}")


def admissions_match(connection: sa.Connection) -> Iterator[Finding]:
    """A settled stay has a settlement that stands and no line that waits; one that was cancelled has neither; each stay
    has its visit."""
    rows = connection.execute(
        sa.text(
            f"""
            SELECT a.visit_id, a.state, v.id IS NULL AS lost
              FROM admission a
              LEFT JOIN visit v ON v.bucket = a.bucket AND v.id = a.visit_id AND v.person_id = a.person_id
              LEFT JOIN (SELECT visit_id, count(*) AS times FROM settlement s
                          WHERE s.kind = 'settle' AND s.infno LIKE '2304%' AND NOT EXISTS
                                (SELECT FROM reversal r WHERE r.bucket = s.bucket AND r.journal_id = s.id AND {STANDS})
                          GROUP BY visit_id) s ON s.visit_id = a.visit_id
              LEFT JOIN (SELECT visit_id, count(*) AS lines, count(*) FILTER (WHERE settlement_id IS NULL) AS waiting
                           FROM fee_line GROUP BY visit_id) f ON f.visit_id = a.visit_id
             WHERE a.visit_id >= {KEPT_FROM} AND (v.id IS NULL
                OR (a.state = 'settled' AND (coalesce(s.times, 0) = 0 OR coalesce(f.waiting, 0) > 0))
                OR (a.state = 'cancelled' AND (coalesce(s.times, 0) > 0 OR coalesce(f.lines, 0) > 0)))
            """
        )
    )
    for row in rows:
        wrong = "has no visit" if row.lost else f"is {row.state}, its lines and settlements say otherwise"
        yield Finding("admission", f"stay {row.visit_id} {wrong}")


CHECKS: Final[dict[str, Check]] = {
    "fee lines have visits": lines_have_visits,
    "stays match their lines and settlements": admissions_match,
}
