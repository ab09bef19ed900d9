"""What real systems do against the letter is taken, and told to their makers: counted, dated, with a masked example."""

from __future__ import annotations

import json

from counter_window import Household, Window
from test_family_at_the_counter import registered

from gongji.entrances.national.deviations import KINDS, DeviationBook
from gongji.entrances.platform import Platform
from gongji.registry.conformance import Deviation, conformance, forget_conformance
from town import Town


def report(platform: Platform, window: Window) -> dict[tuple[str, str, str], Deviation]:
    platform.deviations.flush()
    with platform.database.transaction() as connection:
        rows = conformance(connection, window.town.institution(window.code))
    return {(row.infno, row.kind, row.field): row for row in rows}


def test_habits_of_a_system_are_counted_with_an_example(
    platform: Platform, hospital: Window, pharmacy: Window, household: Household
) -> None:
    """One object for a list, null in words, 1 for 01, the type for the number: all taken, all told."""
    mother = household.mother
    pharmacy.sees(mother)
    line = {"feedetl_sn": 1, "fee_ocur_time": "2024-06-12", "med_list_codg": "C-A", "cnt": 1, "pric": 20}
    sale = {
        "psn_no": mother.psn_no,
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": "02",
        "psn_cert_type": "1",
        "certno": "NULL",
        "begntime": "2024-06-12",
        "medfee_sumamt": 20,
        "insutype": "310",
        "acct_used_flag": 1,
        "med_type": "41",
    }
    for _ in range(2):
        pharmacy.done("2101", {"druginfo": sale, "drugdetail": line | {"det_item_fee_sumamt": 20}})
    found = report(platform, pharmacy)
    for kind, field, example in (
        ("one_object", "input.drugdetail", ""),
        ("null_word", "input.druginfo.certno", "****"),
        ("unpadded", "input.druginfo.psn_cert_type", "1"),
        ("placeholder_credential", "input.druginfo.mdtrt_cert_no", "**"),
        ("moment_form", "input.druginfo.begntime", "2024-06-12"),
        ("left_out", "input.druginfo.psn_name", ""),
    ):
        row = found["2101", kind, field]
        assert (row.count, row.example) == (2, example)
        assert row.first_seen == row.last_seen == hospital.town.clock.now()
    assert mother.certificate not in str(found)
    assert report(platform, hospital) == {}
    with platform.database.transaction() as connection:
        assert forget_conformance(connection, pharmacy.town.institution(pharmacy.code)) == len(found)
    assert report(platform, pharmacy) == {}


def test_what_the_header_says_otherwise_is_told(platform: Platform, hospital: Window) -> None:
    message = hospital.message(
        "9001", {"signIn": {"opter_no": "1", "mac": "1", "ip": "1"}}, msgid="H999", inf_time="2024-06-02 10:00:00"
    )
    assert hospital.post(b"\xef\xbb\xbf" + json.dumps(message).encode()).json()["infcode"] == 0
    hospital.send("1101", {}, msgid="H999")
    found = report(platform, hospital)
    assert {(infno, kind) for infno, kind, _ in found} >= {
        ("9001", "msgid_form"),
        ("9001", "other_day"),
        ("9001", "byte_order_mark"),
        ("1101", "msgid_again"),
        ("1101", "refused.node.missing"),
    }


def test_a_refusal_is_counted_by_its_code_and_field_without_row_numbers(
    platform: Platform, hospital: Window, household: Household
) -> None:
    visit = registered(hospital, household)
    row = {"mdtrt_id": visit, "psn_no": household.mother.psn_no, "chrg_bchno": "B", "feedetl_sn": "1", "cnt": "x"}
    for rows in ([row], [row, row]):
        hospital.refused("2204", {"feedetail": rows})
    found = report(platform, hospital)
    refused = {key[2]: row.count for key, row in found.items() if key[1].startswith("refused.")}
    assert refused == {"input.feedetail[].fee_ocur_time": 2}


def test_counts_of_two_processes_add_up_and_frequent_ones_are_written_seldom(town: Town) -> None:
    hospital, now = town.institution("H21120200001"), town.clock.now()
    books = [DeviationBook(town.database) for _ in range(2)]
    for book in books:
        for _ in range(3):
            book.record(hospital.id, "9001", [("left_out", "", ("opter",))], now)
        book.close()
    with town.database.transaction() as connection:
        (row,) = conformance(connection, hospital)
    assert (row.kind, row.count) == ("left_out", 6)
    key = (hospital.id, "9001", "left_out", "opter", ())
    written = []
    for tick in range(40):
        books[0]._tick = tick
        if books[0]._is_due(key):
            written.append(tick)
    assert written == [0, 1, 3, 7, 15, 31]


def test_every_kind_has_its_words() -> None:
    assert all(zh and en for zh, en in KINDS.values())
