"""A claim whose journals lie in a month that was archived: its person still reads it, and the books still prove."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from claims_home import Home, at

from gongji.clearing.monthly.gather import gather
from gongji.foundation.partitions import add_months
from gongji.ledger.rollup import roll_up
from gongji.settlement.archive import archive_month
from gongji.settlement.telling import tell_sharers
from town import Town


def test_a_decided_and_paid_claim_outlives_its_months_journals(home: Home, town: Town, tmp_path: Path) -> None:
    add_months(town.database, date(2024, 3, 1), 2)
    add_months(town.database, date(2027, 2, 1), 1)
    father = town.person("李建国", "1951-02-01", "retired")
    claim = home.claim(father)
    home.decide(claim)
    home.bank(claim, "paid", "ICBC-0001")
    town.clock.set(at("2027-02-03"))
    roll_up(town.database)
    gather(town.database)
    tell_sharers(town.database, town.clock.now())
    archive_month(town.database, town.clock, "2024-03", tmp_path / "2024-03.zip")
    home.check_books()
    assert home.decision(claim).fund_pool == 468_05
    assert home.carried(father) == 468_05
    later = home.claim(father, on="2024-03-20")
    home.decide(later)
    assert home.decision(later).deductible == 0, "what the archived decision counted still counts"
    home.take_back(claim)
    home.check_books()
