"""死亡后使用: something was settled for somebody who had died."""

from __future__ import annotations

from typing import ClassVar

from gongji.oversight.alerts import sources
from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.oversight.alerts.reading import COLUMNS, FACTS, MADE, NO_STAY, TOUCHED, day_of, midnight
from gongji.oversight.alerts.rule import Rule, Threshold

#: The lowest id of a settlement in the month of a death (see `gongji.foundation.ids`).
_MONTH = "(extract(year FROM p.died_on)::bigint * 12 + extract(month FROM p.died_on)::bigint - (2019 * 12 + 12)) * (1::bigint << 44)"


class UseAfterDeath(Rule):
    """A visit or purchase was settled for somebody after the day of their death, mostly found when the death becomes known
    later. The desk refuses what comes after that by itself. What began before the death (a visit, a stay) may be paid
    after it, by the family.
    """

    code: ClassVar = RuleCode.USE_AFTER_DEATH
    subject: ClassVar = Subject.PERSON
    source: ClassVar = sources.CASES
    thresholds: ClassVar = (Threshold("days_after", 0, "days", 0, 60),)
    statement: ClassVar = f"""
WITH {TOUCHED}, g AS MATERIALIZED (
    SELECT p.id, p.bucket, p.died_on FROM
           (SELECT unnest(CAST(:dead AS bigint[])) AS id UNION SELECT person_id FROM touched) AS n
      JOIN person p ON p.bucket = (n.id & 1023)::smallint AND p.id = n.id
     WHERE p.died_on IS NOT NULL
), used AS (
    SELECT {COLUMNS}, p.died_on, {day_of("s.settled_at")} - p.died_on AS days,
           to_char(s.settled_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month
      FROM g AS p JOIN settlement s ON s.bucket = p.bucket AND s.person_id = p.id AND s.id >= {_MONTH}
       AND s.settled_at >= {midnight("p.died_on + 1 + CAST(:days_after AS integer)")} AND {MADE} AND {NO_STAY}
      LEFT JOIN visit v ON v.bucket = s.bucket AND v.id = s.visit_id
     WHERE {day_of("coalesce(v.began_at, s.settled_at)")} > p.died_on
)
SELECT concat_ws(':', s.person_id, s.region, s.month) AS key, s.person_id AS subject, s.region,
       'settlement' AS row_kind, s.id AS row_id, {FACTS} AS facts,
       jsonb_build_object('died_on', s.died_on, 'times', count(*) OVER whole, 'fen', sum(s.total) OVER whole) AS measured
  FROM used s WINDOW whole AS (PARTITION BY s.person_id, s.region, s.month)
 ORDER BY key, s.settled_at, s.id
"""
