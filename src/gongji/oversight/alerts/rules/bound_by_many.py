"""一人被多人绑定: one relative whom many sharers bound in a year."""

from __future__ import annotations

from typing import ClassVar

from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.oversight.alerts.rule import Rule, Threshold

_YEAR = "extract(year FROM lower(a.in_force) AT TIME ZONE 'Asia/Shanghai')::integer"


class BoundByMany(Rule):
    """Many sharers' relations with the same person began in a calendar year. Two children and a spouse are a family; more
    in a year are a person to whom accounts are lent."""

    code: ClassVar = RuleCode.BOUND_BY_MANY
    subject: ClassVar = Subject.PERSON
    source: ClassVar = ""
    thresholds: ClassVar = (Threshold("sharers", 5, "people", 3, 50),)
    statement: ClassVar = f"""
WITH g AS MATERIALIZED (
    SELECT DISTINCT a.bucket, a.user_id, a.region, {_YEAR} AS year
      FROM unnest(CAST(:authorisations AS bigint[])) AS n(id)
      JOIN authorisation a ON a.bucket = (n.id & 1023)::smallint AND a.id = n.id WHERE a.in_force IS NOT NULL
), bound AS (
    SELECT a.*, g.year FROM g JOIN authorisation a ON a.bucket = g.bucket AND a.user_id = g.user_id AND a.region = g.region
       AND a.in_force IS NOT NULL AND {_YEAR} = g.year
), many AS (
    SELECT user_id, region, year, count(DISTINCT sharer_id) AS sharers FROM bound
     GROUP BY user_id, region, year HAVING count(DISTINCT sharer_id) >= :sharers
)
SELECT concat_ws(':', m.user_id, m.region, m.year) AS key, m.user_id AS subject, m.region, 'authorisation' AS row_kind,
       a.id AS row_id, jsonb_build_object('at', lower(a.in_force), 'person', a.sharer_id, 'to', a.user_id) AS facts,
       jsonb_build_object('sharers', m.sharers, 'year', m.year) AS measured
  FROM many m JOIN bound a USING (user_id, region, year)
 ORDER BY key, lower(a.in_force), a.id
"""
