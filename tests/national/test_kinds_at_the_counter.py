"""Categories of care on the wire: an entitlement is asked for, missing, filed, and used; a prescription names its hospital."""

from __future__ import annotations

from datetime import date
from typing import Any

from counter_window import Household, Window

from gongji.registry.filings import FilingKind, FilingState, NewFiling, file

HYPERTENSION = "M03900"


def asked(window: Window, household: Household, med_type: str, **more: Any) -> tuple[str, str | None]:
    """2001: whether the pooled fund pays, and why not."""
    data = {"psn_no": household.mother.psn_no, "insutype": "310", "med_type": med_type, "begntime": "2024-06-12"}
    rows = window.done("2001", {"data": data | more})["trtinfo"]
    return rows[0]["trt_enjymnt_flag"], rows[0]["trt_chk_rslt"]


def sale(household: Household, **more: Any) -> dict[str, Any]:
    mother = household.mother
    info = {
        "psn_no": mother.psn_no,
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": mother.certificate,
        "begntime": "2024-06-12",
        "medfee_sumamt": 100,
        "insutype": "310",
        "acct_used_flag": 1,
        "med_type": "41",
    }
    item = {"feedetl_sn": 1, "fee_ocur_time": "2024-06-12", "med_list_codg": "C-A", "cnt": 1, "pric": 100}
    return {"druginfo": info | more, "drugdetail": [item | {"det_item_fee_sumamt": 100}]}


def test_2001_says_what_the_desk_will_do(hospital: Window, household: Household) -> None:
    hospital.sees(household.mother)
    assert asked(hospital, household, "11") == ("1", None)
    flag, why = asked(hospital, household, "14", dise_codg=HYPERTENSION)
    assert flag == "0"
    assert why is not None
    assert "2503" in why
    town = hospital.town
    told = NewFiling(
        household.mother.id, FilingKind.SPECIAL_DISEASE, HYPERTENSION, date(2024, 1, 1), state=FilingState.GRANTED
    )
    with town.database.transaction() as connection:
        file(connection, town.database.serials, told, town.clock.now())
    flag, why = asked(hospital, household, "14", dise_codg=HYPERTENSION)
    assert (flag, why) == ("0", "参保地没有这类医疗的统筹基金支付规则，费用由个人账户或现金支付")
    assert asked(hospital, household, "51")[0] == "0"


def test_a_special_disease_at_a_pharmacy_needs_its_filing(pharmacy: Window, household: Household) -> None:
    without = pharmacy.refused("2102", sale(household, med_type="14"))
    assert without.endswith("[settlement.disease]")
    refused = pharmacy.refused("2102", sale(household, med_type="14", dise_codg=HYPERTENSION))
    assert refused.endswith("[settlement.not_entitled]")
    town = pharmacy.town
    told = NewFiling(household.mother.id, FilingKind.SPECIAL_DISEASE, HYPERTENSION, date(2024, 1, 1))
    with town.database.transaction() as connection:
        file(connection, town.database.serials, told, town.clock.now())
    waits = pharmacy.refused("2101", sale(household, med_type="14", dise_codg=HYPERTENSION))
    assert waits.endswith("[settlement.under_review]")


def test_a_prescription_names_a_hospital(pharmacy: Window, household: Household) -> None:
    for extension in ({"rxfixmedinsCode": "H21120200001"}, '{"rxfixmedinsCode": "H21120200001"}', "任意文字", "{"):
        assert pharmacy.done("2101", sale(household, exp_content=extension))["setlinfo"]["medfee_sumamt"] == 100.0
    for code in ("H99999999999", "P21120200003", 7):
        refused = pharmacy.refused("2101", sale(household, exp_content={"rxfixmedinsCode": code}))
        assert "rxfixmedinsCode" in refused
        assert refused.endswith("[field.invalid]")
