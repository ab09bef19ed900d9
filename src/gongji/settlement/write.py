"""Writing what a batch decided: a handful of set-based statements, the ledger's posting among them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import psycopg

from gongji.foundation.arrays import Column, columns, unnest
from gongji.foundation.prepared import Asked, run_together
from gongji.foundation.together import Together
from gongji.ledger import store as ledger
from gongji.ledger.pot_store import moving
from gongji.ledger.service import Block, account_missing
from gongji.settlement import stay_store
from gongji.settlement.books import Books, usage_periods
from gongji.settlement.citations import Citations
from gongji.settlement.decide import Decision
from gongji.settlement.holds import store as holds
from gongji.settlement.holds.model import HoldDecision
from gongji.settlement.load import Loaded
from gongji.settlement.model import Command, SettleVisit, Undo
from gongji.settlement.rows import DOCUMENTS, NAMES, SETTLEMENT_COLUMNS, cited_by, settlement_row

_MARKS: Final = (("m_visit", "bigint"), ("m_batch", "text"), ("m_before", "bigint"), ("m_after", "bigint"))
_MESSAGES: Final = (
    ("k_institution", "integer"),
    ("k_infno", "text"),
    ("k_msgid", "text"),
    ("k_digest", "bytea"),
    ("k_outcome", "bigint"),
)
#: Of counters and of the use of authorisations, as they are written.
COUNTER_COLUMNS: Final = (
    ("c_person", "bigint"),
    ("c_counter", "text"),
    ("c_period", "text"),
    ("c_value", "bigint"),
    ("c_cap", "bigint"),
)
USAGE_COLUMNS: Final = (("u_id", "bigint"), ("u_period", "text"), ("u_used", "bigint"), ("u_at", "timestamptz"))
_VALUES = ", ".join(f"s.{name}::json" if name in DOCUMENTS else f"s.{name}" for name in NAMES)

_TOLD = f"""
INSERT INTO message (institution_id, infno, msgid, request_digest, outcome_id)
SELECT * FROM {unnest(_MESSAGES)}
"""
_MARKED = f"""
UPDATE fee_line f SET settlement_id = m.after
  FROM {unnest(_MARKS)} AS m(visit_id, batch, before, after)
 WHERE f.bucket = (m.visit_id & 1023)::smallint AND f.visit_id = m.visit_id
   AND (m.batch IS NULL OR f.batch = m.batch) AND f.settlement_id IS NOT DISTINCT FROM m.before
"""
_SETTLED = f"""
INSERT INTO settlement (bucket, {", ".join(NAMES)})
SELECT (s.id & 1023)::smallint, {_VALUES} FROM {unnest(SETTLEMENT_COLUMNS)} AS s({", ".join(NAMES)})
"""

#: Purchases only; the rest is in `WRITE_ALL`.
WRITE_PURCHASES = Together({"told": _TOLD, "settled": _SETTLED})

#: The same, and settled lines of a visit carry the settlement; a reversal sets them free again.
WRITE_ALL = Together({"told": _TOLD, "marked": _MARKED, "settled": _SETTLED}, needs={"marked": "m_visit"})

#: Absolute values: they were read under the patient's lock, so nobody else has moved them since.
WRITE_COUNTERS = Together(
    {
        "counted": f"""
INSERT INTO benefit_counter (bucket, person_id, counter, period, value, cap)
SELECT (c.person_id & 1023)::smallint, c.person_id, c.counter, c.period, c.value, c.cap
  FROM {unnest(COUNTER_COLUMNS)} AS c(person_id, counter, period, value, cap)
    ON CONFLICT (bucket, person_id, counter, period) DO UPDATE SET value = excluded.value, cap = excluded.cap
""",
        "used": f"""
INSERT INTO authorisation_usage (bucket, authorisation_id, period, used, last_used_at)
SELECT (u.authorisation_id & 1023)::smallint, u.authorisation_id, u.period, u.used, u.at
  FROM {unnest(USAGE_COLUMNS)} AS u(authorisation_id, period, used, at)
    ON CONFLICT (bucket, authorisation_id, period) DO UPDATE SET used = excluded.used,
       last_used_at = greatest(authorisation_usage.last_used_at, excluded.last_used_at)
""",
    },
    needs={"counted": "c_person"},
)


class Entry(msgspec.Struct, frozen=True):
    """A command and what was decided on it, to be written."""

    command: Command
    decision: Decision


def write(
    connection: psycopg.Connection[Any],
    entries: Sequence[Entry],
    held: Sequence[HoldDecision],
    loaded: Loaded,
    block: Block,
    citations: Citations,
    at: datetime,
    *,
    spread: bool = False,
) -> None:
    """Write decisions, in one round trip.

    Args:
        connection: the connection in whose transaction the books were loaded.
        entries: what was decided on settlements and reversals, in order.
        held: what was decided on holds, in order.
        loaded: the books after the decisions.
        block: the ledger's block with their journals.
        citations: the numbers of the clauses that the decisions rest on.
        at: the moment of the decisions.
        spread: whether the tables lie on several nodes.

    Raises:
        InvalidInput: ``account.unknown`` when an account is gone that the books had (nothing is written then).
    """
    asked: list[Asked] = []
    if entries:
        marks = _marks(entries)
        writes = WRITE_ALL if marks["m_visit"] else WRITE_PURCHASES
        asked += writes.asked(_settlement_parameters(entries, citations) | marks, spread=spread)
    if held:
        asked.append((ledger.OPEN_ACCOUNTS, {"accounts": holds.held_accounts(held, loaded.holds)}))
    asked += ledger.POST.asked(block.parameters, spread=spread)
    posted = len(asked) - 1
    if held:
        asked += holds.WRITE_HOLDS.asked(holds.write_parameters(held, loaded.holds), spread=spread)
        asked.append((holds.WRITE_USAGE, holds.usage_parameters(held, loaded.books)))
    counters = _counter_parameters(entries, loaded.books)
    if counters["c_person"] or counters["u_id"]:
        asked += WRITE_COUNTERS.asked(counters, spread=spread)
    asked += moving(loaded.books.pots.moves, at, spread=spread)
    if states := _states(entries):
        asked.append((stay_store.WRITE_STATES, columns(stay_store.STATE_COLUMNS, states)))
    if run_together(connection, asked)[posted].rowcount != block.accounts:
        raise account_missing()


def _settlement_parameters(entries: Sequence[Entry], citations: Citations) -> dict[str, Column]:
    citations.number_all(clause for entry in entries for clause in cited_by(entry.decision.settlement.explanation))
    messages = []
    for entry in entries:
        key = entry.command.key
        messages.append((key.institution_id, key.infno, key.msgid, key.digest, entry.decision.settlement.id))
    rows = [settlement_row(entry.decision, citations) for entry in entries]
    return columns(SETTLEMENT_COLUMNS, rows) | columns(_MESSAGES, messages)


def _marks(entries: Sequence[Entry]) -> dict[str, Column]:
    marks: list[tuple[int, str | None, int | None, int | None]] = []
    for entry in entries:
        answer = entry.decision.settlement
        if isinstance(entry.command, SettleVisit):
            marks += [(answer.visit_id, batch, None, answer.id) for batch in entry.decision.batches]
        elif answer.kind == "reverse" and answer.visit_id != answer.reverses:
            marks.append((answer.visit_id, None, answer.reverses, None))
        elif isinstance(entry.command, Undo):
            marks += [(answer.visit_id, batch, None, entry.decision.stands) for batch in entry.decision.batches]
    return columns(_MARKS, marks)


def _states(entries: Sequence[Entry]) -> list[tuple[int, str, datetime]]:
    """The stays that go into another state, each with its last one."""
    states = {
        entry.decision.settlement.visit_id: stay_store.state_row(
            entry.decision.settlement.visit_id, entry.decision.admission, entry.decision.settlement.settled_at
        )
        for entry in entries
        if entry.decision.admission is not None
    }
    return list(states.values())


def _counter_parameters(entries: Sequence[Entry], books: Books) -> dict[str, Column]:
    """The counters and usages that moved, with the values they have now."""
    places: dict[tuple[int, str, str], None] = {}
    usages: dict[tuple[int, str], datetime] = {}
    for entry in entries:
        answer = entry.decision.settlement
        for move in entry.decision.counters:
            places[answer.person_id, move.counter, move.period] = None
        for authorisation_id in entry.decision.usage:
            for period in usage_periods(entry.decision.usage_at):
                usages[authorisation_id, period] = entry.decision.usage_at
        for authorisation_id, _, held_at in entry.decision.returned:
            for period in usage_periods(held_at):
                usages.setdefault((authorisation_id, period), held_at)
    counters = [(*place, books.counters[place].value, books.counters[place].cap) for place in places]
    used = [(*usage, books.usage[usage], at) for usage, at in usages.items()]
    return columns(COUNTER_COLUMNS, counters) | columns(USAGE_COLUMNS, used)
