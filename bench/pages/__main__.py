"""``make bench-pages``: a hundred phones at once on two workers, while hospitals settle at half of what they could.

Every phone comes in by its link and then opens page after page, with a second or so to read each. All of it on loopback,
on the same machine as the server, so the figures hold for a machine that does this and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import httpx
from rich.console import Console
from rich.table import Table

from bench.settle.__main__ import serving, settled_town
from bench.settle.callers import call
from bench.settle.city import City
from bench.settle.machine import own_machine
from gongji.foundation.access import Caller, Role, grant
from gongji.foundation.clock import CHINA
from gongji.foundation.database import Database

RESULTS = Path(__file__).parents[1] / "results" / "pages.json"

#: What a citizen opens; a settlement of the home page's list comes in between.
PAGES = ("/c/", "/c/account", "/c/messages", "/c/start", "/rules/calculator")

#: Seconds between two pages of a phone, on average.
READING = 1.0


def main() -> None:
    """Measure, print, write."""
    options = argparse.ArgumentParser(prog="bench-pages", description=__doc__)
    options.add_argument("--phones", type=int, default=100)
    options.add_argument("--seconds", type=float, default=20)
    asked = options.parse_args()
    with own_machine() as machine:
        url = machine.database("gongji")
        city = settled_town(url, 20_000)
        tokens = links(url, city, asked.phones)
        with serving(machine, url) as (port, _):
            call(port, city, 32, 2)
            top = call(port, city, 32, 5).rate
            found = measure(port, city, tokens, top / 2, asked.seconds)
    show(found)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({name: round(value, 1) for name, value in found.items()}, indent=2) + "\n")


def links(url: str, city: City, phones: int) -> list[str]:
    """A link's token for each of so many fathers."""
    database = Database(url)
    at = datetime.now(CHINA)
    with database.transaction() as connection:
        made = [
            grant(connection, Caller(Role.CITIZEN, "phone", person_id=who), at=at, lasts=timedelta(hours=1))
            for who in city.fathers[:phones]
        ]
    database.close()
    return made


def measure(port: int, city: City, tokens: list[str], pace: float, seconds: float) -> dict[str, float]:
    """Pages a second, their waits in ms, and what settled beside them."""
    # A worker's first page of each kind finds its words and rules; that is once in a process's life.
    asyncio.run(_phones(port, tokens[:20], 5))
    # In a process of their own: beside the phones in one, each would wait for the other and count it as the server's time.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as hospitals:
        settling = hospitals.submit(call, port, city, 32, seconds, pace)
        waits = sorted(asyncio.run(_phones(port, tokens, seconds)))
        settled = settling.result()
    return {
        "pages_per_second": len(waits) / seconds,
        "p50_ms": waits[len(waits) // 2],
        "p95_ms": waits[int(len(waits) * 0.95)],
        "settlements_per_second": settled.rate,
        "settlement_p99_ms": settled.percentile(0.99),
    }


async def _phones(port: int, tokens: list[str], seconds: float) -> list[float]:
    until = time.perf_counter() + seconds
    waits = await asyncio.gather(*(_phone(port, token, number, until) for number, token in enumerate(tokens)))
    return [wait for one in waits for wait in one]


async def _phone(port: int, token: str, number: int, until: float) -> list[float]:
    draw, waits = Random(number), []
    await asyncio.sleep(draw.random() * READING)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", follow_redirects=True, timeout=60) as client:
        (await client.get("/c/enter", params={"token": token})).raise_for_status()
        while time.perf_counter() < until:
            sent = time.perf_counter()
            page = await client.get(draw.choice(PAGES))
            page.raise_for_status()
            waits.append((time.perf_counter() - sent) * 1000)
            await asyncio.sleep(draw.uniform(0.5, 1.5) * READING)
    return waits


def show(found: dict[str, float]) -> None:
    """A table."""
    table = Table("what", "measured")
    for name, value in found.items():
        table.add_row(name, f"{value:,.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
