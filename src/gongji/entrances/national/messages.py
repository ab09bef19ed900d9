"""Nodes: each field table of the interface is written down once, as a class, and everything follows from it.

A node class is both the table (field, Chinese name, type, whether the interface demands it, whether we do) and the
typed message: the same columns read a request into it, check it, and write an answer from it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Generic, TypeVar, cast, dataclass_transform

from msgspec import Raw, Struct, defstruct

from gongji.entrances.national.deviations import note
from gongji.entrances.national.fields import Kind, is_empty, unreadable
from gongji.entrances.national.node_code import Reading, Writing, reading, writing
from gongji.foundation.errors import InvalidInput

Node = TypeVar("Node")

#: Most rows that a list node may have: a year of daily lines, and far more than 1 MB holds of real ones.
MOST_ROWS: Final = 5000


@dataclass(frozen=True, slots=True)
class Column:
    """One row of a field table.

    Attributes:
        name: the field as it stands on the wire.
        label: its Chinese name.
        kind: its type.
        official: whether the interface's text demands it (a request) or promises it (an answer).
        needed: whether we do: in a request only what a settlement truly needs, since real systems leave out much.
        note: what else to know.
    """

    name: str
    label: str
    kind: Kind
    official: bool
    needed: bool
    note: str


def needed(kind: Kind, label: str, note: str = "") -> Any:
    """A field that both the interface and we demand (in an answer: that is always there)."""
    return Column("", label, kind, True, True, note)


def asked(kind: Kind, label: str, note: str = "") -> Any:
    """A field that the interface demands and we do without (in an answer: that may be null in spite of the text)."""
    return Column("", label, kind, True, False, note)


def free(kind: Kind, label: str, note: str = "") -> Any:
    """A field that nobody demands."""
    return Column("", label, kind, False, False, note)


@dataclass(frozen=True)
class NodeTable(Generic[Node]):
    """A node of a message.

    Attributes:
        name: the node as it stands on the wire (``feedetail``).
        title: the table's number and name in the interface's text.
        many: whether it is a list of rows.
        columns: its fields.
        make: the class of its rows.
    """

    name: str
    title: str
    many: bool
    columns: tuple[Column, ...]
    make: Callable[..., Node]

    @cached_property
    def _reading(self) -> Reading:
        return reading(self.columns, self.make, _careful)

    @cached_property
    def _writing(self) -> Writing:
        return writing(self.columns)

    def read(self, row: object, path: str) -> Node:
        """A row as a typed message.

        Raises:
            InvalidInput: ``field.missing``, ``field.invalid``, ``amount.…``, naming the field's path.
        """
        if not isinstance(row, Mapping):
            raise unreadable(path, "应为 JSON 对象", "is not an object", "a JSON object")
        return cast(Node, self._reading(row, f"{path}." if path else ""))

    def write(self, row: Node) -> dict[str, object]:
        """A row as JSON values."""
        return self._writing(row)


def _careful(column: Column, value: object, prefix: str) -> object:
    """A value that is not what usually comes: a word for nothing, nothing where something is needed, or another form."""
    path = prefix + column.name
    if not is_empty(value):
        return column.kind.read(value, path)
    if column.needed:
        raise _missing(path, column)
    note("null_word", path, value)
    return column.kind.blank


def _missing(path: str, column: Column) -> InvalidInput:
    return InvalidInput(
        "field.missing",
        f"{path} is missing",
        f"{path}（{column.label}）不能为空",
        field=path,
        accepted=column.kind.label,
    )


_TABLES: dict[type[Any], NodeTable[Any]] = {}


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(needed, asked, free))
def node(name: str, title: str, *, many: bool = False) -> Callable[[type[Node]], type[Node]]:
    """Make a class the field table of a node.

    Args:
        name: the node on the wire.
        title: the table's number and name in the interface's text.
        many: whether the node is a list of rows.
    """

    def declare(cls: type[Node]) -> type[Node]:
        inherited = next((_TABLES[base].columns for base in cls.__bases__ if base in _TABLES), ())
        own = tuple(dataclasses.replace(column, name=name) for name, column in _written_in(cls).items())
        bases = cls.__bases__ if inherited else (Struct,)
        # A settlement's message and its answer are some 170 fields: as a frozen dataclass each is set by a call of its own.
        made = cast(
            type[Node],
            defstruct(
                cls.__name__,
                [(column.name, Any) for column in own],
                bases=bases,
                module=cls.__module__,
                namespace={"__doc__": cls.__doc__},
                frozen=True,
                kw_only=True,
            ),
        )
        _TABLES[made] = NodeTable(name, title, many, inherited + own, made)
        return made

    return declare


def _written_in(cls: type[Any]) -> dict[str, Column]:
    """The columns that stand in a class's own body, by field. Of a class that continues another node's they have become the
    defaults of its fields."""
    if issubclass(cls, Struct):
        defaults = dict(zip(reversed(cls.__struct_fields__), reversed(cls.__struct_defaults__), strict=False))
        return {name: defaults[name] for name in cls.__annotations__}
    return {name: cls.__dict__[name] for name in cls.__annotations__}


def table_of(cls: type[Node]) -> NodeTable[Node]:
    """The field table that a node class is."""
    return cast(NodeTable[Node], _TABLES[cls])


def read_node(cls: type[Node], nodes: Mapping[str, object]) -> Node:
    """The one row of a node in a request's input (or an answer's output).

    Raises:
        InvalidInput: ``node.missing`` or what `NodeTable.read` refuses.
    """
    table = table_of(cls)
    return table.read(_node(table, nodes), f"input.{table.name}")


def read_rows(cls: type[Node], nodes: Mapping[str, object]) -> tuple[Node, ...]:
    """The rows of a list node; one object is taken as a list of one, as the centre of Hangzhou does.

    Raises:
        InvalidInput: ``node.missing``, ``node.too_long`` or what `NodeTable.read` refuses.
    """
    table = table_of(cls)
    rows = _node(table, nodes)
    path = f"input.{table.name}"
    if isinstance(rows, Mapping):
        note("one_object", path)
        return (table.read(rows, path),)
    if not isinstance(rows, list) or not rows:
        raise unreadable(path, "应为非空的列表", "is not a list of objects", "a list of JSON objects, at least one")
    if len(rows) > MOST_ROWS:
        raise InvalidInput(
            "node.too_long",
            f"{path} has {len(rows)} rows",
            f"{path} 一次最多 {MOST_ROWS} 行，收到 {len(rows)} 行",
            field=path,
            accepted=f"at most {MOST_ROWS} rows",
        )
    return tuple(table.read(row, f"{path}[{number}]") for number, row in enumerate(rows))


def _node(table: NodeTable[Any], nodes: Mapping[str, object]) -> object:
    found = nodes.get(table.name)
    if is_empty(found):
        path = f"input.{table.name}"
        raise InvalidInput(
            "node.missing",
            f"{path} is missing",
            f"缺少节点 {path}（{table.title}）",
            field=path,
            accepted="a list of JSON objects" if table.many else "a JSON object",
        )
    return found


def write_node(row: object) -> dict[str, object]:
    """A row of an answer as JSON values, by its class's table."""
    return _TABLES[type(row)].write(row)


def as_texts(row: object) -> dict[str, str]:
    """The non-empty fields of a row as texts, as the sender might have written them: for what is only kept."""
    texts: dict[str, str] = {}
    for name, value in write_node(row).items():
        text = bytes(value).decode() if isinstance(value, Raw) else value
        if isinstance(text, str) and text:
            texts[name] = text
    return texts
