"""A family's case through the national interface, from the card on the counter to the refund."""

from __future__ import annotations

import json
from typing import Any

import pytest
from counter_window import Household, Window

from gongji.entrances.platform import Platform
from gongji.foundation.signatures import Sighting
from gongji.registry.at_once import Credential
from gongji.registry.model import Person
from gongji.registry.tables import credential
from gongji.settlement.reception import Enquiry, Reception
from sent import statements_sent

BILL = (("C-A", "1", "800.00"), ("C-B", "2", "200.00"), ("C-C", "1", "68.50"))


def registration(whose: Person) -> dict[str, object]:
    """2201's data."""
    return {
        "psn_no": whose.psn_no,
        "insutype": "310",
        "begntime": "2024-06-12 10:00:00",
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": whose.certificate,
        "ipt_otp_no": "20240612001",
        "atddr_no": "D2112001",
        "dr_name": "测试医师",
        "dept_code": "A03",
        "dept_name": "内科",
        "caty": "A03",
    }


def registered(hospital: Window, household: Household) -> str:
    """2201 for the mother; gives the mdtrt_id."""
    answer = hospital.done("2201", {"data": registration(household.mother)})["data"]
    assert answer == {
        "mdtrt_id": answer["mdtrt_id"],
        "psn_no": household.mother.psn_no,
        "ipt_otp_no": "20240612001",
        "exp_content": None,
    }
    assert len(answer["mdtrt_id"]) == 22
    return str(answer["mdtrt_id"])


def line(
    household: Household, visit: str, number: int, item: str, count: str, price: str, **other: Any
) -> dict[str, Any]:
    """A fee line as hospitals send it: numbers as text, much left empty."""
    return {
        "feedetl_sn": f"L{number}",
        "mdtrt_id": visit,
        "psn_no": household.mother.psn_no,
        "chrg_bchno": "B1",
        "rx_circ_flag": "0",
        "fee_ocur_time": "2024-06-12 10:20:00",
        "med_list_codg": item,
        "medins_list_codg": f"own-{item}",
        "det_item_fee_sumamt": f"{float(count) * float(price):.2f}",
        "cnt": count,
        "pric": price,
        "prd_days": "",
        "hosp_appr_flag": "0",
    } | other


def uploaded(hospital: Window, household: Household, visit: str) -> list[dict[str, Any]]:
    """2204 of the worked example's bill."""
    lines = [line(household, visit, number, *each) for number, each in enumerate(BILL)]
    return list(hospital.done("2204", {"feedetail": lines})["result"])


def payment(household: Household, visit: str, **other: Any) -> dict[str, Any]:
    """The input of 2206 and 2207."""
    data = {
        "psn_no": household.mother.psn_no,
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": household.mother.certificate,
        "med_type": "11",
        "medfee_sumamt": "1268.50",
        "psn_setlway": "01",
        "mdtrt_id": visit,
        "chrg_bchno": "B1",
        "acct_used_flag": "2",
        "insutype": "310",
    }
    return {"data": data | other}


def test_whole_visit_paid_by_fund_mother_son_and_cash(hospital: Window, household: Household) -> None:
    """1,268.50 = fund 468.05 + mother 200.00 + son 521.95 + cash 78.50."""
    signed_on = hospital.done("9001", {"signIn": {"opter_no": "0053", "mac": "1", "ip": "10.1.1.1"}})["signinoutb"]
    person = hospital.done("1101", {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": household.mother.certificate}})
    assert person["baseinfo"]["psn_no"] == household.mother.psn_no
    assert [row["balc"] for row in person["insuinfo"]] == [200.0]
    visit = registered(hospital, household)
    diagnosis = {"diag_type": "1", "diag_srt_no": "1", "diag_code": "I10", "diag_name": "高血压", "vali_flag": "1"}
    info = {"mdtrt_id": visit, "psn_no": household.mother.psn_no, "med_type": "11", "begntime": "2024-06-12"}
    assert hospital.done("2203", {"mdtrtinfo": info, "diseinfo": [diagnosis]}) is None
    rows = uploaded(hospital, household, visit)
    assert [
        (row["fulamt_ownpay_amt"], row["overlmt_amt"], row["preselfpay_amt"], row["inscp_scp_amt"]) for row in rows
    ] == [
        (0.0, 0.0, 0.0, 800.0),
        (0.0, 10.0, 39.0, 351.0),
        (68.5, 0.0, 0.0, 0.0),
    ]
    quoted = hospital.done("2206", payment(household, visit, mdtrt_cert_no="02"))["setlinfo"]
    assert (quoted["setl_id"], quoted["setl_time"], quoted["clr_way"], quoted["balc"]) == (None, None, None, 0.0)
    message = hospital.message("2207", payment(household, visit))
    answer = hospital.post(message).json()
    output = answer["output"]
    info = output["setlinfo"]
    assert answer["warn_msg"] is None
    assert answer["inf_refmsgid"][:20] == "21120220240612103000"
    assert (info["hifp_pay"], info["acct_pay"], info["acct_mulaid_pay"], info["psn_cash_pay"]) == (
        468.05,
        721.95,
        521.95,
        78.5,
    )
    assert (info["balc"], info["act_pay_dedc"], info["pool_prop_selfpay"]) == (0.0, 300.0, 0.55)
    assert info["medins_setl_id"] == message["msgid"]
    assert (info["clr_type"], info["clr_way"], info["clr_optins"], info["psn_type"]) == ("11", "1", "211200", "12")
    assert [(row["fund_pay_type"], row["fund_payamt"]) for row in output["setldetail"]] == [
        ("310102", 468.05),
        ("310200", 721.95),
    ]
    assert hospital.town.balance(household.son.id) == 5_000_00 - 521_95
    told_before = {name: value for name, value in quoted.items() if name.endswith(("_pay", "_amt", "_sumamt", "balc"))}
    assert told_before == {name: info[name] for name in told_before}

    again = hospital.post(message).json()["output"]
    assert again["setlinfo"] == info
    assert hospital.town.balance(household.son.id) == 5_000_00 - 521_95

    found = hospital.done("5203", {"data": {"psn_no": info["psn_no"], "setl_id": info["setl_id"], "mdtrt_id": visit}})
    assert (found["setlinfo"]["psn_pay"], found["setlinfo"]["cash_payamt"]) == (800.45, 78.5)
    assert (found["setlinfo"]["refd_setl_flag"], found["setldetail"]) == ("0", output["setldetail"])
    totals = hospital.done("5206", {"data": {"psn_no": info["psn_no"], "cum_ym": ""}})["cuminfo"]
    assert {row["cum_type_code"]: row["cum"] for row in totals}["HIFP"] == 468.05
    assert {row["cum_ym"] for row in totals} == {"202406"}

    back = hospital.done("2208", {"data": {"psn_no": info["psn_no"], "setl_id": info["setl_id"], "mdtrt_id": visit}})
    refund = back["setlinfo"]
    assert (refund["medfee_sumamt"], refund["acct_mulaid_pay"], refund["psn_cash_pay"]) == (-1268.5, -521.95, -78.5)
    assert refund["balc"] == 200.0
    assert refund["setl_id"] != info["setl_id"]
    assert sum(row["fund_payamt"] for row in back["setldetail"]) == -468.05 - 721.95
    assert hospital.town.balance(household.son.id) == 5_000_00
    found = hospital.done("5203", {"data": {"psn_no": info["psn_no"], "setl_id": info["setl_id"]}})
    assert found["setlinfo"]["refd_setl_flag"] == "1"

    hospital.done("2205", {"data": {"mdtrt_id": visit, "chrg_bchno": "0000", "psn_no": info["psn_no"]}})
    hospital.done("2202", {"data": {"mdtrt_id": visit, "ipt_otp_no": "20240612001", "psn_no": info["psn_no"]}})
    hospital.done("9002", {"signOut": {"opter_no": "0053", "sign_no": signed_on["sign_no"]}})


def test_purchase_at_the_pharmacy_brings_its_lines_and_can_be_taken_back(
    pharmacy: Window, household: Household
) -> None:
    """¥259.70 at a pharmacy where the fund pays nothing: mother 200.00, son 59.70."""
    mother = household.mother
    info = {
        "psn_no": mother.psn_no,
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": mother.certificate,
        "psn_cert_type": "1",
        "certno": mother.certificate.lower(),
        "begntime": "2024-06-12",
        "medfee_sumamt": 259.7,
        "insutype": "310",
        "acct_used_flag": 2,
        "med_type": "41",
    }
    lines = [
        {"feedetl_sn": 1, "fee_ocur_time": "2024-06-12", "med_list_codg": "C-A", "det_item_fee_sumamt": 200, "cnt": 1, "pric": 200},
        {"feedetl_sn": 2, "fee_ocur_time": "2024-06-12", "med_list_codg": "C-A", "det_item_fee_sumamt": 59.7, "cnt": 3, "pric": 19.9},
    ]  # fmt: skip
    nodes = {"druginfo": info, "drugdetail": lines}
    quoted = pharmacy.done("2101", nodes)
    assert (quoted["setlinfo"]["setl_id"], quoted["setlinfo"]["acct_mulaid_pay"]) == (None, 59.7)
    bought = pharmacy.done("2102", nodes)
    paid = bought["setlinfo"]
    assert (paid["acct_pay"], paid["acct_mulaid_pay"], paid["psn_cash_pay"], paid["clr_type"]) == (
        259.7,
        59.7,
        0.0,
        "41",
    )
    assert [(row["feedetl_sn"], row["cnt"], row["pric"], row["inscp_scp_amt"]) for row in bought["detlcutinfo"]] == [
        ("1", 1, 200, 200.0),
        ("2", 3, 19.9, 59.7),
    ]
    whole = {"psn_no": mother.psn_no, "setl_id": paid["setl_id"], "mdtrt_id": paid["mdtrt_id"]}
    back = pharmacy.done("2103", {"data": whole})
    assert (back["setlinfo"]["acct_mulaid_pay"], back["setlinfo"]["clr_type"]) == (-59.7, "41")
    assert "detlcutinfo" not in back
    assert pharmacy.town.balance(household.son.id) == 5_000_00


def test_relatives_card_is_never_the_patients(hospital: Window, household: Household) -> None:
    """The son's money may pay, his card may not be shown for his mother: neither as credential nor as certificate."""
    visit = registered(hospital, household)
    uploaded(hospital, household, visit)
    for wrong in ({"mdtrt_cert_no": household.son.certificate}, {"certno": household.son.certificate}):
        assert "[person.other_credential]" in hospital.refused("2207", payment(household, visit, **wrong))
    assert hospital.town.balance(household.mother.id) == 200_00


def test_echoed_amounts_that_differ_are_a_warning_and_a_total_that_differs_a_refusal(
    hospital: Window, household: Household
) -> None:
    visit = registered(hospital, household)
    uploaded(hospital, household, visit)
    refusal = hospital.refused("2207", payment(household, visit, medfee_sumamt="1268.51"))
    assert "1268.51" in refusal
    assert "1268.50" in refusal
    assert refusal.endswith("[settlement.total]")
    answer = hospital.send("2207A", payment(household, visit, fulamt_ownpay_amt="0", inscp_scp_amt="1151"))
    assert answer["infcode"] == 0
    assert answer["warn_msg"] == "上传金额与核算不一致，以核算为准：fulamt_ownpay_amt 上传 0.00、核算 68.50"


def test_what_1101_tells_of_a_son_with_two_parts_of_an_account(hospital: Window, household: Household) -> None:
    son = household.son
    data = {"mdtrt_cert_type": "2", "mdtrt_cert_no": son.certificate, "card_sn": "NULL", "psn_name": son.name}
    answer = hospital.done("1101", {"data": data})
    assert json.loads(answer["baseinfo"]["exp_content"]) == {"crtYearBalc": 3000.0, "calYearBalc": 2000.0}
    assert answer["baseinfo"]["age"] == 44
    assert answer["insuinfo"] == [
        {
            "balc": 5000.0,
            "insutype": "310",
            "psn_type": "11",
            "psn_insu_stas": "1",
            "psn_insu_date": "2020-01-01",
            "paus_insu_date": None,
            "cvlserv_flag": "0",
            "insuplc_admdvs": "211200",
            "emp_name": "",
        }
    ]
    assert answer["idetinfo"] == []
    wrong = hospital.refused("1101", {"data": data | {"psn_name": "别人"}})
    assert wrong == "input.data.psn_name 与就诊凭证不是同一人，请核对后重试[person.other_credential]"


def test_2001_says_yes_with_dates_and_no_with_a_reason(hospital: Window, household: Household) -> None:
    hospital.sees(household.mother)
    hospital.sees(household.stranger)
    data = {
        "psn_no": household.mother.psn_no,
        "insutype": "310",
        "fixmedins_code": "H21120200001",
        "med_type": "11",
        "begntime": "2024-06-12 10:00:00",
    }
    fund, account = hospital.done("2001", {"data": data})["trtinfo"]
    assert (fund["fund_pay_type"], fund["trt_enjymnt_flag"], fund["begndate"]) == ("310102", "1", "2020-01-01")
    assert (account["fund_pay_type"], account["trt_enjymnt_flag"]) == ("310200", "1")
    (resident, *_) = hospital.done("2001", {"data": data | {"insutype": "390"}})["trtinfo"]
    assert (resident["trt_enjymnt_flag"], resident["trt_chk_rslt"]) == (
        "0",
        "当日参加的是职工医保（310），不是 390",
    )
    fund, account = hospital.done("2001", {"data": data | {"begntime": "2019-06-12"}})["trtinfo"]
    assert (fund["trt_chk_rslt"], account["trt_chk_rslt"]) == ("2019-06-12 没有参保", "2019-06-12 没有参保")
    stranger = data | {"psn_no": household.stranger.psn_no}
    fund, account = hospital.done("2001", {"data": stranger})["trtinfo"]
    assert (fund["trt_enjymnt_flag"], account["trt_enjymnt_flag"]) == ("1", "0")
    assert account["trt_chk_rslt"] == "个人账户余额为 0；可使用共济人的个人账户"


def test_settlement_is_the_settling_institutions_alone_to_read(
    hospital: Window, pharmacy: Window, household: Household
) -> None:
    visit = registered(hospital, household)
    uploaded(hospital, household, visit)
    paid = hospital.done("2207", payment(household, visit))["setlinfo"]
    query = {"data": {"psn_no": paid["psn_no"], "setl_id": paid["setl_id"], "mdtrt_id": visit}}
    assert "[settlement.unknown]" in pharmacy.refused("5203", query)
    assert "[settlement.unknown]" in hospital.refused("5203", {"data": query["data"] | {"mdtrt_id": "9" * 22}})
    assert "[settlement.unknown]" in hospital.refused("5203", {"data": query["data"] | {"setl_id": "400100001"}})
    other = {"data": query["data"] | {"psn_no": household.son.psn_no}}
    assert "[settlement.unknown]" in hospital.refused("5203", other)


def test_reading_a_person_is_audited(hospital: Window, household: Household) -> None:
    hospital.done("1101", {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": household.son.certificate}})
    with hospital.town.database.transaction() as connection:
        rows = connection.exec_driver_sql("SELECT holder, action, person_id FROM audit_entry").all()
    assert [tuple(row) for row in rows] == [("H21120200001/0053", "person.read", household.son.id)]


def test_card_and_token_must_be_the_patients_too(hospital: Window, household: Household) -> None:
    """A social-security card (03) and an e-credential's token (01) are held against the psn_no like an ID card."""
    town = hospital.town
    with town.database.transaction() as connection:
        for kind, number, person in (
            ("card", "T21120001", household.mother),
            ("card", "T21120002", household.son),
            ("token", "211200ec0001", household.mother),
        ):
            digest = town.vault.index(kind, number)
            connection.execute(credential.insert().values(kind=kind, digest=digest, person_id=person.id))
    found = hospital.done("1101", {"data": {"mdtrt_cert_type": "03", "mdtrt_cert_no": "T21120001", "card_sn": "1"}})
    assert found["baseinfo"]["psn_no"] == household.mother.psn_no
    visit = registered(hospital, household)
    uploaded(hospital, household, visit)
    for kind, number in (("03", "T21120002"), ("01", "T21120001"), ("03", "T99999999")):
        shown = {"mdtrt_cert_type": kind, "mdtrt_cert_no": number}
        assert "[person.other_credential]" in hospital.refused("2206", payment(household, visit, **shown))
    for kind, number in (("03", "T21120001"), ("01", "211200ec0001")):
        shown = {"mdtrt_cert_type": kind, "mdtrt_cert_no": number}
        assert hospital.done("2206", payment(household, visit, **shown))["setlinfo"]["mdtrt_cert_type"] == kind


def test_reception_serves_all_that_wait_and_gives_each_their_own(platform: Platform, household: Household) -> None:
    """Twenty enquiries at once, one of them for nobody, one with a signature that came before: no mixed-up answers."""
    reception = Reception(platform.database, platform.vault)
    at = platform.clock.now()
    people = [household.mother, household.son, household.stranger] * 7
    enquiries = [
        Enquiry(person.psn_no, sighting=Sighting(1, number, 1, repeatable=False))
        for number, person in enumerate(people)
    ]
    lost = Enquiry(household.son.psn_no[:-1] + "9", Credential("card", "T0", 1, at))
    again = Enquiry(household.son.psn_no, sighting=Sighting(1, 3, 1, repeatable=False))
    *found, nobody, replayed = reception.look_up([*enquiries, lost, again])
    assert [one.patient for one in found] == people
    assert all(one.admitted for one in found)
    assert (nobody.patient, nobody.holder_id, nobody.admitted) == (None, None, True)
    assert (replayed.patient, replayed.admitted) == (household.son, False)
    key = ("211202", at.date(), "C-B")
    (catalogue,) = reception.look_up([Enquiry("", items=frozenset({key, ("211202", at.date(), "none")}))])
    assert [item.name for item in catalogue.items.values()] == ["阿托伐他汀"]
    reception.close()


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that anybody in this process sends to the database from now on."""
    return statements_sent(monkeypatch)


@pytest.mark.one_server("counts statements")
def test_no_settlement_asks_more_than_twelve_statements_of_the_database(
    hospital: Window, pharmacy: Window, household: Household, statements: list[str]
) -> None:
    """From the message that comes in to the answer that goes out, one settlement alone at the desk; the note of the
    signature, which all messages of a moment share, is not counted. Clauses that nobody cited before are looked for and
    entered once, all together."""
    visit = registered(hospital, household)
    uploaded(hospital, household, visit)
    mother = household.mother
    item = {"feedetl_sn": 1, "fee_ocur_time": "2024-06-12", "med_list_codg": "C-A", "cnt": 1, "pric": 20}
    shown = {"psn_no": mother.psn_no, "mdtrt_cert_type": "02", "mdtrt_cert_no": mother.certificate}
    sale = shown | {"medfee_sumamt": 20, "insutype": "310", "acct_used_flag": 1, "med_type": "41"}
    purchase = {"druginfo": sale | {"begntime": "2024-06-12"}, "drugdetail": [item | {"det_item_fee_sumamt": 20}]}
    hospital.done("2206", payment(household, visit))
    pharmacy.done("2101", purchase)  # signing keys are known and serials at hand now, as in a running process

    def asked(window: Window, infno: str, nodes: object) -> dict[str, Any]:
        statements.clear()
        answer = window.done(infno, nodes)["setlinfo"]
        noted = [each for each in statements if "signature_seen" in each]
        assert len(noted) == 1
        entered = [each for each in statements if "citation.digest" in each]
        assert len(entered) in (0, 2)
        assert 8 <= len(statements) - len(noted) - len(entered) <= 12, (infno, statements)
        return dict(answer)

    settled = asked(hospital, "2207", payment(household, visit))
    asked(pharmacy, "2102", purchase)
    asked(hospital, "2208", {"data": {name: settled[name] for name in ("psn_no", "setl_id", "mdtrt_id")}})
