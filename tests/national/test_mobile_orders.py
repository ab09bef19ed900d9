"""Paying by phone: the mother's code is scanned, her fees are uploaded, she pays, the hospital is told, money goes back."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from counter_window import Household, Window, sample

from gongji.registry import e_credential
from gongji.registry.model import Person
from gongji.settlement.mobile.tables import mobile_order
from town import TIELING, Town

BILL = (("C-A", "1", "800.00"), ("C-B", "2", "200.00"), ("C-C", "1", "68.50"))


def code_of(town: Town, person: Person, use: e_credential.Use = "show") -> str:
    """What the person's phone shows."""
    with town.database.transaction() as connection:
        return e_credential.issue(connection, town.vault, person.id, TIELING, use, town.clock.now())


def scanned(window: Window, town: Town, person: Person) -> dict[str, Any]:
    """6101."""
    data = {"ecQrCode": code_of(town, person), "orgId": window.code, "businessType": "01301", "operatorId": "0053"}
    return dict(window.done("6101", {"data": data})["data"])


def fees(person: Person, token: str, **other: Any) -> dict[str, Any]:
    """The input of 6201: the worked example's bill, ¥1,268.50."""
    lines = [
        {
            "feedetlSn": f"L{number}",
            "chrgBchno": "B1",
            "feeOcurTime": "2024-06-12 10:20:00",
            "medListCodg": item,
            "medinsListCodg": f"own-{item}",
            "detItemFeeSumamt": f"{float(count) * float(price):.2f}",
            "cnt": count,
            "pric": price,
        }
        for number, (item, count, price) in enumerate(BILL)
    ]
    data = {
        "orgCodg": "H21120200001",
        "psnNo": person.psn_no,
        "insutype": "310",
        "medOrgOrd": "ORD-1",
        "begntime": "2024-06-12 10:00:00",
        "idNo": person.certificate,
        "userName": person.name,
        "idType": "01",
        "ecToken": token,
        "iptOtpNo": "20240612001",
        "medType": "11",
        "feeType": "01",
        "medfeeSumamt": "1268.50",
        "acctUsedFlag": "2",
        "chrgBchno": "B1",
        "diseinfoList": [{"diagType": "1", "diagSrtNo": 1, "diagCode": "I10", "diagName": "高血压", "valiFlag": "1"}],
        "feedetailList": lines,
    }
    return {"data": data | other}


def payment(town: Town, person: Person, order: dict[str, Any], **other: Any) -> dict[str, Any]:
    """The input of 6202."""
    data = {
        "payAuthNo": code_of(town, person, "pay"),
        "payOrdId": order["payOrdId"],
        "payToken": order["payToken"],
        "orgCodg": "H21120200001",
        "orgBizSer": "1",
        "mdtrtId": order["mdtrtId"],
    }
    return {"data": data | other}


def question(order: dict[str, Any], **other: Any) -> dict[str, Any]:
    """The input of 6301 and 6401."""
    return {"data": {"payOrdId": order["payOrdId"], "payToken": order["payToken"]} | other}


def money_back(order: dict[str, Any], token: str, kind: str, **other: Any) -> dict[str, Any]:
    """The input of 6203."""
    data = {
        "payOrdId": order["payOrdId"],
        "appRefdSn": f"R-{kind}",
        "appRefdTime": "20240612120000",
        "totlRefdAmt": "1268.50",
        "cashRefdAmt": "78.50" if kind == "ALL" else "0",
        "ecToken": token,
        "refdType": kind,
    }
    return {"data": data | other}


@pytest.fixture
def token(hospital: Window, town: Town, household: Household) -> str:
    """The mother's ecToken at the hospital."""
    return str(scanned(hospital, town, household.mother)["ecToken"])


@pytest.fixture
def order(hospital: Window, household: Household, token: str) -> dict[str, Any]:
    """Her uploaded order."""
    return dict(hospital.done("6201", fees(household.mother, token))["data"])


def test_from_the_code_to_the_cash(
    hospital: Window, town: Town, household: Household, token: str, order: dict[str, Any]
) -> None:
    """1,268.50 = fund 468.05 + mother 200.00 + son 521.95 + cash 78.50, as a 2207 would settle it."""
    mother, son = household.mother, household.son
    shares = ("fundPay", "selfAcctPay", "acctMulaidPay", "psnAcctPay", "ownPayAmt", "feeSumamt")
    figures = [468.05, 200.0, 521.95, 721.95, 78.5, 1268.5]
    assert ([order[name] for name in shares], order["ordStas"]) == (figures, 1)
    assert (town.balance(mother.id), town.balance(son.id)) == (200_00, 5_000_00)
    paid = hospital.done("6202", payment(town, mother, order))["data"]
    assert ([paid[name] for name in shares], paid["ordStas"]) == (figures, "4")
    assert (town.balance(mother.id), town.balance(son.id)) == (0, 4_478_05)
    told = hospital.done("6301", question(order, idNo=mother.certificate, userName=mother.name))["data"]
    assert ([told[name] for name in shares], told["ordStas"], told["setlType"]) == (figures, "4", "ALL")
    assert (told["callType"], told["medOrgOrd"], told["traceTime"]) == ("02", "ORD-1", "20240612103000")
    stored = hospital.done("5203", {"data": {"psn_no": mother.psn_no, "setl_id": paid["setlId"]}})["setlinfo"]
    assert (stored["setl_id"], stored["mdtrt_id"]) == (paid["setlId"], order["mdtrtId"])
    assert (stored["acct_pay"], stored["acct_mulaid_pay"], stored["balc"]) == (721.95, 521.95, 0.0)
    assert stored["medins_setl_id"] == order["payOrdId"]
    synced = {"payOrdId": order["payOrdId"], "medOrgOrd": "ORD-1", "ownPayAmt": "78.50", "thdPayType": "WXPAY"}
    assert hospital.done("6204", {"data": synced})["data"]["ordStas"] == "6"
    wrong = hospital.refused("6204", {"data": synced | {"ownPayAmt": "78.49"}})
    assert "ownPayAmt" in wrong
    assert "78.50" in wrong


def test_paying_again_and_uploading_again_change_nothing(
    hospital: Window, town: Town, household: Household, token: str, order: dict[str, Any]
) -> None:
    mother = household.mother
    again = hospital.done("6201", fees(mother, token))["data"]
    assert again == order
    paid = hospital.done("6202", payment(town, mother, order))["data"]
    assert hospital.done("6202", payment(town, mother, order, orgBizSer="2"))["data"] == paid
    assert hospital.done("6201", fees(mother, token))["data"]["ordStas"] == 4
    assert town.balance(household.son.id) == 4_478_05
    assert "mobile.paid" in hospital.refused("6401", question(order))
    assert "key.other_content" in hospital.refused("6201", fees(mother, token, medfeeSumamt="1268.49"))


def test_eight_at_once_pay_once(hospital: Window, town: Town, household: Household, order: dict[str, Any]) -> None:
    message = hospital.message("6202", payment(town, household.mother, order))
    answers: list[Any] = []

    def send(number: int) -> None:
        answers.append(hospital.post(message | {"msgid": f"M{number}"}).json())

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer["infcode"] for answer in answers] == [0] * 8
    assert len({answer["output"]["data"]["setlId"] for answer in answers}) == 1
    assert (town.balance(household.mother.id), town.balance(household.son.id)) == (0, 4_478_05)


def test_everything_goes_back_once(
    hospital: Window, town: Town, household: Household, token: str, order: dict[str, Any]
) -> None:
    """ALL: the mother's 200.00, the son's 521.95 and the fund's 468.05 return; 78.50 is the hospital's to hand out."""
    hospital.done("6202", payment(town, household.mother, order))
    wrong = hospital.refused("6203", money_back(order, token, "ALL", psnAcctRefdAmt="721.94"))
    assert "721.95" in wrong
    back = hospital.done("6203", money_back(order, token, "ALL", fundRefdAmt="468.05"))["data"]
    assert (back["refStatus"], back["hiTrnsDate"], back["ordStas"]) == ("SUCC", "20240612", "7")
    assert (town.balance(household.mother.id), town.balance(household.son.id)) == (200_00, 5_000_00)
    town.clock.advance(timedelta(days=40))
    assert hospital.done("6203", money_back(order, token, "ALL", fundRefdAmt="468.05"))["data"] == back
    token = scanned(hospital, town, household.mother)["ecToken"]
    assert "mobile.refunded" in hospital.refused("6203", money_back(order, token, "ALL", appRefdSn="R2"))
    assert hospital.done("6301", question(order))["data"]["revsToken"] is None


def test_first_the_cash_in_two_parts_and_then_what_the_insurance_paid(
    hospital: Window, town: Town, household: Household, token: str, order: dict[str, Any]
) -> None:
    assert "mobile.not_paid" in hospital.refused("6203", money_back(order, token, "HI"))
    hospital.done("6202", payment(town, household.mother, order))

    def refunded(kind: str, number: str, total: str, cash: str) -> str:
        message = money_back(order, token, kind, appRefdSn=number, totlRefdAmt=total, cashRefdAmt=cash)
        return str(hospital.done("6203", message)["data"]["ordStas"])

    assert refunded("CASH", "1", "30.00", "30.00") == "10"
    assert refunded("CASH", "1", "30.00", "30.00") == "10"
    too_much = money_back(order, token, "CASH", appRefdSn="2", totlRefdAmt="48.51", cashRefdAmt="48.51")
    assert "48.50" in hospital.refused("6203", too_much)
    assert refunded("HI", "3", "1190.00", "0") == "11"
    assert refunded("CASH", "4", "48.50", "48.50") == "7"
    assert (town.balance(household.mother.id), town.balance(household.son.id)) == (200_00, 5_000_00)


def test_within_the_hour_the_hospital_takes_it_back_without_the_phone(
    hospital: Window, town: Town, household: Household, order: dict[str, Any]
) -> None:
    hospital.done("6202", payment(town, household.mother, order))
    revs = hospital.done("6301", question(order))["data"]["revsToken"]
    assert "person.other_credential" in hospital.refused("6203", money_back(order, "", "HI", revsToken="0" * 40))
    town.clock.advance(timedelta(hours=1, seconds=1))
    assert "person.other_credential" in hospital.refused("6203", money_back(order, "", "HI", revsToken=revs))
    town.clock.advance(timedelta(seconds=-2))
    assert hospital.done("6203", money_back(order, "", "HI", revsToken=revs))["data"]["ordStas"] == "8"


def test_a_2208_of_the_orders_settlement_shows_in_the_order(
    hospital: Window, town: Town, household: Household, order: dict[str, Any]
) -> None:
    paid = hospital.done("6202", payment(town, household.mother, order))["data"]
    back = {"setl_id": paid["setlId"], "mdtrt_id": order["mdtrtId"], "psn_no": household.mother.psn_no}
    hospital.done("2208", {"data": back})
    assert hospital.done("6301", question(order))["data"]["ordStas"] == "8"


def test_a_prescription_is_changed_before_it_is_paid(
    hospital: Window, town: Town, household: Household, token: str, order: dict[str, Any]
) -> None:
    assert hospital.done("6401", question(order)) == {"data": {"success": True}}
    assert hospital.done("6401", question(order)) == {"data": {"success": True}}
    assert "mobile.withdrawn" in hospital.refused("6202", payment(town, household.mother, order))
    anew = hospital.done("6201", fees(household.mother, token))["data"]
    assert anew["payOrdId"] != order["payOrdId"]
    assert hospital.done("6202", payment(town, household.mother, anew))["data"]["feeSumamt"] == 1268.5


def test_after_2201_the_order_joins_the_visit(hospital: Window, town: Town, household: Household, token: str) -> None:
    mother = household.mother
    data = {
        "psn_no": mother.psn_no,
        "insutype": "310",
        "begntime": "2024-06-12 10:00:00",
        "mdtrt_cert_type": "01",
        "mdtrt_cert_no": token,
        "ipt_otp_no": "20240612001",
    }
    visit = hospital.done("2201", {"data": data})["data"]["mdtrt_id"]
    wanted = fees(mother, token)
    for line in wanted["data"]["feedetailList"]:
        line["mdtrtId"] = visit
    assert hospital.done("6201", wanted)["data"]["mdtrtId"] == visit


def test_the_code_serves_once_for_two_minutes_at_one_institution(
    hospital: Window, pharmacy: Window, town: Town, household: Household
) -> None:
    mother = household.mother
    shown = {"data": {"ecQrCode": code_of(town, mother)}}
    message = hospital.message("6101", shown)
    first = hospital.post(message).json()["output"]["data"]
    assert (first["userName"], first["idNo"], first["insuOrg"]) == (mother.name, mother.certificate, TIELING)
    assert hospital.post(message).json()["output"]["data"] == first
    for other in (hospital, pharmacy):
        assert "credential.over" in other.refused("6101", shown)
    person = hospital.done("1101", {"data": {"mdtrt_cert_type": "01", "mdtrt_cert_no": first["ecToken"]}})
    assert person["baseinfo"]["psn_no"] == mother.psn_no
    elsewhere = {"data": {"mdtrt_cert_type": "01", "mdtrt_cert_no": first["ecToken"]}}
    assert "person.unknown" in pharmacy.refused("1101", elsewhere)
    late = {"data": {"ecQrCode": code_of(town, mother)}}
    town.clock.advance(timedelta(minutes=2))
    assert "credential.over" in hospital.refused("6101", late)
    early, fresh = code_of(town, mother), code_of(town, mother)
    assert "credential.over" in hospital.refused("6101", {"data": {"ecQrCode": early}})
    assert hospital.done("6101", {"data": {"ecQrCode": fresh}})["data"]["psnNo"] == mother.psn_no


def test_the_fields_of_a_real_decoded_code_are_there(hospital: Window, town: Town, household: Household) -> None:
    """1162 of Hebei tells seven facts more than the text's five; those that we know come under the same names."""
    real = sample("hebei_1162_success_response")["response"]["data"]
    ours = scanned(hospital, town, household.mother)
    assert {"userName", "idNo", "idType", "insuOrg", "ecToken", "gender"} == set(real) & set(ours)
    assert {name: type(ours[name]) for name in ("userName", "idNo", "idType", "insuOrg", "ecToken")} == {
        name: type(real[name]) for name in ("userName", "idNo", "idType", "insuOrg", "ecToken")
    }
    assert len(ours["ecToken"]) == 40
    assert ours["ecToken"][6:8] == real["ecToken"][6:8] == "ec"


def test_only_the_patients_own_phone_pays(
    hospital: Window, pharmacy: Window, town: Town, household: Household, token: str, order: dict[str, Any]
) -> None:
    stranger = household.stranger
    theirs = payment(town, household.mother, order, payAuthNo=code_of(town, stranger, "pay"))
    assert "person.other_credential" in hospital.refused("6202", theirs)
    for_showing = payment(town, household.mother, order, payAuthNo=code_of(town, household.mother, "show"))
    assert "credential.over" in hospital.refused("6202", for_showing)
    nothing = payment(town, household.mother, order, payAuthNo="")
    assert "mobile.authorisation" in hospital.refused("6202", nothing)
    assert "person.other_credential" in hospital.refused("6201", fees(stranger, token, medOrgOrd="ORD-2"))
    named = fees(household.mother, token, medOrgOrd="ORD-2", userName="钱多")
    assert "person.other_credential" in hospital.refused("6201", named)
    assert "mobile.order_unknown" in pharmacy.refused("6301", question(order))
    assert "mobile.order_unknown" in hospital.refused("6301", question(order, payToken="0" * 40))
    assert "mobile.order_unknown" in hospital.refused("6301", question(order, payOrdId="x"))
    assert town.balance(household.mother.id) == 200_00


def test_an_upload_that_cannot_be_settled_is_kept_and_says_why(
    hospital: Window, town: Town, household: Household, token: str
) -> None:
    answer = hospital.send("6201", fees(household.mother, token, medfeeSumamt="1268.49"))
    assert answer["infcode"] == 0
    assert "1268.50" in answer["warn_msg"]
    order = answer["output"]["data"]
    assert order["ordStas"] == 0
    assert "settlement.total" in hospital.refused("6202", payment(town, household.mother, order))
    assert hospital.done("6301", question(order))["data"]["ordStas"] == "15"
    hospital.done("6401", question(order))
    wrong = fees(household.mother, token)
    wrong["data"]["feedetailList"][1]["cnt"] = "lots"
    assert "input.data.feedetailList[1].cnt" in hospital.refused("6201", wrong)
    wrong["data"]["feedetailList"][1]["cnt"] = "2"
    wrong["data"]["feedetailList"][1]["feedetlSn"] = "L0"
    assert "input.data.feedetailList[1].feedetlSn" in hospital.refused("6201", wrong)


def test_a_payment_whose_answer_was_lost_is_found_by_the_next_question(
    hospital: Window, town: Town, household: Household, order: dict[str, Any]
) -> None:
    """The process died between the desk's commit and the order's: the order stands at 2, the money has moved."""
    paid = hospital.done("6202", payment(town, household.mother, order))["data"]
    with town.database.transaction() as connection:
        connection.execute(
            mobile_order.update().values(state=2, settlement_id=None, settled_at=None, fund=0, own=0, shared=0, cash=0)
        )
    told = hospital.done("6301", question(order))["data"]
    assert (told["ordStas"], told["setlId"], told["acctMulaidPay"]) == ("4", paid["setlId"], 521.95)
    with town.database.transaction() as connection:
        settled = connection.execute(sa.text("SELECT count(*) FROM settlement")).scalar_one()
    assert settled == 1
