"""A mother's special disease is filed at the window, granted at the review desk, and ended; what is wrong is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from office_house import House, open_house

from gongji.family import casework
from gongji.foundation.access import Duty
from gongji.foundation.clock import CHINA
from gongji.registry.filings import Filing, FilingState, filings_of
from town import Town


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """Monday 2025-03-03, 10:00 in Tieling."""
    town.clock.set(datetime(2025, 3, 3, 10, 0, tzinfo=CHINA))
    yield from open_house(town, tmp_path)


@pytest.fixture
def mother(house: House) -> int:
    """Wang Xiulan of Tieling."""
    return house.town.person("王秀兰", "1953-03-08", "retired", balance=20_00, gender=2)


def filed(house: House, person: int) -> list[Filing]:
    with house.town.database.transaction() as connection:
        return filings_of(connection, person, undone=True)


DISEASE = {"kind": "special_disease", "disease": "M07803", "name": "慢性肾功能衰竭透析", "word": ""}


def test_filed_at_the_window_granted_and_ended_at_the_review_desk(house: House, mother: int) -> None:
    _, psn_no = house.numbers_of(mother)
    there = f"/office/people/{psn_no}/filings"
    clerk, zhou = house.officer("0212", Duty.CLERK), house.officer("0210")
    assert "门诊慢特病" in clerk.get(f"{there}/new?kind=special_disease").text
    page = clerk.follow(f"{there}/new", **DISEASE, since="2025-03-03", until="")
    assert "已登记，等初审通过" in page.text
    assert "审核中" in page.text
    (one,) = filed(house, mother)
    assert (one.state, one.subject, one.until, one.details) == (FilingState.FILED, "M07803", None, {"officer": "0212"})
    assert clerk.post(f"{there}/{one.id}", step="grant").status_code == 403, "the window does not decide"
    for path, shown in (
        ("/office/filings", True),
        ("/office/filings?kind=special_disease", True),
        ("/office/filings?kind=referral", False),
        ("/office/filings?kind=%3Cscript%3E", True),
    ):
        assert (f'href="{there}"' in zhou.get(path).text) is shown, path
    assert there not in house.officer("0810", region="370800").get("/office/filings").text
    assert "已通过，马上生效" in zhou.follow(f"{there}/{one.id}", step="grant").text
    assert filed(house, mother)[0].holds(date(2025, 3, 3))
    assert "没有等审核的备案" in zhou.get("/office/filings").text
    early = zhou.post(f"{there}/{one.id}", step="withdraw", **{f"reason-withdraw-{one.id}": "mistake"})
    assert (early.status_code, "该备案已审核通过，不能撤销" in early.text) == (409, True)
    ending = {f"reason-end-{one.id}": "recovered", f"last_day-end-{one.id}": "2025-03-31"}
    before = zhou.post(f"{there}/{one.id}", step="end", **{**ending, f"last_day-end-{one.id}": "2025-03-02"})
    assert (before.status_code, "最后一天应在 2025-03-03" in before.text) == (422, True)
    nothing = zhou.post(f"{there}/{one.id}", step="end", **{**ending, f"reason-end-{one.id}": ""})
    assert (nothing.status_code, "请选原因" in nothing.text) == (422, True)
    ended = zhou.follow(f"{there}/{one.id}", step="end", **ending, **{f"note-end-{one.id}": "复查报告 7 号"})
    assert "终止：已经治好，不再需要。" in ended.text
    assert "复查报告 7 号" in ended.text
    (one,) = filed(house, mother)
    assert (one.until, one.details["ended"]) == (date(2025, 3, 31), "recovered")
    hers = house.citizen(mother)
    mine = hers.get("/c/filings").text
    assert "已经治好，不再需要。" in mine
    assert "慢性肾功能衰竭透析" in mine
    assert "复查报告" not in mine, "a note is for colleagues"
    inbox = hers.get("/c/messages").text
    for words in ("您有一项备案已经通过", "您有一项备案到期终止"):
        assert words in inbox
    assert "透析" not in inbox, "a text on a phone does not say what somebody is treated for"
    told = house.citizen(mother).get("/c/readers").text
    for words in ("为您登记了备案", "通过了您的备案", "终止了您的备案", "查看了您的备案"):
        assert words in told


def test_refused_with_a_reason_and_filed_anew(house: House, mother: int) -> None:
    _, psn_no = house.numbers_of(mother)
    there = f"/office/people/{psn_no}/filings"
    clerk, zhou = house.officer("0212", Duty.CLERK), house.officer("0210")
    clerk.follow(f"{there}/new", **DISEASE, since="2025-03-03", until="")
    (one,) = filed(house, mother)
    assert clerk.post(f"{there}/{one.id}", step="refuse").status_code == 403, "the window does not decide"
    wrong = zhou.post(f"{there}/{one.id}", step="refuse", **{f"reason-refuse-{one.id}": "<b>"})
    assert (wrong.status_code, "请选原因" in wrong.text, "<b>" in wrong.text) == (422, True, False)
    refused = zhou.follow(f"{there}/{one.id}", step="refuse", **{f"reason-refuse-{one.id}": "not_shown"})
    assert "没有通过：交来的材料看不出符合条件" in refused.text
    hers = house.citizen(mother)
    assert "交来的材料看不出符合条件，请补齐材料后重新申报。" in hers.get("/c/filings").text
    assert "您有一项备案没有通过" in hers.get("/c/messages").text
    assert "没有通过您的备案" in hers.get("/c/readers").text
    clerk.follow(f"{there}/new", **DISEASE, since="2025-03-03", until="")
    assert [one.state for one in filed(house, mother)] == [FilingState.REFUSED, FilingState.FILED]


def test_a_reviewer_files_every_kind_and_it_counts_at_once(house: House, mother: int) -> None:
    _, psn_no = house.numbers_of(mother)
    there = f"/office/people/{psn_no}/filings/new"
    zhou = house.officer("0210")
    hospital = house.town.institution("H21120200001").code
    for fields in (
        DISEASE,
        {"kind": "two_diseases", "which": "M03900"},
        {"kind": "provider", "rank": "1", "institution": hospital},
        {"kind": "family_doctor", "rank": "1", "institution": hospital},
        {"kind": "referral", "institution": hospital},
        {"kind": "elsewhere", "area": "370800"},
    ):
        assert "马上生效" in zhou.follow(there, **fields, since="2025-03-03", until="2025-12-31").text, fields
    known = filed(house, mother)
    assert len(known) == 6
    assert all(one.holds(date(2025, 12, 31)) for one in known)
    twice = zhou.post(there, **DISEASE, since="2025-05-01", until="")
    assert (twice.status_code, "已有同样的备案" in twice.text) == (409, True)


def test_wrong_input_is_told_beside_its_field_and_writes_nothing(house: House, mother: int) -> None:
    _, psn_no = house.numbers_of(mother)
    there = f"/office/people/{psn_no}/filings"
    zhou = house.officer("0210")
    days = {"since": "2025-03-03", "until": ""}
    for fields, words in (
        ({**DISEASE, **days, "disease": "<script>"}, "请填写病种编码"),
        ({**DISEASE, **days, "name": ""}, "请填写病种名称"),
        ({**DISEASE, **days, "word": "no such word"}, "本地规则没有这个病种"),
        ({**DISEASE, "since": "", "until": ""}, "请填写开始日期"),
        ({**DISEASE, "since": "2025-03-03", "until": "2025-03-02"}, "结束日期不能早于开始日期"),
        ({"kind": "two_diseases", **days}, "请选高血压或糖尿病"),
        ({"kind": "provider", "rank": "0", "institution": "H21120200001", **days}, "请填写第几定点"),
        ({"kind": "referral", "institution": "H99999999999", **days}, "没有这家机构"),
        ({"kind": "referral", "institution": "P21120200003", **days}, "转诊只能转到医院"),
        ({"kind": "elsewhere", "area": "211202", **days}, "这是参保地"),
        ({"kind": "elsewhere", "area": "x", **days}, "请填写 6 位区划代码"),
    ):
        wrong = zhou.post(f"{there}/new", **fields)
        assert (wrong.status_code, words in wrong.text, "<script>" in wrong.text) == (422, True, False), fields
    assert zhou.get(f"{there}/new?kind=mood").status_code == 404
    assert zhou.post(f"{there}/1", step="grant").status_code == 404
    assert zhou.post(f"{there}/1", step="mood").status_code == 422
    assert filed(house, mother) == []


def test_not_for_a_relative_and_not_by_an_auditor(house: House, mother: int) -> None:
    _, psn_no = house.numbers_of(mother)
    there = f"/office/people/{psn_no}/filings"
    with house.town.database.transaction() as connection:
        casework.know_officer(connection, "0210", mother, house.town.clock.now())
    own = house.officer("0210").post(f"{there}/new", **DISEASE, since="2025-03-03")
    assert (own.status_code, "本人或亲属" in own.text) == (409, True)
    auditor = house.officer("2101", Duty.AUDITOR, region="210000")
    page = auditor.get(there)
    assert page.status_code == 200
    assert not re.search("filings/new", page.text)
    assert auditor.post(f"{there}/new", **DISEASE, since="2025-03-03").status_code == 403
