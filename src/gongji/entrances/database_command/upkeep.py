"""``gongji db upgrade``, ``roles`` and ``maintain``: the schema, who may do what with it, and its upkeep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import psycopg
import typer
from rich.console import Console
from sqlalchemy.engine import make_url

from gongji.entrances.maintenance import maintain
from gongji.foundation.clock import SystemClock
from gongji.foundation.database import addresses, open_database
from gongji.foundation.distribution import distribute, placement, standing
from gongji.foundation.errors import Misconfigured
from gongji.foundation.files import files_folder
from gongji.foundation.roles import grant_service, make_role, service_of
from gongji.foundation.settings import load_settings
from gongji.migrations import open_migrated, upgrade

DataFolder = Annotated[Path | None, typer.Option("--data", help="The installation's data folder.")]


def upgrade_schema(data: DataFolder = None) -> None:
    """Bring the database to the newest schema, as its owner."""
    settings = load_settings(data=data)
    owner = open_database(settings, as_owner=True)
    upgrade(owner)
    owner.close()
    open_migrated(settings).close()
    Console().print("the schema is up to date")


def roles(data: DataFolder = None) -> None:
    """Make the service's role, which may add history but not change it, and give it its rights; again changes nothing.

    GONGJI_DATABASE_OWNER_URL signs in as the owner of the tables, GONGJI_DATABASE_URL names the service's role and the
    password that it gets when it is made.
    """
    settings = load_settings(data=data)
    found = addresses(settings)
    role = service_of(found.service)
    if not found.apart or role == make_url(found.owner).username:
        raise Misconfigured(
            "database.owner_url",
            "owner and service are one role here: set GONGJI_DATABASE_OWNER_URL to the owner's address"
            " and GONGJI_DATABASE_URL to the service's, with another user",
            "所有者与服务使用了同一个角色：请把 GONGJI_DATABASE_OWNER_URL 设为所有者的地址，GONGJI_DATABASE_URL 设为服务角色的地址",
            field="GONGJI_DATABASE_OWNER_URL",
        )
    console = Console(highlight=False, soft_wrap=True)
    owner = open_database(settings, as_owner=True)
    with psycopg.connect(owner.url) as server:
        made = make_role(server, role, make_url(found.service).password)
    console.print(f"role {role}: {'made' if made else 'was there'}")
    upgrade(owner)
    with owner.transaction() as connection:
        for line in grant_service(connection, role):
            console.print(line)
    owner.close()


def distribute_tables(
    show: Annotated[bool, typer.Option("--print", help="Only print the statements.")] = False,
    data: DataFolder = None,
) -> None:
    """Spread the tables over the nodes of a Citus cluster, as the owner on its coordinator.

    Again it places what migrations have brought since, and nothing else.
    """
    console = Console(highlight=False, soft_wrap=True)
    owner = open_database(load_settings(data=data), as_owner=True)
    upgrade(owner)
    with owner.transaction() as connection:
        placed = placement(connection)
        database = make_url(owner.url).database or ""
        statements = placed.statements(database, standing(connection)) if show else distribute(connection, placed)
    owner.close()
    for statement in statements:
        console.print(f"{statement};")
    if not statements:
        console.print("-- everything is in its place")
    console.print(f"-- on the coordinator: {', '.join(placed.local)}")


def maintain_books(data: DataFolder = None) -> None:
    """Make the coming months' tables, sum up open accounts, delete what is kept no longer; a server does it by itself."""
    console = Console(highlight=False, soft_wrap=True)
    settings = load_settings(data=data)
    database = open_migrated(settings)
    done = maintain(database, SystemClock(), files=files_folder(settings))
    database.close()
    if done is None:
        console.print("another process is at it")
        return
    console.print(f"tables of months made: {', '.join(done.partitions) or 'none was missing'}")
    console.print(f"open accounts: {done.blocks:,} blocks added to the sums")
    console.print(f"supervision: {done.alerts:,} new alerts")
    console.print(
        f"over their time: {done.replies:,} kept answers, {done.tokens:,} access tokens, {done.files:,} files"
    )
    for table in done.stray:
        console.print(f"[red]{table} holds rows of a month that had no table: see docs/operating.md[/red]")
    if done.stray:
        raise typer.Exit(1)
