"""新绑定即刷空: right after a new relation the sharer's account is emptied in one settlement."""

from __future__ import annotations

from typing import ClassVar

from gongji.ledger.model import AccountKind
from gongji.oversight.alerts import sources
from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.oversight.alerts.reading import FACTS, MADE, TOUCHED
from gongji.oversight.alerts.rule import Rule, Threshold

_PAID_FROM = (int(AccountKind.PERSONAL_CURRENT), int(AccountKind.PERSONAL_HISTORICAL))

#: The sharer's personal accounts (see `gongji.ledger.model.personal_account`).
_ACCOUNTS = (
    "ARRAY["
    + ", ".join(f"(((((p.sharer_id >> 10) << 8) | {kind}) << 10) | (p.sharer_id & 1023))" for kind in _PAID_FROM)
    + "]"
)


class WholeBalance(Rule):
    """Within days of a new relation one settlement takes nearly all that the sharer's account held. What it held then is
    what it holds now, with every movement since taken back."""

    code: ClassVar = RuleCode.WHOLE_BALANCE
    subject: ClassVar = Subject.AUTHORISATION
    source: ClassVar = sources.CASHED_OUT
    thresholds: ClassVar = (
        Threshold("days", 7, "days", 1, 90),
        Threshold("percent", 90, "percent", 50, 100),
        Threshold("fen", 500_00, "fen", 50_00, 100_000_00),
    )
    statement: ClassVar = f"""
WITH {TOUCHED}, p AS MATERIALIZED (
    SELECT s.id, s.settled_at, {FACTS} AS facts, a.id AS authorisation_id, a.region, a.sharer_id, sum(t.amount)::bigint AS given,
           extract(epoch FROM s.settled_at - lower(a.in_force))::bigint / 3600 AS hours
      FROM touched s JOIN transfer t ON t.journal_id = s.id AND t.authorisation_id IS NOT NULL
      JOIN authorisation a ON a.bucket = (t.authorisation_id & 1023)::smallint AND a.id = t.authorisation_id
     WHERE s.shared >= :fen AND {MADE}
       AND s.settled_at - lower(a.in_force) <= make_interval(days => CAST(:days AS integer))
     GROUP BY s.id, s.settled_at, facts, a.id, a.region, a.sharer_id, a.in_force HAVING sum(t.amount) >= :fen
), held AS (
    SELECT p.*, p.given
           + (SELECT coalesce(sum(c.balance), 0) FROM account c
               WHERE c.bucket = (p.sharer_id & 1023)::smallint AND c.id = ANY({_ACCOUNTS}))
           + (SELECT coalesce(sum(t.amount), 0) FROM transfer t
               WHERE t.bucket = (p.sharer_id & 1023)::smallint AND t.debit = ANY({_ACCOUNTS})
                 AND (t.debit >> 10) & 255 <= 6 AND t.posted_at > p.settled_at AND t.journal_id >= :since)
           - (SELECT coalesce(sum(t.amount), 0) FROM transfer t
               WHERE t.bucket = (p.sharer_id & 1023)::smallint AND t.credit = ANY({_ACCOUNTS})
                 AND (t.credit >> 10) & 255 <= 6 AND t.posted_at > p.settled_at AND t.journal_id >= :since) AS held
      FROM p
)
SELECT concat_ws(':', authorisation_id, id) AS key, authorisation_id AS subject, region, 'settlement' AS row_kind, id AS row_id,
       facts || jsonb_build_object('given', given) AS facts,
       jsonb_build_object('fen', given, 'held', held, 'hours', hours) AS measured
  FROM held WHERE given * 100 >= held * :percent
 ORDER BY key
"""
