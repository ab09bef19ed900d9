"""GJ01 to GJ03: a daughter and her mother bind at the hospital's counter, by review in Tieling, by commitment in Jining."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from counter_window import Window
from test_mobile_orders import code_of

import gongji.entrances.demo
from gongji.family.service import evidence_list
from gongji.registry.model import Person
from gongji.registry.service import people_by_id
from town import JINING, Town

BOOK = (Path(gongji.entrances.demo.__file__).parent / "world" / "household-register.png").read_bytes()


def people(town: Town, region: str) -> tuple[Person, Person]:
    """A daughter with an account and her mother."""
    daughter = town.person("李婷", "1980-05-20", "active", balance=500_00, gender=2, region=region)
    mother = town.person("王秀兰", "1953-03-08", "retired", balance=1_00, gender=2, region=region)
    with town.database.transaction() as connection:
        found = people_by_id(connection, town.vault, [daughter, mother])
    return found[daughter], found[mother]


def wish(sharer: Person, user: Person, **other: Any) -> dict[str, Any]:
    """The input of GJ01."""
    data = {
        "sharer_cert_type": "02",
        "sharer_cert_no": sharer.certificate,
        "user_cert_type": "2",
        "user_cert_no": user.certificate,
        "relation": "parent",
        "cmtm_flag": "1",
    }
    return {"data": data | other}


def query(person: Person, **other: Any) -> dict[str, Any]:
    """The input of GJ02 and GJ03."""
    return {"data": {"cert_type": "02", "cert_no": person.certificate, **other}}


def test_by_commitment_it_is_in_force_at_once_until_it_ends(hospital: Window, town: Town) -> None:
    daughter, mother = people(town, JINING)
    message = hospital.message("GJ01", wish(daughter, mother, purposes=["care"]))
    (row,) = hospital.post(message).json()["output"]["authinfo"]
    assert (row["procedure"], row["stas"], row["relation"]) == ("commitment", "active", "parent")
    assert (row["sharer_name"], row["user_name"]) == ("*婷", "**兰")
    assert hospital.post(message).json()["output"]["authinfo"] == [row]
    assert "authorisation.already_open" in hospital.refused("GJ01", wish(daughter, mother))
    for person in (daughter, mother):
        assert hospital.done("GJ02", query(person))["authinfo"] == [row]
    town.clock.advance(timedelta(days=1))
    (ended,) = hospital.done("GJ03", query(mother, auth_id=row["auth_id"]))["authinfo"]
    assert (ended["stas"], ended["endtime"]) == ("ended", "2024-06-13 10:30:00")
    assert "authorisation.transition" in hospital.refused("GJ03", query(daughter, auth_id=row["auth_id"]))
    with town.database.transaction() as connection:
        audited = connection.execute(sa.text("SELECT role, holder, action FROM audit_entry ORDER BY id")).all()
    assert {(one.role, one.holder) for one in audited} == {("integrator", "H21120200001")}
    assert [one.action for one in audited][:2] == ["authorisation.bind", "authorisations.read"]


def sent(window: Window, content: bytes, name: str) -> str:
    """9101; gives the file's number."""
    told = {"in": base64.b64encode(content).decode(), "filename": name, "fixmedins_code": window.code}
    return str(window.done("9101", {"fsUploadIn": told})["file_qury_no"])


def test_by_review_the_household_book_goes_along_by_its_file_number(
    hospital: Window, pharmacy: Window, town: Town
) -> None:
    daughter, mother = people(town, "211200")
    # The name says nothing: the counter's scanner calls everything a ZIP.
    file = sent(hospital, BOOK, "scan.zip")
    evidence = {"evid_type": "household_book", "file_qury_no": file}
    assert "file.unknown" in pharmacy.refused("GJ01", wish(daughter, mother, evidence=evidence))
    (row,) = hospital.done("GJ01", wish(daughter, mother, evidence=evidence))["authinfo"]
    assert (row["procedure"], row["stas"], row["begntime"]) == ("review", "under_review", None)
    with town.database.transaction() as connection:
        (document,) = evidence_list(connection, int(row["auth_id"]))
    assert (document.kind, document.pages) == ("household_book", 1)
    # What was sent is not given out again, and is no file of reconciliation.
    assert "file.unknown" in hospital.refused("9102", {"fsDownloadIn": {"file_qury_no": file}})


def test_a_picture_that_does_not_open_is_refused_when_it_is_sent(hospital: Window, town: Town) -> None:
    def refusal(content: bytes, name: str = "book.png") -> str:
        told = {"in": base64.b64encode(content).decode(), "filename": name}
        return hospital.refused("9101", {"fsUploadIn": told})

    assert "document.unreadable" in refusal(BOOK[:200])
    assert "document.unreadable" in refusal(b"%PDF-1.7 and nothing else")
    assert "archive.broken" in refusal(b"GIF89a of the household book")
    with town.database.transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM stored_file")).scalar_one() == 0


def test_evidence_is_usable_for_thirty_days(hospital: Window, town: Town) -> None:
    daughter, mother = people(town, "211200")
    evidence = {"evid_type": "household_book", "file_qury_no": sent(hospital, BOOK, "book.png")}
    town.clock.advance(timedelta(days=30))
    assert "file.unknown" in hospital.refused("GJ01", wish(daughter, mother, evidence=evidence))


def test_what_cannot_be_bound_leaves_nothing_behind(hospital: Window, pharmacy: Window, town: Town) -> None:
    daughter, mother = people(town, "211200")
    lost = {"evid_type": "household_book", "file_qury_no": "0" * 30}
    assert "file.unknown" in hospital.refused("GJ01", wish(daughter, mother, evidence=[lost]))
    assert "input.data.evidence[0].file_qury_no" in hospital.refused(
        "GJ01", wish(daughter, mother, evidence=[{"evid_type": "household_book"}])
    )
    assert "authorisation.same_person" in hospital.refused("GJ01", wish(daughter, daughter))
    assert "input.data.purposes" in hospital.refused("GJ01", wish(daughter, mother, purposes=["gold"]))
    assert "input.data.relation" in hospital.refused("GJ01", wish(daughter, mother, relation="friend"))
    assert "person.unknown" in hospital.refused("GJ01", wish(daughter, mother, user_cert_no="211202195508131223"))
    assert hospital.done("GJ02", query(daughter)) == {"authinfo": []}
    (row,) = hospital.done("GJ01", wish(daughter, mother))["authinfo"]
    assert row["stas"] == "submitted"
    stranger = town.person("钱多", "1990-01-01", "active", balance=0, household="别家")
    with town.database.transaction() as connection:
        other = people_by_id(connection, town.vault, [stranger])[stranger]
    assert "authorisation.unknown" in pharmacy.refused("GJ03", query(other, auth_id=row["auth_id"]))
    assert "authorisation.unknown" in pharmacy.refused("GJ03", query(daughter, auth_id="x"))


@pytest.mark.parametrize("shown", ["sharer", "user"])
def test_codes_on_the_phones_serve_as_credentials(hospital: Window, town: Town, shown: str) -> None:
    daughter, mother = people(town, JINING)
    person = daughter if shown == "sharer" else mother
    token = hospital.done("6101", {"data": {"ecQrCode": code_of(town, person)}})["data"]["ecToken"]
    data = wish(daughter, mother, **{f"{shown}_cert_type": "01", f"{shown}_cert_no": token})
    (row,) = hospital.done("GJ01", data)["authinfo"]
    assert row["stas"] == "active"
