"""Pieces of SQL that rules share: what was settled, when in China, by whom, and whether it still stands."""

from __future__ import annotations

from typing import Final

from gongji.ledger.tables import STANDS

#: What rules look at of a settlement ``s``; its documents would be carried through every step of a statement.
COLUMNS: Final = """s.id, s.bucket, s.visit_id, s.person_id, s.institution_id, s.infno, s.region, s.disease, s.settled_at, s.total,
 s.own, s.shared, s.wallet, s.kind"""

#: The same with the lines of a purchase.
WITH_LINES: Final = f"{COLUMNS}, s.lines"


def touched(columns: str = COLUMNS) -> str:
    """For a WITH: the settlements that a scan has read anew, as ``touched``."""
    return f"""
touched AS MATERIALIZED (
    SELECT {columns} FROM unnest(CAST(:settlements AS bigint[])) AS n(id)
      JOIN settlement s ON s.bucket = (n.id & 1023)::smallint AND s.id = n.id AND s.id >= :since
)"""


#: `touched` without lines.
TOUCHED: Final = touched()

#: The condition that a settlement ``s`` was made and not taken back.
MADE: Final = f"""s.kind = 'settle' AND NOT EXISTS
 (SELECT FROM reversal r WHERE r.bucket = s.bucket AND r.journal_id = s.id AND {STANDS})"""

#: The condition that it is no stay in hospital, whose bill is paid when the patient has left, by whoever comes.
NO_STAY: Final = "s.infno NOT LIKE '2304%'"

#: What an alert keeps of a settlement ``s``.
FACTS: Final = """jsonb_build_object('at', s.settled_at, 'fen', s.total, 'accounts', s.own + s.shared + s.wallet,
 'institution', s.institution_id, 'person', s.person_id, 'region', s.region)"""


def day_of(moment: str) -> str:
    """The day in China of a moment."""
    return f"({moment} AT TIME ZONE 'Asia/Shanghai')::date"


def midnight(day: str) -> str:
    """The moment at which a day begins in China."""
    return f"(({day})::timestamp AT TIME ZONE 'Asia/Shanghai')"


def of_person(group: str, since: str, until: str) -> str:
    """For a FROM: the settlements ``s`` that a group's person had, insured in the group's region, from a day to another
    (which is not included), that still stand."""
    return f"""{group} AS g JOIN settlement s ON s.bucket = (g.person_id & 1023)::smallint AND s.person_id = g.person_id
       AND s.region = g.region AND s.id >= :since AND s.settled_at >= {midnight(since)} AND s.settled_at < {midnight(until)}
       AND {MADE}"""


def of_institution(group: str) -> str:
    """For a FROM: the settlements ``s`` of a group's institution on the group's day that still stand."""
    return f"""{group} AS g JOIN settlement s ON s.institution_id = g.institution_id AND s.id >= :since
       AND s.settled_at >= {midnight("g.day")} AND s.settled_at < {midnight("g.day + 1")} AND {MADE}"""


def dispensed(settlements: str) -> str:
    """What was dispensed in some settlements (a WITH's name): a row for each line, of purchases and of visits; pieces in
    ten-thousandths, below zero for what was brought back."""
    return f"""
    SELECT s.id, l -> 'line' ->> 'item_code' AS item_code, l -> 'line' -> 'item' ->> 'name' AS item,
           (l -> 'line' ->> 'count')::bigint AS pieces, s.person_id, s.region, s.institution_id, s.settled_at, true AS bought
      FROM {settlements} s CROSS JOIN LATERAL json_array_elements(s.lines) AS l WHERE s.lines IS NOT NULL
     UNION ALL
    SELECT s.id, f.item_code, f.item ->> 'name', f.count, s.person_id, s.region, s.institution_id, s.settled_at, false
      FROM {settlements} s
      JOIN fee_line f ON f.bucket = s.bucket AND f.visit_id = s.visit_id AND f.settlement_id = s.id
     WHERE {NO_STAY}"""


#: The days that a counted unit of ``d.item_code`` lasts where ``d.region`` is: its own figure before the nation's.
DAYS_OF_A_UNIT: Final = """
(SELECT m.days FROM monitored_drug m WHERE m.item_code = d.item_code AND m.area IN ('000000', d.region)
  ORDER BY m.area DESC LIMIT 1)"""
