"""Families in a Liaoning that asks for allotment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from allotting_home import Home, a_home

from allotting_region import allotting_liaoning
from town import Town


@pytest.fixture
def allotting(town: Town, tmp_path: Path) -> Callable[..., Home]:
    """A family under a rule of the test's choice: parts, take_back, year_end, floor, source."""

    def made(**rule: Any) -> Home:
        town.rules = allotting_liaoning(tmp_path, **rule)
        return a_home(town)

    return made


@pytest.fixture
def home(allotting: Callable[..., Home]) -> Home:
    """A part for each relative, ¥2,000.00 stay, taken back at any time, back at the turn of the year."""
    return allotting()
