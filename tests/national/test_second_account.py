"""GJ12 and GJ13 on the wire: on where the setting says so, unknown elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from counter_window import Household, Window
from test_family_at_the_counter import payment, registered, uploaded

from gongji.entrances.national.plugins import switched_on
from gongji.entrances.platform import Platform


@pytest.fixture
def main(hospital: Window, household: Household) -> dict[str, Any]:
    """Her visit settled with no account at all (flag 0): fund 468.05, cash 800.45."""
    visit = registered(hospital, household)
    uploaded(hospital, household, visit)
    return dict(hospital.done("2207", payment(household, visit, acct_used_flag="0"))["setlinfo"])


def test_the_son_pays_after_the_settlement_and_takes_it_back(
    hospital: Window, platform: Platform, household: Household, main: dict[str, Any]
) -> None:
    assert (main["psn_cash_pay"], main["acct_mulaid_pay"]) == (800.45, 0.0)
    mother, son = household.mother, household.son
    data = {
        "psn_no": mother.psn_no,
        "setl_id": main["setl_id"],
        "payer_cert_type": "02",
        "payer_cert_no": son.certificate,
        "acct_pay": "700.00",
    }
    assert "envelope.infno" in hospital.send("GJ12", {"data": data})["err_msg"]
    platform.settings.plugins["second_account"] = ["211200"]
    paid = hospital.done("GJ12", {"data": data})["data"]
    assert (paid["acct_pay"], paid["acct_mulaid_pay"], paid["psn_cash_pay"]) == (700.0, 700.0, 100.45)
    assert "second.too_much" in hospital.refused("GJ12", {"data": data})
    assert "field" in hospital.refused("GJ12", {"data": data | {"payer_cert_type": "09"}})
    assert "person.unknown" in hospital.refused("GJ12", {"data": data | {"payer_cert_no": "211202198001010000"}})
    stored = hospital.done("5203", {"data": {"psn_no": mother.psn_no, "setl_id": main["setl_id"]}})["setlinfo"]
    assert (stored["cash_payamt"], stored["acct_mulaid_pay"]) == (800.45, 0.0)
    back = {"psn_no": mother.psn_no, "secd_setl_id": paid["secd_setl_id"]}
    given = hospital.done("GJ13", {"data": back})["data"]
    assert (given["acct_pay"], given["psn_cash_pay"]) == (-700.0, 800.45)
    assert given["init_secd_setl_id"] == paid["secd_setl_id"]


@pytest.mark.parametrize(
    ("regions", "on"),
    [(["211200"], True), (["210000"], True), (["211202"], True), (["211300"], False), (["370000"], False), ([], False)],
)
def test_where_it_is_on(regions: list[str], on: bool) -> None:
    assert switched_on({"second_account": regions}, "second_account", "211202") is on
    assert not switched_on({"another": regions}, "second_account", "211202")
