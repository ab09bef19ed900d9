"""Two roles in the database: the owner, who migrates, and the service, which may add history but not change it.

A history table is one with the trigger function ``refuse_change``: the schema says itself which these are, so a new room
needs no list here. The trigger stops the owner too; the missing privilege stops the service before a trigger is asked,
and a service that was taken over cannot turn the trigger off.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.engine import make_url

from gongji.foundation.distribution import WHOLE
from gongji.foundation.errors import Misconfigured

#: The service's role where the settings name none (the embedded server).
SERVICE_ROLE: Final = "gongji_service"

#: Tables outside the platform's own data: the service reads which migration the schema is at, and no more.
_MIGRATIONS: Final = "alembic_version"

#: Functions that do the owner's work in a fixed way (see the migration): only the service may call them.
_OWNERS_FUNCTIONS: Final = (
    "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
)

#: Tables of the schema (partitions aside), whether rows of them are history, and whether the role may do everything that
#: it should and nothing that it should not.
_TABLES: Final = """
SELECT c.relname AS name,
       EXISTS (SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                WHERE t.tgrelid = c.oid AND p.proname = 'refuse_change') AS history
  FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
 ORDER BY c.relname
"""


#: Where tables lie: the platform's own, and wherever the months of the growing ones are.
_SCHEMAS: Final = f"""
SELECT 'public' UNION SELECT m.relnamespace::regnamespace::text
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent JOIN pg_class m ON m.oid = i.inhrelid
 WHERE c.relnamespace = 'public'::regnamespace
 UNION SELECT nspname FROM pg_namespace WHERE nspname = '{WHOLE}' ORDER BY 1
"""

_RIGHTS: Final = f"""
SELECT t.history, has_table_privilege(:role, t.name, 'SELECT') AS select,
       has_table_privilege(:role, t.name, 'INSERT') AS insert, has_table_privilege(:role, t.name, 'UPDATE') AS update,
       has_table_privilege(:role, t.name, 'DELETE') AS delete
  FROM ({_TABLES}) AS t WHERE t.name <> :migrations
"""


def service_of(url: str) -> str:
    """The role that an address signs in with."""
    return make_url(url).username or SERVICE_ROLE


def make_role(connection: psycopg.Connection[Any], role: str, password: str | None) -> bool:
    """Make the service's role unless it is there; an existing role keeps its password.

    Args:
        connection: signed in as a role that may make roles.
        role: its name.
        password: None makes a role without one, for servers that know their local users otherwise.

    Returns:
        Whether it was made.

    Raises:
        Misconfigured: ``database.role`` when the owner may not make roles, or the role could do more than it should.
    """
    known = connection.execute(
        "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls FROM pg_roles WHERE rolname = %s", [role]
    ).fetchone()
    if known is not None:
        if known[0]:
            raise Misconfigured(
                "database.role",
                f"the role {role} may do more than serve (superuser, roles or databases): choose another for the service",
                f"角色 {role} 权限过大（超级用户、可建角色或可建库），不能用于服务，请换一个角色",
                field="GONGJI_DATABASE_URL",
            )
        return False
    secret = sql.SQL(" PASSWORD {}").format(sql.Literal(password)) if password else sql.SQL("")
    try:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)) + secret)
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        return False  # two first starts at once: the other one made it
    except psycopg.errors.InsufficientPrivilege as problem:
        raise Misconfigured(
            "database.role",
            f"the owner may not make roles: let a superuser run CREATE ROLE {role} LOGIN, then run this again",
            f"所有者角色没有建角色的权限：请由超级用户执行 CREATE ROLE {role} LOGIN，然后重新运行",
            field="GONGJI_DATABASE_OWNER_URL",
        ) from problem
    return True


def has_role(connection: sa.Connection, role: str) -> bool:
    """Whether the server knows the role."""
    found = connection.execute(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
    return found.one_or_none() is not None


def is_granted(connection: sa.Connection, role: str) -> bool:
    """Whether the role's rights on every table are those that `grant_service` would give."""
    return all(
        (row.select, row.insert, row.update, row.delete) == (True, True, not row.history, not row.history)
        for row in connection.execute(sa.text(_RIGHTS), {"role": role, "migrations": _MIGRATIONS})
    )


def grant_service(connection: sa.Connection, role: str) -> Iterator[str]:
    """Give the role what the service needs and take away everything else, on all tables there are and, by default
    privileges, on those that come (a month's partition); the same again changes nothing.

    Args:
        connection: the owner's transaction, over a migrated schema.
        role: the service's.

    Returns:
        What was done, one line a group of tables. Nothing is done before a line is asked for.

    Raises:
        Misconfigured: ``database.role`` when the role owns tables: an owner can give itself every right.
    """
    _refuse_owner(connection, role)
    name = connection.dialect.identifier_preparer.quote(role)
    tables = {row.name: row.history for row in connection.execute(sa.text(_TABLES)) if row.name != _MIGRATIONS}
    history = sorted(table for table, kept in tables.items() if kept)
    other = sorted(table for table, kept in tables.items() if not kept)
    for schema in connection.execute(sa.text(_SCHEMAS)).scalars().all():
        for statement in (
            f"GRANT USAGE ON SCHEMA {schema} TO {name}",
            f"REVOKE CREATE ON SCHEMA {schema} FROM {name}",
            f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {name}",
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {name}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {name}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {name}",
        ):
            connection.exec_driver_sql(statement)
    if history:
        connection.exec_driver_sql(f"GRANT INSERT ON {', '.join(history)} TO {name}")
        yield f"{role} may read and add, never change: {', '.join(history)}"
    if other:
        connection.exec_driver_sql(f"GRANT INSERT, UPDATE, DELETE ON {', '.join(other)} TO {name}")
        yield f"{role} may read and write: {', '.join(other)}"
    for function in connection.execute(sa.text(_OWNERS_FUNCTIONS)).scalars().all():
        connection.exec_driver_sql(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        connection.exec_driver_sql(f"GRANT EXECUTE ON FUNCTION {function} TO {name}")
        yield f"{role} may call: {function}"


def _refuse_owner(connection: sa.Connection, role: str) -> None:
    owned = connection.execute(
        sa.text(
            "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
            " WHERE r.rolname = :role AND c.relnamespace = 'public'::regnamespace"
        ),
        {"role": role},
    ).scalar_one()
    if owned:
        raise Misconfigured(
            "database.role",
            f"the role {role} owns the tables: let GONGJI_DATABASE_OWNER_URL name the owner and GONGJI_DATABASE_URL another role",
            f"角色 {role} 是数据表的所有者：请让 GONGJI_DATABASE_OWNER_URL 指向所有者，GONGJI_DATABASE_URL 使用另一个角色",
            field="GONGJI_DATABASE_URL",
        )
