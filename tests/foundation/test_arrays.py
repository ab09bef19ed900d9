"""Columns arrive at the server as they left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gongji.foundation.arrays import COLUMNS, columns

VALUES = {
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "smallint": st.integers(-(2**15), 2**15 - 1),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "boolean": st.booleans(),
    "timestamptz": st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    "text": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    "bytea": st.binary(max_size=20),
}


@pytest.fixture(scope="module")
def connection(server_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that every example uses."""
    with psycopg.connect(server_url, autocommit=True) as opened:
        opened.execute("SET timezone = 'UTC'")
        yield opened


@pytest.mark.parametrize("kind", COLUMNS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_column_comes_back_as_it_was(kind: str, data: st.DataObject, connection: psycopg.Connection[Any]) -> None:
    values = data.draw(st.lists(st.none() | VALUES[kind], max_size=6))
    row = connection.execute(f"SELECT %(column)b::{kind}[]", {"column": COLUMNS[kind](values)}).fetchone()
    assert row is not None
    assert row[0] == values


def test_rows_become_columns_also_when_there_are_none() -> None:
    types = [("id", "bigint"), ("name", "text")]
    assert columns(types, [(1, "王"), (2, None)]) == {"id": [1, 2], "name": ["王", None]}
    assert columns(types, []) == {"id": [], "name": []}
