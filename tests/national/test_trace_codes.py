"""A pharmacy sends the trace codes of the packs that it sells: they are kept with the line, and the scan finds a code twice."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from counter_window import Household, Window

from gongji.oversight.alerts.scan import scan
from gongji.oversight.alerts.tables import alert, drug_trace
from town import Town


def sale(household: Household, traces: object) -> dict[str, Any]:
    """One box of ¥60.00 for the mother, with what the till fills in for trace codes."""
    line = {
        "feedetl_sn": "1",
        "fee_ocur_time": "2024-06-12 10:20:00",
        "med_list_codg": "C-A",
        "det_item_fee_sumamt": "60.00",
        "cnt": "1",
        "pric": "60",
        "durg_trac_info": traces,
    }
    info = {
        "psn_no": household.mother.psn_no,
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": household.mother.certificate,
        "begntime": "2024-06-12 10:20:00",
        "medfee_sumamt": "60.00",
        "insutype": "310",
        "acct_used_flag": "1",
        "med_type": "41",
    }
    return {"druginfo": info, "drugdetail": [line]}


def kept(town: Town) -> list[str]:
    """The codes that a scan has taken out of what was sold."""
    scan(town.database, town.clock)
    with town.database.transaction() as connection:
        return sorted(connection.execute(sa.select(drug_trace.c.code)).scalars())


@pytest.mark.parametrize(
    ("traces", "codes"),
    [
        ([{"feedetl_sn": "1", "drug_trac_codg": "81000001", "trdn_flag": "0"}], ["81000001"]),
        ({"drug_trac_codg": " 81000001 ", "trdn_flag": "0"}, ["81000001"]),
        (
            [{"drug_trac_codg": "81000001"}, {"drug_trac_codg": "81000001"}, {"drug_trac_codg": "81000002"}],
            ["81000001", "81000002"],
        ),
        ([{"drug_trac_codg": "81000001", "trdn_flag": "1"}], []),
        ([{"drug_trac_codg": ""}, {"drug_trac_codg": 81}, {"drug_trac_codg": "8" * 101}, "81000001", None], []),
        ("null", []),
        (None, []),
    ],
)
def test_codes_of_whole_packs_are_kept_and_nothing_stops_a_purchase(
    pharmacy: Window, household: Household, town: Town, traces: object, codes: list[str]
) -> None:
    sold = pharmacy.done("2102", sale(household, traces))["setlinfo"]
    assert sold["acct_pay"] == 60.0
    assert kept(town) == codes


def test_a_code_that_is_sold_twice_is_an_alert_until_one_sale_is_taken_back(
    pharmacy: Window, household: Household, town: Town
) -> None:
    nodes = sale(household, [{"drug_trac_codg": "81000001", "trdn_flag": "0"}])
    pharmacy.done("2102", nodes)
    again = pharmacy.done("2102", nodes)["setlinfo"]
    assert scan(town.database, town.clock).new == {"trace_code_reused": 1}
    pharmacy.done("2103", {"data": {name: again[name] for name in ("psn_no", "setl_id", "mdtrt_id")}})
    assert scan(town.database, town.clock).lapsed == 1
    with town.database.transaction() as connection:
        assert connection.execute(sa.select(alert.c.lapsed_at)).scalar_one() is not None
