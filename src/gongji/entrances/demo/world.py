"""The demo world: a database of its own, filled from the files in ``world/``, gone when the demo ends."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Final

import psutil
import psycopg
from psycopg import sql

from gongji.entrances.loading.loader import load_files
from gongji.entrances.platform import Platform, open_platform
from gongji.foundation.database import addresses, create_database, with_database
from gongji.foundation.errors import Misconfigured
from gongji.foundation.settings import Settings
from gongji.rules.pack_files import SHIPPED

#: The set of rules that asks for allotment first, which no region has by default.
ALLOTTING: Final = SHIPPED.parent / "labelled" / "seed-allotment"

FILES = Path(str(resources.files("gongji.entrances.demo") / "world"))

_DEMO_DATABASE = re.compile(r"gongji_demo_(\d+)")


@contextmanager
def demo_platform(settings: Settings) -> Iterator[Platform]:
    """A platform over a fresh database on the installation's server, with the demo world in it.

    The real data are never touched: the database is the demo's own and is dropped in the end, together with those of
    demos that were killed.
    """
    name = f"gongji_demo_{os.getpid()}"
    found = addresses(settings)
    server, owner = with_database(found.owner, "postgres"), with_database(found.owner, name)
    _drop_leftovers(server)
    create_database(owner, afresh=True)
    try:
        own = {
            "database_url": with_database(found.service, name),
            "database_owner_url": owner,
            "packs": [*settings.packs, ALLOTTING],
        }
        with open_platform(settings.model_copy(update=own)) as platform:
            load_world(platform)
            yield platform
    finally:
        _drop(server, name)


def load_world(platform: Platform) -> None:
    """Load the demo's files into a platform.

    Raises:
        Misconfigured: ``demo.world`` when the files that ship with the demo do not load.
    """
    report = load_files(platform.database, platform.vault, platform.clock, sorted(FILES.glob("*.csv")), holder="demo")
    if not report.complete:
        problem = report.problems[0]
        raise Misconfigured("demo.world", f"the demo world does not load: {problem}", f"演示数据无法导入：{problem}")


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one of the world's files."""
    with (FILES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _drop_leftovers(server: str) -> None:
    with psycopg.connect(server) as connection:
        names = [name for (name,) in connection.execute("SELECT datname FROM pg_database")]
    for name in names:
        found = _DEMO_DATABASE.fullmatch(name)
        if found and not psutil.pid_exists(int(found[1])):
            _drop(server, name)


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
