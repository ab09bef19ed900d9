"""The counter and the tax office, over a real PostgreSQL and a real desk, in the autumn of 2024."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from gongji.foundation.clock import CHINA
from gongji.premium.service import Office
from gongji.rules.book import RuleBook
from gongji.settlement.desk import Desk
from town import Town


@pytest.fixture
def office(town: Town) -> Iterator[Office]:
    """Monday 2024-10-14: the season for 2025."""
    town.clock.set(datetime(2024, 10, 14, 9, 0, tzinfo=CHINA))
    rules = RuleBook.shipped()
    desk = Desk(town.database, rules, town.clock, desks=2)
    yield Office(town.database, rules, town.clock, desk)
    desk.close()
