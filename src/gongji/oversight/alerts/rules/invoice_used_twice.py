"""同一张发票重复报销: one invoice, settled for two people, or settled and claimed in cash as well."""

from __future__ import annotations

from typing import ClassVar

from gongji.oversight.alerts import sources
from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.oversight.alerts.reading import MADE
from gongji.oversight.alerts.rule import Rule, Threshold

#: From so many characters on a number is code and number together, and there is one such invoice; a shorter one is an
#: invoice of its institution.
_WHOLE = 18


class InvoiceUsedTwice(Rule):
    """The funds have paid over one invoice more than once: settled at the till for two people, or settled and paid as a claim
    of what was paid in cash. A claim is refused where its invoice was claimed, or settled with the same person, before; this is what
    came the other way round, or to somebody else. Each person is told of apart, with what is theirs alone. A number
    counts as institutions send it (发票号); many send none.
    """

    code: ClassVar = RuleCode.INVOICE_USED_TWICE
    subject: ClassVar = Subject.PERSON
    source: ClassVar = sources.REGULATION
    thresholds: ClassVar = (Threshold("used", 2, "times", 2, 10),)
    statement: ClassVar = f"""
WITH g AS MATERIALIZED (
    SELECT s.invoice FROM unnest(CAST(:settlements AS bigint[])) AS n(id)
      JOIN settlement s ON s.bucket = (n.id & 1023)::smallint AND s.id = n.id WHERE s.invoice <> ''
     UNION
    SELECT i.number FROM unnest(CAST(:claims AS bigint[])) AS n(id)
      JOIN claim_invoice i ON i.bucket = (n.id & 1023)::smallint AND i.claim_id = n.id
), u AS MATERIALIZED (
    SELECT g.invoice, 'settlement' AS kind, s.id, s.person_id, s.institution_id, s.region, s.settled_at AS at, s.total AS fen,
           s.own + s.shared + s.wallet AS accounts
      FROM g JOIN settlement s ON s.invoice = g.invoice AND s.invoice <> '' WHERE {MADE}
     UNION ALL
    SELECT g.invoice, 'claim', c.id, c.person_id, c.institution_id, c.region, c.received_at, d.fen, 0
      FROM g JOIN claimed_invoice k ON k.number = g.invoice
      JOIN claim c ON c.bucket = (k.claim_id & 1023)::smallint AND c.id = k.claim_id
     CROSS JOIN LATERAL (SELECT sum(fund_pool + fund_large + fund_civil + fund_aid)::bigint AS fen FROM claim_decision d
                          WHERE d.bucket = c.bucket AND d.claim_id = c.id) AS d
     WHERE d.fen > 0
), p AS MATERIALIZED (
    SELECT u.*, CASE WHEN length(invoice) >= {_WHOLE} THEN 0 ELSE coalesce(institution_id, 0) END AS place FROM u
), o AS (
    SELECT invoice, place, count(DISTINCT person_id) AS people,
           count(DISTINCT person_id) FILTER (WHERE kind = 'settlement') + count(*) FILTER (WHERE kind = 'claim') AS times
      FROM p GROUP BY invoice, place
)
SELECT concat_ws(':', p.invoice, p.place, p.person_id) AS key, p.person_id AS subject,
       first_value(p.region) OVER (PARTITION BY p.invoice, p.place, p.person_id ORDER BY p.at, p.id) AS region,
       p.kind AS row_kind, p.id AS row_id,
       jsonb_build_object('at', p.at, 'fen', p.fen, 'accounts', p.accounts, 'institution', p.institution_id,
                          'person', p.person_id, 'region', p.region, 'code', p.invoice) AS facts,
       jsonb_build_object('invoice', p.invoice, 'times', o.times, 'people', o.people) AS measured
  FROM o JOIN p USING (invoice, place) WHERE o.times >= :used
 ORDER BY key, p.at, p.id
"""
