"""What the desk asks is found by key under the plans that it makes in a database where nothing was settled yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from gongji.foundation.arrays import Integers
from gongji.ledger.model import AccountKind, personal_account
from gongji.ledger.store import OPEN_ACCOUNTS
from gongji.settlement.model import Settlement
from town import EXAMPLE_BILL, Town

#: May be read as a whole: institutions are few; reversals too, and the server plans anew as they become more.
_SHORT = frozenset({"institution", "reversal"})


@pytest.fixture
def settled(town: Town) -> psycopg.Connection[Any]:
    """The connection of a clerk who settled a visit and a purchase in a town with 4,000 accounts where nothing had been settled."""
    with town.database.connect() as connection:
        connection.autocommit = True
        kinds = (AccountKind.PERSONAL_CURRENT, AccountKind.PERSONAL_HISTORICAL)
        accounts = Integers(
            personal_account(kind, person << 10) for person in range(10**6, 10**6 + 2000) for kind in kinds
        )
        connection.execute(OPEN_ACCOUNTS, {"accounts": accounts})
        connection.execute("VACUUM ANALYZE")
    mother = town.person("王秀兰", "1953-07-02", "retired", balance=300_00)
    hospital, pharmacy = town.institution("H21120200001"), town.institution("P21120200003")
    visit, total = town.visit(mother, hospital, *EXAMPLE_BILL)
    bought = town.purchase(mother, pharmacy, ("C-A", 1, "20.00"))
    answers = town.do(town.settle_visit(mother, hospital, visit, total), bought)
    assert all(isinstance(answer, Settlement) for answer in answers)
    return town.clerk._connection


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan that reads a table."""
    if "Relation Name" in plan and "Scan" in plan["Node Type"]:
        yield plan
    for below in plan.get("Plans", ()):
        yield from scans(below)


@pytest.mark.one_server("asks for the plans that a connection keeps; Citus makes one for each values")
def test_nothing_is_read_as_a_whole(settled: psycopg.Connection[Any]) -> None:
    kept = settled.execute(
        "SELECT name, cardinality(parameter_types), statement FROM pg_prepared_statements WHERE name LIKE 'ours_%'"
    ).fetchall()
    read: set[str] = set()
    for name, parameters, statement in kept:
        values = ", ".join(["NULL"] * parameters)
        (told,) = settled.execute(f"EXPLAIN (FORMAT JSON) EXECUTE {name}({values})").fetchone() or ([],)
        for scan in scans(told[0]["Plan"]):
            table = scan["Relation Name"]
            read.add(table)
            assert "Index Cond" in scan or table in _SHORT, (table, scan["Node Type"], statement)
    # Of tables by month a part is named.
    asked = {"message", "visit", "fee_line", "benefit_counter", "authorisation", "enrolment", "person", "account"}
    assert {name for name in asked if any(one.startswith(name) for one in read)} == asked
