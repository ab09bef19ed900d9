"""The ``gongji`` command."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gongji.entrances.accrual_command import accrual
from gongji.entrances.assess_command import register as register_assess
from gongji.entrances.clearing_command import clearing
from gongji.entrances.database_command import commands as database_commands
from gongji.entrances.demo.command import register as register_demo
from gongji.entrances.draft_command import draft
from gongji.entrances.institution_command import institution
from gongji.entrances.ledger_command import ledger
from gongji.entrances.loading.command import register as register_loading
from gongji.entrances.messaging.command import messages
from gongji.entrances.mobile_command import mobile
from gongji.entrances.oversight_command import oversight
from gongji.entrances.platform import open_platform
from gongji.entrances.rules_command import register as register_rules
from gongji.entrances.sandbox.command import serve_sandbox
from gongji.entrances.server import serve as serve_until_told
from gongji.foundation.access import Caller, Duty, Role, grant
from gongji.foundation.errors import GongjiError, InvalidInput
from gongji.foundation.settings import load_settings
from gongji.registry.certificate import CITIZEN_ID, certificate_key
from gongji.registry.service import institution_by_code, person_by_credential

app = typer.Typer(help="Gongji 共济: family mutual aid from employee medical-insurance accounts.", no_args_is_help=True)
token = typer.Typer(help="Access tokens for citizens, officers and integrators.", no_args_is_help=True)
app.add_typer(ledger, name="ledger")
app.add_typer(accrual, name="accrual")
app.add_typer(clearing, name="clearing")
app.add_typer(institution, name="institution")
app.add_typer(token, name="token")
app.add_typer(mobile, name="mobile")
app.add_typer(oversight, name="oversight")
app.add_typer(messages, name="messages")
app.add_typer(database_commands, name="db")
app.add_typer(draft, name="draft")
register_loading(app)
register_demo(app)
register_rules(app)
register_assess(app)

DataFolder = Annotated[Path | None, typer.Option("--data", help="The installation's data folder.")]


@app.command()
def serve(
    data: DataFolder = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="A world of invented people, for who writes a client.")
    ] = False,
) -> None:
    """Serve the national interface, the REST API and the pages until interrupted."""
    if sandbox:
        serve_sandbox(data, host, port)
        return
    settings = load_settings(data=data, host=host, port=port)
    with open_platform(settings):  # migrates once, and keeps the embedded database up as long as we serve
        Console(stderr=True).print(f"Gongji listens on http://{settings.host}:{settings.port}  (Ctrl-C ends)")
        serve_until_told(settings, workers)


@token.command("citizen")
def citizen_token(
    certificate: Annotated[str, typer.Argument(help="The person's citizen ID number.")],
    days: Annotated[int, typer.Option(min=1, max=366, help="How long the token holds.")] = 1,
    data: DataFolder = None,
) -> None:
    """Print a token for a citizen: a bearer token, or /c/enter?token=… as a link to their page."""
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        key = certificate_key(CITIZEN_ID, certificate)
        person = person_by_credential(connection, platform.vault, "certificate", key)
        if person is None:
            raise InvalidInput(
                "person.unknown", "nobody has this ID number", "没有这个身份证号的参保人", field="certificate"
            )
        caller = Caller(Role.CITIZEN, "citizen", person.id)
        print(grant(connection, caller, at=platform.clock.now(), lasts=timedelta(days=days)))


@token.command("officer")
def officer_token(
    holder: Annotated[str, typer.Argument(help="The officer's number.")],
    region: Annotated[str, typer.Argument(help="Six-digit region; one that ends in 0000 is a whole province.")],
    days: Annotated[int, typer.Option(min=1, max=366)] = 1,
    duty: Annotated[
        list[Duty] | None, typer.Option(help="What the officer may decide on; several by repeating it.")
    ] = None,
    data: DataFolder = None,
) -> None:
    """Print a token for an officer of an agency."""
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        caller = Caller(Role.OFFICER, holder, None, region, frozenset(duty or ()))
        print(grant(connection, caller, at=platform.clock.now(), lasts=timedelta(days=days)))


@token.command("operator")
def operator_token(
    holder: Annotated[str, typer.Argument(help="Name for the audit.")],
    region: Annotated[str, typer.Argument(help="Six-digit region; one that ends in 0000 is a whole province.")],
    days: Annotated[int, typer.Option(min=1, max=366)] = 1,
    data: DataFolder = None,
) -> None:
    """Print a token for whoever keeps the keys of a region's institutions over REST."""
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        caller = Caller(Role.OPERATOR, holder, None, region)
        print(grant(connection, caller, at=platform.clock.now(), lasts=timedelta(days=days)))


@token.command("institution")
def institution_token(
    code: Annotated[str, typer.Argument(help="fixmedins_code of the institution that the program works for.")],
    days: Annotated[int, typer.Option(min=1, max=366)] = 1,
    data: DataFolder = None,
) -> None:
    """Print a token for an institution's program: it may take and give back the deposits of its own stays."""
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        if institution_by_code(connection, code) is None:
            raise InvalidInput(
                "institution.unknown", "there is no such institution", "没有这个定点医药机构", field="code"
            )
        caller = Caller(Role.INTEGRATOR, code)
        print(grant(connection, caller, at=platform.clock.now(), lasts=timedelta(days=days)))


def main() -> None:
    """Run the command; a refusal is one sentence on standard error and exit code 2, never a traceback."""
    try:
        app()
    except GongjiError as refusal:
        where = f" [{refusal.field}]" if refusal.field else ""
        print(f"gongji: {refusal.zh}{where}\n        {refusal.en} ({refusal.code})", file=sys.stderr)
        if refusal.accepted:
            print(f"        accepted: {refusal.accepted}", file=sys.stderr)
        sys.exit(2)
