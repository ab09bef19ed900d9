"""A difference that a hospital's file left is looked at, handed over and cleared with a reason; who takes the wallet is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from office_house import House, open_house
from test_office_pages import difference

from gongji.foundation.access import Duty
from gongji.foundation.clock import CHINA
from town import Town


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """Monday 2025-04-07, 10:00 in Tieling."""
    town.clock.set(datetime(2025, 4, 7, 10, 0, tzinfo=CHINA))
    yield from open_house(town, tmp_path)


def test_a_difference_is_listed_with_owner_and_age_handed_over_and_cleared(house: House) -> None:
    """Found on 1 March, 37 days ago: the hospital does not have ¥50.00 of ours."""
    number = difference(house)
    clerk = house.officer("0213", Duty.CLEARING_CLERK)
    there = f"/office/differences/{number}"
    table = clerk.get("/office/differences").text
    assert there in table
    assert '<span class="tag late">37 天</span>' in table
    assert "机构 —" in table
    assert "中心 ¥50.00" in table
    for query, shown in (
        ("owner=institution", True),
        ("owner=agency", False),
        ("kind=missing_there", True),
        ("kind=twice", False),
        ("age=30", True),
        ("age=90", False),
        ("words=H21120200001", True),
        ("words=%E6%B2%A1%E6%9C%89", False),
        ("show=cleared", False),
        ("owner=%3Cscript%3E&kind=x&age=x", True),
    ):
        page = clerk.get(f"/office/differences?{query}").text
        assert (there in page, "<script>" in page) == (shown, False), query
    page = clerk.get(there).text
    assert "机构没有这笔" in page
    assert "¥50.00" in page
    assert "已改" in clerk.follow(there, step="hand_over", owner="agency").text
    assert there in clerk.get("/office/differences?owner=agency").text
    for fields, words in (
        ({}, "请选核销的原因"),
        ({"reason": "mood", "note": "核对无误"}, "请选核销的原因"),
        ({"reason": "agreed", "note": "好"}, "请写明核对的结果"),
        ({"step": "hand_over", "owner": "me"}, "请选由谁处理"),
    ):
        wrong = clerk.post(there, **fields)
        assert (wrong.status_code, words in wrong.text) == (422, True), fields
    done = clerk.follow(there, step="clear", reason="corrected_there", note="更正单 2025-041")
    assert "机构已更正" in done.text
    assert "更正单 2025-041" in done.text
    assert "工号 0213" in done.text
    again = clerk.post(there, step="clear", reason="agreed", note="再核销一次")
    assert (again.status_code, "已经核销" in again.text) == (409, True)
    assert there not in clerk.get("/office/differences").text
    assert there in clerk.get("/office/differences?show=cleared").text


def test_an_auditor_only_looks_and_others_see_nothing(house: House) -> None:
    there = f"/office/differences/{difference(house)}"
    auditor = house.officer("2101", Duty.AUDITOR, region="210000")
    assert "核对的结果" not in auditor.get(there).text
    assert auditor.post(there, reason="agreed", note="核对无误").status_code == 403
    elsewhere = house.officer("0810", Duty.CLEARING_CLERK, region="370800")
    assert elsewhere.get(there).status_code == 404
    assert elsewhere.post(there, reason="agreed", note="核对无误").status_code == 404
    assert house.officer("0210").get(there).status_code == 403
    assert house.officer("0213", Duty.CLEARING_CLERK).get("/office/differences/x").status_code == 404


def test_the_database_wants_to_know_why(house: House) -> None:
    number = difference(house)
    silent = "UPDATE statement_difference SET cleared_at = now(), cleared_by = '0213' WHERE id = :id"
    with pytest.raises(sa.exc.IntegrityError, match="people_say_why"), house.town.database.transaction() as connection:
        connection.execute(sa.text(silent), {"id": number})


def test_who_takes_the_wallet_is_said_and_stopped(house: House) -> None:
    """The hospital takes it from Monday to Friday; people find it so."""
    hospital = house.town.institution("H21120200001")
    zhou = house.officer("0210")
    there = f"/office/takers/{hospital.id}"
    assert there in zhou.get("/office/takers").text
    assert there not in zhou.get("/office/takers?show=taking").text
    assert "已保存" in zhou.follow(there, since="2025-04-07", until="").text
    assert there in zhou.get(f"/office/takers?show=taking&words={hospital.name}").text
    zhou.follow(there, since="2025-04-07", until="2025-04-11")
    father = house.town.person("王德海", "1951-03-08", "retired", balance=0, gender=1)
    assert hospital.name in house.citizen(father).get("/c/wallet/places").text
    assert hospital.name not in house.citizen(father).get("/c/wallet/places?words=%E6%B2%A1%E6%9C%89").text
    house.town.clock.advance(timedelta(days=5))
    assert hospital.name not in house.citizen(father).get("/c/wallet/places").text
    zhou = house.officer("0210")
    for fields, words in (
        ({"since": ""}, "请填写从哪天起能用"),
        ({"since": "2025-04-07", "until": "2025-04-06"}, "最后一天不能早于开始日期"),
        ({"since": "2025-04-07", "until": "x"}, "最后一天不能早于开始日期"),
    ):
        wrong = zhou.post(there, **fields)
        assert (wrong.status_code, words in wrong.text) == (422, True), fields
    clerk = house.officer("0212", Duty.CLERK)
    assert clerk.post(there, since="2025-04-14").status_code == 403
    assert house.officer("0810", region="370800").post(there, since="2025-04-14").status_code == 404
