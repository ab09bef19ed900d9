"""A closed month leaves the database: balances and proof stay, what could settle twice is refused, and it can come back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
import sqlalchemy as sa

from gongji.accrual.year_end import turn_year
from gongji.clearing.monthly.gather import gather
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import Busy, GongjiError, InvalidInput, Refused
from gongji.foundation.partitions import add_months
from gongji.ledger import archived
from gongji.ledger.history import balance_at, open_balance_at, statement_at
from gongji.ledger.holds import HoldPurpose
from gongji.ledger.model import AccountKind, open_account, personal_account
from gongji.ledger.rollup import roll_up
from gongji.ledger.service import balances_of
from gongji.settlement.archive import archive_month, check_archive, restore_month
from gongji.settlement.holds.model import CaptureHold, HoldKey, PlaceHold, ReleaseHold
from gongji.settlement.holds.returning import return_captured
from gongji.settlement.model import Settlement
from gongji.settlement.proof import prove
from gongji.settlement.telling import tell_sharers
from gongji.settlement.verify import verify_everything
from gongji.settlement.watch import verify_recent
from town import EXAMPLE_BILL, TIELING, Town

DAY = timedelta(days=1)
AGENCY = Caller(Role.OPERATOR, "agency")


class Years:
    """A family from March 2023 on, seen from November 2026: the son pays the mother's visits and purchases."""

    def __init__(self, town: Town, *, holding: bool = False) -> None:
        self.town = town
        add_months(town.database, date(2023, 3, 1), 4)
        add_months(town.database, date(2026, 11, 1), 1)
        self.hospital, self.pharmacy = town.institution("H21120200001"), town.institution("P21120200003")
        self.at(2023, 3, 6)
        self.father = town.person("李国强", "1958-02-01", "retired", balance=100_00, historical=200_00)
        self.son = town.person("李建国", "1984-03-01", "active", balance=3_000_00)
        self.leave = town.share(self.son, self.father, since=datetime(2023, 1, 1, tzinfo=CHINA))
        visit, total = town.visit(self.father, self.hospital, *EXAMPLE_BILL)
        self.seen = town.settled(town.settle_visit(self.father, self.hospital, visit, total))
        self.bought = town.purchase(self.father, self.pharmacy, ("C-A", 1, "900.00"))
        self.first = town.settled(self.bought)
        deposit = PlaceHold(
            HoldKey("ward:0", b"." * 32), self.son, self.son, 100_00, HoldPurpose.DEPOSIT, "0", town.clock.now() + DAY
        )
        (placed,) = town.do(deposit)
        if holding:
            until = datetime(2030, 1, 1, tzinfo=CHINA)
            kept = PlaceHold(HoldKey("ward:1", b"." * 32), self.son, self.son, 1_00, HoldPurpose.DEPOSIT, "1", until)
            self.open = town.do(kept)[0].hold_id
        self.held, self.ward = placed.hold_id, open_account(AccountKind.PAYABLE_INSTITUTION, self.hospital.id, 0)
        town.do(CaptureHold(HoldKey("ward:0:taken", b"." * 32), self.son, self.held, 100_00, self.ward))
        self.at(2023, 4, 3)
        self.second = town.settled(town.purchase(self.father, self.pharmacy, ("C-A", 1, "1500.00")))
        town.settled(town.reversal(self.first, self.pharmacy))
        self.at(2026, 11, 29)

    def at(self, *day: int) -> None:
        """Another day, at ten."""
        self.town.clock.set(datetime(*day, 10, tzinfo=CHINA))  # type: ignore[misc]

    def follow(self) -> None:
        """Do what a server does meanwhile."""
        for year in (2023, 2024, 2025):
            turn_year(self.town.database, self.town.clock, TIELING, year, caller=AGENCY)
        roll_up(self.town.database)
        gather(self.town.database)
        tell_sharers(self.town.database, self.town.clock.now())

    def balances(self) -> list[dict[AccountKind, int]]:
        """What the father and the son have."""
        with self.town.database.transaction() as connection:
            return [balances_of(connection, person) for person in (self.father, self.son)]

    def findings(self) -> list[str]:
        """What does not hold, by both ways to ask."""
        with self.town.database.engine.connect() as connection:
            found = [str(one) for one in verify_everything(connection)]
        return found + [str(one) for one in prove(self.town.database, self.town.clock).findings]

    def rows(self, table: str) -> int:
        """How many rows there are."""
        with self.town.database.engine.connect() as connection:
            return int(connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.fixture
def years(town: Town) -> Years:
    """The family, with everything done that has to be before a month may go."""
    made = Years(town)
    made.follow()
    return made


def test_the_books_hold_without_the_month(years: Years, tmp_path: Path) -> None:
    """March goes, April stays: the visit and the first purchase of March are in the file alone; every balance, counter and
    use is proven as before, also when the chain is walked anew and when it is taken up again."""
    town, before = years.town, years.balances()
    journals = years.rows("journal")
    done = archive_month(town.database, town.clock, "2023-03", tmp_path / "2023-03.zip")
    assert done.rows["settlement"] == 2
    assert done.rows["journal"] == journals - years.rows("journal")
    assert years.rows("settlement") == 2
    assert years.balances() == before
    assert years.findings() == []
    assert prove(town.database, town.clock, resume=True).findings == []
    assert check_archive(done.file).rows == done.rows


def test_the_service_looks_at_what_is_new_as_before(years: Years, tmp_path: Path) -> None:
    """Its marks lie in the month that goes, and the account it then adds up has most of its movements there."""
    town = years.town
    verify_recent(town.database, town.clock)
    archive_month(town.database, town.clock, "2023-03", tmp_path / "2023-03.zip")
    town.settled(town.purchase(years.father, years.pharmacy, ("C-A", 1, "10.00")))
    while (looked := verify_recent(town.database, town.clock)) is not None and looked.rows:
        assert looked.findings == []


def test_what_was_taken_of_a_hold_then_is_not_given_back_without_its_rows(years: Years, tmp_path: Path) -> None:
    town = years.town
    archive_month(town.database, town.clock, "2023-03", tmp_path / "2023-03.zip")
    with pytest.raises(Refused) as refused, town.database.transaction() as connection:
        return_captured(connection, town.database.serials, years.held, years.ward, town.clock.now())
    assert refused.value.code == "ledger.archived"


def test_a_month_into_which_a_clock_went_back_has_to_stay(years: Years, tmp_path: Path) -> None:
    """The same writer posted in April and then, by its clock, in March again: its chain cannot begin after March."""
    years.at(2023, 3, 8)
    years.town.settled(years.town.purchase(years.father, years.pharmacy, ("C-C", 1, "9.00")))
    years.at(2026, 11, 29)
    years.follow()
    with pytest.raises(Refused) as refused:
        archive_month(years.town.database, years.town.clock, "2023-03", tmp_path / "2023-03.zip")
    assert refused.value.code == "archive.across_months"


def test_the_next_month_goes_after_it_and_settling_goes_on(years: Years, tmp_path: Path) -> None:
    town = years.town
    for month in ("2023-03", "2023-04"):
        archive_month(town.database, town.clock, month, tmp_path / f"{month}.zip")
    assert years.rows("settlement") == 0
    town.settled(town.purchase(years.father, years.pharmacy, ("C-A", 1, "10.00")))
    assert years.findings() == []
    assert years.rows("settlement") == 1


def test_the_month_comes_back(years: Years, tmp_path: Path) -> None:
    """Both months go and come back, the last one first: everything is as it was, and may go again."""
    town = years.town
    before = {table: years.rows(table) for table in ("journal", "transfer", "block", "settlement", "visit", "fee_line")}
    files = [tmp_path / "2023-03.zip", tmp_path / "2023-04.zip"]
    for file in files:
        archive_month(town.database, town.clock, file.stem, file)
    with pytest.raises(Refused) as refused:
        restore_month(town.database, town.clock, files[0])
    assert refused.value.code == "archive.other_file"
    for file in reversed(files):
        restore_month(town.database, town.clock, file)
    assert {table: years.rows(table) for table in before} == before
    assert years.findings() == []
    town.settled(town.reversal(years.seen, years.hospital))
    again = archive_month(town.database, town.clock, "2023-03", tmp_path / "again.zip")
    assert years.findings() == []
    assert check_archive(again.file).month == "2023-03"


def test_what_was_archived_cannot_settle_twice_nor_be_taken_back(years: Years, tmp_path: Path) -> None:
    """The pharmacy sends the message of March again, and the hospital a refund for it: both are told why not."""
    town = years.town
    archive_month(town.database, town.clock, "2023-03", tmp_path / "2023-03.zip")
    before = years.balances()
    repeated, taken_back = town.do(years.bought, town.reversal(years.seen, years.hospital))
    assert isinstance(repeated, Refused)
    assert (repeated.code, repeated.field) == ("settlement.archived", "msgid")
    assert isinstance(taken_back, Refused)
    assert (taken_back.code, taken_back.field) == ("settlement.archived", "setl_id")
    assert years.balances() == before
    (unknown,) = town.do(town.reversal(years.second, years.hospital))
    assert not isinstance(unknown, Settlement)


def test_a_balance_of_a_later_day_is_told_and_one_of_an_earlier_is_refused(years: Years, tmp_path: Path) -> None:
    town = years.town
    current = [personal_account(AccountKind.PERSONAL_CURRENT, years.son)]
    april, march = (datetime(2023, month, 2, tzinfo=CHINA) for month in (4, 3))
    owed = AccountKind.PAYABLE_INSTITUTION, years.hospital.id
    with town.database.snapshot() as connection:
        told = balance_at(connection, current, april), statement_at(connection, current, town.clock.now())[-1].balance
        paid = open_balance_at(connection, *owed, april + timedelta(hours=5))
    assert paid > 0
    archive_month(town.database, town.clock, "2023-03", tmp_path / "2023-03.zip")
    with town.database.snapshot() as connection:
        assert balance_at(connection, current, april) == told[0]
        assert statement_at(connection, current, town.clock.now())[-1].balance == told[1]
        assert open_balance_at(connection, *owed, april + timedelta(hours=5)) == paid
        with pytest.raises(Refused) as refused:
            balance_at(connection, current, march)
        assert (refused.value.code, refused.value.accepted) == ("ledger.archived", "2023-04-01 or later")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE carried_forward SET value = value + 1 WHERE what = 'balance'", "other sums"),
        ("DELETE FROM carried_forward WHERE what = 'usage'", "other sums"),
        ("UPDATE archived_end SET hash = sha256(hash)", "evidence"),
        ("UPDATE archiving SET sha256 = sha256(sha256)", "evidence"),
        ("DELETE FROM archiving", "not there"),
    ],
)
def test_whoever_alters_what_stays_of_it_is_found(years: Years, tmp_path: Path, statement: str, said: str) -> None:
    """A superuser goes past the triggers, which refuse everybody else."""
    archive_month(years.town.database, years.town.clock, "2023-03", tmp_path / "2023-03.zip")
    with years.town.database.engine.connect() as superuser:
        with pytest.raises(sa.exc.IntegrityError), superuser.begin_nested():
            superuser.execute(sa.text(statement))
        superuser.execute(sa.text("SET LOCAL session_replication_role = replica"))
        superuser.execute(sa.text(statement))
        found = [str(one) for check in archived.CHECKS.values() for one in check(superuser)]
        superuser.rollback()
    assert any(said in finding for finding in found)
    assert years.findings() == []


def test_a_file_that_was_altered_is_found(years: Years, tmp_path: Path) -> None:
    done = archive_month(years.town.database, years.town.clock, "2023-03", tmp_path / "2023-03.zip")
    altered = tmp_path / "altered.zip"
    with ZipFile(done.file) as read, ZipFile(altered, "w") as written:
        for name in read.namelist():
            content = read.read(name)
            written.writestr(name, content.replace(b"20000", b"20001", 1) if name == "transfer.csv" else content)
    with pytest.raises(GongjiError) as told:
        check_archive(altered)
    assert told.value.code == "archive.not_whole"
    with pytest.raises(Refused) as refused:
        restore_month(years.town.database, years.town.clock, altered)
    assert refused.value.code == "archive.other_file"
    (tmp_path / "no.zip").write_bytes(b"nothing")
    with pytest.raises(InvalidInput) as unreadable:
        check_archive(tmp_path / "no.zip")
    assert unreadable.value.code == "archive.unreadable"


def test_whoever_reads_all_months_is_not_waited_for_long(years: Years, tmp_path: Path) -> None:
    file = tmp_path / "2023-03.zip"
    with years.town.database.engine.connect() as reader:
        reader.execute(sa.text("SELECT count(*) FROM transfer"))
        with pytest.raises(Busy) as busy:
            archive_month(years.town.database, years.town.clock, "2023-03", file)
    assert busy.value.code == "archive.busy"
    assert not file.exists()
    assert years.rows("settlement") == 4


def test_rows_of_a_month_that_has_no_table_are_moved_first(town: Town, tmp_path: Path) -> None:
    """The father's account was opened in February, when nobody had made February's tables."""
    town.clock.set(datetime(2023, 2, 6, tzinfo=CHINA))
    town.person("赵桂芝", "1936-11-30", "retired", balance=1_00)
    years = Years(town)
    years.follow()
    with pytest.raises(Refused) as refused:
        archive_month(town.database, town.clock, "2023-03", tmp_path / "2023-03.zip")
    assert refused.value.code == "archive.default_rows"


def test_a_month_is_kept_here_until_everything_of_it_is_over(town: Town, tmp_path: Path) -> None:
    """One after the other: no month, a month of a year that is kept, one that is not the oldest, a year that was not turned, a
    deposit that is still held, sums that have not come so far; and a file that is there already."""
    years, file = Years(town, holding=True), tmp_path / "2023-03.zip"

    def refusal(month: str = "2023-03") -> str:
        with pytest.raises(GongjiError) as refused:
            archive_month(town.database, town.clock, month, file)
        assert years.rows("settlement") == 4
        assert not file.exists()
        return refused.value.code

    assert refusal("March") == "archive.month"
    assert refusal("2026-11") == "archive.too_young"
    assert refusal("2023-04") == "archive.order"
    assert refusal() == "archive.year_not_turned"
    for year in (2023, 2024, 2025):
        turn_year(town.database, town.clock, TIELING, year, caller=AGENCY)
    assert refusal() == "archive.open_holds"
    town.do(ReleaseHold(HoldKey("ward:1:back", b"." * 32), years.son, years.open))
    assert refusal() == "archive.behind"
    years.follow()
    file.write_text("something")
    with pytest.raises(Refused) as refused:
        archive_month(town.database, town.clock, "2023-03", file)
    assert refused.value.code == "archive.file_exists"
    assert file.read_text() == "something"
