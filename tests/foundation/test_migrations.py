"""What stands in the rooms' tables is what a migrated database holds."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import gongji.migrations
from gongji.foundation.database import Database
from gongji.foundation.schema import metadata


@pytest.mark.one_server("Citus does not keep the comments of the tables that it copies to every node")
def test_migrations_give_the_schema_of_the_tables(database: Database) -> None:
    assert gongji.migrations.configuration() is not None
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert differences == []


def test_constraints_of_the_tables_are_in_the_database(database: Database) -> None:
    """Alembic does not compare checks and exclusions: they are compared here by name."""
    named = (sa.CheckConstraint, sa.UniqueConstraint)
    wanted = {
        str(constraint.name)
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, named) or type(constraint).__name__ == "ExcludeConstraint"
    }
    with database.engine.connect() as connection:
        there = set(connection.execute(sa.text("SELECT conname FROM pg_constraint")).scalars())
    formatted = {name if name in there else f"missing: {name}" for name in wanted}
    assert not [name for name in formatted if name.startswith("missing")]


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    gongji.migrations.upgrade(database)
    with database.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM alembic_version")).scalar_one() == 1
