"""Everything that can be wrong at this door gets the interface's own form: HTTP 200, infcode -1, a sentence to act on."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
import sqlalchemy as sa
from counter_window import Household, Window, sample, signed
from right_messages import plausible, values_for
from structlog.testing import capture_logs
from test_family_at_the_counter import payment, registered, uploaded

from gongji.entrances.national.services import names_other_service
from gongji.entrances.national.transactions import TRANSACTIONS
from gongji.entrances.platform import Platform
from gongji.foundation.money import yuan

SIGN_IN = {"signIn": {"opter_no": "0053", "mac": "1", "ip": "1"}}


def refusal(response: Any) -> str:
    """err_msg of an answer in the envelope's form."""
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json;charset=UTF-8"
    answer = response.json()
    assert set(answer) == {
        *("infcode", "inf_refmsgid", "refmsg_time", "respond_time", "err_msg", "output"),
        *("warn_msg", "cainfo", "signtype"),
    }
    assert (answer["infcode"], answer["inf_refmsgid"], answer["output"]) == (-1, None, None)
    assert len(answer["err_msg"]) <= 200
    return str(answer["err_msg"])


def router_refusal(response: Any) -> str:
    """err_msg of an answer in the router's form."""
    assert response.status_code == 200
    answer = response.json()
    assert set(answer) == {"type", "infcode", "err_msg"}
    assert (answer["type"], answer["infcode"]) == ("error", -1)
    return str(answer["err_msg"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"x-tif-paasid": None}, "access.headers"),
        ({"x-tif-paasid": ""}, "access.headers"),
        ({"x-tif-timestamp": None}, "access.headers"),
        ({"x-tif-timestamp": "now"}, "access.headers"),
        ({"x-tif-timestamp": "1" * 400}, "access.headers"),
        ({"x-tif-nonce": ""}, "access.headers"),
        ({"x-tif-signature": None}, "access.headers"),
        ({"x-tif-signature": "0" * 64}, "access.signature"),
        ({"x-tif-signature": "签名".encode().decode("latin-1")}, "access.signature"),
        ({"x-tif-paasid": "nobody"}, "access.unknown_key"),
        ({"x-tif-nonce": "another"}, "access.signature"),
    ],
)
def test_unsigned_or_wrongly_signed_message_is_refused(
    hospital: Window, change: dict[str, str | None], code: str
) -> None:
    headers = signed(hospital.town, "paas-H21120200001", nonce="n") | change
    sent = {name: value.encode("latin-1") for name, value in headers.items() if value is not None}
    message = hospital.message("9001", SIGN_IN)
    assert refusal(hospital.post(message, headers=sent)).endswith(f"[{code}]")  # type: ignore[arg-type]


@pytest.mark.parametrize("minutes", [-16, 16])
def test_stale_signature_is_refused(hospital: Window, minutes: int) -> None:
    headers = signed(hospital.town, "paas-H21120200001", nonce="n", ahead=minutes * 60)
    assert refusal(hospital.post(hospital.message("9001", SIGN_IN), headers=headers)).endswith("[access.timestamp]")


def test_clock_off_by_minutes_is_forgiven_and_hex_may_be_upper_case(hospital: Window) -> None:
    headers = signed(hospital.town, "paas-H21120200001", nonce="n", ahead=-14 * 60)
    headers["x-tif-signature"] = headers["x-tif-signature"].upper()
    assert hospital.post(hospital.message("9001", SIGN_IN), headers=headers).json()["infcode"] == 0


def test_replayed_signature_is_refused_even_for_another_message(hospital: Window) -> None:
    headers = signed(hospital.town, "paas-H21120200001", nonce="once")
    assert hospital.post(hospital.message("9001", SIGN_IN), headers=headers).json()["infcode"] == 0
    again = hospital.message("1101", {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": "1"}})
    assert refusal(hospital.post(again, headers=headers)).endswith("[access.replayed]")


def test_transactions_that_look_up_the_patient_meanwhile_do_nothing_under_a_replayed_signature(
    hospital: Window, household: Household
) -> None:
    """A caught signature around other bodies: one settlement stands, nothing is settled, quoted or taken back."""
    headers = signed(hospital.town, "paas-H21120200001", nonce="once")
    assert hospital.post(hospital.message("9001", SIGN_IN), headers=headers).json()["infcode"] == 0
    visit = registered(hospital, household)
    uploaded(hospital, household, visit)
    paid = hospital.done("2207", payment(household, visit))["setlinfo"]
    left = hospital.town.balance(household.mother.id)
    values = values_for(household.mother, mdtrt_id=visit, setl_id=paid["setl_id"])
    for infno, transaction in TRANSACTIONS.items():
        if transaction.at_desk:
            message = hospital.message(infno, plausible(transaction, values | {"medfee_sumamt": "1268.50"}))
            assert refusal(hospital.post(message, headers=headers)).endswith("[access.replayed]"), infno
    assert hospital.town.balance(household.mother.id) == left
    with hospital.town.database.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM settlement")).scalar_one() == 1


def test_institution_acts_for_itself_only(hospital: Window) -> None:
    said = hospital.refused("9001", SIGN_IN, fixmedins_code="H21120200002")
    assert said == "fixmedins_code 与签名机构不一致：只能为本机构办理业务[access.institution]"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "envelope.not_json"),
        (b"infno=9001", "envelope.not_json"),
        (b'{"infno": "9001"', "envelope.not_json"),
        ('{"infno": "签到"}'.encode("gbk"), "envelope.not_json"),
        (b"[" * 200_000, "envelope.not_json"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "envelope.not_json"),
        (b"[]", "envelope.not_object"),
        (b'"9001"', "envelope.not_object"),
        (b"{}", "field.missing"),
        (b" " * 1_000_001, "envelope.too_large"),
    ],
)
def test_body_that_is_no_message(hospital: Window, body: bytes, code: str) -> None:
    assert refusal(hospital.post(body)).endswith(f"[{code}]")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"msgid": ""}, "msgid（发送方报文ID）不能为空[field.missing]"),
        ({"msgid": "x" * 31}, "msgid 超长：最多 30 个字符，收到 31 个[field.invalid]"),
        ({"fixmedins_code": None}, "fixmedins_code（定点医药机构编号）不能为空[field.missing]"),
        ({"input": [1]}, "input 应为由各节点组成的 JSON 对象[envelope.input]"),
        ({"input": ""}, "缺少节点 input.signIn（表 367 签到）[node.missing]"),
    ],
)
def test_header_field_that_is_missing_or_wrong(hospital: Window, header: dict[str, Any], said: str) -> None:
    assert hospital.refused("9001", SIGN_IN, **header) == said


def test_only_post_is_served(hospital: Window) -> None:
    """A browser that strays here gets no message of the interface, but the plain way to say so."""
    stray = hospital.client.get("/fsi/callService")
    assert (stray.status_code, stray.headers["allow"]) == (405, "POST")
    assert "只接受 POST" in stray.text


def test_unknown_transaction_gets_the_routers_form(hospital: Window) -> None:
    message = sample("zhejiang_3201_wrong_path")["request"] | {"fixmedins_code": "H21120200001", "infno": "9999"}
    said = router_refusal(hospital.post(message))
    assert "未知交易编号 9999" in said


@pytest.mark.parametrize(
    ("path", "infno", "other"),
    [
        ("/fsi/api/signInSignOutService/signIn", "9001", False),
        ("/base/fsi/api/signInSignOutService/signIn/", "9001", False),
        ("/fsi/api/signInSignOutService/signOut", "9001", True),
        ("/fsi/api/reverseService/revsMethod", "9001", True),
        ("/fsi/api/outpatientSettleService/saveSettletmentV2", "2207A", False),
        ("/9001", "9001", False),
        ("/app/9001", "1101", True),
        ("/app/2207", "2207A", True),
        ("/CSB", "9001", False),
        ("/mbs-fsi/web/api/fsi/callService", "2207", False),
        ("/fsi/api/rsfComIfsService/callService", "2207", False),
        ("/", "9001", False),
    ],
)
def test_address_matters_only_where_it_names_another_service(path: str, infno: str, other: bool) -> None:
    assert names_other_service(path, infno) is other


def test_message_at_another_services_address_gets_the_routers_form(hospital: Window) -> None:
    message = hospital.message("9001", SIGN_IN)
    assert "未知交易编号 9001" in router_refusal(hospital.post(message, path="/fsi/api/signInSignOutService/signOut"))
    assert hospital.post(message, path="/fsi/api/signInSignOutService/signIn").json()["infcode"] == 0


def test_byte_order_mark_and_unknown_keys_do_no_harm(hospital: Window) -> None:
    message = hospital.message("9001", SIGN_IN, enc_type="", serv_code="x", pay_loc=2)
    assert hospital.post(b"\xef\xbb\xbf" + json.dumps(message).encode()).json()["infcode"] == 0


def test_negative_price_and_unknown_person_are_told_with_their_path(hospital: Window, household: Household) -> None:
    line = sample("zhejiang_2204")["request"]["input"]["feedetail"]
    said = hospital.refused("2204", {"feedetail": [line, line | {"feedetl_sn": "2", "pric": "-120"}]})
    assert said == "input.feedetail[1].pric 不能是负数[field.invalid]"
    twice = hospital.refused("2204", {"feedetail": [line, line]})
    assert twice.startswith("input.feedetail[1].feedetl_sn 与第 1 行的流水号")
    nobody = hospital.refused("2204", {"feedetail": [line]})
    assert nobody == "input.feedetail[0].psn_no 人员编号不存在，请先用 1101 获取人员信息[person.unknown]"
    card = hospital.refused("1101", {"data": {"mdtrt_cert_type": "03", "mdtrt_cert_no": "Z99999999"}})
    assert card == "没有查到参保人，请核对就诊凭证类型和凭证编号[person.unknown]"
    assert yuan(hospital.town.balance(household.mother.id)) == "200.00"


def test_lines_of_two_visits_are_refused(hospital: Window) -> None:
    line = sample("zhejiang_2204")["request"]["input"]["feedetail"]
    said = hospital.refused("2204", {"feedetail": [line, line | {"feedetl_sn": "2", "mdtrt_id": "1"}]})
    assert said.endswith("[fee_line.other_visit]")


def test_defect_of_ours_is_answered_with_the_number_it_is_logged_under(
    hospital: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> str:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("gongji.registry.service.sign_on", fails)
    with capture_logs() as logs:
        said = refusal(hospital.post(hospital.message("9001", SIGN_IN)))
    assert said.endswith("[platform.defect]")
    assert "a defect" not in said
    (logged,) = [entry for entry in logs if entry["event"] == "national.defect"]
    assert logged["reference"] in said
    assert isinstance(logged["exc_info"], ZeroDivisionError)


def test_two_windows_sign_on_at_once_without_mixing_their_answers(
    hospital: Window, pharmacy: Window, platform: Platform
) -> None:
    """Eight sign-ons at the same time: every answer carries its own number."""
    answers: list[str] = []

    def work(window: Window) -> None:
        for _ in range(4):
            answers.append(window.done("9001", SIGN_IN)["signinoutb"]["sign_no"])

    threads = [threading.Thread(target=work, args=(window,)) for window in (hospital, pharmacy)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 8
