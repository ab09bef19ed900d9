"""The conformance run: a right system passes every scenario, a wrong one fails those that it should, with the reason."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from vendor import Turned, Vendor

from gongji.entrances.demo.families import CT
from gongji.entrances.national.transactions import TRANSACTIONS
from gongji.entrances.sandbox.conformance.director import scenarios_for
from gongji.entrances.sandbox.conformance.model import values
from gongji.entrances.sandbox.conformance.scenarios import SCENARIOS
from gongji.entrances.sandbox.host import Sandbox
from gongji.entrances.sandbox.institutions import BY_CODE
from gongji.entrances.sandbox.people import BY_KEY
from gongji.registry.conformance import Deviation, add_deviations
from gongji.registry.service import institution_by_code

HOSPITAL, PHARMACY = "H21129900001", "P21129900004"


@pytest.fixture(autouse=True)
def _nothing_under_way(sandbox: Sandbox) -> Iterator[None]:
    """No run is left over from another test."""
    yield
    sandbox.director.clear()
    sandbox.failures.clear()


def begin(browser: httpx.Client, key: str, code: str = HOSPITAL) -> None:
    """Start a scenario as the page does."""
    assert browser.post(f"/conformance/{code}/{key}").status_code == 303


def line(browser: httpx.Client, key: str, code: str = HOSPITAL) -> dict[str, Any]:
    """A scenario in the report."""
    told = browser.get(f"/conformance/{code}.json").json()
    (found,) = [one for one in told["scenarios"] if one["key"] == key]
    return dict(found)


@pytest.mark.parametrize("code", [HOSPITAL, PHARMACY])
def test_the_demo_s_system_passes_everything(browser: httpx.Client, code: str) -> None:
    keys = [scenario.key for scenario in scenarios_for(BY_CODE[code])]
    for key in keys:
        assert browser.post(f"/conformance/{code}/{key}/demo").status_code == 303
    told = browser.get(f"/conformance/{code}.json").json()
    assert {one["key"]: (one["outcome"], one["problem"]) for one in told["scenarios"]} == dict.fromkeys(
        keys, ("passed", None)
    )
    assert told["tally"]["passed"] == len(keys)
    assert all(step["msgid"] and step["message"] for one in told["scenarios"] for step in one["steps"])
    assert browser.get(f"/conformance/{code}").text.count("✓") == sum(len(one["steps"]) for one in told["scenarios"])


def visit(hospital: Vendor, key: str = "plain") -> dict[str, Any]:
    """Up to the lines: what 2207 is to be asked."""
    person = BY_KEY[key]
    psn_no = hospital.identified(person)["output"]["baseinfo"]["psn_no"]
    number = person.certificate.number
    mdtrt_id = hospital.register(psn_no, number, person.scheme)
    batch = hospital.upload(psn_no, mdtrt_id, [CT])
    return {
        "psn_no": psn_no, "mdtrt_cert_type": "02", "mdtrt_cert_no": number, "med_type": "11", "medfee_sumamt": "800.00",
        "mdtrt_id": mdtrt_id, "chrg_bchno": batch, "acct_used_flag": "1", "insutype": "310",
    }  # fmt: skip


def lost(hospital: Vendor, pay: dict[str, Any]) -> str:
    """Send a 2207 that is not answered; gives its msgid."""
    with contextlib.suppress(httpx.TransportError):
        hospital.answer("2207", data=pay)
    return str(hospital.sent[-1]["msgid"])


def with_a_new_msgid(hospital: Vendor) -> None:
    pay = visit(hospital)
    lost(hospital, pay)
    hospital.answer("2207", data=pay)


def with_another_input(hospital: Vendor) -> None:
    pay = visit(hospital)
    msgid = lost(hospital, pay)
    hospital.answer("2207", msgid, data=pay | {"invono": "7"})


def for_another_visit(hospital: Vendor) -> None:
    hospital.answer("2207", data=visit(hospital) | {"mdtrt_id": "2112020000000000000"})


def for_somebody_else(hospital: Vendor) -> None:
    visit(hospital, "retired")


def without_the_relative(hospital: Vendor) -> None:
    hospital.answer("2207", data=visit(hospital, "two_sharers") | {"acct_used_flag": "0"})


def with_the_right_total_at_once(hospital: Vendor) -> None:
    hospital.answer("2207", data=visit(hospital))


def with_a_total_of_its_own(hospital: Vendor) -> None:
    hospital.answer("2207", data=visit(hospital) | {"medfee_sumamt": "900.00"})


def with_sums_that_are_not_its_own(hospital: Vendor) -> None:
    pay = visit(hospital, "other_region")
    day = hospital.answer("2207", data=pay)["output"]["setlinfo"]["setl_time"][:10]
    sums = {"medfee_sumamt": "801.00", "fund_pay_sumamt": "0.00", "acct_pay": "800.00", "fixmedins_setl_cnt": "1"}
    scope = {"insutype": "310", "setl_optins": "370800", "stmt_begndate": day, "stmt_enddate": day}
    hospital.answer("3201", data=sums | scope)


def with_a_made_up_sign_no(hospital: Vendor) -> None:
    hospital.answer("9001", signIn={"opter_no": "1", "mac": "m", "ip": "i"})
    hospital.answer("9002", signOut={"opter_no": "1", "sign_no": "1"})


@pytest.mark.parametrize(
    ("key", "wrong", "why"),
    [
        ("lost_reply", with_a_new_msgid, "没有收到回复时应使用原 msgid 重发"),
        ("lost_request", with_a_new_msgid, "没有收到回复时应使用原 msgid 重发"),
        ("lost_reply", with_another_input, "input 必须与原报文"),
        ("settle_and_reverse", for_somebody_else, "应为本场景就诊人的人员编号"),
        ("lost_reply", for_another_visit, "应为 2201 返回的 data.mdtrt_id"),
        ("sharing", without_the_relative, "acct_used_flag 应为 1 或 2，收到 0"),
        ("amounts_differ", with_the_right_total_at_once, "2207 应被拒绝（settlement.total），却成功了"),
        (
            "delivered_twice",
            with_a_total_of_its_own,
            "2207 应成功，却返回：医疗费总额 900.00 元与已上传明细合计 800.00",
        ),
        ("day_end", with_sums_that_are_not_its_own, "回复中 stmtinfo.stmt_rslt 应为 0（平），实际为 1"),
        ("sign_on", with_a_made_up_sign_no, "signOut.sign_no 应为 9001 返回的 signinoutb.sign_no"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_wrong_system_fails_with_the_reason(
    hospital: Vendor, browser: httpx.Client, key: str, wrong: Callable[[Vendor], None], why: str
) -> None:
    begin(browser, key)
    with contextlib.suppress(Turned, httpx.TransportError):
        wrong(hospital)
    told = line(browser, key)
    assert told["outcome"] == "failed"
    assert why in told["problem"]
    assert why.split("（")[0] in browser.get(f"/conformance/{HOSPITAL}").text
    assert browser.get(f"/conformance/{HOSPITAL}").text.count("✗") == 1


def test_a_signature_that_is_sent_twice_fails(hospital: Vendor, browser: httpx.Client) -> None:
    begin(browser, "signature_refused")
    kept: list[httpx.Request] = []
    hospital.client.event_hooks["request"] = [kept.append]
    assert hospital.identified(BY_KEY["plain"])["err_msg"].endswith("[access.timestamp]")
    again = hospital.client.send(kept[0])
    assert again.json()["infcode"] == 0, "the first signature was refused unseen, so it is still good"
    told = line(browser, "signature_refused")
    assert told["outcome"] == "failed"
    assert "必须重新签名" in told["problem"]


def test_the_page_says_what_comes_next(hospital: Vendor, browser: httpx.Client) -> None:
    begin(browser, "settle_and_reverse")
    assert "下一步： 1101" in words(browser)
    hospital.identified(BY_KEY["plain"])
    assert "下一步： 2201" in words(browser)
    browser.post(f"/conformance/{HOSPITAL}/stop")
    assert "下一步" not in words(browser)
    assert line(browser, "settle_and_reverse")["outcome"] == "not_run"


def words(browser: httpx.Client) -> str:
    """The words of the report's page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", browser.get(f"/conformance/{HOSPITAL}").text))


def test_a_step_that_waits_too_long_fails_by_the_sandbox_s_clock(browser: httpx.Client, sandbox: Sandbox) -> None:
    begin(browser, "sign_on")
    sandbox.clock.ahead += timedelta(minutes=31)
    told = line(browser, "sign_on")
    sandbox.clock.ahead = timedelta()
    assert (told["outcome"], told["problem"]) == ("failed", "等待 9001 超过 30 分钟（沙箱时间）")


def test_a_failure_that_was_planned_for_a_step_goes_with_the_run(browser: httpx.Client, sandbox: Sandbox) -> None:
    begin(browser, "signature_refused")
    assert [each.infno for each in sandbox.failures.planned()] == ["1101"]
    begin(browser, "sign_on")
    assert sandbox.failures.planned() == []


@pytest.mark.parametrize(
    ("path", "status"), [("H0/sign_on", 404), (f"{HOSPITAL}/purchase", 404), (f"{HOSPITAL}/x", 404)]
)
def test_a_scenario_that_is_not_there_is_told(browser: httpx.Client, path: str, status: int) -> None:
    assert browser.post(f"/conformance/{path}").status_code == status


def test_scenarios_ask_only_for_what_is_served_and_for_people_who_are_there() -> None:
    for scenario in SCENARIOS:
        assert {step.infno for step in scenario.steps} <= TRANSACTIONS.keys()
        assert scenario.patient in ("", *BY_KEY)


def test_the_report_tells_what_the_door_counted(browser: httpx.Client, sandbox: Sandbox) -> None:
    with sandbox.platform.database.transaction() as connection:
        hospital = institution_by_code(connection, HOSPITAL)
        assert hospital is not None
        at = sandbox.clock.now()
        seen = Deviation(hospital.id, "1101", "null_word", "input.data.card_sn", 3, at, at, "null")
        add_deviations(connection, [seen])
    assert "用文字 null 表示空值 input.data.card_sn null 3" in words(browser)
    told = browser.get(f"/conformance/{HOSPITAL}.json").json()["deviations"]
    assert {"infno": "1101", "kind": "null_word", "field": "input.data.card_sn", "count": 3, "example": "null"} in told


def test_values_are_found_through_lists() -> None:
    rows = {"feedetail": [{"mdtrt_id": "1"}, {"mdtrt_id": "2"}, {}], "data": {"psn_no": "7"}}
    assert values(rows, "feedetail.mdtrt_id") == ["1", "2"]
    assert values(rows, "data.psn_no") == ["7"]
    assert values(rows, "data.nothing") == values(rows, "nowhere.at") == []
