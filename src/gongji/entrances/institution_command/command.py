"""``gongji institution keys list``, ``add``, ``rotate``, ``withdraw``, and ``gongji institution conformance``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gongji.entrances.national.deviations import words_of
from gongji.entrances.platform import Platform, open_platform
from gongji.foundation import audit
from gongji.foundation.access import Caller, Role
from gongji.foundation.settings import load_settings
from gongji.registry import keys as registry_keys
from gongji.registry.conformance import conformance as report_on
from gongji.registry.conformance import forget_conformance
from gongji.registry.keys import SigningDialect
from gongji.registry.model import Institution
from gongji.registry.refusals import institution_unknown
from gongji.registry.service import institution_by_code

institution = typer.Typer(help="Designated institutions: their keys, their systems' habits.", no_args_is_help=True)
keys = typer.Typer(help="The keys that an institution signs with.", no_args_is_help=True)
institution.add_typer(keys, name="keys")

DataFolder = Annotated[Path | None, typer.Option("--data", help="The installation's data folder.")]
Code = Annotated[str, typer.Argument(help="fixmedins_code, 12 characters.")]
Number = Annotated[int, typer.Argument(help="The key's number, as `list` shows it.")]
Secret = Annotated[bool, typer.Option("--secret-from-stdin", help="Read the secret instead of making one.")]

_OPERATOR = Caller(Role.OPERATOR, "command line")


@keys.command("list")
def list_keys(code: Code, data: DataFolder = None) -> None:
    """An institution's keys, those that ended too; secrets are never shown again."""
    with _at(code, data) as (platform, connection, who):
        now = platform.clock.now()
        table = Table("number", "dialect", "name", "from", "until", "")
        for key in registry_keys.list_keys(connection, who.id):
            holds = key.valid_from <= now and (key.valid_until is None or now < key.valid_until)
            until = "" if key.valid_until is None else _told(key.valid_until)
            table.add_row(
                str(key.id),
                key.dialect,
                escape(key.client),
                _told(key.valid_from),
                until,
                "holds" if holds else "ended",
            )
    console = Console()
    (console if console.is_terminal else Console(width=160)).print(table, highlight=False)


@keys.command("add")
def add_key(
    code: Code,
    dialect: Annotated[SigningDialect, typer.Option(help="How it signs.")] = SigningDialect.X_TIF,
    client: Annotated[
        str | None, typer.Option("--name", help="Its name (paasid, access key); the code when left out.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="How long it holds; without end when left out.")] = None,
    secret_from_stdin: Secret = False,
    data: DataFolder = None,
) -> None:
    """Add a key under a new name and print its secret, once. Earlier keys hold on."""
    secret = _secret(secret_from_stdin)
    with _at(code, data) as (platform, connection, who):
        now = platform.clock.now()
        until = None if days is None else now + timedelta(days=days)
        number = registry_keys.add_institution_key(
            connection, platform.vault, who.id, client or who.code, secret, now, until, dialect
        )
        audit.record(connection, _OPERATOR, "institution_key.add", at=now, institution=who.code, key=number)
    _show(number, secret, secret_from_stdin)


@keys.command("rotate")
def rotate_key(
    code: Code,
    key: Number,
    days: Annotated[int, typer.Option(min=0, help="How long the old secret holds beside the new one.")] = 14,
    secret_from_stdin: Secret = False,
    data: DataFolder = None,
) -> None:
    """A new secret under the same name, valid at once; the old one ends after some days."""
    secret = _secret(secret_from_stdin)
    with _at(code, data) as (platform, connection, who):
        now = platform.clock.now()
        number = registry_keys.rotate_key(
            connection, platform.vault, who.id, key, secret, now, now + timedelta(days=days)
        )
        audit.record(connection, _OPERATOR, "institution_key.rotate", at=now, institution=who.code, key=number)
    _show(number, secret, secret_from_stdin)


@keys.command("withdraw")
def withdraw_key(code: Code, key: Number, data: DataFolder = None) -> None:
    """End a key now, at every process."""
    with _at(code, data) as (platform, connection, who):
        now = platform.clock.now()
        registry_keys.withdraw_key(connection, who.id, key, now)
        audit.record(connection, _OPERATOR, "institution_key.withdraw", at=now, institution=who.code, key=key)
    print(f"key {key} has ended")


@institution.command()
def conformance(
    code: Code,
    forget: Annotated[bool, typer.Option("--forget", help="Begin anew, after a repair.")] = False,
    data: DataFolder = None,
) -> None:
    """What the institution's system does against the letter of the interface, with counts and examples."""
    with _at(code, data) as (_, connection, who):
        rows = report_on(connection, who)
        if forget:
            forget_conformance(connection, who)
    table = Table("infno", "what", "field", "count", "first", "last", "example")
    for row in rows:
        what = words_of(row.kind)[1]
        seen = _told(row.first_seen), _told(row.last_seen)
        table.add_row(row.infno, what, escape(row.field), f"{row.count:,}", *seen, escape(row.example))
    console = Console()
    (console if console.is_terminal else Console(width=200)).print(table, highlight=False)


@contextmanager
def _at(code: str, data: Path | None) -> Iterator[tuple[Platform, sa.Connection, Institution]]:
    """The platform, a transaction, and the institution.

    Raises:
        NotFound: ``institution.unknown``.
    """
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        found = institution_by_code(connection, code)
        if found is None:
            raise institution_unknown()
        yield platform, connection, found


def _secret(from_stdin: bool) -> str:
    return sys.stdin.readline().strip() if from_stdin else registry_keys.new_secret()


def _show(number: int, secret: str, given: bool) -> None:
    print(f"key {number}" if given else f"key {number}, secret {secret}")


def _told(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
