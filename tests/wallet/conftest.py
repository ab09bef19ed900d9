"""Wallets over a real PostgreSQL and a real desk, in June 2025."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from quota_home import QuotaHome
from wallet_home import Home

from gongji.foundation.clock import CHINA
from gongji.rules.book import RuleBook
from gongji.settlement.desk import Desk
from gongji.wallet.service import Wallets
from town import JINING, TIELING, Town


@pytest.fixture
def wallets(town: Town) -> Iterator[Wallets]:
    """Wednesday 2025-06-11, 10:30; the installation says that Tieling has opened the wallet."""
    town.clock.set(datetime(2025, 6, 11, 10, 30, tzinfo=CHINA))
    desk = Desk(town.database, RuleBook.shipped(), town.clock, desks=2)
    yield Wallets(town.database, RuleBook.shipped(), town.clock, desk, opened=frozenset({TIELING}))
    desk.close()


@pytest.fixture
def home(town: Town, wallets: Wallets) -> Home:
    """The family."""
    mother = town.person("李秀英", "1955-08-13", "resident", region=TIELING)
    son = town.person("张建国", "1980-03-01", "active", balance=8_000_00, historical=1_000_00, region=JINING)
    made = Home(town, wallets, mother, son)
    made.parent(mother, son)
    made.open(son, JINING)
    made.open(mother, TIELING)
    return made


@pytest.fixture
def quotas(home: Home) -> QuotaHome:
    """The same family on 2025-06-11, ten days after quotas have replaced transfers; a hospital in Jining takes the wallet."""
    return QuotaHome(home)
