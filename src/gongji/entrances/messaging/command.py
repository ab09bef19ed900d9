"""``gongji messages``: who is called, what did not arrive, and sending it again."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.table import Table

from gongji.entrances.platform import open_platform
from gongji.foundation import deliveries
from gongji.foundation.deliveries import message_subscriber
from gongji.foundation.errors import InvalidInput, NotFound
from gongji.foundation.inbox import TOPICS
from gongji.foundation.outbox import logged_texts
from gongji.foundation.settings import load_settings

messages = typer.Typer(help="Messages to phones and programs.", no_args_is_help=True)

DataFolder = Annotated[Path | None, typer.Option("--data", help="The installation's data folder.")]
Name = Annotated[str, typer.Argument(help="What the program is called here.")]


@messages.command()
def subscribe(
    name: Name,
    address: Annotated[str, typer.Argument(help="Where it is called: https://…")],
    topics: Annotated[
        list[str] | None, typer.Option("--topic", help="What it is told of; all topics when left out.")
    ] = None,
    data: DataFolder = None,
) -> None:
    """Have a program told by signed calls from now on; prints the secret that signs them, once."""
    chosen = topics or [str(one) for one in TOPICS]
    if unknown := set(chosen) - set(TOPICS):
        raise InvalidInput(
            "message.topic",
            f"there is no topic {', '.join(sorted(unknown))}",
            f"没有这个主题：{', '.join(sorted(unknown))}",
            field="topic",
            accepted=", ".join(TOPICS),
        )
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
        raise InvalidInput(
            "message.address",
            "this is no http(s) address",
            "应为 http 或 https 地址",
            field="address",
            accepted="https://…",
        )
    secret = secrets.token_urlsafe(32)
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        now = platform.clock.now()
        _end(connection, name, now)
        values = {"name": name, "address": address, "topics": chosen, "since": now}
        connection.execute(message_subscriber.insert().values(secret_sealed=platform.vault.seal(secret), **values))
    print(secret)


@messages.command()
def unsubscribe(name: Name, data: DataFolder = None) -> None:
    """Tell a program nothing any more."""
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        if not _end(connection, name, platform.clock.now()):
            raise NotFound("message.subscriber", "nobody is called by this name", "没有这个订阅方", field="name")


def _end(connection: sa.Connection, name: str, at: object) -> bool:
    mine = message_subscriber.c.name == name, message_subscriber.c.ended_at.is_(None)
    return connection.execute(message_subscriber.update().where(*mine).values(ended_at=at)).rowcount > 0


@messages.command()
def failed(data: DataFolder = None) -> None:
    """Deliveries that were given up after three days, newest first."""
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        rows = deliveries.failed(connection)
    table = Table("delivery", "message", "channel", "tries", "problem")
    for one in rows:
        table.add_row(str(one.id), str(one.message_id), one.channel, str(one.attempts), one.problem)
    Console().print(table if rows else "every delivery arrived, or is still being tried")


@messages.command()
def resend(
    delivery: Annotated[int | None, typer.Argument(help="One delivery; all that were given up when left out.")] = None,
    data: DataFolder = None,
) -> None:
    """Try deliveries anew, for another three days."""
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        count = deliveries.resend(connection, platform.clock.now(), delivery, by="gongji messages")
        if delivery is not None and not count:
            raise NotFound("message.delivery", "there is no such delivery", "没有这个编号的发送记录", field="delivery")
    print(f"{count} to be sent again")


@messages.command()
def texts(data: DataFolder = None) -> None:
    """What was kept in place of being sent (GONGJI_SMS_URL=log), newest first."""
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        for at, phone, text in logged_texts(connection, platform.vault):
            print(f"{at:%Y-%m-%d %H:%M}  {phone[:3]}****{phone[-4:]}  {text}")
