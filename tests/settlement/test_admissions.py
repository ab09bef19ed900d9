"""The life of a stay: nobody is in two hospitals, lines lie inside it, pieces go back, and what is settled stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from gongji.foundation.errors import GongjiError
from gongji.settlement import admission_lines, admissions, visits
from gongji.settlement.model import PricedLine
from town import Town
from ward import Ward, moment


@pytest.fixture
def ward(town: Town) -> Ward:
    """铁岭市中心医院."""
    return Ward(town, town.institution("H21120200001"))


@pytest.fixture
def mother(town: Town) -> int:
    """A retired woman with ¥2,000.00."""
    return town.person("王秀兰", "1955-08-13", "retired", balance=2_000_00, gender=2)


def code(action: object, *arguments: object, **named: object) -> str:
    """The code of the refusal that a call ends with."""
    with pytest.raises(GongjiError) as caught:
        action(*arguments, **named)  # type: ignore[operator]
    return caught.value.code


def piece(line: PricedLine, count: int, sn: str, total: int | None = None) -> PricedLine:
    """A line that takes pieces of another back (count in pieces, total in fen)."""
    amount = count * line.total * 10**4 // line.count if total is None else total
    return replace(line, sn=sn, count=-count * 10**4, total=-amount, takes_back=line.sn)


def test_nobody_is_in_two_hospitals(town: Town, ward: Ward, mother: int) -> None:
    elsewhere = Ward(town, town.institution("H21120200002"))
    stay = ward.admit(mother, "2024-06-03")
    assert code(elsewhere.admit, mother, "2024-06-05") == "admission.overlaps"
    assert code(ward.admit, mother, "2024-06-01") == "admission.overlaps"
    ward.discharge(stay, "2024-06-10")
    # On the day she leaves she may enter another one, then not be back in the first.
    other = elsewhere.admit(mother, "2024-06-10")
    assert code(ward.undo_discharge, stay) == "admission.overlaps"
    elsewhere.cancel(other)
    ward.undo_discharge(stay)
    assert ward.state(stay) == "admitted"


def test_of_ten_hospitals_that_admit_her_at_once_one_does(town: Town, ward: Ward, mother: int) -> None:
    def admit(_: int) -> str:
        try:
            return ward.state(ward.admit(mother, "2024-06-03"))
        except GongjiError as problem:
            return problem.code

    with ThreadPoolExecutor(10) as callers:
        outcomes = sorted(callers.map(admit, range(10)))
    assert outcomes == ["admission.overlaps"] * 9 + ["admitted"]


def test_the_same_2401_again_is_the_same_stay(ward: Ward, mother: int) -> None:
    first = ward.admit(mother, "2024-06-03", msgid="H21120200001202406030900000001")
    assert ward.admit(mother, "2024-06-03", msgid="H21120200001202406030900000001") == first


def test_admissions_that_cannot_be(town: Town, ward: Ward, mother: int) -> None:
    pharmacy = Ward(town, town.institution("P21120200003"))
    assert code(pharmacy.admit, mother, "2024-06-03") == "admission.institution"
    assert code(ward.admit, mother, "2024-06-03", "11") == "admission.med_type"
    stay = ward.admit(mother, "2024-06-03")
    with town.database.transaction() as connection:
        assert code(
            admissions.discharge, connection, ward.own(connection, stay), moment("2024-06-02"), {}, [], moment("2024-06-04")
        ) == "admission.endtime"  # fmt: skip
        assert code(
            admissions.discharge, connection, ward.own(connection, stay), moment("2024-06-06"), {}, [], moment("2024-06-04")
        ) == "admission.in_future"  # fmt: skip


def test_a_discharge_told_twice_changes_nothing_and_another_is_refused(town: Town, ward: Ward, mother: int) -> None:
    stay = ward.admit(mother, "2024-06-03")
    ward.discharge(stay, "2024-06-10")
    ward.discharge(stay, "2024-06-10")
    assert code(ward.discharge, stay, "2024-06-11") == "admission.state"
    ward.undo_discharge(stay)
    ward.undo_discharge(stay)
    ward.discharge(stay, "2024-06-11")
    assert ward.state(stay) == "discharged"


def test_a_stay_of_a_day_told_without_hours(ward: Ward, mother: int) -> None:
    """Admitted at nine, discharged on that day: a day alone means the whole of it."""
    stay = ward.admit(mother, "2024-06-03")
    ward.discharge(stay, "2024-06-03 00:00")
    assert ward.state(stay) == "discharged"


def test_lines_lie_inside_the_stay(town: Town, ward: Ward, mother: int) -> None:
    stay = ward.admit(mother, "2024-06-03")
    assert code(ward.treat, stay, ("C-A", 1, "10.00"), on="2024-06-02") == "admission.lines_outside"
    town.clock.set(moment("2024-06-08"))
    assert code(ward.treat, stay, ("C-A", 1, "10.00"), on="2024-06-09") == "admission.lines_outside"
    ward.treat(stay, ("C-A", 1, "10.00"), on="2024-06-07")
    assert code(ward.discharge, stay, "2024-06-06") == "admission.lines_outside"
    ward.discharge(stay, "2024-06-07")
    ward.treat(stay, ("C-A", 1, "20.00"), on="2024-06-07")
    assert code(ward.treat, stay, ("C-A", 1, "10.00"), on="2024-06-08") == "admission.lines_outside"
    ward.settle(stay, 30_00)
    assert code(ward.treat, stay, ("C-A", 1, "10.00"), on="2024-06-07") == "admission.state"


def test_an_admission_is_cancelled_only_without_lines(town: Town, ward: Ward, mother: int) -> None:
    stay = ward.admit(mother, "2024-06-03")
    ward.treat(stay, ("C-A", 1, "10.00"))
    assert code(ward.cancel, stay) == "admission.has_lines"
    with town.database.transaction() as connection:
        admission_lines.drop_lines(connection, ward.own(connection, stay), ["0000"])
    ward.cancel(stay)
    ward.cancel(stay)
    assert ward.state(stay) == "cancelled"
    assert code(ward.treat, stay, ("C-A", 1, "10.00")) == "admission.state"
    assert ward.state(ward.admit(mother, "2024-06-03")) == "admitted"


def test_pieces_go_back_out_of_their_own_line(town: Town, ward: Ward, mother: int) -> None:
    """Three boxes at ¥250.00 of which ¥195.00 count: one goes back with its share of every part, more than three never."""
    stay = ward.admit(mother, "2024-06-03")
    (bought,) = ward.treat(stay, ("C-B", 3, "250.00"))
    assert (bought.over_limit, bought.first_self_pay, bought.in_scope) == (165_00, 58_50, 526_50)
    (gone,) = ward.upload(stay, [piece(bought.line, 1, "back-1")])
    assert (gone.over_limit, gone.first_self_pay, gone.in_scope) == (-55_00, -19_50, -175_50)
    assert ward.upload(stay, [piece(bought.line, 1, "back-1")]) == [gone]
    assert code(ward.upload, stay, [piece(bought.line, 3, "back-2")]) == "fee_line.takes_too_much"
    assert code(ward.upload, stay, [piece(bought.line, 1, "back-3"), piece(bought.line, 2, "back-4")]) == (
        "fee_line.takes_too_much"
    )
    ward.discharge(stay, "2024-06-05")
    made = ward.settle(stay, 500_00)
    assert (made.total, made.over_limit, made.first_self_pay, made.in_scope) == (500_00, 110_00, 39_00, 351_00)


def test_thirds_that_go_back_leave_the_fen_of_rounding(town: Town, ward: Ward, mother: int) -> None:
    """Three pieces at ¥3.333333 are ¥10.00; three times ¥3.33 go back, no part falls below zero."""
    stay = ward.admit(mother, "2024-06-03")
    (line,) = town.lines(("C-B", 3, "3.33"), batch="")
    (bought,) = ward.upload(stay, [replace(line, price=3_333_333, total=10_00)])
    back = [replace(piece(bought.line, 1, f"back-{n}"), total=-3_33) for n in range(3)]
    gone = ward.upload(stay, back)
    assert sum(one.line.total for one in gone) == -9_99
    left = [bought, *gone]
    assert (sum(one.first_self_pay for one in left), sum(one.in_scope for one in left)) == (1, 0)
    ward.discharge(stay, "2024-06-05")
    assert ward.settle(stay, 1).total == 1


def test_returns_that_cannot_be(town: Town, ward: Ward, mother: int) -> None:
    stay = ward.admit(mother, "2024-06-03")
    first, second = ward.treat(stay, ("C-A", 2, "10.00"), ("C-C", 1, "5.00"))
    assert code(ward.upload, stay, [replace(first.line, sn="x", count=-(10**4), total=-10_00)]) == "fee_line.count"
    assert code(ward.upload, stay, [replace(first.line, sn="x", takes_back="y")]) == "fee_line.count"
    assert code(ward.upload, stay, [replace(piece(first.line, 1, "x"), takes_back="?")]) == "fee_line.takes_back"
    assert (
        code(ward.upload, stay, [replace(piece(first.line, 1, "x"), takes_back=second.line.sn)])
        == "fee_line.takes_back"
    )
    ward.upload(stay, [piece(first.line, 1, "back")])
    with town.database.transaction() as connection:
        known = ward.own(connection, stay)
        assert code(admission_lines.drop_lines, connection, known, [first.line.sn]) == "fee_line.has_returns"
        assert code(admission_lines.drop_lines, connection, known, ["?"]) == "fee_line.unknown"
        admission_lines.drop_lines(connection, known, [first.line.sn, "back"])
    ward.settle(stay, 5_00, mid_stay=True)
    assert code(ward.upload, stay, [piece(second.line, 1, "late")]) == "fee_line.takes_back"
    with town.database.transaction() as connection:
        assert (
            code(admission_lines.drop_lines, connection, ward.own(connection, stay), [second.line.sn])
            == "fee_line.settled"
        )


def test_what_was_told_at_admission_is_corrected(town: Town, ward: Ward, mother: int) -> None:
    """Diagnosis 1 is replaced, 2 is added; the beginning moves, but not behind a line."""
    stay = ward.admit(mother, "2024-06-03")
    ward.treat(stay, ("C-A", 1, "10.00"), on="2024-06-03")
    told = [{"diag_srt_no": "1", "diag_code": "I10"}, {"diag_srt_no": "2", "diag_code": "E11"}]

    def change(began: str, med_type: str = "2101") -> None:
        with town.database.transaction() as connection:
            admissions.change_admission(
                connection, ward.own(connection, stay), began_at=moment(began), med_type=med_type, number="",
                details={"adm_bed": "12"}, diagnoses=told, at=town.clock.now(),
            )  # fmt: skip

    change("2024-06-02")
    with town.database.transaction() as connection:
        found = admissions.find_admission(connection, stay.id)
    assert found is not None
    assert [one["diag_code"] for one in found.visit.diagnoses] == ["I10", "E11"]
    assert (found.admitted_at, found.visit.number, found.visit.med_type) == (moment("2024-06-02"), "住院1", "2101")
    town.clock.set(moment("2024-06-05"))
    assert code(change, "2024-06-04") == "admission.lines_outside"
    assert code(change, "2024-06-03", "11") == "admission.med_type"


def test_outpatient_messages_do_not_reach_a_stay(town: Town, ward: Ward, mother: int) -> None:
    stay = ward.admit(mother, "2024-06-03")
    with town.database.transaction() as connection:
        assert code(visits.cancel_visit, connection, ward.hospital.id, mother, stay.id, "") == "admission.inpatient"
        assert code(
            visits.upload_lines, connection, ward.hospital, mother, stay.id, town.lines(("C-A", 1, "5.00"))
        ) == "admission.inpatient"  # fmt: skip
    visit, _ = town.visit(mother, ward.hospital, ("C-A", 1, "5.00"))
    with town.database.transaction() as connection:
        assert code(admissions.own_admission, connection, ward.hospital.id, mother, visit) == "admission.outpatient"
        assert code(admissions.own_admission, connection, ward.hospital.id + 1, mother, stay.id) == "admission.unknown"


def test_the_database_holds_the_way_of_a_stay(town: Town, ward: Ward, mother: int) -> None:
    stay = ward.admit(mother, "2024-06-03")
    for statement in (
        "UPDATE admission SET state = 'settled', discharged_at = admitted_at WHERE visit_id = :id",
        "UPDATE admission SET state = 'discharged' WHERE visit_id = :id",
        "UPDATE admission SET person_id = person_id + 1024 WHERE visit_id = :id",
        "DELETE FROM admission WHERE visit_id = :id",
    ):
        with pytest.raises(sa.exc.DBAPIError), town.database.transaction() as connection:
            connection.execute(sa.text(statement), {"id": stay.id})
    ward.cancel(stay)
    with pytest.raises(sa.exc.DBAPIError), town.database.transaction() as connection:
        connection.execute(sa.text("UPDATE admission SET state = 'admitted' WHERE visit_id = :id"), {"id": stay.id})
