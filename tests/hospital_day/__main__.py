"""``make hospital-day``: the day at full size."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gongji.foundation.telemetry import configure_logging
from gongji.settlement.verify import verify_everything
from hospital_day.day import live
from oracle.ground import own_town


def main() -> int:
    """Live the day; exit code 1 when the books do not agree or do not verify."""
    parser = argparse.ArgumentParser(prog="hospital-day", description=__doc__)
    parser.add_argument("--visits", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    configure_logging("error", "text")
    began = time.monotonic()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with (
        own_town("hospital-day") as town,
        tempfile.TemporaryDirectory() as folder,
        Progress(*columns, console=Console(stderr=True)) as bar,
    ):
        task = bar.add_task("visits", total=asked.visits)
        evening = live(
            town,
            Path(folder),
            asked.visits,
            threads=asked.threads,
            seed=asked.seed,
            progress=lambda: bar.advance(task),
        )
        lived = time.monotonic() - began
        with town.database.engine.connect() as connection:
            findings = [str(finding) for finding in verify_everything(connection)]
    print(
        f"{asked.visits} visits over HTTP, {asked.threads} tills, {lived:.0f} s: {dict(sorted(evening.seen.items()))}"
    )
    for memo in evening.planted:
        print(f"planted and found: {memo}")
    for problem in (*evening.problems, *findings):
        print(problem)
    if evening.problems or findings:
        return 1
    print(f"3201 and 3202 agree to the fen at both institutions, and the books verify (seed {asked.seed})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
