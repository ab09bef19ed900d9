"""One engine over the people of the benchmark, in a process of its own so that its peak memory is its own.

``python -m bench.rules.engines NAME PEOPLE FILE`` writes what the fund pays to FILE (people by months, fen) and prints one
line of JSON: claims a second, the peak of memory in bytes, and what else the engine measures.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.rules import people as given
from bench.rules import plain
from gongji.benefit.assess import assess
from gongji.benefit.engine import Engine
from gongji.benefit.model import Bill, Circumstances
from gongji.benefit.scenarios import Scenarios
from gongji.rules import layout
from gongji.rules.grid import Grid
from gongji.rules.model import BenefitRule, Status, Tier

_ROUNDS: Final = 5
_SPEND: Final = 5.0
SCENARIOS: Final = 32
#: A plain loop is measured on this many people: its speed does not depend on how many there are.
SAMPLE: Final = 50_000
_ONLINE: Final = 2_000


def fastest_of(
    rounds: int, work: Callable[[], Any], before: Callable[[], Any] = lambda: None, spend: float = 0.0
) -> tuple[float, Any]:
    """The least processor time of at least so many rounds, in seconds, and what the last one gave.

    Processor time, all threads together: time by the clock says on a machine with other work how much of it there was.

    Args:
        rounds: how many at least.
        work: what is timed.
        before: what has to be done before each round, not timed.
        spend: go on with further rounds until so many seconds have gone.
    """
    least, result, began = float("inf"), None, time.perf_counter()
    while rounds > 0 or time.perf_counter() - began < spend:
        before()
        started = time.process_time()
        result = work()
        least = min(least, time.process_time() - started)
        rounds -= 1
    return least, result


def kernel(count: int, threads: int) -> tuple[dict[str, float], Any]:
    """The kernel on so many threads, compiled for the form of the rule; the first run, which may compile, is not counted.

    What comes out is what the other engines give: what the fund pays of each claim.

    The speed is that on as many free cores: the threads' processor time, shared evenly, is what the clock would show.
    """
    people = given.draw(count)
    claims, engine = given.claims_of(people), Engine([given.rule()], results=_paid(given.rule()))
    state, out = engine.state(count), np.zeros((layout.RESULT_SIZE, len(claims)), np.int64)
    desks = [engine.desk() for _ in range(threads)]
    engine.settle(claims, state, out=out, desks=desks)
    seconds, _ = fastest_of(
        _ROUNDS, lambda: engine.settle(claims, state, out=out, desks=desks), lambda: state.fill(0), _SPEND
    )
    paid = np.zeros(people.in_scope.shape, np.int32)
    paid[people.visits] = out[layout.PAID :].sum(axis=0)
    return {"speed": len(claims) / seconds * threads}, paid


def _paid(rule: BenefitRule) -> list[int]:
    """The places of a result that say what the funds pay."""
    return [layout.PAID + fund for fund in range(len(rule.layers))]


def scenarios(count: int) -> tuple[dict[str, float], Any]:
    """Thirty-two variants in one pass against one alone, both on one thread and both compiled for the form of the rule.

    One alone gives of each claim what the funds pay and the deductible; the pass gives their sums. Every variant is compared to
    its own run.
    """
    people, rule = given.draw(count), given.rule()
    claims = given.claims_of(people)
    variants = [[variant(rule, place)] for place in range(SCENARIOS)]
    out = np.zeros((layout.RESULT_SIZE, len(claims)), np.int64)
    alone = [Engine(rules, results=[layout.DEDUCTIBLE_BORNE, *_paid(rule)]) for rules in variants]
    state, desk = alone[0].state(count), alone[0].desk()
    alone[0].settle(claims, state, out=out, desks=[desk])
    one, _ = fastest_of(
        _ROUNDS, lambda: alone[0].settle(claims, state, out=out, desks=[desk]), lambda: state.fill(0), _SPEND
    )
    together, room = Scenarios(variants, known=True), np.zeros((count, SCENARIOS), np.int64)
    together.assess(claims, count, paid=room)
    many, outcome = fastest_of(_ROUNDS, lambda: together.assess(claims, count, paid=room), lambda: room.fill(0), _SPEND)
    for place, engine in enumerate(alone):
        settled = engine.settle(claims, engine.state(count), out=out)
        funds = settled[layout.PAID :].sum(axis=0)
        by_person = np.bincount(claims.person, weights=funds, minlength=count).astype(np.int64)
        borne = int(settled[layout.DEDUCTIBLE_BORNE].sum())
        if not np.array_equal(outcome.paid[:, place], by_person) or outcome.deductible[place] != borne:
            raise AssertionError(f"scenario {place} comes out otherwise alone")
    paid = np.zeros(people.in_scope.shape, np.int32)
    alone[0].settle(claims, alone[0].state(count), out=out)
    paid[people.visits] = out[layout.PAID :].sum(axis=0)
    return {"speed": len(claims) / many, "scenarios_32": many / one}, paid


def variant(rule: BenefitRule, place: int) -> BenefitRule:
    """The rule with a deductible 20 yuan lower and ratios 0.2 points better at each further place."""

    def moved(grid: Grid, by: int) -> Grid:
        return Grid(grid.by, {key: number + by * place for key, number in grid.numbers.items()}, grid.clauses)

    deductible = replace(rule.deductible, amounts=moved(rule.deductible.amounts, -2_000))
    return replace(rule, deductible=deductible, share=replace(rule.share, ratios=moved(rule.share.ratios, 20)))


def openfisca(count: int, how: str) -> tuple[dict[str, float], Any]:
    """OpenFisca-Core; setting the inputs is not counted."""
    from bench.rules import openfisca as other

    people, numbers = given.draw(count), given.numbers(given.rule())
    work = {"natural": other.natural, "fastest": other.fastest, "blocks": other.blocks}[how]
    least, paid = float("inf"), None
    with tempfile.TemporaryDirectory(prefix="gongji-bench-") as folder:
        for _ in range(2 if how == "natural" else 12):
            made = other.simulation(people, numbers, Path(folder))
            seconds, paid = fastest_of(1, lambda made=made: work(made))  # type: ignore[misc]
            least = min(least, seconds)
    return {"speed": int(people.visits.sum()) / least}, paid


def python_loop(count: int) -> tuple[dict[str, float], Any]:
    """A plain loop over the first people."""
    whole = given.draw(count)
    people = given.People(*(getattr(whole, name)[:SAMPLE] for name in ("retired", "age", "in_scope", "tier")))
    numbers = given.numbers(given.rule())
    seconds, paid = fastest_of(3, lambda: plain.settle(people, numbers))
    return {"speed": int(people.visits.sum()) / seconds}, paid


def online(count: int) -> tuple[dict[str, float], Any]:
    """One visit with its full explanation in plain Python, microseconds."""
    rule, on = given.rule(), date(given.YEAR, 6, 3)
    bill = Bill(200_000, 10_000, 0, 5_000, 185_000)
    person = Circumstances(Status.RETIRED, Tier.TIER_2, on, 71)
    counters = {"deductible_borne": 30_000, "cost_banded": 300_000, "cost_year": 300_000}

    def visits() -> None:
        for _ in range(_ONLINE):
            assess(rule, bill, person, counters)

    seconds, _ = fastest_of(_ROUNDS, visits, spend=_SPEND)
    return {"speed": _ONLINE / seconds, "online_us": seconds / _ONLINE * 1e6}, np.zeros((0, given.MONTHS), np.int32)


ENGINES: Final[dict[str, Callable[[int], tuple[dict[str, float], Any]]]] = {
    "kernel_1": lambda count: kernel(count, 1),
    "kernel_2": lambda count: kernel(count, 2),
    "openfisca_natural": lambda count: openfisca(count, "natural"),
    "openfisca_fastest": lambda count: openfisca(count, "fastest"),
    "openfisca_blocks": lambda count: openfisca(count, "blocks"),
    "python_loop": python_loop,
    "scenarios_32": scenarios,
    "online_us": online,
}


def main() -> None:
    """Run one engine, as told on the command line."""
    name, count, file = sys.argv[1:]
    figures, paid = ENGINES[name](int(count))
    np.save(file, paid)
    # ru_maxrss counts kibibytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**figures, "peak": peak}))


if __name__ == "__main__":
    main()
