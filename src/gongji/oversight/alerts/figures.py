"""How right each rule is, and how much it finds: for the officers who keep rules, and for analysts.

Alerts are counted by the region that they are for. Whoever looks at counts learns nothing about anybody: fewer than
`FEWEST` are not told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

import sqlalchemy as sa

from gongji.oversight.alerts.model import RuleCode
from gongji.oversight.alerts.rules import RULES

#: Counts below it are hidden where they are published; the small-cell rule of the field.
FEWEST: Final = 5

_RIGHT: Final = """
SELECT a.rule, count(*) AS found, count(*) FILTER (WHERE a.lapsed_at IS NULL AND c.outcome IS NULL) AS open,
       count(*) FILTER (WHERE c.outcome IS NOT NULL AND a.lapsed_at IS NULL) AS decided,
       count(*) FILTER (WHERE c.outcome IS NOT NULL AND a.lapsed_at IS NULL AND a.founded) AS founded
  FROM alert a JOIN alert_case c ON c.id = a.case_id WHERE a.region LIKE :area GROUP BY a.rule
"""

_MONTHS: Final = """
SELECT rule, left(region, 4) || '00' AS region, date_trunc('month', found_at AT TIME ZONE 'Asia/Shanghai')::date AS month,
       count(*) AS found, count(*) FILTER (WHERE founded) AS founded
  FROM alert WHERE region LIKE :area AND found_at >= (CAST(:since AS date)::timestamp AT TIME ZONE 'Asia/Shanghai')
   AND lapsed_at IS NULL
 GROUP BY 1, 2, 3 ORDER BY 3, 2, 1
"""


@dataclass(frozen=True, slots=True)
class Precision:
    """What became of a rule's alerts in an area: found in all, open still, decided, and of these founded. What lapsed is
    neither right nor wrong."""

    rule: RuleCode
    found: int
    open: int
    decided: int
    founded: int

    @property
    def share(self) -> int | None:
        """The share that was founded, in percent, rounded down; None while nothing was decided."""
        return self.founded * 100 // self.decided if self.decided else None


@dataclass(frozen=True, slots=True)
class Count:
    """The alerts of a rule in a city and month; None where there are too few to be told."""

    rule: RuleCode
    region: str
    month: date
    found: int | None
    founded: int | None


def precisions(connection: sa.Connection, region_prefix: str) -> list[Precision]:
    """What became of each rule's alerts, in the rules' order."""
    rows = {row.rule: row for row in connection.execute(sa.text(_RIGHT), {"area": f"{region_prefix}%"})}
    return [
        Precision(code, *(getattr(rows.get(code), name, 0) for name in ("found", "open", "decided", "founded")))
        for code in RULES
    ]


def counts(connection: sa.Connection, region_prefix: str, since: date) -> list[Count]:
    """Alerts by rule, city and month from the month of a day on, small cells hidden: two answers for two days of one month
    would tell what happened between them."""
    rows = connection.execute(sa.text(_MONTHS), {"area": f"{region_prefix}%", "since": since.replace(day=1)})
    return [Count(RuleCode(row.rule), row.region, row.month, _told(row.found), _told(row.founded)) for row in rows]


def _told(count: int) -> int | None:
    """A count, unless it is so small that it could be somebody; none at all says nothing about anybody."""
    return count if count == 0 or count >= FEWEST else None


def as_lines(found: Iterable[Count]) -> list[tuple[str, ...]]:
    """The counts as lines of a table with a head, ``<5`` for what is not told."""

    def told(count: int | None) -> str:
        return f"<{FEWEST}" if count is None else str(count)

    head = ("month", "region", "rule", "alerts", "founded")
    return [
        head,
        *((f"{one.month:%Y-%m}", one.region, str(one.rule), told(one.found), told(one.founded)) for one in found),
    ]
