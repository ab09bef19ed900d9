"""A chunk counted: rows, reasons, sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from gongji.simulation import flow
from gongji.simulation.batches import BadLine
from gongji.simulation.chunk import Chunk
from gongji.simulation.plan import PLACES
from gongji.simulation.receipt import Tally
from gongji.simulation.results import NOTES


def reasons(bad: Iterable[BadLine]) -> Counter[tuple[str, str]]:
    """Why lines are no rows, as `Tally.reasons` has it."""
    return Counter(("", one.code) for one in bad)


def tally_of(chunk: Chunk, out: flow.Out, bad: list[BadLine]) -> Tally:
    """Counts and sums of a chunk."""
    verdicts = np.bincount(chunk.verdict, minlength=flow.UNREADABLE + 1)
    rows, assessed = len(chunk.verdict), int(verdicts[: len(NOTES)].sum())
    tally = Tally(read=rows + len(bad), assessed=assessed, rejected=rows - assessed + len(bad), reasons=reasons(bad))
    for fault in chunk.faults:
        tally.reasons[fault.column, fault.code] += len(fault.rows)
    tally.notes.update({note: int(count) for note, count in zip(NOTES, verdicts, strict=False) if note and count})
    columns = {"total": chunk.claims.total, "fund_pool": out.pool, "fund_large": out.large}
    if chunk.accounts:
        columns |= {"own": out.own, "shared": out.shared, "cash": out.cash}
    kept = slice(None) if assessed == rows else np.flatnonzero(chunk.verdict <= flow.OFFSITE_UNKNOWN)
    for name, values in columns.items():
        tally.sums[name] = int(values[kept].sum())
    places = np.bincount(chunk.claims.place[kept])
    tally.regions = set((np.flatnonzero(places) // PLACES).tolist())
    return tally
