"""A deductible that changes with each admission of a year: from "half from the second" to one amount an admission."""

from __future__ import annotations

from typing import Final

from gongji.foundation.money import part_of
from gongji.rules.entries import Dated
from gongji.rules.expand import Table, check_percentage
from gongji.rules.problems import Problems
from gongji.rules.structure import REPEAT, DeductibleShape

#: How many admissions of a year may have an amount of their own; the last one holds for all later ones.
MOST_ADMISSIONS: Final = 10


def check_repeat(shape: DeductibleShape, table: Dated[Table], problems: Problems) -> None:
    """The value ``repeat`` has the keys of its spelling: ``admission_2`` and on, or ``less`` and ``floor``."""
    factors = shape.repeat == "factors"
    count = len(table.value)
    expected = {(f"admission_{number}",) for number in range(2, 2 + count)} if factors else {("less",), ("floor",)}
    for path, leaf in table.value.items():
        if path not in expected:
            problems.unknown("key", leaf.at, ".".join(path) or "a number", [".".join(one) for one in expected])
        elif leaf.is_ratio != factors and path != ("less",):
            en, zh = ("a percentage", "百分比") if factors else ("yuan", "金额")
            problems.report("pack.bad_value", leaf.at, f"{REPEAT} takes {en} here", f"{REPEAT} 此处应为{zh}")
        check_percentage(leaf, problems)
    for path in sorted(expected - set(table.value)):
        name = ".".join(path)
        problems.report("pack.missing_key", table.at, f"{REPEAT} has no {name}", f"{REPEAT} 缺少 {name}")


def by_admission(first: int, shape: DeductibleShape, table: Dated[Table]) -> tuple[int, ...]:
    """The deductible of the first, second, … admission; the last holds for all later ones.

    Args:
        first: the first admission's, in fen.
        shape: says how it goes on.
        table: the value ``repeat``.
    """
    numbers = {path[0]: leaf for path, leaf in table.value.items()}
    if shape.repeat == "factors":
        return (first, *(part_of(first, numbers[name].amount) for name in sorted(numbers)))
    less, floor = numbers["less"], min(first, numbers["floor"].amount)
    step = part_of(first, less.amount) if less.is_ratio else less.amount
    amounts = [first]
    while step and amounts[-1] > floor and len(amounts) <= MOST_ADMISSIONS:
        amounts.append(max(floor, amounts[-1] - step))
    return tuple(amounts)
