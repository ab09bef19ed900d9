"""Stays in hospital that began in a month which is to leave the database, or has left it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from gongji.accrual.year_end import turn_year
from gongji.clearing.monthly.gather import gather
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError, Refused
from gongji.foundation.partitions import add_months
from gongji.ledger.rollup import roll_up
from gongji.settlement.admissions import Admission
from gongji.settlement.archive import archive_month, restore_month
from gongji.settlement.model import Settlement
from gongji.settlement.proof import prove
from gongji.settlement.telling import tell_sharers
from town import TIELING, Town
from ward import Ward

AGENCY = Caller(Role.OPERATOR, "agency")


class March:
    """The father is admitted on 20 March 2023 and discharged on 5 April: ¥800.00 of it is settled in March already, ¥700.00
    are left. What is not said to happen waits."""

    def __init__(self, town: Town) -> None:
        self.town = town
        add_months(town.database, date(2023, 3, 1), 4)
        add_months(town.database, date(2026, 11, 1), 1)
        self.ward = Ward(town, town.institution("H21120200001"))
        town.clock.set(datetime(2023, 3, 6, tzinfo=CHINA))
        self.father = town.person("李国强", "1958-02-01", "retired", balance=5_000_00)
        self.stay = self.ward.admit(self.father, "2023-03-20")
        self.ward.treat(self.stay, ("C-A", 1, "800.00"))
        self.first = self.ward.settle(self.stay, 800_00, mid_stay=True)
        self.ward.treat(self.stay, ("C-A", 1, "300.00"))

    def april(self) -> Settlement:
        """The stay is discharged and the rest of it settled."""
        self.town.clock.set(datetime(2023, 4, 5, 8, tzinfo=CHINA))
        self.ward.treat(self.stay, ("C-A", 2, "200.00"))
        self.ward.discharge(self.stay, "2023-04-05")
        return self.ward.settle(self.stay, 700_00)

    def today(self) -> None:
        """It is November 2026, and what a server and an agency do meanwhile is done."""
        self.town.clock.set(datetime(2026, 11, 29, tzinfo=CHINA))
        for year in (2023, 2024, 2025):
            turn_year(self.town.database, self.town.clock, TIELING, year, caller=AGENCY)
        roll_up(self.town.database)
        gather(self.town.database)
        tell_sharers(self.town.database, self.town.clock.now())

    def archive(self, folder: Path, month: str = "2023-03") -> str:
        """Archive a month: ``archived``, or the code of the refusal."""
        try:
            archive_month(self.town.database, self.town.clock, month, folder / f"{month}.zip")
        except GongjiError as refusal:
            return refusal.code
        return "archived"

    def findings(self) -> list[str]:
        """What does not hold."""
        return [str(one) for one in prove(self.town.database, self.town.clock).findings]


@pytest.fixture
def march(town: Town) -> March:
    """The father in hospital."""
    return March(town)


def cancelled_in_march(march: March) -> Admission:
    """His neighbour is admitted and sent home again."""
    neighbour = march.town.person("赵国栋", "1950-05-05", "retired", household="邻")
    stay = march.ward.admit(neighbour, "2023-03-21")
    march.ward.cancel(stay)
    return stay


def test_a_month_stays_while_somebody_admitted_in_it_is_not_settled(march: March, tmp_path: Path) -> None:
    """Three years later nobody has discharged him: March stays, though part of the stay is settled."""
    march.today()
    assert march.archive(tmp_path) == "archive.open_stays"
    assert not list(tmp_path.iterdir())
    assert march.findings() == []


def test_a_discharge_is_not_yet_a_settlement(march: March, tmp_path: Path) -> None:
    march.town.clock.set(datetime(2023, 4, 5, 8, tzinfo=CHINA))
    march.ward.discharge(march.stay, "2023-04-05")
    march.today()
    assert march.archive(tmp_path) == "archive.open_stays"


def test_a_stay_that_is_settled_keeps_neither_march_nor_april(march: March, tmp_path: Path) -> None:
    """March's other stay was cancelled and keeps nothing; once March has gone, a stay that was opened again by a reversal
    would keep April. So it is the reversal that is refused."""
    cancelled_in_march(march)
    last = march.april()
    march.today()
    assert march.archive(tmp_path) == "archived"
    (taken_back,) = march.town.do(march.ward.reversal(last))
    assert isinstance(taken_back, Refused)
    assert (taken_back.code, taken_back.field) == ("settlement.archived", "setl_id")
    assert march.archive(tmp_path, "2023-04") == "archived"
    assert march.findings() == []


def test_what_was_settled_in_april_is_told_and_proven_when_the_stay_of_march_has_left(
    march: March, tmp_path: Path
) -> None:
    """The visit and the settlement of March lie in the file, that of April here; his money is what it was."""
    last = march.april()
    march.today()
    before = march.town.balance(march.father)
    assert march.archive(tmp_path) == "archived"
    assert march.town.balance(march.father) == before == 5_000_00 - march.first.own - last.own
    with march.town.database.engine.connect() as connection:
        here = connection.execute(sa.text("SELECT id FROM settlement")).scalars().all()
    assert here == [last.id]
    assert march.findings() == []


def test_when_the_month_has_come_back_the_stay_is_taken_back_and_settled_anew(march: March, tmp_path: Path) -> None:
    last = march.april()
    march.today()
    assert march.archive(tmp_path) == "archived"
    restore_month(march.town.database, march.town.clock, tmp_path / "2023-03.zip")
    march.town.settled(march.ward.reversal(last))
    assert march.ward.settle(march.stay, 700_00).own == last.own
    assert march.findings() == []


def test_a_visit_that_was_settled_in_the_next_month_is_not_taken_back_without_its_lines(
    town: Town, tmp_path: Path
) -> None:
    """The same for the out-patient whose visit of 31 March was settled on 1 April."""
    march, hospital = March(town), town.institution("H21120200001")
    town.clock.set(datetime(2023, 3, 31, 20, tzinfo=CHINA))
    daughter = town.person("李建芳", "1987-05-09", "active", balance=900_00)
    visit, total = town.visit(daughter, hospital, ("C-A", 1, "120.00"))
    town.clock.set(datetime(2023, 4, 1, 8, tzinfo=CHINA))
    seen = town.settled(town.settle_visit(daughter, hospital, visit, total))
    bought = town.settled(town.purchase(daughter, hospital, ("C-A", 1, "30.00")))
    march.april()
    march.today()
    assert march.archive(tmp_path) == "archived"
    refused, back = town.do(town.reversal(seen, hospital), town.reversal(bought, hospital))
    assert isinstance(refused, Refused)
    assert refused.code == "settlement.archived"
    assert isinstance(back, Settlement)
    assert town.balance(daughter) == 900_00 - seen.own
    assert march.findings() == []
