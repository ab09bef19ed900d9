"""An inspector finds a case in the queue, takes it, asks Mr He, who answers from his phone; it is concluded and he is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from office_house import Browser, House, book_page, open_house

from gongji.foundation.access import Duty
from gongji.foundation.clock import CHINA
from gongji.oversight.alerts.scan import scan
from gongji.oversight.service import readings_of
from town import Town


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """Monday 2025-03-03, 10:00 in Tieling."""
    town.clock.set(datetime(2025, 3, 3, 10, 0, tzinfo=CHINA))
    yield from open_house(town, tmp_path)


def till(house: House) -> int:
    """Mr He's account pays ¥298.00 each for three relatives within eight minutes, and the books are scanned."""
    he = house.town.person("何平", "1985-04-01", "active", balance=9_000_00)
    for name, relation in (("何父", "parent"), ("何母", "parent"), ("何妻", "spouse")):
        one = house.town.person(name, "1958-04-01", "resident", household=name)
        house.town.share(he, one, relation=relation)
        house.purchase(one, "298.00")
        house.town.clock.advance(timedelta(minutes=4))
    scan(house.town.database, house.town.clock)
    return he


def case_of(officer: Browser) -> str:
    """The address of the only case in the queue."""
    (found,) = set(re.findall(r'href="(/office/alerts/\d+)"', officer.get("/office/alerts").text))
    return str(found)


def upload(phone: Browser, path: str, picture: bytes, **fields: str) -> httpx.Response:
    """A form with a picture."""
    token = re.findall(r'name="csrf" value="([^"]+)"', phone.get(path).text)[0]
    files = {"file": ("a.jpg", picture, "image/jpeg")}
    return phone.client.post(path, data={"csrf": token, **fields}, files=files, follow_redirects=True)


def test_a_case_from_the_queue_to_its_end(house: House) -> None:
    he = till(house)
    officer = house.officer("0215", Duty.INSPECTOR)
    there = case_of(officer)
    queue = officer.get("/office/alerts").text
    assert "一家人集中刷卡" in queue
    assert "何平" not in queue, "names are masked"
    for query, shown in (
        ("rule=relatives_at_one_till", True),
        ("rule=over_volume", False),
        ("subject=person", True),
        ("subject=institution", False),
        ("show=free", True),
        ("show=mine", False),
        ("show=concluded", False),
        ("age=7", False),
        ("show=%3Cscript%3E&rule=x&age=x&subject=x", True),
    ):
        page = officer.get(f"/office/alerts?{query}").text
        assert (there in page, "<script>" in page) == (shown, False), query
    page = officer.get(there).text
    assert "15 分钟内同一家机构里给 3 位亲属付了钱，共 ¥894.00" in page
    assert page.count("¥298.00") == 3
    wrong = officer.post(there, step="ask", reader=f"person:{he}", words="请说明")
    assert (wrong.status_code, "这件不在您手上" in wrong.text) == (409, True)
    assert "这件由您办理" in officer.follow(there, step="claim").text
    for fields, words in (
        ({"step": "ask", "reader": "person:1", "words": "请说明一下"}, "请选要问谁"),
        ({"step": "ask", "reader": f"person:{he}", "words": "嗯"}, "请写 4 到 500 个字"),
        ({"step": "conclude"}, "请选处理结果"),
        ({"step": "conclude", "outcome": "explained", "reason": "card_lent"}, "请选与处理结果相符的原因"),
        ({"step": "conclude", "outcome": "warned", "reason": "card_lent"}, "请写 4 到 500 个字"),
        (
            {"step": "conclude", "outcome": "frozen", "reason": "card_lent", "decision_words": "先冻结", "until": "x"},
            "日期",
        ),
    ):
        refused = officer.post(there, **fields)
        assert (refused.status_code, words in refused.text) == (422, True), fields
    asked = officer.follow(there, step="ask", reader=f"person:{he}", words="3月3日惠民大药房的三笔，是谁来买的？")
    assert "信已发出" in asked.text

    phone = house.citizen(he)
    assert "经办机构想请您说明" in phone.get("/c/messages").text
    (letter,) = set(re.findall(r'href="(/c/letters/\d+)"', phone.get("/c/letters").text))
    words = phone.get(letter).text
    assert "3月3日惠民大药房的三笔，是谁来买的？" in words
    assert words.count("¥298.00") == 3
    assert "一家人集中刷卡" not in words, "the rule is not told"
    short = phone.post(letter, answer="我")
    assert (short.status_code, "请写 4 到 1000 个字" in short.text) == (422, True)
    done = upload(phone, letter, book_page("receipt"), answer="父母和妻子那天一起去体检，顺路买的药")
    assert "答复已送到经办机构" in done.text
    assert "一起去体检" in done.text
    again = phone.post(letter, answer="再补充一句")
    assert again.status_code == 422
    assert "已经答复过了" in again.text

    page = officer.get(there).text
    assert "父母和妻子那天一起去体检，顺路买的药" in page
    (picture,) = set(re.findall(rf'href="({there}/letters/\d+/1)"', page))
    assert officer.get(picture).headers["content-type"] == "image/jpeg"
    (shown,) = re.findall(r'name="shown" value="(\d+)"', page)
    explained = {"step": "conclude", "outcome": "explained", "reason": "family_together", "note": "有体检单"}
    unseen = officer.post(there, **explained)
    assert (unseen.status_code, "又有新的线索并入这件" in unseen.text) == (409, True)
    over = officer.follow(there, shown=shown, **explained)
    assert "理由成立" in over.text
    assert there not in officer.get("/office/alerts").text
    assert there in officer.get("/office/alerts?show=concluded").text
    told = phone.get("/c/letters").text
    assert "核实的结果" in told
    newest = re.findall(r'href="(/c/letters/\d+)"', told)[0]
    assert "您的说明我们看过了，没有问题" in phone.get(newest).text
    with house.town.database.transaction() as connection:
        actions = {one.action for one in readings_of(connection, he)}
    assert {"alert_case.read", "alert_case.claim", "alert_case.ask", "alert_case.conclude"} <= actions
    assert "查看稽核案件" in phone.get("/c/readers").text


def test_others_meet_neither_case_nor_letter(house: House) -> None:
    he = till(house)
    officer = house.officer("0215", Duty.INSPECTOR)
    there = case_of(officer)
    officer.follow(there, step="claim")
    officer.follow(there, step="ask", reader=f"person:{he}", words="请说明这三笔")
    (letter,) = re.findall(r'href="(/c/letters/\d+)"', house.citizen(he).get("/c/letters").text)
    stranger = house.citizen(house.town.person("钱多", "1990-01-01", "active", balance=0, household="别家"))
    assert stranger.get(letter).status_code == 404
    assert stranger.post(letter, answer="不是我的信").status_code == 404
    assert house.officer("0810", Duty.INSPECTOR, region="370800").get(there).status_code == 404
    assert house.officer("0210", Duty.REVIEWER).get(there).status_code == 403
    auditor = house.officer("2101", Duty.AUDITOR, region="210000")
    assert auditor.get(there).status_code == 200
    assert auditor.post(there, step="claim").status_code == 403
    other = house.officer("0216", Duty.INSPECTOR).post(there, step="claim")
    assert (other.status_code, "0215" in other.text) == (409, True)


def test_a_rule_is_changed_with_a_reason_and_its_history_stays(house: House) -> None:
    officer = house.officer("0215", Duty.INSPECTOR)
    there = "/office/alerts/rules/relatives_at_one_till"
    assert there in officer.get("/office/alerts/rules").text
    for fields, words in (
        ({"active": "on", "relatives": "1", "minutes": "15", "reason": "试一试看看"}, "请填 2 到 20 的整数"),
        ({"active": "on", "relatives": "3", "minutes": "x", "reason": "试一试看看"}, "请填 1 到 240 的整数"),
        ({"active": "on", "relatives": "3", "minutes": "15", "reason": "嗯"}, "请写 4 到 200 个字"),
    ):
        wrong = officer.post(there, **fields)
        assert (wrong.status_code, words in wrong.text) == (422, True), fields
    page = officer.follow(there, active="off", relatives="4", minutes="10", reason="家庭体检季误报多").text
    assert "家庭体检季误报多" in page
    assert "停用" in page
    till(house)
    assert not re.findall(r"/office/alerts/\d+", officer.get("/office/alerts").text)
    assert officer.get("/office/alerts/rules/nothing").status_code == 404
    assert house.officer("2101", Duty.AUDITOR).post(there, active="on").status_code == 403


def test_counts_hide_what_could_be_somebody(house: House) -> None:
    till(house)
    officer = house.officer("0215", Duty.INSPECTOR)
    page = officer.get("/office/alerts/counts").text
    assert "&lt;5" in page
    table = officer.get("/office/alerts/counts?as=csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text.splitlines()[1:] == ["2025-03,211200,relatives_at_one_till,<5,0"]
