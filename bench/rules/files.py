"""Files of claims: Parquet to Parquet, with shared accounts, unsorted, and how much memory it takes.

`measure` returns the keys ``file`` and ``families`` (claims a second), ``unsorted`` (speed of a file in the order of its
days over that of the same file sorted by family) and ``memory`` (peak memory of a file of all claims over that of a tenth).
Speeds are by processor time, all threads together, shared evenly by two cores: what the clock would show on two free ones
that never wait. ``file_by_clock`` is what the clock did show.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gongji.rules.book import RuleBook
from gongji.simulation.engine import assess_file

CLAIMS: Final = 20_000_000
REGIONS: Final = (211200, 370800, 370100, 340800)
_BLOCK: Final = 262_144
_CLAIMS_OF_A_FAMILY: Final = 12
_MEMBERS: Final = 4
_FIRST_DAY: Final = 19_723  # 2024-01-01
_ROUNDS: Final = 3
_CORES: Final = 2

_PEAK: Final = """
import sys
from pathlib import Path
from gongji.rules.book import RuleBook
from gongji.simulation.engine import assess_file
assess_file(Path(sys.argv[1]), Path(sys.argv[2]), RuleBook.shipped())
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def measure(claims: int = CLAIMS, folder: Path | None = None) -> dict[str, float]:
    """Measure on files made for it in a temporary folder, which is removed afterwards.

    Args:
        claims: how many the large file has; the families' file and the unsorted one have a quarter.
        folder: where the temporary folder lies; the system's own when None.

    Returns:
        The keys named above.

    Raises:
        AssertionError: when the unsorted file comes to other sums than the sorted one.
    """
    with tempfile.TemporaryDirectory(prefix="gongji-bench-", dir=folder) as made:
        place = Path(made)
        write_claims(place / "small.parquet", claims // 10)
        _run(place / "small.parquet")
        write_claims(place / "large.parquet", claims)
        write_claims(place / "quarter.parquet", claims // 4)
        by_day(place / "quarter.parquet", place / "unsorted.parquet")
        write_claims(place / "families.parquet", claims // 4, accounts=True)
        straight, dealt = _best(place / "quarter.parquet"), _best(place / "unsorted.parquet")
        assert straight.sums == dealt.sums, "sorted and unsorted files come to other sums"
        large = _best(place / "large.parquet")
        return {
            "file": large.speed,
            "file_by_clock": large.by_clock,
            "families": _best(place / "families.parquet").speed,
            "unsorted": dealt.speed / straight.speed,
            "memory": _peak(place / "large.parquet") / _peak(place / "small.parquet"),
        }


def write_claims(path: Path, claims: int, *, accounts: bool = False) -> None:
    """Write claims of whole families, sorted by family and day: plain columns, nothing that could be empty."""
    random = np.random.default_rng(claims)
    writer: Any = None
    family = 0
    for begin in range(0, claims, _BLOCK):
        rows, families = _block(random, min(_BLOCK, claims - begin), family, accounts=accounts)
        family += families
        writer = writer or pq.ParquetWriter(
            path, rows.schema, compression="none", use_dictionary=["status"], write_statistics=False
        )
        writer.write_batch(rows, row_group_size=_BLOCK)
    writer.close()


def _block(random: np.random.Generator, rows: int, first: int, *, accounts: bool) -> tuple[pa.RecordBatch, int]:
    families = max(1, rows // _CLAIMS_OF_A_FAMILY)
    family, day = np.sort(random.integers(0, families, rows)), random.integers(0, 366, rows)
    day = day[np.argsort(family * 366 + day)]
    family = (family + first).astype(np.int32)
    member = random.integers(0, _MEMBERS, rows).astype(np.int32)
    person = family * _MEMBERS + member
    first_self_pay = random.integers(0, 3_000, rows).astype(np.int32)
    columns: dict[str, Any] = {
        "family": family,
        "person": person,
        "date": pa.array((day + _FIRST_DAY).astype(np.int32)).cast(pa.date32()),
        "region": np.array(REGIONS, np.int32)[family % len(REGIONS)],
        "status": pa.DictionaryArray.from_arrays(pa.array((person % 2).astype(np.int8)), ["active", "retired"]),
        "tier": random.integers(1, 4, rows).astype(np.int8),
        "age": (20 + person % 70).astype(np.int16),
        "total_fen": (first_self_pay + 100 + random.lognormal(9.8, 1.1, rows)).astype(np.int32),
        "first_self_pay_fen": first_self_pay,
    }
    if accounts:
        head = family * _MEMBERS
        columns |= {
            "current_account_fen": (person * 7_919 % 200_000).astype(np.int32),
            "historical_account_fen": (person * 104_729 % 400_000).astype(np.int32),
            "sharer": pa.array(head, mask=member == 0),
            "sharer_current_account_fen": pa.array((head * 7_919 % 200_000).astype(np.int32), mask=member == 0),
            "sharer_historical_account_fen": pa.array((head * 104_729 % 400_000).astype(np.int32), mask=member == 0),
        }
    arrays = [column if isinstance(column, pa.Array) else pa.array(column) for column in columns.values()]
    fields = [
        pa.field(name, array.type, nullable=name.startswith("sharer"))
        for name, array in zip(columns, arrays, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields)), families


def by_day(source: Path, target: Path) -> None:
    """The same claims as they come in over the year: in the order of their days, families in any order within one."""
    table = pq.read_table(source)
    random = np.random.default_rng(0)
    day = table.column("date").to_numpy().astype("datetime64[D]").astype(np.int64)
    # Of a family's claims of one day the order stays, as that is the file's to tell.
    family = table.column("family").to_numpy()
    shuffled = random.permutation(int(family.max()) + 1)[family]
    table = table.take(pa.array(np.lexsort((shuffled, day))))
    pq.write_table(
        table, target, compression="none", use_dictionary=["status"], write_statistics=False, row_group_size=_BLOCK
    )


@dataclass(frozen=True, slots=True)
class _Ran:
    """A run over a file: claims a second by processor time on two cores, the same by the clock, and the sums."""

    speed: float
    by_clock: float
    sums: dict[str, int]


def _run(source: Path) -> _Ran:
    target = source.with_suffix(".out")
    began, spent = time.perf_counter(), time.process_time()
    receipt = assess_file(source, target, RuleBook.shipped())
    spent, seconds = time.process_time() - spent, time.perf_counter() - began
    target.unlink()
    claims = receipt.tally.assessed
    return _Ran(claims / spent * _CORES, claims / seconds, dict(receipt.tally.sums))


def _best(source: Path) -> _Ran:
    """The fastest of a few runs."""
    return max((_run(source) for _ in range(_ROUNDS)), key=lambda run: run.speed)


def _peak(source: Path) -> float:
    """The peak memory of a run in a process of its own, kilobytes; of Linux, where the figure begins anew with a program."""
    command = [sys.executable, "-c", _PEAK, str(source), str(source.with_suffix(".out"))]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    source.with_suffix(".out").unlink()
    return float(run.stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=CLAIMS)
    print(json.dumps(measure(parser.parse_args().claims), indent=1))
