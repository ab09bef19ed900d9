"""The rule as somebody would write it in plain Python for one person's year."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.rules.people import MONTHS, People


def year(retired: bool, age: int, costs: list[int], tiers: list[int], rule: dict[str, Any]) -> list[int]:
    """What the fund pays of each month's visit, fen."""
    threshold = rule["deductible"][0 if not retired else 1 if age < 70 else 2]
    edge, cap, (first, second) = rule["edge"], rule["cap"], rule["ratios"]
    met = counted = banded = 0
    paid = []
    for cost, tier in zip(costs, tiers, strict=True):
        if not cost:
            paid.append(0)
            continue
        borne = min(cost, max(0, threshold - met))
        room = max(0, cap - counted)
        base = min(cost - borne, max(0, room - borne))
        low = min(base, max(0, edge - banded - borne))
        high = base - low
        met += borne
        counted += min(base + borne, room)
        banded += base + borne
        paid.append((low * first[tier] + 5_000) // 10_000 + (high * second[tier] + 5_000) // 10_000)
    return paid


def settle(people: People, rule: dict[str, Any]) -> NDArray[np.int32]:
    """Everybody's year in a loop; one row a person, one column a month."""
    rows = zip(
        people.retired.tolist(), people.age.tolist(), people.in_scope.tolist(), people.tier.tolist(), strict=True
    )
    return np.array([year(*row, rule) for row in rows], np.int32).reshape(-1, MONTHS)
