"""绑定、刷完、解绑: a relation that lasted a day and spent much."""

from __future__ import annotations

from typing import ClassVar

from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.oversight.alerts.reading import FACTS, MADE
from gongji.oversight.alerts.rule import Rule, Threshold


class BindDrainUnbind(Rule):
    """A relation began, money was spent under it, and it ended, all within a day: an account that was borrowed. No case of it
    is published; the pattern is a design's."""

    code: ClassVar = RuleCode.BIND_DRAIN_UNBIND
    subject: ClassVar = Subject.AUTHORISATION
    source: ClassVar = ""
    thresholds: ClassVar = (
        Threshold("hours", 24, "hours", 1, 720),
        Threshold("fen", 300_00, "fen", 10_00, 100_000_00),
    )
    statement: ClassVar = f"""
WITH ended AS MATERIALIZED (
    SELECT a.*, extract(epoch FROM upper(a.in_force) - lower(a.in_force))::bigint / 60 AS minutes
      FROM unnest(CAST(:authorisations AS bigint[])) AS n(id)
      JOIN authorisation a ON a.bucket = (n.id & 1023)::smallint AND a.id = n.id
     WHERE a.state = 'ended' AND upper(a.in_force) - lower(a.in_force) <= make_interval(hours => CAST(:hours AS integer))
), spent AS (
    SELECT s.id, s.settled_at, {FACTS} AS facts, a.id AS authorisation_id, a.region, a.minutes, sum(t.amount)::bigint AS given
      FROM ended a JOIN settlement s ON s.bucket = a.bucket AND s.person_id = a.user_id AND s.shared > 0
       AND s.settled_at >= lower(a.in_force) AND s.settled_at <= upper(a.in_force) AND {MADE}
      JOIN transfer t ON t.journal_id = s.id AND t.authorisation_id = a.id
     GROUP BY s.id, s.settled_at, facts, a.id, a.region, a.minutes
), drained AS (
    SELECT authorisation_id, sum(given)::bigint AS fen FROM spent GROUP BY authorisation_id HAVING sum(given) >= :fen
)
SELECT s.authorisation_id::text AS key, s.authorisation_id AS subject, s.region, 'settlement' AS row_kind, s.id AS row_id,
       s.facts || jsonb_build_object('given', s.given) AS facts,
       jsonb_build_object('fen', d.fen, 'minutes', s.minutes) AS measured
  FROM spent s JOIN drained d USING (authorisation_id)
 ORDER BY key, s.settled_at, s.id
"""
