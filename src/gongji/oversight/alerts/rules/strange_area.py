"""异地首刷、一天多家药店: a city where somebody never was, and several pharmacies there in a day."""

from __future__ import annotations

from typing import ClassVar

from gongji.oversight.alerts import sources
from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.oversight.alerts.reading import FACTS, MADE, TOUCHED, day_of, midnight, of_person
from gongji.oversight.alerts.rule import Rule, Threshold


class StrangeArea(Rule):
    """A person's account pays in several pharmacies of a city on the first day that it is used there at all, and the city is
    not the one that insures them: a code in somebody else's hands.

    The month's books that are still here tell what the first day is; what was dear (阿胶、片仔癀) is not told apart.
    """

    code: ClassVar = RuleCode.STRANGE_AREA
    subject: ClassVar = Subject.PERSON
    source: ClassVar = sources.STOLEN_CODES
    thresholds: ClassVar = (
        Threshold("places", 3, "places", 2, 20),
        Threshold("fen", 300_00, "fen", 10_00, 100_000_00),
    )
    statement: ClassVar = f"""
WITH {TOUCHED}, g AS MATERIALIZED (
    SELECT DISTINCT s.person_id, s.region, {day_of("s.settled_at")} + later.days AS day
      FROM touched s JOIN institution i ON i.id = s.institution_id AND left(i.region, 4) <> left(s.region, 4)
     CROSS JOIN (VALUES (0), (1)) AS later(days)
), paid AS MATERIALIZED (
    SELECT s.id, s.person_id, s.region, s.settled_at, s.institution_id, g.day, left(i.region, 4) AS city,
           s.own + s.shared + s.wallet AS accounts, {FACTS} AS facts
      FROM {of_person("g", "g.day", "g.day + 1")} AND s.own + s.shared + s.wallet > 0
      JOIN institution i ON i.id = s.institution_id AND i.kind = 'pharmacy' AND left(i.region, 4) <> left(s.region, 4)
), many AS MATERIALIZED (
    SELECT person_id, region, day, city, count(DISTINCT institution_id) AS places, sum(accounts)::bigint AS fen
      FROM paid GROUP BY person_id, region, day, city
    HAVING count(DISTINCT institution_id) >= :places AND sum(accounts) >= :fen
), strange AS (
    SELECT m.* FROM many m WHERE NOT EXISTS (
        SELECT FROM settlement s JOIN institution i ON i.id = s.institution_id AND left(i.region, 4) = m.city
         WHERE s.bucket = (m.person_id & 1023)::smallint AND s.person_id = m.person_id
           AND s.settled_at < {midnight("m.day")} AND {MADE})
)
SELECT concat_ws(':', m.person_id, m.region, m.day, m.city) AS key, m.person_id AS subject, m.region,
       'settlement' AS row_kind, p.id AS row_id, p.facts,
       jsonb_build_object('places', m.places, 'fen', m.fen, 'city', m.city || '00', 'day', m.day) AS measured
  FROM strange m JOIN paid p USING (person_id, region, day, city)
 ORDER BY key, p.settled_at, p.id
"""
