"""What is refused, in which words, and that a refusal leaves every balance as it was."""

from __future__ import annotations

from datetime import date, datetime

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError
from gongji.registry.tables import enrolment, institution, person
from gongji.rules.model import Counter, Reset, Scheme
from gongji.settlement.books import counter_periods
from gongji.settlement.model import SettleVisit
from gongji.settlement.visits import cancel_visit, drop_lines, upload_lines
from town import EXAMPLE_BILL, JINING, Town


@pytest.fixture
def asked(town: Town) -> SettleVisit:
    """A mother with ¥200.00 and her son behind her ask to settle the worked example."""
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=200_00)
    son = town.person("李建国", "1980-03-01", "active", balance=5_000_00)
    town.share(son, mother)
    hospital = town.institution("H21120200001")
    return town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL))


def refusal(town: Town, command: SettleVisit) -> GongjiError:
    """The refusal that a command gets; everybody's money is still there after it."""
    with town.database.transaction() as connection:
        before = connection.execute(sa.text("SELECT id, balance FROM account ORDER BY id")).all()
    (outcome,) = town.do(command)
    with town.database.transaction() as connection:
        assert connection.execute(sa.text("SELECT id, balance FROM account ORDER BY id")).all() == before
        assert connection.execute(sa.text("SELECT count(*) FROM settlement")).scalar_one() == 0
    assert isinstance(outcome, GongjiError), outcome
    return outcome


def test_an_institution_that_is_not_designated_that_day(town: Town, asked: SettleVisit) -> None:
    with town.database.transaction() as connection:
        ended = sa.text("UPDATE institution SET designated = daterange('2020-01-01', '2024-01-01') WHERE code = :code")
        connection.execute(ended, {"code": asked.institution.code})
    told = refusal(town, replace(asked, institution=town.institution(asked.institution.code)))
    assert (told.code, told.field) == ("institution.not_designated", "fixmedins_code")
    assert "2024-06-12" in told.zh
    assert institution.c.designated is not None


def test_a_patient_who_died(town: Town, asked: SettleVisit) -> None:
    with town.database.transaction() as connection:
        connection.execute(
            person.update().where(person.c.id == asked.person_id).values(died_on=town.clock.now().date())
        )
    assert refusal(town, asked).code == "patient.died"


def test_somebody_elses_visit(town: Town, asked: SettleVisit) -> None:
    stranger = town.person("陌生人", "1970-01-01", "active", household="别家")
    assert refusal(town, replace(asked, person_id=stranger)).code == "visit.unknown"


def test_another_institutions_visit(town: Town, asked: SettleVisit) -> None:
    assert refusal(town, replace(asked, institution=town.institution("H21120200002"))).code == "visit.unknown"


def test_insurance_that_is_paused(town: Town, asked: SettleVisit) -> None:
    with town.database.transaction() as connection:
        connection.execute(enrolment.update().where(enrolment.c.person_id == asked.person_id).values(standing="2"))
    assert refusal(town, asked).code == "enrolment.not_in_force"


def test_the_wrong_scheme(town: Town, asked: SettleVisit) -> None:
    told = refusal(town, replace(asked, scheme=Scheme.RESIDENT))
    assert (told.code, told.accepted) == ("enrolment.other_scheme", "310")


def test_a_total_that_does_not_add_up_names_both_amounts(town: Town, asked: SettleVisit) -> None:
    told = refusal(town, replace(asked, total=1_268_51))
    assert (told.code, told.field, told.accepted) == ("settlement.total", "medfee_sumamt", "1268.50")
    assert told.details == {"stated": 126851, "uploaded": 126850}


def test_a_batch_without_lines(town: Town, asked: SettleVisit) -> None:
    assert refusal(town, replace(asked, batch="9")).code == "settlement.nothing"


def test_a_cancelled_visit_and_one_that_cannot_be_cancelled(town: Town, asked: SettleVisit) -> None:
    where = asked.institution.id, asked.person_id, asked.visit_id
    with town.database.transaction() as connection, pytest.raises(GongjiError) as has_lines:
        cancel_visit(connection, *where, "")
    assert has_lines.value.code == "visit.has_lines"
    with town.database.transaction() as connection:
        drop_lines(connection, *where, "0000")
        cancel_visit(connection, *where, "")
        cancel_visit(connection, *where, "")
    assert refusal(town, asked).code == "visit.cancelled"


def test_lines_that_contradict_themselves_are_not_kept(town: Town, asked: SettleVisit) -> None:
    (line,) = town.lines(("C-A", 3, "19.90"))
    wrong = replace(line, total=59_69)
    with town.database.transaction() as connection, pytest.raises(GongjiError) as told:
        upload_lines(connection, asked.institution, asked.person_id, asked.visit_id, [line, wrong])
    assert (told.value.code, told.value.accepted) == ("fee_line.amount", "59.70")
    assert refusal(town, replace(asked, total=1)).details["uploaded"] == 1_268_50


def test_the_same_line_twice_is_kept_once_and_another_under_its_number_is_refused(
    town: Town, asked: SettleVisit
) -> None:
    (line,) = town.lines(("C-A", 1, "10.00"))
    where = asked.institution, asked.person_id, asked.visit_id
    with town.database.transaction() as connection:
        upload_lines(connection, *where, [line, line])
        upload_lines(connection, *where, [line])
    with town.database.transaction() as connection, pytest.raises(GongjiError) as told:
        upload_lines(connection, *where, [replace(line, count=2 * 10**4, total=20_00)])
    assert told.value.code == "fee_line.exists"
    assert refusal(town, replace(asked, total=1)).details["uploaded"] == 1_278_50


def test_settled_lines_cannot_be_withdrawn(town: Town, asked: SettleVisit) -> None:
    town.settled(asked)
    with town.database.transaction() as connection, pytest.raises(GongjiError) as told:
        drop_lines(connection, asked.institution.id, asked.person_id, asked.visit_id, "1")
    assert told.value.code == "fee_line.settled"


def test_a_resident_without_account_in_a_region_without_a_rule(town: Town) -> None:
    """Jining's residents: nothing is known of their outpatient benefit, so the fund's line says so; the daughter pays."""
    town.clock.set(datetime(2026, 5, 6, 9, 0, tzinfo=CHINA))
    father = town.person("张德福", "1952-01-17", "resident", region=JINING)
    daughter = town.person("张丽", "1978-11-05", "active", region=JINING, balance=1_200_00, historical=2_300_00)
    since = datetime(2026, 5, 1, tzinfo=CHINA)
    town.share(daughter, father, region=JINING, procedure="commitment", exclusive=True, since=since)
    hospital = town.institution("H37080000001")
    settled = town.settled(town.settle_visit(father, hospital, *town.visit(father, hospital, *EXAMPLE_BILL), use="2"))
    assert (settled.fund_total, settled.own, settled.shared, settled.cash) == (0, 0, 1_268_50, 0)
    assert [line.because for line in settled.explanation.payers][:3] == [
        "fund.none.no_rule",
        "own.none.no_account",
        "shared.paid",
    ]
    assert town.balance(daughter) == 3_500_00 - 1_268_50


def test_the_month_limit_counts_again_after_a_reversal_and_in_the_next_month(town: Town) -> None:
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=0)
    son = town.person("李建国", "1980-03-01", "active", balance=5_000_00)
    town.share(son, mother, limit_month=100_00)
    pharmacy = town.institution("P21120200003")
    first = town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "80.00")))
    second = town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "80.00")))
    assert (first.shared, second.shared, second.cash) == (80_00, 20_00, 60_00)
    town.settled(town.reversal(first, pharmacy))
    assert town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "90.00"))).shared == 80_00
    town.clock.set(datetime(2024, 7, 1, 0, 0, 1, tzinfo=CHINA))
    assert town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "90.00"))).shared == 90_00


def test_a_reversal_reaches_an_account_that_has_closed_as_a_debt_to_its_holder(town: Town) -> None:
    mother = town.person("王秀兰", "1955-08-13", "retired")
    son = town.person("李建国", "1980-03-01", "active", balance=80_00)
    town.share(son, mother)
    pharmacy = town.institution("P21120200003")
    bought = town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "80.00")))
    with town.database.transaction() as connection:
        connection.execute(sa.text("UPDATE account SET closed_at = now()"))
        connection.execute(
            sa.text(
                "UPDATE authorisation SET state = 'ended', end_reason = 'agency',"
                " in_force = tstzrange(lower(in_force), '2024-06-12 10:30:01+08')"
            )
        )
    back = town.settled(town.reversal(bought, pharmacy))
    assert back.shared == -80_00
    with town.database.transaction() as connection:
        owed = connection.execute(
            sa.text("SELECT sum(amount) FROM transfer WHERE (credit >> 10) & 255 = 6")
        ).scalar_one()
    assert owed == 80_00


def test_care_in_another_city_without_filing_is_not_paid_as_at_home(town: Town) -> None:
    """Tieling's text does not say what an unfiled visit to Jining gets: the fund pays nothing, and the reason is told."""
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=200_00)
    hospital = town.institution("H37080000001")
    away = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL)))
    assert (away.fund_total, away.own, away.cash) == (0, 200_00, 1_068_50)
    assert away.explanation.payers[0].because == "fund.none.no_rule"
    assert "异地" in str(away.explanation.steps[-1].inputs["says"])


def test_every_period_that_a_rule_counts_in_is_loaded() -> None:
    """Shanghai's insurance year begins in July, Baoji counts months: the desk reads them all at once."""
    for on in (date(2024, 1, 1), date(2024, 6, 30), date(2024, 7, 1), date(2024, 12, 31)):
        for reset in Reset:
            for starts in (1, 7):
                assert Counter("any", reset, starts).period(on) in counter_periods(on)
