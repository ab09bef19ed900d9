"""Drafts of a change to the rules held against today's rules, over a file of claims.

Every claim is settled under today's rules and under each draft, with the counters and accounts of each. What differs is
summed by what claims and people are (`appraisal`); nothing about a single person leaves this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import numpy as np

from gongji.foundation.errors import InvalidInput
from gongji.rules import layout
from gongji.rules.book import RuleBook
from gongji.simulation import flow
from gongji.simulation.appraisal import (
    AGES,
    BURDENS,
    CHANGES,
    CLAIM_DIMENSIONS,
    COSTS,
    FIRST_YEAR,
    PAYERS,
    PEOPLE_DIMENSIONS,
    Appraisal,
    burden_column,
    change_column,
    moved_column,
    paid_column,
)
from gongji.simulation.batches import BadLine, Source
from gongji.simulation.chunk import Chunk, ChunkReader
from gongji.simulation.columns import KINDS
from gongji.simulation.counting import reasons, tally_of
from gongji.simulation.cube import Cube
from gongji.simulation.cutting import Whole
from gongji.simulation.passage import Passage, Progress, Reading
from gongji.simulation.plan import PLACES, Integers, Plan
from gongji.simulation.receipt import Tally
from gongji.simulation.settling import Settler
from gongji.simulation.sources import open_source

#: Each draft is settled in arrays of its own, some 60 MB for two threads.
MOST_DRAFTS: Final = 16


def appraise_file(
    source: Path,
    today: RuleBook,
    drafts: Sequence[RuleBook],
    reading: Reading | None = None,
    progress: Progress = lambda done, size: None,
) -> Appraisal:
    """Hold drafts of a change against today's rules, over a file of claims as `assess_file` takes it.

    Args:
        source: the file.
        today: the rules that hold.
        drafts: the rules as each draft would have them, at most `MOST_DRAFTS`; each from `rules.draft.enact`, so that regions and
            diseases are those of `today`.
        reading: how the file is read.
        progress: told how much of the file is done, and its size, in one measure.

    Raises:
        InvalidInput: as `assess_file`; ``drafts.number``.
    """
    if not 0 < len(drafts) <= MOST_DRAFTS:
        raise InvalidInput(
            "drafts.number",
            f"there are {len(drafts)} drafts",
            f"有 {len(drafts)} 个方案",
            field="drafts",
            accepted=f"1 to {MOST_DRAFTS}",
        )
    reading = reading or Reading()
    plans = [Plan(book) for book in (today, *drafts)]
    passage = _Appraising(open_source(source, reading.source_format), plans, reading, progress)
    made = passage.run().taken
    codes = [plans[0].regions[number] for number in sorted(made.tally.regions)]
    digests = {code: tuple(plan.digests[plan.regions.index(code)] for plan in plans) for code in codes}
    return Appraisal(made.tally, made.claims, made.people, len(drafts), passage.header.accounts, digests)


class _Made:
    """What came of a chunk, or of a file."""

    def __init__(self, variants: int) -> None:
        paid = [paid_column(variant, name) for variant in range(variants) for name in PAYERS]
        drafts = range(1, variants)
        moved = [moved_column(draft, sign) for draft in drafts for sign in (1, -1)]
        moved += [change_column(draft, sign, edge) for draft in drafts for sign in (1, -1) for edge in CHANGES]
        heavy = [burden_column(variant, edge) for variant in range(variants) for edge in BURDENS]
        self.tally = Tally()
        self.claims = Cube(CLAIM_DIMENSIONS, ("claims", "total", *paid))
        self.people = Cube(PEOPLE_DIMENSIONS, ("people", "total", *moved, *heavy))
        self.done = 0

    @property
    def read(self) -> int:
        """How many rows, and lines that are none, it was made of."""
        return self.tally.read

    def add(self, other: _Made) -> None:
        """Count another in."""
        self.tally.add(other.tally)
        self.claims.add(other.claims)
        self.people.add(other.people)


class _Appraising(Passage[_Made, _Made]):
    """One file being held against drafts."""

    def __init__(self, source: Source, plans: Sequence[Plan], reading: Reading, progress: Progress) -> None:
        super().__init__(source, reading, progress)
        self._variants = len(plans)
        self._readers = [ChunkReader(self.header, reading.defaults, plan, source.names) for plan in plans]
        self._desks: SimpleQueue[list[Settler]] = SimpleQueue()
        for _ in range(self.threads):
            self._desks.put([Settler(plan, counters=False) for plan in plans])

    def make(self, whole: Whole, *, row: bool) -> _Made:
        """A chunk settled under every variant and summed; in a worker's thread."""
        batch, made = whole.joined(), _Made(self._variants)
        desks = self._desks.get()
        try:
            # Settling writes into a chunk: each variant reads its own.
            chunks = [reader.read(batch) for reader in self._readers]
            classes = _classes(chunks[0])
            outs = [desk.settle(chunk) for desk, chunk in zip(desks, chunks, strict=True)]
            made.tally = tally_of(chunks[0], outs[0], whole.bad)
            assessed = np.logical_and.reduce([chunk.verdict <= flow.OFFSITE_UNKNOWN for chunk in chunks])
            _sum_up(made, chunks[0], classes, outs, np.flatnonzero(assessed))
        finally:
            self._desks.put(desks)
        made.done = whole.pieces[-1].done
        return made

    def take(self, made: Iterable[_Made], bad: list[BadLine]) -> _Made:
        """Everything in one."""
        whole = _Made(self._variants)
        for one in made:
            whole.add(one)
            self.progress(one.done, self.source.size)
        whole.tally.add(Tally(read=len(bad), rejected=len(bad), reasons=reasons(bad)))
        return whole


def _classes(chunk: Chunk) -> dict[str, Integers]:
    """The class of each claim in every dimension that claims have; read before settling fills in what is not told."""
    claims, visits = chunk.claims, chunk.claims.visits
    place = claims.place % PLACES
    months = claims.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return {
        "scheme": place // len(KINDS),
        "kind": place % len(KINDS),
        # A tier or an age that is not told is below zero.
        "tier": visits[layout.TIER].astype(np.int64) + 1,
        "status": visits[layout.STATUS].astype(np.int64),
        "age": np.searchsorted(AGES, visits[layout.AGE], "right"),
        "away": ((visits[layout.CASES] & flow.OFFSITE_BITS) != 0).astype(np.int64),
        "month": months - (FIRST_YEAR - 1970) * 12,
    }


def _sum_up(
    made: _Made, chunk: Chunk, classes: Mapping[str, Integers], outs: Sequence[flow.Out], kept: Integers
) -> None:
    """Sum a chunk's claims, then its people; `kept` are the claims that were assessed under every variant."""
    claims = chunk.claims
    total, nothing = claims.total[kept], np.zeros(len(kept), np.int64)
    paid: list[Integers] = []
    for out in outs:
        paid += [out.pool[kept], out.large[kept]]
        paid += [column[kept] if chunk.accounts else nothing for column in (out.own, out.shared, out.cash)]
    kinds = {name: of_claims[kept] for name, of_claims in classes.items()}
    made.claims.count([kinds[one.name] for one in CLAIM_DIMENSIONS], [nothing + 1, total, *paid])
    borne = [total - out.pool[kept] - out.large[kept] for out in outs]
    _count_people(made.people, claims.family[kept], claims.person[kept], kinds, total, borne)


def _count_people(
    people: Cube,
    family: Integers,
    person: Integers,
    kinds: Mapping[str, Integers],
    total: Integers,
    borne: Sequence[Integers],
) -> None:
    """Sum some claims by person, and the people by what they are: as their first claim tells it.

    Args:
        people: where to.
        family, person, total: of each claim.
        kinds: the class of each claim in the dimensions that claims have.
        borne: under each variant, what the person bears of each claim, fen.
    """
    if not len(family):
        return
    order = np.lexsort((person, family))
    family, person = family[order], person[order]
    begins = np.flatnonzero(np.r_[True, (family[1:] != family[:-1]) | (person[1:] != person[:-1])])
    bills = np.add.reduceat(total[order], begins)
    bears = [np.add.reduceat(of_claims[order], begins) for of_claims in borne]
    values = [np.ones(len(begins), np.int64), bills]
    moves = [after - bears[0] for after in bears[1:]]
    for move in moves:
        values += [np.maximum(move, 0), np.maximum(-move, 0)]
    for move in moves:
        for sign in (1, -1):
            edges = (*CHANGES, np.iinfo(np.int64).max)
            values += [(sign * move >= low) & (sign * move < high) for low, high in pairwise(edges)]
    values += [of_person >= edge for of_person in bears for edge in BURDENS]
    first = order[begins]
    cost = np.searchsorted(COSTS, bills, "right") - 1
    people.count([kinds["status"][first], kinds["age"][first], cost], values)
