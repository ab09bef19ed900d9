"""两地同时: one person at tills of two cities, too soon after one another."""

from __future__ import annotations

from typing import ClassVar

from gongji.oversight.alerts import sources
from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.oversight.alerts.reading import FACTS, NO_STAY, TOUCHED, day_of, of_person
from gongji.oversight.alerts.rule import Rule, Threshold

#: Paid at a till, by somebody who stood there: no stay, and no order that is paid on a phone (6201 and on).
_AT_A_TILL = f"{NO_STAY} AND s.infno NOT LIKE '6%'"

#: The lowest id of the month before a settlement's own (see `gongji.foundation.ids`).
_MONTH = "((t.id >> 44) - 1) << 44"

_SPAN = "make_interval(mins => CAST(:minutes AS integer))"


class ImpossibleTravel(Rule):
    """The same person was at tills of two cities within minutes. Where institutions lie exactly is not known here, only the
    area that they belong to, so two cities are far apart whatever the road between them: hence few minutes."""

    code: ClassVar = RuleCode.IMPOSSIBLE_TRAVEL
    subject: ClassVar = Subject.PERSON
    source: ClassVar = sources.STOLEN_CODES
    thresholds: ClassVar = (Threshold("minutes", 30, "minutes", 1, 720),)
    statement: ClassVar = f"""
WITH {TOUCHED}, g AS MATERIALIZED (
    SELECT DISTINCT t.person_id, t.region, {day_of("least(t.settled_at, o.settled_at)")} AS day
      FROM touched t JOIN settlement o ON o.bucket = t.bucket AND o.person_id = t.person_id AND o.region = t.region
       AND o.id >= {_MONTH} AND o.institution_id <> t.institution_id
       AND o.settled_at BETWEEN t.settled_at - {_SPAN} AND t.settled_at + {_SPAN}
      JOIN institution i ON i.id = t.institution_id
      JOIN institution j ON j.id = o.institution_id AND left(j.region, 4) <> left(i.region, 4)
), seen AS MATERIALIZED (
    SELECT DISTINCT ON (g.person_id, g.region, g.day, s.id)
           s.id, s.person_id, s.region, s.settled_at, g.day, left(i.region, 4) AS city, i.region AS place, {FACTS} AS facts
      FROM {of_person("g", "g.day", "g.day + 2")} AND {_AT_A_TILL} JOIN institution i ON i.id = s.institution_id
), pair AS (
    SELECT one.person_id, one.region, one.day, one.id AS first, other.id AS second,
           extract(epoch FROM other.settled_at - one.settled_at)::bigint / 60 AS minutes
      FROM seen one JOIN seen other USING (person_id, region, day)
     WHERE {day_of("one.settled_at")} = one.day AND other.city <> one.city
       AND (other.settled_at, other.id) > (one.settled_at, one.id)
       AND other.settled_at <= one.settled_at + {_SPAN}
)
SELECT DISTINCT ON (key, s.settled_at, s.id)
       concat_ws(':', p.person_id, p.region, p.day) AS key, p.person_id AS subject, p.region,
       'settlement' AS row_kind, s.id AS row_id, s.facts,
       jsonb_build_object('minutes', min(p.minutes) OVER whole, 'day', p.day) AS measured
  FROM pair p JOIN seen s ON s.id IN (p.first, p.second) AND s.day = p.day AND s.region = p.region
WINDOW whole AS (PARTITION BY p.person_id, p.region, p.day)
 ORDER BY key, s.settled_at, s.id
"""
