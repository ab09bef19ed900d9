"""The number of an invoice (invono) that a till sends is kept with the settlement, where it can be one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from counter_window import Household, Window
from test_trace_codes import sale

from town import Town


@pytest.mark.parametrize(
    ("told", "kept"), [("2112-0024 0012345678", "211200240012345678"), ("20240612", ""), (None, "")]
)
def test_what_a_pharmacy_tells(pharmacy: Window, household: Household, town: Town, told: str | None, kept: str) -> None:
    nodes = sale(household, None)
    if told is not None:
        nodes["druginfo"]["invono"] = told
    pharmacy.done("2102", nodes)
    with town.database.transaction() as connection:
        assert connection.execute(sa.text("SELECT invoice FROM settlement")).scalar_one() == kept
