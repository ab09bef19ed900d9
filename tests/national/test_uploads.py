"""What clients send that settling does not need: answered so that they go on, checked for form, counted, not kept."""

from __future__ import annotations

import pytest
from counter_window import Window

from gongji.entrances.national.codes import CODES
from gongji.entrances.platform import Platform
from gongji.registry.conformance import conformance
from gongji.rules.model import Scheme
from gongji.settlement.kinds import KINDS
from gongji.settlement.model import AccountUse

#: 12 门诊挂号 is named in the text of 2207 alone.
NOT_IN_THE_DICTIONARY = {"12"}

MAPPED = {
    "fixmedins_hilist_id": "D1",
    "fixmedins_hilist_name": "阿莫西林",
    "list_type": "101",
    "med_list_codg": "XJ01",
    "begndate": "2024-01-01",
    "enddate": "2099-12-31",
}


def test_uploads_are_taken_told_and_counted(platform: Platform, hospital: Window) -> None:
    answer = hospital.send("3301", {"data": [MAPPED, MAPPED]})
    assert (answer["infcode"], answer["output"]) == (0, None)
    assert "未保存" in answer["warn_msg"]
    assert hospital.send("3505", {"selinfo": {"med_list_codg": "X"}})["infcode"] == 0
    listed = hospital.send("4101", {"setlinfo": {"mdtrt_id": "1"}, "diseinfo": [{}, {}]})
    assert len(listed["output"]["setl_list_id"]) == 30
    platform.deviations.flush()
    with platform.database.transaction() as connection:
        rows = conformance(connection, hospital.town.institution(hospital.code))
    kept = {row.infno: row.example for row in rows if row.kind == "not_kept"}
    assert kept == {"3301": "data: 2 rows", "3505": "selinfo: 1 rows", "4101": "setlinfo: 3 rows"}


@pytest.mark.parametrize(
    ("infno", "nodes", "said"),
    [
        ("3301", {"data": [MAPPED, MAPPED | {"list_type": ""}]}, "input.data[1].list_type"),
        ("3301", {"data": MAPPED | {"begndate": "soon"}}, "input.data.begndate"),
        ("3501", {}, "input 中没有任何节点"),
        ("3501", {"invinfo": ["x"]}, "input.invinfo[0] 应为 JSON 对象"),
        ("3501", {"invinfo": 1}, "input.invinfo 应为 JSON 对象"),
        ("3501", {"invinfo": [{}] * 5001}, "5000 行"),
        ("1901", {"data": {}}, "input.data"),
    ],
)
def test_what_has_no_form_is_refused(hospital: Window, infno: str, nodes: object, said: str) -> None:
    assert said in hospital.refused(infno, nodes)


def test_downloads_and_queries_leave_a_client_in_peace(hospital: Window) -> None:
    assert hospital.done("1301", {"data": {"ver": "0"}})["data_cnt"] == 0
    assert hospital.done("1312", {"data": {"page_num": 1}})["lastPage"] is True
    for infno in ("5101", "5102"):
        assert hospital.done(infno, "") == {"feedetail": []}
    path = "/fsi/api/catalogdownservice/downCatalog1301"
    assert hospital.post(hospital.message("1301", {"data": {"ver": "0"}}), path).json()["infcode"] == 0
    assert hospital.post(hospital.message("1302", {"data": {"ver": "0"}}), path).json()["type"] == "error"


def test_the_dictionary_knows_every_code_that_the_gateway_takes(hospital: Window) -> None:
    entries = hospital.done("1901", {"data": {"type": "acct_used_flag"}})["list"]
    assert [(entry["value"], entry["label"]) for entry in entries][2] == ("2", "使用共济人个账")
    assert {entry["value"] for entry in entries} == {use.value for use in AccountUse}
    assert set(CODES["insutype"]) > {scheme.value for scheme in Scheme}
    assert set(CODES["med_type"]) > KINDS.keys() - NOT_IN_THE_DICTIONARY
    assert set(CODES["ordStas"]) == {str(state) for state in range(17)}
    assert all(label and label == label.strip() for table in CODES.values() for label in table.values())
    assert hospital.done("1901", {"data": {"type": "nobody_knows"}}) == {"list": []}
