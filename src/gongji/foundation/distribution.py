"""Spreading the tables over several servers with Citus: which table lies where, its rules, and the statements.

Rows of a family lie in one bucket and every hot key holds it, so the bucket is the distribution column and what a
settlement touches lies on one node. What everybody reads and hardly anybody writes is copied to every node; what has
neither stays on the coordinator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Final
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from gongji.foundation.errors import Misconfigured, Refused

#: Without a bucket of their own: spread by another column of their key.
BY_OTHER_COLUMN: Final = {"message": "institution_id", "block": "poster_id", "claimed_invoice": "number"}

#: Copied to every node: read in every batch or at every door, written when somebody is entered.
REFERENCE: Final = frozenset(
    {
        "institution",
        "institution_key",
        "wallet_institution",
        "deviation",
        "catalogue_item",
        "credential",
        "citation",
        "installation",
        "access_token",
        "poster",
    }
)

#: Where every spread table stands as one: a view that Citus reads from all nodes before anything is joined to it. Checks
#: that compare everything with everything look there, for Citus joins outward only what lies together.
WHOLE: Final = "whole"

#: The engines that were asked before: where tables lie does not change while a process runs.
_KNOWN: Final[WeakKeyDictionary[sa.Engine, bool]] = WeakKeyDictionary()

#: The one that the others by bucket are colocated with.
_FIRST: Final = "person"

_TABLES: Final = """
SELECT c.relname AS name,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'bucket' AND NOT a.attisdropped) AS by_bucket
  FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
 ORDER BY c.relname
"""

#: Indexes that hold rows apart (unique ones and exclusions), with their columns.
_KEYS: Final = """
SELECT c.relname AS table, i.relname AS index,
       array_agg(a.attname::text) FILTER (WHERE a.attname IS NOT NULL) AS columns
  FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(x.indkey)
 WHERE c.relnamespace = 'public'::regnamespace AND (x.indisunique OR x.indisexclusion)
 GROUP BY c.relname, i.relname ORDER BY 1, 2
"""

#: For the database, since connections come and go and later months get their tables.
_SETTINGS: Final = {
    # Our triggers only refuse what is done to the row or table before them; they read no other table, which is what
    # Citus cannot know and therefore asks to be told.
    "citus.enable_unsafe_triggers": "on",
    # A transfer lies with its account, its journal with the patient: who asks for both joins over nodes.
    "citus.enable_repartition_joins": "on",
    # Else Citus has writes of several nodes wait for each other's transactions, whatever rows they touch: two desks would
    # settle one after the other. What they change they have locked before, in one order.
    "citus.enable_deadlock_prevention": "off",
    # One connection a node: else Citus refuses, after a read of many shards, whatever touches a table that refers to a
    # reference table (rights given, a month taken out).
    "citus.multi_shard_modify_mode": "sequential",
}

_CITUS_KNOWS: Final = "SELECT to_regclass('pg_catalog.pg_dist_partition')"

_SET: Final = """
SELECT unnest(s.setconfig) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
 WHERE d.datname = current_database() AND s.setrole = 0
"""

#: A table of the coordinator that refers to a reference table is known to Citus too, but placed nowhere.
_PLACED: Final = """
SELECT c.relname FROM pg_dist_partition d JOIN pg_class c ON c.oid = d.logicalrelid WHERE d.partmethod = 'h' OR d.repmodel = 't'
"""

#: A migration may have added a column since the view was made.
_SEEN: Final = f"""
SELECT v.relname FROM pg_class v JOIN pg_class c ON c.relname = v.relname AND c.relnamespace = 'public'::regnamespace
 WHERE v.relnamespace = to_regnamespace('{WHOLE}')
   AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                      AND NOT EXISTS (SELECT FROM pg_attribute b WHERE b.attrelid = v.oid AND b.attname = a.attname))
"""

_REFERENCES: Final = """
SELECT o.conrelid::regclass::text AS table, o.confrelid::regclass::text AS to, o.conname AS name,
       (SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = o.conrelid AND a.attnum = ANY(o.conkey)) AS columns
  FROM pg_constraint o WHERE o.contype = 'f' AND o.connamespace = 'public'::regnamespace AND o.conparentid = 0 ORDER BY 1, 3
"""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where tables lie.

    Attributes:
        spread: by table, the column that it is spread by; each table after those that it refers to.
        reference: tables that every node has a copy of.
        local: tables that stay on the coordinator.
    """

    spread: dict[str, str]
    reference: tuple[str, ...]
    local: tuple[str, ...]

    def statements(self, database: str, standing: Standing | None = None) -> list[str]:
        """The statements that place the tables of `database`, reference tables first, since spread ones refer to them.

        Args:
            database: its name.
            standing: what it has been told before; nothing where it is left out.
        """
        known = standing or Standing()
        reference = [table for table in self.reference if table not in known.placed]
        spread = [table for table in self.spread if table not in known.placed]
        made = ["SET citus.enable_unsafe_triggers = on"] if reference or spread else []
        made += [
            f'ALTER DATABASE "{database}" SET {name} = {value}'
            for name, value in _SETTINGS.items()
            if f"{name}={value}" not in known.settings
        ]
        made += [f"SELECT create_reference_table('{table}')" for table in reference]
        for table in spread:
            column = self.spread[table]
            with_whom = "none" if table == _FIRST or column != "bucket" else _FIRST
            made.append(f"SELECT create_distributed_table('{table}', '{column}', colocate_with => '{with_whom}')")
        unseen = [table for table in self.spread if table not in known.seen]
        if unseen and not known.seen:
            made.append(f"CREATE SCHEMA IF NOT EXISTS {WHOLE}")
        made += [f"CREATE OR REPLACE VIEW {WHOLE}.{table} AS SELECT * FROM public.{table} OFFSET 0" for table in unseen]
        return made


@dataclass(frozen=True, slots=True)
class Standing:
    """What a cluster has been told already.

    Attributes:
        settings: of the database, as ``name=value``.
        placed: tables that are spread or copied to every node.
        seen: tables that stand in the schema `WHOLE` with all their columns.
    """

    settings: frozenset[str] = frozenset()
    placed: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()


def standing(connection: sa.Connection) -> Standing:
    """What this database has been told already; nothing where it has no Citus."""
    if connection.execute(sa.text(_CITUS_KNOWS)).scalar_one() is None:
        return Standing()
    return Standing(*(frozenset(connection.execute(sa.text(query)).scalars()) for query in (_SET, _PLACED, _SEEN)))


def is_spread(connection: sa.Connection) -> bool:
    """Whether the tables lie on several nodes. Asked once an engine."""
    known = _KNOWN.get(connection.engine)
    if known is None:
        there = connection.execute(
            sa.text("SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL")
        ).scalar_one()
        known = there and connection.execute(sa.text("SELECT EXISTS (SELECT FROM pg_dist_partition)")).scalar_one()
        _KNOWN[connection.engine] = known
    return known


def see_whole(connection: sa.Connection) -> None:
    """Have the rest of a connection's transaction read every table as one, wherever its rows lie."""
    if is_spread(connection):
        connection.exec_driver_sql(f"SET LOCAL search_path = {WHOLE}, public")


@contextmanager
def seen_whole(connection: sa.Connection) -> Iterator[None]:
    """`see_whole`, for the statements of the block; those after it may write again."""
    see_whole(connection)
    yield
    if is_spread(connection):
        connection.exec_driver_sql("SET LOCAL search_path TO DEFAULT")


def placement(connection: sa.Connection) -> Placement:
    """Where each table of this schema goes; a table that a new room brings with a bucket is spread by it."""
    rows = connection.execute(sa.text(_TABLES)).all()
    spread = {row.name: "bucket" for row in rows if row.by_bucket}
    names = {row.name for row in rows}
    spread |= {table: column for table, column in BY_OTHER_COLUMN.items() if table in names}
    reference = tuple(sorted(names & REFERENCE))
    referring: dict[str, set[str]] = {table: {_FIRST} - {table} for table in sorted(spread)}
    for row in connection.execute(sa.text(_REFERENCES)):
        if row.table in spread and row.to in spread and row.to != row.table:
            referring[row.table].add(row.to)
    spread = {table: spread[table] for table in TopologicalSorter(referring).static_order()}
    return Placement(spread, reference, tuple(sorted(names - spread.keys() - REFERENCE)))


def broken_rules(connection: sa.Connection, placed: Placement) -> list[str]:
    """What Citus would refuse: a unique key or exclusion without the distribution column, or a foreign key that does not
    stay on a node."""
    broken = [
        f"{row.index} on {row.table} must hold {placed.spread[row.table]}"
        for row in connection.execute(sa.text(_KEYS))
        if row.table in placed.spread and placed.spread[row.table] not in (row.columns or ())
    ]
    for row in connection.execute(sa.text(_REFERENCES)):
        if row.to in placed.reference:
            continue
        column = placed.spread.get(row.table)
        together = column == "bucket" == placed.spread.get(row.to) and column in row.columns
        if not together and (column is not None or row.to in placed.spread):
            broken.append(f"{row.name} of {row.table} refers to {row.to}, which may lie on another node")
    return broken


def distribute(connection: sa.Connection, placed: Placement) -> Sequence[str]:
    """Place the tables that are not placed yet, in the owner's transaction on the coordinator.

    Returns:
        The statements that were run; none where everything is in its place.

    Raises:
        Misconfigured: ``database.no_citus`` when the extension is not there.
        Refused: ``database.not_distributable`` naming the rules that the schema breaks.
    """
    there = connection.execute(sa.text("SELECT 1 FROM pg_proc WHERE proname = 'create_distributed_table' LIMIT 1"))
    if there.one_or_none() is None:
        raise Misconfigured(
            "database.no_citus",
            "this database has no Citus: CREATE EXTENSION citus on every node and add the nodes first (docs/capacity.md)",
            "该数据库没有 Citus 扩展：请先在各节点执行 CREATE EXTENSION citus 并添加节点（见 docs/capacity.md）",
            field="GONGJI_DATABASE_OWNER_URL",
        )
    broken = broken_rules(connection, placed)
    if broken:
        raise Refused(
            "database.not_distributable",
            f"the schema cannot be spread: {'; '.join(broken)}",
            f"该结构不能分布：{'；'.join(broken)}",
        )
    database = connection.exec_driver_sql("SELECT current_database()").scalar_one()
    statements = placed.statements(database, standing(connection))
    for statement in statements:
        connection.exec_driver_sql(statement)
    return statements
