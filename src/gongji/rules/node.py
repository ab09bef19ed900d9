"""A YAML file as nodes that know their line: every scalar is read as text, so no float ever reaches a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import yaml

from gongji.foundation.money import parse_yuan
from gongji.rules.problems import At, Problems, Unreadable

Choice = TypeVar("Choice", bound=StrEnum)

#: A node's content without places and comments: what a digest covers.
Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"

# libyaml's reader where PyYAML was built with it: the same nodes and places, several times faster.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Nine digits before the point: any amount times any ratio then fits a 64-bit integer of a compiled kernel.
_YUAN = re.compile(r"\d{1,9}\.\d{2}")
_PERCENT = re.compile(r"(\d{1,5})(?:\.(\d{1,2}))? ?%")

#: How much of a wrong value a message quotes.
_LONGEST_QUOTED = 60


@dataclass(frozen=True, slots=True)
class Leaf:
    """A number in a table: fen, or per ten thousand when `is_ratio`."""

    amount: int
    is_ratio: bool
    at: At


class Node:
    """One YAML node with its file, able to say what it holds or what is wrong with it."""

    __slots__ = ("_node", "at", "problems")

    def __init__(self, node: yaml.Node, file: str, problems: Problems, at: At | None = None) -> None:
        self._node = node
        self.at = at or At(file, node.start_mark.line + 1)
        self.problems = problems

    def _child(self, node: yaml.Node) -> Node:
        return Node(node, self.at.file, self.problems)

    def _wrong(self, accepted_en: str, accepted_zh: str) -> Unreadable:
        shown = _shortened(self._node.value) if isinstance(self._node, yaml.ScalarNode) else "a list or mapping"
        return self.problems.refuse(
            "pack.bad_value",
            self.at,
            f"'{shown}' cannot stand here; accepted: {accepted_en}",
            f"“{shown}”不能用在此处,应为{accepted_zh}",
        )

    @property
    def is_table(self) -> bool:
        """Whether the node is a mapping."""
        return isinstance(self._node, yaml.MappingNode)

    def table(self) -> dict[str, Node]:
        """The node as a mapping with free keys; a key given twice is a problem."""
        if not isinstance(self._node, yaml.MappingNode):
            raise self._wrong("a mapping of names to values", "“名称: 值”的映射")
        found: dict[str, Node] = {}
        for key, value in self._node.value:
            named = self._child(key)
            name = named.text()
            if name in found:
                self.problems.report("pack.duplicate_key", named.at, f"'{name}' is given twice", f"“{name}”重复出现")
            # A value that begins on the next line is looked for at its key.
            found[name] = Node(value, self.at.file, self.problems, named.at)
        return found

    def fields(self, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Node]:
        """The node as a mapping with a closed list of keys.

        Unknown keys are reported with the nearest known one; a missing required key leaves the entry.
        """
        found = self.table()
        known = (*required, *optional)
        for name in [name for name in found if name not in known]:
            self.problems.unknown("key", found.pop(name).at, name, known)
        for name in required:
            if name not in found:
                code = "pack.missing_source" if name == "source" else "pack.missing_key"
                raise self.problems.refuse(code, self.at, f"'{name}' is missing", f"缺少“{name}”")
        return found

    def items(self) -> list[Node]:
        """The node as a list."""
        if not isinstance(self._node, yaml.SequenceNode):
            raise self._wrong("a list", "列表")
        return [self._child(node) for node in self._node.value]

    def text(self) -> str:
        """The node as text that is not empty."""
        if not isinstance(self._node, yaml.ScalarNode) or not self._node.value.strip():
            raise self._wrong("a text", "文字")
        return str(self._node.value).strip()

    def day(self) -> date:
        """The node as a date."""
        try:
            return date.fromisoformat(self.text())
        except ValueError:
            raise self._wrong("a date such as 2024-01-01", "日期,如 2024-01-01") from None

    def whole(self) -> int:
        """The node as a whole number of at most nine digits."""
        text = self.text()
        if not re.fullmatch(r"\d{1,9}", text):
            raise self._wrong("a whole number", "整数")
        return int(text)

    def flag(self) -> bool:
        """The node as true or false."""
        text = self.text()
        if text not in ("true", "false"):
            raise self._wrong("true or false", "true 或 false")
        return text == "true"

    def choice(self, options: type[Choice]) -> Choice:
        """The node as a member of a closed list; anything else is reported with the nearest member."""
        text = self.text()
        names = [str(option) for option in options]
        if text not in names:
            raise self.problems.unknown("value", self.at, text, names, code="pack.bad_value")
        return options(text)

    def word(self, *options: str) -> str:
        """The node as one of a few words."""
        text = self.text()
        if text not in options:
            raise self.problems.unknown("value", self.at, text, options, code="pack.bad_value")
        return text

    def yuan(self) -> int:
        """The node as an amount in yuan with exactly two decimals, in fen."""
        return self._yuan(self.text())

    def _yuan(self, text: str) -> int:
        if not _YUAN.fullmatch(text):
            raise self._wrong(
                "yuan below a thousand million with two decimals such as 300.00", "十亿元以内、两位小数的金额,如 300.00"
            )
        return parse_yuan(text, "value")

    def percent(self) -> int:
        """The node as a percentage with at most two decimals, per ten thousand; whether it may pass 100 % is checked later."""
        return self._percent(self.text())

    def _percent(self, text: str) -> int:
        match = _PERCENT.fullmatch(text)
        if match is None:
            raise self._wrong("a percentage such as 55 %", "百分比,如 55 %")
        return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))

    def leaf(self) -> Leaf:
        """The node as a number of a table: an amount in yuan, or a percentage when it ends with one."""
        return self._leaf(self.text())

    def _leaf(self, text: str) -> Leaf:
        is_ratio = text.endswith("%")
        return Leaf(self._percent(text) if is_ratio else self._yuan(text), is_ratio, self.at)

    def step(self) -> tuple[int, Leaf]:
        """The node as a new number, or as how far a number goes up or down: ``75 %``, ``+5 %``, ``-100.00``.

        Returns:
            1 for up, -1 for down, 0 for a new number; and the number.
        """
        text = self.text()
        sign = {"+": 1, "-": -1}.get(text[0], 0)
        return sign, self._leaf(text[1:].lstrip() if sign else text)

    def leaves(self) -> dict[tuple[str, ...], Leaf]:
        """The node as a table of numbers by path: ``{active: {tier_1: 70 %}}`` has the path (active, tier_1).

        A single number has the empty path.
        """
        if not self.is_table:
            return {(): self.leaf()}
        return {(name, *path): leaf for name, child in self.table().items() for path, leaf in child.leaves().items()}

    def cited(self) -> Iterator[Node]:
        """Every document id named under a ``doc`` or ``docs`` key, at any depth."""
        if isinstance(self._node, yaml.MappingNode):
            for key, value in self._node.value:
                child = self._child(value)
                if key.value == "doc":
                    yield child
                elif key.value == "docs":
                    yield from child.items()
                else:
                    yield from child.cited()
        elif isinstance(self._node, yaml.SequenceNode):
            for item in self.items():
                yield from item.cited()

    def plain(self) -> Plain:
        """The content alone, for the digest."""
        if isinstance(self._node, yaml.MappingNode):
            return {str(key.value): self._child(value).plain() for key, value in self._node.value}
        if isinstance(self._node, yaml.SequenceNode):
            return [self._child(node).plain() for node in self._node.value]
        return str(self._node.value).strip()


def scalar(text: str, file: str, problems: Problems) -> Node:
    """A node for a value that stands in no file: `file` names where it was given (a command line's option)."""
    mark = yaml.Mark(file, 0, 0, 0, None, 0)
    return Node(yaml.ScalarNode("tag:yaml.org,2002:str", text, mark, mark), file, problems)


def _shortened(text: str) -> str:
    """A wrong value as a message quotes it: its beginning says enough."""
    return text if len(text) <= _LONGEST_QUOTED else f"{text[:_LONGEST_QUOTED]}…"


def read_yaml(path: Path, problems: Problems) -> Node:
    """Read a YAML file as nodes.

    Raises:
        Unreadable: after reporting ``pack.unreadable`` (not YAML, not UTF-8, empty, no such file).
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise problems.refuse(
            "pack.unreadable", At(str(path), line), f"not YAML: {error.problem}", "不是合格的 YAML 文件"
        ) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise problems.refuse(
            "pack.unreadable", At(str(path), 1), f"cannot be read: {error}", "文件无法读取"
        ) from error
    if root is None:
        raise problems.refuse("pack.unreadable", At(str(path), 1), "the file is empty", "文件是空的")
    return Node(root, str(path), problems)
