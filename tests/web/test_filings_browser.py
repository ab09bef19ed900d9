"""A father reads what is filed for him, in a real browser at 390 × 844: standard without JavaScript, large type with axe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from phone import serving_pages
from playwright.sync_api import Browser
from walk import Twin, Walk

from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.clock import CHINA
from gongji.oversight import filings
from gongji.registry.filings import FilingKind, FilingState, NewFiling
from town import Town

pytestmark = pytest.mark.browser


@pytest.fixture(params=["standard", "elder"])
def walk(request: pytest.FixtureRequest, chromium: Browser, twin: Twin, town: Town, tmp_path: Path) -> Iterator[Walk]:
    """Monday 2025-03-03, 10:00; standard type, then large."""
    town.clock.set(datetime(2025, 3, 3, 10, 0, tzinfo=CHINA))
    with serving_pages(town, data=tmp_path) as pages:
        made = Walk(pages, chromium, request.param == "elder", twin, "filings")
        yield made
        made.close()


def test_every_state_of_his_filings_and_why(walk: Walk) -> None:
    """One that holds, one under review, one refused, one that was ended; the message leads here."""
    town = walk.pages.town
    father = town.person("王德海", "1951-03-08", "retired", balance=35_200, gender=1)
    walk.come_in(father)
    walk.press("我的备案")
    walk.seen("1_nothing")
    zhou = Caller(Role.OFFICER, "0210", None, "211200", frozenset({Duty.REVIEWER}))
    at, granted = town.clock.now(), FilingState.GRANTED
    hospital = town.institution("H21120200001")
    news = [
        NewFiling(
            father, FilingKind.SPECIAL_DISEASE, "M07803", date(2025, 1, 1), name="慢性肾功能衰竭透析", state=granted
        ),
        NewFiling(father, FilingKind.ELSEWHERE, "370800", date(2025, 3, 1), state=granted),
        NewFiling(father, FilingKind.TWO_DISEASES, "M03900", date(2025, 3, 3), name="高血压"),
        NewFiling(father, FilingKind.PROVIDER, "1", date(2025, 3, 3), date(2025, 12, 31), institution_id=hospital.id),
    ]
    with town.database.transaction() as connection:
        disease, _, _, chosen = (
            filings.file(connection, town.database.serials, one, caller=zhou, at=at).id for one in news
        )
        filings.refuse(connection, father, chosen, reason="wrong_details", note="", caller=zhou, at=at)
        filings.end(
            connection,
            father,
            disease,
            last_day=date(2025, 3, 31),
            reason="recovered",
            note="",
            caller=zhou,
            at=at,
        )
    walk.open("/c/messages")
    walk.seen("2_told")
    refused = walk.page.get_by_role("link", name="您有一项备案没有通过，请打开看看原因。")
    with walk.page.expect_navigation():
        refused.click()
    walk.press("看看是哪一笔、哪件事")
    assert "填写的内容有误，请改正后重新申报。" in walk.words()
    walk.seen("3_all")
