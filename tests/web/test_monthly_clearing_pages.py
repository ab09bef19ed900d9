"""Clerks of two regions close a month, check, dispute and pay a statement on their pages; a second officer books it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from office_house import House, open_house

from gongji.foundation.access import Duty
from gongji.foundation.clock import CHINA
from town import JINING, Town

JINING_HOSPITAL = "H37080000001"


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """Wednesday 2025-03-12: a man of Tieling is treated in Jining for ¥250.00 and ¥100.00 of his account."""
    town.clock.set(datetime(2025, 3, 12, 10, 0, tzinfo=CHINA))
    man = town.person("赵德柱", "1960-05-01", "retired", balance=350_00)
    hospital = town.institution(JINING_HOSPITAL)
    for price in ("250.00", "100.00"):
        visit, total = town.visit(man, hospital, ("C-A", 1, price))
        town.settled(town.settle_visit(man, hospital, visit, total))
    yield from open_house(town, tmp_path)


def closed(house: House) -> str:
    """March is closed in April; gives the address of its statement."""
    house.town.clock.set(datetime(2025, 4, 2, 9, 0, tzinfo=CHINA))
    clerk = house.officer("0213", Duty.CLEARING_CLERK)
    page = clerk.follow("/office/clearing/close", month="2025-03").text
    assert "已关账，清算单和拨付单已生成" in page
    (there,) = re.findall(r'href="(/office/clearing/statements/\d+)"', page)
    return str(there)


def payment() -> dict[str, str]:
    """What is filled in for ¥100.00."""
    return {"step": "pay", "amount": "100.00", "reference": "YH-20250402-1", "paid_on": "2025-04-02"}


def test_a_month_is_seen_while_it_is_open_and_closed_once_it_is_over(house: House) -> None:
    clerk = house.officer("0213", Duty.CLEARING_CLERK)
    page = clerk.get("/office/clearing").text
    assert "未关账" in page
    assert "¥350.00" in page
    assert "关账 2025-03" not in page
    early = clerk.post("/office/clearing/close", month="2025-03")
    assert (early.status_code, "还没有结束" in early.text) == (409, True)
    assert clerk.post("/office/clearing/close", month="March").status_code == 422
    house.town.clock.set(datetime(2025, 4, 2, 9, 0, tzinfo=CHINA))
    clerk = house.officer("0213", Duty.CLEARING_CLERK)
    assert "关账 2025-03" in clerk.get("/office/clearing?month=2025-03").text
    closed(house)
    assert "¥0.00" in clerk.get("/office/clearing?month=2025-03").text
    assert (
        "没有与您的地区有关" in house.officer("1101", Duty.CLEARING_CLERK, region="110100").get("/office/clearing").text
    )


def test_a_statement_is_disputed_accepted_and_paid_by_two(house: House) -> None:
    """Tieling disputes ¥100.00, accepts the rest, pays ¥100.00 of ¥250.00; Jining shows that the line stands; then all is due."""
    there = closed(house)
    clerk, jining = (
        house.officer("0213", Duty.CLEARING_CLERK),
        house.officer("0810", Duty.CLEARING_CLERK, region=JINING),
    )
    page = clerk.get(there).text
    lines = re.findall(rf'href="({there}/lines/[^"]+)"', page)
    assert len(lines) == 2
    for fields, words in (({}, "请选不接受"), ({"reason": "amount", "note": "x"}, "请写明核对的结果")):
        wrong = clerk.post(lines[1], **fields)
        assert (wrong.status_code, words in wrong.text) == (422, True)
    assert jining.post(lines[1], reason="amount", note="金额应为 90.00").status_code == 403
    assert "已提出异议" in clerk.follow(lines[1], reason="amount", note="金额应为 90.00").text
    assert clerk.post(there, **payment()).status_code == 409
    assert "已核对接受" in clerk.follow(there, step="accept").text
    for change, words in (
        ({"amount": "250.01"}, "不超过未付的 250.00"),
        ({"amount": "lots"}, "金额"),
        ({"reference": "?"}, "凭证号"),
        ({"paid_on": "tomorrow"}, "日期要写成"),
        ({"way": "advance"}, "预付金余额只有 0.00"),
    ):
        wrong = clerk.post(there, **(payment() | change))
        assert (wrong.status_code in (409, 422), words in wrong.text) == (True, True), change
    assert "已登记，等另一位同事复审" in clerk.follow(there, **payment()).text
    second = house.officer("0299", Duty.SECOND_REVIEWER)
    (payment_there,) = re.findall(
        r'action="(/office/clearing/payments/\d+)"', second.get("/office/clearing/payments").text
    )
    assert 'action="/office/clearing/payments' not in clerk.get("/office/clearing/payments").text
    assert clerk.post(payment_there, opinion="agree").status_code == 403
    assert second.post(payment_there, opinion="perhaps").status_code == 422
    assert "已同意，付款已入账" in second.follow(payment_there, opinion="agree").text
    assert second.post(payment_there, opinion="agree").status_code == 409
    page = clerk.get(there).text
    assert "已付部分" in page
    assert "YH-20250402-1" in page
    answered = jining.follow(lines[1], step="answer", outcome="stands", note="明细见附件，金额无误").text
    assert "维持，应当支付" in answered
    assert "¥350.00" in clerk.get(there).text
    assert jining.post(lines[1], step="answer", outcome="stands", note="再答复一次").status_code == 409


def test_the_file_of_a_statement_is_fetched_and_checked_by_the_other_side(house: House) -> None:
    there = closed(house)
    clerk = house.officer("0213", Duty.CLEARING_CLERK)
    fetched = clerk.get(f"{there}/file")
    assert fetched.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(fetched.content)) as archive:
        assert archive.namelist() == ["statement.json", "lines.csv"]
    jining = house.officer("0810", Duty.CLEARING_CLERK, region=JINING)
    assert "逐笔一致" in _hand_in(jining, fetched.content).text
    assert _hand_in(house.officer("1101", Duty.CLEARING_CLERK, region="110100"), fetched.content).status_code == 403
    wrong = _hand_in(jining, b"no archive")
    assert (wrong.status_code, "不是可读取的清算单文件" in wrong.text) == (422, True)


def _hand_in(officer: object, content: bytes) -> httpx.Response:
    """A file handed in on the page."""
    token = re.findall(r'name="csrf" value="([^"]+)"', officer.get("/office/clearing/check").text)[-1]  # type: ignore[attr-defined]
    files = {"file": ("june.zip", content, "application/zip")}
    answer: httpx.Response = officer.client.post("/office/clearing/check", data={"csrf": token}, files=files)  # type: ignore[attr-defined]
    return answer


def test_a_hospital_is_paid_for_the_month_by_its_own_region(house: House) -> None:
    closed(house)
    clerk = house.officer("0810", Duty.CLEARING_CLERK, region=JINING)
    page = clerk.get("/office/clearing/bills").text
    (there,) = re.findall(r'href="(/office/clearing/bills/\d+)"', page)
    assert "¥350.00" in page
    assert house.officer("0213", Duty.CLEARING_CLERK).get(there).status_code == 404
    page = clerk.get(there).text
    assert "铁岭" in page
    assert clerk.post(there, **(payment() | {"amount": "350.01"})).status_code == 422
    assert "已登记" in clerk.follow(there, **(payment() | {"amount": "350.00"})).text
    second = house.officer("0899", Duty.SECOND_REVIEWER, region=JINING)
    (payment_there,) = re.findall(
        r'action="(/office/clearing/payments/\d+)"', second.get("/office/clearing/payments").text
    )
    assert "作废" in second.follow(payment_there, opinion="disagree").text
    assert "复审未同意" in clerk.get(there).text


def test_an_advance_is_noted_and_low_when_little_is_left(house: House) -> None:
    """¥400.00 ahead against a month of ¥350.00: it would take 87.5 %, so it is getting low."""
    closed(house)
    clerk, second = house.officer("0213", Duty.CLEARING_CLERK), house.officer("0299", Duty.SECOND_REVIEWER)
    fields = payment() | {"way": "ahead", "payer": "211200", "payee": "370800", "amount": "400.00"}
    wrong = clerk.post("/office/clearing/advances", **(fields | {"payee": "211200"}))
    assert (wrong.status_code, "两个不同的六位统筹地区代码" in wrong.text) == (422, True)
    assert "已登记" in clerk.follow("/office/clearing/advances", **fields).text
    (there,) = re.findall(r'action="(/office/clearing/payments/\d+)"', second.get("/office/clearing/payments").text)
    second.follow(there, opinion="agree")
    page = clerk.get("/office/clearing/advances").text
    assert "偏低" in page
    assert "¥700.00" in page


def test_auditors_look_and_others_see_nothing(house: House) -> None:
    there = closed(house)
    auditor = house.officer("2101", Duty.AUDITOR, region="210000")
    assert "接受这张清算单" not in auditor.get(there).text
    assert auditor.post(there, step="accept").status_code == 403
    assert house.officer("0210").get("/office/clearing").status_code == 403
    assert house.officer("1101", Duty.CLEARING_CLERK, region="110100").get(there).status_code == 404
    clerk = house.officer("0213", Duty.CLEARING_CLERK)
    for path in ("statements/x", "statements/999", f"{there.rsplit('/', 2)[1]}/1/lines/9-own", "bills/x"):
        assert clerk.get(f"/office/clearing/{path}").status_code == 404, path
