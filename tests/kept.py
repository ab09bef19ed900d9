"""One migrated database that the tests of a run use one after the other, emptied in between.

Making a database is 900 files: a quarter of a second of processor time, several times what most tests take. What a test
leaves behind are rows, which go without their triggers and keys being asked; whoever changes the schema itself (drops a
guard, adds a month, grants a right) is found out by the catalogue and the next test gets a database made anew.

On a cluster it is one database a node, each copied and emptied by itself: what a node holds, it holds in tables of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from gongji.foundation.database import with_database

#: What changes with every change of the schema, of a right or of a setting, and with nothing else.
_SCHEMA = """
SELECT (SELECT jsonb_object_agg(c.oid, c.xmin::text) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace)
    || (SELECT jsonb_object_agg(t.oid, t.xmin::text) FROM pg_trigger t)
    || (SELECT jsonb_object_agg(p.oid, p.xmin::text) FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace)
    || (SELECT jsonb_object_agg(o.oid, o.xmin::text) FROM pg_constraint o)
    || (SELECT jsonb_object_agg(n.oid, n.xmin::text) FROM pg_namespace n WHERE n.nspname NOT LIKE 'pg_t%')
    || (SELECT jsonb_build_object('columns', count(*), 'newest', max(a.xmin::text::bigint))
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relnamespace = 'public'::regnamespace)
    || (SELECT jsonb_build_object('settings', count(*))
          FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase AND d.datname = current_database())
"""

_ALONE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

_TABLES = """
SELECT c.relname FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND c.relname <> 'alembic_version'
"""

#: The same on a node of a cluster: the pieces that lie there instead of the tables that they are of, and may be written to.
_PIECES = _TABLES + " AND NOT EXISTS (SELECT FROM pg_dist_partition d WHERE d.logicalrelid = c.oid)"
_SHOWN = ("SET citus.override_table_visibility = off", "SET citus.enable_manual_changes_to_shards = on")

_SETTINGS = """
SELECT unnest(s.setconfig) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
 WHERE d.datname = %s AND s.setrole = 0
"""

#: Ends whoever is in a database, and how often that is done before a copy that does not succeed is given up.
_OUT_OF = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s"
_LOOKS_IN = 5

_SEQUENCES = "SELECT sequencename, start_value FROM pg_sequences WHERE schemaname = 'public'"


@dataclass
class KeptDatabase:
    """A database that is lent to one test after the other.

    Attributes:
        servers: the maintenance address of each server that it lies on, first the one that is asked.
        name: the database's.
        template: the migrated, empty database that it is copied from, on each of them.
    """

    servers: Sequence[str]
    name: str
    template: str
    _schema: object = None

    @property
    def url(self) -> str:
        """Its address."""
        return self._urls[0]

    @property
    def _urls(self) -> list[str]:
        return [with_database(server, self.name) for server in self.servers]

    def lend(self) -> str:
        """The address of the database, empty as it was made."""
        if self._schema is None:
            self.drop()
            for server in self.servers:
                with psycopg.connect(server, autocommit=True) as connection:
                    self._copy(connection)
            with psycopg.connect(self.url) as connection:
                self._schema = _told(connection)
        return self.url

    def take_back(self) -> None:
        """Empty it; when it is not the same any more, forget it, and the next test gets another."""
        try:
            for url in self._urls:
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute(_ALONE)
                    if url == self.url and _told(connection) != self._schema:
                        self._schema = None
                        return
                    _empty(connection, on_cluster=len(self.servers) > 1)
        except psycopg.OperationalError:
            self._schema = None

    def drop(self) -> None:
        """Let it go: at the end of the run, or before it is made anew."""
        for server in self.servers:
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.name)))

    def _copy(self, server: psycopg.Connection) -> None:
        # File by file costs a third of what it costs through the log, where nobody waits for the disk; else four times.
        waits = server.execute("SHOW fsync").fetchone() == ("on",)
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}").format(
            sql.Identifier(self.name),
            sql.Identifier(self.template),
            sql.SQL("wal_log" if waits else "file_copy"),
        )
        # A cluster's own daemon looks into every database now and then, into the template, too.
        for _ in range(_LOOKS_IN):
            server.execute(_OUT_OF, [self.template])
            try:
                server.execute(made)
                break
            except psycopg.errors.ObjectInUse:
                continue
        else:
            server.execute(made)
        # What is set for a database is not copied with it.
        for (setting,) in server.execute(_SETTINGS, [self.template]).fetchall():
            name, value = setting.split("=", 1)
            server.execute(
                sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                    sql.Identifier(self.name), sql.SQL(name), sql.Literal(value)
                )
            )


def _told(connection: psycopg.Connection) -> object:
    row = connection.execute(_SCHEMA).fetchone()
    assert row is not None
    return row[0]


def _empty(connection: psycopg.Connection, *, on_cluster: bool) -> None:
    if on_cluster:
        for statement in _SHOWN:
            connection.execute(statement)
    tables = [name for (name,) in connection.execute(_PIECES if on_cluster else _TABLES)]
    sequences = connection.execute(_SEQUENCES).fetchall()
    with connection.transaction(), connection.pipeline():
        # Neither keys nor the triggers that forbid to delete history are asked.
        connection.execute("SET LOCAL session_replication_role = replica")
        for table in tables:
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        for sequence, start in sequences:
            connection.execute("SELECT setval(%s::regclass, %s, false)", [sequence, start])
