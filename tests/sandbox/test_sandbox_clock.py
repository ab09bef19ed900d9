"""The sandbox's clock: what happens when a day, a month or a year ends, and the way back to the first state."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import httpx
import pytest
from vendor import Vendor

from gongji.entrances.sandbox import host
from gongji.entrances.sandbox.host import Sandbox
from gongji.entrances.sandbox.people import BY_KEY
from gongji.entrances.sandbox.standing import standings
from gongji.foundation.clock import CHINA
from gongji.foundation.money import parse_yuan
from gongji.settlement.verify import verify_everything


@pytest.fixture
def fresh(browser: httpx.Client) -> None:
    """Everything as it was at first."""
    assert browser.post("/reset").status_code == 303


def fen(sandbox: Sandbox, key: str) -> tuple[int, int, int]:
    """Current, historical and held fen of somebody."""
    found = standings(sandbox.platform)[key]
    return found.current, found.historical, found.held


def move(browser: httpx.Client, how: str, moment: str = "") -> None:
    """Move the clock as the page does."""
    answer = browser.post("/clock", data={"how": how, "moment": moment})
    assert answer.headers.get("location") == "/sandbox/control?done=clock", answer.text


@pytest.mark.usefixtures("fresh")
def test_a_month_s_end_credits_everybody_who_has_cover(browser: httpx.Client, sandbox: Sandbox) -> None:
    before = {key: fen(sandbox, key) for key in ("plain", "retired", "paused_cover", "dead")}
    next_year = (sandbox.clock.now() + timedelta(days=31)).year != sandbox.clock.now().year
    move(browser, "month_end")
    after = {key: fen(sandbox, key) for key in before}
    # 2 % of a base of ¥5,000.00, and Tieling's flat ¥60.00 for the retired.
    assert sum(after["plain"]) - sum(before["plain"]) == 100_00
    assert sum(after["retired"]) - sum(before["retired"]) == 60_00
    assert sum(after["dead"]) == sum(before["dead"])
    if not next_year:
        assert after["plain"][1] == before["plain"][1]


@pytest.mark.usefixtures("fresh")
def test_a_year_s_end_makes_current_money_historical(browser: httpx.Client, sandbox: Sandbox) -> None:
    move(browser, "year_end")
    current, historical, _ = fen(sandbox, "plain")
    assert historical >= 1500_00
    # January's credit is the first of the new year.
    assert current == 100_00


@pytest.mark.usefixtures("fresh")
def test_a_deposit_goes_back_when_its_three_days_are_over(browser: httpx.Client, sandbox: Sandbox) -> None:
    assert fen(sandbox, "frozen") == (0, 0, 900_00)
    move(browser, "week")
    current, historical, held = fen(sandbox, "frozen")
    assert held == 0
    assert current + historical >= 900_00


@pytest.mark.usefixtures("fresh")
def test_the_new_year_has_a_deductible_and_a_cap_of_its_own(
    hospital: Vendor, browser: httpx.Client, sandbox: Sandbox
) -> None:
    capped = BY_KEY["capped"]
    assert hospital.visit(capped, flag="1")["output"]["setlinfo"]["fund_pay_sumamt"] == 0.0
    move(browser, "year_end")
    assert parse_yuan(hospital.visit(capped, flag="1")["output"]["setlinfo"]["fund_pay_sumamt"], "fund") == 250_00


def test_signatures_go_by_the_machine_s_clock(hospital: Vendor, browser: httpx.Client) -> None:
    move(browser, "year_end")
    answer = hospital.answer("9001", signIn={"opter_no": "0053", "mac": "m", "ip": "i"})
    assert answer["infcode"] == 0
    assert answer["refmsg_time"][4:8] == "0101"


def test_the_clock_is_set_kept_and_put_back(browser: httpx.Client, sandbox: Sandbox) -> None:
    target = sandbox.clock.now() + timedelta(days=40)
    move(browser, "set", f"{target:%Y-%m-%dT08:30}")
    assert sandbox.clock.now().astimezone(CHINA).date() == target.date()
    assert f"{target:%Y-%m-%d} 08:30" in browser.get("/").text
    assert "时钟已移动" in browser.get("/").text
    move(browser, "back")
    assert abs(sandbox.clock.now() - datetime.now(CHINA)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"how": "set", "moment": "昨天"}, "moment"),
        ({"how": "set", "moment": "2099-01-01T00:00"}, "三年"),
        ({"how": "sideways"}, "how"),
        ({}, "how"),
    ],
)
def test_a_move_that_makes_no_sense_is_told(browser: httpx.Client, form: dict[str, str], says: str) -> None:
    answer = browser.post("/clock", data=form)
    assert answer.status_code == 422
    assert says in answer.text


@pytest.mark.usefixtures("fresh")
def test_reset_brings_the_first_state_and_the_books_hold(
    hospital: Vendor, browser: httpx.Client, sandbox: Sandbox
) -> None:
    before = fen(sandbox, "plain")
    hospital.visit(BY_KEY["plain"], flag="1", infno="2207")
    move(browser, "year_end")
    assert fen(sandbox, "plain") != before
    with sandbox.platform.database.engine.connect() as connection:
        assert [str(one) for one in verify_everything(connection)] == []
    browser.post("/reset")
    assert fen(sandbox, "plain") == before
    assert sandbox.log.recent() == []
    assert sandbox.clock.ahead == timedelta()


def test_what_is_due_is_done_while_the_clock_runs(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    done = asyncio.Event()

    async def passed(_: Sandbox) -> None:
        done.set()

    async def run() -> None:
        async with sandbox.running():
            await asyncio.wait_for(done.wait(), timeout=10)

    monkeypatch.setattr(host, "_TICK", 0.01)
    monkeypatch.setattr(Sandbox, "_passed", passed)
    # In a thread of its own: where a browser was used before, this one has its loop running.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(run())).result()
    assert done.is_set()
