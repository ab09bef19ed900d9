"""What only a superuser can do to the books: a statement with the triggers off, on one server or on every node."""

from __future__ import annotations

from typing import Final

import psycopg

#: In a transaction, the first so that the second holds on the nodes of a cluster, too; one server has no use for it.
PAST_THE_TRIGGERS: Final = (
    "SET LOCAL citus.propagate_set_commands = 'local'",
    "SET LOCAL session_replication_role = replica",
)


def as_superuser(url: str, statement: str) -> None:
    """Run a statement with the triggers off, and commit it."""
    with psycopg.connect(url) as superuser:
        for setting in PAST_THE_TRIGGERS:
            superuser.execute(setting)
        superuser.execute(statement)
