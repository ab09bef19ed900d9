"""``python -m bench.rules``: every engine over the same people, then files; prints a table, writes `bench/results/rules.json`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.rules.engines import ENGINES

RESULTS: Final = Path(__file__).parents[1] / "results" / "rules.json"
#: Other figures of the same command: each module's `measure` returns keys of its own.
MORE: Final = ("bench.rules.files",)
PEOPLE: Final = 1_000_000


def run(people: int) -> dict[str, dict[str, float]]:
    """Every engine in a process of its own.

    Raises:
        AssertionError: when an engine pays anybody another amount in any month than the kernel does.
        CalledProcessError: when an engine fails.
    """
    found: dict[str, dict[str, float]] = {}
    expected: Any = None
    with tempfile.TemporaryDirectory(prefix="gongji-bench-") as folder:
        for name in ENGINES:
            file = Path(folder) / f"{name}.npy"
            command = [sys.executable, "-m", "bench.rules.engines", name, str(people), str(file)]
            answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            found[name] = json.loads(answer.stdout.splitlines()[-1])
            paid = np.load(file)
            expected = paid if expected is None else expected
            if not np.array_equal(paid, expected[: len(paid)]):
                raise AssertionError(f"{name} pays other amounts than the kernel")
    return found


def keys(found: dict[str, dict[str, float]]) -> dict[str, float]:
    """The flat keys: claims a second for engines, the ratio of the scenarios, microseconds online, peaks in bytes."""
    own = {"scenarios_32", "online_us"}
    flat = {name: one[name] if name in own else one["speed"] for name, one in found.items()}
    flat["kernel_2_to_openfisca_natural"] = flat["kernel_2"] / flat["openfisca_natural"]
    flat["kernel_2_to_openfisca_fastest"] = flat["kernel_2"] / flat["openfisca_fastest"]
    return flat | {f"peak_{name}": one["peak"] for name, one in found.items()}


def table(found: dict[str, dict[str, float]], flat: dict[str, float]) -> Table:
    """The engines for people to read."""
    made = Table(
        "engine",
        "claims/s",
        "× OpenFisca natural",
        "peak memory, MB",
        title="The same rule, the same people; processor time",
    )
    for name, one in found.items():
        ratio = one["speed"] / flat["openfisca_natural"]
        made.add_row(name, f"{one['speed']:,.0f}", f"{ratio:,.1f}", f"{one['peak'] / 1e6:,.0f}")
    return made


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE, help="how many people (1,000,000)")
    parser.add_argument("--engines-only", action="store_true", help="leave out the files")
    asked = parser.parse_args()
    found = run(asked.people)
    flat = keys(found)
    console = Console()
    console.print(table(found, flat))
    for name in () if asked.engines_only else MORE:
        if find_spec(name) is not None:
            flat |= import_module(name).measure(20 * asked.people)
    for name, figure in flat.items():
        console.print(f"{name}: {figure:,.2f}")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(flat, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
