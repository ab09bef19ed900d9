"""A story against the oracle; a failing one is shrunk to a short one that fails too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from oracle.model import Oracle
from oracle.operations import Operation, Story
from oracle.played import Played, raise_families
from oracle.stage import Stage

#: Stories of a family that are tried at most while a failing one is shrunk.
_TRIALS = 200


@dataclass(frozen=True)
class Mismatch:
    """Where the platform and the oracle part.

    Attributes:
        operation: after which they differ.
        what: the outcome, or the balances.
        expected, found: what the oracle says and what the platform did.
    """

    operation: Operation
    what: str
    expected: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.operation}\n  {self.what}: expected {self.expected}\n  found {self.found}"


def try_story(played: Played) -> Mismatch | None:
    """Play a story beside the oracle; after every step all balances have to be those of the oracle, so that whatever was
    refused left them as they were."""
    oracle = Oracle(played.story, played.stage.rules)
    before = played.elsewhere.claiming.region_books()
    for batch in played.batches():
        found = played.play(batch)
        for one, outcome in zip(batch, found, strict=True):
            expected = oracle.predict(one)
            if expected != outcome:
                return Mismatch(one, "outcome", expected, outcome)
        if (balances := played.elsewhere.balances()) != oracle.books.accounts:
            return Mismatch(batch[-1], "balances", oracle.books.accounts, balances)
        if (parts := played.elsewhere.parts()) != oracle.parts():
            return Mismatch(batch[-1], "parts of pots", oracle.parts(), parts)
        if (owed := played.elsewhere.claiming.owed()) != oracle.claims.owed():
            return Mismatch(batch[-1], "owed on claims", oracle.claims.owed(), owed)
    last = played.story.operations[-1]
    moved = {name: fen - before[name] for name, fen in played.elsewhere.claiming.region_books().items()}
    for what, expected, found in (
        (
            "counters",
            {place: value for place, value in oracle.till.counters.items() if value},
            played.elsewhere.counters(),
        ),
        ("what the region's funds and bank moved", oracle.books.moved_by_region(), moved),
        ("usage", oracle.consent.usage(), played.elsewhere.usage()),
        ("frozen", oracle.books.frozen_until, played.elsewhere.frozen_until()),
    ):
        if expected != found:
            return Mismatch(last, what, expected, found)
    return None


def shrunk(story: Story, fails: Callable[[Story], bool], trials: int = _TRIALS) -> Story:
    """The shortest story found, by leaving out ever smaller parts, that still fails (delta debugging).

    Args:
        story: one that fails.
        fails: whether a story fails.
        trials: stories tried at most.
    """
    part = max(1, len(story.operations) // 2)
    while trials > 0:
        shorter = _without_a_part(story, part, fails, trials)
        trials -= -(-len(story.operations) // part)
        if len(shorter.operations) < len(story.operations):
            story = shorter
        elif part == 1:
            return story
        else:
            part //= 2
    return story


def _without_a_part(story: Story, part: int, fails: Callable[[Story], bool], trials: int) -> Story:
    first = 0
    while first < len(story.operations) and trials > 0:
        left = story.operations[:first] + story.operations[first + part :]
        candidate = replace(story, operations=left)
        trials -= 1
        if left and fails(candidate):
            story = candidate
        else:
            first += part
    return story


def try_stories(stage: Stage, stories: Sequence[Story]) -> str | None:
    """Play stories one after the other.

    Returns:
        None when all came out as the oracle said; else the first that did not: seed, last operations, and the short
        story that it was shrunk to.
    """
    for played in raise_families(stage, stories):
        mismatch = try_story(played)
        if mismatch is not None:
            return explain(stage, played.story, mismatch)
    return None


def explain(stage: Stage, story: Story, mismatch: Mismatch) -> str:
    """What went wrong, and the shortest story found that goes wrong too, each tried with a family of its own."""

    def fails(candidate: Story) -> bool:
        (played,) = raise_families(stage, [candidate])
        return try_story(played) is not None

    upto = replace(story, operations=tuple(one for one in story.operations if one.at <= mismatch.operation.at))
    if not fails(upto):
        return f"{mismatch}\nonce, and not when played again alone; the last operations:\n{story.told(last=40)}"
    short = shrunk(upto, fails)
    (played,) = raise_families(stage, [short])
    return f"{mismatch}\nthe last operations:\n{upto.told(last=40)}\nshrunk to:\n{short.told()}\n{try_story(played)}"
