"""药品追溯码重复结算: one pack, settled twice."""

from __future__ import annotations

from typing import ClassVar

from gongji.oversight.alerts import sources
from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.oversight.alerts.reading import COLUMNS, FACTS, MADE
from gongji.oversight.alerts.rule import Rule, Threshold


class TraceCodeReused(Rule):
    """A pack's trace code stands in two settlements: one of them sold something else, or nothing (串换、空刷). Each
    institution that settled it is told of. A code that was sold in parts (trdn_flag 拆零 1) may stand in several, and is left
    out; so are visits at hospitals, whose lines carry no codes in this interface.
    """

    code: ClassVar = RuleCode.TRACE_CODE_REUSED
    subject: ClassVar = Subject.INSTITUTION
    source: ClassVar = sources.TRACE_CODES
    thresholds: ClassVar = (Threshold("settled", 2, "times", 2, 10, sources.TRACE_CODES),)
    statement: ClassVar = f"""
WITH g AS MATERIALIZED (
    SELECT DISTINCT code FROM drug_trace WHERE settlement_id = ANY(CAST(:settlements AS bigint[]))
), s AS MATERIALIZED (
    SELECT d.code, {COLUMNS} FROM g JOIN drug_trace d ON d.code = g.code
      JOIN settlement s ON s.bucket = (d.settlement_id & 1023)::smallint AND s.id = d.settlement_id
     WHERE {MADE}
), reused AS (
    SELECT code, count(*) AS times, count(DISTINCT institution_id) AS places FROM s GROUP BY code HAVING count(*) >= :settled
)
SELECT concat_ws(':', o.code, i.id) AS key, i.id::bigint AS subject, i.region, 'settlement' AS row_kind, s.id AS row_id,
       {FACTS} || jsonb_build_object('code', o.code) AS facts,
       jsonb_build_object('code', o.code, 'times', o.times, 'places', o.places) AS measured
  FROM reused o JOIN (SELECT DISTINCT code, institution_id FROM s) AS p USING (code)
  JOIN institution i ON i.id = p.institution_id JOIN s ON s.code = o.code
 ORDER BY key, s.settled_at, s.id
"""
