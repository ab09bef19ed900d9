"""短期内跨机构重复购药: the same drug in many places within a week."""

from __future__ import annotations

from typing import ClassVar

from gongji.oversight.alerts import sources
from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.oversight.alerts.reading import DAYS_OF_A_UNIT, FACTS, WITH_LINES, day_of, dispensed, of_person, touched
from gongji.oversight.alerts.rule import Rule, Threshold

_WEEK = f"date_trunc('week', {day_of('d.settled_at')})::date"


class RepeatPurchase(Rule):
    """One person got the same drug in several institutions within a calendar week. Looked at are purchases at pharmacies,
    and monitored drugs wherever they were dispensed: a blood count in three hospitals is no drug."""

    code: ClassVar = RuleCode.REPEAT_PURCHASE
    subject: ClassVar = Subject.PERSON
    source: ClassVar = sources.OVER_VOLUME
    thresholds: ClassVar = (Threshold("places", 3, "places", 2, 50),)
    statement: ClassVar = f"""
WITH {touched(WITH_LINES)}, g AS MATERIALIZED (
    SELECT DISTINCT d.person_id, d.region, {_WEEK} AS day
      FROM ({dispensed("touched")}) AS d WHERE d.bought OR {DAYS_OF_A_UNIT} IS NOT NULL
), s AS MATERIALIZED (
    SELECT {WITH_LINES} FROM {of_person("g", "g.day", "g.day + 7")}
), taken AS MATERIALIZED (
    SELECT d.person_id, d.region, {_WEEK} AS week, d.id, d.institution_id, d.item_code, max(d.item) AS item,
           sum(d.pieces) AS pieces
      FROM ({dispensed("s")}) AS d WHERE d.bought OR {DAYS_OF_A_UNIT} IS NOT NULL
     GROUP BY d.person_id, d.region, week, d.id, d.institution_id, d.item_code HAVING sum(d.pieces) > 0
), repeated AS (
    SELECT person_id, region, week, item_code, max(item) AS item, count(DISTINCT institution_id) AS places, count(*) AS times
      FROM taken GROUP BY person_id, region, week, item_code HAVING count(DISTINCT institution_id) >= :places
)
SELECT concat_ws(':', o.person_id, o.region, o.item_code, o.week) AS key, o.person_id AS subject, o.region,
       'settlement' AS row_kind, s.id AS row_id,
       {FACTS} || jsonb_build_object('item', coalesce(o.item, o.item_code), 'pieces', t.pieces) AS facts,
       jsonb_build_object('item', coalesce(o.item, o.item_code), 'places', o.places, 'times', o.times) AS measured
  FROM repeated o JOIN taken t USING (person_id, region, week, item_code) JOIN s ON s.id = t.id
 ORDER BY key, s.settled_at, s.id
"""
