"""``gongji rules check``: does a pack load, do its worked examples come out, and what is worth a look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from gongji.benefit.examples import Difference, replay
from gongji.entrances.rules_command.findings import Finding, findings
from gongji.entrances.rules_command.shelf import open_shelf
from gongji.foundation.errors import GongjiError
from gongji.rules.book import RuleBook
from gongji.rules.cases import Example, example_files, load_examples
from gongji.rules.pack_files import SHIPPED, pack_files
from gongji.rules.problems import PackError, Problem

_EXAMPLES = ".cases.yaml"


@dataclass(slots=True)
class Report:
    """What came of an examination.

    Attributes:
        loaded: whether the packs load.
        packs: how many packs were looked at.
        examples, visits: how many worked examples were replayed, with how many visits.
        problems: what the loader refuses, in packs and in examples.
        differences: numbers that come out otherwise than by hand.
        findings: what loads and is worth a look.
    """

    loaded: bool = False
    packs: int = 0
    examples: int = 0
    visits: int = 0
    problems: list[Problem] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong; findings may be meant."""
        return not (self.problems or self.differences)


def examine(paths: Sequence[Path], beside: Sequence[Path], on: date) -> Report:
    """Load packs and replay their worked examples.

    Args:
        paths: pack files, files of worked examples or folders; the shipped packs when empty.
        beside: further packs that these may rest on.
        on: the day on which inherited values are looked at.

    Raises:
        NotFound: ``pack.not_found``.
    """
    report = Report()
    files = [file for path in paths for file in pack_files(path) if not file.name.endswith(_EXAMPLES)]
    examples = _read_examples(paths or [SHIPPED, *beside], report)
    try:
        shelf = open_shelf([*files, *beside])
    except PackError as refused:
        report.problems += refused.problems
        return report
    named = {str(file) for file in files}
    looked_at = [one for one in shelf.lineages.values() if not paths or one.own.at.file in named]
    report.loaded = True
    report.packs = len(looked_at)
    report.findings += findings(shelf, looked_at, on)
    _replay(shelf.book, examples, report)
    return report


def _read_examples(paths: Iterable[Path], report: Report) -> list[Example]:
    """The worked examples in folders, and beside a pack file those of the same benefit."""
    files: dict[Path, None] = {}
    for path in paths:
        if path.is_dir() or path.name.endswith(_EXAMPLES):
            files |= dict.fromkeys(example_files(path))
        elif (beside := path.with_name(path.name.removesuffix(".yaml") + _EXAMPLES)).is_file():
            files[beside] = None
    examples: list[Example] = []
    for file in files:
        try:
            examples += load_examples(file)
        except PackError as refused:
            report.problems += refused.problems
    return examples


def _replay(book: RuleBook, examples: Iterable[Example], report: Report) -> None:
    for example in examples:
        report.examples += 1
        report.visits += len(example.visits)
        try:
            report.differences += replay(book, example)
        except GongjiError as refused:
            # A bill that does not add up or a reading that does not exist: the example's own mistake.
            at = example.visits[0].at
            report.problems.append(Problem(refused.code, at, f"{example.name}: {refused.en}", refused.zh))
