"""A bill paid in cash on the phone and at the agency, with plain forms: from the reason to the bank's reference."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from office_house import Browser, House, book_page, open_house

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
    yield from open_house(town, tmp_path)


def at(answer: httpx.Response) -> str:
    """The address that a form leads to."""
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def fill_in(his: Browser, *, invoice: str = "21120024000000000001", hand_in: bool = True) -> str:
    """He fills in a claim and hands it in; gives its address."""
    claim = at(his.post("/c/claims/new", why="platform_down", key="a-new-claim-1"))
    assert "铁岭市中心医院" in his.get(f"{claim}/place?words=中心").text
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
    for page in ("/office/claims", office):
        assert "还剩 30 个工作日<" in reviewer.get(page).text, "on its first day thirty days are left of thirty"
    reviewer.post(f"{office}/take")
    answer = reviewer.post(f"{office}/return", task="bank", return_reason="wrong_number", note="少一位")
    assert "claim_returned" in answer.headers["location"]
    shown = his.get(claim).text
    for words in ("补一项", "收款银行卡", "号码不对", "少一位", "30 个工作日"):
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


def handed_in(house: House, town: Town, person: int, invoice: str = "21120024000000000009") -> str:
    """A claim that is at the agency; its address there."""
    return fill_in(citizen(house, person), invoice=invoice).replace("/c/", "/office/")


def test_what_a_second_officer_cannot_carry_out_any_more_they_can_still_send_back(
    house: House, town: Town, father: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gongji.reimbursement.decide.SECOND_FROM", 1_00)
    office = handed_in(house, town, father)
    first, second = house.officer("0210", Duty.REVIEWER), house.officer("0330", Duty.SECOND_REVIEWER)
    first.post(f"{office}/take")
    assert "claim_proposed" in first.post(f"{office}/decide", sure="yes").headers["location"]
    with town.database.transaction() as connection:
        connection.execute(sa.text("UPDATE enrolment SET region = '370800'"))
    page = second.get(office)
    assert page.status_code == 200
    assert "那天的参保地现在登记为 370800" in page.text
    assert second.post(f"{office}/second", opinion="agree").status_code == 409
    sent_back = second.post(f"{office}/second", opinion="disagree", second_note="参保地变了，请退回")
    assert "claim_disagreed" in sent_back.headers["location"]


def test_a_double_tap_neither_doubles_a_line_nor_takes_two_away(house: House, father: int) -> None:
    his = citizen(house, father)
    claim = fill_in(his, hand_in=False)
    for _ in range(2):
        his.post(f"{claim}/lines", name="输液", amount="20", so_far="3")
    assert his.get(f"{claim}/lines").text.count("输液") == 1
    for _ in range(2):
        his.post(f"{claim}/lines", remove="1", so_far="4")
    assert "¥488.50" in his.get(f"{claim}/lines").text, "1,288.50 less 800.00"


def test_withdrawing_is_asked_about(house: House, father: int) -> None:
    his = citizen(house, father)
    claim = fill_in(his)
    assert "确定不申请了" in his.get(claim).text
    assert at(his.post(f"{claim}/withdraw")) == "/c/claims"


def test_the_queue_is_turned_page_by_page_and_a_number_leads_to_its_claim(
    house: House, town: Town, father: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gongji.entrances.web.office.pages.ROWS", 2)
    his = citizen(house, father)
    for n in range(3):
        draft = at(his.post("/c/claims/new", why="platform_down", key=f"one-of-three-{n}"))
        his.post(f"{draft}/place", institution="H21120200001")
        his.post(f"{draft}/visit", med_type="11", began_on="2024-03-04")
        his.post(f"{draft}/invoices", invoices=f"2112002400000000000{n}")
        his.post(f"{draft}/lines", name=BILL[0][0], code="C-A", amount="1")
        for kind in ("detail", "prescription"):
            photo(his, draft, kind)
        his.post(f"{draft}/bank", whose="own", bank="铁岭银行", account="6222021100001234567")
        assert at(his.post(f"{draft}/check")) == draft
    clerk = house.officer("0101", Duty.CLERK)
    first = clerk.get("/office/claims?show=waiting").text
    (onward,) = re.findall(r'href="(/office/claims\?[^"]*after=[^"]*)"', first)
    assert "show=waiting" in onward
    rest = clerk.get(onward.replace("&amp;", "&")).text
    numbers = [set(re.findall(r"/office/claims/(\d+)", page)) for page in (first, rest)]
    assert [len(some) for some in numbers] == [2, 1]
    assert not numbers[0] & numbers[1]
    assert "回到第一页" in rest
    (number,) = set(re.findall(r"\d{22}", rest))
    assert at(clerk.get(f"/office/claims?number={number}")) == f"/office/claims/{numbers[1].pop()}"
    there = house.officer("0101", Duty.CLERK, region="370800").get(f"/office/claims?number={number}")
    assert "本地区没有这个受理号" in there.text


def test_a_place_is_looked_for_where_the_reader_is_insured_or_where_they_say(house: House, father: int) -> None:
    """He is insured in Tieling: Jining's hospital is found in Jining, in its province, or by its code from anywhere."""
    his = citizen(house, father)
    claim = fill_in(his, hand_in=False)
    jinings = 'value="H37080000001"'
    assert jinings not in his.get(f"{claim}/place?words=医院").text
    for query in (
        "words=医院&area=370800",
        "words=医院&area=370000",
        "words=h37080000001",
        "words=H37080000001&area=x",
    ):
        assert jinings in his.get(f"{claim}/place?{query}").text, query
    shown = his.get(f"{claim}/place?words=%25&area=370800").text
    assert jinings not in shown
    assert '<option value="370800" selected>' in shown
    assert '<option value="211200" selected>' in his.get(f"{claim}/place").text


def test_what_was_filled_in_wrong_is_taken_out_again(house: House, father: int) -> None:
    """The only line of a bill, and a photo of the wrong paper."""
    his = citizen(house, father)
    claim = at(his.post("/c/claims/new", why="platform_down", key="a-wrong-photo-1"))
    his.post(f"{claim}/lines", name="输液", amount="200")
    assert at(his.post(f"{claim}/lines", remove="1", so_far="1")) == f"{claim}/lines"
    assert "输液" not in his.get(f"{claim}/lines").text
    photo(his, claim, "detail")
    picture = f"{claim}/documents/1/1"
    assert his.get(picture).status_code == 200
    assert "交错了，拿掉这份费用清单" in his.get(f"{claim}/documents").text
    assert at(his.post(f"{claim}/documents", remove="1")) == f"{claim}/documents"
    assert his.get(picture).status_code == 404
    assert his.post(f"{claim}/documents", remove="1").status_code == 404
    with house.town.database.transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM stored_file")).scalar_one() == 0


def test_what_the_agency_has_seen_is_not_taken_out(house: House, town: Town, father: int) -> None:
    his = citizen(house, father)
    claim = fill_in(his)
    reviewer = house.officer("0210", Duty.REVIEWER)
    office = claim.replace("/c/", "/office/")
    reviewer.post(f"{office}/take")
    reviewer.post(f"{office}/return", task="documents", return_reason="unreadable", document="detail")
    refused = his.post(f"{claim}/documents", remove="2")
    assert refused.status_code == 409
    assert his.get(f"{claim}/documents/2/1").status_code == 200
