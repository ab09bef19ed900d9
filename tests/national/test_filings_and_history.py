"""2501 to 2506, 5201, 5202, 5204, 5205, 5301 and 5302: what a hospital files for a patient and reads back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from counter_window import Household, Window, sample
from test_family_at_the_counter import payment, registered, uploaded

from gongji.registry import filings
from gongji.registry.filings import FilingKind
from gongji.settlement.model import from_wire
from town import Town


def disease(household: Household, **other: Any) -> dict[str, Any]:
    """2503: mother has diabetes."""
    told = {
        "psn_no": household.mother.psn_no,
        "insutype": "310",
        "opsp_dise_code": "M01600",
        "opsp_dise_name": "糖尿病",
        "insu_optins": "211200",
        "ide_fixmedins_no": "H21120200001",
        "ide_fixmedins_name": "铁岭市中心医院",
        "hosp_ide_date": "2024-06-10",
        "diag_dr_codg": "D2112001",
        "diag_dr_name": "测试医师",
        "begndate": "2024-06-12",
    }
    return {"data": told | other}


def grant(town: Town, household: Household, number: str) -> None:
    """The agency grants a filing."""
    filing_id = from_wire(number)
    assert filing_id is not None
    with town.database.transaction() as connection:
        filings.grant(connection, household.mother.id, filing_id)


def audited(town: Town) -> list[str]:
    """What was read or filed about the mother, in order."""
    with town.database.transaction() as connection:
        query = "SELECT action FROM audit_entry WHERE person_id IS NOT NULL AND action <> 'person.read' ORDER BY id"
        return list(connection.execute(sa.text(query)).scalars())


def test_a_disease_is_filed_once_granted_and_found(hospital: Window, household: Household, town: Town) -> None:
    mine = {"data": {"psn_no": household.mother.psn_no}}
    message = hospital.message("2503", disease(household))
    number = hospital.post(message).json()["output"]["result"]["trt_dcla_detl_sn"]
    assert hospital.post(message).json()["output"]["result"]["trt_dcla_detl_sn"] == number
    assert hospital.done("5301", mine) == {"feedetail": []}  # filed, not granted
    assert "[filing.overlap]" in hospital.refused("2503", disease(household, begndate="2024-07-01"))
    grant(town, household, number)
    found = hospital.done("5301", mine)
    (row,) = found["feedetail"]
    assert (row["opsp_dise_code"], row["opsp_dise_name"]) == ("M01600", "糖尿病")
    assert (row["begndate"], row["enddate"]) == ("2024-06-12", None)
    real = sample("hebei_5301_response")["response"]["output"]["feedetail"][0]
    assert set(real) == set(found["feedetail"][0])
    back = {"data": {"trt_dcla_detl_sn": number, "psn_no": household.mother.psn_no, "memo": "填错"}}
    assert "[filing.granted]" in hospital.refused("2504", back)
    assert audited(town) == ["filing.file", "filing.read", "filing.read"]


def test_what_the_agency_refused_is_told_to_the_hospital_and_filed_anew(
    hospital: Window, household: Household, town: Town
) -> None:
    """Not found by 5301, not to be taken back, and no hindrance to filing the same again."""
    mine = {"data": {"psn_no": household.mother.psn_no}}
    number = hospital.done("2503", disease(household))["result"]["trt_dcla_detl_sn"]
    filing_id = from_wire(number)
    assert filing_id is not None
    with town.database.transaction() as connection:
        filings.refuse(connection, household.mother.id, filing_id, "not_shown")
    assert hospital.done("5301", mine) == {"feedetail": []}
    back = {"data": {"trt_dcla_detl_sn": number, "psn_no": household.mother.psn_no, "memo": "填错"}}
    assert "没有通过审核，请重新申报[filing.refused]" in hospital.refused("2504", back)
    again = hospital.done("2503", disease(household))["result"]["trt_dcla_detl_sn"]
    assert again != number
    grant(town, household, again)
    assert len(hospital.done("5301", mine)["feedetail"]) == 1


def test_a_filing_is_taken_back_by_who_made_it_alone(
    hospital: Window, pharmacy: Window, household: Household, town: Town
) -> None:
    number = hospital.done("2503", disease(household))["result"]["trt_dcla_detl_sn"]
    back = {"data": {"trt_dcla_detl_sn": number, "psn_no": household.mother.psn_no, "memo": "填错"}}
    assert "[filing.unknown]" in pharmacy.refused("2504", back)
    stranger = {"data": back["data"] | {"psn_no": household.stranger.psn_no}}
    assert "[filing.unknown]" in hospital.refused("2504", stranger)
    assert hospital.done("2504", back) is None
    assert hospital.done("2504", back) is None
    assert hospital.done("2503", disease(household))["result"]["trt_dcla_detl_sn"] != number


def test_a_referral_and_a_chosen_hospital(hospital: Window, household: Household, town: Town) -> None:
    referral = {
        "psn_no": household.mother.psn_no,
        "diag_code": "I25.103",
        "diag_name": "冠心病",
        "reflin_medins_no": "H37080000001",
        "reflin_medins_name": "济宁市第一人民医院",
        "mdtrtarea_admdvs": "370800",
        "refl_type": "3",
        "refl_date": "2024-06-12",
        "refl_rea": "病情需要",
        "refl_opnn": "同意",
    }
    number = hospital.done("2501", {"refmedin": referral})["result"]["trt_dcla_detl_sn"]
    with town.database.transaction() as connection:
        (one,) = filings.filings_of(connection, household.mother.id, [FilingKind.REFERRAL])
    assert (one.id, one.subject, one.since) == (from_wire(number), "H37080000001", date(2024, 6, 12))
    assert one.details["refl_rea"] == "病情需要"
    chosen = {
        "psn_no": household.mother.psn_no,
        "biz_appy_type": "03",
        "begndate": "2024-06-01",
        "fix_srt_no": "1",
        "fixmedins_code": "H21120200002",
        "fixmedins_name": "银州区社区卫生服务中心",
    }
    number = hospital.done("2505", {"data": chosen})["result"]["trt_dcla_detl_sn"]
    doctor = chosen | {"biz_appy_type": "05"}
    grant(town, household, hospital.done("2505", {"data": doctor})["result"]["trt_dcla_detl_sn"])
    grant(town, household, number)
    assert "[filing.overlap]" in hospital.refused("2505", {"data": chosen | {"fixmedins_code": "H21120200001"}})
    assert "[institution.unknown]" in hospital.refused("2505", {"data": chosen | {"fixmedins_code": "H99999999999"}})
    for kind, rows in (("03", 1), ("05", 1), ("", 2)):
        query = {"data": {"psn_no": household.mother.psn_no, "biz_appy_type": kind}}
        found = hospital.done("5302", query)["psnfixmedin"]
        assert [row["fixmedins_code"] for row in found] == ["H21120200002"] * rows
    assert "enddate" in hospital.refused("2503", disease(household, enddate="2024-06-11"))


def test_a_visit_is_read_back_by_its_own_hospital(
    hospital: Window, pharmacy: Window, household: Household, town: Town
) -> None:
    visit = registered(hospital, household)
    info = {"mdtrt_id": visit, "psn_no": household.mother.psn_no, "med_type": "11", "begntime": "2024-06-12"}
    told = [
        {"diag_type": "1", "diag_srt_no": "1", "diag_code": "I10", "diag_name": "高血压", "vali_flag": "1"},
        {"diag_type": "1", "diag_srt_no": "2", "diag_code": "E11", "diag_name": "糖尿病", "vali_flag": "1"},
    ]
    hospital.done("2203", {"mdtrtinfo": info, "diseinfo": told})
    uploaded(hospital, household, visit)
    paid = hospital.done("2207", payment(household, visit))["setlinfo"]
    span = {"psn_no": household.mother.psn_no, "begntime": "2024-06-12", "endtime": "2024-06-12", "med_type": ""}
    (row,) = hospital.done("5201", {"data": span})["mdtrtinfo"]
    assert (row["mdtrt_id"], row["psn_type"], row["begntime"]) == (visit, "12", "2024-06-12 10:00:00")
    assert hospital.done("5201", {"data": span | {"med_type": "14"}}) == {"mdtrtinfo": []}
    assert pharmacy.done("5201", {"data": span}) == {"mdtrtinfo": []}
    named = {"data": {"mdtrt_id": visit, "psn_no": household.mother.psn_no}}
    rows = hospital.done("5202", named)["diseinfo"]
    assert [(one["diag_code"], one["maindiag_flag"]) for one in rows] == [("I10", "1"), ("E11", "0")]
    assert "[visit.unknown]" in pharmacy.refused("5202", named)
    lines = {"data": {"psn_no": household.mother.psn_no, "setl_id": paid["setl_id"], "mdtrt_id": visit}}
    rows = hospital.done("5204", lines)["feedetail"]
    assert [(one["feedetl_sn"], one["det_item_fee_sumamt"], one["chrgitm_lv"]) for one in rows] == [
        ("L0", 800.0, "01"),
        ("L1", 400.0, "02"),
        ("L2", 68.5, "03"),
    ]
    assert sum(one["det_item_fee_sumamt"] for one in rows) == paid["medfee_sumamt"]
    assert "[settlement.unknown]" in pharmacy.refused("5204", lines)
    hospital.done("2601", {"data": {"psn_no": household.mother.psn_no, "omsgid": paid["medins_setl_id"], "oinfno": "2207"}})  # fmt: skip
    assert "[settlement.unknown]" in hospital.refused("5204", lines)
    assert audited(town) == ["visit.read", "visit.read", "visit.read", "visit.read", "settlement.read"]


def test_what_was_dispensed_for_a_disease_is_told_to_every_hospital(
    hospital: Window, pharmacy: Window, household: Household, town: Town
) -> None:
    grant(town, household, hospital.done("2503", disease(household))["result"]["trt_dcla_detl_sn"])
    visit = registered(hospital, household)
    info = {"mdtrt_id": visit, "psn_no": household.mother.psn_no, "med_type": "14", "dise_codg": "M01600"}
    told = {"diag_type": "1", "diag_srt_no": "1", "diag_code": "E11", "diag_name": "糖尿病", "vali_flag": "1"}
    hospital.done("2203", {"mdtrtinfo": info, "diseinfo": [told]})
    uploaded(hospital, household, visit)
    answer = hospital.send("2207", payment(household, visit, med_type="14", dise_codg="M01600"))
    if answer["infcode"] != 0:
        pytest.fail(answer["err_msg"])
    query = {"data": {"psn_no": household.mother.psn_no, "begntime": "2024-01-01 00:00:00"}}
    found = pharmacy.done("5205", query)["feedetail"]
    assert {(one["fixmedins_name"], one["med_type"]) for one in found} == {("铁岭市中心医院", "14")}
    assert sorted(one["med_list_codg"] for one in found) == ["C-A", "C-B", "C-C"]
