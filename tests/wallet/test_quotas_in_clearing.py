"""What a wallet quota pays is owed by the region of whoever gave it."""

from __future__ import annotations

from datetime import date

from quota_home import PLACE, QuotaHome

from gongji.clearing.monthly import store
from gongji.clearing.monthly.closing import close_month
from gongji.clearing.monthly.gather import gather
from gongji.clearing.monthly.model import LineKind, Position
from gongji.clearing.monthly.terms import load_terms
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from town import JINING

JUNE, YANTAI = date(2025, 6, 1), "370600"


def owed(quotas: QuotaHome) -> list[Position]:
    """What regions owe each other for June."""
    database = quotas.home.town.database
    gather(database)
    with database.transaction() as connection:
        return store.positions(connection, JUNE)


def test_a_quota_of_the_same_region_is_nobodys_debt_and_another_is(quotas: QuotaHome) -> None:
    """The mother is treated in Jining: ¥200.00 of the son's there are Jining's own; ¥90.00 of a daughter's in Yantai are owed."""
    town = quotas.home.town
    quotas.given(200_00)
    quotas.bought("200.00")
    assert owed(quotas) == []
    daughter = town.person("张敏", "1984-03-01", "active", balance=500_00, region=YANTAI, household="烟台", gender=2)
    quotas.home.parent(quotas.mother, daughter)
    quotas.home.open(daughter, YANTAI)
    quotas.given(500_00, giver_id=daughter)
    assert quotas.bought("90.00").wallet == 90_00
    (position,) = owed(quotas)
    assert (position.debtor, position.creditor, position.kinds) == (YANTAI, JINING, {LineKind.WALLET: 90_00})
    town.clock.set(town.clock.now().replace(month=7, day=2))
    close_month(town.database, load_terms(), JUNE, Caller(Role.OPERATOR, "agency"), town.clock.now().astimezone(CHINA))
    with town.database.transaction() as connection:
        (bill,) = [one for one in store.bills(connection, JUNE, JINING[:4]) if one.code == PLACE]
        (part,) = store.parts(connection, bill)
    assert (part.wallet, part.accounts, part.funds, part.scheme) == (290_00, 0, 0, "390")
