"""A file of claims of whole families assessed: the same rows with what each fund pays and what the person bears."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import pyarrow as pa

from gongji.rules.book import RuleBook
from gongji.rules.model import ENGINE
from gongji.simulation.batches import BadLine, Source
from gongji.simulation.cells import Fault
from gongji.simulation.chunk import ChunkReader
from gongji.simulation.counting import reasons, tally_of
from gongji.simulation.cutting import Whole
from gongji.simulation.formats import SUFFIXES, Compression, Format
from gongji.simulation.passage import Passage, Progress, Reading
from gongji.simulation.plan import Integers, Plan
from gongji.simulation.receipt import Receipt, Reject, RejectsFile, Tally, check_paths
from gongji.simulation.results import ResultsMaker
from gongji.simulation.settling import Settler
from gongji.simulation.sources import open_source
from gongji.simulation.targets import Target
from gongji.simulation.turns import in_turn


@dataclass(frozen=True, slots=True)
class Options(Reading):
    """How a file is assessed.

    Attributes:
        target_format: how results are written; by the suffix when None, else as the source.
        rejects: where rejected rows are listed; nowhere when None.
        counters: whether every counter is given after each claim.
        compression: of Parquet results.
    """

    target_format: Format | None = None
    rejects: Path | None = None
    counters: bool = False
    compression: Compression = Compression.NONE


@dataclass(slots=True)
class _Made:
    """What came of a chunk."""

    rows: pa.RecordBatch
    rejects: list[Reject]
    tally: Tally
    done: int

    @property
    def read(self) -> int:
        """How many rows, and lines that are none, it was made of."""
        return self.tally.read


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
    plan = Plan(book)
    passed = _Assessing(open_source(source, options.source_format), target, plan, options, progress).run()
    tally = passed.taken
    digests = {plan.regions[number]: plan.digests[number] for number in sorted(tally.regions)}
    return Receipt(tally, passed.in_order, passed.apart, digests, ENGINE)


class _Assessing(Passage[_Made, Tally]):
    """One file being assessed."""

    def __init__(self, source: Source, target: Path, plan: Plan, options: Options, progress: Progress) -> None:
        super().__init__(source, options, progress)
        self._target = target
        self._plan = plan
        self._options = options
        self._reader = ChunkReader(self.header, options.defaults, plan, source.names)
        self._settlers: SimpleQueue[Settler] = SimpleQueue()
        for _ in range(self.threads):
            self._settlers.put(Settler(plan, counters=options.counters))

    def make(self, whole: Whole, *, row: bool) -> _Made:
        """A chunk read, settled and turned into rows; in a worker's thread."""
        batch, lines = whole.joined(), whole.lines()
        chunk = self._reader.read(batch)
        maker = ResultsMaker(self.header, batch.schema, self._plan, counters=self._options.counters, row=row)
        settler = self._settlers.get()
        try:
            out = settler.settle(chunk)
            rows, tally = maker.make(batch, lines, chunk, out), tally_of(chunk, out, whole.bad)
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
            place = self.header.found.get(fault.column)
            shown = names[place] if place is not None else fault.column
            column = batch.column(names.index(shown)) if shown in names else None
            for place in fault.rows.tolist():
                value = column[place].as_py() if column is not None else None
                text = "" if value is None else str(value)
                yield Reject(int(lines[place]), shown, text, fault.code, fault.en, fault.zh, fault.accepted)

    def take(self, made: Iterable[_Made], bad: list[BadLine]) -> Tally:
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
                self.progress(one.done, self.source.size)

            for _ in in_turn(write, made, writer, 1):
                pass
            rejects.write(_reject(one) for one in bad)
            tally.add(Tally(read=len(bad), rejected=len(bad), reasons=reasons(bad)))
        return tally


def _reject(bad: BadLine) -> Reject:
    return Reject(bad.line, "", bad.text, bad.code, bad.en, bad.zh, bad.accepted)


def _format_for(target: Path, source: Source) -> Format:
    """By the suffix of the target, else as the source is written."""
    return SUFFIXES.get(target.suffix.lower(), source.form)
