"""年底突击: an institution's December against its own months."""

from __future__ import annotations

from typing import ClassVar

from gongji.ledger.model import AccountKind
from gongji.oversight.alerts import sources
from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.oversight.alerts.reading import TOUCHED, day_of
from gongji.oversight.alerts.rule import Rule, Threshold


class YearEndRush(Rule):
    """What an institution was paid in December is a multiple of its own monthly mean from January to November: customers are
    pressed to use up caps that end with the year. Read from the sums by day that the ledger keeps of what institutions are
    owed (funds and accounts together, before anything is taken back), so it costs twelve months of one account.
    """

    code: ClassVar = RuleCode.YEAR_END_RUSH
    subject: ClassVar = Subject.INSTITUTION
    source: ClassVar = sources.RUSH
    thresholds: ClassVar = (
        Threshold("times", 3, "times", 2, 50),
        Threshold("months", 6, "months", 1, 11),
        Threshold("fen", 50_000_00, "fen", 100_00, 10_000_000_00),
    )
    statement: ClassVar = f"""
WITH {TOUCHED}, g AS MATERIALIZED (
    SELECT DISTINCT s.institution_id, extract(year FROM {day_of("s.settled_at")})::integer AS year
      FROM touched s WHERE extract(month FROM {day_of("s.settled_at")}) = 12
), month AS (
    SELECT g.institution_id, g.year, extract(month FROM r.day)::integer AS month, sum(r.credit)::bigint AS fen
      FROM g JOIN account_rollup r ON r.holder = g.institution_id AND r.kind = {int(AccountKind.PAYABLE_INSTITUTION)}
       AND r.day >= make_date(g.year, 1, 1) AND r.day < make_date(g.year + 1, 1, 1)
     GROUP BY g.institution_id, g.year, extract(month FROM r.day)
), mean AS (
    SELECT institution_id, year, (sum(fen) FILTER (WHERE month < 12) / nullif(count(*) FILTER (WHERE month < 12), 0))::bigint
           AS usual, sum(fen) FILTER (WHERE month = 12)::bigint AS december, count(*) FILTER (WHERE month < 12) AS months
      FROM month GROUP BY institution_id, year
)
SELECT concat_ws(':', m.institution_id, m.year) AS key, m.institution_id::bigint AS subject, i.region, 'month' AS row_kind,
       (t.year * 100 + t.month)::bigint AS row_id,
       jsonb_build_object('fen', t.fen, 'institution', m.institution_id) AS facts,
       jsonb_build_object('fen', m.december, 'usual', m.usual, 'year', m.year) AS measured
  FROM mean m JOIN month t USING (institution_id, year) JOIN institution i ON i.id = m.institution_id
 WHERE m.months >= :months AND m.december >= :fen AND m.december > m.usual * :times
 ORDER BY key, t.month
"""
