"""Connections to PostgreSQL: an SQLAlchemy engine for the ordinary paths, plain psycopg connections for the desk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from gongji.foundation.embedded import start_embedded
from gongji.foundation.errors import Misconfigured
from gongji.foundation.ids import Serials
from gongji.foundation.planning import plan_once
from gongji.foundation.roles import SERVICE_ROLE, make_role
from gongji.foundation.settings import Settings

OLDEST_POSTGRESQL = 150_000

#: What says that the server is away or has no room left: SQLAlchemy's words, and psycopg's own where a statement went to
#: it directly (`gongji.ledger.store.raw_cursor`).
AWAY: Final = (sa.exc.OperationalError, sa.exc.InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)

#: How many citizens' pages a process makes at once; the others wait in line. More of them would only take turns: each has to
#: have the interpreter to itself, and one that is nearly done would wait for all that have just begun.
PAGES_AT_ONCE = 8


@dataclass(frozen=True)
class Database:
    """One PostgreSQL database.

    Attributes:
        url: its address, ``postgresql://…``.
        pool_size: connections that the engine keeps for the ordinary paths.
    """

    url: str
    pool_size: int = 8

    @cached_property
    def engine(self) -> sa.Engine:
        """The engine; made on first use, so that a process forked before has none.

        Connections are not tried before use: that costs a round trip each time, and after a restart of the server the
        first one that fails empties the pool.
        """
        return sa.create_engine(self._sqlalchemy_url, pool_size=self.pool_size, max_overflow=8)

    @cached_property
    def pages_engine(self) -> sa.Engine:
        """The engine of citizens' pages: as many connections as pages are made at once, kept for good, each of which plans a
        statement once (see `gongji.foundation.planning`)."""
        made = sa.create_engine(self._sqlalchemy_url, pool_size=PAGES_AT_ONCE, max_overflow=0)
        sa.event.listen(made, "connect", lambda driver, _: plan_once(driver))
        sa.event.listen(made, "begin", lambda connection: _by_itself(connection, alone=False))
        return made

    @property
    def _sqlalchemy_url(self) -> URL:
        return make_url(self.url).set(drivername="postgresql+psycopg")

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A transaction that commits when the block ends and rolls back when it raises."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def page(self) -> Iterator[sa.Connection]:
        """`transaction`, for a page that asks for what one person may see."""
        with self.pages_engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """`page`, for one that only reads and notes who was seen: each question, and each note, stands by itself, without a
        transaction to begin and to end. What goes through SQLAlchemy begins one, which commits when the block ends."""
        with self.pages_engine.connect() as connection:
            _by_itself(connection, alone=True)
            try:
                yield connection
                connection.commit()
            finally:
                connection.rollback()
                if not connection.invalidated:
                    _by_itself(connection, alone=False)

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A read-only transaction whose statements all see the same moment."""
        with self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def connect(self) -> psycopg.Connection:
        """A connection of one's own, outside the pool (a desk keeps one for its life)."""
        return psycopg.connect(self.url)

    @cached_property
    def serials(self) -> Serials:
        """Serials for new rows; see `gongji.foundation.ids`."""

        def next_block() -> int:
            with self.engine.connect() as connection:
                return int(connection.execute(sa.text("SELECT nextval('serial')")).scalar_one())

        return Serials(next_block)

    def close(self) -> None:
        """Give all pooled connections back to the server."""
        for name in ("engine", "pages_engine"):
            if name in self.__dict__:
                getattr(self, name).dispose()


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the books are, for the two roles that work on them.

    Attributes:
        owner: signs in as the owner of the tables, who migrates, restores and makes roles.
        service: signs in as the role that everything else works as; the same address where one role does both.
    """

    owner: str
    service: str

    @property
    def apart(self) -> bool:
        """Whether the service works as a role of its own."""
        return self.owner != self.service


def _by_itself(connection: sa.Connection, *, alone: bool) -> None:
    """Whether each statement stands by itself; not within a transaction."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.autocommit = alone


def addresses(settings: Settings) -> Addresses:
    """The addresses that the settings name; without one, the embedded server's, which is started and has both roles."""
    if settings.database_url:
        return Addresses(settings.database_owner_url or settings.database_url, settings.database_url)
    server = start_embedded(settings.data)
    with psycopg.connect(server) as superuser:
        make_role(superuser, SERVICE_ROLE, password=None)
    owner = with_database(server, "gongji")
    return Addresses(owner, make_url(owner).set(username=SERVICE_ROLE).render_as_string(hide_password=False))


def open_database(settings: Settings, *, as_owner: bool = False) -> Database:
    """The database that the settings name, as the service or as the owner; the embedded server's is made when missing.

    Raises:
        Misconfigured: ``database.unreachable`` or ``database.too_old``.
    """
    found = addresses(settings)
    if not settings.database_url:
        create_database(found.owner)
    url = found.owner if as_owner else found.service
    _check_server(url, "GONGJI_DATABASE_OWNER_URL" if as_owner and found.apart else "GONGJI_DATABASE_URL")
    return Database(url)


def with_database(url: str, name: str) -> str:
    """The same server's address with another database name."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def create_database(url: str, *, afresh: bool = False) -> None:
    """Make the database that `url` names unless it is there; `afresh` drops it first."""
    name = make_url(url).database or ""
    with psycopg.connect(with_database(url, "postgres"), autocommit=True) as server:
        if afresh:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        elif server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
        try:
            server.execute(statement)
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            return  # two first starts at once: the other one made it


def _check_server(url: str, setting: str) -> None:
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version
    except (psycopg.OperationalError, psycopg.ProgrammingError) as problem:
        raise Misconfigured(
            "database.unreachable",
            f"the database does not answer ({problem}): check {setting} and that the server runs",
            f"数据库连接不上：请检查 {setting}，并确认数据库已启动",
            field=setting,
        ) from problem
    if version < OLDEST_POSTGRESQL:
        raise Misconfigured(
            "database.too_old",
            f"the server is PostgreSQL {version // 10_000}; 15 or newer is needed",
            f"数据库版本是 PostgreSQL {version // 10_000}，需要 15 或更新的版本",
            field=setting,
        )
