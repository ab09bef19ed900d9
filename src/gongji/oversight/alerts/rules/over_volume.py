"""超量开药: more of a drug in a quarter than its days can use."""

from __future__ import annotations

from typing import ClassVar

from gongji.oversight.alerts import sources
from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.oversight.alerts.reading import DAYS_OF_A_UNIT, FACTS, WITH_LINES, day_of, dispensed, of_person, touched
from gongji.oversight.alerts.rule import Rule, Threshold

_QUARTER = f"date_trunc('quarter', {day_of('d.settled_at')})::date"


class OverVolume(Rule):
    """One person was dispensed a multiple of what a quarter's days can use of a drug (days of supply ÷ days > k), over all
    institutions: bought to be resold, or kept for others. The published cases had some sixty times; no text gives a k, so both are ours.

    It knows only drugs of which it is known how long a unit lasts (`monitored_drug`): the interface's lines carry pieces
    and price, their dose only as free text. What is given in a stay in hospital is left out. The alarm is an alert of
    its own beside the first, so that buying on after an explanation is seen.
    """

    code: ClassVar = RuleCode.OVER_VOLUME
    subject: ClassVar = Subject.PERSON
    source: ClassVar = f"{sources.CASES}；{sources.OVER_VOLUME}"
    thresholds: ClassVar = (
        Threshold("watch_from", 2, "times", 1, 100),
        Threshold("alarm_from", 5, "times", 1, 100),
    )
    statement: ClassVar = f"""
WITH {touched(WITH_LINES)}, g AS MATERIALIZED (
    SELECT DISTINCT d.person_id, d.region, {_QUARTER} AS day
      FROM ({dispensed("touched")}) AS d WHERE {DAYS_OF_A_UNIT} IS NOT NULL
), s AS MATERIALIZED (
    SELECT {WITH_LINES} FROM {of_person("g", "g.day", "(g.day + interval '3 months')::date")}
), taken AS MATERIALIZED (
    SELECT d.person_id, d.region, {_QUARTER} AS quarter, d.id, d.item_code, max(d.item) AS item, sum(d.pieces) AS pieces,
           {DAYS_OF_A_UNIT} AS days
      FROM ({dispensed("s")}) AS d GROUP BY d.person_id, d.region, quarter, d.id, d.item_code
), supply AS (
    SELECT person_id, region, quarter, item_code, max(item) AS item, (sum(pieces * days) / 10000)::bigint AS supply,
           (quarter + interval '3 months')::date - quarter AS days
      FROM taken WHERE days IS NOT NULL GROUP BY person_id, region, quarter, item_code
), over AS (
    SELECT p.*, l.level FROM supply p
     CROSS JOIN (VALUES ('watch', CAST(:watch_from AS bigint)), ('alarm', CAST(:alarm_from AS bigint))) AS l(level, times)
     WHERE p.supply > l.times * p.days
)
SELECT concat_ws(':', o.person_id, o.region, o.item_code, o.quarter, o.level) AS key, o.person_id AS subject, o.region,
       'settlement' AS row_kind, s.id AS row_id,
       {FACTS} || jsonb_build_object('item', coalesce(o.item, o.item_code), 'pieces', t.pieces) AS facts,
       jsonb_build_object('item', coalesce(o.item, o.item_code), 'supply', o.supply, 'days', o.days,
                          'times', (o.supply / o.days)::bigint) AS measured
  FROM over o JOIN taken t USING (person_id, region, quarter, item_code) JOIN s ON s.id = t.id
 ORDER BY key, s.settled_at, s.id
"""
