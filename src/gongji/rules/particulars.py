"""Values that are neither a table of numbers nor a single word: the parts of a term, by name, in the order of the pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import TypeAlias


class Fen(int):
    """An amount among the parts of a term; in the pack it stands in yuan."""


#: One part: a count, an amount, whether something holds, a day, a word of a closed list.
Particular: TypeAlias = int | bool | date | str

Particulars: TypeAlias = Mapping[str, Particular]


def particulars(value: object) -> dict[tuple[str, ...], Particular]:
    """The parts of a term by their path; a value without parts has the empty path, a part that is nought is left out."""
    if isinstance(value, Mapping):
        return {(str(name),): part for name, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        found: dict[tuple[str, ...], Particular] = {}
        for one in fields(value):
            part = getattr(value, one.name)
            if isinstance(part, Mapping):
                found |= particulars(part)
            elif part:
                found[(one.name,)] = part
        return found
    assert isinstance(value, int | date | str), "a value without parts is one part"
    return {(): value}
