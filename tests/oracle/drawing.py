"""Stories drawn from a seed: reads as random as writes, and many things that must be refused."""

from __future__ import annotations

import random
from collections.abc import Sequence

from oracle.family import FAMILY
from oracle.operations import (
    MESSAGES,
    Bind,
    Change,
    Expire,
    GiveBack,
    Hold,
    Operation,
    Read,
    Repeat,
    Reverse,
    Settle,
    Story,
    Take,
)

#: Minutes of a step: mostly the same hour, sometimes another month, now and then over the year's end.
_STEPS = (1, 1, 2, 30, 60, 24 * 60, 10 * 24 * 60, 45 * 24 * 60)
_PRICES = (1, 99, 10_00, 59_99, 195_00, 200_00, 333_33, 800_00)
_CURRENT = (0, 5_00, 200_00, 3_000_00)
_HISTORICAL = (0, 1_00, 900_00)
_LIMITS = (None, None, 0, 1, 50_00, 300_00)


def draw_story(seed: str, length: int = 16) -> Story:
    """The story that a seed stands for; the same seed gives the same story."""
    chance = random.Random(seed)
    region, opening = draw_family(chance)
    operations: list[Operation] = []
    at = 0
    while len(operations) < length:
        # A story begins with leave to share, most of the time.
        desk = chance.random() < (0.65 if operations else 0.2)
        at += chance.choice(_STEPS)
        for _ in range(chance.choice((1, 1, 2, 4)) if desk else 1):
            operations.append(_draw(chance, operations, at, desk=desk))
    return Story(seed, region, opening, tuple(operations))


def draw_family(chance: random.Random) -> tuple[str, tuple[tuple[int, int] | None, ...]]:
    """The region of a family and what its members begin with: (current, historical) fen, None without an account."""
    region = chance.choice(("211200", "370800"))
    opening = tuple(
        None if member.scheme == "390" else (chance.choice(_CURRENT), chance.choice(_HISTORICAL)) for member in FAMILY
    )
    return region, opening


def _draw(chance: random.Random, before: Sequence[Operation], at: int, *, desk: bool) -> Operation:
    n = len(before)
    if desk and chance.random() < 0.2:
        return draw_of_holds(chance, before, at)
    if not desk and n and chance.random() < 0.1:
        return Expire(n, at)
    return draw_at_the_desk(chance, before, at) if desk else draw_elsewhere(chance, before, at)


def draw_of_holds(chance: random.Random, before: Sequence[Operation], at: int) -> Operation:
    """A hold or a step of one."""
    n, kind = len(before), chance.random()
    amount = chance.choice((0, 1, 3_00, 100_00, 250_00))
    if not any(isinstance(one, Hold) for one in before) or kind < 0.35:
        return Hold(n, at, chance.choice((0, 2, 3)), amount, chance.choice((0, 60, 3 * 24 * 60, 90 * 24 * 60)))
    if kind < 0.7:
        return Take(n, at, _earlier(chance, before, Hold), amount, rest=chance.random() < 0.3)
    return GiveBack(n, at, _earlier(chance, before, Hold), chance.choice((None, amount)))


def draw_at_the_desk(chance: random.Random, before: Sequence[Operation], at: int) -> Operation:
    """Something that waits at the desk, after what happened before."""
    n, kind = len(before), chance.random()
    if n and kind < 0.15:
        return Repeat(n, at, _earlier(chance, before, *MESSAGES), other=chance.random() < 0.3)
    if n and kind < 0.4:
        return Reverse(n, at, _earlier(chance, before, Settle, Reverse))
    items = tuple(
        (chance.choice(("C-A", "C-A", "C-B", "C-C")), chance.randint(1, 3), chance.choice(_PRICES))
        for _ in range(chance.randint(1, 3))
    )
    return Settle(
        n,
        at,
        chance.choice((0, 1, 1, 1, 2, 4, 4)),
        chance.choice(("hospital", "community", "pharmacy")),
        items if chance.random() < 0.97 else (),
        chance.choice(("0", "1", "1", "2", "2", "2")),
        dry=chance.random() < 0.1,
        wrong_total=chance.random() < 0.04,
        wrong_scheme=chance.random() < 0.04,
    )


def draw_elsewhere(chance: random.Random, before: Sequence[Operation], at: int) -> Operation:
    """A step of the family, or somebody's look."""
    n, kind = len(before), chance.random()
    binds = [one for one in before if isinstance(one, Bind)]
    if not binds or kind < 0.3:
        sharer, user = chance.choice((0, 2, 2, 2, 3, 3, 1, 4)), chance.choice((0, 1, 1, 1, 1, 2, 4, 4))
        if chance.random() < 0.6:
            return Bind(n, at, sharer, user)
        return Bind(n, at, sharer, user, chance.choice(_LIMITS), chance.choice(_LIMITS))
    if kind < 0.65:
        made = chance.choice(binds)
        action = chance.choice(("pause", "pause", "resume", "unbind", "leave", "limits"))
        by = made.user if action == "leave" else made.sharer
        by = by if chance.random() < 0.8 else chance.randrange(len(FAMILY))
        limits = (chance.choice(_LIMITS), chance.choice(_LIMITS)) if action == "limits" else (None, None)
        return Change(n, at, made.n, action, by, *limits)
    what = chance.choice(("balances", "past", "past", "statement", "counters", "usage"))
    return Read(n, at, what, chance.randrange(len(FAMILY)), chance.randint(0, at))


def _earlier(chance: random.Random, before: Sequence[Operation], *kinds: type) -> int:
    """The number of an earlier operation, mostly of these kinds and mostly a late one."""
    wanted = [one.n for one in before if isinstance(one, kinds)]
    if wanted and chance.random() < 0.9:
        return max(chance.choice(wanted), chance.choice(wanted))
    return chance.randrange(len(before))
