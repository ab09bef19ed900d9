"""Writing what a batch decided: a handful of set-based statements, the ledger's posting among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from gongji.ledger import store as ledger
from gongji.ledger.service import Block, account_missing
from gongji.settlement.books import Books, usage_periods
from gongji.settlement.decide import Decision
from gongji.settlement.model import Command, Reverse, SettlePurchase, SettleVisit
from gongji.settlement.rows import NAMES, SETTLEMENT_COLUMNS, line_row, settlement_row

_ARRAYS = ", ".join(f"%({name})b::{kind}[]" for name, kind in SETTLEMENT_COLUMNS)
_VALUES = ", ".join(f"s.{name}::json" if name in ("explanation", "counters") else f"s.{name}" for name in NAMES)

#: The settlements, and their mark on the lines: settled lines carry the settlement, a reversal sets them free again.
WRITE_SETTLEMENTS = f"""
WITH marked AS (
    UPDATE fee_line f SET settlement_id = m.after
      FROM unnest(%(m_visit)b::bigint[], %(m_batch)b::text[], %(m_before)b::bigint[], %(m_after)b::bigint[])
           AS m(visit_id, batch, before, after)
     WHERE f.bucket = (m.visit_id & 1023)::smallint AND f.visit_id = m.visit_id
       AND (m.batch IS NULL OR f.batch = m.batch) AND f.settlement_id IS NOT DISTINCT FROM m.before
)
INSERT INTO settlement (bucket, {", ".join(NAMES)})
SELECT (s.id & 1023)::smallint, {_VALUES} FROM unnest({_ARRAYS}) AS s({", ".join(NAMES)})
"""

WRITE_PURCHASES = """
WITH bought AS (
    INSERT INTO visit (bucket, id, person_id, institution_id, msgid, request_digest, number, scheme, med_type, began_at, details)
    SELECT (v.id & 1023)::smallint, v.id, v.person_id, v.institution_id, v.msgid, v.request_digest, v.msgid, v.scheme,
           v.med_type, v.began_at, '{}'
      FROM unnest(%(v_id)b::bigint[], %(v_person)b::bigint[], %(v_institution)b::integer[], %(v_msgid)b::text[],
                  %(v_digest)b::bytea[], %(v_scheme)b::text[], %(v_med_type)b::text[], %(v_began)b::timestamptz[])
           AS v(id, person_id, institution_id, msgid, request_digest, scheme, med_type, began_at)
)
INSERT INTO fee_line (bucket, visit_id, sn, batch, item_code, own_code, occurred_at, count, price, total, self_paid,
                      over_limit, first_self_pay, in_scope, item, settlement_id)
SELECT l.bucket, l.visit_id, l.sn, l.batch, l.item_code, l.own_code, l.occurred_at, l.count, l.price, l.total,
       l.self_paid, l.over_limit, l.first_self_pay, l.in_scope, l.item::jsonb, l.settlement_id
  FROM unnest(%(l_0)b::smallint[], %(l_1)b::bigint[], %(l_2)b::text[], %(l_3)b::text[], %(l_4)b::text[],
              %(l_5)b::text[], %(l_6)b::timestamptz[], %(l_7)b::bigint[], %(l_8)b::bigint[], %(l_9)b::bigint[],
              %(l_10)b::bigint[], %(l_11)b::bigint[], %(l_12)b::bigint[], %(l_13)b::bigint[], %(l_14)b::text[],
              %(l_15)b::bigint[])
       AS l(bucket, visit_id, sn, batch, item_code, own_code, occurred_at, count, price, total, self_paid, over_limit,
            first_self_pay, in_scope, item, settlement_id)
"""

#: Absolute values: they were read under the patient's lock, so nobody else has moved them since.
WRITE_COUNTERS = """
WITH counted AS (
    INSERT INTO benefit_counter (bucket, person_id, counter, period, value, cap)
    SELECT (c.person_id & 1023)::smallint, c.person_id, c.counter, c.period, c.value, c.cap
      FROM unnest(%(c_person)b::bigint[], %(c_counter)b::text[], %(c_period)b::text[], %(c_value)b::bigint[],
                  %(c_cap)b::bigint[]) AS c(person_id, counter, period, value, cap)
        ON CONFLICT (bucket, person_id, counter, period) DO UPDATE SET value = excluded.value, cap = excluded.cap
)
INSERT INTO authorisation_usage (bucket, authorisation_id, period, used, last_used_at)
SELECT (u.authorisation_id & 1023)::smallint, u.authorisation_id, u.period, u.used, u.at
  FROM unnest(%(u_id)b::bigint[], %(u_period)b::text[], %(u_used)b::bigint[], %(u_at)b::timestamptz[])
       AS u(authorisation_id, period, used, at)
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


def _settlement_parameters(entries: Sequence[Entry]) -> dict[str, object]:
    rows = [settlement_row(entry.decision, entry.command.key.digest) for entry in entries]
    parameters: dict[str, object] = dict(zip(NAMES, map(list, zip(*rows, strict=True)), strict=True))
    marks: list[tuple[int, str | None, int | None, int | None]] = []
    for entry in entries:
        answer = entry.decision.settlement
        if isinstance(entry.command, SettleVisit):
            marks += [(answer.visit_id, batch, None, answer.id) for batch in entry.decision.batches]
        elif isinstance(entry.command, Reverse):
            marks.append((answer.visit_id, None, entry.command.settlement_id, None))
    for position, name in enumerate(("m_visit", "m_batch", "m_before", "m_after")):
        parameters[name] = [mark[position] for mark in marks]
    return parameters


def _purchase_parameters(entries: Sequence[Entry]) -> dict[str, object]:
    lines = []
    visits = []
    for entry in entries:
        command, answer = entry.command, entry.decision.settlement
        assert isinstance(command, SettlePurchase)
        key = command.key
        bought = (answer.visit_id, answer.person_id, key.institution_id, key.msgid, key.digest)
        visits.append((*bought, str(command.scheme), answer.med_type, command.began_at))
        lines += [line_row(answer.visit_id, kept, answer.id) for kept in answer.lines]
    names = ("v_id", "v_person", "v_institution", "v_msgid", "v_digest", "v_scheme", "v_med_type", "v_began")
    parameters: dict[str, object] = dict(zip(names, map(list, zip(*visits, strict=True)), strict=True))
    parameters |= {f"l_{position}": list(column) for position, column in enumerate(zip(*lines, strict=True))}
    return parameters


def _counter_parameters(entries: Sequence[Entry], books: Books) -> dict[str, list[object]]:
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
    return {
        "c_person": [person for person, _, _ in places],
        "c_counter": [counter for _, counter, _ in places],
        "c_period": [period for _, _, period in places],
        "c_value": [books.counters[place].value for place in places],
        "c_cap": [books.counters[place].cap for place in places],
        "u_id": [authorisation_id for authorisation_id, _ in usages],
        "u_period": [period for _, period in usages],
        "u_used": [books.usage[usage] for usage in usages],
        "u_at": list(usages.values()),
    }
