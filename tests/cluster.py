"""A database spread over the nodes of a Citus cluster, for a run of the suite against one.

``GONGJI_TEST_DATABASE_URL`` names the coordinator, ``GONGJI_TEST_CITUS_WORKERS`` the workers as ``host:port,host:port``; the
same role signs in everywhere. Every test gets a database of its own there: about two seconds each with four shards a table.
"""

from __future__ import annotations

import os

import psycopg
from sqlalchemy.engine import make_url

from gongji.foundation.database import Database, create_database
from gongji.foundation.distribution import distribute, placement
from gongji.migrations import upgrade


def workers() -> list[tuple[str, int]]:
    """Hosts and ports of the workers; none where the suite runs against one server."""
    named = os.environ.get("GONGJI_TEST_CITUS_WORKERS", "")
    return [(host, int(port)) for host, port in (one.split(":") for one in named.split(",") if one)]


def spread_database(url: str) -> Database:
    """A fresh, migrated, empty database at the coordinator, its tables placed on the workers."""
    nodes = workers()
    for address in (url, *(_at(url, node) for node in nodes)):
        create_database(address, afresh=True)
        with psycopg.connect(address, autocommit=True) as node:
            node.execute("CREATE EXTENSION citus")
    coordinator = make_url(url)
    with psycopg.connect(url, autocommit=True) as node:
        node.execute("SELECT citus_set_coordinator_host(%s, %s)", [coordinator.host, coordinator.port or 5432])
        for host, port in nodes:
            node.execute("SELECT citus_add_node(%s, %s)", [host, port])
    database = Database(url)
    upgrade(database)
    with database.transaction() as connection:
        distribute(connection, placement(connection))
    # What is set for the database holds for connections that are opened after it.
    database.engine.dispose()
    return database


def drop_everywhere(url: str) -> None:
    """Drop the database on every node."""
    name = make_url(url).database
    for address in (url, *(_at(url, node) for node in workers())):
        maintenance = make_url(address).set(database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(maintenance, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _at(url: str, node: tuple[str, int]) -> str:
    return make_url(url).set(host=node[0], port=node[1]).render_as_string(hide_password=False)
