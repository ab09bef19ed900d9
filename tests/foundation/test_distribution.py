"""Which table lies where on a cluster; tried against functions that record what Citus would be asked.

The same statements were run on a real cluster by hand; where GONGJI_TEST_CITUS_URL names an empty database of one, the last
test does it again.
"""

from __future__ import annotations

import os

import psycopg
import pytest

from cluster import workers
from gongji.foundation.database import Database
from gongji.foundation.distribution import Standing, broken_rules, distribute, placement, standing
from gongji.foundation.errors import Misconfigured, Refused
from gongji.migrations import upgrade

#: Functions with the names and arguments of Citus' own, which only write down what they are asked.
RECORDING = """
CREATE TABLE asked (n int GENERATED ALWAYS AS IDENTITY, placed text, by_column text, together text);
CREATE FUNCTION create_reference_table(relation regclass) RETURNS void LANGUAGE sql AS
    $$ INSERT INTO asked (placed) VALUES (relation::text) $$;
CREATE FUNCTION create_distributed_table(relation regclass, by_column text, colocate_with text) RETURNS void LANGUAGE sql AS
    $$ INSERT INTO asked (placed, by_column, together) VALUES (relation::text, by_column, colocate_with) $$;
"""

HOT = {
    "person",
    "account",
    "transfer",
    "journal",
    "settlement",
    "visit",
    "fee_line",
    "authorisation",
    "benefit_counter",
}


def test_the_schema_keeps_the_rules(database: Database) -> None:
    with database.engine.connect() as connection:
        placed = placement(connection)
        assert broken_rules(connection, placed) == []
    assert {table for table, column in placed.spread.items() if column == "bucket"} >= HOT
    assert placed.spread["message"] == "institution_id"
    assert "institution" in placed.reference
    assert "audit_entry" in placed.local


@pytest.mark.one_server("stands in for Citus, or is about a database without it")
def test_what_is_asked_of_citus(database: Database) -> None:
    with psycopg.connect(database.url) as owner:
        owner.execute(RECORDING)
    with database.transaction() as connection:
        distribute(connection, placement(connection))
    with psycopg.connect(database.url) as owner:
        asked = owner.execute("SELECT placed, by_column, together FROM asked ORDER BY n").fetchall()
    placed = [table for table, _, _ in asked]
    assert placed.index("institution") < placed.index("person") < placed.index("account")
    assert ("person", "bucket", "none") in asked
    assert {("transfer", "bucket", "person"), ("message", "institution_id", "none")} <= set(asked)
    assert len(placed) == len(set(placed))


@pytest.mark.one_server("stands in for Citus, or is about a database without it")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("CREATE UNIQUE INDEX one_number ON person (psn_no)", "one_number on person must hold bucket"),
        (
            "ALTER TABLE account ADD COLUMN entry bigint REFERENCES audit_entry (id)",
            "account_entry_fkey of account refers to audit_entry",
        ),
    ],
)
def test_a_schema_that_breaks_a_rule_is_told(database: Database, change: str, said: str) -> None:
    with psycopg.connect(database.url) as owner:
        owner.execute(RECORDING)
        owner.execute(change)
    with pytest.raises(Refused) as refused, database.transaction() as connection:
        distribute(connection, placement(connection))
    assert refused.value.code == "database.not_distributable"
    assert said in refused.value.en


def test_what_a_migration_brought_is_placed_and_nothing_else(database: Database) -> None:
    with database.engine.connect() as connection:
        placed = placement(connection)
    every = placed.statements("gongji")
    known = Standing(
        settings=frozenset(
            one.split(" SET ")[1].replace(" = ", "=") for one in every if one.startswith("ALTER DATABASE")
        ),
        placed=frozenset({*placed.spread, *placed.reference} - {"visit", "deviation"}),
        seen=frozenset(placed.spread.keys() - {"visit", "account"}),
    )
    assert placed.statements("gongji", known) == [
        "SET citus.enable_unsafe_triggers = on",
        "SELECT create_reference_table('deviation')",
        "SELECT create_distributed_table('visit', 'bucket', colocate_with => 'person')",
        *(
            f"CREATE OR REPLACE VIEW whole.{table} AS SELECT * FROM public.{table} OFFSET 0"
            for table in placed.spread
            if table in {"visit", "account"}
        ),
    ]
    nothing_left = Standing(known.settings, known.placed | {"visit", "deviation"}, frozenset(placed.spread))
    assert placed.statements("gongji", nothing_left) == []


@pytest.mark.skipif(not workers(), reason="about a cluster")
def test_on_a_cluster_it_can_be_run_again_after_a_migration(database: Database) -> None:
    """A room brings a table by bucket with a line in it, and a column for `person`; then it is run, and run again."""
    with psycopg.connect(database.url) as owner:
        owner.execute("CREATE TABLE wish (bucket smallint, id bigint, PRIMARY KEY (bucket, id))")
        owner.execute("INSERT INTO wish VALUES (7, 7)")
        owner.execute("ALTER TABLE person ADD COLUMN wishes integer")
    with database.transaction() as connection:
        done = distribute(connection, placement(connection))
    assert [one for one in done if "wish" not in one and "person" not in one] == [
        "SET citus.enable_unsafe_triggers = on"
    ]
    assert "SELECT create_distributed_table('wish', 'bucket', colocate_with => 'person')" in done
    with database.transaction() as connection:
        assert distribute(connection, placement(connection)) == []
        assert "wish" in standing(connection).placed
        assert connection.exec_driver_sql("SELECT id FROM whole.wish").scalars().all() == [7]
        assert connection.exec_driver_sql("SELECT wishes FROM whole.person").all() == []


@pytest.mark.one_server("stands in for Citus, or is about a database without it")
def test_without_citus_it_says_so(database: Database) -> None:
    with pytest.raises(Misconfigured) as refused, database.transaction() as connection:
        distribute(connection, placement(connection))
    assert refused.value.code == "database.no_citus"


@pytest.mark.skipif("GONGJI_TEST_CITUS_URL" not in os.environ, reason="no Citus cluster is named")
def test_a_real_cluster_takes_it() -> None:
    cluster = Database(os.environ["GONGJI_TEST_CITUS_URL"])
    upgrade(cluster)
    with cluster.transaction() as connection:
        placed = placement(connection)
        distribute(connection, placed)
    with cluster.engine.connect() as connection:
        spread = connection.exec_driver_sql(
            "SELECT table_name::text FROM citus_tables WHERE citus_table_type = 'distributed'"
        ).scalars()
        assert placed.spread.keys() <= set(spread)
    with pytest.raises(psycopg.errors.RestrictViolation), psycopg.connect(cluster.url) as owner:
        owner.execute("TRUNCATE transfer")
    cluster.close()
