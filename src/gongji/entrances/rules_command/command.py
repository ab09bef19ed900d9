"""``gongji rules``: the packs listed, shown, checked, compared; what open readings cost; the schema of pack files."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gongji.benefit.sensitivity import sensitivity
from gongji.entrances.rules_command import documents, printing
from gongji.entrances.rules_command.comparison import compare
from gongji.entrances.rules_command.examination import examine
from gongji.entrances.rules_command.paper import print_sheet
from gongji.entrances.rules_command.schema import pack_schema
from gongji.entrances.rules_command.sheet import ACCRUAL, ENROLMENT, VALUES, WALLET, sheet_of
from gongji.entrances.rules_command.shelf import Shelf, open_shelf
from gongji.foundation.clock import SystemClock
from gongji.foundation.errors import InvalidInput
from gongji.foundation.settings import load_settings
from gongji.rules.coverage import SHARING, coverage, unplaced_conflicts
from gongji.rules.model import CareKind
from gongji.rules.pack import benefit_word, every_benefit

#: Where the output is no terminal, tables are this wide rather than folded to 80 columns.
_WIDE = 180

Packs = Annotated[
    list[Path] | None, typer.Option("--pack", help="A pack file or folder beside the shipped ones; may be repeated.")
]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; today when left out.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Region = Annotated[str, typer.Argument(help="Six-digit code, Chinese name (铁岭, 济宁市) or a pack id's last part.")]

#: Sections that are of no single scheme.
_OF_BOTH = (ENROLMENT, WALLET, VALUES)

rules = typer.Typer(help="The rule packs: what they hold, what it rests on, what is missing.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Mount ``rules`` on the command line."""
    app.add_typer(rules, name="rules")


def _shelf(packs: list[Path] | None) -> Shelf:
    return open_shelf([*load_settings().packs, *(packs or ())])


def _day(given: datetime | None) -> date:
    return (given or SystemClock().now()).date()


def _console() -> Console:
    console = Console(emoji=False)  # "10:x:0" in a pack is text
    return console if console.is_terminal else Console(width=_WIDE, emoji=False)


@rules.command("list")
def list_packs(
    regions: Annotated[list[str] | None, typer.Argument(help="Only these regions.")] = None,
    since: Annotated[int, typer.Option(min=2000, max=2100, help="First year.")] = 2023,
    until: Annotated[int | None, typer.Option(min=2000, max=2100, help="Last year; this year when left out.")] = None,
    pack: Packs = None,
    as_json: AsJson = False,
) -> None:
    """The coverage registry: each region, benefit and year; complete, partial, secondary, conflicting or a gap."""
    last = until or _day(None).year
    if since > last:
        raise InvalidInput(
            "list.years",
            f"there are no years from {since} to {last}",
            f"起始年份 {since} 晚于截止年份 {last}",
            field="since",
            accepted=f"{last} or earlier",
        )
    shelf = _shelf(pack)
    known = [lineage for _, lineage in sorted(shelf.lineages.items())]
    lineages = [shelf.named(text) for text in regions] if regions else known
    rows = list(coverage(shelf.book, lineages, since, last))
    others = [conflict for lineage in lineages for conflict in unplaced_conflicts(lineage)]
    if as_json:
        print(json.dumps(documents.coverage_json(rows, others), ensure_ascii=False, indent=1))
    else:
        printing.print_coverage(rows, others, _console())


@rules.command()
def show(
    region: Region,
    on: Day = None,
    scheme: Annotated[str | None, typer.Option(help="employee or resident.")] = None,
    kind: Annotated[CareKind | None, typer.Option(help="Kind of care.")] = None,
    own: Annotated[bool, typer.Option("--own", help="Only what the region's own pack says.")] = False,
    pack: Packs = None,
    as_json: AsJson = False,
) -> None:
    """A region's rules on a day like the notice they encode, each value with its source, its grade and its words."""
    shelf = _shelf(pack)
    lineage = shelf.named(region)
    sheet = sheet_of(shelf, lineage, _day(on), _wanted(scheme, kind))
    sheet = sheet.own() if own else sheet
    if region.isdigit() and region != lineage.own.region and not as_json:
        print(
            f"{region} 没有自己的规则包, 以下为覆盖它的规则包 has no pack of its own; this is the pack that covers it:"
        )
    if as_json:
        print(json.dumps(documents.sheet_json(sheet), ensure_ascii=False, indent=1))
    else:
        print_sheet(sheet, _console())


def _wanted(scheme: str | None, kind: CareKind | None) -> frozenset[str] | None:
    """The sections asked for; sharing is the employee scheme's, plain values are shown where nothing is left out."""
    if scheme is not None and scheme not in ("employee", "resident"):
        raise InvalidInput(
            "scheme.unknown",
            f"there is no scheme '{scheme}'",
            f"没有“{scheme}”这一险种",
            field="scheme",
            accepted="employee, resident",
        )
    if scheme is None and kind is None:
        return None
    words = [benefit_word(key) for key in every_benefit() if kind in (None, key[1])]
    words += [SHARING, ACCRUAL, "employee.waiting", "resident.waiting", *_OF_BOTH] if kind is None else []
    return frozenset(word for word in words if scheme is None or word in _OF_BOTH or word.startswith(f"{scheme}."))


@rules.command()
def check(
    paths: Annotated[list[Path] | None, typer.Argument(help="Packs to check; the shipped ones when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Everything that is wrong with packs, with file and line, and their worked examples replayed; exit code 1 then."""
    report = examine(paths or [], load_settings().packs, _day(None))
    if as_json:
        print(json.dumps(documents.report_json(report), ensure_ascii=False, indent=1))
    else:
        printing.print_report(report, _console())
    if not report.passed:
        raise typer.Exit(1)


@rules.command()
def diff(
    region: Region,
    other: Annotated[str | None, typer.Argument(help="Another region; else --from and --to.")] = None,
    since: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The earlier day.")] = None,
    to: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The later day.")] = None,
    on: Day = None,
    pack: Packs = None,
    as_json: AsJson = False,
) -> None:
    """What differs between two days of a region, or between two regions on a day, value by value with sources."""
    if (other is None) == (since is None or to is None) or (on is not None and other is None):
        raise InvalidInput(
            "diff.arguments",
            "compare one region between two days, or two regions on one day",
            "请写一个地区和两个日期, 或两个地区",
            field="region",
            accepted="REGION --from DATE --to DATE, or REGION REGION [--on DATE]",
        )
    shelf = _shelf(pack)
    first = shelf.named(region)
    second = shelf.named(other) if other is not None else first
    left = sheet_of(shelf, first, _day(since if other is None else on))
    right = sheet_of(shelf, second, _day(to if other is None else on))
    comparison = compare(left, right)
    if as_json:
        print(json.dumps(documents.comparison_json(left, right, comparison), ensure_ascii=False, indent=1))
    else:
        printing.print_comparison(left, right, comparison, _console())


@rules.command("sensitivity")
def what_readings_change(region: Region, on: Day = None, pack: Packs = None, as_json: AsJson = False) -> None:
    """What each reading of what the texts leave open changes in what the funds pay, for standard visits, in yuan."""
    shelf = _shelf(pack)
    lineage, day = shelf.named(region), _day(on)
    outcomes = list(sensitivity(shelf.book, lineage, day))
    if as_json:
        print(json.dumps(documents.sensitivity_json(lineage, day, outcomes), ensure_ascii=False, indent=1))
    else:
        printing.print_sensitivity(lineage, day, outcomes, _console())


@rules.command()
def schema() -> None:
    """Print the JSON Schema (draft 2020-12) of pack files, every scalar read as text."""
    print(json.dumps(pack_schema(), ensure_ascii=False, indent=1))
