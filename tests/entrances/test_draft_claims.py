"""``gongji draft claims``: what the desk settled comes out of the books as a file, and assessing the file gives what was paid."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from typer.testing import CliRunner

from gongji.entrances.cli import app
from gongji.entrances.draft_command import claims as command
from gongji.entrances.platform import Platform
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError, InvalidInput, Refused
from gongji.foundation.settings import Settings
from gongji.registry.filings import FilingKind, FilingState, NewFiling, end, file
from gongji.rules.model import Tier
from gongji.rules.vocabulary import Late
from gongji.settlement.model import AccountUse, ReversePart, Settlement, Undo
from gongji.settlement.part_return import PartReturned
from gongji.settlement.visits import record_diagnoses
from gongji.simulation.engine import assess_file
from settlement.rulebooks import four_funds, kinds_of_care
from town import Town
from ward import ANQING, Ward

CENTRAL, COMMUNITY, PHARMACY, JINING = "H21120200001", "H21120200002", "P21120200003", "H37080000001"
DIALYSIS = "M07801"

#: What a claim is found by in these tests: its day and its total; every bill here has a total of its own.
Place = tuple[date, int]


class Books:
    """The town's books, and what came out of them."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town = town
        self.file = folder / "claims.parquet"
        self.out = folder / "assessed.parquet"
        self.paid: dict[Place, tuple[int, int]] = {}

    def on(self, day: str) -> None:
        """The clock is set to nine in the morning of a day."""
        self.town.clock.set(datetime.fromisoformat(f"{day} 09:00").replace(tzinfo=CHINA))

    def keep(self, made: Settlement) -> Settlement:
        """What stands in the books of a settlement."""
        place = made.settled_at.date(), made.total
        self.paid[place] = made.fund_pool, made.fund_large + made.fund_civil + made.fund_aid
        return made

    def see(self, day: str, patient: int, place: str, yuan: str, med_type: str = "11", disease: str = "") -> Settlement:
        """A visit from its registration to its settlement."""
        self.on(day)
        hospital = self.town.institution(place)
        visit, total = self.town.visit(patient, hospital, ("C-A", 1, yuan))
        with self.town.database.transaction() as connection:
            record_diagnoses(connection, hospital.id, patient, visit, med_type, {"dise_codg": disease}, [])
        paying = replace(self.town.settle_visit(patient, hospital, visit, total), med_type=med_type)
        return self.keep(self.town.settled(paying))

    def buy(self, day: str, customer: int, *bill: tuple[str, int, str], prescriber: Tier | None = None) -> Settlement:
        """A purchase at the pharmacy."""
        self.on(day)
        sale = self.town.purchase(customer, self.town.institution(PHARMACY), *bill)
        return self.keep(self.town.settled(replace(sale, prescriber=prescriber)))

    def take_back(self, day: str, made: Settlement) -> None:
        """A settlement is reversed whole."""
        self.on(day)
        institution = CENTRAL if made.lines == () else PHARMACY
        self.town.settled(self.town.reversal(made, self.town.institution(institution)))
        del self.paid[made.settled_at.date(), made.total]

    def filed(self, day: str, person: int, kind: FilingKind, subject: str, **more: Any) -> int:
        """Something is filed for a person, and granted."""
        self.on(day)
        values = {"since": date.fromisoformat(day), "state": FilingState.GRANTED} | more
        with self.town.database.transaction() as connection:
            return file(
                connection, self.town.database.serials, NewFiling(person, kind, subject, **values), self.town.clock.now()
            )

    def assessed(self) -> dict[Place, tuple[int, int]]:
        """What each claim of the file comes to by the rules alone."""
        receipt = assess_file(self.file, self.out, self.town.rules)
        assert receipt.in_order, "families stand together and ascend, so the file streams through"
        rows = pq.read_table(self.out).to_pylist()
        return {(row["date"], row["total_fen"]): (row["fund_pool_fen"], row["fund_large_fen"]) for row in rows}

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the file."""
        return list(pq.read_table(self.file).to_pylist())

    def row(self, made: Settlement) -> dict[str, Any]:
        """The claim of a settlement."""
        (found,) = [
            row for row in self.rows() if (row["date"], row["total_fen"]) == (made.settled_at.date(), made.total)
        ]
        return found


@pytest.fixture
def books(town: Town, tmp_path: Path) -> Books:
    return Books(town, tmp_path)


@pytest.fixture
def kinds(books: Books, tmp_path: Path) -> Books:
    """With a pack of Tieling's that knows pharmacies, special diseases, care elsewhere and waiting."""
    (tmp_path / "pack").mkdir()
    books.town.rules = kinds_of_care(tmp_path / "pack")
    return books


@pytest.fixture
def run(books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command over the town; gives its exit code and what it printed."""
    town = books.town

    @contextmanager
    def opened(_: Settings) -> Iterator[Platform]:
        yield Platform(Settings(data=tmp_path), town.database, town.vault, town.clock, town.rules)

    monkeypatch.setattr(command, "open_platform", opened)

    def work(*arguments: str) -> tuple[int, str]:
        answer = CliRunner().invoke(app, ["draft", "claims", str(books.file), *arguments])
        if isinstance(answer.exception, GongjiError):
            raise answer.exception
        return answer.exit_code, re.sub(r"\s+", " ", answer.output)

    return work


def test_a_year_of_a_town_comes_out_to_the_fen(kinds: Books, run: Any) -> None:
    """Visits at three tiers, a pharmacy on a prescription and without, dialysis, care elsewhere filed and not, an insurance
    taken out late: each claim assessed is what the funds paid."""
    town = kinds.town
    li = town.person("李建国", "1960-03-09", "retired", balance=500_00)
    zhao = town.person("赵明", "1985-05-01", "active", balance=0, psn_type="1101")
    late = town.person("刘洋", "1990-05-01", "active", balance=0, since=date(2024, 3, 15), late=Late.FLEXIBLE)
    here = town.institution(COMMUNITY).id
    kinds.filed("2024-01-02", li, FilingKind.PROVIDER, "1", institution_id=here)
    kinds.filed("2024-01-02", li, FilingKind.SPECIAL_DISEASE, DIALYSIS, word="dialysis")
    kinds.see("2024-01-10", li, CENTRAL, "301.00")
    kinds.see("2024-01-20", li, CENTRAL, "902.00")
    kinds.see("2024-02-01", li, COMMUNITY, "103.00")
    kinds.see("2024-02-05", li, CENTRAL, "1004.00", "14", DIALYSIS)
    kinds.see("2024-02-10", zhao, CENTRAL, "4005.00")
    kinds.see("2024-03-10", zhao, CENTRAL, "3006.00")
    unfiled = kinds.see("2024-03-11", zhao, JINING, "507.00")
    kinds.filed("2024-04-01", zhao, FilingKind.ELSEWHERE, "370800")
    filed = kinds.see("2024-04-02", zhao, JINING, "508.00")
    kinds.buy("2024-04-03", li, ("C-A", 1, "409.00"), ("C-C", 1, "10.00"))
    kinds.buy("2024-04-04", li, ("C-A", 1, "410.00"), prescriber=Tier.TIER_3)
    waits = kinds.see("2024-05-01", late, COMMUNITY, "111.00")
    kinds.see("2024-10-01", late, COMMUNITY, "112.00")
    code, told = run("--of", "铁岭", "--year", "2024", "--check")
    assert (code, "12 条与账上基金支付一致" in told) == (0, True), told
    assert "条不一致" not in told
    assert kinds.assessed() == kinds.paid
    assert kinds.paid[waits.settled_at.date(), waits.total] == (0, 0)
    assert [kinds.row(one)["offsite"] for one in (unfiled, filed)] == ["unfiled", "filed"]
    assert {row["may_differ"] for row in kinds.rows()} == {None}


def test_a_stay_is_one_claim_however_often_it_is_settled(books: Books, run: Any) -> None:
    """Anqing, tier 3: 3,001.00 of a stay are settled in the middle of it, 2,002.00 at the end: one claim of 5,003.00 on the
    day of the discharge, with its 19 days. The next stay has the lower deductible of a second one."""
    town = books.town
    ward = Ward.built(town, "H34080300001", "安庆市立医院", "340803")
    guiying = town.person("查桂英", "1973-01-01", "active", balance=0, region=ANQING, gender=2)
    stay = ward.admit(guiying, "2024-03-01")
    ward.treat(stay, ("C-A", 1, "3001.00"))
    books.on("2024-03-12")
    middle = ward.settle(stay, 3_001_00, mid_stay=True)
    ward.treat(stay, ("C-A", 1, "2002.00"))
    ward.discharge(stay, "2024-03-20")
    books.on("2024-03-21")
    rest = ward.settle(stay, 2_002_00)
    books.keep(ward.stayed(guiying, "2024-06-01", "2024-06-06", ("C-A", 1, "2604.00")))
    books.paid[date(2024, 3, 20), 5_003_00] = middle.fund_pool + rest.fund_pool, middle.fund_large + rest.fund_large
    code, told = run("--of", ANQING, "--from", "2024-03-13", "--until", "2024-12-31", "--check")
    assert (code, "2 条与账上基金支付一致" in told) == (0, True), told
    assert books.assessed() == books.paid
    assert min(middle.fund_pool, rest.fund_pool) > 0
    assert [(row["days"], row["kind"], row["may_differ"]) for row in books.rows()] == [
        (19, "inpatient", "in_parts"),
        (5, "inpatient", None),
    ]


def test_what_a_stay_was_settled_for_in_the_old_year_is_the_old_years(books: Books, run: Any) -> None:
    """In hospital over New Year, part of it settled on 30 December: a claim of each year."""
    ward = Ward.built(books.town, "H34080300001", "安庆市立医院", "340803")
    guiying = books.town.person("查桂英", "1973-01-01", "active", balance=0, region=ANQING, gender=2)
    stay = ward.admit(guiying, "2024-12-20")
    ward.treat(stay, ("C-A", 1, "3001.00"))
    books.on("2024-12-30")
    old = ward.settle(stay, 3_001_00, mid_stay=True)
    ward.treat(stay, ("C-A", 1, "2002.00"))
    ward.discharge(stay, "2025-01-05")
    new = ward.settle(stay, 2_002_00)
    for year, made in (("2024", old), ("2025", new)):
        assert "1 条与账上基金支付一致" in run("--of", ANQING, "--year", year, "--check")[1]
        (row,) = books.rows()
        assert (row["total_fen"], row["settled_pool_fen"]) == (made.total, made.fund_pool)


def test_what_was_taken_back_is_not_there_and_what_is_left_of_a_return_is(kinds: Books, run: Any) -> None:
    """Of a purchase on 1 March one of three boxes stays, settled anew on 9 March; a visit is taken back whole. A visit between
    the two was settled while the larger bills stood: it says so and differs."""
    town = kinds.town
    li = town.person("李建国", "1960-03-09", "retired", balance=0)
    gone = kinds.see("2024-02-01", li, CENTRAL, "350.00")
    between = kinds.see("2024-02-03", li, CENTRAL, "601.00")
    kinds.take_back("2024-02-05", gone)
    bought = kinds.buy("2024-03-01", li, ("C-A", 3, "40.00"), prescriber=Tier.TIER_1)
    kinds.on("2024-03-09")
    pharmacy = town.institution(PHARMACY)
    returned = {bought.lines[0].line.sn: 2 * 10**4}
    key = town.key(pharmacy, "2103")
    (kept,) = town.do(ReversePart(key, pharmacy, li, bought.visit_id, bought.id, returned, AccountUse.OWN))
    assert isinstance(kept, PartReturned)
    del kinds.paid[bought.settled_at.date(), bought.total]
    kinds.keep(kept.rest)
    code, told = run("--of", "铁岭", "--year", "2024", "--check")
    assert code == 0, "there is a reason"
    assert "1 条不一致 differ (-175.00 元 yuan): 当时在账的结算后来退费" in told
    found = kinds.assessed()
    assert found.keys() == kinds.paid.keys()
    assert found[kept.rest.settled_at.date(), 40_00] == (kept.rest.fund_pool, 0) == (28_00, 0)
    assert kinds.paid[between.settled_at.date(), 601_00] == (275_50, 0), "350 of the deductible were borne when it was settled"
    assert found[between.settled_at.date(), 601_00] == (100_50, 0)
