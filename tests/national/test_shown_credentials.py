"""An institution acts only for people who showed their credential there: a number read off a receipt opens nothing."""

from __future__ import annotations

from datetime import timedelta

from counter_window import Household, Window
from test_family_at_the_counter import registration

from town import Town


def entitlement(household: Household) -> dict[str, object]:
    """2001's input for the mother."""
    return {
        "data": {
            "psn_no": household.mother.psn_no,
            "insutype": "310",
            "med_type": "11",
            "begntime": "2024-06-12",
        }
    }


def sale(household: Household, **changes: object) -> dict[str, object]:
    """2101's input: the mother buys for 20.00 yuan; nothing is shown."""
    bought = {
        "psn_no": household.mother.psn_no,
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": "02",
        "begntime": "2024-06-12",
        "medfee_sumamt": 20,
        "insutype": "310",
        "acct_used_flag": "1",
        "med_type": "41",
    }
    line = {
        "feedetl_sn": "1",
        "fee_ocur_time": "2024-06-12",
        "med_list_codg": "C-A",
        "cnt": 1,
        "pric": 20,
        "det_item_fee_sumamt": 20,
    }
    return {"druginfo": bought | changes, "drugdetail": [line]}


def test_who_was_never_there_is_not_asked_about(hospital: Window, household: Household) -> None:
    said = hospital.refused("2001", entitlement(household))
    assert said.startswith("input.data.psn_no 该人员未在本机构出示过凭证：请先读取其医保凭证并调用 1101")
    assert "[person.not_presented]" in said
    totals = {"data": {"psn_no": household.mother.psn_no, "cum_ym": "202406"}}
    assert "[person.not_presented]" in hospital.refused("5206", totals)
    hospital.sees(household.mother)
    assert hospital.done("2001", entitlement(household))["trtinfo"]
    hospital.done("5206", totals)


def test_what_one_institution_saw_opens_nothing_at_another(
    hospital: Window, pharmacy: Window, household: Household
) -> None:
    hospital.sees(household.mother)
    assert "[person.not_presented]" in pharmacy.refused("2001", entitlement(household))


def test_a_sale_without_a_credential_needs_one_that_was_read_lately(
    town: Town, pharmacy: Window, household: Household
) -> None:
    assert "[person.not_presented]" in pharmacy.refused("2101", sale(household))
    assert pharmacy.done("2101", sale(household, certno=household.mother.certificate))["setlinfo"]
    pharmacy.sees(household.mother)
    assert pharmacy.done("2101", sale(household))["setlinfo"]
    town.clock.advance(timedelta(days=3, minutes=1))
    assert "[person.not_presented]" in pharmacy.refused("2101", sale(household))


def test_a_kind_of_credential_that_nobody_can_check_shows_nothing(pharmacy: Window, household: Household) -> None:
    unknown = sale(household, mdtrt_cert_type="77", mdtrt_cert_no="123456789012")
    assert "[person.not_presented]" in pharmacy.refused("2101", unknown)


def test_a_registration_without_a_credential_needs_one_that_was_read(hospital: Window, household: Household) -> None:
    bare = registration(household.mother) | {"mdtrt_cert_no": "02"}
    assert "[person.not_presented]" in hospital.refused("2201", {"data": bare})
    hospital.sees(household.mother)
    assert hospital.done("2201", {"data": bare})["data"]["mdtrt_id"]
