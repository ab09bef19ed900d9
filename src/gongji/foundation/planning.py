"""How the database plans statements that run over and over and find every row by its key.

Planning a desk's statements anew costs more than running them: with plans made once a batch of one settlement takes the server
0.8 ms where it took 1.5, and of 256 each 88 µs where it took 115 (measured with ``make bench-settle``'s statements). A plan
that is made once must not depend on how full a table was when it was made, so whatever does not go by a key is ruled out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import psycopg

_BY_KEYS_ONCE: Final = {
    "plan_cache_mode": "force_generic_plan",
    # A table that is empty while the plan is made may be the largest an hour later.
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}

#: Most connections to a node that a desk keeps: as many as a node has shards of a table, up to these.
_NODE_CONNECTIONS: Final = 16

#: Over several nodes Citus has to know a statement's values, to find the node: there every statement is planned as it comes.
_ON_ONE_SERVER: Final = """
SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS s(name, value)
 WHERE to_regclass('pg_catalog.pg_dist_partition') IS NULL
"""


def plan_by_keys(connection: psycopg.Connection[Any]) -> None:
    """Have a connection plan each statement once, by keys alone, where all tables lie on one server; not within a transaction."""
    _set(connection, _BY_KEYS_ONCE)


def plan_once(connection: psycopg.Connection[Any]) -> None:
    """Have a connection keep the plan that it made for a statement, whatever values come, where all tables lie on one server;
    not within a transaction.

    Left to itself PostgreSQL plans anew what it thinks it can do better by knowing the values. Of what a page asks it knows
    that already (a person has few of everything), and over tables of many months planning took five times as long as reading.
    """
    _set(connection, {"plan_cache_mode": "force_generic_plan"})


def keep_node_connections(connection: psycopg.Connection[Any]) -> None:
    """Have a connection to a Citus cluster keep what it has open to the nodes, not within a transaction.

    What is added or changed in one statement goes to each shard of a node over a connection of its own, and all but one of
    these were closed with the transaction and opened again for the next: 20 ms of a batch of 32 settlements that took 86.
    """
    connection.execute(f"SET citus.max_cached_conns_per_worker = {_NODE_CONNECTIONS}")
    if not connection.autocommit:
        connection.commit()


def _set(connection: psycopg.Connection[Any], settings: Mapping[str, str]) -> None:
    connection.execute(_ON_ONE_SERVER, [list(settings), list(settings.values())])
    if not connection.autocommit:
        connection.commit()


def looked_up(table: str, name: str, key: str, *, apart: bool, left: bool = False) -> str:
    """SQL that joins a table of which each row before it names a few rows by their key.

    Where a table was empty, or nearly, when a statement was planned, reading all of it looked as cheap as looking a row up; the
    plan stays, and the table grows (known messages: 130 µs of a settlement after 4,000, 310 after 8,000, against 2). Apart, the
    look-up is a query of its own for each row, and there is only one way to run it.

    Args:
        table: the table.
        name: what it is called here.
        key: the condition that names its rows.
        apart: whether to ask row by row; Citus takes no such query over tables that it spreads, and plans by itself.
        left: whether a row stays that names none.
    """
    if not apart:
        return f"{'LEFT ' if left else ''}JOIN {table} {name} ON {key}"
    row_by_row = f"LATERAL (SELECT * FROM {table} {name} WHERE {key} OFFSET 0) AS {name}"
    return f"LEFT JOIN {row_by_row} ON true" if left else f"CROSS JOIN {row_by_row}"


def by_key(column: str, value: str) -> str:
    """SQL for ``column = value`` that only an ordinary index serves.

    Exclusion constraints have GiST indexes with the same leading columns, which the planner takes for as good; they take three
    times as long to find a row (enrolments of a settlement's family: 18 µs against 6), and know no ``= ANY``.
    """
    return f"{column} = ANY (ARRAY[{value}])"
