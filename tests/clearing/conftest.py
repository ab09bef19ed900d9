"""Monthly clearing over a real PostgreSQL."""

from __future__ import annotations

import pytest
from clearing_office import Office

from town import Town


@pytest.fixture
def office(town: Town) -> Office:
    """Wednesday 2024-06-12."""
    return Office(town)
