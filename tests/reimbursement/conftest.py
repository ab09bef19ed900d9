"""Claims in Tieling and Jining in the spring of 2024."""

from __future__ import annotations

from pathlib import Path

import pytest
from claims_home import Home, at

from town import JINING, Town


@pytest.fixture
def home(town: Town, tmp_path: Path) -> Home:
    """Tieling's agency, on the day after the visit."""
    town.clock.set(at("2024-03-05"))
    return Home(town, tmp_path)


@pytest.fixture
def jining(town: Town, tmp_path: Path) -> Home:
    """Jining's agency."""
    town.clock.set(at("2024-03-05"))
    return Home(town, tmp_path, region=JINING)
