"""Columns of values for set-based statements, handed to PostgreSQL in its binary array format.

psycopg finds out anew for every list what its elements are and escapes every text. A column says what it is, so that a
batch of settlements spends its time on settling. Use with binary placeholders: ``%(ids)b``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import psycopg
from psycopg import pq
from psycopg.abc import Buffer
from psycopg.adapt import Dumper

_NULL: Final = struct.pack("!i", -1)

#: The lengths of short elements as they are written: looked up in half the time that packing takes.
_SIZES: Final = tuple(struct.pack("!i", size) for size in range(256))
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Column(list[Any]):
    """Values of one type; None stands for NULL."""

    element_oid: ClassVar[int]
    array_oid: ClassVar[int]
    #: Format and size of an element of fixed size; None for one that brings its length along.
    fixed: ClassVar[tuple[str, int] | None] = None

    @staticmethod
    def encode(value: Any) -> Any:
        """An element as a number of `fixed`'s format, or as bytes."""
        return value


class Integers(Column):
    """``bigint[]``"""

    element_oid, array_oid, fixed = 20, 1016, ("q", 8)


class SmallIntegers(Column):
    """``smallint[]``"""

    element_oid, array_oid, fixed = 21, 1005, ("h", 2)


class Numbers(Column):
    """``integer[]``"""

    element_oid, array_oid, fixed = 23, 1007, ("i", 4)


class Booleans(Column):
    """``boolean[]``"""

    element_oid, array_oid, fixed = 16, 1000, ("?", 1)


class Moments(Column):
    """``timestamptz[]``, of aware datetimes"""

    element_oid, array_oid, fixed = 1184, 1185, ("q", 8)

    @staticmethod
    def encode(value: datetime) -> int:
        """Microseconds since 2000-01-01 UTC."""
        since = value - _EPOCH
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class Texts(Column):
    """``text[]``"""

    element_oid, array_oid = 25, 1009

    @staticmethod
    def encode(value: str) -> bytes:
        """UTF-8."""
        return value.encode()


class Blobs(Column):
    """``bytea[]``"""

    element_oid, array_oid = 17, 1001


#: The column for each type that statements name.
COLUMNS: Final[dict[str, type[Column]]] = {
    "bigint": Integers,
    "smallint": SmallIntegers,
    "integer": Numbers,
    "boolean": Booleans,
    "timestamptz": Moments,
    "text": Texts,
    "bytea": Blobs,
}


def unnest(types: Iterable[tuple[str, str]]) -> str:
    """The SQL that makes such columns a set of rows; `types` as for `columns`."""
    return f"unnest({', '.join(f'%({name})b::{kind}[]' for name, kind in types)})"


def columns(types: Iterable[tuple[str, str]], rows: Iterable[tuple[Any, ...]]) -> dict[str, Column]:
    """Rows as columns by name.

    Args:
        types: (name, PostgreSQL type) of each value of a row, in order.
        rows: the rows.
    """
    named = list(types)
    turned = list(zip(*rows, strict=True)) or [()] * len(named)
    return {name: COLUMNS[kind](values) for (name, kind), values in zip(named, turned, strict=True)}


class _ColumnDumper(Dumper):
    """Writes a column for psycopg's cursors."""

    format = pq.Format.BINARY

    def __init__(self, cls: type[Column], context: Any = None) -> None:
        super().__init__(cls, context)
        self.oid = cls.array_oid

    def dump(self, obj: Column) -> Buffer:
        """The array's bytes."""
        return binary(obj)


def binary(column: Column) -> bytes:
    """A column in PostgreSQL's binary array format (array_recv): header, then length and bytes of each element."""
    count = len(column)
    if not count:
        return struct.pack("!iiI", 0, 0, column.element_oid)
    encode = column.encode
    if column.fixed is None or None in column:
        body, nulls = _one_by_one(column)
    else:
        element, size = column.fixed
        flat: list[int] = [size] * (2 * count)
        flat[1::2] = column if encode is Column.encode else [encode(value) for value in column]
        body, nulls = struct.pack("!" + f"i{element}" * count, *flat), False
    return struct.pack("!iiIii", 1, nulls, column.element_oid, count, 1) + body


def _one_by_one(column: Column) -> tuple[bytes, bool]:
    encode, fixed = column.encode, column.fixed
    pack = struct.Struct("!" + fixed[0]).pack if fixed else None
    parts: list[bytes] = []
    for value in column:
        if value is None:
            parts.append(_NULL)
            continue
        raw = pack(encode(value)) if pack else encode(value)
        size = len(raw)
        parts.append(_SIZES[size] if size < len(_SIZES) else struct.pack("!i", size))
        parts.append(raw)
    return b"".join(parts), None in column


for _column in COLUMNS.values():
    _dumper = type(f"{_column.__name__}Dumper", (_ColumnDumper,), {"oid": _column.array_oid})
    psycopg.adapters.register_dumper(_column, _dumper)
