"""Whether a file of claims says what the books do: it is assessed, and what comes of each claim is held against what was paid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gongji.entrances.draft_command.claims_file import MAY_DIFFER, PAID
from gongji.rules.book import RuleBook
from gongji.simulation.engine import assess_file
from gongji.simulation.passage import Progress

#: Why a claim differs that says nothing of why it might.
UNKNOWN: Final = "unknown"


@dataclass(slots=True)
class Agreement:
    """How many claims come to what the books hold.

    Attributes:
        agree: to the fen, the pooled fund and the others each.
        differ: those that do not, by the first reason that they name; `UNKNOWN` where they name none.
        fen: by the same reasons, what the claims come to less what was paid.
        rejected: those that cannot be worked out, by column and code.
    """

    agree: int = 0
    differ: Counter[str] = field(default_factory=Counter)
    fen: Counter[str] = field(default_factory=Counter)
    rejected: Mapping[tuple[str, str], int] = field(default_factory=dict)


def agreement_of(path: Path, book: RuleBook, progress: Progress = lambda done, size: None) -> Agreement:
    """Assess a file that `ClaimsFile` wrote, and compare.

    Args:
        path: the file; what comes of it lies beside it meanwhile, for its owner alone.
        book: the rules.
        progress: told how much of the file is done, and its size.
    """
    found = Agreement()
    with TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        assessed = Path(folder) / "assessed.parquet"
        found.rejected = assess_file(path, assessed, book, progress=progress).tally.reasons
        with pq.ParquetFile(assessed) as opened:
            columns = ["fund_pool_fen", "fund_large_fen", *PAID, MAY_DIFFER]
            for batch in opened.iter_batches(columns=columns):
                _compare(batch, found)
    return found


def _compare(batch: pa.RecordBatch, found: Agreement) -> None:
    pool, large, *paid = (
        batch.column(name).to_numpy(zero_copy_only=False) for name in ("fund_pool_fen", "fund_large_fen", *PAID)
    )
    to_pool, to_others = pool - paid[0], large - sum(paid[1:])
    rows = np.flatnonzero((to_pool != 0) | (to_others != 0))
    found.agree += batch.num_rows - len(rows)
    reasons = pc.take(batch.column(MAY_DIFFER), pa.array(rows)).to_pylist()
    for row, reason in zip(rows, reasons, strict=True):
        first = (reason or UNKNOWN).split()[0]
        found.differ[first] += 1
        found.fen[first] += int(to_pool[row] + to_others[row])
