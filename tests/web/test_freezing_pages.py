"""An officer freezes a daughter's account on the pages, she reads why, a second officer and a third have their say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from office_house import House, open_house

from gongji.family import casework
from gongji.foundation.access import Duty
from gongji.foundation.clock import CHINA
from town import Town


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """Monday 2025-03-03, 10:00 in Tieling."""
    town.clock.set(datetime(2025, 3, 3, 10, 0, tzinfo=CHINA))
    yield from open_house(town, tmp_path)


@pytest.fixture
def daughter(house: House) -> int:
    """Li Ting with ¥500.00."""
    return house.town.person("李婷", "1980-05-20", "active", balance=500_00, gender=2)


def test_frozen_at_her_own_request_and_freed(house: House, daughter: int) -> None:
    """She comes to the window: her card was stolen. The clerk finds her by her ID number, the reviewer freezes."""
    number, psn_no = house.numbers_of(daughter)
    clerk = house.officer("0212", Duty.CLERK)
    found = clerk.follow("/office/people", number=number)
    assert found.url.path == f"/office/people/{psn_no}"
    assert "*婷" in found.text
    assert number not in found.text
    zhou = house.officer("0210")
    page = zhou.get(f"/office/people/{psn_no}/freeze")
    assert "本人申请冻结：社保卡或医保码丢失，或者有别人在用。" in page.text
    done = zhou.follow(f"/office/people/{psn_no}/freeze", reason="holder_asked", until="", note="挂失单 88")
    assert "账户已冻结，已通知本人" in done.text
    assert "挂失单 88" in done.text
    phone = house.citizen(daughter)
    for path in ("/c/", "/c/account"):
        shown = phone.get(path).text
        assert "个人账户暂时冻结" in shown
        assert "本人申请冻结：社保卡或医保码丢失" in shown
        assert "参保地医保经办窗口，或拨打 12393" in shown
        assert "挂失单 88" not in shown, "a note is for colleagues"
    assert "账户暂时冻结，里面的钱现在不能用，但不会少" in phone.get("/c/").text
    assert "您的个人账户暂时冻结" in phone.get("/c/messages").text
    assert "冻结了您的个人账户" in phone.get("/c/readers").text
    assert "*婷" in zhou.get("/office/freezes").text
    (freeze,) = re.findall(r"/office/freezes/(\d+)/lift", zhou.get(f"/office/people/{psn_no}/freeze").text)
    lifted = zhou.follow(f"/office/freezes/{freeze}/lift", lift_reason="holder_asked")
    assert "冻结已解除，已通知本人" in lifted.text
    assert "个人账户暂时冻结" not in phone.get("/c/").text
    assert "2025年3月3日 冻结，2025年3月3日 恢复" in phone.get("/c/account").text


def test_what_accuses_her_waits_for_a_second_officer(house: House, daughter: int) -> None:
    _, psn_no = house.numbers_of(daughter)
    zhou, chen = house.officer("0210"), house.officer("0211", Duty.SECOND_REVIEWER)
    page = zhou.follow(f"/office/people/{psn_no}/freeze", reason="misuse_check")
    assert "等复审。2025年3月6日 前没有复审同意的，到期自动恢复" in page.text
    assert "/second" not in page.text, "not by the officer who froze it"
    assert "等复审：冻结" in chen.get("/office/freezes").text
    page = chen.get(f"/office/people/{psn_no}/freeze")
    (freeze,) = re.findall(r"/office/freezes/(\d+)/second", page.text)
    nothing = chen.post(f"/office/freezes/{freeze}/second")
    assert (nothing.status_code, "请选同意或不同意" in nothing.text) == (422, True)
    assert "复审已同意" in chen.follow(f"/office/freezes/{freeze}/second", opinion="agree").text
    asked = zhou.follow(f"/office/freezes/{freeze}/lift", lift_reason="checked")
    assert "已提出解除，等复审同意" in asked.text
    assert "已冻结" in asked.text
    assert zhou.post(f"/office/freezes/{freeze}/second", opinion="agree").status_code == 403
    both = house.officer("0210", Duty.REVIEWER, Duty.SECOND_REVIEWER)
    same = both.post(f"/office/freezes/{freeze}/second", opinion="agree")
    assert (same.status_code, "复审要由另一位同事来做" in same.text) == (409, True)
    ended = chen.follow(f"/office/freezes/{freeze}/second", opinion="agree")
    assert "工号 0211 解除" in ended.text
    assert "正常" in ended.text


def test_wrong_input_is_told_beside_its_field(house: House, daughter: int) -> None:
    _, psn_no = house.numbers_of(daughter)
    zhou = house.officer("0210")
    path = f"/office/people/{psn_no}/freeze"
    for fields, status, words in (
        ({}, 422, "请选冻结的原因"),
        ({"reason": "<script>"}, 422, "请选冻结的原因"),
        ({"reason": "decision"}, 422, "处理决定写明了期限"),
        ({"reason": "holder_asked", "until": "2025-02-30"}, 422, "日期要写成 2026-12-31 这样"),
        ({"reason": "holder_asked", "until": "2025-03-03"}, 422, "最后一天应在今天之后"),
        ({"reason": "holder_asked", "note": "长" * 201}, 422, "备注不超过 200 个字"),
    ):
        wrong = zhou.post(path, **fields)
        assert (wrong.status_code, words in wrong.text, "<script>" in wrong.text) == (status, True, False), fields
    for number in ("", "1", "x" * 40, "99999999999999999999"):
        wrong = zhou.post("/office/people", number=number)
        assert wrong.status_code == 422, number
    with house.town.database.transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM account_freeze")).scalar_one() == 0


def test_an_officer_does_not_freeze_or_free_a_relative(house: House, daughter: int) -> None:
    _, psn_no = house.numbers_of(daughter)
    with house.town.database.transaction() as connection:
        casework.know_officer(connection, "0210", daughter, house.town.clock.now())
    zhou = house.officer("0210")
    own = zhou.post(f"/office/people/{psn_no}/freeze", reason="holder_asked")
    assert (own.status_code, "本人或亲属" in own.text) == (409, True)
