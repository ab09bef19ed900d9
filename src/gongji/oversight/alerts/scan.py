"""The scan: what is new is read in slices, every rule judges what it touches, and what is found is kept in the same transaction
as the mark. A scan that is killed leaves whole slices; the next one goes on. Two at once wait for each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from gongji.foundation.clock import Clock
from gongji.foundation.database import Database
from gongji.foundation.distribution import see_whole
from gongji.ledger.frontier import advance, frontier
from gongji.oversight.alerts import following, store
from gongji.oversight.alerts.model import RuleCode
from gongji.oversight.alerts.rule import News
from gongji.oversight.alerts.rules import RULES
from gongji.oversight.alerts.tables import alert_through
from gongji.oversight.alerts.thresholds import Settings, settings_of

#: Blocks of a poster that one slice reads. A block is one commit of the desk, of up to 256 settlements.
BLOCKS_AT_ONCE: Final = 500

#: "alerts" as a number: two scans at once would only do the same twice.
_LOCK: Final = 0x616C65727473

#: The trace codes of packs that purchases sold whole. A line that takes another back has its own settlement reversed.
_TRACES: Final = """
INSERT INTO drug_trace (code, settlement_id)
SELECT DISTINCT c.code, s.id
  FROM unnest(CAST(:settlements AS bigint[])) AS n(id)
  JOIN settlement s ON s.bucket = (n.id & 1023)::smallint AND s.id = n.id AND s.id >= :since
 CROSS JOIN LATERAL json_array_elements(s.lines) AS l
 CROSS JOIN LATERAL json_array_elements_text(l -> 'line' -> 'traces') AS c(code)
 WHERE s.lines IS NOT NULL
    ON CONFLICT DO NOTHING
"""


@dataclass(slots=True)
class Scanned:
    """What a scan did: settlements and authorisations that were looked at, alerts that are new by rule, and how many lapsed."""

    settlements: int = 0
    authorisations: int = 0
    new: dict[RuleCode, int] = field(default_factory=dict)
    lapsed: int = 0


def scan(database: Database, clock: Clock, *, blocks: int = BLOCKS_AT_ONCE) -> Scanned:
    """Look at everything that is committed by now and was not looked at yet, beside running settlements.

    Args:
        database: where the books are.
        clock: tells the moment.
        blocks: of a poster that one transaction reads.
    """
    done = Scanned()
    while _slice(database, clock.now(), blocks, done):
        pass
    _events(database, clock.now(), done)
    with database.transaction() as connection:
        _begin(connection)
        at = clock.now()
        _judge(connection, following.sent(connection, at), at, done)
    return done


def _begin(connection: sa.Connection) -> None:
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    see_whole(connection)


def _slice(database: Database, at: datetime, blocks: int, done: Scanned) -> bool:
    with database.transaction() as connection:
        _begin(connection)
        fresh = frontier(connection, alert_through, at_most=blocks)
        if not fresh:
            return False
        news = following.settled(connection, fresh)
        connection.execute(sa.text(_TRACES), {"settlements": list(news.settlements), "since": news.since})
        _judge(connection, news, at, done)
        advance(connection, alert_through, fresh)
        done.settlements += len(news.settlements)
    return True


def _events(database: Database, at: datetime, done: Scanned) -> None:
    after: int | None = None
    while True:
        with database.transaction() as connection:
            _begin(connection)
            since = following.first_event(connection) if after is None else after
            news, after = following.changed(connection, at, since)
            _judge(connection, news, at, done)
            done.authorisations += len(news.authorisations)
            if after == since:
                return


def _judge(connection: sa.Connection, news: News, at: datetime, done: Scanned) -> None:
    """Have every rule that is looked for somewhere judge the news."""
    if not (news.settlements or news.authorisations or news.dead or news.transfers or news.claims):
        return
    for code in RULES:
        new, lapsed = _judged(connection, settings_of(connection, code), news, at)
        if new:
            done.new[code] = done.new.get(code, 0) + new
        done.lapsed += lapsed


def _judged(connection: sa.Connection, settings: Settings, news: News, at: datetime) -> tuple[int, int]:
    """A rule's new and lapsed alerts: it is asked once for each setting that holds somewhere, and of what it finds stays
    what lies where that setting holds, so that it does not matter which region's row brought the news."""
    rule = settings.rule
    found = [
        one
        for setting in settings.different()
        if setting.active
        for one in rule.find(connection, news, setting.thresholds)
        if settings.of(one.region) == setting
    ]
    new = store.keep(connection, rule.code, found, at)
    keys = {one.key for one in found}
    return new, store.lapse(connection, rule.code, news, keys, lambda region: settings.of(region).active, at)
