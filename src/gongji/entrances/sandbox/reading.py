"""A message beside its field tables: what each field is, what was sent in it, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

from gongji.entrances.national.fields import is_empty
from gongji.entrances.national.messages import Column, NodeTable, table_of
from gongji.entrances.national.transaction import Envelope
from gongji.entrances.national.transactions import TRANSACTIONS
from gongji.entrances.sandbox.record import Message
from gongji.foundation.errors import GongjiError

#: Rows of a list node that are shown; a bill of a thousand lines would not help anybody.
ROWS_SHOWN: Final = 20

_LONGEST_VALUE: Final = 300


class State(StrEnum):
    """How a field stands."""

    FINE = "fine"
    EMPTY = "empty"
    WARNED = "warned"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of a message.

    Attributes:
        column: its row of the field table.
        sent: its value as JSON text, "" where nothing was sent.
        state: how it stands.
        problem: what is wrong with the value, where something is.
    """

    column: Column
    sent: str
    state: State
    problem: GongjiError | None = None


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One row of a node: its fields, and the keys that its table does not know."""

    fields: tuple[FieldRow, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeView:
    """One node of a message.

    Attributes:
        table: its field table.
        rows: what was sent; empty when the node is missing.
        more: rows that are not shown.
        missing: whether the node is not there.
    """

    table: NodeTable[Any]
    rows: tuple[NodeRow, ...]
    more: int = 0

    @property
    def missing(self) -> bool:
        """Whether nothing was sent of it."""
        return not self.rows

    def problems(self) -> Iterator[tuple[int, FieldRow]]:
        """Fields that are wrong or warned of, each with its row's position."""
        for position, row in enumerate(self.rows):
            for each in row.fields:
                if each.state in (State.WARNED, State.WRONG):
                    yield position, each


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole message.

    Attributes:
        title: the transaction's name; "" when it is not known.
        head: the envelope.
        inputs, outputs: the nodes of the request and of the answer.
    """

    title: str
    head: NodeView
    inputs: tuple[NodeView, ...]
    outputs: tuple[NodeView, ...]


def read_message(message: Message) -> Reading:
    """A message beside the field tables of its transaction."""
    head = _view(table_of(Envelope), [message.request.decoded], answer=False)
    transaction = TRANSACTIONS.get(message.request.text("infno"))
    if transaction is None:
        return Reading("", head, (), ())
    inputs = tuple(_node(table_of(each), message.request.input, answer=False) for each in transaction.inputs)
    outputs = tuple(_node(table_of(each), message.output, answer=True) for each in transaction.outputs)
    return Reading(transaction.title, head, inputs, outputs if message.output else ())


def _node(table: NodeTable[Any], nodes: Mapping[str, Any], *, answer: bool) -> NodeView:
    found = nodes.get(table.name)
    rows = found if isinstance(found, list) else [found] if isinstance(found, Mapping) else []
    return _view(table, rows, answer=answer)


def _view(table: NodeTable[Any], rows: Sequence[object], *, answer: bool) -> NodeView:
    shown = tuple(_row(table, row if isinstance(row, Mapping) else {}, answer=answer) for row in rows[:ROWS_SHOWN])
    return NodeView(table, shown, max(0, len(rows) - ROWS_SHOWN))


def _row(table: NodeTable[Any], row: Mapping[str, Any], *, answer: bool) -> NodeRow:
    known = {column.name for column in table.columns}
    fields = tuple(_field(column, row, answer=answer) for column in table.columns)
    return NodeRow(fields, tuple(str(name) for name in row if name not in known))


def _field(column: Column, row: Mapping[str, Any], *, answer: bool) -> FieldRow:
    value = row.get(column.name)
    if is_empty(value):
        state = State.EMPTY
        if not answer and column.needed:
            state = State.WRONG
        elif not answer and column.official:
            state = State.WARNED
        return FieldRow(column, "" if value is None else _text(value), state)
    if answer:
        return FieldRow(column, _text(value), State.FINE)
    try:
        column.kind.read(value, column.name)
    except GongjiError as problem:
        return FieldRow(column, _text(value), State.WRONG, problem)
    return FieldRow(column, _text(value), State.FINE)


def _text(value: object) -> str:
    """A value as it stands in the message, cut where it is long."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"


def pretty(body: bytes) -> str:
    """A body to be read and copied: JSON indented, anything else as it is."""
    try:
        return msgspec.json.format(body, indent=2).decode()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return body.decode("utf-8", "replace")
