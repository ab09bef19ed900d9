"""Settlements and fee lines as rows: one order of columns for writing and reading back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from gongji.benefit.model import CounterMove
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import bucket_of
from gongji.rules.model import Scheme, Status
from gongji.settlement.decide import Decision
from gongji.settlement.model import Explanation, FeeLine, Settlement

#: Column and PostgreSQL type, in the order in which rows are written and read.
SETTLEMENT_COLUMNS: Final = (
    ("id", "bigint"),
    ("kind", "text"),
    ("reverses", "bigint"),
    ("visit_id", "bigint"),
    ("person_id", "bigint"),
    ("institution_id", "integer"),
    ("infno", "text"),
    ("msgid", "text"),
    ("region", "text"),
    ("scheme", "text"),
    ("status", "text"),
    ("psn_type", "text"),
    ("civil_servant", "boolean"),
    ("med_type", "text"),
    ("certificate_kind", "text"),
    ("settled_at", "timestamptz"),
    ("total", "bigint"),
    ("self_paid", "bigint"),
    ("over_limit", "bigint"),
    ("first_self_pay", "bigint"),
    ("in_scope", "bigint"),
    ("deductible", "bigint"),
    ("ratio", "integer"),
    ("fund_pool", "bigint"),
    ("fund_large", "bigint"),
    ("own", "bigint"),
    ("shared", "bigint"),
    ("wallet", "bigint"),
    ("cash", "bigint"),
    ("balance_after", "bigint"),
    ("pack_digest", "text"),
    ("explanation", "text"),
    ("counters", "text"),
    ("request_digest", "bytea"),
)
NAMES: Final = tuple(name for name, _ in SETTLEMENT_COLUMNS)
_PLAIN: Final = NAMES[:31]

#: The same for fee lines.
LINE_COLUMNS: Final = (
    ("bucket", "smallint"),
    ("visit_id", "bigint"),
    ("sn", "text"),
    ("batch", "text"),
    ("item_code", "text"),
    ("own_code", "text"),
    ("occurred_at", "timestamptz"),
    ("count", "bigint"),
    ("price", "bigint"),
    ("total", "bigint"),
    ("self_paid", "bigint"),
    ("over_limit", "bigint"),
    ("first_self_pay", "bigint"),
    ("in_scope", "bigint"),
    ("item", "text"),
    ("settlement_id", "bigint"),
)

_encoder = msgspec.json.Encoder()
_explanation = msgspec.json.Decoder(Explanation)
_moves = msgspec.json.Decoder(tuple[CounterMove, ...])


def settlement_row(decision: Decision, digest: bytes) -> tuple[Any, ...]:
    """The values of `SETTLEMENT_COLUMNS` for a decision; `digest` is that of the request."""
    answer = decision.settlement
    plain = tuple(getattr(answer, name) for name in _PLAIN)
    return (*plain, _encoder.encode(answer.explanation).decode(), _encoder.encode(decision.counters).decode(), digest)


def settlement_from(row: Sequence[Any]) -> tuple[Settlement, tuple[CounterMove, ...], bytes]:
    """A settlement read back, how it moved the counters, and the digest of its request."""
    values = dict(zip(_PLAIN, row[:31], strict=True))
    values["scheme"] = Scheme(values["scheme"])
    values["status"] = Status(values["status"])
    values["settled_at"] = values["settled_at"].astimezone(CHINA)
    explanation = _explanation.decode(row[31])
    return Settlement(**values, explanation=explanation), _moves.decode(row[32]), bytes(row[33])


def line_row(visit_id: int, kept: FeeLine, settlement_id: int | None) -> tuple[Any, ...]:
    """The values of `LINE_COLUMNS` for a fee line."""
    line = kept.line
    item = _encoder.encode(line.item).decode()
    return (
        bucket_of(visit_id),
        visit_id,
        line.sn,
        line.batch,
        line.item_code,
        line.own_code,
        line.occurred_at,
        line.count,
        line.price,
        line.total,
        kept.self_paid,
        kept.over_limit,
        kept.first_self_pay,
        kept.in_scope,
        item,
        settlement_id,
    )
