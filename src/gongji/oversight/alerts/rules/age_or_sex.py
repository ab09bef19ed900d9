"""冒名就医: a diagnosis that the patient's age or sex cannot have."""

from __future__ import annotations

from typing import ClassVar

from gongji.oversight.alerts import sources
from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.oversight.alerts.reading import FACTS, MADE, TOUCHED, day_of
from gongji.oversight.alerts.rule import Rule, Threshold

#: Chapters of ICD-10 that one sex alone has: pregnancy and birth, organs of women; organs of men.
_WOMENS = "^(O[0-9]|N7[0-79]|N8|N9[0-8]|C5[1-8]|D2[5-8])"
_MENS = "^(N4[0-9]|N5[01]|C6[0-3])"


class AgeOrSex(Rule):
    """The diagnosis is one that this patient cannot have: pregnancy or a woman's organ in a man, a man's organ in a woman,
    childbirth at an age without, what belongs to the first weeks of life in somebody older. Somebody else was treated under
    this name, or the coding is wrong. Read are the diagnoses of visits (2203) and the disease of a purchase.
    """

    code: ClassVar = RuleCode.AGE_OR_SEX
    subject: ClassVar = Subject.PERSON
    source: ClassVar = sources.REGULATION
    thresholds: ClassVar = (
        Threshold("birth_from", 10, "years", 8, 20),
        Threshold("birth_to", 60, "years", 45, 70),
        Threshold("newborn_to", 2, "years", 1, 18),
    )
    statement: ClassVar = f"""
WITH {TOUCHED}, told AS (
    SELECT s.id, upper(d ->> 'diag_code') AS code, d ->> 'diag_name' AS name
      FROM touched s JOIN visit v ON v.bucket = s.bucket AND v.id = s.visit_id
     CROSS JOIN LATERAL jsonb_array_elements(v.diagnoses) AS d
     UNION ALL
    SELECT s.id, upper(s.disease), s.disease FROM touched s WHERE s.disease <> ''
), judged AS (
    SELECT s.*, t.code, coalesce(t.name, t.code) AS name, p.gender,
           extract(year FROM age({day_of("s.settled_at")}, p.born_on))::integer AS age
      FROM told t JOIN touched s USING (id) JOIN person p ON p.bucket = s.bucket AND p.id = s.person_id
     WHERE t.code ~ '^[A-Z][0-9]' AND {MADE}
), wrong AS (
    SELECT DISTINCT ON (id) s.*,
           CASE WHEN gender = '1' AND code ~ '{_WOMENS}' OR gender = '2' AND code ~ '{_MENS}' THEN 'sex' ELSE 'age' END AS what
      FROM judged s
     WHERE gender = '1' AND code ~ '{_WOMENS}' OR gender = '2' AND code ~ '{_MENS}'
        OR code ~ '^O[0-9]' AND age NOT BETWEEN :birth_from AND :birth_to
        OR code ~ '^P[0-9]' AND age > :newborn_to
     ORDER BY id, code
)
SELECT s.id::text AS key, s.person_id AS subject, s.region, 'settlement' AS row_kind, s.id AS row_id,
       {FACTS} || jsonb_build_object('item', s.name) AS facts,
       jsonb_build_object('what', s.what, 'code', s.code, 'name', s.name, 'age', s.age) AS measured
  FROM wrong s ORDER BY key
"""
