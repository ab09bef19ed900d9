"""An agency's year at the command line: the credit file of June, the turn of the year, a death."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from gongji.entrances.accrual_command import accrual, command, credit_file, undoing
from gongji.entrances.accrual_command.credit_file import write_rejects
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.settings import Settings
from gongji.ledger.model import AccountKind
from gongji.ledger.service import balances_of
from gongji.registry.certificate import CITIZEN_ID, check_certificate, check_digit
from gongji.registry.entering import add_enrolments, add_people
from gongji.registry.entries import NewEnrolment, NewPerson
from gongji.registry.model import Enrolment
from gongji.registry.psn_no import psn_no_for
from gongji.rules.book import RuleBook
from gongji.rules.model import Scheme, Status
from town import TIELING, Town

AGENCY = Caller(Role.OPERATOR, "agency")


def number(sequence: int, born: str = "19800301") -> str:
    """A citizen ID number."""
    first = f"211202{born}{sequence:03d}"
    return first + check_digit(first)


SON, WIFE, CHILD = number(11), number(22), number(31, "20150720")


@pytest.fixture
def people(town: Town) -> dict[str, int]:
    """A couple in the employee scheme and their child."""
    with town.database.transaction() as connection:
        new = [
            NewPerson(
                check_certificate(CITIZEN_ID, one), name, "9", date(int(one[6:10]), 1, 1), TIELING, household="李"
            )
            for one, name in ((SON, "李建国"), (WIFE, "王秀兰"), (CHILD, "李小宝"))
        ]
        ids = dict(
            zip(
                (SON, WIFE, CHILD), add_people(connection, town.vault, town.database.serials, new).values(), strict=True
            )
        )
        employed = Enrolment(Scheme.EMPLOYEE, TIELING, Status.ACTIVE, "11", "1", "", False, date(2020, 1, 1), None)
        add_enrolments(connection, [NewEnrolment(ids[one], employed) for one in (SON, WIFE)])
    return ids


def in_current(town: Town, person: int) -> int | None:
    """What is in a person's current account, fen."""
    with town.database.transaction() as connection:
        return balances_of(connection, person).get(AccountKind.PERSONAL_CURRENT)


def test_a_months_file_is_credited_whole(town: Town, people: dict[str, int], tmp_path: Path) -> None:
    file = tmp_path / "june.csv"
    file.write_text(
        f"证件号码,月份,类型,缴费基数,计入金额\n{SON},2024-06,单位,6543.25,130.87\n{WIFE},202406,employer,5000,\n"
    )
    done = credit_file(town.database, town.vault, RuleBook.shipped(), town.clock, file, caller=AGENCY)
    assert (done.report.posted, done.report.amount, done.problems) == (2, 230_87, ())
    assert (in_current(town, people[SON]), in_current(town, people[WIFE])) == (130_87, 100_00)
    with town.database.transaction() as connection:
        (told,) = connection.execute(
            sa.text("SELECT details FROM audit_entry WHERE action = 'accrual.credit'")
        ).scalars()
    assert (told["fen"], told["posted"]) == (230_87, 2)


def test_one_wrong_line_keeps_the_whole_file_out(town: Town, people: dict[str, int], tmp_path: Path) -> None:
    file = tmp_path / "june.csv"
    stranger = number(99)
    file.write_text(
        f"certificate,month,kind,base\n{SON},2024-06,employer,6000\n{CHILD},2024-06,employer,1\n{stranger},2024-06,employer,1\n"
        f"{WIFE},2024-13,employer,1\n{WIFE[:-1]},2024-06,employer,1\n"
    )
    done = credit_file(town.database, town.vault, RuleBook.shipped(), town.clock, file, caller=AGENCY)
    assert [(one.line, one.field) for one in done.problems] == [
        (3, "certificate"),
        (4, "certificate"),
        (5, "month"),
        (6, "certificate"),
    ]
    assert done.report.posted == 0
    assert in_current(town, people[SON]) is None
    rest = credit_file(
        town.database, town.vault, RuleBook.shipped(), town.clock, file, caller=AGENCY, despite_problems=True
    )
    assert (rest.report.posted, len(rest.problems)) == (1, 4)
    assert in_current(town, people[SON]) == 120_00
    write_rejects(tmp_path / "rejects.csv", rest.problems)
    written = (tmp_path / "rejects.csv").read_text(encoding="utf-8-sig")
    assert "2024-13" not in written
    assert stranger not in written
    assert len(written.splitlines()) == 5


def test_the_commands_tell_what_they_did(
    town: Town, people: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(database_url=town.database.url, secret="07" * 32, data=tmp_path)
    monkeypatch.setattr(command, "load_settings", lambda **overrides: settings)

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(accrual, list(arguments), env={"COLUMNS": "220"})
        return result.exit_code, result.output

    file = tmp_path / "june.csv"
    file.write_text(f"certificate,month,kind,base\n{SON},2024-06,employer,6000\n{WIFE},2024-06,employer,5000\n")
    code, told = run("credit", str(file), "--dry-run")
    assert (code, in_current(town, people[SON])) == (0, None)
    assert "2 would be credited 可计入, 220.00 yuan" in told
    assert "2 credited 已计入, 220.00 yuan" in run("credit", str(file))[1]
    assert "2 were before" in run("credit", str(file))[1]
    file.write_text(f"certificate,month,kind,base\n{SON},2024-06,employer,7000\n")
    code, told = run("credit", str(file))
    assert (code, "该月已计入 120.00 元" in told) == (1, True)
    town.clock.set(datetime(2025, 1, 1, tzinfo=CHINA))
    assert "2 accounts, 220.00 yuan would become historical" in run("turn-year", "211200", "2024", "--dry-run")[1]
    assert "2 accounts, 220.00 yuan became historical" in run("turn-year", "211200", "2024")[1]
    code, told = run("close", SON, "--death", "2024-12-30", "--heir", f"{WIFE}:2", "--heir", f"{CHILD}:1")
    assert code == 0, told
    assert "death: 120.00 yuan" in told
    assert "80.00" in told
    assert "40.00" in told
    code, told = run("close", WIFE, "--transfer", "370800", "--reference", "ZY-7")
    assert (code, "transfer_out 370800: 100.00 yuan" in told) == (0, True)
    assert "0 holds, 0.00 yuan went back" in run("expire-holds")[1]
    assert in_current(town, people[SON]) is None


def test_what_was_recorded_wrongly_is_taken_back_at_the_command_line(
    town: Town, people: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """¥140.00 were credited instead of ¥120.00, and the husband was taken for dead: he has ¥120.00 in the end."""
    settings = Settings(database_url=town.database.url, secret="07" * 32, data=tmp_path)
    for module in (command, undoing):
        monkeypatch.setattr(module, "load_settings", lambda **overrides: settings)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(accrual, list(arguments), env={"COLUMNS": "220"})
        return result.output if result.exception is None else repr(result.exception)

    file = tmp_path / "june.csv"
    file.write_text(f"certificate,month,kind,base\n{SON},2024-06,employer,7000\n")
    assert "140.00 yuan" in run("credit", str(file))
    undo = ("undo-credit", SON, "2024-06", "--reference", "GZ-1", "--reason", "基数有误")
    told = "140.00 yuan back to the income of 211200 退回收入; 140.00 taken from the account 账户扣回, 0.00 spent"
    assert told in run(*undo)
    assert told in run(*undo)
    assert "0 people owe 人尚欠 0.00 yuan" in run("owing", "211200")
    assert "taken back before" in run(*undo[:4], "GZ-2", *undo[5:])
    file.write_text(f"certificate,month,kind,base\n{SON},2024-06,employer,6000\n")
    assert "1 credited 已计入, 120.00 yuan" in run("credit", str(file))
    run("close", SON, "--death", "2024-06-10", "--heir", WIFE)
    assert in_current(town, people[SON]) is None
    told = run("undo-death", SON, "--reference", "FH-1", "--reason", "同名同姓")
    assert "120.00 yuan back in the account" in told
    assert f"no longer owed to person {people[WIFE]}" in told
    assert in_current(town, people[SON]) == 120_00
    town.settled(town.purchase(people[SON], town.institution("P21120200003"), ("C-A", 1, "50.00")))
    assert "70.00 taken from the account 账户扣回, 50.00 spent" in run(*undo[:4], "GZ-3", *undo[5:])
    assert f"{psn_no_for(TIELING, people[SON])}  50.00" in run("owing", "210000")
