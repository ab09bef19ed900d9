"""钱包来回倒: money that goes to a relative's wallet and comes back."""

from __future__ import annotations

from typing import ClassVar

from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.oversight.alerts.rule import Rule, Threshold


class WalletRoundTrip(Rule):
    """A sends money to B's wallet, and B sends about as much to A's within days: from a personal account, whose money can
    only pay for care, into a wallet that moves on. Only what was accepted counts."""

    code: ClassVar = RuleCode.WALLET_ROUND_TRIP
    subject: ClassVar = Subject.PERSON
    source: ClassVar = ""
    thresholds: ClassVar = (
        Threshold("days", 30, "days", 1, 366),
        Threshold("percent", 80, "percent", 10, 100),
        Threshold("fen", 200_00, "fen", 10_00, 100_000_00),
    )
    statement: ClassVar = """
WITH touched AS MATERIALIZED (
    SELECT w.* FROM unnest(CAST(:transfers AS bigint[])) AS n(id)
      JOIN wallet_transfer w ON w.bucket = (n.id & 1023)::smallint AND w.id = n.id WHERE w.state = 'accepted'
), g AS MATERIALIZED (
    SELECT t.id FROM touched t
     UNION
    SELECT w.id FROM touched t JOIN wallet_transfer w
        ON w.bucket = (t.receiver_id & 1023)::smallint AND w.sender_id = t.receiver_id AND w.receiver_id = t.sender_id
       AND w.state = 'accepted' AND w.made_at > t.made_at
       AND w.made_at <= t.made_at + make_interval(days => CAST(:days AS integer))
), trip AS (
    SELECT back.id AS back, there.id AS there, back.receiver_id AS person_id, there.sender_region AS region,
           there.amount AS sent, back.amount AS returned
      FROM g JOIN wallet_transfer back ON back.bucket = (g.id & 1023)::smallint AND back.id = g.id
      JOIN wallet_transfer there ON there.bucket = (back.receiver_id & 1023)::smallint
       AND there.sender_id = back.receiver_id AND there.receiver_id = back.sender_id
     WHERE there.state = 'accepted' AND there.made_at < back.made_at
       AND back.made_at <= there.made_at + make_interval(days => CAST(:days AS integer))
       AND back.amount >= :fen AND back.amount * 100 >= there.amount * :percent
), rows AS (
    SELECT back, person_id, region, there AS id FROM trip UNION SELECT back, person_id, region, back FROM trip
)
SELECT concat_ws(':', r.back, r.region) AS key, r.person_id AS subject, r.region, 'wallet_transfer' AS row_kind, w.id AS row_id,
       jsonb_build_object('at', w.made_at, 'fen', w.amount, 'person', w.sender_id, 'to', w.receiver_id) AS facts,
       jsonb_build_object('fen', (SELECT min(t.returned) FROM trip t WHERE t.back = r.back),
                          'sent', (SELECT sum(t.sent)::bigint FROM trip t WHERE t.back = r.back)) AS measured
  FROM rows r JOIN wallet_transfer w ON w.bucket = (r.id & 1023)::smallint AND w.id = r.id
 ORDER BY key, w.made_at, w.id
"""
