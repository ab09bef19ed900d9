"""``make bench-settle``: everything in one run on one PostgreSQL; prints a table and writes bench/results/settle.json.

Absolute numbers belong to the machine; read the ratios. What else runs on the machine makes all of them worse.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
from rich.console import Console
from rich.table import Table

from bench.settle import hordak, wire, writers
from bench.settle.callers import call
from bench.settle.city import City, found_city, grow
from bench.settle.machine import Machine, own_machine
from gongji.entrances.maintenance import maintain
from gongji.foundation.clock import SystemClock
from gongji.foundation.database import Database
from gongji.foundation.personal import Vault
from gongji.migrations import upgrade

RESULTS = Path(__file__).parents[1] / "results" / "settle.json"
SECRET = b"\x07" * 32

#: The command as it is installed, by this interpreter.
_SERVE = "from gongji.entrances.cli import main; main()"


def main() -> None:
    """Measure, print, write."""
    options = argparse.ArgumentParser(prog="bench-settle", description=__doc__)
    options.add_argument("--seconds", type=float, default=8, help="of each measurement")
    # Among 5,000 families nearly every two batches of 128 have one in common and wait for each other: measured, a third less.
    options.add_argument("--families", type=int, default=60_000)
    options.add_argument("--accounts", type=int, default=1_000_000, help="to which the books grow for `growth`")
    options.add_argument("--without", nargs="*", default=[], choices=["one-each", "http", "growth", "hordak"])
    asked = options.parse_args()
    with own_machine() as machine:
        results = measure(machine, asked)
    show(results)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({name: round(value, 3) for name, value in results.items()}, indent=2) + "\n")


def measure(machine: Machine, asked: argparse.Namespace) -> dict[str, float]:
    """All measurements, one after another; TPC-B first and last, and its mean counts."""
    seconds, found = asked.seconds, {}
    tpcb = machine.tpcb(seconds=int(seconds))
    url = machine.database("gongji")
    city = settled_town(url, asked.families)
    spent = writers.cost(machine, url, city)
    found |= {"python_us": spent.python, "server_us": spent.server, "floor_us": spent.floor}
    found |= wire.cost(url, city, Vault(SECRET), machine.folder)
    found["in_process"] = writers.rate(url, city, writers.SPREAD, seconds)
    found["in_process_one_family"] = writers.rate(url, city, writers.HOT_FAMILY, seconds / 2)
    spread = writers.rate(url, city, writers.SPREAD, seconds)
    found["hot_hospital"] = writers.rate(url, city, writers.HOT_HOSPITAL, seconds) / spread
    if "one-each" not in asked.without:
        found |= against_one_each(url, city, seconds / 2)
    if "http" not in asked.without:
        found |= over_http(machine, url, city, seconds)
    if "growth" not in asked.without:
        before = writers.rate(url, city, writers.SPREAD, seconds)
        grow(Database(url), asked.accounts)
        found["growth"] = writers.rate(url, city, writers.SPREAD, seconds) / before
        found["growth_accounts"] = asked.accounts
    if "hordak" not in asked.without:
        found["hordak"] = hordak.settlements_per_second(machine.database("hordak"), seconds=seconds)
    found["tpcb_32"] = (tpcb + machine.tpcb(seconds=int(seconds))) / 2
    return found


def against_one_each(url: str, city: City, seconds: float) -> dict[str, float]:
    """The desk's rate in ratio to settling each by itself, at growing numbers of callers, and the least of these ratios."""
    ratios = {
        f"against_one_each_{callers}": writers.rate(url, city, writers.SPREAD, seconds, callers)
        / writers.rate(url, city, writers.SPREAD, seconds, callers, one_each=True)
        for callers in writers.CALLERS
    }
    return ratios | {"against_one_each": min(ratios.values())}


def settled_town(url: str, families: int) -> City:
    """A migrated database with a city in it."""
    database = Database(url)
    upgrade(database)
    maintain(database, SystemClock())  # the months' tables, as in service
    city = found_city(database, Vault(SECRET), families)
    database.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return city


def over_http(machine: Machine, url: str, city: City, seconds: float) -> dict[str, float]:
    """Through the national interface with two workers, the callers beside it on the same machine."""
    found: dict[str, float] = {}
    with serving(machine, url) as (port, server):
        call(port, city, 32, 2)
        for clients in (1, 32, 256):
            before = _cpu(server)
            traffic = call(port, city, clients, seconds)
            found[f"http_{clients}"] = traffic.rate
            found[f"p50_ms_{clients}"] = traffic.percentile(0.5)
            found[f"p99_ms_{clients}"] = traffic.percentile(0.99)
            found[f"http_python_us_{clients}"] = (_cpu(server) - before) / len(traffic.waits) * 1e6
        half = call(port, city, 256, seconds, pace=found["http_256"] / 2)
        found["p99_ms_half"] = half.percentile(0.99)
    return found


@contextmanager
def serving(machine: Machine, url: str) -> Iterator[tuple[int, psutil.Process]]:
    """``gongji serve`` with two workers while the block runs: its port and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = machine.folder / "served"
    folder.mkdir(exist_ok=True)
    environment = os.environ | {
        "GONGJI_DATABASE_URL": url,
        "GONGJI_SECRET": SECRET.hex(),
        "GONGJI_DATA": str(folder),
        "GONGJI_LOG_LEVEL": "error",
        "GONGJI_WATCH_SECONDS": "0",
        "GONGJI_MESSAGE_SECONDS": "0",
        "GONGJI_MAINTENANCE_MINUTES": "0",
        # The callers are few institutions that send as many.
        "GONGJI_INSTITUTION_RATE": "0",
    }
    command = [sys.executable, "-c", _SERVE, "serve", "--port", str(port), "--workers", "2"]
    process = subprocess.Popen(command, env=environment)
    try:
        _await(port, process)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("the server did not start")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not answer")


def _cpu(server: psutil.Process) -> float:
    used = 0.0
    for process in server.children(recursive=True):
        times = process.cpu_times()
        used += times.user + times.system
    return used


def show(found: dict[str, float]) -> None:
    """A table with what stands in ratio to TPC-B."""
    tpcb = found["tpcb_32"]
    table = Table("what", "measured", "× TPC-B")
    for name, value in found.items():
        rate = name.startswith(("http_1", "http_3", "http_2", "in_process", "hordak"))
        table.add_row(name, f"{value:,.2f}", f"{value / tpcb:.2f}" if rate else "")
    Console().print(table)


if __name__ == "__main__":
    main()
