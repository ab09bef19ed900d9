"""套现: many people's accounts pay round sums at one till within minutes."""

from __future__ import annotations

from typing import ClassVar

from gongji.oversight.alerts import sources
from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.oversight.alerts.reading import FACTS, TOUCHED, day_of, of_institution
from gongji.oversight.alerts.rule import Rule, Threshold

_ROUND = "s.own + s.shared + s.wallet >= :fen AND (s.own + s.shared + s.wallet) % :fen = 0"


class RoundSumsAtOneTill(Rule):
    """In one institution the accounts of many people pay round sums (whole multiples of an amount) within minutes: medicine
    seldom costs ¥500.00 to the fen, eight times in a row; money for a card does (10–30 % of it as the fee)."""

    code: ClassVar = RuleCode.ROUND_SUMS_AT_ONE_TILL
    subject: ClassVar = Subject.INSTITUTION
    source: ClassVar = f"{sources.CASES}；{sources.CASHED_OUT}"
    thresholds: ClassVar = (
        Threshold("people", 6, "people", 3, 100),
        Threshold("minutes", 60, "minutes", 1, 1440),
        Threshold("fen", 100_00, "fen", 10_00, 10_000_00),
    )
    statement: ClassVar = f"""
WITH {TOUCHED}, g AS MATERIALIZED (
    SELECT DISTINCT s.institution_id, {day_of("s.settled_at")} AS day FROM touched s WHERE {_ROUND}
), paid AS MATERIALIZED (
    SELECT s.id, s.institution_id, s.person_id, s.settled_at, g.day, s.own + s.shared + s.wallet AS accounts, {FACTS} AS facts
      FROM {of_institution("g")} AND {_ROUND}
), span AS (
    SELECT one.institution_id, one.day, one.settled_at AS since, count(DISTINCT other.person_id) AS people
      FROM paid one JOIN paid other USING (institution_id, day)
     WHERE other.settled_at BETWEEN one.settled_at AND one.settled_at + make_interval(mins => CAST(:minutes AS integer))
     GROUP BY one.institution_id, one.day, one.settled_at HAVING count(DISTINCT other.person_id) >= :people
), rows AS (
    SELECT s.id, s.institution_id, s.day, s.settled_at, s.accounts, s.facts, max(span.people) AS people
      FROM paid s JOIN span USING (institution_id, day)
     WHERE s.settled_at BETWEEN span.since AND span.since + make_interval(mins => CAST(:minutes AS integer))
     GROUP BY s.id, s.institution_id, s.day, s.settled_at, s.accounts, s.facts
)
SELECT concat_ws(':', s.institution_id, s.day) AS key, s.institution_id::bigint AS subject, i.region,
       'settlement' AS row_kind, s.id AS row_id, s.facts,
       jsonb_build_object('people', max(s.people) OVER whole, 'fen', sum(s.accounts) OVER whole,
                          'minutes', CAST(:minutes AS integer), 'day', s.day) AS measured
  FROM rows s JOIN institution i ON i.id = s.institution_id WINDOW whole AS (PARTITION BY s.institution_id, s.day)
 ORDER BY key, s.settled_at, s.id
"""
