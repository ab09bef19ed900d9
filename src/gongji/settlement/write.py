"""Writing what a batch decided: a handful of set-based statements, the ledger's posting among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

from gongji.foundation.arrays import Column, columns
from gongji.ledger import store as ledger
from gongji.ledger.service import Block, account_missing
from gongji.settlement.books import Books, usage_periods
from gongji.settlement.decide import Decision
from gongji.settlement.model import Command, Reverse, SettlePurchase, SettleVisit
from gongji.settlement.rows import LINE_COLUMNS, NAMES, SETTLEMENT_COLUMNS, line_row, settlement_row


def _unnest(types: Sequence[tuple[str, str]]) -> str:
    """The columns as a set of rows."""
    return f"unnest({', '.join(f'%({name})b::{kind}[]' for name, kind in types)})"


_MARKS: Final = (("m_visit", "bigint"), ("m_batch", "text"), ("m_before", "bigint"), ("m_after", "bigint"))
_VISITS: Final = (
    ("v_id", "bigint"),
    ("v_person", "bigint"),
    ("v_institution", "integer"),
    ("v_infno", "text"),
    ("v_msgid", "text"),
    ("v_digest", "bytea"),
    ("v_scheme", "text"),
    ("v_med_type", "text"),
    ("v_began", "timestamptz"),
)
_LINES: Final = tuple((f"l_{name}", kind) for name, kind in LINE_COLUMNS)
_COUNTERS: Final = (
    ("c_person", "bigint"),
    ("c_counter", "text"),
    ("c_period", "text"),
    ("c_value", "bigint"),
    ("c_cap", "bigint"),
)
_USAGES: Final = (("u_id", "bigint"), ("u_period", "text"), ("u_used", "bigint"), ("u_at", "timestamptz"))
_LINE_NAMES: Final = ", ".join(name for name, _ in LINE_COLUMNS)
_VALUES = ", ".join(f"s.{name}::json" if name in ("explanation", "counters") else f"s.{name}" for name in NAMES)

#: The settlements, and their mark on the lines: settled lines carry the settlement, a reversal sets them free again.
WRITE_SETTLEMENTS = f"""
WITH marked AS (
    UPDATE fee_line f SET settlement_id = m.after
      FROM {_unnest(_MARKS)} AS m(visit_id, batch, before, after)
     WHERE f.bucket = (m.visit_id & 1023)::smallint AND f.visit_id = m.visit_id
       AND (m.batch IS NULL OR f.batch = m.batch) AND f.settlement_id IS NOT DISTINCT FROM m.before
)
INSERT INTO settlement (bucket, {", ".join(NAMES)})
SELECT (s.id & 1023)::smallint, {_VALUES} FROM {_unnest(SETTLEMENT_COLUMNS)} AS s({", ".join(NAMES)})
"""

WRITE_PURCHASES = f"""
WITH bought AS (
    INSERT INTO visit (bucket, id, person_id, institution_id, infno, msgid, request_digest, number, scheme, med_type,
                       began_at, details)
    SELECT (v.id & 1023)::smallint, v.id, v.person_id, v.institution_id, v.infno, v.msgid, v.request_digest, v.msgid,
           v.scheme, v.med_type, v.began_at, '{{}}'
      FROM {_unnest(_VISITS)}
           AS v(id, person_id, institution_id, infno, msgid, request_digest, scheme, med_type, began_at)
)
INSERT INTO fee_line ({_LINE_NAMES})
SELECT {", ".join("l.item::jsonb" if name == "item" else f"l.{name}" for name, _ in LINE_COLUMNS)}
  FROM {_unnest(_LINES)} AS l({_LINE_NAMES})
"""

#: Absolute values: they were read under the patient's lock, so nobody else has moved them since.
WRITE_COUNTERS = f"""
WITH counted AS (
    INSERT INTO benefit_counter (bucket, person_id, counter, period, value, cap)
    SELECT (c.person_id & 1023)::smallint, c.person_id, c.counter, c.period, c.value, c.cap
      FROM {_unnest(_COUNTERS)} AS c(person_id, counter, period, value, cap)
        ON CONFLICT (bucket, person_id, counter, period) DO UPDATE SET value = excluded.value, cap = excluded.cap
)
INSERT INTO authorisation_usage (bucket, authorisation_id, period, used, last_used_at)
SELECT (u.authorisation_id & 1023)::smallint, u.authorisation_id, u.period, u.used, u.at
  FROM {_unnest(_USAGES)} AS u(authorisation_id, period, used, at)
    ON CONFLICT (bucket, authorisation_id, period) DO UPDATE SET used = excluded.used,
       last_used_at = greatest(authorisation_usage.last_used_at, excluded.last_used_at)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A command and what was decided on it, to be written."""

    command: Command
    decision: Decision


def write(connection: psycopg.Connection[Any], entries: Sequence[Entry], books: Books, block: Block) -> None:
    """Write decisions and commit, in one round trip.

    Args:
        connection: the connection in whose transaction the books were loaded.
        entries: what was decided, in order.
        books: the books after the decisions.
        block: the ledger's block with their journals.

    Raises:
        InvalidInput: ``account.unknown`` when an account is gone that the books had (nothing is written then).
    """
    with connection.pipeline():
        purchases = [entry for entry in entries if isinstance(entry.command, SettlePurchase)]
        if purchases:
            connection.execute(WRITE_PURCHASES, _purchase_parameters(purchases))
        connection.execute(WRITE_SETTLEMENTS, _settlement_parameters(entries))
        posted = connection.execute(ledger.POST, block.parameters)
        counters = _counter_parameters(entries, books)
        if counters["c_person"] or counters["u_id"]:
            connection.execute(WRITE_COUNTERS, counters)
    row = posted.fetchone()
    if row is None or row[0] != block.accounts:
        raise account_missing()


def _settlement_parameters(entries: Sequence[Entry]) -> dict[str, Column]:
    marks: list[tuple[int, str | None, int | None, int | None]] = []
    for entry in entries:
        answer = entry.decision.settlement
        if isinstance(entry.command, SettleVisit):
            marks += [(answer.visit_id, batch, None, answer.id) for batch in entry.decision.batches]
        elif isinstance(entry.command, Reverse):
            marks.append((answer.visit_id, None, entry.command.settlement_id, None))
    rows = [settlement_row(entry.decision, entry.command.key.digest) for entry in entries]
    return columns(SETTLEMENT_COLUMNS, rows) | columns(_MARKS, marks)


def _purchase_parameters(entries: Sequence[Entry]) -> dict[str, Column]:
    lines: list[tuple[Any, ...]] = []
    visits: list[tuple[Any, ...]] = []
    for entry in entries:
        command, answer = entry.command, entry.decision.settlement
        assert isinstance(command, SettlePurchase)
        key = command.key
        bought = (answer.visit_id, answer.person_id, key.institution_id, key.infno, key.msgid, key.digest)
        visits.append((*bought, command.scheme, answer.med_type, command.began_at))
        lines += [line_row(answer.visit_id, kept, answer.id) for kept in answer.lines]
    return columns(_VISITS, visits) | columns(_LINES, lines)


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
    counters = [(*place, books.counters[place].value, books.counters[place].cap) for place in places]
    used = [(*usage, books.usage[usage], at) for usage, at in usages.items()]
    return columns(_COUNTERS, counters) | columns(_USAGES, used)
