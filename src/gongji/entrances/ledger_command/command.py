"""``gongji ledger verify``, ``balance`` and ``statement``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gongji.entrances.accounts import FORMS, NamedAccount, named_account, read_moment
from gongji.entrances.bars import Bars
from gongji.entrances.platform import Platform, open_platform
from gongji.foundation.clock import CHINA
from gongji.foundation.money import yuan
from gongji.foundation.settings import load_settings
from gongji.ledger import verify as ledger_checks
from gongji.ledger.finding import Finding
from gongji.ledger.history import in_words
from gongji.ledger.marks import dismiss_findings, kept_findings
from gongji.settlement.proof import prove
from gongji.settlement.watch import verify_recent

ledger = typer.Typer(help="The ledger: prove it, and read any account as of any moment.", no_args_is_help=True)

DataFolder = Annotated[Path | None, typer.Option("--data", help="The installation's data folder.")]
Account = Annotated[str, typer.Argument(help=FORMS)]
At = Annotated[str | None, typer.Option("--at", help="A moment, 2026-03-31 or 2026-03-31T12:00; now when left out.")]


@ledger.command()
def verify(
    data: DataFolder = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the hash chain where the last run ended.")
    ] = False,
    recent: Annotated[
        bool, typer.Option("--recent", help="Only what is new since the service last looked, and what it found.")
    ] = False,
    dismiss: Annotated[
        bool, typer.Option("--dismiss", help="With --recent: take the findings away once they are looked into.")
    ] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Connections that check at once; a core each.")] = None,
) -> None:
    """Check the invariants and the hash chain on the data as it is; exit code 1 when something does not hold."""
    console = Console()
    with open_platform(load_settings(data=data)) as platform:
        if recent:
            findings, over = _recent(platform, dismiss)
        else:
            findings, over = _everything(platform, jobs or min(4, os.cpu_count() or 1), resume)
    for finding in findings:
        console.print(f"[red]✗[/red] {escape(str(finding))}", highlight=False)
    if findings:
        console.print(f"[red]{len(findings)} findings[/red] in {over}", highlight=False)
        raise typer.Exit(1)
    console.print(f"[green]✓ everything holds[/green]: {over}", highlight=False)


def _everything(platform: Platform, jobs: int, resume: bool) -> tuple[Sequence[Finding], str]:
    with Bars() as bars:
        proof = prove(platform.database, platform.clock, jobs=jobs, resume=resume, progress=bars.show)
    with platform.database.engine.connect() as connection:
        counts = ", ".join(f"{count:,} {name}s" for name, count in ledger_checks.counts(connection).items())
    resumed = f"; {proof.resumed:,} blocks were verified before" if proof.resumed else ""
    return proof.findings, f"{proof.checks} checks over {counts}{resumed}"


def _recent(platform: Platform, dismiss: bool) -> tuple[Sequence[Finding], str]:
    done = verify_recent(platform.database, platform.clock)
    with platform.database.connect() as connection:
        kept = kept_findings(connection)
        if dismiss:
            dismiss_findings(connection)
    what = "another process is at it" if done is None else f"{done.blocks:,} new blocks, {done.rows:,} rows"
    return [Finding(one.check, f"{one.what} (found {at.astimezone(CHINA):%Y-%m-%d %H:%M})") for at, one in kept], what


@ledger.command()
def balance(account: Account, at: At = None, data: DataFolder = None) -> None:
    """What an account held at a moment; an open account is below zero when it gave more than it took."""
    with open_platform(load_settings(data=data)) as platform, platform.database.snapshot() as connection:
        moment = read_moment(at, platform.clock.now())
        named = named_account(connection, account)
        fen = named.balance(connection, moment)
    Console().print(f"{escape(named.name)}  {yuan(fen)} yuan  at {_told(moment)}", highlight=False)


@ledger.command()
def statement(
    account: Account,
    at: At = None,
    since: Annotated[str | None, typer.Option("--since", help="Leave out movements before this moment.")] = None,
    last: Annotated[int, typer.Option(min=1, max=100_000, help="Most lines; the newest are shown.")] = 50,
    data: DataFolder = None,
) -> None:
    """The movements of an account up to a moment, oldest first, each with the balance after it."""
    with open_platform(load_settings(data=data)) as platform, platform.database.snapshot() as connection:
        moment = read_moment(at, platform.clock.now())
        begins = read_moment(since, moment) if since else None
        named = named_account(connection, account)
        lines = named.statement(connection, moment, begins, last)
        fen = named.balance(connection, moment)
    table = Table("when", "event", "kind", "amount", "balance", "other account", "authorisation")
    for line in lines:
        under = str(line.authorisation_id or "")
        amounts = yuan(line.amount), yuan(line.balance)
        when = _told(line.at)
        table.add_row(when, str(line.journal_id), line.kind, *amounts, in_words(line.counter_account), under)
    console = Console()
    _print(console, table, named, fen, moment)


def _print(console: Console, table: Table, named: NamedAccount, fen: int, moment: datetime) -> None:
    wide = console if console.is_terminal else Console(width=160)
    wide.print(table, highlight=False)
    wide.print(f"{escape(named.name)}  {yuan(fen)} yuan  at {_told(moment)}", highlight=False)


def _told(moment: datetime) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
