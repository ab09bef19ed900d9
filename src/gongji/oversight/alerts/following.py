"""What is new in the books since the last scan, with the marks that tell how far it was read.

Settlements and deaths come by block (`gongji.ledger.frontier`): what is committed late is in a later block, whatever its
clock said. Authorisations have events with numbers, and transfers between wallets have days, both given out before they are
committed; so a mark moves only over what is older than the longest that a transaction may stay open (`LATEST`), and
what is younger is read again. To read something twice changes nothing: rules judge whole groups.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.foundation.ids import first_id, month_of
from gongji.ledger.frontier import Frontier, fresh_journals
from gongji.ledger.model import JournalKind
from gongji.oversight.alerts.rule import News

#: For so long what was numbered may still be on its way to be committed. A transaction that holds locks for an hour would
#: have stopped the desk long before.
LATEST: Final = timedelta(hours=1)

#: A transfer between wallets is answered by the next morning; its row changes until then.
_ANSWERED: Final = timedelta(days=3)

#: Months before the oldest of the news that rules look back into: the quarter and the week that it lies in.
_MONTHS_BACK: Final = 4

#: Events, and transfers, that one step reads.
AT_ONCE: Final = 5_000

#: The settlements that journals belong to, also a second payment's; and those that settlements take back.
_SETTLEMENTS: Final = """
SELECT s.id, s.reverses FROM unnest(CAST(:journals AS bigint[])) AS j(id)
  LEFT JOIN second_payment p ON p.bucket = (j.id & 1023)::smallint AND p.id = j.id
  JOIN settlement s ON s.bucket = (j.id & 1023)::smallint AND s.id = coalesce(p.settlement_id, j.id)
"""
_TAKEN_BACK: Final = """
SELECT s.id, s.reverses FROM unnest(CAST(:reversed AS bigint[])) AS r(id)
  JOIN settlement s ON s.bucket = (r.id & 1023)::smallint AND s.id = r.id
"""

_SHARED_UNDER: Final = """
SELECT DISTINCT t.authorisation_id FROM unnest(CAST(:journals AS bigint[])) AS j(id)
  JOIN transfer t ON t.journal_id = j.id WHERE t.authorisation_id IS NOT NULL
"""

_DEAD: Final = f"""
SELECT c.person_id FROM unnest(CAST(:journals AS bigint[])) AS j(id)
  JOIN journal b ON b.bucket = (j.id & 1023)::smallint AND b.id = j.id AND b.kind = '{JournalKind.CLOSING}'
  JOIN account_closing c ON c.bucket = (j.id & 1023)::smallint AND c.id = j.id AND c.kind = 'death'
"""

#: A claim's decision and what takes it back have the numbers of their journals.
_CLAIMED: Final = """
SELECT DISTINCT d.claim_id FROM unnest(CAST(:journals AS bigint[])) AS j(id)
  JOIN claim_decision d ON d.bucket = (j.id & 1023)::smallint AND d.id = j.id
"""

_EVENTS: Final = """
SELECT id, authorisation_id, at FROM authorisation_event WHERE id > :after ORDER BY id LIMIT :most
"""

_TRANSFERS: Final = "SELECT id FROM wallet_transfer WHERE day BETWEEN :since AND :until"

_MARK: Final = "SELECT number FROM alert_read WHERE stream = :stream"

_MOVE: Final = """
INSERT INTO alert_read (stream, number) VALUES (:stream, :number)
    ON CONFLICT (stream) DO UPDATE SET number = excluded.number
"""


def settled(connection: sa.Connection, past: Frontier) -> News:
    """What the blocks of a frontier bring."""
    journals = fresh_journals(connection, past)

    def ids(statement: str) -> list[int]:
        return list(connection.execute(sa.text(statement), {"journals": journals}).scalars())

    settlements = _originals(connection, journals)
    since = first_id(max(1, month_of(settlements[0]) - _MONTHS_BACK)) if settlements else 0
    return News(
        settlements=settlements,
        authorisations=ids(_SHARED_UNDER),
        dead=ids(_DEAD),
        claims=ids(_CLAIMED),
        since=since,
    )


def _originals(connection: sa.Connection, journals: list[int]) -> list[int]:
    """The settlements that journals belong to, of a reversal what it takes back, of an undone reversal what stands again."""
    found: set[int] = set()
    # Step by step: Citus takes no recursive query over several nodes.
    rows = connection.execute(sa.text(_SETTLEMENTS), {"journals": journals}).all()
    while rows:
        found |= {row.id for row in rows if row.reverses is None}
        back = {row.reverses for row in rows if row.reverses is not None}
        rows = connection.execute(sa.text(_TAKEN_BACK), {"reversed": list(back)}).all() if back else []
    return sorted(found)


def changed(connection: sa.Connection, at: datetime, after: int) -> tuple[News, int]:
    """Authorisations whose state changed, from events after a number on.

    Returns:
        The news, and the number of the last event that was read; `after` when there was none.
    """
    rows = connection.execute(sa.text(_EVENTS), {"after": after, "most": AT_ONCE}).all()
    if not rows:
        return News(), after
    old = [row.id for row in rows if row.at <= at - LATEST]
    # A younger event stops the mark, also before older ones: numbers and clocks need not agree.
    young = next((row.id for row in rows if row.at > at - LATEST), None)
    if old and young is not None:
        old = [number for number in old if number < young]
    if old:
        _move(connection, "authorisation_event", max(old))
    return News(authorisations=sorted({row.authorisation_id for row in rows})), rows[-1].id


def first_event(connection: sa.Connection) -> int:
    """After which event reading begins."""
    return _mark(connection, "authorisation_event")


def sent(connection: sa.Connection, at: datetime) -> News:
    """Transfers between wallets of the days that may have changed since they were read."""
    today = at.astimezone(CHINA).date()
    mark = _mark(connection, "wallet_transfer")
    since = date.fromordinal(mark) if mark else date.min
    found = connection.execute(sa.text(_TRANSFERS), {"since": since, "until": today}).scalars()
    news = News(transfers=sorted(found))
    _move(connection, "wallet_transfer", (today - _ANSWERED).toordinal())
    return news


def _mark(connection: sa.Connection, stream: str) -> int:
    found: Any = connection.execute(sa.text(_MARK), {"stream": stream}).scalar_one_or_none()
    return int(found or 0)


def _move(connection: sa.Connection, stream: str, number: int) -> None:
    connection.execute(sa.text(_MOVE), {"stream": stream, "number": number})
