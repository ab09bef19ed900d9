"""同一家人短时间集中刷卡: many relatives of one sharer at one till within minutes."""

from __future__ import annotations

from typing import ClassVar

from gongji.oversight.alerts import sources
from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.oversight.alerts.reading import FACTS, TOUCHED, day_of, of_institution
from gongji.oversight.alerts.rule import Rule, Threshold


class RelativesAtOneTill(Rule):
    """One sharer's account pays for several relatives in the same institution within minutes: more often a card in one hand
    than a family that is ill together."""

    code: ClassVar = RuleCode.RELATIVES_AT_ONE_TILL
    subject: ClassVar = Subject.PERSON
    source: ClassVar = sources.CASHED_OUT
    thresholds: ClassVar = (
        Threshold("relatives", 3, "people", 2, 20),
        Threshold("minutes", 15, "minutes", 1, 240),
    )
    statement: ClassVar = f"""
WITH {TOUCHED}, g AS MATERIALIZED (
    SELECT DISTINCT s.institution_id, {day_of("s.settled_at")} AS day, a.sharer_id
      FROM touched s JOIN transfer t ON t.journal_id = s.id AND t.authorisation_id IS NOT NULL
      JOIN authorisation a ON a.bucket = (t.authorisation_id & 1023)::smallint AND a.id = t.authorisation_id
     WHERE s.shared > 0
), paid AS MATERIALIZED (
    SELECT s.id, s.institution_id, s.person_id, s.settled_at, g.sharer_id, g.day, a.region, {FACTS} AS facts,
           sum(t.amount)::bigint AS given
      FROM {of_institution("g")} AND s.shared > 0
      JOIN transfer t ON t.journal_id = s.id AND t.authorisation_id IS NOT NULL
      JOIN authorisation a ON a.bucket = (t.authorisation_id & 1023)::smallint AND a.id = t.authorisation_id
       AND a.sharer_id = g.sharer_id
     GROUP BY s.id, s.institution_id, s.person_id, s.settled_at, g.sharer_id, g.day, a.region, facts
), span AS (
    SELECT one.institution_id, one.sharer_id, one.day, one.region, one.settled_at AS since,
           count(DISTINCT other.person_id) AS relatives
      FROM paid one JOIN paid other USING (institution_id, sharer_id, day, region)
     WHERE other.settled_at BETWEEN one.settled_at AND one.settled_at + make_interval(mins => CAST(:minutes AS integer))
     GROUP BY one.institution_id, one.sharer_id, one.day, one.region, one.settled_at
    HAVING count(DISTINCT other.person_id) >= :relatives
), rows AS (
    SELECT s.institution_id, s.sharer_id, s.day, s.region, s.id, s.settled_at, s.given, s.facts,
           max(span.relatives) AS relatives
      FROM paid s JOIN span USING (institution_id, sharer_id, day, region)
     WHERE s.settled_at BETWEEN span.since AND span.since + make_interval(mins => CAST(:minutes AS integer))
     GROUP BY s.institution_id, s.sharer_id, s.day, s.region, s.id, s.settled_at, s.given, s.facts
)
SELECT concat_ws(':', s.sharer_id, s.region, s.institution_id, s.day) AS key, s.sharer_id AS subject,
       s.region, 'settlement' AS row_kind, s.id AS row_id, s.facts || jsonb_build_object('given', s.given) AS facts,
       jsonb_build_object('relatives', max(s.relatives) OVER whole, 'fen', sum(s.given) OVER whole, 'minutes', CAST(:minutes AS integer),
                          'day', s.day) AS measured
  FROM rows s WINDOW whole AS (PARTITION BY s.sharer_id, s.region, s.institution_id, s.day)
 ORDER BY key, s.settled_at, s.id
"""
