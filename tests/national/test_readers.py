"""1161, 1162 and 1201 answer with the fields, types and forms of real centres."""

from __future__ import annotations

from typing import Any

import pytest
from counter_window import Household, Window, sample
from test_mobile_orders import code_of

from town import Town


def same_kinds(ours: dict[str, Any], real: dict[str, Any]) -> None:
    """Every field of the real one stands in ours, of the same type where neither is null."""
    assert set(real) <= set(ours), set(real) - set(ours)
    for name, value in real.items():
        if value is not None and ours[name] is not None:
            numbers = (int, float)
            assert isinstance(ours[name], numbers if isinstance(value, numbers) else type(value)), name


@pytest.mark.parametrize("name", ["chongqing_1161_response", "hebei_1161_response"])
def test_a_card_is_read_as_at_real_centres(hospital: Window, household: Household, name: str) -> None:
    real = sample(name)["response"]["output"]
    shown = {"mdtrt_cert_type": "02", "mdtrt_cert_no": household.mother.certificate}
    ours = hospital.done("1161", {"data": shown})
    assert set(real) <= set(ours)
    same_kinds(ours["baseinfo"], real["baseinfo"])
    same_kinds(ours["insuinfo"][0], real["insuinfo"][0])
    if "cardecinfo" in real:
        same_kinds(ours["cardecinfo"], real["cardecinfo"])
    assert ours["cardecinfo"]["certno"] == household.mother.certificate
    assert ours["insuinfo"][0]["balc"] == 200.00


def test_reading_a_card_shows_the_credential(hospital: Window, household: Household) -> None:
    hospital.done("1161", {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": household.mother.certificate}})
    hospital.done("5206", {"data": {"psn_no": household.mother.psn_no, "cum_ym": "202406"}})


def test_a_code_is_read_in_the_form_of_hebei(hospital: Window, town: Town, household: Household) -> None:
    asked = {"data": {"ecQrCode": code_of(town, household.mother)}}
    answer = hospital.send("1162", asked)
    real = sample("hebei_1162_success_response")["response"]
    assert {name: answer[name] for name in ("code", "type", "message")} == {
        name: real[name] for name in ("code", "type", "message")
    }
    assert answer["data"]["userName"] == household.mother.name
    assert {"userName", "idNo", "idType", "insuOrg", "ecToken"} <= set(answer["data"]) & set(real["data"])


def test_a_code_that_cannot_be_read_says_so_in_that_form(hospital: Window) -> None:
    answer = hospital.send("1162", {"data": {"ecQrCode": "0" * 28}})
    real = sample("hebei_1162_failure_response")["response"]
    assert set(answer) == set(real)
    assert (answer["success"], answer["code"]) == (real["success"], real["code"])
    assert answer["message"].endswith("]")


def test_an_institution_is_told_who_it_is(hospital: Window) -> None:
    (ours,) = hospital.done("1201", {})["medinsinfo"]
    (real,) = sample("zhejiang_1201_response")["response"]["output"]["medinsinfo"]
    assert set(ours) == set(real)
    assert (ours["fixmedins_code"], ours["fixmedins_type"]) == ("H21120200001", "1")
