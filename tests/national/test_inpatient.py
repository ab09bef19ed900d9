"""Stays over the national interface: a family of Xi'an from admission to refund, deposits asked for, and wrong messages."""

from __future__ import annotations

import copy
import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from counter_window import Household, Window, sample
from test_mutated_messages import mutated
from test_national_answers import assert_like_real

from gongji.entrances.national.identities import check
from gongji.entrances.national.messages import read_node, read_rows
from gongji.entrances.national.setlinfo import SetlDetail
from gongji.entrances.national.stay_setlinfo import StaySetlInfo
from gongji.registry.model import Person
from gongji.registry.service import people_by_id
from town import Town
from ward import XIAN, moment


@pytest.fixture
def lan(town: Town) -> Person:
    """秦岚 of Xi'an with ¥1,000.00; her husband shares ¥3,000.00 for stays and deposits."""
    town.clock.set(moment("2025-02-01"))
    lan = town.person("秦岚", "1988-01-05", "active", balance=1_000_00, region=XIAN, gender=2)
    husband = town.person("雷鸣", "1986-04-02", "active", balance=3_000_00, region=XIAN)
    town.share(husband, lan, relation="spouse", region=XIAN, purposes=["inpatient", "deposit"])
    with town.database.transaction() as connection:
        return people_by_id(connection, town.vault, [lan])[lan]


def admission(whose: Person, on: str = "2025-02-01 09:00:00", **more: Any) -> dict[str, Any]:
    """2401's input."""
    info = {
        "psn_no": whose.psn_no, "insutype": "310", "begntime": on, "mdtrt_cert_type": "02",
        "mdtrt_cert_no": whose.certificate, "cert_type": "01", "certno": whose.certificate, "med_type": "21",
        "ipt_no": "ZY0001", "atddr_no": "D1", "chfpdr_name": "张医师", "adm_diag_dscr": "冠心病", "adm_dept_codg": "03",
        "adm_dept_name": "心内科", "adm_bed": "12", "dscg_maindiag_code": "I25.103", "dscg_maindiag_name": "冠心病",
    }  # fmt: skip
    return {"mdtrtinfo": info | more, "diseinfo": [diagnosis(whose)]}


def diagnosis(whose: Person, **more: Any) -> dict[str, Any]:
    """One diagnosis of a stay."""
    told = {
        "psn_no": whose.psn_no, "diag_type": "1", "maindiag_flag": "1", "diag_srt_no": "1", "diag_code": "I25.103",
        "diag_name": "冠心病", "diag_dept": "03", "dise_dor_no": "D1", "dise_dor_name": "张医师",
        "diag_time": "2025-02-01 09:30:00",
    }  # fmt: skip
    return told | more


def fee(whose: Person, stay: str, sn: str, price: str, cnt: int = 1, **more: Any) -> dict[str, Any]:
    """A row of 2301."""
    row = {
        "feedetl_sn": sn, "mdtrt_id": stay, "psn_no": whose.psn_no, "med_type": "21",
        "fee_ocur_time": "2025-02-03 10:00:00", "med_list_codg": "C-A", "medins_list_codg": "A1", "cnt": str(cnt),
        "pric": price, "det_item_fee_sumamt": f"{float(price) * cnt:.2f}", "bilg_dept_codg": "03",
        "bilg_dept_name": "心内科", "bilg_dr_codg": "D1", "bilg_dr_name": "张医师",
    }  # fmt: skip
    return row | more


def payment(whose: Person, stay: str, total: str, **more: Any) -> dict[str, Any]:
    """2303's and 2304's input."""
    data = {
        "psn_no": whose.psn_no, "mdtrt_cert_type": "02", "mdtrt_cert_no": whose.certificate, "psn_cert_type": "01",
        "certno": whose.certificate, "psn_type": "11", "psn_name": "秦岚", "medfee_sumamt": total, "psn_setlway": "01",
        "mdtrt_id": stay, "acct_used_flag": "1", "insutype": "310", "mid_setl_flag": "0", "invono": "",
    }  # fmt: skip
    return {"data": data | more}


def leaving(whose: Person, stay: str, on: str = "2025-02-10 10:00:00") -> dict[str, Any]:
    """2402's input."""
    info = {"mdtrt_id": stay, "psn_no": whose.psn_no, "insutype": "310", "endtime": on, "dscg_dept_codg": "03",
            "dscg_dept_name": "心内科", "dscg_way": "1"}  # fmt: skip
    return {"dscginfo": info, "diseinfo": [diagnosis(whose, mdtrt_id=stay)]}


def named(whose: Person, stay: str, **more: Any) -> dict[str, Any]:
    """A stay by its number."""
    return {"data": {"mdtrt_id": stay, "psn_no": whose.psn_no} | more}


def admitted(hospital: Window, whose: Person, **more: Any) -> str:
    """Admit; gives the mdtrt_id."""
    return str(hospital.done("2401", admission(whose, **more))["result"]["mdtrt_id"])


def assert_identities(output: dict[str, Any]) -> None:
    """I1 to I6 and I9's signs, on what came over the wire."""
    nodes = {name: json.loads(json.dumps(value)) for name, value in output.items()}
    assert check(read_node(StaySetlInfo, nodes), read_rows(SetlDetail, nodes)) == []


def test_a_stay_from_admission_to_refund(town: Town, xian: Window, lan: Person) -> None:
    """¥6,200.00 in tier 3: deductible 1,200, 80 % of 5,000; ¥1,000.00 of her own, ¥1,200.00 of her husband's."""
    stay = admitted(xian, lan)
    town.clock.set(moment("2025-02-03 12:00"))
    rows = [fee(lan, stay, "1", "6000.00"), fee(lan, stay, "2", "100.00", 3)]
    uploaded = xian.done("2301", {"feedetail": rows})["result"]
    assert [row["inscp_scp_amt"] for row in uploaded] == [6000, 300]
    gone = fee(lan, stay, "3", "100.00", -1, init_feedetl_sn="2")
    (back,) = xian.done("2301", {"feedetail": [gone]})["result"]
    assert (back["cnt"], back["det_item_fee_sumamt"], back["inscp_scp_amt"]) == (-1, -100, -100)
    in_house = xian.done("5303", {"data": {"psn_no": "", "begntime": "2025-02-01", "endtime": "2025-02-01"}})["data"]
    assert [(one["mdtrt_id"], one["psn_name"], one["begndate"], one["ipt_otp_no"]) for one in in_house] == [
        (stay, "秦岚", "2025-02-01", "ZY0001")
    ]
    quote = xian.done("2303", payment(lan, stay, "6200.00"))
    assert (quote["setlinfo"]["setl_id"], quote["setlinfo"]["psn_cash_pay"]) == (None, 0)
    town.clock.set(moment("2025-02-10 11:00"))
    assert xian.done("2402", leaving(lan, stay)) == {}
    paid = xian.done("2304", payment(lan, stay, "6200.00"))
    info = paid["setlinfo"]
    assert_identities(paid)
    assert (info["hifp_pay"], info["act_pay_dedc"], info["acct_pay"], info["acct_mulaid_pay"], info["balc"]) == (
        4000, 1200, 2200, 1200, 0,
    )  # fmt: skip
    assert (info["clr_type"], info["begndate"], info["enddate"]) == ("21", "2025-02-01", "2025-02-10")
    assert [(row["fund_pay_type"], row["fund_payamt"]) for row in paid["setldetail"]] == [
        ("310100", 4000),
        ("310200", 2200),
    ]
    stored = xian.done("5203", named(lan, stay, setl_id=info["setl_id"]))
    assert (stored["setlinfo"]["medfee_sumamt"], stored["setlinfo"]["clr_type"]) == (6200, "21")
    assert (stored["setlinfo"]["begndate"], stored["setlinfo"]["enddate"]) == ("2025-02-01", "2025-02-10")
    lines = xian.done("5204", named(lan, stay, setl_id=info["setl_id"]))["feedetail"]
    assert [(one["feedetl_sn"], one["cnt"], one["det_item_fee_sumamt"]) for one in lines] == [
        ("1", 1, 6000), ("2", 3, 300), ("3", -1, -100),
    ]  # fmt: skip
    span = {"psn_no": lan.psn_no, "begntime": "2025-02-01 00:00:00", "endtime": "2025-02-28 23:59:59", "med_type": "21"}
    (visit,) = xian.done("5201", {"data": span})["mdtrtinfo"]
    assert (visit["mdtrt_id"], visit["med_type"], visit["endtime"]) == (stay, "21", "2025-02-10 10:00:00")
    told = xian.done("5202", named(lan, stay))["diseinfo"]
    assert [(one["inout_diag_type"], one["diag_code"]) for one in told] == [("1", "I25.103"), ("2", "I25.103")]
    sums = {"insutype": "310", "clr_type": "21", "stmt_begndate": "2025-02-10", "stmt_enddate": "2025-02-10",
            "medfee_sumamt": "6200.00", "fund_pay_sumamt": "4000.00", "acct_pay": "2200.00", "fixmedins_setl_cnt": "1"}  # fmt: skip
    assert xian.done("3201", {"data": sums})["stmtinfo"]["stmt_rslt"] == "0"
    refund = xian.done("2305", named(lan, stay, setl_id=info["setl_id"]))
    assert_identities(refund)
    same = {"age", "balc", "pool_prop_selfpay", "dedc_std"}
    amounts = [name for name, value in info.items() if isinstance(value, int | float) and name not in same]
    assert {name: refund["setlinfo"][name] for name in amounts} == {name: -info[name] for name in amounts}
    assert (refund["setlinfo"]["balc"], refund["setlinfo"]["setl_id"] != info["setl_id"]) == (1000, True)
    # Back to the ward, everything withdrawn, and the admission never was.
    assert xian.done("2405", named(lan, stay)) == {}
    assert xian.done("2302", named(lan, stay, feedetl_sn="0000")) == {}
    assert xian.done("2404", named(lan, stay)) == {}
    assert xian.done("5303", {"data": {"begntime": "2025-02-01", "endtime": "2025-02-28"}})["data"] == []


def test_a_refund_without_setl_id_means_the_last_settlement(town: Town, xian: Window, lan: Person) -> None:
    """As Guangxi's pages send it; the same message again gives the same answer."""
    stay = admitted(xian, lan)
    town.clock.set(moment("2025-02-10 11:00"))
    xian.done("2301", {"feedetail": [fee(lan, stay, "1", "6200.00")]})
    middle = xian.done("2304", payment(lan, stay, "6200.00", mid_setl_flag="1"))
    msgid = "H61010300001202502101100000099"
    first = xian.done("2305", named(lan, stay), msgid=msgid)
    assert first["setlinfo"]["medfee_sumamt"] == -middle["setlinfo"]["medfee_sumamt"]
    assert xian.done("2305", named(lan, stay), msgid=msgid) == first
    assert "没有可撤销的结算" in xian.refused("2305", named(lan, stay))


def test_a_deposit_asked_for_with_the_admission(town: Town, xian: Window, lan: Person) -> None:
    """¥800.00 of her own account is held; the settlement takes it before the rest."""
    asked = admission(lan, exp_content={"deposit_amt": "800.00", "deposit_acct": "1"})
    msgid = "H61010300001202502010900000042"
    answer = xian.send("2401", asked, msgid=msgid)
    assert (answer["infcode"], answer["warn_msg"]) == (0, None)
    told = answer["output"]["result"]
    assert json.loads(told["exp_content"]) == {"deposit_amt": "800.00", "deposit_acct": "1"}
    assert xian.send("2401", asked, msgid=msgid)["output"] == answer["output"]
    assert town.balance(lan.id) == 1_000_00  # ¥200.00 to spend, ¥800.00 held
    stay = told["mdtrt_id"]
    town.clock.set(moment("2025-02-10 11:00"))
    xian.done("2301", {"feedetail": [fee(lan, stay, "1", "1300.00")]})
    xian.done("2402", leaving(lan, stay))
    info = xian.done("2304", payment(lan, stay, "1300.00"))["setlinfo"]
    assert (info["hifp_pay"], info["acct_pay"], info["acct_mulaid_pay"], info["balc"]) == (80, 1220, 220, 0)


def test_a_deposit_that_cannot_be_held_keeps_nobody_out(xian: Window, lan: Person) -> None:
    answer = xian.send("2401", admission(lan, exp_content='{"deposit_amt":"9000.00"}'))
    assert answer["infcode"] == 0
    assert answer["output"]["result"]["exp_content"] is None
    assert "押金未冻结" in answer["warn_msg"]
    assert "[hold.not_enough]" in answer["warn_msg"]


def test_cancelling_gives_the_deposit_back(town: Town, xian: Window, lan: Person) -> None:
    stay = admitted(xian, lan, exp_content={"deposit_amt": "300.00", "deposit_acct": "1"})
    xian.done("2404", named(lan, stay))
    whose = xian.done("1101", {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": lan.certificate}})
    assert whose["insuinfo"][0]["balc"] == 1000


def test_two_windows_settle_one_stay_at_once(town: Town, xian: Window, lan: Person) -> None:
    stay = admitted(xian, lan)
    town.clock.set(moment("2025-02-10 11:00"))
    xian.done("2301", {"feedetail": [fee(lan, stay, "1", "6200.00")]})
    xian.done("2402", leaving(lan, stay))
    with ThreadPoolExecutor(6) as windows:
        answers = list(windows.map(lambda _: xian.send("2304", payment(lan, stay, "6200.00")), range(6)))
    assert sorted(answer["infcode"] for answer in answers) == [-1] * 5 + [0]
    assert all("[admission.state]" in answer["err_msg"] for answer in answers if answer["infcode"])


@pytest.mark.parametrize(
    ("infno", "change", "code"),
    [
        ("2401", {"med_type": "11"}, "admission.med_type"),
        ("2401", {"begntime": "2025-02-02"}, "admission.in_future"),
        ("2401", {"begntime": "yesterday"}, "field.invalid"),
        ("2401", {"ipt_no": ""}, "field.missing"),
        ("2401", {"psn_no": "1"}, "person.unknown"),
        ("2401", {"mdtrt_cert_no": "610103199001010016"}, "person.other_credential"),
        ("2401", {"exp_content": {"deposit_amt": "-3"}}, "amount."),
    ],
)
def test_wrong_admissions_are_told_what_is_wrong(
    xian: Window, lan: Person, infno: str, change: dict[str, Any], code: str
) -> None:
    assert f"[{code}" in xian.refused(infno, admission(lan, **change))


def test_wrong_steps_are_told_what_to_do(town: Town, xian: Window, hospital: Window, lan: Person) -> None:
    stay = admitted(xian, lan)
    assert "[admission.overlaps]" in xian.refused("2401", admission(lan))
    assert "请先办理出院" in xian.refused("2304", payment(lan, stay, "10.00"))
    assert "[settlement.nothing]" in xian.refused("2303", payment(lan, stay, "10.00"))
    assert "[admission.unknown]" in hospital.refused("2404", named(lan, stay))
    assert "[visit.unknown]" in xian.refused("2404", named(lan, "1"))
    assert "[fee_line.other_visit]" in xian.refused(
        "2301", {"feedetail": [fee(lan, stay, "1", "5.00"), fee(lan, "1", "2", "5.00")]}
    )
    assert "[admission.lines_outside]" in xian.refused("2301", {"feedetail": [fee(lan, stay, "1", "5.00")]})
    assert "[fee_line.unknown]" in xian.refused("2302", named(lan, stay, feedetl_sn="7"))
    assert "[admission.inpatient]" in xian.refused("2202", named(lan, stay, ipt_otp_no="ZY0001"))
    assert "acct_used_flag" in xian.refused("2304", payment(lan, stay, "5.00", acct_used_flag=""))
    assert "mid_setl_flag" in xian.refused("2304", payment(lan, stay, "5.00", mid_setl_flag="2"))
    assert "[field.invalid]" in xian.refused("5303", {"data": {"begntime": "2025-02-03", "endtime": "2025-02-01"}})


def test_what_was_told_is_corrected(xian: Window, lan: Person, town: Town) -> None:
    stay = admitted(xian, lan)
    info = {"mdtrt_id": stay, "psn_no": lan.psn_no, "begntime": "2025-01-31 08:00:00", "mdtrt_cert_type": "02",
            "med_type": "2101", "ipt_otp_no": "ZY0002", "adm_bed": "14"}  # fmt: skip
    assert xian.done("2403", {"adminfo": info, "diseinfo": diagnosis(lan, mdtrt_id=stay, diag_code="I20.9")}) == {}
    (one,) = xian.done("5303", {"data": {"begntime": "2025-01-31", "endtime": "2025-02-01"}})["data"]
    assert (one["begndate"], one["med_type"], one["ipt_otp_no"]) == ("2025-01-31", "2101", "ZY0002")


def test_our_answers_have_the_fields_and_types_of_real_centres(town: Town, xian: Window, lan: Person) -> None:
    """2301 to 2305, 2402 and 2405 of Chongqing and Hunan; every field that they send has one of the same type in ours."""
    stay = admitted(xian, lan)
    town.clock.set(moment("2025-02-10 11:00"))
    uploaded = xian.done("2301", {"feedetail": [fee(lan, stay, "1", "6200.00")]})["result"][0]
    real_lines = sample("chongqing_2301_response")["response"]["output"]["result"]
    for row in real_lines:
        assert_like_real({name: uploaded[name] for name in row}, row)
    quoted = xian.done("2303A", payment(lan, stay, "6200.00"))
    assert xian.done("2402", leaving(lan, stay)) == sample("chongqing_2402_response")["response"]["output"] == {}
    assert xian.done("2405", named(lan, stay)) == sample("chongqing_2405_response")["response"]["output"] == {}
    xian.done("2402", leaving(lan, stay))
    paid = xian.done("2304A", payment(lan, stay, "6200.00"))
    back = xian.done("2305", named(lan, stay, setl_id=paid["setlinfo"]["setl_id"]))
    xian.done("2405", named(lan, stay))
    withdrawn = xian.done("2302", named(lan, stay, feedetl_sn="0000"))
    assert withdrawn == sample("chongqing_2302_response")["response"]["output"] == {}
    for ours, name in (
        (quoted, "chongqing_2303_response"),
        (paid, "chongqing_2304_response"),
        (paid, "hunan_2304_response"),
        (back, "chongqing_2305_response"),
    ):
        real = sample(name)["response"]["output"]
        assert_like_real({field: ours["setlinfo"][field] for field in real["setlinfo"]}, real["setlinfo"])
        for row in real["setldetail"] if name.startswith("chongqing") else ():
            assert_like_real({field: ours["setldetail"][0][field] for field in row}, row)
        assert_identities(ours)


@pytest.mark.parametrize(
    "name", ["zhejiang_2302_request", "zhejiang_2303A_request", "guangxi_2305_request", "hunan_5303_request"]
)
def test_a_real_inpatient_request_is_done(xian: Window, lan: Person, name: str) -> None:
    """The message as it was sent, with our institution, our patient and our stay in place of theirs."""
    stay = admitted(xian, lan, begntime="2021-09-20 08:00:00")
    xian.done("2301", {"feedetail": [fee(lan, stay, "1", "1200.00", fee_ocur_time="2021-09-20 09:00:00")]})
    if name.startswith("guangxi"):
        xian.done("2304", payment(lan, stay, "1200.00", mid_setl_flag="1"))
    message = copy.deepcopy(sample(name)["request"])
    node = message["input"]["data"]
    node |= {key: value for key, value in {"psn_no": lan.psn_no, "mdtrt_id": stay}.items() if node.get(key)}
    if "mdtrt_cert_no" in node:
        node["mdtrt_cert_no"] = lan.certificate
    message["fixmedins_code"] = xian.code
    answer = xian.post(message, path=sample(name)["_meta"].get("path", "/fsi/callService")).json()
    assert answer["infcode"] == 0, answer
    if name == "zhejiang_2303A_request":
        assert_identities(answer["output"])
    if name == "hunan_5303_request":
        assert [one["mdtrt_id"] for one in answer["output"]["data"]] == [stay]


def test_a_failure_has_the_keys_of_hebei(xian: Window, lan: Person) -> None:
    real = sample("hebei_2401_failure_response")["response"]
    ours = xian.send("2401", admission(lan, med_type="11"))
    assert {"infcode", "err_msg"} <= set(real)
    assert (ours["infcode"], real["infcode"]) == (-1, -1)


def test_nearly_right_messages_of_stays_get_an_answer(town: Town, xian: Window, lan: Person) -> None:
    """Whatever a broken system sends: the interface's own form, nothing by halves (the town's books are verified)."""
    stay = admitted(xian, lan)
    town.clock.advance(timedelta(days=4))
    xian.done("2301", {"feedetail": [fee(lan, stay, "1", "100.00", 3)]})
    info = {"mdtrt_id": stay, "psn_no": lan.psn_no, "begntime": "2025-02-01", "med_type": "21", "ipt_otp_no": "9"}
    back = fee(lan, stay, "3", "100.00", -1, init_feedetl_sn="1")
    nodes = [
        ("2401", admission(lan, exp_content={"deposit_amt": "5.00", "deposit_acct": "2"})),
        ("2301", {"feedetail": [fee(lan, stay, "2", "7.00"), back]}),
        ("2302", named(lan, stay, feedetl_sn="2")),
        ("2303", payment(lan, stay, "300.00")),
        ("2304", payment(lan, stay, "300.00", mid_setl_flag="1")),
        ("2305", named(lan, stay)),
        ("2402", leaving(lan, stay, "2025-02-05")),
        ("2403", {"adminfo": info, "diseinfo": [diagnosis(lan)]}),
        ("2404", named(lan, stay)),
        ("2405", named(lan, stay)),
        ("5303", {"data": {"psn_no": lan.psn_no, "begntime": "2025-02-01", "endtime": "2025-02-28"}}),
    ]
    messages = [xian.message(infno, input) for infno, input in nodes]
    chance = random.Random(20261125)
    for number in range(400):
        message = mutated(chance.choice(messages), chance)
        answer = xian.post(json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        assert answer.status_code == 200, (number, message)
        told = answer.json()
        assert told["infcode"] in (0, -1), (number, message)
        assert "平台内部错误" not in (told["err_msg"] or ""), (number, message, told)


def test_a_family_of_tieling_at_a_hospital_of_its_city(town: Town, hospital: Window, household: Household) -> None:
    """No text on stays is known for Tieling: the funds pay nothing and say so; the mother's ¥200.00 pay, cash the rest."""
    mother = household.mother
    stay = admitted(hospital, mother, on="2024-06-10 08:00:00")
    row = fee(mother, stay, "1", "500.00", fee_ocur_time="2024-06-11 08:00:00")
    hospital.done("2301", {"feedetail": [row]})
    hospital.done("2402", leaving(mother, stay, "2024-06-12"))
    info = hospital.done("2304", payment(mother, stay, "500.00"))["setlinfo"]
    assert (info["fund_pay_sumamt"], info["acct_pay"], info["acct_mulaid_pay"], info["psn_cash_pay"]) == (
        0,
        200,
        0,
        300,
    )


def test_entitlement_to_a_stay_is_asked_of_the_rules_for_stays(xian: Window, lan: Person) -> None:
    """2001 with a med_type of stays: Xi'an's fund may pay."""
    xian.sees(lan)
    asked = {"psn_no": lan.psn_no, "insutype": "310", "med_type": "21", "begntime": "2025-02-01"}
    pooled, account = xian.done("2001", {"data": asked})["trtinfo"]
    assert (pooled["fund_pay_type"], pooled["trt_enjymnt_flag"]) == ("310100", "1")
    assert account["trt_enjymnt_flag"] == "1"


def undoing(whose: Person, msgid: str, infno: str) -> dict[str, Any]:
    """2601's input."""
    return {"data": {"psn_no": whose.psn_no, "omsgid": msgid, "oinfno": infno}}


def test_a_2401_whose_answer_was_lost_is_undone(xian: Window, lan: Person) -> None:
    """The stay never was, its deposit is back, the message admits nobody any more; 2601 may be sent again."""
    msgid = "H61010300001202502010900000077"
    asked = admission(lan, exp_content={"deposit_amt": "300.00", "deposit_acct": "1"})
    xian.done("2401", asked, msgid=msgid)
    assert xian.done("2601", undoing(lan, msgid, "2401")) is None
    assert xian.done("2601", undoing(lan, msgid, "2401")) is None
    assert "[message.undone]" in xian.refused("2401", asked, msgid=msgid)
    shown = xian.done("1101", {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": lan.certificate}})
    assert shown["insuinfo"][0]["balc"] == 1000
    admitted(xian, lan)


def test_a_2401_undone_before_it_came_admits_nobody(xian: Window, lan: Person) -> None:
    msgid = "H61010300001202502010900000078"
    assert "[undo.unknown]" in xian.refused("2601", undoing(lan, msgid, "2401"))
    assert "[undo.unknown]" in xian.refused("2601", undoing(lan, msgid, "2401"))
    assert "[message.undone]" in xian.refused("2401", admission(lan), msgid=msgid)


def test_a_2401_with_lines_and_a_2304_are_undone_in_their_order(town: Town, xian: Window, lan: Person) -> None:
    msgid = "H61010300001202502010900000079"
    stay = str(xian.done("2401", admission(lan), msgid=msgid)["result"]["mdtrt_id"])
    town.clock.set(moment("2025-02-10 11:00"))
    xian.done("2301", {"feedetail": [fee(lan, stay, "1", "6200.00")]})
    xian.done("2402", leaving(lan, stay))
    bill = xian.message("2304", payment(lan, stay, "6200.00"))
    assert xian.post(bill).json()["infcode"] == 0
    assert "[admission.state]" in xian.refused("2601", undoing(lan, msgid, "2401"))
    assert xian.done("2601", undoing(lan, bill["msgid"], "2304")) is None
    xian.done("2405", named(lan, stay))
    assert "[admission.has_lines]" in xian.refused("2601", undoing(lan, msgid, "2401"))
    xian.done("2302", named(lan, stay, feedetl_sn="0000"))
    assert xian.done("2601", undoing(lan, msgid, "2401")) is None
    assert town.balance(lan.id) == 1_000_00
