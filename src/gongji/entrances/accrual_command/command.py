"""The commands: ``credit``, ``turn-year``, ``close``, ``transfer-in``, ``expire-holds``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gongji.accrual.closing import close_at_death, transfer_in, transfer_out
from gongji.accrual.model import Closed, Heir
from gongji.accrual.year_end import turn_year
from gongji.entrances.accrual_command.credit_file import credit_file, write_rejects
from gongji.entrances.bars import Bars
from gongji.entrances.loading import cells
from gongji.entrances.platform import Platform, open_platform
from gongji.foundation.access import Caller, Role
from gongji.foundation.errors import InvalidInput, NotFound
from gongji.foundation.money import parse_yuan, yuan
from gongji.foundation.settings import load_settings
from gongji.foundation.sheet import RowProblem
from gongji.registry.certificate import CITIZEN_ID, certificate_key
from gongji.registry.psn_no import person_id_from_psn_no
from gongji.registry.service import person_ids_by_certificate
from gongji.settlement.holds.expiry import expire_holds

accrual = typer.Typer(
    help="Personal accounts over the years: credits, turn of the year, death, change of region, holds.",
    no_args_is_help=True,
)

DataFolder = Annotated[Path | None, typer.Option("--data", help="The installation's data folder.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and add up; write nothing.")]
Person = Annotated[str, typer.Argument(help="The person's number (psn_no) or citizen ID number.")]

#: Problems printed at most; all of them stand in the file of --rejects.
MOST_PROBLEMS = 100


@accrual.command()
def credit(
    files: Annotated[list[Path], typer.Argument(help="CSV or JSON: certificate, month, kind, base and/or amount.")],
    rejects: Annotated[
        Path | None, typer.Option(help="Credit the good lines although others are wrong; these go to this file.")
    ] = None,
    dry_run: DryRun = False,
    data: DataFolder = None,
) -> None:
    """Credit monthly files. With a wrong line nothing of its file is credited, unless --rejects is given; a file that
    was credited before, whole or in part, is simply given again."""
    console = Console()
    problems: list[RowProblem] = []
    with open_platform(load_settings(data=data)) as platform, Bars() as bars:
        for path in files:
            done = credit_file(
                platform.database,
                platform.vault,
                platform.rules,
                platform.clock,
                path,
                caller=operator(),
                dry_run=dry_run,
                despite_problems=rejects is not None,
                progress=bars.show,
            )
            what = "would be credited 可计入" if dry_run else "credited 已计入"
            told = done.report
            console.print(
                f"{escape(done.file)}: {done.rows:,} rows, {told.posted:,} {what}, {yuan(told.amount)} yuan;"
                f" {told.already:,} were before 此前已计入, {told.unchecked:,} without a rule to check them 无规则核对,"
                f" {told.turned:,} accounts turned first 先行结转, {len(done.problems):,} problems",
                highlight=False,
            )
            if done.warning:
                console.print(f"  {done.warning}", highlight=False)
            problems += done.problems
    if rejects is not None:
        write_rejects(rejects, problems)
    _print_problems(problems, console)
    if problems:
        raise typer.Exit(1)


@accrual.command("turn-year")
def turn_year_command(
    region: Annotated[str, typer.Argument(help="Six-digit region; one that ends in 0000 is a whole province.")],
    year: Annotated[int, typer.Argument(min=2000, max=2999, help="The year that ended.")],
    dry_run: DryRun = False,
    data: DataFolder = None,
) -> None:
    """Turn what stands in the current accounts of a region into historical money. Stopped or started twice, it goes on
    with what is left."""
    with open_platform(load_settings(data=data)) as platform, Bars() as bars:
        done = turn_year(
            platform.database,
            platform.clock,
            region,
            year,
            caller=operator(),
            progress=lambda now, total: bars.show(f"{region} {year}", now, total),
            dry_run=dry_run,
        )
    what = "would become" if dry_run else "became"
    Console().print(
        f"{region} {year}: {done.accounts:,} accounts, {yuan(done.carried)} yuan {what} historical 转为历年;"
        f" {done.already:,} had been turned before 此前已结转."
        " No rule for interest is known, so none was credited 未见计息规则, 未计息.",
        highlight=False,
    )


@accrual.command()
def close(
    person: Person,
    death: Annotated[str | None, typer.Option(help="The person died on this day.")] = None,
    heir: Annotated[
        list[str] | None, typer.Option(help="Who inherits: number, or number:parts; once for each heir.")
    ] = None,
    transfer: Annotated[str | None, typer.Option(help="The account moves to this six-digit region.")] = None,
    reference: Annotated[str | None, typer.Option(help="The agency's number of the case; a move needs one.")] = None,
    data: DataFolder = None,
) -> None:
    """Close a personal account at death, paid out to the heirs by their parts, or with a move to another region."""
    if (death is None) == (transfer is None):
        raise InvalidInput(
            "closing.reason", "say why: --death DAY or --transfer REGION", "请指明原因：--death 日期 或 --transfer 统筹区",
            field="death", accepted="one of the two",
        )  # fmt: skip
    with open_platform(load_settings(data=data)) as platform:
        database, clock, who = platform.database, platform.clock, named_person(platform, person)
        if death is not None:
            day: date = cells.day(death, "death")
            heirs = [_heir(platform, one) for one in heir or ()]
            number = reference or "death"
            done = close_at_death(database, clock, who, day, heirs, caller=operator(), reference=number)
        else:
            number = _needed(reference)
            done = transfer_out(database, clock, who, transfer or "", caller=operator(), reference=number)
    _print_closed(done)


@accrual.command("transfer-in")
def transfer_in_command(
    person: Person,
    origin: Annotated[str, typer.Option("--from", help="Six-digit region that sends the money.")],
    reference: Annotated[str, typer.Option(help="Number of the transfer form.")],
    current: Annotated[str, typer.Option(help="Yuan for the current account.")] = "0",
    historical: Annotated[str, typer.Option(help="Yuan for the historical account.")] = "0",
    data: DataFolder = None,
) -> None:
    """Take over what another region sends with a person whose enrolment here is loaded."""
    amounts = parse_yuan(current, "current"), parse_yuan(historical, "historical")
    with open_platform(load_settings(data=data)) as platform:
        who = named_person(platform, person)
        done = transfer_in(
            platform.database, platform.clock, who, origin, *amounts, caller=operator(), reference=reference
        )
    _print_closed(done)


@accrual.command("expire-holds")
def expire_holds_command(dry_run: DryRun = False, data: DataFolder = None) -> None:
    """Give back every hold whose time is over; a server does so by itself while it runs."""
    with open_platform(load_settings(data=data)) as platform, Bars() as bars:
        waiting = expire_holds(platform.database, platform.clock, dry_run=True)
        done = waiting
        if not dry_run:
            done = expire_holds(
                platform.database,
                platform.clock,
                progress=lambda now: bars.show("holds 到期冻结", now, max(now, waiting.holds)),
            )
    what = "would go back" if dry_run else "went back"
    Console().print(
        f"{done.holds:,} holds, {yuan(done.amount)} yuan {what} 到期退回; {done.busy:,} in use, left for the next run",
        highlight=False,
    )


def operator() -> Caller:
    """Whoever works at this machine, for the audit."""
    return Caller(Role.OPERATOR, psutil.Process().username())


def named_person(platform: Platform, text: str, field: str = "person") -> int:
    """The id of the person with a psn_no or a citizen ID number.

    Raises:
        NotFound: ``person.unknown``.
    """
    with platform.database.engine.connect() as connection:
        key = certificate_key(CITIZEN_ID, text)
        found = person_ids_by_certificate(connection, platform.vault, [key]).get(key)
    person_id = found if found is not None else person_id_from_psn_no(text)
    if person_id is None:
        raise NotFound(
            "person.unknown",
            "there is no such person",
            "没有这位参保人，请核对人员编号",
            field=field,
            accepted="a registered person's number (psn_no) or citizen ID number",
        )
    return person_id


def _heir(platform: Platform, text: str) -> Heir:
    number, colon, parts = text.partition(":")
    if colon and not (parts.isascii() and parts.isdigit()):
        raise InvalidInput(
            "closing.heirs", "an heir's part is no whole number", "继承份额必须是整数",
            field="heir", accepted="number:parts, such as 21120000000000000001:2",
        )  # fmt: skip
    return Heir(named_person(platform, number, "heir"), int(parts) if colon else 1)


def _needed(reference: str | None) -> str:
    if not reference:
        raise InvalidInput(
            "closing.reference", "a move needs the number of its form", "账户转移需要填写业务编号",
            field="reference", accepted="--reference with the transfer form's number",
        )  # fmt: skip
    return reference


def _print_closed(done: Closed) -> None:
    where = f" {done.other_region}" if done.other_region else ""
    lines = [f"{done.kind}{where}: {yuan(done.amount)} yuan, {done.authorisations} authorisations ended 终止授权"]
    lines += [f"  owed to person {person} 应付继承人: {yuan(share)}" for person, share in done.shares.items()]
    if done.held:
        lines.append(f"  {yuan(done.held)} yuan stay held until their holds end 尚有冻结")
    Console().print("\n".join(lines), highlight=False)


def _print_problems(problems: Sequence[RowProblem], console: Console) -> None:
    if not problems:
        return
    table = Table(show_lines=True)
    for title in ("file 文件", "line 行", "field 列", "what is wrong 问题", "what is accepted 可填写"):
        table.add_column(title, overflow="fold")
    for problem in problems[:MOST_PROBLEMS]:
        table.add_row(
            *(
                escape(cell)
                for cell in (
                    problem.file,
                    str(problem.line),
                    problem.field,
                    f"{problem.what}\n{problem.zh}",
                    problem.accepted,
                )
            )
        )
    console.print(table)
    if len(problems) > MOST_PROBLEMS:
        console.print(f"and {len(problems) - MOST_PROBLEMS:,} more: --rejects FILE takes them all")
