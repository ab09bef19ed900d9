"""``make oracle`` and ``make city-year``: more histories than the test suite plays, and a whole city's year."""

from __future__ import annotations

import argparse
import random
import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gongji.settlement.proof import prove
from oracle.city import DAYS, City
from oracle.drawing import draw_story
from oracle.ground import own_town
from oracle.played import raise_families
from oracle.stage import Stage
from oracle.trial import explain, try_story
from town import Town

_FAMILIES_AT_ONCE = 100


def bars() -> Progress:
    """A bar on standard error."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    return Progress(*columns, console=Console(stderr=True))


def histories(town: Town, seed: str, many: int) -> str | None:
    """Play many histories; what went wrong, or None."""
    with Stage(town) as stage, bars() as bar:
        task = bar.add_task("histories", total=many)
        for first in range(0, many, _FAMILIES_AT_ONCE):
            numbers = range(first, min(many, first + _FAMILIES_AT_ONCE))
            for played in raise_families(stage, [draw_story(f"{seed} {number}", stage.rules) for number in numbers]):
                mismatch = try_story(played)
                if mismatch is not None:
                    return explain(stage, played.story, mismatch)
                bar.advance(task)
    return None


def city_year(town: Town, seed: str, people: int, events: int, minutes: float) -> str | None:
    """Live a city's year; what went wrong, or None."""
    until = time.monotonic() + minutes * 60
    with Stage(town) as stage, bars() as bar:
        task = bar.add_task(f"a city of {people:,} moves in", total=DAYS)
        city = City(stage, people // 5, seed)
        bar.update(task, description=f"a year of {city.people:,} people in {city.buckets:,} buckets")
        wrong = city.live(events, until, lambda day: bar.update(task, completed=day + 1))
        days = int(bar.tasks[task].completed)
    short = "" if days == DAYS else f" (broken off by the bound of {minutes:g} minutes on day {days} of {DAYS})"
    print(f"{city.people:,} people, {city.events:,} events, {city.settled:,} answers of the desk{short}")
    for kind in sorted({kind for kind, _ in city.kinds}):
        print(f"  {kind:14} {city.kinds[kind, 'done']:>8,} done {city.kinds[kind, 'refused']:>8,} refused")
    return wrong


def main() -> int:
    """Run one of the two; exit code 1 when the platform and the oracle part."""
    parser = argparse.ArgumentParser(prog="oracle", description=__doc__)
    parser.add_argument("what", choices=("histories", "city-year"))
    parser.add_argument("--seed", help="what everything is drawn from; a new one when left out")
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--minutes", type=float, default=25.0, help="bound of the city's year")
    asked = parser.parse_args()
    seed = asked.seed or str(random.SystemRandom().randrange(10**9))
    print(f"seed {seed}", flush=True)
    began = time.monotonic()
    with own_town("oracle") as town:
        if asked.what == "histories":
            wrong = histories(town, seed, asked.histories)
        else:
            wrong = city_year(town, seed, asked.people, asked.events, asked.minutes)
        proof = prove(town.database, town.clock)
    for problem in (wrong, *proof.findings):
        if problem is not None:
            print(problem)
    if wrong is None and not proof.findings:
        print(f"everything is as predicted, and the books verify ({time.monotonic() - began:.0f} s)")
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
