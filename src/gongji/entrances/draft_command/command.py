"""``gongji draft``: drafts checked, held against today's rules over a file of claims, and a city invented to try them on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gongji.entrances.assess_command.command import check_installed
from gongji.entrances.bars import Bars
from gongji.entrances.draft_command import printing
from gongji.entrances.draft_command.claims import claims
from gongji.entrances.draft_command.report import write_report
from gongji.entrances.draft_command.weighed import Weighed, Weighing, in_words
from gongji.entrances.rules_command.forms import roles
from gongji.entrances.rules_command.shelf import Shelf, open_shelf
from gongji.entrances.wording import Language
from gongji.foundation.clock import SystemClock
from gongji.foundation.errors import InvalidInput
from gongji.foundation.settings import load_settings
from gongji.rules.draft import Draft, Enacted, draft_of_settings, enact, read_draft
from gongji.rules.pack import in_force
from gongji.simulation.formats import Format

if TYPE_CHECKING:
    from gongji.simulation.passage import Reading

draft = typer.Typer(
    help="Drafts of a change to the rules: what it would do to a city, before it is signed.", no_args_is_help=True
)

draft.command("claims")(claims)

Files = Annotated[
    list[Path] | None, typer.Argument(metavar="DRAFT", help="Drafts in YAML; each is held against today.")
]
Of = Annotated[str | None, typer.Option("--of", help="The region that --set and --vary change: code or Chinese name.")]
From = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="First day of --set and --vary; today otherwise."),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="One change; all of them are one draft. +5 % is a step."),
]
Vary = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE,VALUE…", help="A draft for each value, beside what --set changes."),
]
Packs = Annotated[
    list[Path] | None, typer.Option("--pack", help="A pack file or folder beside the shipped ones; may be repeated.")
]


@draft.command()
def check(
    files: Files = None, of: Of = None, begins: From = None, setting: Set = None, vary: Vary = None, pack: Packs = None
) -> None:
    """Check drafts as packs are checked, and show each number before and after."""
    shelf = _shelf(pack)
    for one in _weighed(shelf, list(_enacted(shelf, files, of, begins, setting, vary))):
        printing.print_changes(one, Console(emoji=False))


@draft.command()
def appraise(
    claims: Annotated[
        Path, typer.Argument(help="Claims as CSV, JSON lines or Parquet, as `gongji assess` takes them.")
    ],
    files: Files = None,
    of: Of = None,
    begins: From = None,
    setting: Set = None,
    vary: Vary = None,
    report: Annotated[Path | None, typer.Option(help="Write a report to print or send: one HTML file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
    source_format: Annotated[Format | None, typer.Option("--format", help="Of the file; found out otherwise.")] = None,
    region: Annotated[str, typer.Option(help="Six digits, for rows that name no region.")] = "",
    scheme: Annotated[str, typer.Option(help="For rows that name no scheme: employee or resident.")] = "employee",
    kind: Annotated[str, typer.Option(help="For rows that name no kind of care.")] = "outpatient",
    status: Annotated[str, typer.Option(help="For rows that name no status: active, retired, resident.")] = "",
    tier: Annotated[str, typer.Option(help="For rows that name no tier: 1, 2, 3, community …")] = "",
    threads: Annotated[int, typer.Option(min=0, help="0 for as many as there are processors.")] = 0,
    pack: Packs = None,
    language: Annotated[Language, typer.Option(help="Of the report and of what is printed.")] = Language.CHINESE,
) -> None:
    """Settle every claim by today's rules and by each draft: what the funds would pay, and who would bear less or more."""
    check_installed()
    from gongji.simulation.chunk import Defaults
    from gongji.simulation.passage import Reading
    from gongji.simulation.receipt import check_paths

    check_paths({"claims": claims, "report": report})
    shelf = _shelf(pack)
    drafts = list(_enacted(shelf, files, of, begins, setting, vary))
    reading = Reading(source_format, Defaults(region, scheme, kind, status, tier), threads)
    weighing = _weigh(claims, shelf, drafts, reading)
    if report is not None:
        write_report(report, weighing, shelf.book, SystemClock().now(), language)
    if as_json:
        print(json.dumps(weighing.as_json(), ensure_ascii=False, indent=2))
        return
    printing.print_weighing(weighing, shelf.book, Console(emoji=False), language)


@draft.command()
def invent(
    out: Annotated[Path, typer.Argument(help="The Parquet file to write.")],
    of: Annotated[str, typer.Option("--of", help="Region of everybody: code or Chinese name.")],
    people: Annotated[int, typer.Option(min=1, max=10_000_000, help="How many people.")] = 100_000,
    year: Annotated[int, typer.Option(min=2000, max=2099, help="Year of the claims.")] = 2025,
    seed: Annotated[int, typer.Option(min=0, help="The same number gives the same claims.")] = 1,
) -> None:
    """Invent a city's year of claims, to try drafts on before your own claims are at hand. Nobody in it exists."""
    check_installed()
    import pyarrow.parquet as pq

    from gongji.simulation.invented import INVENTED, invented_claims
    from gongji.simulation.targets import unwritable

    region = _shelf(None).named(of).own.region
    table = invented_claims(people, region, year, seed)
    told = {INVENTED: f"{people} people of {region}, {year}, seed {seed}"}
    try:
        pq.write_table(table.replace_schema_metadata(told), out)
    except OSError as problem:
        raise unwritable(out, problem) from problem
    Console(emoji=False).print(
        f"{table.num_rows:,} 条虚构的费用 invented claims: {out}", highlight=False, soft_wrap=True
    )


def _shelf(packs: list[Path] | None) -> Shelf:
    return open_shelf([*load_settings().packs, *(packs or ())])


def _enacted(
    shelf: Shelf,
    files: list[Path] | None,
    of: str | None,
    begins: datetime | None,
    settings: list[str] | None,
    vary: list[str] | None,
) -> Iterator[tuple[Draft, Enacted]]:
    """Every draft that was asked for, with the rules as it would have them."""
    drafts = [read_draft(file) for file in files or ()]
    if settings or vary:
        drafts += _of_settings(shelf, of, begins, settings or [], vary or [])
    if not drafts:
        raise InvalidInput(
            "drafts.number",
            "there is no draft",
            "没有指定方案",
            field="drafts",
            accepted="a draft's file, or --of with --set or --vary",
        )
    for one in drafts:
        yield one, enact(shelf.book, one)


def _of_settings(
    shelf: Shelf, of: str | None, begins: datetime | None, settings: list[str], vary: list[str]
) -> Iterator[Draft]:
    """What the options change: one draft, or one for each value that is tried."""
    if of is None:
        raise InvalidInput(
            "drafts.region", "say which region is changed", "请指定改动哪个统筹区", field="of", accepted="--of 铁岭"
        )
    pack = shelf.named(of).own.id
    day = (begins or SystemClock().now()).date()
    tried = [one.partition("=") for one in vary]
    each = [f"{name}={value.strip()}" for name, _, values in tried for value in values.split(",")]
    if not each:
        yield draft_of_settings("; ".join(settings), pack, day, settings)
    for one in each:
        yield draft_of_settings("; ".join((*settings, one)), pack, day, [*settings, one])


def _weigh(claims: Path, shelf: Shelf, drafts: list[tuple[Draft, Enacted]], reading: Reading) -> Weighing:
    """Hold the drafts against today over the file, with a bar."""
    from gongji.simulation.appraising import appraise_file
    from gongji.simulation.invented import told_as_invented

    with Bars() as bars:
        appraisal = appraise_file(
            claims,
            shelf.book,
            [enacted.book for _, enacted in drafts],
            reading,
            lambda done, size: bars.show("claims 费用", done, size),
        )
    return Weighing(claims.name, told_as_invented(claims), appraisal, _weighed(shelf, drafts))


def _weighed(shelf: Shelf, drafts: list[tuple[Draft, Enacted]]) -> tuple[Weighed, ...]:
    """The drafts numbered, with their numbers in words."""
    made = []
    for number, (one, enacted) in enumerate(drafts, 1):
        pack = next(lineage.own for lineage in shelf.book.lineages() if lineage.own.id == one.pack)
        held = {key: in_force(benefit.shapes, one.effective) for key, benefit in pack.benefits.items()}
        of_benefits = {key: roles(shape.value) for key, shape in held.items() if shape is not None}
        words = tuple(in_words(moved, of_benefits.get(moved.key, {})) for moved in enacted.moved)
        made.append(Weighed(one, enacted.moved, number, words))
    return tuple(made)
