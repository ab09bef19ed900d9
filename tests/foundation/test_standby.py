"""A standby as the operating guide sets it up: what was acknowledged is on it when the primary is killed.

Two PostgreSQL servers over Unix sockets, streaming replication, synchronous commit.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from gongji.foundation.clock import CHINA, MovableClock
from gongji.foundation.database import Database, create_database
from gongji.foundation.embedded import embedded_programs
from gongji.foundation.errors import Busy
from gongji.foundation.personal import Vault
from gongji.migrations import upgrade
from gongji.rules.book import RuleBook
from gongji.settlement.desk import Desk
from gongji.settlement.verify import verify_everything
from town import Town

#: PostgreSQL does not run as root; the embedded server's user is there wherever it ran as root once.
USER = "embedded_postgres" if os.geteuid() == 0 else None


@dataclass
class Server:
    """One PostgreSQL server in a folder of its own; sockets lie beside its data."""

    home: Path
    port: int

    @property
    def url(self) -> str:
        """The platform's database on it."""
        return f"postgresql://postgres@/gongji?host={self.home.parent}&port={self.port}"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the user that the servers run as."""
        command = [str(embedded_programs() / program), *arguments]
        ran = subprocess.run(command, user=USER, capture_output=True, text=True, timeout=60, check=False, cwd="/")
        assert ran.returncode == 0, ran.stderr

    def start(self) -> None:
        """Start it and wait until it answers. Its output goes to a file: a pipe would stay open as long as it runs."""
        options = f"-k {self.home.parent} -p {self.port} -h ''"
        log = str(self.home.parent / f"{self.home.name}.log")
        self.run("pg_ctl", "-D", str(self.home), "-w", "-o", options, "-l", log, "start")

    def kill(self) -> None:
        """As if its machine lost power: the server's processes are killed, none may finish what it does."""
        postmaster = int((self.home / "postmaster.pid").read_text().split("\n", 1)[0])
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(postmaster)], capture_output=True, text=True, check=True
        )
        for pid in (postmaster, *map(int, children.stdout.split())):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def stop(self) -> None:
        """Stop it if it runs."""
        command = [str(embedded_programs() / "pg_ctl"), "-D", str(self.home), "-m", "immediate", "stop"]
        subprocess.run(command, user=USER, capture_output=True, timeout=60, check=False, cwd="/")


@pytest.fixture
def pair(server_url: str) -> Iterator[tuple[Server, Server]]:
    """A primary with the platform's database and a standby that it waits for. The session's own server has run first, so
    the user is there that both run as."""
    folder = Path(tempfile.mkdtemp(prefix="gongji-standby-", dir="/tmp"))
    if USER:
        shutil.chown(folder, USER)
    primary, standby = Server(folder / "primary", 5501), Server(folder / "standby", 5502)
    primary.run("initdb", "-D", str(primary.home), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync")
    primary.start()
    create_database(primary.url)
    with psycopg.connect(primary.url, autocommit=True) as superuser:
        superuser.execute("CREATE ROLE replicator LOGIN REPLICATION")
    source = f"host={folder} port={primary.port} user=replicator application_name=standby"
    copy = ("-R", "-X", "stream", "-C", "-S", "standby", "--checkpoint=fast", "--no-sync")
    standby.run("pg_basebackup", "-d", source, "-D", str(standby.home), *copy)
    standby.start()
    with psycopg.connect(primary.url, autocommit=True) as superuser:
        superuser.execute("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (standby)'")
        superuser.execute("SELECT pg_reload_conf()")
        _wait(superuser, "SELECT 1 FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')")
    yield primary, standby
    for server in (primary, standby):
        server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def _wait(connection: psycopg.Connection, question: str) -> None:
    deadline = time.monotonic() + 30
    while connection.execute(question).fetchone() is None:
        assert time.monotonic() < deadline, question
        time.sleep(0.05)


def test_what_was_acknowledged_survives_the_primary(pair: tuple[Server, Server]) -> None:
    primary, standby = pair
    database = Database(primary.url)
    upgrade(database)
    clock = MovableClock(datetime(2024, 6, 12, 10, 30, tzinfo=CHINA))
    town = Town(database, Vault(b"\x07" * 32), clock)
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=3_00)
    son = town.person("李建国", "1980-03-01", "active", balance=5_000_00)
    town.share(son, mother)
    pharmacy = town.institution("P21120200003")

    desk = Desk(database, RuleBook.shipped(), clock, desks=2)
    acknowledged: list[int] = []
    lost = threading.Event()

    def buy() -> None:
        while not lost.is_set():
            try:
                acknowledged.append(desk.submit(town.purchase(mother, pharmacy, ("C-A", 1, "0.10"))).result(60).id)
            except (Busy, psycopg.OperationalError, sa.exc.OperationalError):
                lost.set()

    buyers = [threading.Thread(target=buy) for _ in range(4)]
    for buyer in buyers:
        buyer.start()
    deadline = time.monotonic() + 30
    while len(acknowledged) < 200 and time.monotonic() < deadline:
        time.sleep(0.01)
    primary.kill()
    for buyer in buyers:
        buyer.join(60)
    database.close()
    assert len(acknowledged) >= 200

    standby.run("pg_ctl", "-D", str(standby.home), "-w", "promote")
    promoted = Database(standby.url)
    with promoted.engine.connect() as connection:
        kept = set(connection.exec_driver_sql("SELECT id FROM settlement").scalars())
    assert set(acknowledged) <= kept
    with promoted.engine.connect() as connection:
        assert [str(finding) for finding in verify_everything(connection)] == []

    # There is no second standby, so nothing may be waited for; then the town goes on where it was.
    with psycopg.connect(standby.url, autocommit=True) as superuser:
        superuser.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
        superuser.execute("SELECT pg_reload_conf()")
    town.database, town._clerk = promoted, None
    before = town.balance(son) + town.balance(mother)
    town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "1.00")))
    assert town.balance(son) + town.balance(mother) == before - 1_00
    town.clerk.close()
    with promoted.engine.connect() as connection:
        assert [str(finding) for finding in verify_everything(connection)] == []
    promoted.close()
