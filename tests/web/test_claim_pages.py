"""A bill paid in cash on the phone and at the agency, with plain forms: from the reason to the bank's reference."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from office_house import Browser, House, book_page

from gongji.entrances.server import serving
from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.clock import CHINA
from gongji.settlement.proof import prove
from town import Town

BILL = (
    ("CT平扫", "C-A", "1", "800.00"),
    ("阿托伐他汀", "C-B", "2", "400"),
    ("自费贴膏", "C-C", "1", "68.50"),
)


@pytest.fixture
def house(town: Town, tmp_path: Path) -> Iterator[House]:
    """The agency of Tieling in March 2024."""
    town.clock.set(datetime(2024, 3, 5, 10, tzinfo=CHINA))
    made = House(town, tmp_path)
    with serving(made.app(), "127.0.0.1", 0) as base:
        made.base = base
        yield made
    made.close()


def at(answer: httpx.Response) -> str:
    """The address that a form leads to."""
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def fill_in(his: Browser, *, invoice: str = "21120024000000000001", hand_in: bool = True) -> str:
    """He fills in a claim and hands it in; gives its address."""
    claim = at(his.post("/c/claims/new", why="platform_down", key="a-new-claim-1"))
    assert "中心医院" in his.get(f"{claim}/place?words=中心").text
    assert at(his.post(f"{claim}/place", institution="H21120200001")) == claim
    his.post(f"{claim}/visit", med_type="11", began_on="2024-03-04")
    his.post(f"{claim}/invoices", invoices=invoice)
    for name, code, pieces, amount in BILL:
        assert at(his.post(f"{claim}/lines", name=name, code=code, pieces=pieces, amount=amount)) == f"{claim}/lines"
    for kind in ("detail", "prescription"):
        photo(his, claim, kind)
    his.post(f"{claim}/bank", whose="own", bank="铁岭银行", account="6222 0211 0000 1234 567")
    if hand_in:
        assert "2024年3月4日" in his.get(f"{claim}/check").text
        assert at(his.post(f"{claim}/check")) == claim
    return claim


def photo(his: Browser, claim: str, kind: str) -> httpx.Response:
    """One document."""
    token = hmac.new(his.client.cookies[his.cookie].encode(), b"csrf", hashlib.sha256).hexdigest()
    return his.client.post(
        f"{claim}/documents",
        data={"csrf": token, "kind": kind},
        files={"file": ("a.jpg", book_page(kind), "image/jpeg")},
    )


@pytest.fixture
def father(town: Town) -> int:
    """李建国, retired."""
    return town.person("李建国", "1951-02-01", "retired", balance=0)


def citizen(house: House, person: int) -> Browser:
    """Somebody's phone."""
    return house.browser(Caller(Role.CITIZEN, "citizen", person))


def test_from_the_reason_to_the_banks_reference(house: House, town: Town, father: int) -> None:
    his = citizen(house, father)
    claim = fill_in(his)
    shown = his.get(claim).text
    assert "审核中" in shown
    assert "2024年4月16日" in shown
    office = claim.replace("/c/", "/office/")
    reviewer = house.officer("0210", Duty.REVIEWER)
    assert "**国" in reviewer.get("/office/claims").text
    assert "claim_taken" in reviewer.post(f"{office}/take").headers["location"]
    page = reviewer.get(office).text
    assert "李建国" in page
    assert "当日定点" in page
    assert "6222*************67" in page
    assert "6222021100001234567" not in page
    preview = reviewer.post(f"{office}/decide")
    assert preview.status_code == 200
    assert "¥468.05" in preview.text
    assert "审核中" in his.get(claim).text, "a preview decides nothing"
    assert "claim_decided" in reviewer.post(f"{office}/decide", sure="yes").headers["location"]
    decided = his.get(claim).text
    for words in (
        "¥468.05",
        "等付款",
        "在报销目录里，全部可以报。",
        "目录里写明自费。",
        "看病时已经付了现金。",
        "¥1,268.50",
    ):
        assert words in decided
    payer = house.officer("0550", Duty.CLEARING_CLERK)
    assert "6222021100001234567" in payer.get(office).text, "whoever pays sees the account"
    payer.post(f"{office}/paid", reference="ICBC-0001")
    assert "已付款" in his.get(claim).text
    paper = his.get(f"{claim}/paper")
    assert paper.headers["content-type"] == "application/pdf"
    assert len(paper.content) < 100_000
    assert prove(town.database, town.clock).findings == []


def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_lost(house: House, father: int) -> None:
    his = citizen(house, father)
    claim = fill_in(his, hand_in=False)
    for path, fields, words in (
        ("visit", {"med_type": "11", "began_on": "2025-01-01"}, "不能晚于今天"),
        ("visit", {"med_type": "41", "began_on": "2024-03-04"}, "这类机构不能选这个就医类型"),
        ("visit", {"med_type": "11", "began_on": "昨天"}, "2026-03-31"),
        ("invoices", {"invoices": "12"}, "8 到 30 位"),
        ("lines", {"name": "", "amount": "1"}, "请填项目名称"),
        ("lines", {"name": "药", "amount": "很多"}, "error-summary"),
        ("bank", {"whose": "own", "bank": "银行", "account": "1"}, "8 到 30 位数字"),
        ("bank", {"whose": "family", "bank": "银行", "account": "12345678"}, "请填户名"),
        ("place", {"name": "某诊所", "region": "x", "kind": "hospital", "tier": "tier_1"}, "请选择医院所在的地方"),
        ("why", {"why": "无"}, "请从列出的选项里选一个"),
        ("documents", {"kind": "detail"}, "请选一张照片"),
    ):
        answer = his.post(f"{claim}/{path}", **fields)
        assert (answer.status_code, words in answer.text) == (422, True), (path, fields)
    assert at(his.post(f"{claim}/check")) == claim


def test_characters_that_no_text_has_are_refused_in_words(house: House, father: int) -> None:
    his = citizen(house, father)
    claim = fill_in(his, hand_in=False)
    for path, fields in (
        ("lines", {"name": "药\x00", "amount": "1"}),
        ("place", {"name": "某\x00诊所", "region": "211200", "kind": "hospital", "tier": "tier_1"}),
        ("bank", {"whose": "own", "bank": "银\x00行", "account": "12345678"}),
        ("place", {"institution": "H\x00"}),
        ("visit", {"med_type": "14", "began_on": "2024-03-04", "disease": "M\x00"}),
    ):
        assert his.post(f"{claim}/{path}", **fields).status_code == 422, path
    assert his.get(f"{claim}/place?words=%00").status_code == 200


def test_one_item_comes_back_and_the_others_are_closed(house: House, father: int) -> None:
    his = citizen(house, father)
    claim = fill_in(his)
    office = claim.replace("/c/", "/office/")
    reviewer = house.officer("0210", Duty.REVIEWER)
    reviewer.post(f"{office}/take")
    answer = reviewer.post(f"{office}/return", task="bank", return_reason="wrong_number", note="少一位")
    assert "claim_returned" in answer.headers["location"]
    shown = his.get(claim).text
    for words in ("补一项", "收款银行卡", "号码不对", "少一位", "31 个工作日"):
        assert words in shown, words
    assert f'href="{claim}/lines"' not in shown
    assert his.post(f"{claim}/lines", name="药", amount="1").status_code == 409
    his.post(f"{claim}/bank", whose="family", holder="李婷", bank="农业银行", account="6228480000001234")
    assert at(his.post(f"{claim}/check")) == claim
    assert "家人的卡" in reviewer.get(office).text


def test_an_invoice_of_somebody_elses_claim_is_refused_at_the_check(house: House, town: Town, father: int) -> None:
    fill_in(citizen(house, father))
    hers = citizen(house, town.person("王秀兰", "1953-03-08", "retired", gender=2))
    claim = fill_in(hers, hand_in=False)
    answer = hers.post(f"{claim}/check")
    assert (answer.status_code, "已经申请过报销" in answer.text) == (409, True)


def test_an_appeal_is_asked_for_on_the_page(house: House, father: int) -> None:
    his = citizen(house, father)
    claim = fill_in(his)
    office = claim.replace("/c/", "/office/")
    reviewer, other = house.officer("0210", Duty.REVIEWER), house.officer("0220", Duty.REVIEWER)
    reviewer.post(f"{office}/take")
    reviewer.post(f"{office}/refuse", refuse_reason="third_party")
    shown = his.get(claim).text
    assert "应由造成伤害的人付。" in shown
    assert "第三十条第二项" in shown
    his.post(f"{claim}/appeal", words="是我自己摔的")
    assert "复核中" in his.get(claim).text
    assert "要由另一位同事来办" in reviewer.post(f"{office}/take").text
    assert "是我自己摔的" in other.follow(f"{office}/take").text
    other.post(f"{office}/uphold", uphold_note="事故认定书写明对方全责")
    assert "事故认定书写明对方全责" in his.get(claim).text
    assert f'href="{claim}/appeal"' not in his.get(claim).text


def test_a_clerk_files_beside_the_person_and_does_not_decide_it(house: House, father: int) -> None:
    clerk = house.officer("0410", Duty.CLERK, Duty.REVIEWER)
    number, psn_no = house.numbers_of(father)
    clerk.post(f"/office/people/{psn_no}/assist", way="card", card=number, paper="SQ-2024-0012", present="yes")
    claim = fill_in(Browser(clerk.client, "gongji_session"))
    office = claim.replace("/c/", "/office/")
    assert "这是您在窗口替当事人办的" in clerk.post(f"{office}/take").text
    assert f"{office}/documents/1/1" not in clerk.get(office).text, "only whoever has it looks at the papers"
    history = house.officer("0210", Duty.REVIEWER).get(office).text
    assert history.count("工号 0410") == 2, "begun and handed in by the clerk, not by the family"
    assert "在窗口替您办了：现金看病报销" in citizen(house, father).get("/c/help").text


def test_officers_of_another_region_and_without_the_duty_see_nothing(house: House, father: int) -> None:
    claim = fill_in(citizen(house, father)).replace("/c/", "/office/")
    assert house.officer("0900", Duty.REVIEWER, region="370800").get(claim).status_code == 404
    assert house.officer("0210", Duty.TAX_CLERK).get(claim).status_code == 403
    assert house.officer("0210", Duty.REVIEWER).post(f"{claim}/nonsense").status_code == 404
