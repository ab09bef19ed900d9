"""The families of the stories."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from families import Families

from gongji.foundation.clock import CHINA, MovableClock
from gongji.foundation.database import Database
from gongji.foundation.personal import Vault


@pytest.fixture
def families(database: Database, vault: Vault, clock: MovableClock, tmp_path: Path) -> Families:
    """The families of a test, in March 2025 until it moves the clock."""
    clock.set(datetime(2025, 3, 3, 10, 0, tzinfo=CHINA))
    return Families(database, vault, clock, tmp_path)
