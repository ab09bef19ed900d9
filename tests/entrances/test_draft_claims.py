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

from gongji.clearing.monthly.gather import gather
from gongji.entrances.cli import app
from gongji.entrances.draft_command import claims as command
from gongji.entrances.platform import Platform
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused
from gongji.foundation.partitions import add_months
from gongji.foundation.settings import Settings
from gongji.ledger.rollup import roll_up
from gongji.registry.entering import add_enrolments
from gongji.registry.entries import NewEnrolment
from gongji.registry.filings import FilingKind, FilingState, NewFiling, end, file
from gongji.registry.model import Enrolment
from gongji.rules.model import Scheme, Status, Tier
from gongji.rules.vocabulary import Late
from gongji.settlement.archive import archive_month
from gongji.settlement.model import AccountUse, ReversePart, Settlement, Undo
from gongji.settlement.part_return import PartReturned
from gongji.settlement.telling import tell_sharers
from gongji.settlement.visits import record_diagnoses
from gongji.simulation.engine import assess_file
from reimbursement.claims_home import Home
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
        values: dict[str, Any] = {"since": date.fromisoformat(day), "state": FilingState.GRANTED} | more
        with self.town.database.transaction() as connection:
            return file(
                connection,
                self.town.database.serials,
                NewFiling(person, kind, subject, **values),
                self.town.clock.now(),
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
        (5, "inpatient", "follows"),
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
    assert kinds.paid[between.settled_at.date(), 601_00] == (275_50, 0), (
        "350 of the deductible were borne when it was settled"
    )
    assert found[between.settled_at.date(), 601_00] == (100_50, 0)


def test_a_settlement_that_was_restored_stands(kinds: Books, run: Any) -> None:
    """Its reversal was undone, because the hospital never learnt of it."""
    town, hospital = kinds.town, kinds.town.institution(CENTRAL)
    li = town.person("李建国", "1960-03-09", "retired", balance=0)
    seen = kinds.see("2024-02-01", li, CENTRAL, "701.00")
    back = town.settled(town.reversal(seen, hospital))
    assert refused(run, "--of", "铁岭", "--year", "2024") == "claims.none"
    (restored,) = town.do(Undo(town.key(hospital, "2601"), hospital, li, ("2208",), back.msgid))
    assert isinstance(restored, Settlement), restored
    run("--of", "铁岭", "--year", "2024")
    assert kinds.assessed() == kinds.paid


class TestWhyAClaimDiffers:
    """What the desk knew and no file can tell is named, claim by claim."""

    def test_care_before_the_span(self, kinds: Books, run: Any) -> None:
        """A deductible of 400 a year was borne in January; from July on a file knows nothing of it."""
        li = kinds.town.person("李建国", "1960-03-09", "retired", balance=0)
        kinds.see("2024-01-10", li, CENTRAL, "400.00")
        later = kinds.see("2024-08-01", li, CENTRAL, "601.00")
        assert later.fund_pool == 300_50
        told = run("--of", "铁岭", "--from", "2024-07-01", "--until", "2024-12-31", "--check")[1]
        assert "1 条不一致 differ (-200.00 元 yuan): 期间之前已有累计" in told

    def test_funds_that_are_open_to_some(self, books: Books, run: Any, tmp_path: Path) -> None:
        """A file cannot tell civil servants: it has all four funds pay, so who has them agrees and who has not differs."""
        (tmp_path / "pack").mkdir()
        books.town.rules = four_funds(tmp_path / "pack")
        worker = books.town.person("李建国", "1975-04-02", "active", balance=0)
        clerk = books.town.person("何国栋", "1975-04-02", "active", balance=0, civil_servant=True, aided=True)
        of_worker = books.see("2024-02-01", worker, CENTRAL, "4100.00")
        of_clerk = books.see("2024-02-01", clerk, CENTRAL, "4101.00")
        told = run("--of", "铁岭", "--year", "2024", "--check")[1]
        assert "1 条与账上" in told
        assert "1 条不一致 differ (2180.00 元 yuan): 公务员补助或医疗救助" in told
        found = books.assessed()
        assert found[date(2024, 2, 1), of_clerk.total] == books.paid[date(2024, 2, 1), of_clerk.total]
        assert found[date(2024, 2, 1), of_worker.total] == (1_000_00, 2_680_00)
        assert [books.row(one)["settled_civil_fen"] for one in (of_worker, of_clerk)] == [0, of_clerk.fund_civil]

    def test_a_stay_that_was_settled_after_later_care(self, books: Books, run: Any) -> None:
        """Anqing: out of hospital on 10 March, settled on the 20th; a second stay was settled on the 15th, as the first one."""
        ward = Ward.built(books.town, "H34080300001", "安庆市立医院", "340803")
        guiying = books.town.person("查桂英", "1973-01-01", "active", balance=0, region=ANQING, gender=2)
        stay = ward.admit(guiying, "2024-03-01")
        ward.treat(stay, ("C-A", 1, "3001.00"))
        ward.discharge(stay, "2024-03-10")
        ward.stayed(guiying, "2024-03-11", "2024-03-15", ("C-A", 1, "3002.00"))
        books.on("2024-03-20")
        ward.settle(stay, 3_001_00)
        told = run("--of", ANQING, "--year", "2024", "--check")[1]
        assert "2 条不一致 differ (0.00 元 yuan): 结算先后与就医日期不同" in told, "each has the other's deductible"
        assert [row["date"].day for row in books.rows()] == [10, 15]

    def test_a_bill_paid_in_cash(self, kinds: Books, run: Any, tmp_path: Path) -> None:
        """800.00 paid in cash on 4 March bore the deductible of 400; the file does not hold it, and says so."""
        li = kinds.town.person("李建国", "1960-03-09", "retired", balance=0)
        kinds.on("2024-03-05")
        home = Home(kinds.town, tmp_path)
        home.decide(home.claim(li, ("CT平扫", "C-A", 1, 800_00)))
        assert kinds.see("2024-04-01", li, CENTRAL, "601.00").fund_pool == 300_50
        told = run("--of", "铁岭", "--year", "2024", "--check")[1]
        assert "1 笔手工报销未列入" in told
        assert "1 条不一致 differ (-200.00 元 yuan): 之前有手工报销计入累计" in told

    def test_insurance_in_another_region_in_the_same_year(self, kinds: Books, run: Any) -> None:
        """Insured in Shenyang until June: what its hospitals settled counts at Tieling's desk, and is in Shenyang's file."""
        li = kinds.town.person("李建国", "1960-03-09", "retired", balance=0, region="210100", until=date(2024, 6, 30))
        moved = kinds.town.person("李建业", "1960-03-09", "retired", balance=0)
        kinds.see("2024-05-01", li, CENTRAL, "500.00")
        kinds.see("2024-05-01", moved, CENTRAL, "501.00")
        with kinds.town.database.transaction() as connection:
            here = Enrolment(Scheme.EMPLOYEE, "211200", Status.RETIRED, "12", "1", "", False, date(2024, 7, 1), None)
            add_enrolments(connection, [NewEnrolment(li, here)])
        later = kinds.see("2024-08-01", li, CENTRAL, "601.00")
        run("--of", "铁岭", "--year", "2024")
        assert {row["total_fen"] for row in kinds.rows()} == {501_00, 601_00}
        assert kinds.row(later)["may_differ"] == "elsewhere"

    def test_a_filing_that_was_ended_since(self, kinds: Books, run: Any) -> None:
        """Without the disease's word the rule cannot be found: the claim is rejected, and says why."""
        li = kinds.town.person("李建国", "1960-03-09", "retired", balance=0)
        number = kinds.filed("2024-01-01", li, FilingKind.SPECIAL_DISEASE, DIALYSIS, word="dialysis")
        seen = kinds.see("2024-02-05", li, CENTRAL, "1004.00", "14", DIALYSIS)
        with kinds.town.database.transaction() as connection:
            end(connection, li, number, date(2024, 1, 31), "停止")
        told = run("--of", "铁岭", "--year", "2024", "--check")[1]
        assert "1 条不能测算 cannot be assessed: disease.unknown" in told
        assert (kinds.row(seen)["may_differ"], kinds.row(seen)["settled_pool_fen"]) == ("no_disease", 903_60)

    def test_insurance_that_was_corrected_since(self, kinds: Books, run: Any) -> None:
        """The file keeps the status that was settled by, and what is only in the register comes from there."""
        li = kinds.town.person("李建国", "1960-03-09", "retired", balance=0)
        seen = kinds.see("2024-02-05", li, CENTRAL, "604.00")
        with kinds.town.database.transaction() as connection:
            connection.execute(sa.text("UPDATE enrolment SET status = 'active', psn_type = '11'"))
        run("--of", "铁岭", "--year", "2024")
        assert (kinds.row(seen)["status"], kinds.row(seen)["may_differ"]) == ("retired", "insurance")
        assert kinds.assessed() == kinds.paid

    def test_a_difference_that_nothing_explains_fails_the_check(self, kinds: Books, run: Any) -> None:
        """The hospital's tier was changed after the visit; nothing in the books tells that."""
        li = kinds.town.person("李建国", "1960-03-09", "retired", balance=0)
        kinds.see("2024-02-05", li, CENTRAL, "604.00")
        with kinds.town.database.transaction() as connection:
            connection.execute(sa.text("UPDATE institution SET tier = 'tier_2' WHERE code = :c"), {"c": CENTRAL})
        code, told = run("--of", "铁岭", "--year", "2024", "--check")
        assert (code, "1 条不一致 differ (140.40 元 yuan): 原因不明" in told) == (1, True), told


def test_what_no_kind_of_benefit_is_kept_for_is_left_out_and_counted(kinds: Books, run: Any) -> None:
    she = kinds.town.person("刘洋", "1990-05-01", "active", balance=0)
    kinds.see("2024-02-01", she, CENTRAL, "900.00", "51")
    kinds.see("2024-02-02", she, CENTRAL, "901.00")
    assert "1 笔医疗类别没有统筹待遇，未列入" in run("--of", "铁岭", "--year", "2024")[1]
    assert [row["total_fen"] for row in kinds.rows()] == [901_00]


def test_nobody_can_be_told_from_the_file_and_only_its_owner_reads_it(kinds: Books, run: Any) -> None:
    """Six people with a visit each: numbers 1 to 6 in an order of this file alone; no name, certificate, institution or number
    of ours. Who took it, of which region and days and how large, is in the audit."""
    born = {
        kinds.town.person(f"李{number}", f"19{number}0-03-09", "retired", balance=0): number for number in range(3, 9)
    }
    for number, person in enumerate(born):
        kinds.see("2024-02-01", person, CENTRAL, f"60{number}.00")
    orders = set()
    for _ in range(6):
        run("--of", "铁岭", "--year", "2024")
        rows = kinds.rows()
        assert [row["person"] for row in rows] == [row["claim"] for row in rows] == [1, 2, 3, 4, 5, 6]
        orders.add(tuple(row["age"] for row in rows))
    assert len(orders) > 1, "the same order six times over is one in 720 to the fifth"
    assert stat.S_IMODE(kinds.file.stat().st_mode) == 0o600
    schema = pq.read_schema(kinds.file)
    texts = {value for row in rows for value in row.values() if isinstance(value, str)}
    assert texts == {"310", "outpatient", "retired", "tier_3", "local"}
    assert schema.metadata[b"gongji.claims"] == b"settled for people of 211200, 2024-01-01 to 2024-12-31"
    with kinds.town.database.transaction() as connection:
        found = connection.execute(
            sa.text("SELECT role, details FROM audit_entry WHERE action = 'settlement.claims' ORDER BY id DESC LIMIT 1")
        ).one()
    assert found.role == "operator"
    assert found.details == {
        "region": "211200",
        "begins": "2024-01-01",
        "until": "2024-12-31",
        "rows": 6,
        "people": 6,
    }


def test_months_that_were_archived_are_told(books: Books, run: Any, tmp_path: Path) -> None:
    """July 2023 has left the database: August's stay was the second of the year, which no file can tell."""
    town = books.town
    add_months(town.database, date(2023, 7, 1), 4)
    add_months(town.database, date(2026, 11, 1), 1)
    ward = Ward.built(town, "H34080300001", "安庆市立医院", "340803")
    guiying = town.person("查桂英", "1973-01-01", "active", balance=0, region=ANQING, gender=2)
    ward.stayed(guiying, "2023-07-02", "2023-07-08", ("C-A", 1, "3001.00"))
    ward.stayed(guiying, "2023-08-02", "2023-08-08", ("C-A", 1, "3002.00"))
    books.on("2026-11-29")
    roll_up(town.database)
    gather(town.database)
    tell_sharers(town.database, town.clock.now())
    archive_month(town.database, town.clock, "2023-07", tmp_path / "2023-07.zip")
    told = run("--of", ANQING, "--year", "2023", "--check")[1]
    assert "1 条不一致" in told
    assert "已归档月份的累计" in told
    assert "⚠ 2023-08-01 之前的月份已归档，未列入" in told
    assert [(row["total_fen"], row["may_differ"]) for row in books.rows()] == [(3_002_00, "archived")]


def refused(run: Any, *arguments: str) -> str:
    """The code of a refusal."""
    with pytest.raises((InvalidInput, NotFound, Refused)) as refusal:
        run(*arguments)
    return refusal.value.code


def test_what_cannot_be_written_is_refused_and_nothing_is_left(kinds: Books, run: Any) -> None:
    li = kinds.town.person("李建国", "1960-03-09", "retired", balance=0)
    kinds.see("2024-02-05", li, CENTRAL, "604.00")
    here = kinds.file.parent
    before = sorted(here.iterdir())
    assert refused(run, "--of", "铁岭") == "claims.span"
    assert refused(run, "--of", "铁岭", "--year", "2024", "--from", "2024-01-01") == "claims.span"
    assert refused(run, "--of", "铁岭", "--from", "2024-07-01", "--until", "2024-06-30") == "claims.span"
    assert refused(run, "--of", "无此地", "--year", "2024") == "region.unknown"
    assert refused(run, "--of", "沈阳", "--year", "2024") == "claims.none"
    assert refused(run, "--of", "469001", "--year", "2024") == "claims.none"
    assert refused(run, "--of", "铁岭", "--year", "2025") == "claims.none"
    assert sorted(here.iterdir()) == before
    assert run("--of", "211221", "--year", "2024")[0] == 0, "a county's code means its pooling region"
    kinds.file = here / "nowhere" / "claims.parquet"
    assert refused(run, "--of", "铁岭", "--year", "2024") == "out.unwritable"
