"""Failures on demand, as the sender of the message sees them, and what the platform did meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest
from vendor import Vendor

from gongji.entrances.demo.hospital import sign_x_tif
from gongji.entrances.sandbox.failures import FailureKind, Failures
from gongji.entrances.sandbox.host import Sandbox
from gongji.entrances.sandbox.people import BY_KEY
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import InvalidInput

SIGN_ON = {"signIn": {"opter_no": "0053", "mac": "00-16-3E", "ip": "10.1.1.1"}}


@pytest.fixture(autouse=True)
def _nothing_planned(sandbox: Sandbox) -> Iterator[None]:
    """What a test leaves over is no other's."""
    sandbox.failures.clear()
    yield
    sandbox.failures.clear()


def plan(browser: httpx.Client, kind: FailureKind, **more: str) -> None:
    """Plan a failure as the page does."""
    assert browser.post("/failures", data={"kind": kind, **more}).status_code == 303


def signs_on(sandbox: Sandbox) -> int:
    """Rows that 9001 left."""
    with sandbox.platform.database.engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM sign_on").scalar_one())


@pytest.mark.parametrize(
    ("kind", "done"),
    [(FailureKind.LOST_REPLY, 1), (FailureKind.LOST_REQUEST, 0), (FailureKind.RESET, 0)],
)
def test_the_connection_closes_and_what_was_done_stays(
    hospital: Vendor, browser: httpx.Client, sandbox: Sandbox, kind: FailureKind, done: int
) -> None:
    before = signs_on(sandbox)
    plan(browser, kind, infno="9001")
    with pytest.raises(httpx.TransportError):
        hospital.answer("9001", **SIGN_ON)
    assert signs_on(sandbox) - before == done
    assert hospital.answer("9001", **SIGN_ON)["infcode"] == 0
    first, second = sandbox.log.recent()[1], sandbox.log.recent()[0]
    assert (first.status, first.disturbed, second.disturbed) == (0, (kind,), ())
    assert bool(first.answer) is bool(done)


def test_a_refusal_with_a_chosen_text_comes_in_the_interfaces_form(hospital: Vendor, browser: httpx.Client) -> None:
    plan(browser, FailureKind.REFUSE, text="中心系统维护中，请稍后再试", times="2")
    answers = [hospital.answer("9001", **SIGN_ON) for _ in range(3)]
    assert [answer["infcode"] for answer in answers] == [-1, -1, 0]
    assert answers[0]["err_msg"] == "中心系统维护中，请稍后再试"
    assert answers[0].keys() == answers[2].keys()


def test_a_gateway_in_between_answers_502_in_html(hospital: Vendor, browser: httpx.Client) -> None:
    plan(browser, FailureKind.BAD_GATEWAY)
    response = hospital.post(hospital.message("9001", SIGN_ON))
    assert (response.status_code, response.headers["content-type"]) == (502, "text/html")
    assert "502 Bad Gateway" in response.text


def test_a_message_delivered_twice_is_done_once(hospital: Vendor, browser: httpx.Client, sandbox: Sandbox) -> None:
    plan(browser, FailureKind.DUPLICATE, infno="2207")
    answer = hospital.visit(BY_KEY["plain"], flag="1", infno="2207")
    assert answer["infcode"] == 0
    with sandbox.platform.database.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT count(*) FROM settlement WHERE msgid = %s", (hospital.sent[-1]["msgid"],)
        )
        assert rows.scalar_one() == 1


@pytest.mark.parametrize("minutes", ["40", "-40"])
def test_a_clock_that_is_wrong_makes_the_signature_stale(hospital: Vendor, browser: httpx.Client, minutes: str) -> None:
    plan(browser, FailureKind.SKEW, minutes=minutes)
    refused, taken = hospital.answer("9001", **SIGN_ON), hospital.answer("9001", **SIGN_ON)
    assert refused["err_msg"].endswith("[access.timestamp]")
    assert taken["infcode"] == 0


def test_a_delay_answers_after_the_work_is_done(hospital: Vendor, browser: httpx.Client, sandbox: Sandbox) -> None:
    plan(browser, FailureKind.DELAY, seconds="4")
    headers = sign_x_tif(hospital.paasid, hospital.secret, datetime.now(CHINA))
    message, before = hospital.message("9001", SIGN_ON), signs_on(sandbox)
    slow = httpx.Timeout(30, read=0.3)
    with pytest.raises(httpx.ReadTimeout):
        hospital.client.post(f"{hospital.base}/fsi/api/callService", json=message, headers=headers, timeout=slow)
    assert "处理中" in browser.get("/messages").text
    for _ in range(200):
        if signs_on(sandbox) > before:
            break
        time.sleep(0.05)
    assert signs_on(sandbox) == before + 1


def test_a_failure_meets_only_what_it_is_for() -> None:
    failures = Failures()
    failures.plan(FailureKind.DELAY, institution="H1", infno="2207", msgid="m7", times=2)
    assert (
        failures.take("H1", "2207", "m8")
        == failures.take("H1", "2206", "m7")
        == failures.take("H2", "2207", "m7")
        == []
    )
    assert [len(failures.take("H1", "2207", "m7")) for _ in range(3)] == [1, 1, 0]


@pytest.mark.parametrize("wrong", [{"times": 0}, {"seconds": 121}, {"minutes": 2000}, {"seconds": -1}])
def test_a_figure_out_of_range_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Failures().plan(FailureKind.DELAY, **wrong)  # type: ignore[arg-type]
    assert refusal.value.field in wrong
