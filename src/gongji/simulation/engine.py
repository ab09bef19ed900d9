"""A file of claims of whole families assessed, in a stream: read, cut at families, settled by threads, written in order.

Families that stand together and ascend are assessed as they come. Whether they do is seen while reading: at the first
family that breaks the order the output so far is thrown away and the file is dealt out by family first (`spill`).
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import numpy as np
import pyarrow as pa

from gongji.rules.book import RuleBook
from gongji.rules.model import ENGINE
from gongji.simulation import flow
from gongji.simulation.batches import BadLine, Batch, Source
from gongji.simulation.cells import Fault
from gongji.simulation.chunk import Chunk, ChunkReader, Defaults
from gongji.simulation.columns import read_header
from gongji.simulation.cutting import Apart, Cutter, Whole
from gongji.simulation.formats import SUFFIXES, Compression, Format
from gongji.simulation.plan import PLACES, Integers, Plan
from gongji.simulation.receipt import Receipt, Reject, RejectsFile, Tally, check_paths
from gongji.simulation.results import NOTES, ResultsMaker
from gongji.simulation.settling import Settler
from gongji.simulation.sources import open_source
from gongji.simulation.spill import Spill, parts_for, read_part
from gongji.simulation.targets import Target
from gongji.simulation.turns import in_turn

#: So many rows at most are held in memory to give them back in the order of a file whose families stand apart.
IN_ORDER_ROWS: Final = 500_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is assessed.

    Attributes:
        source_format: how the file is written; found out when None.
        target_format: how results are written; by the suffix when None, else as the source.
        defaults: what stands for columns and cells that are missing.
        rejects: where rejected rows are listed; nowhere when None.
        counters: whether every counter is given after each claim.
        compression: of Parquet results.
        threads: how many; as many as there are processors when 0.
        folder: for what does not fit memory; the system's folder for temporary files when None.
        in_order_rows: so many rows at most are held in memory to give them back in the order of a file whose families
            stand apart.
    """

    source_format: Format | None = None
    target_format: Format | None = None
    defaults: Defaults = field(default_factory=Defaults)
    rejects: Path | None = None
    counters: bool = False
    compression: Compression = Compression.NONE
    threads: int = 0
    folder: Path | None = None
    in_order_rows: int = IN_ORDER_ROWS


@dataclass(slots=True)
class _Made:
    """What came of a chunk."""

    rows: pa.RecordBatch
    rejects: list[Reject]
    tally: Tally
    done: int


def assess_file(
    source: Path,
    target: Path,
    book: RuleBook,
    options: Options | None = None,
    progress: Progress = lambda done, size: None,
) -> Receipt:
    """Assess a file of claims.

    Counters and accounts go on from claim to claim within a family and begin at nothing, accounts at the balance that
    the claims tell. Claims are taken in the order of their days, those of a day in the order of the file.

    Args:
        source: the file; CSV, JSON lines or Parquet. Its columns are those of `columns.COLUMNS`, others come along.
        target: where the results go; written whole or not at all.
        book: the rules; default readings.
        options: how.
        progress: told how much of the file is done, and its size, in one measure.

    Returns:
        What came of it.

    Raises:
        InvalidInput: the file as a whole cannot be assessed (``file.…``, ``columns.…``), a default is none
            (``word.unknown``, ``region.invalid`` …), a path is wrong (``out.…``), ``family.too_large``. Rows that are
            wrong do not raise: they are counted and listed in `options.rejects`.
    """
    options = options or Options()
    check_paths({"file": source, "out": target, "rejects": options.rejects})
    run = _Run(open_source(source, options.source_format), target, Plan(book), options, progress)
    if not run.source.surely_apart(run.family_name):
        try:
            return run.straight()
        except Apart:
            pass  # seen only while reading; nothing of it is kept
    return run.dealt()


class _Run:
    """One file being assessed."""

    def __init__(self, source: Source, target: Path, plan: Plan, options: Options, progress: Progress) -> None:
        self.source = source
        self._target = target
        self._plan = plan
        self._options = options
        self._progress = progress
        self._threads = options.threads or len(os.sched_getaffinity(0))
        self._header = read_header(source.names, options.defaults.given())
        self._family = self._header.found.get("family", self._header.found["person"])
        self.family_name = source.names[self._family]
        self._reader = ChunkReader(self._header, options.defaults, plan, source.names)
        self._settlers: SimpleQueue[Settler] = SimpleQueue()
        for _ in range(self._threads):
            self._settlers.put(Settler(plan, counters=options.counters))

    def straight(self) -> Receipt:
        """Families as they come.

        Raises:
            Apart: when they do not ascend.
        """
        with ThreadPoolExecutor(self._threads) as workers:
            cut = Cutter(self._family).cut(self.source.batches())
            tally = self._write(in_turn(partial(self._made, row=False), cut, workers, self._threads), [])
        return self._receipt(tally, in_order=True, apart=False)

    def dealt(self) -> Receipt:
        """Families brought together first; in memory when the file is small, so that its order can be kept."""
        batches, size = self.source.batches(), self.source.size
        held: list[Batch] = []
        while sum(batch.rows.num_rows for batch in held) <= self._options.in_order_rows:
            batch = next(batches, None)
            if batch is None:
                tally = self._write([self._made(Whole(held), row=False)] if held else [], [])
                return self._receipt(tally, in_order=True, apart=True)
            held.append(batch)
        with (
            tempfile.TemporaryDirectory(prefix="gongji-", dir=self._options.folder) as folder,
            ThreadPoolExecutor(self._threads) as workers,
        ):
            spill = Spill(Path(folder), self._family, parts_for(self.source.rows))
            spill.deal(_chain(held, batches), workers, self._threads, lambda done: self._progress(done // 2, size))
            made = in_turn(partial(self._made_of_part, spill), spill.parts(), workers, self._threads)
            tally = self._write(made, spill.bad)
        return self._receipt(tally, in_order=False, apart=True)

    def _made_of_part(self, spill: Spill, path: Path) -> _Made:
        """What comes of a part of a file that was dealt out."""
        made = self._made(read_part(path), row=True)
        made.done = int(self.source.size * (1 + spill.share(made.tally.read)) / 2)
        return made

    def _made(self, whole: Whole, *, row: bool) -> _Made:
        """A chunk read, settled and turned into rows; in a worker's thread."""
        batch, lines = whole.joined(), whole.lines()
        chunk = self._reader.read(batch)
        maker = ResultsMaker(self._header, batch.schema, self._plan, counters=self._options.counters, row=row)
        settler = self._settlers.get()
        try:
            out = settler.settle(chunk)
            rows, tally = maker.make(batch, lines, chunk, out), _tally(chunk, out, whole.bad)
        finally:
            self._settlers.put(settler)
        rejects: list[Reject] = []
        if self._options.rejects is not None:
            rejects += [_reject(one) for one in whole.bad]
            rejects += self._rejects(batch, lines, chunk.faults)
            rejects.sort(key=lambda one: one.line)
        done = whole.pieces[-1].done
        return _Made(rows, rejects, tally, done)

    def _rejects(self, batch: pa.RecordBatch, lines: Integers, faults: Iterable[Fault]) -> Iterator[Reject]:
        names = self.source.names
        for fault in faults:
            place = self._header.found.get(fault.column)
            shown = names[place] if place is not None else fault.column
            column = batch.column(names.index(shown)) if shown in names else None
            for place in fault.rows.tolist():
                value = column[place].as_py() if column is not None else None
                text = "" if value is None else str(value)
                yield Reject(int(lines[place]), shown, text, fault.code, fault.en, fault.zh, fault.accepted)

    def _write(self, made: Iterable[_Made], bad: list[BadLine]) -> Tally:
        """Write what is made as it comes, in a thread of its own."""
        options, tally = self._options, Tally()
        form = options.target_format or _format_for(self._target, self.source)
        told = {"gongji": f"engine {ENGINE}"}
        with (
            RejectsFile(options.rejects) as rejects,
            Target(self._target, form, options.compression, told) as target,
            ThreadPoolExecutor(1) as writer,
        ):

            def write(one: _Made) -> None:
                target.write(one.rows)
                rejects.write(one.rejects)
                tally.add(one.tally)
                self._progress(one.done, self.source.size)

            for _ in in_turn(write, made, writer, 1):
                pass
            rejects.write(_reject(one) for one in bad)
            tally.add(Tally(read=len(bad), rejected=len(bad), reasons=_reasons(bad)))
        return tally

    def _receipt(self, tally: Tally, *, in_order: bool, apart: bool) -> Receipt:
        digests = {self._plan.regions[number]: self._plan.digests[number] for number in sorted(tally.regions)}
        return Receipt(tally, in_order, apart, digests, ENGINE)


def _chain(held: list[Batch], batches: Iterator[Batch]) -> Iterator[Batch]:
    """What is held, let go piece by piece, then the others."""
    held.reverse()
    while held:
        yield held.pop()
    yield from batches


def _reject(bad: BadLine) -> Reject:
    return Reject(bad.line, "", bad.text, bad.code, bad.en, bad.zh, bad.accepted)


def _reasons(bad: Iterable[BadLine]) -> Counter[tuple[str, str]]:
    return Counter(("", one.code) for one in bad)


def _tally(chunk: Chunk, out: flow.Out, bad: list[BadLine]) -> Tally:
    """Counts and sums of a chunk."""
    verdicts = np.bincount(chunk.verdict, minlength=flow.UNREADABLE + 1)
    rows, assessed = len(chunk.verdict), int(verdicts[: len(NOTES)].sum())
    tally = Tally(read=rows + len(bad), assessed=assessed, rejected=rows - assessed + len(bad), reasons=_reasons(bad))
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


def _format_for(target: Path, source: Source) -> Format:
    """By the suffix of the target, else as the source is written."""
    return SUFFIXES.get(target.suffix.lower(), source.form)
