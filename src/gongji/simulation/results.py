"""The rows that come back for a chunk: the file's own columns, then what was worked out."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gongji.simulation import flow
from gongji.simulation.chunk import Chunk
from gongji.simulation.columns import ACCOUNT_RESULTS, COUNTER_PREFIX, DIGEST, NOTE, RESULTS, ROW, Header
from gongji.simulation.plan import PLACES, Integers, Plan

#: What a claim's note says, by its verdict.
NOTES: Final = ("", "no_rule", "no_prescription", "waiting", "offsite_unknown")

_LARGEST_INT32: Final = 2**31 - 1


class ResultsMaker:
    """Makes the rows that come back, with the same columns for every chunk of a file."""

    def __init__(self, header: Header, schema: pa.Schema, plan: Plan, *, counters: bool, row: bool) -> None:
        """
        Args:
            header: the file's columns.
            schema: their types.
            plan: the rules.
            counters: whether to give the counters after each claim.
            row: whether to give each claim's line in the file.
        """
        self._header = header
        self._plan = plan
        self._counters = counters
        self._row = row
        total = schema.field(header.found["total"]).type
        small = pa.types.is_integer(total) and total.bit_width <= 32 and int(plan.rules.rows.max(initial=0)) < 2**30
        self._fen_type = pa.int32() if header.fen and small else pa.int64()
        self._as_float = pa.types.is_floating(total)

    def make(self, batch: pa.RecordBatch, lines: Integers, chunk: Chunk, out: flow.Out) -> pa.RecordBatch:
        """The rows of a chunk; those that are rejected are left out."""
        fields: list[pa.Field] = [batch.schema.field(place) for place in self._header.carried]
        arrays: list[pa.Array] = [batch.column(place) for place in self._header.carried]

        def add(name: str, array: pa.Array) -> None:
            fields.append(pa.field(name, array.type, nullable=name.startswith(_MAY_BE_EMPTY)))
            arrays.append(array)

        for name, values in self._amounts(chunk, out).items():
            add(self._header.shown(name), self._money(values))
        if self._counters:
            for place, counter in enumerate(self._plan.counters):
                add(COUNTER_PREFIX + counter, _column(out.counters[:, place], pa.int64()))
        add(NOTE, _words(chunk.verdict.clip(0, len(NOTES) - 1), NOTES))
        add(DIGEST, _words(chunk.claims.place // PLACES, self._plan.digests))
        if self._row:
            add(ROW, pa.array(lines))
        made = pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))
        kept = chunk.verdict <= flow.OFFSITE_UNKNOWN
        return made if kept.all() else made.filter(pa.array(kept))

    def _amounts(self, chunk: Chunk, out: flow.Out) -> dict[str, Integers]:
        patient = chunk.claims.total - out.pool - out.large
        values = (out.deductible, out.pool, out.large, patient, out.deductible_used, out.cap_used)
        amounts = dict(zip(RESULTS, values, strict=True))
        if self._header.accounts:
            amounts |= dict(zip(ACCOUNT_RESULTS, (out.own, out.shared, out.cash), strict=True))
        return amounts

    def _money(self, values: Integers) -> pa.Array:
        fen = _column(values, self._fen_type)
        if self._header.fen:
            return fen
        return pc.divide(fen.cast(pa.float64()), 100.0) if self._as_float else _yuan(fen)


#: Results that not every rule has.
_MAY_BE_EMPTY: Final = ("deductible_used", "cap_used", COUNTER_PREFIX)


def _column(values: Integers, kind: pa.DataType) -> pa.Array:
    """Integers as a column, `flow.NONE` as empty."""
    small = values.astype(kind.to_pandas_dtype())
    if len(values) and values.min() < 0:
        return pa.array(small, mask=values < 0)
    return pa.array(small)


def _words(numbers: Integers, words: Any) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(numbers), pa.array(list(words), pa.string()))


def _yuan(fen: pa.Array) -> pa.Array:
    """Fen as yuan with two decimals."""
    pairs = np.zeros((len(fen), 2), np.int64)
    # A decimal of 128 bits is its number of hundredths, the low half first.
    pairs[:, 0] = fen.fill_null(0).to_numpy(zero_copy_only=False)
    yuan = pa.Array.from_buffers(pa.decimal128(18, 2), len(fen), [None, pa.py_buffer(pairs)])
    return pc.if_else(fen.is_valid(), yuan, pa.scalar(None, yuan.type)) if fen.null_count else yuan
