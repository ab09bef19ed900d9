"""A town that is watched, on a Monday morning in March 2025."""

from __future__ import annotations

import pytest
from watched import Watch

from town import Town


@pytest.fixture
def watch(town: Town) -> Watch:
    """The town's books, with a scan over them."""
    made = Watch(town)
    made.at(2025, 3, 3, 10, 0)
    return made
