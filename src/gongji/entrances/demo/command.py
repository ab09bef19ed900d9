"""``gongji demo``: the stories in the terminal or as JSON, and the server left up if wanted."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table
from starlette.routing import Mount

from gongji.entrances.app import build_app
from gongji.entrances.demo.identity import BASE as IDENTITY
from gongji.entrances.demo.identity import DemoIdentity
from gongji.entrances.demo.people import citizens, officers
from gongji.entrances.demo.story import Listener, Stories
from gongji.entrances.demo.world import demo_platform, rows
from gongji.entrances.messaging.loop import Messenger
from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.foundation.settings import load_settings
from gongji.ledger import verify as ledger
from gongji.settlement.verify import verify_everything


def register(app: typer.Typer) -> None:
    """Mount ``demo`` on the command line."""
    app.command()(demo)


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    serve: Annotated[bool, typer.Option(help="Leave the server up after the stories.")] = False,
    port: Annotated[int | None, typer.Option(help="Port of the server; a free one when it is taken.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="The installation's data folder; its real data are not touched.")
    ] = None,
) -> None:
    """Play three families' stories over HTTP, in a database of their own, and verify the books."""
    began = time.perf_counter()
    settings = load_settings(data=data, port=port, log_level="error")
    console = Console(quiet=as_json, highlight=False)
    with ExitStack() as opened:
        platform = opened.enter_context(demo_platform(settings))
        identity = DemoIdentity(platform.clock, citizens(), officers())
        app = build_app(platform, beside=[Mount(IDENTITY, identity.app())])
        base = opened.enter_context(serving(app, settings.host, settings.port))
        identity.serve_at(base)
        platform.settings = platform.settings.model_copy(update={**identity.settings(), "sms_url": "log"})
        opened.callback(Messenger(platform, every_seconds=1).close)
        with httpx.Client(timeout=60, trust_env=False) as client:
            stories = Stories(platform, client, base, _teller(console))
            stories.play()
        books = _verified(platform)
        seconds = round(time.perf_counter() - began, 2)
        if as_json:
            told = {
                "settlements": stories.settlements,
                "refusals": stories.refusals,
                "ledger": books,
                "seconds": seconds,
            }
            print(json.dumps(told, ensure_ascii=False, indent=1))
        else:
            console.print(f"\n[bold]gongji ledger verify[/bold]: {_books_sentence(books)}   ({seconds} s in all)")
        if serve:
            _stay(console, stories, base)
    if not books["verified"]:
        raise typer.Exit(1)


def _teller(console: Console) -> Listener:
    """Tells the stories in the terminal."""

    def settled(settlement: Mapping[str, Any]) -> None:
        title = (
            f"{settlement['infno']}  {settlement['patient']} · {settlement['place']} · ¥{settlement['medfee_sumamt']}"
        )
        table = Table(title=title, title_justify="left", title_style="bold", show_edge=False, pad_edge=False)
        table.add_column("who paid 谁付")
        table.add_column("¥", justify="right")
        table.add_column("why 为什么", overflow="fold")
        for line in settlement["explanation"]:
            table.add_row(line["label"], f"{line['amount_fen'] / 100:,.2f}", line["says"])
        console.print()
        console.print(table)
        for number, sentence in enumerate(settlement["steps"], start=1):
            console.print(f"  {number}. {sentence}")

    return Listener(console.print, settled)


def _verified(platform: Platform) -> dict[str, Any]:
    """What ``gongji ledger verify`` finds."""
    with platform.database.engine.connect() as connection:
        findings = [str(finding) for finding in verify_everything(connection)]
        return {"verified": not findings, "counts": ledger.counts(connection), "findings": findings}


def _books_sentence(books: Mapping[str, Any]) -> str:
    if not books["verified"]:
        return f"[red]{'; '.join(books['findings'])}[/red]"
    counts = ", ".join(f"{count} {name}s" for name, count in books["counts"].items())
    return f"[green]everything holds[/green] over {counts}"


def _stay(console: Console, stories: Stories, base: str) -> None:
    """Print where to look and wait for Ctrl-C."""
    console.print(f"\n[bold]The server stays up at {base}[/bold]  (Ctrl-C ends it and drops the demo's database)")
    console.print(f"  REST API documentation   {base}/api/docs")
    console.print(f"  what would be paid 能报多少   {base}/rules/calculator")
    console.print(f"  what if 如果改规则            {base}/rules/draft")
    console.print(f"  log in as any of the demo's people 演示登录   {base}/login/?back=/c/")
    console.print(f"  officers' pages 经办页面   {base}/office/")
    for name, link in stories.links.items():
        console.print(f"  {name}'s page   {link}", soft_wrap=True)
    console.print(
        f"  officer 0210 of Tieling, bearer token   {stories.officer('0210', '211200').token}", soft_wrap=True
    )
    for row in rows("institutions"):
        console.print(
            f"  {row['name']} {row['code']}   paasid {row['paasid']}   secret {row['secret']}", soft_wrap=True
        )
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    over.wait()
