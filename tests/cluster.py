"""A database spread over the nodes of a Citus cluster, for a run of the suite against one.

``GONGJI_TEST_DATABASE_URL`` names the coordinator, ``GONGJI_TEST_CITUS_WORKERS`` the workers as ``host:port,host:port``; the
same role signs in everywhere. The tables are spread once, into the template that the tests' database is copied from.
"""

from __future__ import annotations

import os

import psycopg
from sqlalchemy.engine import make_url

from gongji.foundation.database import Database, create_database, with_database
from gongji.foundation.distribution import distribute, placement
from gongji.foundation.roles import SERVICE_ROLE, make_role


def workers() -> list[tuple[str, int]]:
    """Hosts and ports of the workers; none where the suite runs against one server."""
    named = os.environ.get("GONGJI_TEST_CITUS_WORKERS", "")
    return [(host, int(port)) for host, port in (one.split(":") for one in named.split(",") if one)]


def servers(coordinator: str) -> list[str]:
    """The address of a database on the coordinator, and on each worker."""
    url = make_url(coordinator)
    return [
        coordinator,
        *(url.set(host=host, port=port).render_as_string(hide_password=False) for host, port in workers()),
    ]


def make_cluster(url: str) -> None:
    """Make a database afresh on every node, and the nodes known to the coordinator's."""
    for address in servers(url):
        create_database(address, afresh=True)
        with psycopg.connect(address, autocommit=True) as node:
            node.execute("CREATE EXTENSION citus")
            make_role(node, SERVICE_ROLE, password=None)  # a server's own: a test that makes it makes it on one of them
    coordinator = make_url(url)
    with psycopg.connect(url, autocommit=True) as node:
        node.execute("SELECT citus_set_coordinator_host(%s, %s)", [coordinator.host, coordinator.port or 5432])
        for host, port in workers():
            node.execute("SELECT citus_add_node(%s, %s)", [host, port])


def spread(database: Database) -> None:
    """Place the tables of a migrated, empty database on the workers."""
    with database.transaction() as connection:
        distribute(connection, placement(connection))


def leave_alone(url: str) -> None:
    """End what a node does in a database by itself, so that it can be copied."""
    for address in servers(url):
        with psycopg.connect(with_database(address, "postgres"), autocommit=True) as server:
            name = make_url(url).database
            server.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s", [name])
